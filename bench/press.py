"""202s a second and claims a second, each against the bare statement (issue 2, "must show" 5; reported without a gate).

A press: POST to 202 through a real server on kept connections, against one INSERT and COMMIT on as many connections. A claim: the house's
pick in a transaction of its timers' role, against findings.md's bare loop (walk the KNN, lock by primary key, skip what is locked); both by
8 claimers on one spot among 4,000 teams, in turn.
"""

from __future__ import annotations

import asyncio
import random
import time
from datetime import timedelta
from typing import TYPE_CHECKING, LiteralString
from uuid import UUID, uuid4

import psycopg

from bench import seed
from bench.ground import fresh_database, say
from bench.load import Line
from bench.report import Report
from bench.server import port_of, server
from core.clock import SystemClock
from core.db import EVERY, Database
from core.ids import new_id
from dispatch.choosing import reach_of
from dispatch.inbox import Alert, raise_alert
from dispatch.store import locks, search
from geo.point import Fix, Point

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

HERE = (30.52, 39.77)
SPREAD = 0.3
AT_ONCE = 8
CLOCK = SystemClock()
BARE_CLAIM: LiteralString = """
CREATE FUNCTION bare_claim(lon float8, lat float8, dispatch uuid) RETURNS uuid LANGUAGE plpgsql SET enable_sort = off AS $$
DECLARE near record; got uuid;
BEGIN
    FOR near IN SELECT p.team_id FROM team_position p ORDER BY p.position <-> ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geography LOOP
        SELECT id INTO got FROM team WHERE id = near.team_id AND roster = 'available' AND engaged_dispatch IS NULL
            FOR NO KEY UPDATE SKIP LOCKED;
        IF FOUND THEN UPDATE team SET engaged_dispatch = dispatch WHERE id = got; RETURN got; END IF;
    END LOOP;
    RETURN NULL;
END $$
"""


async def rate(one: Callable[[int], Awaitable[None]], how_many: int, at_once: int) -> float:
    """Run `how_many` turns by `at_once` workers and return turns a second."""
    turns = iter(range(how_many))

    async def work() -> None:
        for turn in turns:
            await one(turn)

    begun = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(at_once)))
    return how_many / (time.perf_counter() - begun)


async def inserts(url: str, how_many: int) -> float:
    """The floor of a press: one row and its COMMIT, a second."""
    pool: asyncio.Queue[psycopg.AsyncConnection[tuple[object, ...]]] = asyncio.Queue()
    for _ in range(AT_ONCE):
        pool.put_nowait(await psycopg.AsyncConnection.connect(url))

    async def one(_turn: int) -> None:
        conn = await pool.get()
        await conn.execute("INSERT INTO bare_press VALUES (%s, %s)", [new_id(), '{"trigger": "button"}'])
        await conn.commit()
        pool.put_nowait(conn)

    reached = await rate(one, how_many, AT_ONCE)
    while not pool.empty():
        await pool.get_nowait().close()
    return reached


async def presses(port: int, phones: list[str], rng: random.Random) -> float:
    """202s a second, each of another caller."""
    lines = [Line(port) for _ in range(AT_ONCE)]
    free: asyncio.Queue[Line] = asyncio.Queue()
    for line in lines:
        free.put_nowait(line)

    async def one(turn: int) -> None:
        line = await free.get()
        position = {"lon": HERE[0] + rng.uniform(-SPREAD, SPREAD), "lat": HERE[1] + rng.uniform(-SPREAD, SPREAD), "accuracy_m": 10}
        at = CLOCK.now().isoformat()
        body = {"client_id": str(uuid4()), "pressed_at": at, "position": {**position, "fixed_at": at}, "trigger": "button"}
        answer = await line.post("/api/v1/kades/alerts", phones[turn], body)
        assert answer.status == 202, answer.body
        free.put_nowait(line)

    reached = await rate(one, len(phones), AT_ONCE)
    for line in lines:
        line.close()
    return reached


async def bare_claims(url: str, how_many: int) -> float:
    """The floor of a claim, a second."""
    pool: asyncio.Queue[psycopg.AsyncConnection[tuple[object, ...]]] = asyncio.Queue()
    for _ in range(AT_ONCE):
        pool.put_nowait(await psycopg.AsyncConnection.connect(url))

    async def one(_turn: int) -> None:
        conn = await pool.get()
        row = await (await conn.execute("SELECT bare_claim(%s, %s, %s)", [*HERE, new_id()])).fetchone()
        assert row is not None
        assert row[0] is not None
        await conn.commit()
        pool.put_nowait(conn)

    reached = await rate(one, how_many, AT_ONCE)
    while not pool.empty():
        await pool.get_nowait().close()
    return reached


async def our_claims(db: Database, incidents: list[UUID], how_many: int) -> float:
    """The house's claims, a second."""
    reach = reach_of(frozenset({26}))
    stale_before = CLOCK.now() - timedelta(minutes=5)
    free: asyncio.Queue[UUID] = asyncio.Queue()
    for incident in incidents:
        free.put_nowait(incident)

    async def one(_turn: int) -> None:
        incident_id = await free.get()
        async with db.tx(EVERY, role="merkez_timers") as tx:
            incident = await locks.lock_incident(tx, incident_id)
            assert incident is not None
            picked = await search.pick(tx, incident, new_id(), reach=reach, excluded=[], stale_before=stale_before, may_wait=True)
            assert picked.chosen is not None
        free.put_nowait(incident_id)

    return await rate(one, how_many, AT_ONCE)


async def incidents_on_one_spot(db: Database) -> list[UUID]:
    """One open incident per claimer."""
    found: list[UUID] = []
    for _ in range(AT_ONCE):
        now = CLOCK.now()
        async with db.tx(EVERY) as tx:
            fix = Fix(point=Point(lon=HERE[0], lat=HERE[1]), accuracy_m=10, fixed_at=now)
            raised = await raise_alert(
                tx,
                Alert(
                    source="kades", source_id=new_id(), kind="kades", priority=1, provinces=frozenset({26}), fix=fix, position_kind="fix",
                    person_id=None, received_at=now, instruction=None, silent=False, drill=False, place_text=None, automatic=False,
                    may_take_last=True,
                ),
            )  # fmt: skip
        found.append(raised.incident_id)
    return found


async def run(*, quick: bool) -> Report:
    """Measure and report."""
    rounds, many = (2, 100) if quick else (7, 400)
    report = Report("press")
    rng = random.Random(155)
    with fresh_database("bench_press") as url:
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("CREATE TABLE bare_press (id uuid PRIMARY KEY, data jsonb NOT NULL)")
            conn.execute(BARE_CLAIM)
            seed.teams(conn, 4_000, 4_000, around=HERE, spread=SPREAD)
            phones = seed.phones(conn, rounds * many)
            conn.execute("VACUUM ANALYZE")
        db = Database(url)
        floor: list[float] = []
        ours: list[float] = []
        say("claims")
        incidents = await incidents_on_one_spot(db)
        for _ in range(rounds):
            for figures, claim in ((floor, bare_claims(url, many)), (ours, our_claims(db, incidents, many))):
                figures.append(await claim)
                with psycopg.connect(url, autocommit=True) as conn:
                    conn.execute("UPDATE team SET engaged_dispatch = NULL WHERE engaged_dispatch IS NOT NULL")
                    conn.execute("VACUUM team")
        report.row("claims on one spot, 8 claimers", "1/s", floor=floor, ours=ours)
        say("presses")
        bare: list[float] = []
        house: list[float] = []
        with server(url) as running:
            for turn in range(rounds):
                bare.append(await inserts(url, many))
                house.append(await presses(port_of(running), phones[turn * many : (turn + 1) * many], rng))
        report.row("press -> 202, 8 at once", "1/s", floor=bare, ours=house)
        await db.dispose()
    report.notes.append("rates: higher is better, so a ratio below 1 says how much of the floor is kept; no gate on either")
    return report
