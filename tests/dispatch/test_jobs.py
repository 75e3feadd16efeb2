"""The nets under the waits: whatever was lost, somebody hears of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.db import EVERY
from core.timers import set_timer
from dispatch.jobs import catch, jobs, roster_gaps
from dispatch.states import Act
from dispatch.store import locks
from tests.dispatch.conftest import ESKISEHIR, KUTAHYA, Room


async def lose_timers(room: Room) -> None:
    with room.superuser() as admin:
        admin.execute("DELETE FROM timer")


async def test_an_incident_whose_look_was_lost_looks_again(room: Room) -> None:
    incident_id = await room.raised()
    await room.run_timers()
    await lose_timers(room)
    team_id = await room.team(roster="off_duty")
    with room.superuser() as admin:
        admin.execute("UPDATE team SET roster = 'available'")

    await catch(room.db, room.now, room.site)
    await room.run_timers()

    assert await room.asked(incident_id) == [team_id]


async def test_a_press_whose_first_look_was_lost_alarms_the_desk(room: Room) -> None:
    incident_id = await room.raised()
    await lose_timers(room)

    await catch(room.db, room.now + timedelta(seconds=61), room.site)

    assert await room.alarms(incident_id) == {"unowned"}


async def test_an_offer_whose_end_was_lost_ends(room: Room) -> None:
    await room.team(0)
    second = await room.team(1)
    incident_id = await room.raised()
    await room.run_timers()
    await room.befall(await room.last(incident_id), Act.ACK)
    await lose_timers(room)

    room.clock.move(timedelta(seconds=36))
    await catch(room.db, room.now, room.site)
    await room.run_timers()

    assert (await room.asked(incident_id))[-1] == second


async def test_an_alarm_whose_sounding_was_lost_sounds_again(room: Room) -> None:
    await room.raised()
    await room.run_timers()
    await lose_timers(room)

    room.clock.move(timedelta(seconds=36))
    await catch(room.db, room.now, room.site)
    await room.run_timers()

    assert [row["data"]["times"] for row in await room.frames("desk.alarm") if row["data"]["kind"] == "nobody_free"] == [1, 2]


async def test_a_province_with_nobody_on_duty_is_alarmed_once(room: Room) -> None:
    await room.team(roster="off_duty")
    await room.team(province=KUTAHYA)

    await roster_gaps(room.db, room.now)
    await roster_gaps(room.db, room.now)

    told = await room.frames("desk.alarm")
    assert [(row["data"]["kind"], row["channels"]) for row in told] == [("roster_gap", [f"desk:{ESKISEHIR}"])]


async def test_a_wait_whose_incident_is_locked_comes_back_instead_of_waiting_for_it(room: Room) -> None:
    await room.team()
    incident_id = await room.raised()

    async with room.db.tx(EVERY) as tx:
        assert await locks.lock_incident(tx, incident_id)
        await room.run_timers()
        # Whoever holds the incident may set the very timer that found it locked.
        await set_timer(tx, "dispatch.choose", incident_id, room.now)

    assert await room.asked(incident_id) == []
    await room.run_timers()
    assert len(await room.asked(incident_id)) == 1


async def test_the_index_over_positions_is_rebuilt_by_the_jobs_own_role(room: Room) -> None:
    await room.team()
    (reindex,) = [job for job in jobs(room.site) if job.name == "dispatch.reindex"]
    before = await room.row("SELECT pg_relation_filenode('team_position_gist') AS node")

    await reindex.run(room.db, room.now)

    assert await room.row("SELECT pg_relation_filenode('team_position_gist') AS node") != before


@pytest.mark.parametrize("name", ["dispatch.nets", "dispatch.roster", "dispatch.tracks"])
async def test_every_job_runs_on_an_empty_database(room: Room, name: str) -> None:
    (job,) = [job for job in jobs(room.site) if job.name == name]

    await job.run(room.db, room.now)

    assert await room.frames() == []
