"""What a camera sees and how far a fix may be wrong, as polygons in WGS84."""

from math import ceil
from typing import Final

import shapely
from shapely import Polygon

from core.errors import Problem
from geo import geodesic
from geo.point import Point

FULL_TURN: Final = 360.0
#: An arc is drawn with a corner at least every so many degrees: the chord then stays within 0.1 % of the range.
STEP_DEG: Final = 5.0
#: Decimals of a degree; the seventh is a centimetre.
DECIMALS: Final = 7
#: The farthest a site's camera can be said to see; a larger figure is a mistake of unit.
MOST_M: Final = 20_000.0


class BadSector(Problem):
    """A view sector needs an opening of more than 0 and at most 360 degrees and a range in metres."""

    status = 422
    slug = "bad-sector"
    title_tr = "Görüş alanı geçersiz"
    title_en = "Invalid view sector"
    tr = "Görüş açısı 0–360 derece, menzil 0–{most} metre arasında, yön bir sayı olmalıdır."
    en = "The opening must be within 0–360 degrees, the range within 0–{most} metres and the bearing a number."


def view_sector(point: Point, *, bearing_deg: float, fov_deg: float, range_m: float) -> Polygon:
    """Return the slice of ground a camera at `point` looks over, counter-clockwise as RFC 7946 wants it.

    `bearing_deg` is the middle of the view, clockwise from true north, any number of turns; `fov_deg` the whole opening; houses in
    between are not known here. With 360 degrees it is a full circle. Raises BadSector.
    """
    finite = abs(bearing_deg) < float("inf")
    if not (finite and 0 < fov_deg <= FULL_TURN and 0 < range_m <= MOST_M):
        raise BadSector(most=f"{MOST_M:.0f}")
    whole = fov_deg == FULL_TURN
    steps = ceil(fov_deg / STEP_DEG)
    start = bearing_deg % FULL_TURN - fov_deg / 2
    # Clockwise on the compass is clockwise on the map: walk the arc backwards.
    turns = [start + fov_deg * i / steps for i in range(steps, -1 if not whole else 0, -1)]
    arc = [_rounded(*geodesic.direct(point.lon, point.lat, turn, range_m)) for turn in turns]
    return shapely.polygons(arc if whole else [_rounded(point.lon, point.lat), *arc])


def circle(point: Point, *, radius_m: float) -> Polygon:
    """Return everything within `radius_m` metres, as the accuracy of a fix is drawn. Raises BadSector."""
    return view_sector(point, bearing_deg=0, fov_deg=FULL_TURN, range_m=radius_m)


def _rounded(lon: float, lat: float) -> tuple[float, float]:
    return round(lon, DECIMALS), round(lat, DECIMALS)
