r"""Make geo/data/boundaries.topojson.gz from the district layer of OCHA COD-AB and the spellings of the post office's list.

    python -m geo.prepare.boundaries --districts DIR/tur_polbna_adm2 \
        --names DIR/districtsByCityCode.json --cities DIR/cityNamesByCode.json

Needs pyshp beside the project's own shapely and numpy. Where to get the sources: docs/data-geo.md.
"""

import argparse
import gzip
import json
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import shapefile  # pyright: ignore[reportMissingImports] -- needed only here, deliberately not in the lock
import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry import shape

from geo.prepare.topology import Topology

#: Visvalingam tolerance in degrees; measured in docs/data-geo.md.
TOLERANCE = 0.0004
#: Grid of the stored coordinates in degrees: about one metre.
GRID = 1e-5
DISTRICTS = 973
PROVINCES = 81
OUT = Path(__file__).parent.parent / "data" / "boundaries.topojson.gz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A province or a district before it is written; shape in grid units."""

    id: int
    name: str
    centre: tuple[float, float]  #: lon, lat of the point farthest from every border: where a label stands well.
    shape: MultiPolygon


def folded(name: str) -> str:
    """Return a key that survives the source's mixed-up dotted and dotless i, its missing circumflexes and its spaces."""
    plain = unicodedata.normalize("NFKD", name.replace("ı", "i").replace("I", "i").replace("İ", "i").casefold())
    return "".join(c for c in plain if c.isalnum())


def spelling(source: str, right: Sequence[str], province: str) -> str:
    """Find the official spelling of a district; the source calls central districts by the province's name."""
    by_key = {folded(name): name for name in right}
    for candidate in (source, "Merkez" if folded(source) == folded(province) else source):
        if (name := by_key.get(folded(candidate))) is not None:
            return name
    message = f"no spelling for {source!r} in {province}; there are {sorted(right)}"
    raise LookupError(message)


def read_districts(layer: Path) -> tuple[list[tuple[int, str]], list[shapely.Geometry]]:
    """Return (id, name in the source) and geometry; the id is the COD-AB pcode as a number, province * 1000 + district."""
    reader = shapefile.Reader(str(layer), encoding="utf-8")
    keys = [(int(record["pcode"][3:]), str(record["adm2_tr"])) for record in reader.iterRecords()]
    return keys, [shape(s.__geo_interface__) for s in reader.iterShapes()]


def on_grid(shapes: Sequence[shapely.Geometry]) -> list[MultiPolygon]:
    """Simplify together, so that shared borders stay shared, and round to grid units."""
    simple = shapely.coverage_simplify(np.asarray(shapes), TOLERANCE)
    rounded = shapely.transform(simple, lambda c: np.round(c / GRID))
    # Rounding may leave two equal vertices in a row; a zero-length border is no border.
    tidy = shapely.remove_repeated_points(rounded, 0)
    if not (shapely.is_valid(tidy).all() and shapely.coverage_is_valid(tidy)):
        message = "rounding broke the coverage; choose another tolerance"
        raise ValueError(message)
    return [_multi(geometry) for geometry in tidy]


def _multi(geometry: shapely.Geometry) -> MultiPolygon:
    return geometry if isinstance(geometry, MultiPolygon) else MultiPolygon([cast("Polygon", geometry)])


def centre(geometry: MultiPolygon) -> tuple[float, float]:
    """Return lon, lat of the middle of the largest circle that fits inside."""
    biggest = max(geometry.geoms, key=lambda g: g.area)
    middle = shapely.maximum_inscribed_circle(biggest, tolerance=100).coords[0]
    return round(middle[0] * GRID, 5), round(middle[1] * GRID, 5)


def borders(provinces: Mapping[int, list[list[list[int]]]]) -> dict[int, list[int]]:
    """Tell who shares a stretch of border (not a mere corner) with whom: whoever shares an arc."""
    owners: dict[int, set[int]] = defaultdict(set)
    for code, polygons in provinces.items():
        for arc in (arc for rings in polygons for ring in rings for arc in ring):
            owners[arc if arc >= 0 else ~arc].add(code)
    found: dict[int, set[int]] = {code: set() for code in provinces}
    for pair in owners.values():
        for code in pair:
            found[code] |= pair - {code}
    return {code: sorted(others) for code, others in found.items()}


def regions(layer: Path, names: Path, cities: Path) -> tuple[list[Region], list[Region]]:
    """Return provinces and districts with official spellings, geometry in grid units."""
    right = {int(code): listed for code, listed in json.loads(names.read_text("utf-8")).items()}
    city = {int(code): name for code, name in json.loads(cities.read_text("utf-8")).items()}
    keys, shapes = read_districts(layer)
    districts = [
        Region(id=id_, name=spelling(name, right[id_ // 1000], city[id_ // 1000]), centre=centre(geom), shape=geom)
        for (id_, name), geom in sorted(zip(keys, on_grid(shapes), strict=True), key=lambda pair: pair[0])
    ]
    parts: dict[int, list[MultiPolygon]] = defaultdict(list)
    for district in districts:
        parts[district.id // 1000].append(district.shape)
    whole = {code: _multi(shapely.coverage_union_all(np.asarray(some))) for code, some in sorted(parts.items())}
    provinces = [Region(id=c, name=city[c], centre=centre(g), shape=g) for c, g in whole.items()]
    if len(districts) != DISTRICTS or [p.id for p in provinces] != list(range(1, PROVINCES + 1)):
        message = f"expected {PROVINCES} provinces and {DISTRICTS} districts"
        raise ValueError(message)
    return provinces, districts


def document(provinces: Sequence[Region], districts: Sequence[Region]) -> dict[str, object]:
    """Return the TopoJSON document: objects ``provinces`` (id = plate code) and ``districts``."""
    topology = Topology()
    topology.learn(region.shape for region in districts)
    encoded = {region.id: topology.encode(region.shape) for region in districts}
    outlines = {region.id: topology.encode(region.shape) for region in provinces}
    touching = borders(outlines)

    def feature(region: Region, arcs: object, **more: object) -> dict[str, object]:
        properties = {"name": region.name, "centre": region.centre, **more}
        return {"type": "MultiPolygon", "id": region.id, "properties": properties, "arcs": arcs}

    listed = {
        "provinces": [feature(p, outlines[p.id], neighbours=touching[p.id]) for p in provinces],
        "districts": [feature(d, encoded[d.id], province=d.id // 1000) for d in districts],
    }
    return {
        "type": "Topology",
        "transform": {"scale": [GRID, GRID], "translate": [0, 0]},
        "objects": {key: {"type": "GeometryCollection", "geometries": some} for key, some in listed.items()},
        "arcs": topology.arcs,
    }


def main() -> None:
    """Read the three sources, write the one file."""
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("--districts", "--names", "--cities"):
        parser.add_argument(option, type=Path, required=True)
    given = parser.parse_args()
    made = document(*regions(given.districts, given.names, given.cities))
    raw = json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()
    # A fixed time in the header: the same sources give the same bytes.
    OUT.write_bytes(gzip.compress(raw, 9, mtime=0))
    print(f"{OUT.name}: {OUT.stat().st_size / 1000:.0f} kB, {len(raw) / 1000:.0f} kB unpacked")


if __name__ == "__main__":
    main()
