"""How long a team needs to get there: one interface, today the straight line, later road times."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, Protocol

from geo.point import Point

#: Road metres per straight metre. The road authority's table of distances between the 81 provincial capitals gives a median of 1.31
#: (0.05–0.95 quantile 1.15–1.65, pairs over 300 km); short trips in town are more winding than long ones (Giacomin & Levinson 2015),
#: hence a little more.
DETOUR: Final = 1.4


class TravelKind(StrEnum):
    """How a team moves."""

    CAR = "car"  #: A patrol car on its way to an emergency.
    MOTORCYCLE = "motorcycle"  #: "Yunus" teams.
    FOOT = "foot"  #: Beat and bazaar patrols.


#: Metres per second on the road. Car: 45 km/h, a little under the 50 km/h that a police staffing study (Santa Ana, 30.9 mph) gives for
#: priority-one calls, since an arrival promised too early costs more than one promised too late; a motorcycle gets no bonus, for want of
#: a measurement; on foot: 9 km/h, a steady run.
SPEED_MPS: Final[dict[TravelKind, float]] = {
    TravelKind.CAR: 45 / 3.6,
    TravelKind.MOTORCYCLE: 45 / 3.6,
    TravelKind.FOOT: 9 / 3.6,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What is expected, and how it was arrived at, so that a screen never shows a guess as a route."""

    seconds: float
    distance_m: float  #: Along the way assumed: straight line times detour, or the road itself.
    how: Literal["straight_line", "road"]


class TravelTime(Protocol):
    """Anything that can tell travel times.

    It answers always: without a road it falls back to the straight line and says so in `how`.
    """

    async def eta_s(self, origin: Point, destination: Point, kind: TravelKind) -> Estimate:
        """Estimate the way from origin to destination, setting out now."""
        ...


def straight_line(origin: Point, destination: Point, kind: TravelKind) -> Estimate:
    """Return geodesic distance times DETOUR at the kind's speed: pure, so rules may use it."""
    return from_distance(origin.distance_m(destination), kind)


def from_distance(straight_m: float, kind: TravelKind) -> Estimate:
    """Estimate from a straight distance already known in metres, as the nearest search returns it."""
    road_m = straight_m * DETOUR
    return Estimate(seconds=road_m / SPEED_MPS[kind], distance_m=road_m, how="straight_line")


class StraightLine:
    """TravelTime without any road data."""

    async def eta_s(self, origin: Point, destination: Point, kind: TravelKind) -> Estimate:
        """See :func:`straight_line`."""
        return straight_line(origin, destination, kind)
