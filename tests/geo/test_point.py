"""Law 8: a Point is WGS84, keyword only, and cannot hold what cannot be true here."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from geo import geodesic
from geo.errors import (
    BadAccuracy,
    BadFixTime,
    BadPosition,
    PositionLooksSwapped,
    PositionNotFinite,
    PositionOutOfRange,
    PositionOutsideArea,
)
from geo.point import TURKIYE, Area, Fix, Point, swapped_inside

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONS = st.floats(min_value=TURKIYE.west, max_value=TURKIYE.east)
LATS = st.floats(min_value=TURKIYE.south, max_value=TURKIYE.north)
HERE = st.builds(Point, lon=LONS, lat=LATS)
ANYTHING = st.floats(allow_nan=True, allow_infinity=True)


@given(ANYTHING, ANYTHING)
def test_a_point_exists_exactly_where_the_area_is(lon: float, lat: float) -> None:
    inside = 25.0 <= lon <= 45.5 and 35.2 <= lat <= 42.7
    try:
        point = Point(lon=lon, lat=lat)
    except BadPosition:
        assert not inside
    else:
        assert inside
        assert (point.lon, point.lat) == (lon, lat)


@given(st.sampled_from([math.nan, math.inf, -math.inf]), st.booleans())
def test_nan_and_infinity_are_refused_in_either_place(bad: float, first: bool) -> None:
    with pytest.raises(PositionNotFinite):
        Point(lon=bad if first else 30.0, lat=39.0 if first else bad)


@pytest.mark.parametrize(("lon", "lat"), [(180.1, 39.0), (-200.0, 39.0), (30.0, 90.5), (30.0, -91.0)])
def test_what_exists_nowhere_on_earth_is_out_of_range(lon: float, lat: float) -> None:
    with pytest.raises(PositionOutOfRange):
        Point(lon=lon, lat=lat)


@given(HERE)
def test_swapped_coordinates_are_refused_and_named_unless_both_orders_are_inside(point: Point) -> None:
    if TURKIYE.holds(point.lat, point.lon):
        assert not swapped_inside(point.lat, point.lon)
        return
    assert swapped_inside(point.lat, point.lon)
    with pytest.raises(PositionLooksSwapped):
        Point(lon=point.lat, lat=point.lon)


def test_a_point_abroad_is_outside_the_area_and_not_called_swapped() -> None:
    with pytest.raises(PositionOutsideArea) as caught:
        Point(lon=2.35, lat=48.85)
    assert not isinstance(caught.value, PositionLooksSwapped)


def test_null_island_is_refused() -> None:
    with pytest.raises(PositionOutsideArea):
        Point(lon=0.0, lat=0.0)


def test_every_fault_has_its_own_slug_and_both_languages() -> None:
    kinds = [PositionNotFinite, PositionOutOfRange, PositionOutsideArea, PositionLooksSwapped, BadAccuracy, BadFixTime]
    assert len({kind.slug for kind in kinds}) == len(kinds)
    for kind in kinds:
        assert issubclass(kind, BadPosition)
        assert kind.status == 422
        assert kind.tr != kind.en
        assert "onum" in kind.tr


def test_a_message_never_carries_the_coordinates() -> None:
    with pytest.raises(PositionOutsideArea) as caught:
        Point(lon=2.351, lat=48.857)
    assert "2.35" not in str(caught.value)
    assert "48.85" not in str(caught.value)


def test_a_site_may_serve_a_smaller_area() -> None:
    town = Area(name="Eskişehir", west=29.5, south=39.0, east=32.2, north=40.3)
    assert Point(lon=30.5, lat=39.8, area=town) == Point(lon=30.5, lat=39.8)
    with pytest.raises(PositionOutsideArea):
        Point(lon=28.9, lat=41.0, area=town)


@pytest.mark.parametrize("box", [(30, 39, 29, 40), (29, 40, 30, 39), (29, 39, 29, 40), (-190, 39, 30, 40), (math.nan, 39, 30, 40)])
def test_an_area_that_is_no_box_is_refused(box: tuple[float, float, float, float]) -> None:
    west, south, east, north = box
    with pytest.raises(ValueError, match="west < east"):
        Area(name="x", west=west, south=south, east=east, north=north)


def test_coordinates_cannot_be_passed_by_order() -> None:
    with pytest.raises(TypeError):
        Point(30.5, 39.8)  # type: ignore[misc]  # pyright: ignore[reportCallIssue]


@given(HERE, HERE)
def test_distance_is_the_same_both_ways_and_zero_only_at_home(a: Point, b: Point) -> None:
    assert a.distance_m(b) == pytest.approx(b.distance_m(a), abs=1e-4)
    assert a.distance_m(a) == 0
    assume(abs(a.lon - b.lon) > 1e-7 or abs(a.lat - b.lat) > 1e-7)
    assert a.distance_m(b) > 0


@given(HERE, HERE)
def test_setting_out_on_the_bearing_for_the_distance_arrives(a: Point, b: Point) -> None:
    lon, lat = geodesic.direct(a.lon, a.lat, a.bearing_deg(b), a.distance_m(b))
    assert lon == pytest.approx(b.lon, abs=1e-8)
    assert lat == pytest.approx(b.lat, abs=1e-8)


def test_the_published_example_of_vincenty_is_met_to_the_millimetre() -> None:
    # Flinders Peak to Buninyong, from the Geocentric Datum of Australia technical manual.
    flinders = (144 + 25 / 60 + 29.52440 / 3600, -(37 + 57 / 60 + 3.72030 / 3600))
    buninyong = (143 + 55 / 60 + 35.38390 / 3600, -(37 + 39 / 60 + 10.15610 / 3600))
    metres, bearing = geodesic.inverse(*flinders, *buninyong)
    assert metres == pytest.approx(54_972.271, abs=0.001)
    assert bearing == pytest.approx(306 + 52 / 60 + 5.37 / 3600, abs=0.01 / 3600)


@pytest.mark.parametrize("lat", [36.00000000000001, 36.0])
def test_two_points_closer_than_a_number_can_tell_are_zero_metres_apart(lat: float) -> None:
    assert Point(lon=26.0, lat=36.0).distance_m(Point(lon=26.0, lat=lat)) == pytest.approx(0, abs=1e-6)


def test_bearings_go_clockwise_from_north() -> None:
    here = Point(lon=30.5, lat=39.8)
    assert here.bearing_deg(Point(lon=30.5, lat=40.0)) == pytest.approx(0)
    assert here.bearing_deg(Point(lon=30.6, lat=39.8)) == pytest.approx(90, abs=0.1)
    assert here.bearing_deg(Point(lon=30.5, lat=39.0)) == pytest.approx(180)
    assert here.bearing_deg(Point(lon=30.4, lat=39.8)) == pytest.approx(270, abs=0.1)


@pytest.mark.parametrize("accuracy", [-0.1, math.nan, math.inf])
def test_an_accuracy_that_is_no_length_is_refused(accuracy: float) -> None:
    with pytest.raises(BadAccuracy):
        Fix(point=Point(lon=30.5, lat=39.8), accuracy_m=accuracy, fixed_at=NOON)


def test_a_fix_without_zone_is_refused() -> None:
    with pytest.raises(BadFixTime):
        Fix(point=Point(lon=30.5, lat=39.8), accuracy_m=None, fixed_at=NOON.replace(tzinfo=None))


def test_the_age_of_a_fix_from_a_clock_that_runs_ahead_is_negative() -> None:
    fix = Fix(point=Point(lon=30.5, lat=39.8), accuracy_m=12.0, fixed_at=NOON + timedelta(seconds=5))
    assert fix.age(NOON) == timedelta(seconds=-5)
