"""Law 1 at the door: whatever a phone sends as position, reading it neither raises nor throws a usable place away."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import BadPosition
from geo.frames import Position
from geo.point import TURKIYE, Fix, Point
from geo.reading import read_fix

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOOD: dict[str, object] = {"lon": 30.52, "lat": 39.77, "accuracy_m": 8.5, "fixed_at": "2026-03-01T14:59:58+03:00"}
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4), max_leaves=8
)


def test_a_good_position_is_read_in_utc_without_fault() -> None:
    reading = read_fix(GOOD, NOON)
    assert reading.faults == ()
    assert reading.fix == Fix(point=Point(lon=30.52, lat=39.77), accuracy_m=8.5, fixed_at=datetime(2026, 3, 1, 11, 59, 58, tzinfo=UTC))


@given(JSON | st.fixed_dictionaries({"lon": SCALARS, "lat": SCALARS, "accuracy_m": SCALARS, "fixed_at": SCALARS}))
def test_nothing_a_phone_can_send_makes_the_reading_fail(sent: object) -> None:
    reading = read_fix(sent, NOON)
    assert reading.fix is not None or reading.faults or sent is None
    assert all(isinstance(fault, BadPosition) and fault.body("tr") != fault.body("en") for fault in reading.faults)


@given(SCALARS, SCALARS)
def test_a_good_place_survives_any_accuracy_and_any_time(accuracy: object, time: object) -> None:
    reading = read_fix({**GOOD, "accuracy_m": accuracy, "fixed_at": time}, NOON)
    assert reading.fix is not None
    assert reading.fix.point == Point(lon=30.52, lat=39.77)


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        ({"lon": "abc"}, "position-unreadable"),
        ({"lat": None}, "position-unreadable"),
        ({"lon": True}, "position-unreadable"),
        ({"lon": 10**400}, "position-unreadable"),
        ({"lon": float("nan")}, "position-not-finite"),
        ({"lat": float("-inf")}, "position-not-finite"),
        ({"lat": 139.77}, "position-out-of-range"),
        ({"lon": 39.77, "lat": 30.52}, "position-looks-swapped"),
        ({"lon": 0, "lat": 0}, "position-outside-area"),
    ],
)
def test_a_place_that_cannot_be_is_named_and_not_used(change: dict[str, object], slug: str) -> None:
    reading = read_fix({**GOOD, **change}, NOON)
    assert reading.fix is None
    assert [fault.slug for fault in reading.faults] == [slug]


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        ({"accuracy_m": -3}, "bad-accuracy"),
        ({"accuracy_m": "8"}, "bad-accuracy"),
        ({"accuracy_m": float("nan")}, "bad-accuracy"),
        ({"fixed_at": "dün"}, "bad-fix-time"),
        ({"fixed_at": "2026-03-01T12:00:00"}, "bad-fix-time"),
        ({"fixed_at": 1772366400}, "bad-fix-time"),
        ({"lon": "30,52", "lat": "39.77"}, "position-unreadable"),
    ],
)
def test_a_usable_place_is_used_and_what_was_wrong_is_told(change: dict[str, object], slug: str) -> None:
    reading = read_fix({**GOOD, **change}, NOON)
    assert reading.fix is not None
    assert reading.fix.point == Point(lon=30.52, lat=39.77)
    assert [fault.slug for fault in reading.faults] == [slug]


def test_a_missing_time_becomes_the_time_of_receipt() -> None:
    reading = read_fix({"lon": 30.52, "lat": 39.77}, NOON)
    assert reading.fix == Fix(point=Point(lon=30.52, lat=39.77), accuracy_m=None, fixed_at=NOON)


def test_no_position_is_no_fault() -> None:
    assert read_fix(None, NOON).faults == ()


FIXES = st.builds(
    Fix,
    point=st.builds(Point, lon=st.floats(TURKIYE.west, TURKIYE.east), lat=st.floats(TURKIYE.south, TURKIYE.north)),
    accuracy_m=st.none() | st.floats(0, 1e6),
    fixed_at=st.datetimes(timezones=st.just(UTC)),
)


@given(FIXES)
def test_a_fix_survives_the_wire(fix: Fix) -> None:
    sent = Position.of(fix).model_dump_json()
    assert Position.model_validate_json(sent).fix() == fix
    assert read_fix(json.loads(sent), NOON).fix == fix


def test_nan_on_the_wire_meets_the_points_own_error() -> None:
    with pytest.raises(BadPosition) as caught:
        Position.model_validate({**GOOD, "lon": float("nan")}).fix()
    assert caught.value.slug == "position-not-finite"
