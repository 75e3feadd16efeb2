"""What a dispatcher does, over HTTP (contract, "Incidents, dispatches, teams"; E1-E5, E10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from core.identity import Role
from core.ids import new_id
from dispatch.states import Act, IncidentState
from tests.dispatch.conftest import ESKISEHIR, KUTAHYA, LAT, LON, House, Person

PLACE = {"lon": LON, "lat": LAT}


@pytest.fixture
async def desk(house: House) -> Person:
    return await house.person(Role.DISPATCHER)


async def opened(desk: Person, **more: Any) -> dict[str, Any]:
    return await desk.done("/incidents", **{"kind": "violence", "position": PLACE, **more})


async def sent(house: House, desk: Person) -> tuple[dict[str, Any], dict[str, Any]]:
    """An incident with a team that said yes."""
    incident = await opened(desk)
    await house.room.run_timers()
    dispatch = await house.room.last(UUID(incident["id"]))
    await house.room.befall(dispatch, Act.ACCEPT)
    return incident, (await desk.get(f"/incidents/{incident['id']}")).json()


async def test_an_ihbar_by_hand_gets_its_number_its_owner_and_its_ten_minutes_and_offers_itself(house: House, desk: Person) -> None:
    team_id = await house.room.team()

    incident = await opened(desk, caller={"name": "a neighbour", "phone": "+905550000001", "words": "screams next door"})

    assert incident["olay_no"] == "26-2026-000001"
    assert incident["source"] == "phone"
    assert incident["owner_id"] == str(desk.id)
    opened_at = house.clock.now()
    assert incident["due_warn_at"] == (opened_at + timedelta(minutes=7)).isoformat().replace("+00:00", "Z")
    assert incident["due_breach_at"] == (opened_at + timedelta(minutes=10)).isoformat().replace("+00:00", "Z")
    await house.room.run_timers()
    assert await house.room.asked(UUID(incident["id"])) == [team_id]


async def test_words_are_enough_for_an_ihbar_and_no_document_is_asked_for(desk: Person) -> None:
    incident = await desk.done("/incidents", kind="noise", place_text="behind the old mill")

    assert incident["position"] is None
    assert incident["provinces"] == [ESKISEHIR]
    assert incident["position_kind"] == "none"


async def test_an_ihbar_about_the_next_province_rings_there_and_stays_in_sight_here(house: House, desk: Person) -> None:
    incident = await opened(desk, position={"lon": 29.98, "lat": 39.42})

    assert incident["olay_no"].startswith("43-")
    assert incident["provinces"] == [ESKISEHIR, KUTAHYA]
    other = await house.person(Role.OPERATOR, {KUTAHYA})
    assert (await other.get(f"/incidents/{incident['id']}")).status_code == 200


async def test_a_dispatcher_of_two_provinces_says_which_one_where_there_is_no_place(house: House) -> None:
    two = await house.person(Role.DISPATCHER, {ESKISEHIR, KUTAHYA})

    answer = await two.post("/incidents", kind="noise", place_text="somewhere")
    assert (answer.status_code, answer.json()["slug"]) == (422, "which-province")
    assert (await two.done("/incidents", kind="noise", province=KUTAHYA))["provinces"] == [KUTAHYA]


async def test_the_same_client_id_twice_opens_one_incident_and_another_body_under_it_is_refused(desk: Person) -> None:
    body = {"client_id": str(new_id()), "kind": "fight", "position": PLACE}

    first, again = await desk.send("/incidents", body), await desk.send("/incidents", body)
    other = await desk.send("/incidents", {**body, "kind": "noise"})

    assert first.json() == again.json()
    assert other.status_code == 409
    assert len((await desk.get("/incidents")).json()["items"]) == 1


async def test_whoever_looks_at_a_telephone_caller_is_audited_and_no_frame_names_them(house: House, desk: Person) -> None:
    incident = await opened(desk, caller={"name": "a neighbour", "phone": "+905550000001"})

    looked = (await desk.get(f"/incidents/{incident['id']}")).json()

    assert looked["caller"]["phone"] == "+905550000001"
    with house.room.superuser() as admin:
        seen = admin.execute("SELECT actor_id FROM audit_entry WHERE action = 'view.caller'").fetchall()
    assert seen == [(desk.id,)]
    frames = await house.room.frames()
    assert "incident.opened" in {row["type"] for row in frames}
    assert [row["type"] for row in frames if "5550000001" in str(row) or "neighbour" in str(row)] == []


async def test_an_incident_is_found_by_its_state_and_page_by_page(desk: Person) -> None:
    ids = [(await opened(desk))["id"] for _ in range(5)]
    await desk.done(f"/incidents/{ids[0]}/close", outcome="resolved")

    first = (await desk.get("/incidents", limit=3)).json()
    rest = (await desk.get("/incidents", limit=3, cursor=first["next"])).json()

    assert [i["id"] for i in first["items"] + rest["items"]] == sorted(ids[1:], reverse=True)
    assert rest["next"] is None
    assert [i["id"] for i in (await desk.get("/incidents", state="closed")).json()["items"]] == ids[:1]
    assert len((await desk.get("/incidents", state="all")).json()["items"]) == 5
    assert (await desk.get("/incidents", cursor="nonsense")).status_code == 422


async def test_taking_an_incident_tells_every_desk_and_ends_the_konumsuz_alarm(house: House, desk: Person) -> None:
    provinces = frozenset({ESKISEHIR, KUTAHYA})
    incident_id = await house.room.raised(fix=None, position_kind="none", provinces=provinces)
    await house.room.run_timers()
    assert await house.room.alarms() == {"konumsuz"}

    taken = await desk.done(f"/incidents/{incident_id}/take")

    assert taken["owner_id"] == str(desk.id)
    told = (await house.room.frames("incident.changed"))[-1]
    assert told["channels"] == ["desk:26", "desk:43"]
    assert told["data"]["owner_id"] == str(desk.id)
    assert await house.room.alarms() == set()
    assert (await house.room.frames("desk.alarm"))[-1]["data"]["ended_at"] is not None


async def test_a_close_needs_an_outcome_and_a_referral_needs_the_body_that_has_it_now(house: House, desk: Person) -> None:
    id_ = (await opened(desk))["id"]

    assert (await desk.post(f"/incidents/{id_}/close")).status_code == 422
    assert (await desk.post(f"/incidents/{id_}/close", outcome="gone home")).status_code == 422
    answer = await desk.post(f"/incidents/{id_}/close", outcome="referred")
    assert (answer.status_code, answer.json()["slug"]) == (422, "outcome-incomplete")
    assert (await desk.post(f"/incidents/{id_}/close", outcome="other")).status_code == 422
    closed = await desk.done(f"/incidents/{id_}/close", outcome="referred", body="health", note="ambulance asked for")

    assert (closed["state"], closed["outcome"], closed["outcome_body"]) == ("closed", "referred", "health")
    assert closed["closed_at"] == closed["delivered_at"]
    again = await desk.post(f"/incidents/{id_}/close", outcome="resolved")
    assert (again.status_code, again.json()["slug"]) == (409, "incident-closed")
    await house.room.run_timers(after=11 * 60)
    assert await house.room.frames("standard.warned") == []


async def test_closing_frees_the_team_and_withdraws_the_open_offers(house: House, desk: Person) -> None:
    team_id = await house.room.team()
    incident = await opened(desk)
    await house.room.run_timers()

    closed = await desk.done(f"/incidents/{incident['id']}/close", outcome="mistaken")

    assert [(d["state"], d["reason"]) for d in closed["dispatches"]] == [("withdrawn", "closed")]
    assert await house.room.holds(team_id) is None


async def test_a_named_team_is_asked_even_though_another_is_nearer(house: House, desk: Person) -> None:
    await house.room.team(0)
    named = await house.room.team(9, roster="paused")
    incident = await opened(desk, automatic=False)
    await house.room.run_timers()

    asked = await desk.done(f"/incidents/{incident['id']}/dispatches", team_id=str(named))

    assert [d["team_id"] for d in asked["dispatches"]] == [str(named)]
    rows = (await desk.get(f"/incidents/{incident['id']}/candidates")).json()["items"]
    assert [(row["team_id"], row["chosen"], row["reason"]) for row in rows] == [(str(named), True, "named")]


async def test_a_named_team_that_is_engaged_off_duty_or_unknown_is_refused_clearly(house: House, desk: Person) -> None:
    busy = await house.room.team()
    off = await house.room.team(1, roster="off_duty")
    far = await house.room.team(1, province=65)
    await house.room.raised()
    await house.room.run_timers()
    incident = await opened(desk, automatic=False)
    path = f"/incidents/{incident['id']}/dispatches"

    refused = ((busy, 409, "another dispatch"), (off, 409, "off duty"), (far, 404, "no such"), (new_id(), 404, "no such"))
    for team_id, status, word in refused:
        answer = await desk.post(path, team_id=str(team_id))
        assert answer.status_code == status
        assert word in answer.json()["detail"]


async def test_a_team_whose_offer_ran_out_may_be_named_and_is_asked_anew(house: House, desk: Person) -> None:
    team_id = await house.room.team()
    incident = await opened(desk)
    await house.room.run_timers()
    await house.room.run_timers(after=15.1)

    asked = await desk.done(f"/incidents/{incident['id']}/dispatches", team_id=str(team_id))

    assert [(d["state"], d["reason"]) for d in asked["dispatches"]] == [("withdrawn", "replaced"), ("offered", None)]


async def test_one_more_of_the_nearest_is_asked_although_one_is_going(house: House, desk: Person) -> None:
    await house.room.team(0)
    second = await house.room.team(1)
    incident, _ = await sent(house, desk)

    more = await desk.done(f"/incidents/{incident['id']}/dispatches")

    assert more["needed_teams"] == 2
    assert more["dispatches"][-1]["team_id"] == str(second)
    await house.room.befall(UUID(more["dispatches"][-1]["id"]), Act.ACCEPT)
    states = [d.state for d in (await house.room.incident(UUID(incident["id"]))).dispatches]
    assert states == ["accepted", "accepted"]


async def test_the_nearest_of_an_incident_without_a_place_cannot_be_found_but_a_named_one_can_be_sent(house: House, desk: Person) -> None:
    team_id = await house.room.team()
    incident = await opened(desk, position=None, place_text="by the bridge")

    answer = await desk.post(f"/incidents/{incident['id']}/dispatches")
    assert (answer.status_code, answer.json()["slug"]) == (409, "no-place-yet")
    asked = await desk.done(f"/incidents/{incident['id']}/dispatches", team_id=str(team_id))
    assert asked["dispatches"][0]["distance_m"] is None


async def test_reinforcing_asks_at_once_and_leaves_the_state_as_it_is(house: House, desk: Person) -> None:
    for km in range(3):
        await house.room.team(km)
    incident, before = await sent(house, desk)

    after = await desk.done(f"/incidents/{incident['id']}/reinforce", teams=2)

    assert before["state"] == after["state"] == "assigned"
    assert [d["state"] for d in after["dispatches"]] == ["accepted", "offered", "offered"]


async def test_a_withdrawn_team_is_freed_and_another_is_asked_but_not_this_one(house: House, desk: Person) -> None:
    first = await house.room.team(0)
    second = await house.room.team(1)
    incident, seen = await sent(house, desk)

    answer = await desk.done(f"/dispatches/{seen['dispatches'][0]['id']}/withdraw")

    assert (answer["state"], answer["reason"], answer["applied"]) == ("withdrawn", "recalled", True)
    assert await house.room.asked(UUID(incident["id"])) == [first, second]
    assert await house.room.holds(first) is None
    late = await house.room.befall(UUID(answer["id"]), Act.EN_ROUTE)
    assert (late.applied, late.dispatch.reason) == (False, "recalled")


async def test_a_dispatcher_records_for_a_team_on_the_radio_and_it_shows(house: House, desk: Person) -> None:
    await house.room.team()
    incident = await opened(desk)
    await house.room.run_timers()
    dispatch = await house.room.last(UUID(incident["id"]))

    told = [await desk.done(f"/dispatches/{dispatch.id}/status", state=state, by="radio") for state in ("accepted", "on_scene", "clear")]

    assert [(one["state"], one["by"], one["applied"]) for one in told] == [
        ("accepted", "radio", True),
        ("on_scene", "radio", True),
        ("clear", "radio", True),
    ]
    history = (await desk.get(f"/incidents/{incident['id']}/history")).json()["items"]
    assert {line["detail"].get("by") for line in history if line["kind"] == "dispatch.on_scene"} == {"radio"}


async def test_done_over_the_radio_before_arriving_is_refused_with_a_way_out(house: House, desk: Person) -> None:
    await house.room.team()
    _, seen = await sent(house, desk)

    answer = await desk.post(f"/dispatches/{seen['dispatches'][0]['id']}/status", state="clear", by="radio")

    assert (answer.status_code, answer.json()["slug"]) == (409, "not-on-scene")
    assert "decline" in answer.json()["detail"]


async def test_re_routing_moves_the_incident_and_tells_the_crew(house: House, desk: Person) -> None:
    team_id = await house.room.team()
    incident, _ = await sent(house, desk)
    there = {"lon": LON + 0.02, "lat": LAT, "accuracy_m": None, "fixed_at": house.clock.now().isoformat()}

    moved = await desk.done(f"/incidents/{incident['id']}/re-route", position=there, place_text="the other bridge")

    assert moved["position"]["lon"] == pytest.approx(LON + 0.02)
    told = (await house.room.frames("dispatch.changed"))[-1]
    assert f"team:{team_id}" in told["channels"]
    assert told["data"]["incident"]["place_text"] == "the other bridge"
    assert (await desk.post(f"/incidents/{incident['id']}/re-route")).status_code == 422


async def test_a_duplicate_is_merged_and_its_team_goes_on_under_the_other(house: House, desk: Person) -> None:
    team_id = await house.room.team(0)
    person = new_id()
    duplicate = await house.room.raised(person_id=person)
    await house.room.run_timers()
    going = await house.room.last(duplicate)
    await house.room.befall(going, Act.ACCEPT)
    target = await opened(desk, automatic=False)

    merged = await desk.done(f"/incidents/{duplicate}/merge", into=target["id"])

    assert [d["id"] for d in merged["dispatches"]] == [str(going.id)]
    assert merged["state"] == "assigned"
    closed = await house.room.incident(duplicate)
    assert (closed.state, closed.outcome, closed.merged_into) == (IncidentState.CLOSED, "merged", UUID(target["id"]))
    arrived = await house.room.befall(going, Act.ON_SCENE)
    assert arrived.incident.id == UUID(target["id"])
    assert await house.room.holds(team_id) == going.id
    again = await house.room.raise_(person_id=person)
    assert (again.incident_id, again.joined) == (UUID(target["id"]), True)


async def test_an_incident_is_not_merged_with_itself_nor_a_drill_with_the_real_thing(desk: Person) -> None:
    real, drill = await opened(desk), await opened(desk, drill=True)

    for into in (real["id"], drill["id"]):
        answer = await desk.post(f"/incidents/{real['id']}/merge", into=into)
        assert (answer.status_code, answer.json()["slug"]) == (409, "cannot-merge")


async def test_handing_over_with_a_note_names_the_next_one_and_back_to_the_desk_alarms_it(house: House, desk: Person) -> None:
    next_ = await house.person(Role.DISPATCHER)
    incident = await opened(desk)

    handed = await desk.done(f"/incidents/{incident['id']}/hand-over", to=str(next_.id), note="she waits at the school")
    assert handed["owner_id"] == str(next_.id)
    history = (await next_.get(f"/incidents/{incident['id']}/history")).json()["items"]
    assert any(line["kind"] == "handed_over" and line["detail"]["note"] == "she waits at the school" for line in history)

    back = await next_.done(f"/incidents/{incident['id']}/hand-over", note="end of shift")
    assert back["owner_id"] is None
    assert await house.room.alarms(UUID(incident["id"])) == {"unowned"}
    await desk.done(f"/incidents/{incident['id']}/take")
    assert await house.room.alarms(UUID(incident["id"])) == set()


async def test_an_alarm_is_acknowledged_once_and_then_stops_sounding(house: House, desk: Person) -> None:
    await opened(desk)
    await house.room.run_timers()
    (alarm,) = (await desk.get("/alarms")).json()["items"]
    assert alarm["kind"] == "nobody_free"

    first = await desk.done(f"/alarms/{alarm['alarm_id']}/ack", note="calling the reserve")
    other = await house.person(Role.DISPATCHER)
    second = await other.done(f"/alarms/{alarm['alarm_id']}/ack")

    assert first["acked_by"] == second["acked_by"] is not None
    before = len(await house.room.frames("desk.alarm"))
    await house.room.run_timers(after=61)
    assert len([row for row in (await house.room.frames("desk.alarm"))[before:] if row["data"]["alarm_id"] == alarm["alarm_id"]]) == 0
    assert (await desk.get("/alarms")).json()["items"] == []
    assert len((await desk.get("/alarms", open=False)).json()["items"]) == 1
    assert (await desk.post(f"/alarms/{new_id()}/ack")).status_code == 404


async def test_every_act_on_a_closed_incident_is_refused_and_a_note_is_not(desk: Person) -> None:
    id_, other = (await opened(desk))["id"], (await opened(desk))["id"]
    await desk.done(f"/incidents/{id_}/close", outcome="resolved")

    for path, body in (
        ("take", {}),
        ("dispatches", {}),
        ("reinforce", {}),
        ("re-route", {"place_text": "x"}),
        ("merge", {"into": other}),
        ("hand-over", {}),
    ):
        answer = await desk.post(f"/incidents/{id_}/{path}", **body)
        assert (answer.status_code, answer.json()["slug"]) == (409, "incident-closed"), path
    await desk.done(f"/incidents/{id_}/notes", note="the report has come in")


async def test_an_operator_may_look_and_not_act_and_other_roles_neither(house: House, desk: Person) -> None:
    id_ = (await opened(desk))["id"]
    operator = await house.person(Role.OPERATOR)
    assert (await operator.get(f"/incidents/{id_}")).status_code == 200
    assert (await operator.post(f"/incidents/{id_}/take")).status_code == 403
    for role in (Role.ADMIN, Role.AUDITOR, Role.JUDICIAL):
        somebody = await house.person(role)
        assert (await somebody.get("/incidents")).status_code == 403


async def test_for_another_provinces_desk_the_incident_does_not_exist(house: House, desk: Person) -> None:
    team_id = await house.room.team()
    incident, seen = await sent(house, desk)
    other = await house.person(Role.DISPATCHER, {KUTAHYA})
    id_, dispatch_id = incident["id"], seen["dispatches"][0]["id"]

    for path in (f"/incidents/{id_}", f"/incidents/{id_}/candidates", f"/incidents/{id_}/history", f"/dispatches/{dispatch_id}"):
        assert (await other.get(path)).status_code == 404
    for path, body in (
        (f"/incidents/{id_}/take", {}),
        (f"/incidents/{id_}/close", {"outcome": "resolved"}),
        (f"/incidents/{id_}/dispatches", {"team_id": str(team_id)}),
        (f"/incidents/{id_}/notes", {"note": "x"}),
        (f"/dispatches/{dispatch_id}/withdraw", {}),
        (f"/dispatches/{dispatch_id}/status", {"state": "accepted", "by": "radio"}),
        (f"/teams/{team_id}/roster", {"state": "off_duty"}),
    ):
        assert (await other.post(path, **body)).status_code == 404, path
    for path in ("/incidents", "/teams", "/alarms"):
        assert (await other.get(path)).json()["items"] == []
