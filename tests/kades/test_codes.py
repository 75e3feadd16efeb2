"""Codes: keyed, compared alike, never the same twice."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kades.codes import Codes, code_key, is_code
from kades.rules import CodeOutcome

CODES = Codes(b"k" * 32)
PHONE, OTHER = UUID(int=1), UUID(int=2)


def outcome(code: str, device: UUID = PHONE) -> CodeOutcome:
    cancel, duress = CODES.own_hash(PHONE, "1111"), CODES.own_hash(PHONE, "9999")
    return CODES.compare(device, code, cancel_hash=cancel, duress_hash=duress)


def test_the_server_tells_the_two_codes_and_a_wrong_one_apart() -> None:
    assert outcome("1111") is CodeOutcome.NORMAL
    assert outcome("9999") is CodeOutcome.DURESS
    assert outcome("2222") is CodeOutcome.WRONG
    assert outcome("") is CodeOutcome.WRONG


def test_another_phones_codes_do_not_fit() -> None:
    assert outcome("1111", OTHER) is CodeOutcome.WRONG


def test_another_key_makes_other_hashes() -> None:
    assert Codes(b"l" * 32).own_hash(PHONE, "1111") != CODES.own_hash(PHONE, "1111")
    assert code_key(b"k" * 32) != b"k" * 32


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Codes(b"short")


def test_the_key_does_not_show_in_a_log() -> None:
    assert "kkk" not in repr(CODES)


@given(st.uuids(), st.none() | st.from_regex(r"\A[0-9]{4}\Z"))
def test_derived_codes_are_the_same_again_and_differ_from_the_other(device: UUID, chosen: str | None) -> None:
    code = CODES.derived(device, "cancel", other_than=chosen)

    assert is_code(code)
    assert code != chosen
    assert CODES.derived(device, "cancel", other_than=chosen) == code
    assert CODES.derived(device, "duress", other_than=code) != code


@pytest.mark.parametrize("text", ["123", "1234567", "12a4", "١٢٣٤", "", " 1234"])
def test_what_is_no_code(text: str) -> None:
    assert not is_code(text)


@given(st.text())
def test_any_text_is_compared_without_failing(text: str) -> None:
    assert outcome(text) in set(CodeOutcome)


def test_an_sms_code_has_six_digits_and_fits_its_registration_only() -> None:
    code = CODES.new_sms_code()

    assert len(code) == 6
    assert code.isdigit()
    assert CODES.same_sms(PHONE, code, CODES.sms_hash(PHONE, code))
    assert not CODES.same_sms(OTHER, code, CODES.sms_hash(PHONE, code))
    assert not CODES.same_sms(PHONE, code, None)
