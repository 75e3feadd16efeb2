"""GeoJSON-like coverages to TopoJSON arcs: every shared border is stored once.

So two neighbours can have neither a gap nor an overlap between them, whatever was rounded, and the file is half the size.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from shapely import MultiPolygon, Polygon

Vertex = tuple[int, int]
Ring = list[Vertex]
ArcIndex = int

#: A vertex with so many links lies along one line.
ON_THE_WAY = 2


class Topology:
    """Collects the arcs of polygons whose coordinates are whole numbers on one grid.

    All polygons must be announced through :meth:`learn` before the first is encoded: where an arc ends depends on everybody who
    passes there.
    """

    def __init__(self) -> None:
        self._links: dict[Vertex, set[Vertex]] = defaultdict(set)
        self._known: dict[tuple[Vertex, ...], ArcIndex] = {}
        self.arcs: list[list[list[int]]] = []

    def learn(self, polygons: Iterable[MultiPolygon]) -> None:
        """Note who is linked to whom; a vertex with other than two links is where borders meet."""
        for multi in polygons:
            for polygon in multi.geoms:
                for ring in _rings(polygon):
                    for here, there in zip(ring, ring[1:] + ring[:1], strict=True):
                        self._links[here].add(there)
                        self._links[there].add(here)

    def encode(self, multi: MultiPolygon) -> list[list[list[ArcIndex]]]:
        """Return the TopoJSON ``arcs`` member of one MultiPolygon."""
        return [[self._ring_arcs(ring) for ring in _rings(polygon)] for polygon in multi.geoms]

    def _ring_arcs(self, ring: Ring) -> list[ArcIndex]:
        nodes = [i for i, vertex in enumerate(ring) if len(self._links[vertex]) != ON_THE_WAY]
        # A lone island has no node: it starts at its smallest vertex, so that whoever surrounds it starts there too.
        start = nodes[0] if nodes else ring.index(min(ring))
        turned = ring[start:] + ring[:start]
        cuts = [(i - start) % len(ring) for i in nodes] or [0]
        ends = [*sorted(cuts)[1:], len(ring)]
        closed = [*turned, turned[0]]
        return [self._arc(closed[a : b + 1]) for a, b in zip(sorted(cuts), ends, strict=True)]

    def _arc(self, path: Ring) -> ArcIndex:
        forward, backward = tuple(path), tuple(reversed(path))
        if (index := self._known.get(forward)) is not None:
            return index
        if (index := self._known.get(backward)) is not None:
            return ~index
        self._known[forward] = len(self.arcs)
        self.arcs.append(_deltas(path))
        return self._known[forward]


def _rings(polygon: Polygon) -> Sequence[Ring]:
    return [[(round(x), round(y)) for x, y in ring.coords[:-1]] for ring in (polygon.exterior, *polygon.interiors)]


def _deltas(path: Ring) -> list[list[int]]:
    steps = [list(path[0])]
    steps += [[x - px, y - py] for (px, py), (x, y) in pairwise(path)]
    return steps
