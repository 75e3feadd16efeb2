"""Nobody free: the desk is alarmed, and the incident offers itself when a team frees, by priority, then age."""

from __future__ import annotations

import asyncio

import pytest

from core.identity import Principal, Role
from core.ids import new_id
from dispatch import teams
from dispatch.states import Act, IncidentState
from tests.dispatch.conftest import ESKISEHIR, Room


def dispatcher() -> Principal:
    return Principal("account", new_id(), new_id(), Role.DISPATCHER, frozenset({ESKISEHIR}), None, None, "a dispatcher", None)


async def roster(room: Room, team_id: object, state: str) -> None:
    async with room.db.tx(frozenset({ESKISEHIR})) as tx:
        await teams.set_roster(tx, team_id, state, dispatcher(), room.now)  # type: ignore[arg-type]


async def clear(room: Room, incident_id: object) -> None:
    offer = await room.last(incident_id)  # type: ignore[arg-type]
    for act in (Act.ACCEPT, Act.ON_SCENE, Act.CLEAR):
        await room.befall(offer, act)


async def test_with_nobody_free_the_desk_is_alarmed_once_and_the_incident_waits(room: Room) -> None:
    incident_id = await room.raised()
    await room.run_timers()
    for _ in range(4):
        await room.run_timers(after=2.1)

    incident = await room.incident(incident_id)
    assert incident.state is IncidentState.WAITING
    assert incident.seeking
    assert await room.alarms() == {"nobody_free"}
    assert len(await room.frames("desk.alarm")) == 1
    assert incident.round == 1, "every look in vain left a round behind"


@pytest.mark.parametrize("how", ["clears", "comes on duty", "comes back from its break", "tells its first position"])
async def test_a_team_that_frees_is_offered_to_whoever_waits_at_once(room: Room, how: str) -> None:
    team_id = await room.team(None if how == "tells its first position" else 1, roster={
        "comes on duty": "off_duty", "comes back from its break": "paused",
    }.get(how, "available"))  # fmt: skip
    if how == "clears":
        earlier = await room.raised()
        await room.run_timers()
    if how == "tells its first position":
        await roster(room, team_id, "off_duty")
    incident_id = await room.raised()
    await room.run_timers()
    assert await room.asked(incident_id) == []

    if how == "clears":
        await clear(room, earlier)
    elif how == "tells its first position":
        with room.superuser() as admin:
            admin.execute("UPDATE team SET roster = 'available' WHERE id = %s", [team_id])
        async with room.db.tx(frozenset({ESKISEHIR})) as tx:
            report = teams.Report(team_id, 30.52, 39.77, 5.0, room.now, None, None)
            assert await teams.take_positions(tx, [report], room.now, room.site.periods) == []
    else:
        await roster(room, team_id, "available")
    await room.run_timers()

    assert await room.asked(incident_id) == [team_id]
    assert await room.alarms(incident_id) == set()


async def test_those_who_wait_are_served_by_priority_and_then_by_age(room: Room) -> None:
    waiting = []
    for priority in (5, 2, 2, 1):
        waiting.append(await room.raised(priority=priority))
        await room.run_timers(after=0.5)
    order = [waiting[3], waiting[1], waiting[2], waiting[0]]

    for expected in order:
        team_id = await room.team(1, roster="off_duty")
        await roster(room, team_id, "available")
        await room.run_timers(after=2.5)
        assert await room.asked(expected) == [team_id]
        await room.befall(await room.last(expected), Act.ACCEPT)


async def test_a_new_press_of_a_lesser_priority_does_not_take_the_team_somebody_waits_for(room: Room) -> None:
    urgent = await room.raised(priority=1)
    await room.run_timers()
    team_id = await room.team(1, roster="off_duty")
    lesser = await room.raised(priority=5)
    with room.superuser() as admin:
        # On duty without anybody being woken: the lesser one looks first.
        admin.execute("UPDATE team SET roster = 'available' WHERE id = %s", [team_id])
        admin.execute("UPDATE timer SET due_at = due_at + interval '5 s' WHERE subject_id = %s", [urgent])

    await room.run_timers()
    assert await room.asked(lesser) == []
    await room.run_timers(after=10)

    assert await room.asked(urgent) == [team_id]
    assert await room.alarms(lesser) == {"nobody_free"}


async def test_whoever_cannot_use_the_free_team_does_not_keep_it_from_those_behind(room: Room) -> None:
    refused = await room.team(1)
    urgent = await room.raised(priority=1)
    await room.run_timers()
    await room.befall(await room.last(urgent), Act.DECLINE)
    assert (await room.incident(urgent)).seeking

    lesser = await room.raised(priority=5)
    await room.run_timers()

    assert await room.asked(lesser) == [refused]


async def test_a_closed_incident_leaves_the_queue(room: Room) -> None:
    incident_id = await room.raised()
    await room.run_timers()
    from dispatch.inbox import withdraw_incident

    async with room.db.tx() as tx:
        await withdraw_incident(tx, incident_id, "misread", room.now)
    await room.team(1)

    await room.run_timers(after=5)

    incident = await room.incident(incident_id)
    assert incident.dispatches == ()
    assert not incident.seeking
    assert await room.alarms() == set()


async def test_many_incidents_and_few_teams_end_with_every_team_sent_once_and_the_rest_alarmed(room: Room) -> None:
    crews = [await room.team(km) for km in range(4)]
    incidents = [await room.raised() for _ in range(8)]

    await asyncio.gather(*(room.run_timers() for _ in range(4)))

    asked = [await room.asked(incident_id) for incident_id in incidents]
    assert sorted(team for teams_ in asked for team in teams_) == sorted(crews)
    left = [incident_id for incident_id, teams_ in zip(incidents, asked, strict=True) if not teams_]
    assert len(left) == 4
    for incident_id in left:
        assert await room.alarms(incident_id) == {"nobody_free"}


async def test_a_drill_of_the_first_priority_waits_behind_everything_real(room: Room) -> None:
    drill = await room.raised(priority=1, drill=True)
    await room.run_timers()
    real = await room.raised(priority=9)
    await room.run_timers()

    for expected in (real, drill):
        team_id = await room.team(1, roster="off_duty")
        await roster(room, team_id, "available")
        await room.run_timers(after=0.1)
        assert await room.asked(expected) == [team_id]


async def test_who_waits_long_looks_again_less_often(room: Room) -> None:
    incident_id = await room.raised()
    waits = []
    for _ in range(16):
        await room.run_timers()
        (row,) = await room.rows("SELECT due_at FROM timer WHERE kind = 'dispatch.choose' AND subject_id = %(id)s", id=incident_id)
        waits.append((row["due_at"] - room.now).total_seconds())
        room.clock.move(row["due_at"] - room.now)

    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (2, 15)
