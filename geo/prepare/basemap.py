r"""Make the offline base map, map-ui/public/basemap/turkiye.pmtiles, from geo/data and three public files.

    python -m geo.prepare.basemap --tippecanoe PATH \
        --world countries-10m.json --lakes turkiye_major_lakes.geojson --towns cities500.json

Layers: land (the neighbours), lake, province, district, border (lines, each once), label (points). Sources and licences:
docs/data-geo.md.
"""

import argparse
import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import shapely
from shapely import Geometry, MultiPolygon
from shapely.geometry import shape

from geo.boundaries import boundaries
from geo.prepare.borders import border_lines
from geo.prepare.boundaries import folded
from geo.prepare.labels import labels

OUT = Path(__file__).parents[2] / "map-ui" / "public" / "basemap" / "turkiye.pmtiles"
#: What a far view shows, so that even the widest console sees no edge of the world, degrees.
FAR_FRAME = shapely.box(5.0, 24.0, 65.0, 54.0)
#: What the tiles from NEAR_ZOOM on hold: the country with its neighbours around it. The styles' `merkez:max_bounds` says the same.
FRAME = shapely.box(21.0, 32.5, 49.0, 45.5)
NEAR_ZOOM = 7
#: How far from a foreign country a strip between two data sets is taken for theirs rather than for a coast, degrees.
SEAM = 0.12
#: Square degrees; Cyprus (0.9), the largest island near us, stays below.
MAINLAND = 1.0
#: Our outline within this many degrees of foreign mainland is a land border.
TOUCH = 0.02
FIRST_ZOOM, LAST_ZOOM = 3, 8
#: A ring needs three corners and its first again.
RING_MIN = 4
#: Districts and their borders are of no use on a map of the country.
DISTRICT_ZOOM = 6
TILE_OPTIONS = (
    "--detect-shared-borders",
    "--full-detail=13",
    "--simplification=6",
    "--simplify-only-low-zooms",
    "--no-tile-size-limit",
    "--no-feature-limit",
    "--no-progress-indicator",
    "--quiet",
    "--force",
)

Feature = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of the command line."""

    world: Path
    lakes: Path
    towns: Path


def feature(geometry: Geometry, zoom: int, **properties: object) -> Feature:
    """Return a GeoJSON feature that tippecanoe shows from `zoom` on."""
    told = {key: value for key, value in properties.items() if value is not None}
    return {"type": "Feature", "tippecanoe": {"minzoom": zoom}, "properties": told, "geometry": json.loads(shapely.to_geojson(geometry))}


def countries(world: Path) -> dict[str, Geometry]:
    """Return countries within the frame by their English name, from a TopoJSON of Natural Earth."""
    document = json.loads(world.read_text("utf-8"))
    scale, offset = (np.asarray(document["transform"][key]) for key in ("scale", "translate"))
    arcs = [np.cumsum(np.asarray(arc), axis=0) * scale + offset for arc in document["arcs"]]

    def ring(indices: list[int]) -> list[tuple[float, float]]:
        pieces = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indices]
        return [tuple(xy) for xy in np.concatenate([pieces[0], *(p[1:] for p in pieces[1:])]).tolist()]

    found: dict[str, Geometry] = {}
    for item in document["objects"]["countries"]["geometries"]:
        rings = [item["arcs"]] if item["type"] == "Polygon" else item.get("arcs", [])
        # The source is quantised; its smallest islands have collapsed to a line.
        solid = [[r for r in map(ring, polygon) if len(r) >= RING_MIN] for polygon in rings]
        whole = shapely.make_valid(MultiPolygon([(outer, holes) for outer, *holes in filter(None, solid)]))
        part = shapely.intersection(whole, FAR_FRAME)
        if not part.is_empty:
            found[item["properties"]["name"]] = part
    return found


def foreign_land(world: Path, country: Geometry) -> tuple[Geometry, Geometry]:
    """Return everybody else's land, drawn up to our own border, and of it the mainland, a little widened.

    Where our outline touches that mainland it is a land border.
    The two data sets draw the border differently. Strips that neither claims go to the neighbour; strips along our coast stay sea,
    however near an Aegean island lies.
    """
    everybody = countries(world)
    ours_by_them = everybody.pop("Turkey")
    others = shapely.union_all(list(everybody.values()))
    mainland = shapely.union_all([part for part in shapely.get_parts(others) if part.area > MAINLAND])
    seam = shapely.intersection(shapely.difference(ours_by_them, country), shapely.buffer(mainland, SEAM))
    return shapely.difference(shapely.union_all([others, seam]), country), shapely.buffer(shapely.union_all([mainland, seam]), TOUCH)


def layers(sources: Sources) -> Iterator[tuple[str, Iterable[Feature]]]:
    """Yield layer by layer, in the order of drawing."""
    known = boundaries()
    country = shapely.coverage_union_all([p.shape for p in known.provinces])
    others, near_abroad = foreign_land(sources.world, country)
    lakes = json.loads(sources.lakes.read_text("utf-8"))["features"]
    far, near = feature(others, FIRST_ZOOM), feature(shapely.intersection(others, FRAME), NEAR_ZOOM)
    far["tippecanoe"]["maxzoom"] = NEAR_ZOOM - 1
    yield "land", [far, near]
    yield "province", [feature(p.shape, FIRST_ZOOM, code=p.code, name=p.name) for p in known.provinces]
    yield "district", [feature(d.shape, DISTRICT_ZOOM, id=d.id, province=d.province, name=d.name) for d in known.districts]
    yield "lake", [feature(shape(lake["geometry"]), FIRST_ZOOM, name=lake["properties"]["name"]) for lake in lakes]
    zoom_of = {"country": FIRST_ZOOM, "coast": FIRST_ZOOM, "province": FIRST_ZOOM, "district": DISTRICT_ZOOM}
    yield "border", [feature(line, zoom_of[kind], kind=kind) for kind, line in border_lines(near_abroad)]
    towns: list[Mapping[str, Any]] = [t for t in json.loads(sources.towns.read_text("utf-8")).values() if t["countrycode"] == "TR"]
    yield "label", [feature(shapely.Point(at), zoom, **told) for at, zoom, told in labels(towns, lakes, folded)]


def build(sources: Sources, tippecanoe: str) -> None:
    """Write each layer to a file and have tippecanoe tile them."""
    OUT.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        named: list[str] = []
        for layer, features in layers(sources):
            (Path(folder) / f"{layer}.json").write_text("\n".join(json.dumps(f, ensure_ascii=False) for f in features), "utf-8")
            named += ["-L", f"{layer}:{layer}.json"]
        zooms = [f"--minimum-zoom={FIRST_ZOOM}", f"--maximum-zoom={LAST_ZOOM}"]
        told = ["--name=turkiye", "--attribution=OCHA COD-AB / HGM, Natural Earth, GeoNames"]
        # tippecanoe writes its command line into the tiles: bare names keep this machine out of them and the bytes the same.
        command = ["tippecanoe", f"--output={OUT.name}", *zooms, *told, *TILE_OPTIONS, *named]
        subprocess.run(command, executable=shutil.which(tippecanoe), cwd=folder, check=True)
        shutil.move(Path(folder) / OUT.name, OUT)


def main() -> None:
    """Read the command line, build, say the size."""
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("--world", "--lakes", "--towns"):
        parser.add_argument(option, type=Path, required=True)
    parser.add_argument("--tippecanoe", default="tippecanoe", help="the binary itself, not a script that starts it")
    given = parser.parse_args()
    build(Sources(given.world, given.lakes, given.towns), given.tippecanoe)
    print(f"{OUT.name}: {OUT.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
