"""Where something is: WGS84 only, keywords only, and nothing that cannot be true at this site (law 8)."""

from dataclasses import InitVar, dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import Final

from geo import geodesic
from geo.errors import BadAccuracy, BadFixTime, PositionLooksSwapped, PositionNotFinite, PositionOutOfRange, PositionOutsideArea

WGS84: Final = 4326
LON_LIMIT: Final = 180.0
LAT_LIMIT: Final = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """The box a site serves, in degrees; edges belong to it. What lies outside is a mistake, most often swapped coordinates."""

    name: str
    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        if not (-LON_LIMIT <= self.west < self.east <= LON_LIMIT and -LAT_LIMIT <= self.south < self.north <= LAT_LIMIT):
            message = "an area needs west < east and south < north, in degrees on earth"
            raise ValueError(message)

    def holds(self, lon: float, lat: float) -> bool:
        """Tell whether the pair is inside or on the edge; False for NaN."""
        return self.west <= lon <= self.east and self.south <= lat <= self.north


#: The country's outermost points (25.66–44.82 E, 35.81–42.11 N) with about 60 km to spare: boats off the coast and phones at the
#: border count.
TURKIYE: Final = Area(name="Türkiye", west=25.0, south=35.2, east=45.5, north=42.7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A longitude and a latitude in degrees, WGS84.

    Raises PositionNotFinite, PositionOutOfRange, PositionLooksSwapped or PositionOutsideArea (all BadPosition). A swap that lands
    inside the area (38, 39 for 39, 38) cannot be seen.
    """

    lon: float
    lat: float
    area: InitVar[Area] = TURKIYE

    def __post_init__(self, area: Area) -> None:
        if not (isfinite(self.lon) and isfinite(self.lat)):
            raise PositionNotFinite
        if abs(self.lon) > LON_LIMIT or abs(self.lat) > LAT_LIMIT:
            raise PositionOutOfRange
        if not area.holds(self.lon, self.lat):
            raise (PositionLooksSwapped if swapped_inside(self.lon, self.lat, area) else PositionOutsideArea)(area=area.name)

    def distance_m(self, other: "Point") -> float:
        """Return metres along the ellipsoid, as PostGIS `geography` measures."""
        return geodesic.inverse(self.lon, self.lat, other.lon, other.lat)[0]

    def bearing_deg(self, other: "Point") -> float:
        """Return the direction in which to set out for `other`, degrees clockwise from true north, 0 <= bearing < 360."""
        return geodesic.inverse(self.lon, self.lat, other.lon, other.lat)[1]

    def moved(self, *, bearing_deg: float, distance_m: float, area: Area = TURKIYE) -> "Point":
        """Return the point reached by going so far in that direction; refuses to leave the area like any other Point."""
        lon, lat = geodesic.direct(self.lon, self.lat, bearing_deg, distance_m)
        return Point(lon=lon, lat=lat, area=area)


def swapped_inside(lon: float, lat: float, area: Area = TURKIYE) -> bool:
    """Tell whether this pair is outside the area but would be inside with its two numbers exchanged.

    A hint for a person, never a correction.
    """
    return not area.holds(lon, lat) and area.holds(lat, lon)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A point as a device measured it. Raises BadAccuracy, BadFixTime."""

    point: Point
    accuracy_m: float | None  #: Radius in metres the device claims; None: it did not say.
    fixed_at: datetime  #: The device's own time, with zone: evidence, not a deadline (law 7).

    def __post_init__(self) -> None:
        if self.accuracy_m is not None and not (isfinite(self.accuracy_m) and self.accuracy_m >= 0):
            raise BadAccuracy
        if self.fixed_at.utcoffset() is None:
            raise BadFixTime

    def age(self, now: datetime) -> timedelta:
        """Return how old the fix is; negative when the device's clock runs ahead of ours."""
        return now - self.fixed_at
