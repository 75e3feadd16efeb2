"""Sectors, travel times and random places."""

from random import Random

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo import geodesic
from geo.areas import MOST_M, BadSector, circle, view_sector
from geo.places import place_index
from geo.point import Point
from geo.sampling import random_point_in_province, random_point_near
from geo.travel import DETOUR, SPEED_MPS, StraightLine, TravelKind, from_distance, straight_line

HERE = st.builds(Point, lon=st.floats(26, 45), lat=st.floats(36, 42))
BEARINGS = st.floats(-720, 720)
OPENINGS = st.floats(1, 359)
RANGES = st.floats(1, 5_000)


@given(HERE, BEARINGS, OPENINGS, RANGES)
def test_a_sector_holds_what_lies_before_the_camera_and_not_what_lies_behind(
    point: Point, bearing: float, fov: float, reach: float
) -> None:
    sector = view_sector(point, bearing_deg=bearing, fov_deg=fov, range_m=reach)
    assert sector.is_valid
    before = shapely.Point(geodesic.direct(point.lon, point.lat, bearing, reach * 0.9))
    behind = shapely.Point(geodesic.direct(point.lon, point.lat, bearing + 180, reach * 0.9))
    beyond = shapely.Point(geodesic.direct(point.lon, point.lat, bearing, reach * 1.1))
    assert sector.covers(before)
    assert not sector.covers(behind)
    assert not sector.covers(beyond)


@given(HERE, BEARINGS, OPENINGS, RANGES)
def test_a_sector_runs_counter_clockwise_and_stays_within_its_range(point: Point, bearing: float, fov: float, reach: float) -> None:
    sector = view_sector(point, bearing_deg=bearing, fov_deg=fov, range_m=reach)
    assert sector.exterior.is_ccw
    for lon, lat in sector.exterior.coords:
        assert geodesic.inverse(point.lon, point.lat, lon, lat)[0] <= reach + 0.05


def test_a_sector_over_north_is_whole() -> None:
    camera = Point(lon=30.52, lat=39.77)
    sector = view_sector(camera, bearing_deg=359, fov_deg=60, range_m=100)
    for bearing in (335, 359, 0, 25):
        assert sector.covers(shapely.Point(geodesic.direct(camera.lon, camera.lat, bearing, 90)))
    assert not sector.covers(shapely.Point(geodesic.direct(camera.lon, camera.lat, 35, 90)))


@given(HERE, RANGES)
def test_a_circle_has_the_area_of_a_circle_and_holds_its_centre(point: Point, radius: float) -> None:
    disc = circle(point, radius_m=radius)
    assert disc.is_valid
    assert disc.exterior.is_ccw
    assert disc.covers(shapely.Point(point.lon, point.lat))
    edge = [geodesic.inverse(point.lon, point.lat, lon, lat)[0] for lon, lat in disc.exterior.coords]
    assert min(edge) == pytest.approx(radius, abs=0.05)
    assert max(edge) == pytest.approx(radius, abs=0.05)


@pytest.mark.parametrize(
    ("bearing", "fov", "reach"),
    [
        (0, 0, 50),
        (0, 361, 50),
        (0, -10, 50),
        (0, 60, 0),
        (0, 60, -5),
        (0, 60, MOST_M + 1),
        (float("nan"), 60, 50),
        (float("inf"), 60, 50),
        (0, float("nan"), 50),
    ],
)
def test_a_sector_that_cannot_be_is_refused(bearing: float, fov: float, reach: float) -> None:
    with pytest.raises(BadSector):
        view_sector(Point(lon=30.52, lat=39.77), bearing_deg=bearing, fov_deg=fov, range_m=reach)


@given(HERE, HERE, st.sampled_from(TravelKind))
def test_the_straight_line_estimate_grows_with_the_distance_and_says_what_it_is(a: Point, b: Point, kind: TravelKind) -> None:
    estimate = straight_line(a, b, kind)
    assert estimate.how == "straight_line"
    assert estimate.distance_m == pytest.approx(a.distance_m(b) * DETOUR)
    assert estimate.seconds == pytest.approx(estimate.distance_m / SPEED_MPS[kind])
    assert estimate == from_distance(a.distance_m(b), kind)


def test_a_team_two_kilometres_away_is_there_in_under_four_minutes() -> None:
    assert from_distance(2_000, TravelKind.CAR).seconds == pytest.approx(224)
    assert from_distance(2_000, TravelKind.FOOT).seconds > from_distance(2_000, TravelKind.CAR).seconds


@pytest.mark.asyncio
async def test_the_interface_answers_as_the_pure_function_does() -> None:
    a, b = Point(lon=30.52, lat=39.77), Point(lon=30.60, lat=39.80)
    assert await StraightLine().eta_s(a, b, TravelKind.CAR) == straight_line(a, b, TravelKind.CAR)


@given(st.integers(1, 81), st.integers(0, 2**32))
def test_a_random_point_of_a_province_lies_in_it_and_the_seed_repeats_it(code: int, seed: int) -> None:
    point = random_point_in_province(code, Random(seed))
    place = place_index().place_of(point)
    assert place is not None
    assert place.province_code == code
    assert random_point_in_province(code, Random(seed)) == point


@given(HERE, st.floats(1, 20_000), st.integers(0, 2**32))
def test_a_random_point_near_is_no_farther_than_asked(point: Point, radius: float, seed: int) -> None:
    assert point.distance_m(random_point_near(point, radius, Random(seed))) <= radius + 0.001


def test_random_points_near_fill_the_disc_evenly() -> None:
    rng = Random(26)
    centre = Point(lon=30.52, lat=39.77)
    inner = sum(centre.distance_m(random_point_near(centre, 1_000, rng)) <= 500 for _ in range(4_000))
    # A quarter of the area; four standard deviations either way.
    assert 890 <= inner <= 1_110


def test_a_province_that_is_none_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        random_point_in_province(82, Random(1))
