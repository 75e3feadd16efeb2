"""The lines of the base map: every stretch of border once, with the highest rank it has, so that a dashed line stays dashed."""

from collections.abc import Iterator

import shapely
from shapely import Geometry, LineString

from geo.boundaries import boundaries


def border_lines(near_abroad: Geometry) -> Iterator[tuple[str, Geometry]]:
    """Yield (kind, lines) for coast, country, province, district; `near_abroad` is foreign land, a little widened."""
    known = boundaries()
    provinces = shapely.MultiLineString(_edges([p.shape for p in known.provinces]))
    districts = shapely.MultiLineString(_edges([d.shape for d in known.districts]))
    outline = shapely.boundary(shapely.coverage_union_all([p.shape for p in known.provinces]))
    yield "country", _merged(shapely.intersection(outline, near_abroad))
    yield "coast", _merged(shapely.difference(outline, near_abroad))
    yield "province", _merged(shapely.difference(provinces, outline))
    yield "district", _merged(shapely.difference(districts, provinces))


def _edges(shapes: list[Geometry]) -> list[LineString]:
    """Return outlines as lines, shared ones once."""
    united = shapely.union_all(shapely.boundary(shapes))
    return [part for part in shapely.get_parts(united) if isinstance(part, LineString)]


def _merged(lines: Geometry) -> Geometry:
    return shapely.line_merge(shapely.MultiLineString([p for p in shapely.get_parts(lines) if isinstance(p, LineString)]))
