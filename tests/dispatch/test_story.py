"""From an alert to a team at the door, on the real database: choose, offer, answer, the next."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from core.db import EVERY
from core.errors import NotFound
from core.ids import new_id
from core.timers import set_timer
from dispatch import service
from dispatch.jobs import timers
from dispatch.service import NotOnScene
from dispatch.states import Act, DispatchState, Event, IncidentState, Reason
from dispatch.store import facts
from tests.dispatch.conftest import KUTAHYA, VAN, Room

S = DispatchState


async def test_a_press_becomes_an_offer_to_the_nearest_team_with_every_candidate_and_its_reason_kept(room: Room) -> None:
    far, near, busy, off = await room.team(3), await room.team(1), await room.team(0.5), await room.team(0.2, roster="off_duty")
    elsewhere = await room.raised(fix=room.alert().fix)
    await room.run_timers()
    assert await room.asked(elsewhere) == [busy]

    incident_id = await room.raised()
    await room.run_timers()

    incident = await room.incident(incident_id)
    (offer,) = incident.dispatches
    assert offer.team_id == near
    assert offer.distance_m == pytest.approx(1000, rel=0.01)
    assert offer.eta_s is not None
    assert incident.state is IncidentState.OFFERED
    assert await room.holds(near) == offer.id
    rows = await room.rows("SELECT team_id, reason, chosen, free FROM candidate WHERE incident_id = %(id)s", id=incident_id)
    reasons = {row["team_id"]: row["reason"] for row in rows}
    assert reasons == {near: "chosen", far: "farther", busy: "busy", off: "off_duty"}
    assert [row["team_id"] for row in rows if row["chosen"]] == [near]


async def test_every_step_of_a_dispatch_is_told_to_the_desk_and_the_crew_in_order(room: Room) -> None:
    team_id = await room.team()
    incident_id = await room.raised()
    await room.run_timers()
    offer = await room.last(incident_id)

    for act in (Act.ACK, Act.ACCEPT, Act.EN_ROUTE, Act.ON_SCENE, Act.CLEAR):
        assert (await room.befall(offer, act)).applied

    told = [row for row in await room.frames() if f"team:{team_id}" in row["channels"]]
    assert [(row["type"], row["data"].get("state")) for row in told if row["type"].startswith("dispatch.")] == [
        ("dispatch.offered", "offered"),
        ("dispatch.changed", "acknowledged"),
        ("dispatch.changed", "accepted"),
        ("dispatch.changed", "en_route"),
        ("dispatch.changed", "on_scene"),
        ("dispatch.changed", "clear"),
    ]
    assert all("desk:26" in row["channels"] for row in await room.frames())
    incident = [row["data"]["state"] for row in await room.frames("incident.changed")]
    assert incident == ["offered", "assigned", "on_scene"]
    assert await room.holds(team_id) is None
    assert (await room.incident(incident_id)).delivered_at == room.now


async def test_15_seconds_without_the_app_and_30_without_a_person_ask_the_next_and_free_the_team(room: Room) -> None:
    first, second, third = await room.team(0), await room.team(1), await room.team(2)
    incident_id = await room.raised()
    await room.run_timers()

    await room.run_timers(after=14.9)
    assert await room.asked(incident_id) == [first]
    await room.run_timers(after=0.2)
    assert await room.asked(incident_id) == [first, second]
    assert await room.holds(first) is None

    await room.befall(await room.last(incident_id), Act.ACK)
    await room.run_timers(after=29.8)
    assert await room.asked(incident_id) == [first, second]
    await room.run_timers(after=0.3)

    incident = await room.incident(incident_id)
    assert [d.team_id for d in incident.dispatches] == [first, second, third]
    assert [d.reason for d in incident.dispatches] == [Reason.UNACKNOWLEDGED, Reason.UNACCEPTED, None]


async def test_after_three_open_offers_the_desk_is_alarmed_and_goes_on_being_alarmed(room: Room) -> None:
    for km in range(5):
        await room.team(km)
    incident_id = await room.raised()
    await room.run_timers()
    for _ in range(3):
        await room.run_timers(after=15.1)

    assert len(await room.asked(incident_id)) == 3
    assert await room.alarms(incident_id) == {"offers_exhausted"}
    before = len(await room.frames("desk.alarm"))
    await room.run_timers(after=30.1)
    await room.run_timers(after=30.1)
    assert len(await room.frames("desk.alarm")) == before + 2
    assert len(await room.asked(incident_id)) == 3


async def test_a_late_yes_is_accepted_and_ends_the_alarm_and_the_other_offers(room: Room) -> None:
    first = await room.team(0)
    incident_id = await room.raised()
    await room.run_timers()
    late = await room.last(incident_id)
    await room.team(1)
    await room.run_timers(after=15.1)
    await room.run_timers(after=15.1)
    assert await room.alarms(incident_id) == {"nobody_free"}

    decision = await room.befall(late, Act.ACCEPT)

    incident = await room.incident(incident_id)
    assert decision.applied
    assert [d.state for d in incident.dispatches] == [S.ACCEPTED, S.WITHDRAWN]
    assert await room.holds(first) == late.id
    assert await room.alarms(incident_id) == set()
    await room.run_timers(after=60)
    assert len(await room.asked(incident_id)) == 2, "somebody was asked although a team is going"


async def test_a_late_yes_from_a_team_that_was_asked_elsewhere_meanwhile_is_told_busy(room: Room) -> None:
    team_id = await room.team()
    one = await room.raised()
    await room.run_timers()
    late = await room.last(one)
    await room.run_timers(after=15.1)
    other = await room.raised()
    await room.run_timers(after=0.1)
    assert await room.asked(other) == [team_id]

    decision = await room.befall(late, Act.ACCEPT)

    assert (decision.dispatch.state, decision.dispatch.reason) == (S.WITHDRAWN, Reason.BUSY)
    assert await room.holds(team_id) == (await room.last(other)).id
    told = (await room.frames("dispatch.changed"))[-1]
    assert f"team:{team_id}" in told["channels"]
    assert told["data"]["reason"] == "busy"


async def test_two_phones_of_two_crews_saying_yes_at_once_leave_one_that_leads_and_one_that_is_covered(room: Room) -> None:
    await room.team(0)
    await room.team(1)
    incident_id = await room.raised()
    await room.run_timers()
    await room.run_timers(after=15.1)
    offers = (await room.incident(incident_id)).dispatches

    answers = await asyncio.gather(*(room.befall(offer, Act.ACCEPT) for offer in offers))

    assert sorted(answer.applied for answer in answers) == [False, True]
    after = (await room.incident(incident_id)).dispatches
    assert sorted(d.state for d in after) == [S.ACCEPTED, S.WITHDRAWN]
    assert [d.reason for d in after if d.state is S.WITHDRAWN] == [Reason.COVERED]


async def test_a_no_asks_the_next_in_the_same_instant(room: Room) -> None:
    await room.team(0)
    second = await room.team(1)
    incident_id = await room.raised()
    await room.run_timers()

    await room.befall(await room.last(incident_id), Act.DECLINE)

    assert (await room.asked(incident_id))[-1] == second
    assert await room.alarms() == set()


async def test_a_no_after_a_yes_alarms_and_asks_the_next(room: Room) -> None:
    await room.team(0)
    second = await room.team(1)
    incident_id = await room.raised()
    await room.run_timers()
    offer = await room.last(incident_id)
    await room.befall(offer, Act.ACCEPT)

    await room.befall(offer, Act.DECLINE)

    assert await room.alarms(incident_id) == {"declined_after_accept"}
    assert (await room.asked(incident_id))[-1] == second


async def test_a_team_cannot_be_done_before_it_was_there(room: Room) -> None:
    await room.team()
    incident_id = await room.raised()
    await room.run_timers()
    offer = await room.last(incident_id)
    await room.befall(offer, Act.ACCEPT)

    with pytest.raises(NotOnScene):
        await room.befall(offer, Act.CLEAR)

    assert (await room.last(incident_id)).state is S.ACCEPTED


async def test_another_crews_dispatch_does_not_exist_for_a_crew(room: Room) -> None:
    await room.team()
    stranger = await room.team(5)
    incident_id = await room.raised()
    await room.run_timers()
    offer = await room.last(incident_id)

    with pytest.raises(NotFound):
        await room.befall(offer, Act.ACCEPT, team_id=stranger)


async def test_a_team_of_the_next_province_is_nearer_and_goes_and_both_desks_see_it(room: Room) -> None:
    lent = await room.team(0.5, province=KUTAHYA)
    await room.team(5)
    incident_id = await room.raised()
    await room.run_timers()
    offer = await room.last(incident_id)
    assert offer.team_id == lent

    for act in (Act.ACK, Act.ACCEPT, Act.ON_SCENE, Act.CLEAR):
        assert (await room.befall(offer, act)).applied

    assert await room.holds(lent) is None
    told = (await room.frames("dispatch.changed"))[-1]["channels"]
    assert {"desk:26", "desk:43", f"team:{lent}"} == set(told)
    async with room.db.tx(frozenset({KUTAHYA})) as tx:
        assert await facts.incident(tx, incident_id) is None


async def test_a_team_three_provinces_away_is_not_sent(room: Room) -> None:
    await room.team(1, province=VAN)
    incident_id = await room.raised()
    await room.run_timers()

    assert await room.asked(incident_id) == []
    assert await room.alarms(incident_id) == {"nobody_free"}


async def test_a_fresh_fix_goes_before_a_nearer_stale_one_which_goes_before_a_team_without_any(room: Room) -> None:
    blind = await room.team(None)
    stale = await room.team(0.1, age=timedelta(minutes=6))
    fresh = await room.team(4)
    incident_id = await room.raised()
    await room.run_timers()
    await room.befall(await room.last(incident_id), Act.DECLINE)
    await room.befall(await room.last(incident_id), Act.DECLINE)

    assert await room.asked(incident_id) == [fresh, stale, blind]
    rows = await room.rows("SELECT team_id, stale FROM candidate WHERE incident_id = %(id)s AND round = 1", id=incident_id)
    assert {row["team_id"]: row["stale"] for row in rows} == {stale: True, fresh: False}


async def test_an_incident_that_needs_what_a_team_has_not_passes_it_over_and_says_why(room: Room) -> None:
    on_foot = await room.team(0.1, kind="foot", vehicle=False)
    car = await room.team(2)
    incident_id = await room.raised(needs=frozenset({"vehicle"}))
    await room.run_timers()

    assert await room.asked(incident_id) == [car]
    (row,) = await room.rows("SELECT reason FROM candidate WHERE team_id = %(id)s", id=on_foot)
    assert row["reason"] == "lacks_capability"


async def test_a_plate_hit_leaves_the_last_free_team_of_a_district_where_it_is(room: Room) -> None:
    lonely = await room.team(0.1, district=26_001)
    two = [await room.team(1, district=26_002), await room.team(2, district=26_002)]
    incident_id = await room.raised(source="pts", kind="pts", may_take_last=False)
    await room.run_timers()
    assert await room.asked(incident_id) == two[:1]

    again = await room.raised(source="pts", kind="pts", may_take_last=False)
    await room.run_timers()

    assert await room.asked(again) == []
    rows = await room.rows("SELECT team_id, reason FROM candidate WHERE incident_id = %(id)s", id=again)
    assert {row["team_id"]: row["reason"] for row in rows} == {lonely: "last_of_district", two[0]: "busy", two[1]: "last_of_district"}
    press = await room.raised()
    await room.run_timers()
    assert await room.asked(press) == [lonely]


async def test_a_dispatch_that_was_withdrawn_and_whose_time_then_runs_out_stays_withdrawn(room: Room) -> None:
    await room.team()
    incident_id = await room.raised()
    await room.run_timers()
    offer = await room.last(incident_id)
    async with room.db.tx(frozenset({26})) as tx:
        await service.answer(tx, offer.id, Event(Act.WITHDRAW, reason=Reason.RECALLED), room.now, room.site, team_id=None)

    await room.run_timers(after=40)

    assert (await room.last(incident_id)).reason == Reason.RECALLED


async def test_a_province_may_hold_its_first_offer_back_for_some_seconds(room: Room) -> None:
    await room.team()
    incident_id = await room.raised(hold_back_s=10)

    await room.run_timers(after=9)
    assert await room.asked(incident_id) == []
    await room.run_timers(after=1.1)
    assert len(await room.asked(incident_id)) == 1


async def test_ten_minutes_without_a_unit_are_warned_at_seven_and_breached_at_ten(room: Room) -> None:
    incident_id = await room.raised()
    await room.run_timers()

    await room.run_timers(after=7 * 60)
    assert [row["subject_id"] for row in await room.frames("standard.warned")] == [incident_id]
    assert await room.frames("standard.breached") == []
    await room.run_timers(after=3 * 60)

    assert [row["subject_id"] for row in await room.frames("standard.breached")] == [incident_id]
    lines = await room.rows("SELECT kind FROM incident_event WHERE incident_id = %(id)s ORDER BY id", id=incident_id)
    assert [row["kind"] for row in lines if row["kind"].startswith("standard.")] == ["standard.warned", "standard.breached"]


async def test_an_ihbar_that_reached_a_unit_is_neither_warned_nor_breached(room: Room) -> None:
    await room.team()
    incident_id = await room.raised()
    await room.run_timers()
    await room.befall(await room.last(incident_id), Act.ACCEPT)

    await room.run_timers(after=11 * 60)

    assert await room.frames("standard.warned") == []


async def test_a_drill_is_marked_on_everything_it_causes(room: Room) -> None:
    await room.team()
    incident_id = await room.raised(drill=True)
    await room.run_timers()
    await room.befall(await room.last(incident_id), Act.DECLINE)
    await room.run_timers()

    marked = [row for row in await room.frames() if row["type"] != "team.changed"]
    assert {row["type"] for row in marked} >= {"incident.opened", "dispatch.offered", "dispatch.changed", "desk.alarm"}
    assert all(row["data"]["drill"] is True for row in marked)


async def test_a_timer_of_something_that_is_gone_does_nothing(room: Room) -> None:
    gone = new_id()
    async with room.db.tx(EVERY, role="merkez_timers") as tx:
        for kind in timers(room.site):
            await set_timer(tx, kind, gone, room.now)

    assert await room.run_timers() == len(timers(room.site))
    assert await room.frames() == []


def figure(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_a_drill_counts_in_figures_of_its_own(room: Room) -> None:
    await room.team()
    names = ("merkez_incidents_total", "merkez_to_first_offer_seconds_count", "merkez_to_yes_seconds_count")
    real = [figure(name, source="kades", drill="false") for name in names]
    drill = [figure(name, source="kades", drill="true") for name in names]

    incident_id = await room.raised(drill=True)
    await room.run_timers()
    await room.befall(await room.last(incident_id), Act.ACCEPT)

    assert [figure(name, source="kades", drill="false") for name in names] == real
    assert [figure(name, source="kades", drill="true") for name in names] == [n + 1 for n in drill]
