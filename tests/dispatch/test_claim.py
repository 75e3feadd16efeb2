"""Two claimers never get one team, and the nearest goes (law 4, E11; findings: the broken ORDER BY <-> LIMIT FOR UPDATE).

4,000 teams and more, so that the planner really uses the GiST index: with a few hundred it does not, and everything looks well.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from core.db import EVERY, Database
from core.ids import new_id
from dispatch.choosing import reach_of
from dispatch.states import Incident
from dispatch.store import locks, positions, search
from tests.dispatch.conftest import ESKISEHIR, KM_LAT, KM_LON, LAT, LON, Room
from tests.waiting import comes

TEAMS = 4_000
CLAIMERS = 32
PAST = timedelta(minutes=5)
EVERYWHERE = reach_of(frozenset({ESKISEHIR}))


def crowd(room: Room, teams: int, *, free: float, seed: int = 7) -> list[UUID]:
    """So many teams scattered over 40 by 40 km, the given share of them free; returns the free ones."""
    rng = random.Random(seed)
    ids = [new_id() for _ in range(teams)]
    shown = set(rng.sample(ids, round(teams * free)))
    with room.superuser() as admin, admin.cursor() as cursor:
        with cursor.copy("COPY team (id, code, kind, force, province, roster, roster_at, created_at) FROM STDIN") as copy:
            for index, id_ in enumerate(ids):
                roster = "available" if id_ in shown else "off_duty"
                copy.write_row((id_, f"T{index}", "patrol", "police", ESKISEHIR, roster, room.now, room.now))
        with cursor.copy("COPY team_position (team_id, province, position, fixed_at, received_at, skew_s) FROM STDIN") as copy:
            for id_ in ids:
                lon, lat = LON + rng.uniform(-20, 20) * KM_LON, LAT + rng.uniform(-20, 20) * KM_LAT
                copy.write_row((id_, ESKISEHIR, f"SRID=4326;POINT({lon} {lat})", room.now, room.now, 0))
        admin.execute("ANALYZE team")
        admin.execute("ANALYZE team_position")
    return [id_ for id_ in ids if id_ in shown]


async def claim(room: Room, incident: Incident, *, excluded: list[UUID] | None = None) -> UUID | None:
    """One claim in a transaction of its own, as choosing does it."""
    async with room.db.tx(EVERY, role="merkez_timers") as tx:
        locked = await locks.lock_incident(tx, incident.id)
        assert locked is not None
        picked = await search.pick(
            tx, locked, new_id(), reach=EVERYWHERE, excluded=excluded or [], stale_before=room.now - PAST, may_wait=True
        )
        return picked.chosen


async def claimers(room: Room, each: int) -> list[UUID | None]:
    """Incidents on one spot, claimed for by 32 at once."""
    incidents = [await room.incident(await room.raised()) for _ in range(CLAIMERS)]

    async def work(incident: Incident) -> list[UUID | None]:
        return [await claim(room, incident) for _ in range(each)]

    found = await asyncio.gather(*(work(incident) for incident in incidents))
    return [one for each_ in found for one in each_]


@asynccontextmanager
async def moving(room: Room, ids: list[UUID]) -> AsyncIterator[list[int]]:
    """Position batches of 500 running meanwhile, each putting the teams where they already are, a moment later."""
    batches = [0]

    async def run() -> None:
        rows = await room.rows("SELECT team_id, ST_X(position::geometry) AS lon, ST_Y(position::geometry) AS lat FROM team_position")
        where = {row["team_id"]: (row["lon"], row["lat"]) for row in rows}
        while True:
            some = random.sample(ids, 500)
            columns: dict[str, Any] = {
                "teams": some, "lons": [where[i][0] for i in some], "lats": [where[i][1] for i in some], "accuracies": [None] * 500,
                "fixed": [room.now + timedelta(milliseconds=batches[0] + 1)] * 500, "headings": [None] * 500, "speeds": [None] * 500,
            }  # fmt: skip
            async with room.db.tx(EVERY) as tx:
                await positions.put_positions(tx, columns, room.now)
            batches[0] += 1

    task = asyncio.create_task(run())
    try:
        yield batches
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def distances(room: Room, ids: list[UUID]) -> dict[UUID, float]:
    sql = (
        "SELECT team_id, ST_Distance(position, ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326)::geography) AS m"
        " FROM team_position WHERE team_id = ANY (%(ids)s)"
    )
    return {row["team_id"]: row["m"] for row in await room.rows(sql, lon=LON, lat=LAT, ids=ids)}


@pytest.fixture
async def wide(room: Room) -> AsyncIterator[Room]:
    """A room whose pool lets 32 claim at once."""
    db = Database(room.url, pool_size=CLAIMERS + 4)
    yield Room(db, room.clock, room.url)
    await db.dispose()


async def test_32_claimers_on_one_spot_get_32_teams_each_and_together_the_nearest_while_positions_stream_in(wide: Room) -> None:
    free = crowd(wide, TEAMS, free=0.5)
    everybody = [row["id"] for row in await wide.rows("SELECT id FROM team")]

    async with moving(wide, everybody) as batches:
        won = await claimers(wide, each=16)

    taken = [one for one in won if one is not None]
    assert len(taken) == CLAIMERS * 16, "a claim missed although teams were free"
    assert len(set(taken)) == len(taken), "a team was claimed twice"
    metres = await distances(wide, free)
    ideal = sum(sorted(metres.values())[: len(taken)])
    assert sum(metres[one] for one in taken) <= ideal * 1.02
    assert batches[0] > 0, "no position came in meanwhile"


@pytest.mark.parametrize("share", [0.01, 0.001])
async def test_with_hardly_anybody_free_everyone_who_is_free_is_found_and_nobody_twice(wide: Room, share: float) -> None:
    free = crowd(wide, TEAMS, free=share)

    async with moving(wide, [row["id"] for row in await wide.rows("SELECT id FROM team")]):
        won = await claimers(wide, each=2)

    taken = [one for one in won if one is not None]
    assert sorted(taken) == sorted(free)


async def test_with_nobody_free_every_claim_comes_back_empty_and_quickly(wide: Room) -> None:
    crowd(wide, TEAMS, free=0.0)

    won = await claimers(wide, each=2)

    assert set(won) == {None}


async def test_a_claim_that_rolls_back_leaves_its_team_to_whoever_waited_for_it(wide: Room) -> None:
    (only,) = crowd(wide, TEAMS, free=1 / TEAMS)
    first, second = [await wide.incident(await wide.raised()) for _ in range(2)]
    waiting: asyncio.Task[UUID | None] | None = None
    with pytest.raises(psycopg.errors.DivisionByZero):
        async with wide.db.tx(EVERY, role="merkez_timers") as tx:
            assert await locks.lock_incident(tx, first.id)
            picked = await search.pick(tx, first, new_id(), reach=EVERYWHERE, excluded=[], stale_before=wide.now - PAST, may_wait=True)
            assert picked.chosen == only
            waiting = asyncio.create_task(claim(wide, second))
            await _until_somebody_waits_for_a_lock(wide)
            await tx.execute("SELECT 1 / 0")

    assert waiting is not None
    assert await waiting == only


async def _until_somebody_waits_for_a_lock(room: Room) -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"

    def somebody_waits() -> bool:
        with room.superuser() as admin:
            return admin.execute(waiting).fetchone() != (0,)

    await comes(somebody_waits, "somebody who waits for a lock")


# --- the plans behind it ---


def nested_plans(room: Room, sql: str, params: dict[str, Any]) -> str:
    """The plans of every statement inside the functions that `sql` calls, as auto_explain logs them."""
    told: list[str] = []
    with room.superuser() as admin:
        admin.add_notice_handler(lambda notice: told.append(notice.message_primary or ""))
        admin.execute("LOAD 'auto_explain'")
        for name, value in (
            ("auto_explain.log_min_duration", "0"),
            ("auto_explain.log_nested_statements", "on"),
            ("auto_explain.log_level", "notice"),
            ("client_min_messages", "notice"),
            ("merkez.provinces", "26"),
        ):
            admin.execute("SELECT set_config(%s, %s, false)", [name, value])
        # Six times: from the sixth on a function may run a generic plan, and that one must use the index too.
        for _ in range(7):
            told.clear()
            admin.execute(sql, params)
    return "\n".join(told)


async def test_the_claim_walks_the_index_over_positions_and_finds_each_team_by_its_key(wide: Room) -> None:
    crowd(wide, TEAMS, free=0.5)
    incident_id = await wide.raised()

    plans = nested_plans(
        wide,
        "SELECT dispatch_pick(%(incident)s, %(dispatch)s, %(reach)s::smallint[], '{}', %(stale)s, true, 8, 300)",
        {"incident": incident_id, "dispatch": new_id(), "reach": sorted(EVERYWHERE), "stale": wide.now - PAST},
    )

    walk = next(plan for plan in plans.split("Query Text:") if "stale_before AS fresh" in plan)
    assert "Index Scan using team_position_gist" in walk
    assert "Index Scan using team_pkey" in walk
    assert "Sort" not in walk.split("Nested Loop")[0]
    around = next(plan for plan in plans.split("Query Text:") if "ORDER BY p.position <-> p_here" in plan)
    assert "team_position_gist" in around


async def test_the_nearest_search_walks_the_index_over_positions(wide: Room) -> None:
    crowd(wide, TEAMS, free=0.5)

    plans = nested_plans(wide, "SELECT * FROM dispatch_nearest(%(lon)s, %(lat)s, 8)", {"lon": LON, "lat": LAT})

    assert "Index Scan using team_position_gist" in plans
    assert "Sort" not in plans


async def test_the_nearest_eight_are_the_nearest_eight(wide: Room) -> None:
    free = crowd(wide, TEAMS, free=0.3)
    metres = await distances(wide, free)

    async with wide.db.tx(frozenset({ESKISEHIR})) as tx:
        found = await search.nearest(tx, lon=LON, lat=LAT)

    assert [row["team_id"] for row in found] == sorted(metres, key=metres.__getitem__)[:8]
    assert [row["distance_m"] for row in found] == pytest.approx([metres[row["team_id"]] for row in found], rel=5e-3)


async def test_the_nearest_search_shows_no_team_of_another_province(wide: Room) -> None:
    crowd(wide, 50, free=1.0)

    async with wide.db.tx(frozenset({43})) as tx:
        assert await search.nearest(tx, lon=LON, lat=LAT) == []
