"""THE door of every source: an alert becomes an incident, or joins its person's open one, whatever stands in the way."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from core.db import Database
from core.ids import new_id
from dispatch import board, inbox
from dispatch.inbox import Raised, raise_alert
from dispatch.states import Act, IncidentState
from dispatch.store import facts
from geo.point import Fix, Point
from tests.dispatch.conftest import ANKARA, ESKISEHIR, KUTAHYA, LAT, LON, Room


async def test_an_alert_writes_its_incident_one_event_and_one_timer_and_nothing_more(room: Room) -> None:
    await room.team()

    raised = await room.raise_(silent=True, place_text="Büyükdere")

    assert raised.olay_no == "26-2026-000001"
    (frame,) = await room.frames()
    assert frame["type"] == "incident.opened"
    assert frame["channels"] == ["desk:26"]
    assert frame["data"]["olay_no"] == raised.olay_no
    assert frame["data"]["silent"] is True
    assert frame["data"]["position"]["lon"] == LON
    timers = await room.rows("SELECT kind, subject_id, due_at FROM timer")
    assert timers == [{"kind": "dispatch.choose", "subject_id": raised.incident_id, "due_at": room.now}]
    assert (await room.incident(raised.incident_id)).state is IncidentState.RAISED


async def test_no_name_phone_or_person_stands_in_a_frame(room: Room) -> None:
    person = new_id()
    await room.team()
    await room.raised(person_id=person)
    await room.run_timers()

    frames = await room.frames()
    assert {"incident.opened", "dispatch.offered"} <= {row["type"] for row in frames}
    assert [row["type"] for row in frames if str(person) in str(row)] == []


async def test_a_press_under_no_province_scope_opens_an_incident_in_any_province(room: Room) -> None:
    raised = await room.raise_(provinces=frozenset({ANKARA, KUTAHYA}), home=ANKARA)

    assert raised.olay_no.startswith("06-2026-")
    incident = await room.incident(raised.incident_id)
    assert incident.provinces == {ANKARA, KUTAHYA}
    async with room.db.tx(frozenset({ESKISEHIR})) as tx:
        assert await facts.incident(tx, raised.incident_id) is None


async def test_olay_numbers_count_by_province_and_by_the_year_in_turkiye(room: Room) -> None:
    new_year_abroad = room.now.replace(month=12, day=31, hour=21, minute=30)

    numbers = [(await room.raise_()).olay_no for _ in range(2)]
    numbers.append((await room.raise_(provinces=frozenset({KUTAHYA}))).olay_no)
    numbers.append((await room.raise_(received_at=new_year_abroad)).olay_no)

    assert numbers == ["26-2026-000001", "26-2026-000002", "43-2026-000001", "26-2027-000001"]


async def test_50_first_presses_of_a_province_at_once_get_50_numbers(room: Room) -> None:
    db = Database(room.url, pool_size=25, max_overflow=30)

    async def press() -> Raised:
        async with db.tx() as tx:
            return await raise_alert(tx, room.alert())

    raised = await asyncio.gather(*(press() for _ in range(50)))
    await db.dispose()

    assert len({one.olay_no for one in raised}) == 50


async def test_a_further_press_of_a_person_joins_her_open_incident(room: Room) -> None:
    person = new_id()
    first = await room.raise_(person_id=person, priority=3)

    second = await room.raise_(person_id=person, priority=2, silent=True)

    assert second == Raised(first.incident_id, first.olay_no, joined=True)
    incident = await room.incident(first.incident_id)
    assert (incident.further, incident.priority, incident.silent) == (1, 2, True)
    assert (await room.frames())[-1]["type"] == "incident.changed"


async def test_presses_of_one_person_in_the_same_instant_open_one_incident(room: Room) -> None:
    person = new_id()
    db = Database(room.url, pool_size=20)

    async def press() -> Raised:
        async with db.tx() as tx:
            return await raise_alert(tx, room.alert(person_id=person))

    raised = await asyncio.gather(*(press() for _ in range(16)))
    await db.dispose()

    assert len({one.incident_id for one in raised}) == 1
    assert sum(not one.joined for one in raised) == 1
    assert (await room.incident(raised[0].incident_id)).further == 15


async def test_presses_and_choosing_in_the_same_instant_do_not_lock_each_other_out(room: Room) -> None:
    person = new_id()
    for km in range(4):
        await room.team(km)
    first = await room.raised(person_id=person)

    await asyncio.gather(*(room.raise_(person_id=person) for _ in range(10)), *(room.run_timers() for _ in range(3)))
    await room.run_timers(after=1)

    assert (await room.incident(first)).further == 10
    assert len(await room.asked(first)) == 1


async def test_after_her_incident_is_closed_a_press_opens_another(room: Room) -> None:
    person = new_id()
    first = await room.raised(person_id=person)
    async with room.db.tx() as tx:
        await inbox.withdraw_incident(tx, first, "over", room.now)

    second = await room.raise_(person_id=person)

    assert not second.joined
    assert second.incident_id != first


async def test_a_drill_never_swallows_the_real_press_of_the_same_person(room: Room) -> None:
    person = new_id()
    drill = await room.raised(person_id=person, drill=True)

    real = await room.raise_(person_id=person)

    assert not real.joined
    assert real.incident_id != drill


async def test_when_she_presses_again_after_the_team_left_another_team_is_asked(room: Room) -> None:
    person = new_id()
    await room.team(0)
    incident_id = await room.raised(person_id=person)
    await room.run_timers()
    offer = await room.last(incident_id)
    for act in (Act.ACCEPT, Act.ON_SCENE, Act.CLEAR):
        await room.befall(offer, act)
    await room.run_timers(after=60)
    assert len(await room.asked(incident_id)) == 1

    assert (await room.raise_(person_id=person)).joined
    await room.run_timers()

    assert len(await room.asked(incident_id)) == 2
    assert (await room.incident(incident_id)).state is IncidentState.OFFERED


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1969-01-01T00:00:00Z"])
async def test_a_fix_with_claims_that_cannot_be_stored_rings_and_sends_a_team_all_the_same(room: Room, said: str) -> None:
    team_id = await room.team()
    fix = Fix(point=Point(lon=LON, lat=LAT), accuracy_m=1e300, fixed_at=datetime.fromisoformat(said))

    incident_id = await room.raised(fix=fix)
    await room.run_timers()

    assert await room.asked(incident_id) == [team_id]
    incident = await room.incident(incident_id)
    assert incident.fixed_at is not None
    assert incident.fixed_at <= room.now
    async with room.db.tx() as tx:
        await inbox.move_incident(tx, incident_id, fix, frozenset({ESKISEHIR}), room.now)
    assert (await room.incident(incident_id)).accuracy_m == 1e7


async def test_without_any_place_it_rings_as_konumsuz_until_somebody_takes_it_and_the_first_fix_sends_a_team(room: Room) -> None:
    team_id = await room.team(0, province=KUTAHYA)
    incident_id = await room.raised(fix=None, position_kind="none")
    await room.run_timers()
    assert await room.alarms(incident_id) == {"konumsuz"}
    assert await room.asked(incident_id) == []

    async with room.db.tx() as tx:
        await inbox.move_incident(tx, incident_id, room.alert().fix, frozenset({KUTAHYA}), room.now)
    await room.run_timers()

    incident = await room.incident(incident_id)
    assert incident.provinces == {ESKISEHIR, KUTAHYA}
    assert incident.position_kind == "fix"
    assert await room.asked(incident_id) == [team_id]
    assert await room.alarms(incident_id) == set()
    assert (await room.frames("incident.changed"))[-1]["channels"] == ["desk:26", "desk:43"]


async def test_a_further_press_with_a_fix_places_an_incident_that_had_none(room: Room) -> None:
    person = new_id()
    team_id = await room.team()
    incident_id = await room.raised(person_id=person, fix=None, position_kind="none")
    await room.run_timers()

    await room.raise_(person_id=person)
    await room.run_timers()

    assert await room.asked(incident_id) == [team_id]


async def test_a_move_reaches_the_crew_that_is_on_its_way_and_every_row_of_the_incident(room: Room) -> None:
    team_id = await room.team()
    incident_id = await room.raised()
    await room.run_timers()
    await room.befall(await room.last(incident_id), Act.ACCEPT)
    there = Fix(point=Point(lon=LON + 0.05, lat=LAT), accuracy_m=3, fixed_at=room.now)

    async with room.db.tx() as tx:
        await inbox.move_incident(tx, incident_id, there, frozenset({KUTAHYA}), room.now)

    told = (await room.frames("dispatch.changed"))[-1]
    assert f"team:{team_id}" in told["channels"]
    assert told["data"]["incident"]["position"]["lon"] == pytest.approx(LON + 0.05)
    async with room.db.tx(frozenset({KUTAHYA})) as tx:
        assert await facts.incident(tx, incident_id) is not None
        assert len(await facts.history(tx, incident_id)) > 0
        assert len(await facts.candidates(tx, incident_id)) == 1


async def test_a_press_that_may_not_offer_itself_rings_and_waits_for_a_person(room: Room) -> None:
    await room.team()
    incident_id = await room.raised(automatic=False)

    await room.run_timers()

    assert await room.asked(incident_id) == []
    assert (await room.incident(incident_id)).state is IncidentState.RAISED


async def test_an_instruction_reaches_the_crew(room: Room) -> None:
    await room.team()
    incident_id = await room.raised(source="pts", instruction="observe")
    await room.run_timers()
    assert (await room.frames("dispatch.offered"))[-1]["data"]["incident"]["instruction"] == "observe"

    async with room.db.tx() as tx:
        await inbox.instruct(tx, incident_id, "stop", room.now)

    assert (await room.frames("dispatch.changed"))[-1]["data"]["incident"]["instruction"] == "stop"


async def test_an_alert_taken_back_recalls_its_teams_and_closes(room: Room) -> None:
    team_id = await room.team()
    incident_id = await room.raised(source="pts")
    await room.run_timers()
    await room.befall(await room.last(incident_id), Act.ACCEPT)

    async with room.db.tx() as tx:
        await inbox.withdraw_incident(tx, incident_id, "misread", room.now)
        await inbox.withdraw_incident(tx, incident_id, "misread", room.now)

    incident = await room.incident(incident_id)
    assert (incident.state, incident.outcome) == (IncidentState.CLOSED, "withdrawn")
    assert await room.holds(team_id) is None


@pytest.mark.parametrize(("outcome", "cancelled", "priority"), [("normal", "informed", 2), ("duress", "informed", 1), ("wrong", None, 2)])
async def test_a_code_informs_the_desk_and_recalls_nobody(room: Room, outcome: str, cancelled: str | None, priority: int) -> None:
    await room.team()
    incident_id = await room.raised()
    await room.run_timers()

    async with room.db.tx() as tx:
        await inbox.cancelled(tx, incident_id, outcome, room.now)  # type: ignore[arg-type]

    incident = await room.incident(incident_id)
    assert (incident.cancelled, incident.priority) == (cancelled, priority)
    assert incident.state is IncidentState.OFFERED


async def test_an_evaluation_delays_and_recalls_nothing(room: Room) -> None:
    await room.team()
    incident_id = await room.raised()
    await room.run_timers()
    before = await room.incident(incident_id)

    async with room.db.tx() as tx:
        await inbox.evaluated(tx, incident_id, "mistaken", None, room.now)

    after = await room.incident(incident_id)
    assert after.evaluation == "mistaken"
    assert (after.state, after.priority, after.dispatches) == (before.state, before.priority, before.dispatches)


async def test_the_callers_page_is_told_how_far_help_has_got(room: Room) -> None:
    await room.team()
    incident_id = await room.raised()
    stages = []

    async def look() -> None:
        async with room.db.tx(frozenset({ESKISEHIR})) as tx:
            stages.append(await board.stage_for_caller(tx, incident_id))

    await look()
    await room.run_timers()
    offer = await room.last(incident_id)
    for act in (Act.ACCEPT, Act.ON_SCENE, Act.CLEAR):
        await look()
        await room.befall(offer, act)
    await look()
    async with room.db.tx() as tx:
        await inbox.withdraw_incident(tx, incident_id, "over", room.now)
    await look()

    assert stages == ["received", "received", "team_on_the_way", "arrived", "arrived", "closed"]


async def test_the_same_alarm_of_an_incident_stands_once(room: Room) -> None:
    incident_id = await room.raised()
    provinces = frozenset({ESKISEHIR})

    async with room.db.tx() as tx:
        first = await inbox.alarm(tx, "revoked_device", room.now, provinces=provinces, incident_id=incident_id)
        again = await inbox.alarm(tx, "revoked_device", room.now, provinces=provinces, incident_id=incident_id)

    assert first is not None
    assert again is None
    await room.run_timers(after=31)
    assert [row["data"]["times"] for row in await room.frames("desk.alarm") if row["data"]["kind"] == "revoked_device"] == [1, 2]
