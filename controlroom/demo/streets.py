"""Streets for the simulated teams: a bent grid over the middle of Eskişehir, since no street data comes with the house.

A plane in metres round the centre is good enough to drive on; what leaves this file is WGS84 degrees.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from math import atan2, cos, degrees, hypot, radians, sin
from typing import TYPE_CHECKING

from geo.point import Point

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

#: The middle of the city, and the way its main streets run.
CENTRE_LON, CENTRE_LAT = 30.5206, 39.7767
BEARING_DEG = 14.0
METRES_PER_DEGREE = 111_320.0
COLUMNS, ROWS = 15, 11
BLOCK_M = 420.0
BEND_M = 70.0
#: What a console of the demo looks at: west, south, east, north.
CITY_BBOX = [30.40, 39.70, 30.65, 39.86]
#: One block in eight has no street on that side.
CLOSED = 0.12

XY = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Streets:
    """Crossings in metres east and north of the centre, and which are joined."""

    crossings: tuple[XY, ...]
    neighbours: tuple[tuple[int, ...], ...]

    def nearest(self, at: XY) -> int:
        """Return the crossing nearest to a place."""
        return min(range(len(self.crossings)), key=lambda i: apart(self.crossings[i], at))

    def way(self, start: XY, goal: XY) -> list[XY]:
        """Return the corners of the shortest way, the goal last; off the streets it goes straight."""
        here, there = self.nearest(start), self.nearest(goal)
        best = {here: 0.0}
        came: dict[int, int] = {}
        queue = [(0.0, here)]
        while queue:
            cost, node = heapq.heappop(queue)
            if node == there:
                break
            for other in self.neighbours[node]:
                further = cost + apart(self.crossings[node], self.crossings[other])
                if further < best.get(other, float("inf")):
                    best[other], came[other] = further, node
                    heapq.heappush(queue, (further, other))
        corners = [goal]
        node = there
        while node != here:
            corners.append(self.crossings[node])
            node = came[node]
        # The first crossing is left out when it lies behind: nobody drives back to a corner in order to go past it again.
        if not corners[:-1] or apart(start, corners[-1]) > apart(self.crossings[here], corners[-1]):
            corners.append(self.crossings[here])
        return corners[::-1]

    def stroll(self, node: int, came_from: int | None, rng: Random) -> int:
        """Return the next crossing of a patrol: mostly onward, seldom back."""
        onward = [other for other in self.neighbours[node] if other != came_from]
        return rng.choice(onward or list(self.neighbours[node]))


def lay_streets(rng: Random) -> Streets:
    """Lay the bent grid; every crossing can be reached from every other."""
    crossings = tuple(_place(column, row, rng) for row in range(ROWS) for column in range(COLUMNS))
    joined: list[set[int]] = [set() for _ in crossings]
    for node in range(len(crossings)):
        column = node % COLUMNS
        for other, there in ((node + 1, column + 1 < COLUMNS), (node + COLUMNS, node + COLUMNS < len(crossings))):
            # The ring and every third street are never closed, so the net stays in one piece.
            kept = (node // COLUMNS) % 3 == 0 if other == node + 1 else column % 3 == 0 or column == COLUMNS - 1
            if there and (kept or rng.random() > CLOSED):
                joined[node].add(other)
                joined[other].add(node)
    return Streets(crossings, tuple(tuple(sorted(others)) for others in joined))


def _place(column: int, row: int, rng: Random) -> XY:
    x = (column - (COLUMNS - 1) / 2) * BLOCK_M + rng.uniform(-BEND_M, BEND_M)
    y = (row - (ROWS - 1) / 2) * BLOCK_M + rng.uniform(-BEND_M, BEND_M)
    turn = radians(BEARING_DEG)
    return (x * cos(turn) + y * sin(turn), y * cos(turn) - x * sin(turn))


def apart(a: XY, b: XY) -> float:
    """Return the distance in metres."""
    return hypot(a[0] - b[0], a[1] - b[1])


def bearing(a: XY, b: XY) -> float:
    """Return the direction from one place to another, degrees clockwise from north."""
    return degrees(atan2(b[0] - a[0], b[1] - a[1])) % 360


def to_point(at: XY) -> Point:
    """Return a place as WGS84."""
    lon = CENTRE_LON + at[0] / (METRES_PER_DEGREE * cos(radians(CENTRE_LAT)))
    return Point(lon=round(lon, 6), lat=round(CENTRE_LAT + at[1] / METRES_PER_DEGREE, 6))


def to_xy(lon: float, lat: float) -> XY:
    """Return a WGS84 place in metres round the centre."""
    return ((lon - CENTRE_LON) * METRES_PER_DEGREE * cos(radians(CENTRE_LAT)), (lat - CENTRE_LAT) * METRES_PER_DEGREE)


@dataclass(slots=True)
class Drive:
    """Somebody who moves along corners."""

    at: XY
    heading_deg: float = 0.0
    corners: list[XY] = field(default_factory=list)

    def go(self, corners: Sequence[XY]) -> None:
        """Take another way."""
        self.corners = list(corners)

    def move(self, metres: float) -> bool:
        """Go on so far; say whether the end was reached."""
        while self.corners:
            ahead = apart(self.at, self.corners[0])
            if ahead > 0:
                self.heading_deg = bearing(self.at, self.corners[0])
            if ahead > metres:
                share = metres / ahead
                goal = self.corners[0]
                self.at = (self.at[0] + (goal[0] - self.at[0]) * share, self.at[1] + (goal[1] - self.at[1]) * share)
                return False
            metres -= ahead
            self.at = self.corners.pop(0)
        return True
