"""What a further read belongs to, when a read is late, and which papers may list a plate."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pts.rules import Category, Entry, KnownHit, belongs_to, names_protection_order, ranked, repeated, timing

NOON = datetime(2026, 11, 24, 9, tzinfo=UTC)
WINDOW = timedelta(seconds=120)
ENTRY = uuid4()


def a_hit(**changes: object) -> KnownHit:
    facts: dict[str, object] = {
        "id": uuid4(),
        "plate": "26AB123",
        "first_read_at": NOON,
        "last_read_at": NOON,
        "late": False,
        "concluded": False,
        "entry_ids": frozenset({ENTRY}),
    }
    return KnownHit(**{**facts, **changes})  # type: ignore[arg-type]


def joined(
    hit: KnownHit,
    *,
    plate: str = "26AB123",
    after: timedelta = timedelta(),
    late: bool = False,
    entries: frozenset[UUID] = frozenset({ENTRY}),
) -> bool:
    return belongs_to([hit], plate=plate, read_at=NOON + after, late=late, entry_ids=entries, window=WINDOW) is hit


def test_the_same_plate_within_the_window_is_one_hit_to_the_second() -> None:
    assert joined(a_hit(), after=WINDOW)
    assert not joined(a_hit(), after=WINDOW + timedelta(seconds=1))
    assert joined(a_hit(), after=-WINDOW)
    assert not joined(a_hit(), after=-WINDOW - timedelta(seconds=1))


@given(st.text("ABCDE0123456789", min_size=2, max_size=9), st.integers(-120, 120))
def test_a_different_plate_never_hides_behind_a_hit(plate: str, seconds: int) -> None:
    assert joined(a_hit(), plate=plate, after=timedelta(seconds=seconds)) is (plate == "26AB123")


def test_a_live_read_never_hides_behind_a_late_hit_that_sent_nobody() -> None:
    assert not joined(a_hit(late=True), late=False)
    assert joined(a_hit(late=True), late=True)
    assert joined(a_hit(late=False), late=True)


def test_an_entry_made_since_never_hides_behind_a_concluded_hit() -> None:
    assert joined(a_hit(concluded=True))
    assert not joined(a_hit(concluded=True), entries=frozenset({ENTRY, uuid4()}))
    assert joined(a_hit(concluded=False), entries=frozenset({ENTRY, uuid4()}))


def test_a_vehicle_that_stands_at_the_gate_stays_one_hit_as_long_as_it_is_read() -> None:
    hit = a_hit()
    for minute in range(1, 30):
        at = NOON + timedelta(minutes=minute)
        assert belongs_to([hit], plate=hit.plate, read_at=at, late=False, entry_ids={ENTRY}, window=WINDOW) is hit
        hit = repeated(hit, at, {ENTRY})
    assert hit.last_read_at == NOON + timedelta(minutes=29)


def test_a_read_is_late_by_the_gates_own_clock_where_it_tells_it() -> None:
    late_after = timedelta(minutes=5)
    slow = timing(read_at=NOON - timedelta(hours=1), sent_at=NOON - timedelta(hours=1), received_at=NOON, late_after=late_after)
    assert (slow.late, slow.skew_ms) == (False, -3_600_000)
    kept_back = timing(read_at=NOON - timedelta(hours=2), sent_at=NOON - timedelta(hours=1), received_at=NOON, late_after=late_after)
    assert (kept_back.late, kept_back.age) == (True, timedelta(hours=1))
    untold = timing(read_at=NOON - timedelta(minutes=5, seconds=1), sent_at=None, received_at=NOON, late_after=late_after)
    assert (untold.late, untold.skew_ms) == (True, None)
    ahead = timing(read_at=NOON + timedelta(hours=3), sent_at=None, received_at=NOON, late_after=late_after)
    assert not ahead.late


def an_entry(category: Category, recorded_at: datetime = NOON) -> Entry:
    return Entry(id=uuid4(), category=category, authority="Asayiş", document="1", recorded_at=recorded_at, valid_from=NOON, valid_to=None)


@given(st.permutations(list(Category)))
def test_terror_and_stolen_lead_whatever_the_order_of_the_list(order: list[Category]) -> None:
    assert [entry.category for entry in ranked(an_entry(c) for c in order)] == ["terror", "stolen", "wanted", "other"]


def test_of_two_entries_of_one_category_the_fresher_leads() -> None:
    old, new = an_entry(Category.STOLEN, NOON - timedelta(days=9)), an_entry(Category.STOLEN)
    assert ranked([old, new]) == [new, old]


def test_no_category_comes_before_a_press_for_help() -> None:
    assert min(category.priority for category in Category) > 1
    assert sorted(Category, key=lambda c: c.priority) == sorted(Category, key=lambda c: c.rank)


@pytest.mark.parametrize(
    "text",
    [
        "6284 sayılı Kanun",
        "6284 S.K. m.5",
        "Aile Mahkemesi 6284",
        "KORUMA KARARI 2026/12",
        "koruma  kararı",
        "koruma tedbiri",
        "Koruyucu tedbir",
        "ÖNLEYİCİ TEDBİR",
        "uzaklaştırma kararı",
        "UZAKLAŞTIRMA",
        "protection order",
    ],
)
def test_a_protection_order_lists_no_plate(text: str) -> None:
    assert names_protection_order("Asayiş Şube", text, "")


@pytest.mark.parametrize(
    "text",
    [
        "2026/6284",
        "Değişik iş 2026-6284",
        "16284",
        "62845",
        "62.84",
        "CMK 140",
        "Hırsızlık, 2026/441 soruşturma",
        "Koruma Şube Müdürlüğü",
        "",
    ],
)
def test_a_running_number_that_happens_to_be_6284_is_no_protection_order(text: str) -> None:
    assert not names_protection_order(text)
