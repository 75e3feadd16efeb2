"""Identity's rules without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.identity.rules import (
    PAIR,
    SAME_SUCCESSOR_WITHIN,
    Family,
    LockOut,
    Principal,
    Refresh,
    Role,
    Tries,
    canonical_source,
    canonical_username,
    device_label,
    may_manage,
    refresh_verdict,
)
from core.identity.tokens import device_token, new_token, successor, token_hash

NOON = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
families = st.builds(
    Family,
    used_at=st.none() | instants,
    token_expires_at=instants,
    family_expires_at=instants,
    ended=st.booleans(),
    disabled=st.booleans(),
    same_device=st.booleans(),
)


# --- refresh -----------------------------------------------------------------------------------------------------------------


@given(families, instants)
def test_only_the_first_use_on_the_own_device_in_time_rotates(family: Family, now: datetime) -> None:
    fresh = not (family.ended or family.disabled) and now < family.family_expires_at
    first = family.used_at is None and now < family.token_expires_at

    assert (refresh_verdict(family, now) is Refresh.ROTATE) == (fresh and family.same_device and first)


@given(families, instants)
def test_a_family_that_is_over_is_never_ended_again_nor_revived(family: Family, now: datetime) -> None:
    assume(family.ended or family.disabled or now >= family.family_expires_at)

    assert refresh_verdict(family, now) is Refresh.LAPSED


@given(families, instants)
def test_a_token_on_another_device_gets_nothing(family: Family, now: datetime) -> None:
    stolen = replace(family, same_device=False)

    assert refresh_verdict(stolen, now) in {Refresh.LAPSED, Refresh.END_OTHER_DEVICE}


def used_at_noon(*, lapses_after: timedelta) -> Family:
    """A sound family whose token has been used once."""
    ends = {"token_expires_at": NOON + lapses_after, "family_expires_at": NOON + timedelta(days=7)}
    return Family(used_at=NOON, ended=False, disabled=False, same_device=True, **ends)


@given(st.timedeltas(timedelta(), timedelta(days=1)))
def test_the_same_token_repeats_for_sixty_seconds_and_then_ends_the_family(after: timedelta) -> None:
    family = used_at_noon(lapses_after=timedelta(hours=1))

    expected = Refresh.REPEAT if after < SAME_SUCCESSOR_WITHIN else Refresh.END_REUSE
    assert refresh_verdict(family, NOON + after) is expected


def test_a_lost_answer_is_given_again_even_when_the_old_token_has_lapsed_meanwhile() -> None:
    family = used_at_noon(lapses_after=timedelta(seconds=1))

    assert refresh_verdict(family, NOON + timedelta(seconds=30)) is Refresh.REPEAT


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_a_successor_needs_both_the_old_token_and_its_row(nonce: bytes, other: bytes) -> None:
    assume(nonce != other)
    old = new_token()

    assert successor(old, nonce) == successor(old, nonce)
    assert successor(old, nonce) not in {successor(old, other), successor(new_token(), nonce), old}
    assert len(token_hash(successor(old, nonce))) == 32


def test_a_devices_token_needs_the_key_the_id_and_the_nonce() -> None:
    one, two = UUID(int=1), UUID(int=2)
    tokens = {device_token(key, device, nonce) for key in (b"k" * 32, b"l" * 32) for device in (one, two) for nonce in (b"n", b"m")}

    assert len(tokens) == 8
    assert all(len(token) == 43 for token in tokens)


# --- lock-out ----------------------------------------------------------------------------------------------------------------


def fail(times: int, at: datetime = NOON, rule: LockOut = PAIR) -> Tries:
    tries: Tries | None = None
    for _ in range(times):
        tries = rule.counted(tries, at)
    assert tries is not None
    return tries


def test_four_wrong_passwords_lock_nothing_and_the_fifth_locks() -> None:
    assert PAIR.locked_until(fail(4), NOON) is None
    assert PAIR.locked_until(fail(5), NOON) == NOON + timedelta(minutes=1)


def test_each_further_failure_locks_for_twice_as_long_up_to_an_hour() -> None:
    minutes = [PAIR.locked_for(count) / timedelta(minutes=1) for count in range(5, 14)]

    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@given(st.integers(1, 1_000_000))
def test_a_lock_always_ends(failures: int) -> None:
    tries = Tries(failures, NOON)

    assert PAIR.locked_until(tries, NOON + PAIR.longest) is None
    assert PAIR.counted(tries, NOON + PAIR.longest + PAIR.window) == Tries(1, NOON + PAIR.longest + PAIR.window)


@given(st.lists(st.timedeltas(timedelta(), timedelta(minutes=14)), min_size=5, max_size=30))
def test_failures_less_than_a_window_apart_are_always_counted_on(gaps: list[timedelta]) -> None:
    now, tries = NOON, None
    for gap in gaps:
        now += gap
        tries = PAIR.counted(tries, now)

    assert tries is not None
    assert tries.failures == len(gaps)


# --- names, sources, devices -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["istanbul-1", "İSTANBUL-1", "ISTANBUL-1", "ıstanbul-1", "  Istanbul-1 "])
def test_both_turkish_letters_i_lead_to_one_account(typed: str) -> None:
    assert canonical_username(typed) == "istanbul-1"


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("not an address", "local"),
        (None, "local"),
    ],
)
def test_a_source_is_what_one_subscriber_owns(address: str | None, source: str) -> None:
    assert canonical_source(address) == source


def test_a_browser_that_updates_itself_in_mid_shift_is_the_same_device() -> None:
    before, after = "Mozilla/5.0 Chrome/141.0.1 Safari/537.36", "Mozilla/5.0 Chrome/142.0.7 Safari/537.36"

    assert device_label(None, before) == device_label(None, after)
    assert device_label("phone-1", before) == device_label("phone-1", "another browser")
    assert device_label("phone-1", before) != device_label("phone-2", before)
    assert device_label("x", None) != device_label(None, "x")


# --- offices -----------------------------------------------------------------------------------------------------------------

codes = st.frozensets(st.integers(1, 81), max_size=6)


@given(codes, codes)
def test_an_admin_manages_what_lies_wholly_within_the_own_provinces(office: frozenset[int], wanted: frozenset[int]) -> None:
    assert may_manage(office, wanted) == (bool(wanted) and not wanted - office)


@pytest.mark.parametrize("role", list(Role))
def test_auditor_and_admin_alone_have_no_case_data(role: Role) -> None:
    who = Principal("account", UUID(int=1), UUID(int=2), role, frozenset({26}), None, None, "N.", None)

    assert (who.scope == frozenset()) == (role in {Role.AUDITOR, Role.ADMIN})
