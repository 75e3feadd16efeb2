"""Law 10: what a province may see and touch is settled in the database, and the doors past it check for themselves."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
import pytest

from core.db import EVERY, NOTHING
from core.ids import new_id
from dispatch.choosing import reach_of
from dispatch.states import Act
from dispatch.store import changes, facts, locks, search, teams
from tests.dispatch.conftest import BILECIK, ESKISEHIR, KUTAHYA, Room

TABLES = (
    "team", "team_position", "team_track", "incident", "incident_caller", "incident_event", "dispatch", "candidate", "alarm",
)  # fmt: skip
SEARCHES = (
    "dispatch_lock_incident", "dispatch_lock_dispatch", "dispatch_lock_offer", "dispatch_lock_said",
    "dispatch_look", "dispatch_in_hand", "dispatch_waiting_for", "dispatch_raise",
    "dispatch_nearest", "dispatch_pick", "dispatch_pick_named",
)  # fmt: skip


async def a_story(room: Room) -> UUID:
    await room.team()
    incident_id = await room.raised()
    await room.run_timers()
    async with room.db.tx(EVERY) as tx:
        await changes.add_caller(tx, incident_id, name="x", phone=None, words=None)
    await room.run_timers(after=15.1)
    return incident_id


@pytest.mark.parametrize("table", TABLES)
async def test_a_table_shows_its_rows_to_their_province_and_to_no_other_and_without_a_scope_to_nobody(room: Room, table: str) -> None:
    await a_story(room)
    count: Any = f"SELECT count(*) FROM {table}"

    async with room.db.tx(frozenset({ESKISEHIR})) as tx:
        assert await tx.value(count) > 0
    for scope in (frozenset({KUTAHYA}), NOTHING):
        async with room.db.tx(scope) as tx:
            assert await tx.value(count) == 0


async def test_every_table_forces_its_policy_on_its_owner_too(room: Room) -> None:
    rows = await room.rows(
        "SELECT relname FROM pg_class WHERE relname = ANY (%(tables)s) AND relrowsecurity AND relforcerowsecurity", tables=list(TABLES)
    )

    assert {row["relname"] for row in rows} == set(TABLES)


async def test_the_searches_belong_to_a_role_nobody_can_log_in_as_and_fix_their_search_path(room: Room) -> None:
    rows = await room.rows(
        "SELECT p.proname, r.rolname, r.rolcanlogin, p.proconfig FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner"
        " WHERE p.prosecdef AND p.proname LIKE 'dispatch_%%'"
    )

    geo = {row["proname"] for row in rows if row["rolname"] == "merkez_geo"}
    assert geo == set(SEARCHES)
    assert not any(row["rolcanlogin"] for row in rows)
    assert all("search_path=public, pg_temp" in row["proconfig"] for row in rows)


async def test_the_apis_role_cannot_reach_behind_the_doors(room: Room) -> None:
    incident_id = await a_story(room)

    for call in (
        "SELECT dispatch_facts(%(id)s)",
        "SELECT dispatch_widen('{26}')",
        "SELECT retention_track_drop_day('2030-01-01')",
        "SELECT dispatch_try(%(id)s, %(id)s, true, false)",
        "SELECT data FROM event_log",
        "DELETE FROM incident",
        "UPDATE candidate SET reason = 'x'",
        "SELECT * FROM team_track_20261124",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with room.db.tx(EVERY) as tx:
                await tx.execute(call, {"id": incident_id})  # type: ignore[arg-type]


async def test_a_door_called_under_another_province_finds_nothing(room: Room) -> None:
    incident_id = await a_story(room)
    incident = await room.incident(incident_id)
    dispatch = incident.dispatches[0]
    reach = reach_of(incident.provinces)

    for scope in (frozenset({BILECIK}), NOTHING):
        async with room.db.tx(scope) as tx:
            assert await locks.lock_incident(tx, incident_id) is None
            assert await locks.lock_dispatch(tx, dispatch.id, None) is None
            assert await locks.lock_dispatch(tx, dispatch.id, new_id()) is None
            assert await facts.look(tx, dispatch.id, None) is None
            assert await facts.in_hand(tx, dispatch.team_id) == []
            picked = await search.pick(tx, incident, new_id(), reach=reach, excluded=[], stale_before=room.now, may_wait=True)
            assert (picked.chosen, picked.teams) == (None, [])
            assert await search.pick_named(tx, incident, new_id(), dispatch.team_id, reach) is None


async def test_locking_an_incident_widens_the_scope_to_its_provinces_and_only_until_the_end_of_the_transaction(room: Room) -> None:
    incident_id = await room.raised(provinces=frozenset({ESKISEHIR, BILECIK}))

    async with room.db.tx(frozenset({ESKISEHIR})) as tx:
        assert await locks.lock_incident(tx, incident_id)
        assert await tx.value("SELECT core_scope()") == [BILECIK, ESKISEHIR]
    async with room.db.tx() as tx:
        assert await tx.value("SELECT core_scope()") == []


async def test_a_write_outside_the_scope_is_refused_by_the_database(room: Room) -> None:
    values: dict[str, Any] = {
        "id": new_id(), "code": "43-1", "kind": "patrol", "force": "police", "province": KUTAHYA, "district": None, "roster": "off_duty",
        "now": room.now, "vehicle": True, "stops_vehicles": False, "woman_officer": False, "first_aid": False,
    }  # fmt: skip
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with room.db.tx(frozenset({ESKISEHIR})) as tx:
            await teams.add_team(tx, values)


async def test_the_database_itself_refuses_a_second_dispatch_of_one_team(room: Room) -> None:
    await room.team()
    first = await room.raised()
    await room.run_timers()
    dispatch = await room.last(first)

    with pytest.raises(psycopg.errors.UniqueViolation):
        async with room.db.tx(EVERY) as tx:
            await changes.save(tx, await room.incident(first), room.now, added=[_again(dispatch)])


def _again(dispatch: Any) -> Any:
    from dataclasses import replace

    return replace(dispatch, id=new_id())


async def test_an_incident_without_a_province_cannot_be(room: Room) -> None:
    with pytest.raises((ValueError, psycopg.errors.CheckViolation)):
        await room.raised(provinces=frozenset())


async def test_a_crew_whose_dispatch_lies_next_door_writes_to_it_and_nothing_else_there(room: Room) -> None:
    await room.team(0, province=KUTAHYA)
    mine = await room.raised()
    other = await room.raised()
    await room.run_timers()
    dispatch = await room.last(mine)

    assert (await room.befall(dispatch, Act.ACCEPT)).applied
    async with room.db.tx(frozenset({KUTAHYA})) as tx:
        assert await locks.lock_incident(tx, mine) is None
        assert await locks.lock_incident(tx, other) is None
