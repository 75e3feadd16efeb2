"""Press -> offer on the team's socket in a storm: 5,000 teams, 1,000 on shift, 50 presses a second for three minutes (issue 2, 5).

The floor, by hand: insert one row and commit it, claim by a bare statement and commit, send over a bare `websockets` connection; one
after another on an idle machine, as if it should win. It runs before and after the storm in the same run.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from typing import TYPE_CHECKING, Any, LiteralString
from uuid import UUID, uuid4

import psycopg
from websockets.asyncio.client import connect as dial
from websockets.asyncio.server import ServerConnection, serve

from bench import seed
from bench.crews import Crews
from bench.ground import fresh_database, say
from bench.load import Line, now_ns
from bench.report import Report, percentile
from bench.server import port_of, server
from core.ids import new_id

if TYPE_CHECKING:
    from psycopg import AsyncConnection

HERE = (30.52, 39.77)
SPREAD = 0.25
LINES = 24
#: Presses on the idle house before the storm.
ALONE = 60
CLAIM: LiteralString = """
WITH near AS (
    SELECT t.id FROM team_position p JOIN team t ON t.id = p.team_id
    WHERE t.roster = 'available' AND t.engaged_dispatch IS NULL
    ORDER BY p.position <-> ST_SetSRID(ST_MakePoint(%s, %s), 4326)::geography LIMIT 1)
UPDATE team SET engaged_dispatch = %s FROM near WHERE team.id = near.id RETURNING team.id
"""


async def by_hand(url: str, runs: int) -> list[float]:
    """Time commit + claim + send, in ms, on one connection and one socket."""
    arrived: asyncio.Queue[int] = asyncio.Queue()
    dialled: asyncio.Queue[ServerConnection] = asyncio.Queue()

    async def hold(connection: ServerConnection) -> None:
        dialled.put_nowait(connection)
        await connection.wait_closed()

    async def listen(port: int) -> None:
        async with dial(f"ws://127.0.0.1:{port}", compression=None) as line:
            async for _ in line:
                arrived.put_nowait(now_ns())

    rng = random.Random(155)
    async with (
        serve(hold, "127.0.0.1", 0, compression=None) as bare,
        await psycopg.AsyncConnection.connect(url) as conn,
    ):
        await conn.execute("CREATE TABLE IF NOT EXISTS by_hand (id uuid PRIMARY KEY, data jsonb NOT NULL)")
        await conn.execute("SET enable_sort = off")
        await conn.commit()
        listening = asyncio.create_task(listen(next(iter(bare.sockets)).getsockname()[1]))
        connection = await dialled.get()
        took = [await _one_by_hand(conn, connection, arrived, rng) for _ in range(runs)]
        await conn.execute("UPDATE team SET engaged_dispatch = NULL WHERE engaged_dispatch IS NOT NULL")
        await conn.commit()
        listening.cancel()
    return took


async def _one_by_hand(conn: AsyncConnection[Any], to: ServerConnection, arrived: asyncio.Queue[int], rng: random.Random) -> float:
    begun = now_ns()
    await conn.execute("INSERT INTO by_hand VALUES (%s, %s)", [new_id(), '{"trigger": "button"}'])
    await conn.commit()
    lon, lat = HERE[0] + rng.uniform(-SPREAD, SPREAD), HERE[1] + rng.uniform(-SPREAD, SPREAD)
    row = await (await conn.execute(CLAIM, [lon, lat, new_id()])).fetchone()
    await conn.commit()
    assert row is not None
    await to.send(f'{{"seq":1,"prev":0,"type":"dispatch.offered","data":{{"team_id":"{row[0]}"}}}}')
    return (await arrived.get() - begun) / 1e6


async def _press(line: Line, token: str, rng: random.Random) -> str:
    """Press once; return the incident."""
    fixed_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    lon, lat = HERE[0] + rng.uniform(-SPREAD, SPREAD), HERE[1] + rng.uniform(-SPREAD, SPREAD)
    position = {"lon": lon, "lat": lat, "accuracy_m": 12, "fixed_at": fixed_at}
    body = {"client_id": str(uuid4()), "pressed_at": fixed_at, "position": position, "trigger": "button"}
    answer = await line.post("/api/v1/kades/alerts", token, body)
    assert answer.status == 202, answer.body
    incident: str = answer.json()["incident_id"]
    return incident


async def alone(crews: Crews, phones: list[str]) -> list[float]:
    """Press on an idle house, each press after the last one's offer; return press -> offer in ms."""
    line, rng = Line(crews.port), random.Random(157)
    took: list[float] = []
    for token in phones:
        begun = now_ns()
        incident = await _press(line, token, rng)
        await crews.all_offered([incident], within_s=30)
        took.append((crews.offered_at[incident] - begun) / 1e6)
    line.close()
    return took


async def storm(crews: Crews, phones: list[str], per_second: float, seconds: float) -> tuple[dict[str, int], list[float]]:
    """Press at a steady rate, each time another caller; return when each incident's press was sent, and the 202s' times in ms."""
    sent: dict[str, int] = {}
    answers: list[float] = []
    lines: asyncio.Queue[Line] = asyncio.Queue()
    for _ in range(LINES):
        lines.put_nowait(Line(crews.port))
    rng = random.Random(156)

    async def press(token: str) -> None:
        # The clock starts before a free line is waited for: a storm that our own client throttles must not look fast.
        begun = now_ns()
        line = await lines.get()
        try:
            incident = await _press(line, token, rng)
        finally:
            lines.put_nowait(line)
        answers.append((now_ns() - begun) / 1e6)
        sent[incident] = begun

    start = asyncio.get_running_loop().time()
    pressing: list[asyncio.Task[None]] = []
    for n in range(int(per_second * seconds)):
        await asyncio.sleep(max(0.0, start + n / per_second - asyncio.get_running_loop().time()))
        pressing.append(asyncio.create_task(press(phones[n % len(phones)])))
    await asyncio.gather(*pressing)
    return sent, answers


async def run(*, quick: bool) -> Report:
    """Measure and report."""
    per_second, seconds, floor_runs = (50, 15, 60) if quick else (50, 180, 200)
    report = Report("push")
    with fresh_database("bench_push") as url:
        with psycopg.connect(url) as conn:
            ids = seed.teams(conn, 5_000, 1_000, around=HERE, spread=SPREAD)
            tokens = seed.accounts(conn, "team", [26], list[UUID | None](ids[:1_000]))
            operator = seed.accounts(conn, "operator", [26], [None])[0]
            phones = seed.phones(conn, int(per_second * seconds) + ALONE)
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("VACUUM ANALYZE")
        say("floor by hand")
        floor = await by_hand(url, floor_runs)
        with server(url) as house:
            crews = Crews(port_of(house))
            say("1,000 crews sign on")
            await crews.sign_on(tokens, operator=operator)
            idle = await alone(crews, phones[:ALONE])
            say(f"storm: {per_second} presses/s for {seconds} s")
            sent, answers = await storm(crews, phones[ALONE:], per_second, seconds)
            await crews.all_offered(sent.keys(), within_s=30)
            await crews.stop()
        say("floor by hand, again")
        floor += await by_hand(url, floor_runs)
    offered = [(crews.offered_at[id_] - begun) / 1e6 for id_, begun in sent.items() if id_ in crews.offered_at]
    shown = [(crews.shown_at[id_] - begun) / 1e6 for id_, begun in sent.items() if id_ in crews.shown_at]
    report.row("press -> offer, one press at a time", "ms", floor=floor, ours=idle)
    _fill(report, floor, offered, shown, answers, len(sent), crews)
    return report


def _fill(
    report: Report, floor: list[float], offered: list[float], shown: list[float], answers: list[float], sent: int, crews: Crews
) -> None:
    report.row("press -> offer on the team's socket", "ms", floor=floor, ours=offered)
    report.row("press -> operator's socket", "ms", ours=shown)
    report.row("press -> 202", "ms", ours=answers)
    p99 = percentile(offered, 99)
    report.target("press -> offer p99", "<= 150 ms", p99, met=p99 <= 150)
    ratio = statistics.median(offered) / statistics.median(floor)
    report.target("press -> offer median against by hand", "<= 3", ratio, met=ratio <= 3)
    screen = percentile(shown, 99)
    report.target("press -> operator's socket p99 (E9)", "<= 1000 ms", screen, met=screen <= 1000)
    report.target("presses with an offer", f"= {sent}", len(offered), met=len(offered) == sent)
    report.notes.append(f"{sent} presses, {crews.offers} offers, {len(crews.errors)} error frames, p95 {percentile(offered, 95):.0f} ms")
