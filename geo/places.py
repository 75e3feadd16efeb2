"""Which province and district is this, and who lies next to whom: in the process, without a query.

A press must get its province even when a second query would fail. `geo/queries.sql` answers the same for statements that need it
inside the database; a property test holds the two together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import cos, radians
from typing import Final

import numpy as np
import shapely
from shapely import STRtree

from geo.boundaries import Boundaries, District, Province, boundaries
from geo.point import Point

#: How far outside every district a point may lie and still be given to the nearest one, metres: boats, piers, simplified shores.
REACH_M: Final = 30_000.0
#: Metres in a degree of latitude (at 39° N) and, times the cosine of the latitude, of longitude: good to 0.5 % over REACH_M, enough to
#: rank districts.
LAT_DEGREE_M: Final = 111_015.0
LON_DEGREE_M: Final = 111_320.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a point belongs."""

    province_code: int
    province_name: str
    district_id: int
    district_name: str
    off_m: float = 0.0  #: 0 inside; else roughly how many metres outside the nearest district the point lies.

    @property
    def nearest_only(self) -> bool:
        """True when the point lies in no district (sea, abroad) and this is merely the nearest one: say so on the screen."""
        return self.off_m > 0


class PlaceIndex:
    """Districts in an R-tree. Build it once (:func:`place_index`); asking takes some 10 microseconds and touches no disk."""

    def __init__(self, known: Boundaries) -> None:
        self._provinces = {province.code: province for province in known.provinces}
        self._districts: Sequence[District] = known.districts
        self._shapes = np.asarray([district.shape for district in known.districts], dtype=object)
        shapely.prepare(self._shapes)
        self._tree = STRtree(self._shapes)

    def place_of(self, point: Point) -> Place | None:
        """Find the province and district of a point; on a common border the lower id. None: nothing lies within REACH_M."""
        here = shapely.Point(point.lon, point.lat)
        inside = self._tree.query(here, predicate="intersects")
        if len(inside):
            # The districts are ordered by id, so the lowest position is the lowest id.
            return self._place(int(inside.min()), 0.0)
        return self._nearest(point)

    def province(self, code: int) -> Province:
        """Return the province of a plate code; raises KeyError outside 1..81."""
        return self._provinces[code]

    def rings(self, code: int) -> list[frozenset[int]]:
        """Return the province itself, its neighbours, their neighbours, … until the country is covered: for widening a search."""
        found = [frozenset({code})]
        seen = {code}
        while following := frozenset[int]().union(*(self.province(c).neighbours for c in found[-1])) - seen:
            found.append(following)
            seen |= following
        return found

    def _nearest(self, point: Point) -> Place | None:
        lon_m, lat_m = LON_DEGREE_M * cos(radians(point.lat)), LAT_DEGREE_M
        dx, dy = REACH_M / lon_m, REACH_M / lat_m
        around = shapely.box(point.lon - dx, point.lat - dy, point.lon + dx, point.lat + dy)
        near = np.sort(self._tree.query(around))
        if not len(near):
            return None
        metres = shapely.transform(self._shapes[near], lambda c: c * (lon_m, lat_m))
        # To the millimetre: along a coast two districts share the nearest vertex, and the lower id must win here as in SQL.
        off_m = np.round(shapely.distance(metres, shapely.Point(point.lon * lon_m, point.lat * lat_m)), 3)
        best = int(off_m.argmin())
        return self._place(int(near[best]), float(off_m[best])) if off_m[best] <= REACH_M else None

    def _place(self, position: int, off_m: float) -> Place:
        district = self._districts[position]
        return Place(
            province_code=district.province,
            province_name=self._provinces[district.province].name,
            district_id=district.id,
            district_name=district.name,
            off_m=off_m,
        )


@cache
def place_index() -> PlaceIndex:
    """Return the index over the committed boundaries; a process builds it on the first call, so make that one at start-up."""
    return PlaceIndex(boundaries())
