"""The position as it travels: `{"lon", "lat", "accuracy_m"|null, "fixed_at"}` (contract)."""

from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

from geo.point import TURKIYE, Area, Fix, Point


class Position(BaseModel):
    """A fix on the wire.

    NaN passes here on purpose: `fix()` then refuses it with a sentence of its own instead of a schema error.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    lon: float  #: Degrees east, WGS84.
    lat: float  #: Degrees north, WGS84.
    accuracy_m: float | None = None  #: Radius in metres; null: the device did not say.
    fixed_at: AwareDatetime

    def fix(self, area: Area = TURKIYE) -> Fix:
        """Return the fix it tells. Raises BadPosition."""
        return Fix(point=Point(lon=self.lon, lat=self.lat, area=area), accuracy_m=self.accuracy_m, fixed_at=self.fixed_at)

    @classmethod
    def of(cls, fix: Fix) -> Self:
        """Return the wire form of a fix."""
        return cls(lon=fix.point.lon, lat=fix.point.lat, accuracy_m=fix.accuracy_m, fixed_at=fix.fixed_at)
