"""The 81 provinces and 973 districts as committed in geo/data: names, neighbours, shapes. Reads one file, needs no database."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

import numpy as np
import numpy.typing as npt
from shapely import LinearRing, MultiPolygon, Polygon

SOURCE: Final = Path(__file__).parent / "data" / "boundaries.topojson.gz"
#: Decimals of a degree in the source; restores the exact value after multiplying by its scale.
DECIMALS: Final = 5

Arc: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Province:
    """One of the 81 provinces (il)."""

    code: int  #: Plate code, 1..81.
    name: str  #: Official Turkish spelling.
    neighbours: frozenset[int]  #: Codes of the provinces that share a stretch of border with it.
    centre: tuple[float, float]  #: Lon, lat of the point deepest inside its largest part: for a label, not the governor's office.
    shape: MultiPolygon


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class District:
    """One of the 973 districts (ilçe)."""

    id: int  #: OCHA COD-AB number: province code * 1000 + number within the province.
    province: int
    name: str  #: Official spelling; 51 provinces have a district named "Merkez".
    centre: tuple[float, float]
    shape: MultiPolygon


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Boundaries:
    """Everything in the file, ordered by code and by id."""

    provinces: tuple[Province, ...]
    districts: tuple[District, ...]


@cache
def boundaries() -> Boundaries:
    """Return the committed boundaries, read once per process (about a third of a second)."""
    document = json.loads(gzip.decompress(SOURCE.read_bytes()))
    arcs = _arcs(document)
    return Boundaries(
        provinces=tuple(_province(item, arcs) for item in _items(document, "provinces")),
        districts=tuple(_district(item, arcs) for item in _items(document, "districts")),
    )


def _items(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", document["objects"][key]["geometries"])


def _arcs(document: dict[str, Any]) -> list[Arc]:
    """Return the arcs in degrees: TopoJSON stores each vertex as a step from the one before it, on a grid."""
    scale = np.asarray(document["transform"]["scale"], dtype=np.float64)
    return [np.round(np.cumsum(np.asarray(arc, dtype=np.float64), axis=0) * scale, DECIMALS) for arc in document["arcs"]]


def _province(item: dict[str, Any], arcs: Sequence[Arc]) -> Province:
    told = item["properties"]
    return Province(
        code=item["id"],
        name=told["name"],
        neighbours=frozenset(told["neighbours"]),
        centre=(told["centre"][0], told["centre"][1]),
        shape=shape_of(item["arcs"], arcs),
    )


def _district(item: dict[str, Any], arcs: Sequence[Arc]) -> District:
    told = item["properties"]
    return District(
        id=item["id"],
        province=told["province"],
        name=told["name"],
        centre=(told["centre"][0], told["centre"][1]),
        shape=shape_of(item["arcs"], arcs),
    )


def shape_of(polygons: list[list[list[int]]], arcs: Sequence[Arc]) -> MultiPolygon:
    """Build the shape of a TopoJSON MultiPolygon from its arc numbers."""
    parts: list[Polygon] = []
    for rings in polygons:
        outer, *holes = (_ring(indices, arcs) for indices in rings)
        parts.append(Polygon(outer, holes))
    return MultiPolygon(parts)


def _ring(indices: list[int], arcs: Sequence[Arc]) -> LinearRing:
    """Join arcs: a negative index means that arc walked backwards, and each begins where the one before it ended."""
    pieces = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indices]
    return LinearRing(np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])]))
