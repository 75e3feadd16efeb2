"""What follows from a press (E9, E11, E12), a further fix, a code, a look at an address. Pure."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.point import Fix, Point
from kades import rules
from kades.fixes import ReadFix
from kades.rules import AUTOMATIC_WITHIN, Known, PositionKind, Stage, route

NOON = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HERE, FAR, SEA = Point(lon=30.52, lat=39.77), Point(lon=29.06, lat=40.19), Point(lon=33.0, lat=43.0 - 0.4)
PLACES = {HERE: 26, FAR: 16}
DEFAULT = 6


def a_fix(point: Point = HERE, *, age: timedelta = timedelta(0), accuracy_m: float | None = 10.0) -> Fix:
    return Fix(point=point, accuracy_m=accuracy_m, fixed_at=NOON - age)


def a_read(point: Point = HERE, *, age: timedelta = timedelta(0), old: bool = False, accuracy_m: float | None = 10.0) -> ReadFix:
    return ReadFix(a_fix(point, age=age, accuracy_m=accuracy_m), old, NOON)


def known(
    *,
    registered: int | None = None,
    order: bool = False,
    last: Fix | None = None,
    gateway: frozenset[int] = frozenset(),
    revoked: bool = False,
) -> Known:
    return Known(registered_province=registered, protection_order=order, last_fix=last, gateway_provinces=gateway, revoked=revoked)


def routed(read: ReadFix | None, facts: Known) -> rules.Routing:
    return route(read, facts, province_of=PLACES.get, default_province=DEFAULT, now=NOON)


def test_a_fix_rings_where_she_is_and_nowhere_else() -> None:
    found = routed(a_read(), known(registered=16, last=a_fix(FAR), gateway=frozenset({6})))

    assert (found.provinces, found.position_kind, found.automatic) == (frozenset({26}), PositionKind.FIX, True)


def test_an_old_fix_rings_there_and_where_she_is_registered() -> None:
    found = routed(a_read(FAR, age=timedelta(hours=3), old=True), known(registered=26))

    assert (found.provinces, found.position_kind, found.automatic) == (frozenset({16, 26}), PositionKind.LAST_KNOWN, True)


def test_the_newer_of_two_old_places_counts() -> None:
    read = a_read(FAR, age=timedelta(hours=3), old=True)

    assert routed(read, known(last=a_fix(HERE, age=timedelta(hours=1)))).fix == a_fix(HERE, age=timedelta(hours=1))
    assert routed(read, known(last=a_fix(HERE, age=timedelta(hours=9)))).fix == read.fix


@pytest.mark.parametrize(("age", "automatic"), [(AUTOMATIC_WITHIN, True), (AUTOMATIC_WITHIN + timedelta(seconds=1), False)])
def test_a_last_known_place_sends_a_team_for_exactly_a_day(age: timedelta, *, automatic: bool) -> None:
    assert routed(None, known(last=a_fix(age=age))).automatic is automatic


def test_konumsuz_offers_by_itself_as_soon_as_there_is_a_place() -> None:
    found = routed(None, known(registered=16))

    assert (found.provinces, found.position_kind, found.automatic, found.fix) == (frozenset({16}), PositionKind.NONE, True, None)


def test_with_neither_place_nor_registration_the_gateways_province_rings_else_the_default() -> None:
    assert routed(None, known(gateway=frozenset({43}))).provinces == {43}
    assert routed(None, known()).provinces == {DEFAULT}
    assert routed(None, known(gateway=frozenset(range(1, 82)))).provinces == {DEFAULT}


def test_a_fix_that_is_no_provinces_still_rings_somewhere() -> None:
    assert routed(a_read(SEA), known(registered=16)).provinces == {16}
    assert routed(a_read(SEA), known()).provinces == {DEFAULT}


def test_a_revoked_phone_sends_nobody_by_itself() -> None:
    assert not routed(a_read(), known(revoked=True)).automatic
    assert not routed(None, known(revoked=True)).automatic


def test_a_protection_order_is_priority_and_nothing_else() -> None:
    plain, ordered = routed(a_read(), known()), routed(a_read(), known(order=True))

    assert (plain.priority, ordered.priority) == (2, 1)
    assert (plain.provinces, plain.automatic, plain.position_kind) == (ordered.provinces, ordered.automatic, ordered.position_kind)


def test_the_rules_are_told_nothing_of_earlier_alerts_or_verdicts() -> None:
    assert {field.name for field in fields(Known)} == {
        "registered_province", "protection_order", "last_fix", "gateway_provinces", "revoked",
    }  # fmt: skip


reads = st.none() | st.builds(
    a_read, st.sampled_from([HERE, FAR, SEA]), age=st.timedeltas(timedelta(0), timedelta(days=40)), old=st.booleans()
)
facts = st.builds(
    known,
    registered=st.none() | st.sampled_from([16, 26]),
    order=st.booleans(),
    last=st.none() | st.builds(a_fix, st.sampled_from([HERE, FAR, SEA]), age=st.timedeltas(timedelta(0), timedelta(days=40))),
    gateway=st.frozensets(st.integers(1, 81), max_size=12),
    revoked=st.booleans(),
)


@given(reads, facts)
def test_no_press_is_ever_without_a_province_and_a_place_is_there_exactly_when_its_kind_says_so(read: ReadFix | None, who: Known) -> None:
    found = routed(read, who)

    assert found.provinces
    assert (found.fix is None) == (found.position_kind is PositionKind.NONE)
    assert found.automatic <= (not who.revoked)
    if read is not None and not read.old:
        assert found.position_kind is PositionKind.FIX


# --- a further fix -----------------------------------------------------------------------------------------------------------


def test_the_first_fix_always_places_the_incident() -> None:
    assert rules.should_move(a_read(), None, PositionKind.NONE)
    assert rules.should_move(a_read(age=timedelta(days=1), old=True), None, PositionKind.NONE)


def test_a_fresh_fix_replaces_a_last_known_place() -> None:
    assert rules.should_move(a_read(FAR), a_fix(age=timedelta(hours=1)), PositionKind.LAST_KNOWN)


def test_an_older_fix_never_replaces_a_newer_one() -> None:
    assert not rules.should_move(a_read(FAR, age=timedelta(minutes=1)), a_fix(), PositionKind.FIX)
    assert not rules.should_move(a_read(FAR, old=True), a_fix(age=timedelta(hours=1)), PositionKind.FIX)


def test_standing_still_moves_nothing() -> None:
    current = a_fix(age=timedelta(seconds=10))
    near = HERE.moved(bearing_deg=90, distance_m=rules.MOVED_M - 1)
    beyond = HERE.moved(bearing_deg=90, distance_m=rules.MOVED_M + 1)

    assert not rules.should_move(a_read(near), current, PositionKind.FIX)
    assert rules.should_move(a_read(beyond), current, PositionKind.FIX)


def test_a_much_sharper_fix_of_the_same_place_counts() -> None:
    assert rules.should_move(a_read(accuracy_m=10), a_fix(age=timedelta(seconds=10), accuracy_m=100), PositionKind.FIX)


def test_a_coarse_fix_waits_before_it_replaces_a_sharp_one() -> None:
    coarse = a_read(FAR, accuracy_m=2_000)

    assert not rules.should_move(coarse, a_fix(age=timedelta(minutes=1)), PositionKind.FIX)
    assert rules.should_move(coarse, a_fix(age=timedelta(minutes=3)), PositionKind.FIX)


# --- the rest ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("closed", "same", "sound", "anew"),
    [
        (False, True, True, False),
        (False, False, True, False),
        (False, False, False, False),
        (True, True, True, False),
        (True, False, True, True),
        (True, True, False, True),
        (True, False, False, True),
    ],
)
def test_only_a_true_repeat_is_answered_after_the_end(*, closed: bool, same: bool, sound: bool, anew: bool) -> None:
    assert rules.rings_anew(incident_closed=closed, same_body=same, sound_id=sound, same_person=True) is anew
    assert rules.rings_anew(incident_closed=closed, same_body=same, sound_id=sound, same_person=False)


@pytest.mark.parametrize(
    ("told", "earlier", "same_body", "sound", "same"),
    [
        ("+905551234567", "+905551234567", False, False, True),
        ("+905551234567", "+905557654321", True, True, False),
        ("+905551234567", None, True, True, False),
        (None, "+905551234567", False, True, False),
        (None, None, False, True, True),
        (None, None, True, False, True),
        (None, None, False, False, False),
    ],
)
def test_through_a_gateway_one_id_is_one_person_only_if_it_names_the_same(
    told: str | None, earlier: str | None, *, same_body: bool, sound: bool, same: bool
) -> None:
    assert rules.same_person(gateway=True, told_phone=told, earlier_phone=earlier, same_body=same_body, sound_id=sound) is same
    assert rules.same_person(gateway=False, told_phone=told, earlier_phone=earlier, same_body=same_body, sound_id=sound)


@pytest.mark.parametrize("stage", ["received", "team_on_the_way", "arrived", "closed"])
def test_after_a_code_her_phone_shows_the_end_whatever_is_on_the_way(stage: Stage) -> None:
    assert rules.stage_on_phone(stage, cancelled=True) == "closed"
    assert rules.stage_on_phone(stage, cancelled=False) == stage


@pytest.mark.parametrize(
    ("state", "opens"),
    [
        ("offered", False), ("acknowledged", False), ("accepted", True), ("en_route", True), ("on_scene", True),
        ("clear", False), ("declined", False), ("timed_out", False), ("withdrawn", False),
    ],
)  # fmt: skip
def test_an_address_opens_from_the_yes_to_the_end(state: str, *, opens: bool) -> None:
    assert rules.may_see_address(state, team=True, by_radio=False) is opens
    assert rules.may_see_address(state, team=False, by_radio=True) is opens
    assert not rules.may_see_address(state, team=False, by_radio=False)
