"""The position on the wire."""

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from geo.errors import BadPosition
from geo.frames import Position
from geo.point import TURKIYE, Area, Fix, Point

GOOD: dict[str, object] = {"lon": 30.52, "lat": 39.77, "accuracy_m": 8.5, "fixed_at": "2026-03-01T14:59:58+03:00"}
FIXES = st.builds(
    Fix,
    point=st.builds(Point, lon=st.floats(TURKIYE.west, TURKIYE.east), lat=st.floats(TURKIYE.south, TURKIYE.north)),
    accuracy_m=st.none() | st.floats(0, 1e6),
    fixed_at=st.datetimes(timezones=st.just(UTC)),
)


@given(FIXES)
def test_a_fix_survives_the_wire(fix: Fix) -> None:
    assert Position.model_validate_json(Position.of(fix).model_dump_json()).fix() == fix


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        ({"lon": float("nan")}, "position-not-finite"),
        ({"lat": float("-inf")}, "position-not-finite"),
        ({"lat": 139.77}, "position-out-of-range"),
        ({"lon": 39.77, "lat": 30.52}, "position-looks-swapped"),
        ({"lon": 0, "lat": 0}, "position-outside-area"),
        ({"accuracy_m": -3}, "bad-accuracy"),
        ({"accuracy_m": float("nan")}, "bad-accuracy"),
    ],
)
def test_what_cannot_be_meets_a_sentence_of_its_own(change: dict[str, object], slug: str) -> None:
    position = Position.model_validate({**GOOD, **change})
    with pytest.raises(BadPosition) as caught:
        position.fix()
    assert caught.value.slug == slug
    assert caught.value.body("tr") != caught.value.body("en")


def test_the_sites_own_area_decides() -> None:
    town = Area(name="İzmir", west=26.0, south=37.8, east=28.5, north=39.4)
    with pytest.raises(BadPosition):
        Position.model_validate(GOOD).fix(town)


@pytest.mark.parametrize("change", [{"fixed_at": "2026-03-01T12:00:00"}, {"lon": None}, {"altitude": 3}])
def test_a_position_of_another_form_is_refused_by_the_schema(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Position.model_validate({**GOOD, **change})
