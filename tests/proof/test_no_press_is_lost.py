"""Issue 2, "must show" 2: kill -9 of the API and of the database at random moments under a storm of presses and reconnecting teams."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row

from bench import seed
from bench.crews import Crews
from bench.server import environment_of, port_of
from controlroom.cluster import Cluster
from controlroom.migrate import migrate
from controlroom.server import Server, listen_at
from core.clock import SystemClock
from core.db import Database
from core.relay import Relay
from tests.conftest import with_database
from tests.proof.storm import HERE, SPREAD, Storm
from tests.waiting import comes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

ROOT = Path(__file__).resolve().parents[2]
#: The ladder alone may take three offers of half a minute each before it alarms, and after a long storm the timers are behind.
SETTLE_WITHIN_S = 300.0
CREWS, FREE = 220, 160


@dataclass
class Toll:
    """What was done to the house."""

    seed: int
    kills: int = 0
    restarts: int = 0
    in_flight_at_kill: list[int] = field(default_factory=list)
    in_flight_at_restart: list[int] = field(default_factory=list)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A server of this test's own: it is going to be killed."""
    own = Cluster(tmp_path, "proof")
    with own:
        yield own
    # A cluster whose folder the server's account cannot enter lies outside the test's own.
    if not own.where.home.is_relative_to(tmp_path):
        shutil.rmtree(own.where.home)


def people(url: str, phones: int) -> tuple[list[str], list[str]]:
    """Crews and callers; return the crews' tokens and the phones'."""
    with psycopg.connect(url) as conn:
        ids = seed.teams(conn, CREWS, FREE, around=HERE, spread=SPREAD)
        crews = seed.accounts(conn, "team", [26], list["UUID | None"](ids[:FREE]))
        return crews, seed.phones(conn, phones)


async def wait_for_flight(storm: Storm) -> int:
    """Return how many requests are under way, once there are any."""
    return await comes(lambda: len(storm.in_flight), "a request in flight", within_s=60)


async def torment(server: Server, cluster: Cluster, storm: Storm, toll: Toll, kills: int, restarts: int) -> None:
    """Kill the API so many times, and the database so many times, at random moments with requests in flight."""
    acts = ["kill"] * kills + ["restart"] * restarts
    storm.rng.shuffle(acts)
    for act in acts:
        await asyncio.sleep(storm.rng.uniform(0.05, 0.8))
        flying = await wait_for_flight(storm)
        if act == "kill":
            pid = server.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            toll.kills += 1
            toll.in_flight_at_kill.append(flying)
            server.stop()
            server.start()
            await asyncio.to_thread(server.await_ready)
        else:
            pid = cluster.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            toll.restarts += 1
            toll.in_flight_at_restart.append(flying)
            await asyncio.to_thread(cluster.ensure)
            await asyncio.to_thread(server.await_ready)


async def play(server: Server, cluster: Cluster, toll: Toll, crews: list[str], phones: list[str], kills: int, restarts: int) -> Storm:
    """Storm and torment, then let it settle."""
    port = port_of(server)
    storm = Storm(port, phones, random.Random(toll.seed))
    teams = Crews(port, resume=True)
    try:
        await teams.sign_on(crews)
        pressing = asyncio.create_task(storm.run(phones_at_once=12, pause_s=0.25))
        await torment(server, cluster, storm, toll, kills, restarts)
        storm.stopping = True
        await asyncio.wait_for(pressing, 60)
        await settle(cluster.url(database="storm"))
    finally:
        await teams.stop()
    return storm


#: An incident is safe when a crew said yes, or when the desk was alarmed about it.
UNSETTLED = """
SELECT count(*) AS n FROM incident i
WHERE NOT EXISTS (SELECT FROM dispatch d WHERE d.incident_id = i.id AND d.accepted_at IS NOT NULL)
  AND NOT EXISTS (SELECT FROM alarm a WHERE a.incident_id = i.id)
"""


async def settle(url: str) -> None:
    """Wait until every incident is safe."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:

        async def safe() -> bool:
            return await (await conn.execute(UNSETTLED)).fetchone() == (0,)

        await comes(safe, "an end for every incident", within_s=SETTLE_WITHIN_S, every_s=0.2)


async def relay_the_rest(url: str) -> None:
    """What was said while the server was being stopped is numbered by its next start: this is that start's relay."""
    db = Database(url)
    while await Relay(db, SystemClock(), lambda _: None).number_batch():
        pass
    await db.dispose()


def judge(url: str, storm: Storm) -> dict[str, Any]:
    """Assert what the issue asks of every press, and return the counts."""
    with psycopg.connect(url, row_factory=dict_row) as conn:
        rows = conn.execute("SELECT client_id, id::text AS alert_id, incident_id::text, case_id FROM kades_alert").fetchall()
        alerts = {row["client_id"]: row for row in rows}
        assert len(alerts) == len(rows), "a press made two alerts"
        for client_id, (alert_id, incident_id) in storm.answered.items():
            assert client_id in alerts, f"answered 202 and lost: {client_id}"
            assert (alerts[client_id]["alert_id"], alerts[client_id]["incident_id"]) == (alert_id, incident_id)
        half = {
            "alert without incident": """SELECT count(*) AS n FROM kades_alert a
                WHERE NOT EXISTS (SELECT FROM incident i WHERE i.id = a.incident_id)""",
            "incident without alert": """SELECT count(*) AS n FROM incident i
                WHERE NOT EXISTS (SELECT FROM kades_alert a WHERE a.case_id = i.id)""",
            "incident nobody was told of": """SELECT count(*) AS n FROM incident i
                WHERE NOT EXISTS (SELECT FROM event_log e WHERE e.subject_id = i.id AND e.type = 'incident.opened')""",
            "neither accepted nor alarmed": UNSETTLED,
            "outbox left over": "SELECT count(*) AS n FROM outbox",
            "team engaged by nothing": """SELECT count(*) AS n FROM team t WHERE t.engaged_dispatch IS NOT NULL
                AND NOT EXISTS (SELECT FROM dispatch d WHERE d.id = t.engaged_dispatch AND d.team_id = t.id AND d.ended_at IS NULL)""",
            "team with two live dispatches": """SELECT count(*) AS n FROM (SELECT team_id FROM dispatch
                WHERE state IN ('accepted', 'en_route', 'on_scene') GROUP BY team_id HAVING count(*) > 1) x""",
            "log with a hole": "SELECT max(seq) - count(*) AS n FROM event_log",
        }
        found = {what: conn.execute(query).fetchone()["n"] for what, query in half.items()}  # pyright: ignore[reportOptionalSubscript]
        wrong = {what: n for what, n in found.items() if n}
        assert wrong == {}, wrong
        accepted = conn.execute("SELECT count(DISTINCT incident_id) AS n FROM dispatch WHERE accepted_at IS NOT NULL").fetchone()
        incidents = conn.execute("SELECT count(*) AS n FROM incident").fetchone()
        assert accepted is not None
        assert incidents is not None
        return {"presses_answered": len(storm.answered), "repeats": storm.repeats, "incidents": incidents["n"], "accepted": accepted["n"]}


def run_storm(cluster: Cluster, folder: Path, toll: Toll, *, kills: int, restarts: int, phones: int) -> dict[str, Any]:
    """Prepare, play, judge."""
    owner = cluster.ensure()
    with psycopg.connect(owner, autocommit=True) as admin:
        admin.execute("CREATE DATABASE storm")
    url = with_database(owner, "storm")
    migrate(url)
    with psycopg.connect(url) as conn:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert conn.execute("SELECT current_setting(%s)", [setting]).fetchone() == ("on",)
    crews, tokens = people(url, phones)
    (folder / "sms").mkdir()
    with listen_at("127.0.0.1", 0) as sock:
        server = Server("controlroom.serve", sock, environment_of(cluster.url("merkez_api", "storm"), folder), folder / "server.jsonl")
        server.start()
        try:
            server.await_ready()
            storm = asyncio.run(play(server, cluster, toll, crews, tokens, kills, restarts))
        finally:
            server.stop()
    assert toll.kills == kills
    assert all(n > 0 for n in toll.in_flight_at_kill + toll.in_flight_at_restart), "a kill with nothing in flight proves nothing"
    asyncio.run(relay_the_rest(url))
    return judge(url, storm)


def commit() -> str:
    """Return the commit this was seen at."""
    return subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.timeout(420)
def test_no_press_is_lost_when_the_api_and_the_database_are_killed(cluster: Cluster, tmp_path: Path) -> None:
    toll = Toll(seed=155)
    counts = run_storm(cluster, tmp_path, toll, kills=4, restarts=1, phones=1200)
    assert counts["presses_answered"] > 20


@pytest.mark.proof
@pytest.mark.timeout(5400)
def test_no_press_is_lost_in_200_kills_and_50_restarts_of_the_database(cluster: Cluster, tmp_path: Path) -> None:
    toll = Toll(seed=20261124)
    counts = run_storm(cluster, tmp_path, toll, kills=200, restarts=50, phones=60_000)
    folder = ROOT / "docs" / "proof"
    folder.mkdir(exist_ok=True)
    report = {"proof": "no_press_lost", "commit": commit(), "fsync": "on", "synchronous_commit": "on", **asdict(toll), **counts}
    (folder / "no_press_lost.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
