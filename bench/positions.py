"""Positions a second through the API with a map attached, against one `unnest` upsert of the same batches (15,000/s hoped for)."""

from __future__ import annotations

import json
import random
import time
from typing import TYPE_CHECKING, LiteralString

import psycopg

from bench import seed
from bench.ground import fresh_database, say
from bench.load import LightSocket, Line, connect
from bench.report import Report
from bench.server import port_of, server
from core.clock import SystemClock

if TYPE_CHECKING:
    from uuid import UUID

HERE = (30.52, 39.77)
SPREAD = 0.3
TEAMS, BATCH = 5_000, 1_000
CLOCK = SystemClock()
BARE: LiteralString = """
INSERT INTO bare_position (team_id, position, fixed_at)
SELECT id, ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geography, at
FROM unnest(%s::uuid[], %s::float8[], %s::float8[], %s::timestamptz[]) AS x (id, lon, lat, at)
ON CONFLICT (team_id) DO UPDATE SET position = excluded.position, fixed_at = excluded.fixed_at
"""


def batch(ids: list[UUID], turn: int, rng: random.Random) -> list[tuple[UUID, float, float]]:
    """A thousand crews, each a little further on."""
    start = turn * BATCH % len(ids)
    return [(id_, HERE[0] + rng.uniform(-SPREAD, SPREAD), HERE[1] + rng.uniform(-SPREAD, SPREAD)) for id_ in ids[start : start + BATCH]]


async def bare(conn: psycopg.AsyncConnection[tuple[object, ...]], ids: list[UUID], turns: int, rng: random.Random) -> float:
    """The floor, positions a second: its batches are made before the clock starts, as ours are."""
    batches = [batch(ids, turn, rng) for turn in range(turns)]
    begun = time.perf_counter()
    for rows in batches:
        at = CLOCK.now()
        columns = [list(column) for column in zip(*rows, strict=True)]
        await conn.execute(BARE, [*columns, [at] * len(rows)])
        await conn.commit()
    return turns * BATCH / (time.perf_counter() - begun)


async def house(line: Line, token: str, ids: list[UUID], turns: int, rng: random.Random) -> float:
    """Ours, positions a second, from JSON to COMMIT with the track written too."""
    bodies: list[bytes] = []
    for turn in range(turns):
        # Each round's fixes are newer than the last one's by their own clock, or they would rightly be ignored.
        at = CLOCK.now().isoformat()
        rows = batch(ids, turn, rng)
        positions = [{"team_id": str(id_), "lon": lon, "lat": lat, "accuracy_m": 5, "fixed_at": at} for id_, lon, lat in rows]
        bodies.append(json.dumps({"positions": positions}).encode())
    begun = time.perf_counter()
    for body in bodies:
        answer = await line.send("POST", "/api/v1/teams/positions", token, body)
        assert answer.status == 200, answer.body
        assert not answer.json().get("refused"), answer.body[:300]
    return turns * BATCH / (time.perf_counter() - begun)


async def run(*, quick: bool) -> Report:
    """Measure and report."""
    rounds, turns = (3, 5) if quick else (9, 10)
    report = Report("positions")
    rng = random.Random(155)
    moved = 0

    def heard(_socket: LightSocket, payload: bytes, _at: int) -> None:
        nonlocal moved
        moved += b'"team.moved"' in payload

    with fresh_database("bench_positions") as url:
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("CREATE TABLE bare_position (team_id uuid PRIMARY KEY, position geography(Point, 4326), fixed_at timestamptz)")
            conn.execute("CREATE INDEX ON bare_position USING gist (position)")
            ids = seed.teams(conn, TEAMS, TEAMS, around=HERE, spread=SPREAD)
            operator = seed.accounts(conn, "operator", [26], [None])[0]
            gateway = seed.gateway(conn, [26])
            conn.execute("VACUUM ANALYZE")
        floor: list[float] = []
        ours: list[float] = []
        with server(url) as running:
            desk = await connect(port_of(running), "/ws/operator", {"type": "hello", "token": operator}, heard)
            desk.say({"type": "viewport", "bbox": [HERE[0] - SPREAD, HERE[1] - SPREAD, HERE[0] + SPREAD, HERE[1] + SPREAD]})
            line = Line(port_of(running))
            async with await psycopg.AsyncConnection.connect(url) as conn:
                for n in range(rounds):
                    say(f"round {n + 1} of {rounds}")
                    floor.append(await bare(conn, ids, turns, rng))
                    ours.append(await house(line, gateway, ids, turns, rng))
            desk.close()
            line.close()
    report.row("positions through the API, map attached", "1/s", floor=floor, ours=ours)
    reached = report.rows[0]["ours"]["median"]
    report.target("positions/s", ">= 15000 (hoped for)", reached, met=reached >= 15_000)
    report.notes.append(f"one map saw {moved} team.moved frames meanwhile; rates: higher is better")
    return report
