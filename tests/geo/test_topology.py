"""Writing a coverage as shared arcs and reading it back gives the same shapes, with every border stored once."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon

from geo.boundaries import Arc, shape_of
from geo.prepare.topology import Topology

SITES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=3, max_size=14, unique=True)


def cells(sites: list[tuple[int, int]]) -> list[MultiPolygon]:
    """A coverage on whole numbers: unit squares given to the nearest site; with holes, islands and corners where four meet."""
    step = 10
    parts: dict[int, list[Polygon]] = {}
    for x in range(0, 60, step):
        for y in range(0, 60, step):
            owner = min(range(len(sites)), key=lambda i: ((sites[i][0] - x) ** 2 + (sites[i][1] - y) ** 2, i))
            parts.setdefault(owner, []).append(shapely.box(x, y, x + step, y + step))
    unions = [shapely.union_all(squares) for _, squares in sorted(parts.items())]
    noded = shapely.segmentize(unions, step)
    return [g if isinstance(g, MultiPolygon) else MultiPolygon([g]) for g in noded]


def encoded(shapes: list[MultiPolygon]) -> tuple[list[list[list[list[int]]]], Topology]:
    topology = Topology()
    topology.learn(shapes)
    return [topology.encode(shape) for shape in shapes], topology


def decoded(topology: Topology) -> list[Arc]:
    return [np.cumsum(np.asarray(arc, dtype=np.float64), axis=0) for arc in topology.arcs]


def edges(shapes: list[MultiPolygon]) -> int:
    pairs: set[frozenset[tuple[float, float]]] = set()
    for shape in shapes:
        for polygon in shape.geoms:
            for ring in (polygon.exterior, *polygon.interiors):
                pairs |= {frozenset(pair) for pair in zip(ring.coords, ring.coords[1:], strict=False)}
    return len(pairs)


@given(SITES)
def test_a_coverage_comes_back_as_it_was_with_every_edge_stored_once(sites: list[tuple[int, int]]) -> None:
    shapes = cells(sites)
    indices, topology = encoded(shapes)
    arcs = decoded(topology)
    for polygons, shape in zip(indices, shapes, strict=True):
        assert shapely.normalize(shape_of(polygons, arcs)).equals_exact(shapely.normalize(shape), 0)
    assert sum(len(arc) - 1 for arc in arcs) == edges(shapes)


def test_an_enclave_and_the_hole_around_it_share_one_arc() -> None:
    inner = shapely.box(10, 10, 20, 20)
    outer = shapely.box(0, 0, 30, 30).difference(inner)
    assert isinstance(outer, Polygon)
    indices, topology = encoded([MultiPolygon([outer]), MultiPolygon([inner])])
    assert len(topology.arcs) == 2
    hole, island = indices[0][0][1][0], indices[1][0][0][0]
    assert island in (hole, ~hole)


@pytest.mark.parametrize("turn", range(4))
def test_it_does_not_matter_where_a_ring_was_begun(turn: int) -> None:
    left, right = shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)
    corners = list(right.exterior.coords)[:-1]
    right = Polygon(corners[turn:] + corners[:turn])
    _, topology = encoded([MultiPolygon([left]), MultiPolygon([right])])
    assert len(topology.arcs) == 3
