"""The Turkish plate grammar scores and never filters (issue 2, PTS)."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pts.rules import DIGITS_AFTER, FOREIGN_LETTERS, PROVINCES, UNREAD, normalise, score

LETTERS = "".join(sorted(set(string.ascii_uppercase) - FOREIGN_LETTERS))
#: The rule in another form than the code's, so that one checks the other.
FORMS = {1: {4, 5}, 2: {3, 4}, 3: {2, 3}}


@st.composite
def turkish(draw: st.DrawFn) -> str:
    province = draw(st.integers(1, 81))
    count = draw(st.sampled_from([1, 2, 3]))
    letters = draw(st.text(LETTERS, min_size=count, max_size=count))
    digits = draw(st.sampled_from(sorted(FORMS[count])))
    return f"{province:02}{letters}{draw(st.text(string.digits, min_size=digits, max_size=digits))}"


@st.composite
def spelled(draw: st.DrawFn, plate: str) -> str:
    """The same plate as an engine or a hand may write it."""
    parts = []
    for char in plate:
        parts.append(draw(st.sampled_from([char, char.lower(), *{"I": ["ı", "İ", "i", "i̇"], "O": ["ö", "Ö"]}.get(char, [])])))
        parts.append(draw(st.sampled_from(["", "", "", " ", "-", ".", "·", "\u00a0", "\u200b", "–"])))
    return "".join(parts)


@given(turkish())
def test_every_plate_of_the_grammar_is_legal(plate: str) -> None:
    grammar = score(plate)
    assert (grammar.legal, grammar.score, grammar.why) == (True, 1.0, "turkish")


@given(st.integers(0, 99), st.text(string.ascii_uppercase, min_size=1, max_size=4), st.text(string.digits, min_size=1, max_size=6))
def test_legal_means_the_form_and_nothing_else(province: int, letters: str, digits: str) -> None:
    wanted = 1 <= province <= PROVINCES and not set(letters) & set("QWX") and len(digits) in FORMS.get(len(letters), set())
    assert score(f"{province:02}{letters}{digits}").legal is wanted


def test_the_table_of_forms_is_the_issues() -> None:
    assert {letters: set(digits) for letters, digits in DIGITS_AFTER.items()} == FORMS


@given(st.data(), turkish())
def test_however_it_is_written_a_plate_has_one_form(data: st.DataObject, plate: str) -> None:
    assert normalise(data.draw(spelled(plate))) == plate


@pytest.mark.parametrize(
    ("text", "plate"),
    [
        ("26 ı 1234", "26I1234"),
        ("26 İ 1234", "26I1234"),
        ("26 i\u0307 1234", "26I1234"),
        ("26 i 1234", "26I1234"),
        ("06.şç.123", "06SC123"),
        ("２６ＡＢ１２３", "26AB123"),
        ("٢٦ AB ١٢٣", "26AB123"),
        ("\u0421\u0412 1234 \u0410\u041a", "CB1234AK"),  # Bulgarian: Cyrillic look-alikes
        ("\u0399\u039c\u0396 1234", "IMZ1234"),  # Greek
    ],
)
def test_dotted_and_dotless_i_and_the_neighbours_alphabets_come_out_as_one_spelling(text: str, plate: str) -> None:
    assert normalise(text) == plate


@given(st.text(max_size=40))
def test_normalising_again_changes_nothing_and_leaves_only_letters_digits_and_unread(text: str) -> None:
    plate = normalise(text)
    assert set(plate) <= set(string.ascii_uppercase + string.digits + UNREAD)
    assert normalise(plate) == plate


def test_a_character_nobody_could_read_never_turns_one_plate_into_another() -> None:
    assert normalise("26 AB* 123") == "26AB?123"
    assert normalise("26 ABع 123") == "26AB?123"
    assert normalise("26AB123") != normalise("26AB?123")
    assert score("26AB?123").score == 0


def test_text_without_a_single_plate_character_is_no_plate() -> None:
    assert [normalise(text) for text in ("", "  ", "--", "??", "ع", "\u0307")] == ["", "", "", "", "", ""]


@given(st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=14))
def test_a_plate_that_is_not_turkish_gets_a_lower_score_and_a_reason_and_is_never_refused(plate: str) -> None:
    grammar = score(plate)
    assert grammar.legal is (grammar.score == 1.0)
    assert grammar.why in {"turkish", "length", "form", "province", "letters", "digits"}


@pytest.mark.parametrize(
    ("plate", "why"),
    [
        ("B1234XY", "form"),
        ("82AB123", "province"),
        ("00AB123", "province"),
        ("26QB123", "letters"),
        ("26A123", "digits"),
        ("26ABC1234", "digits"),
    ],
)
def test_the_reason_names_the_first_thing_that_does_not_fit(plate: str, why: str) -> None:
    grammar = score(plate)
    assert (grammar.legal, grammar.why, grammar.score) == (False, why, 0.5)
