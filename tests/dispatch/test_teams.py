"""Teams, their positions and their call for help, over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from core.db import EVERY
from core.identity import Role
from core.ids import new_id
from dispatch.states import Act
from dispatch.store import positions
from tests.dispatch.conftest import ESKISEHIR, KUTAHYA, LAT, LON, House, Person


async def crew(house: House, team_id: UUID, province: int = ESKISEHIR) -> Person:
    return await house.person(Role.TEAM, {province}, team_id=team_id)


def at(house: House, team_id: UUID | None = None, **more: Any) -> dict[str, Any]:
    told = {"lon": LON, "lat": LAT, "accuracy_m": 5, "fixed_at": house.clock.now().isoformat(), **more}
    return told if team_id is None else {"team_id": str(team_id), **told}


async def test_an_admin_sets_up_a_team_that_begins_off_duty(house: House) -> None:
    admin = await house.person(Role.ADMIN)

    team = await admin.done("/teams", code="26-77", kind="motorcycle", province=ESKISEHIR, stops_vehicles=True)

    assert (team["roster"], team["free"], team["code"]) == ("off_duty", False, "26-77")
    desk = await house.person(Role.DISPATCHER)
    (listed,) = (await desk.get("/teams")).json()["items"]
    assert (listed["team_id"], listed["position"], listed["stops_vehicles"]) == (team["team_id"], None, True)
    taken = await admin.post("/teams", code="26-77", province=ESKISEHIR)
    assert (taken.status_code, taken.json()["slug"]) == (409, "team-code-taken")


async def test_an_admin_sets_up_teams_of_its_own_provinces_only_and_sees_no_case_data(house: House) -> None:
    admin = await house.person(Role.ADMIN)

    assert (await admin.post("/teams", code="43-1", province=KUTAHYA)).status_code == 403
    for district in (43_001, 26_999, 10**30):
        assert (await admin.post("/teams", code="26-1", province=ESKISEHIR, district=district)).status_code == 404
    assert (await admin.get("/teams")).status_code == 403


async def test_a_crew_puts_itself_on_duty_and_no_other(house: House) -> None:
    mine, other = await house.room.team(roster="off_duty"), await house.room.team(roster="off_duty")
    me = await crew(house, mine)

    assert (await me.done(f"/teams/{mine}/roster", state="available"))["free"] is True
    assert (await me.post(f"/teams/{other}/roster", state="available")).status_code == 404
    assert (await me.post(f"/teams/{mine}/roster", state="asleep")).status_code == 422
    assert (await house.room.frames("team.changed"))[-1]["channels"] == ["desk:26", f"team:{mine}"]


async def test_a_team_on_a_break_keeps_its_dispatch_and_is_not_asked_for_another(house: House) -> None:
    team_id = await house.room.team()
    first = await house.room.raised()
    await house.room.run_timers()
    await house.room.befall(await house.room.last(first), Act.ACCEPT)
    me = await crew(house, team_id)

    await me.done(f"/teams/{team_id}/roster", state="paused")
    for act in (Act.ON_SCENE, Act.CLEAR):
        assert (await house.room.befall(await house.room.last(first), act)).applied
    second = await house.room.raised()
    await house.room.run_timers()

    assert await house.room.asked(second) == []


async def test_a_gateways_batch_is_stored_but_for_the_bad_ones_which_are_named(house: House) -> None:
    teams = [await house.room.team(None) for _ in range(3)]
    foreign = await house.room.team(None, province=KUTAHYA)
    gateway = await house.gateway({ESKISEHIR})
    now = house.clock.now()
    batch = [
        at(house, teams[0]),
        at(house, teams[1], lon=LAT, lat=LON),
        at(house, teams[1], lon=95.0),
        at(house, teams[1], fixed_at=(now + timedelta(minutes=3)).isoformat()),
        at(house, new_id()),
        at(house, foreign),
        at(house, teams[1], accuracy_m=-1),
        at(house, teams[1], accuracy_m=1e300),
        at(house, teams[1], fixed_at="0001-01-01T00:00:00+14:00"),
        at(house, teams[1], fixed_at="9999-12-31T23:59:59-14:00"),
        at(house, teams[2], fixed_at=(now + timedelta(minutes=1)).isoformat()),
    ]

    answer = (await gateway.send("/teams/positions", {"positions": batch})).json()

    assert answer["stored"] == 2
    assert [(one["index"], one["problem"]["slug"]) for one in answer["refused"]] == [
        (1, "position-looks-swapped"),
        (2, "position-outside-area"),
        (3, "fix-ahead"),
        (4, "no-such-team"),
        (5, "no-such-team"),
        (6, "bad-accuracy"),
        (7, "bad-accuracy"),
        (8, "bad-fix-time"),
        (9, "fix-ahead"),
    ]
    rows = await house.room.rows("SELECT team_id FROM team_position")
    assert {row["team_id"] for row in rows} == {teams[0], teams[2]}


async def test_a_single_bad_position_is_refused_with_one_clear_error(house: House) -> None:
    team_id = await house.room.team(None)
    me = await crew(house, team_id)

    answer = await me.send("/teams/positions", {"positions": [at(house, lon=LAT, lat=LON)]})

    assert (answer.status_code, answer.json()["slug"]) == (422, "position-looks-swapped")
    body = '{"positions": [{"lon": NaN, "lat": 39.7, "fixed_at": "2026-11-24T09:00:00Z"}]}'
    headers = {"Authorization": f"Bearer {me.token}", "Content-Type": "application/json"}
    nan = await house.http.post("/api/v1/teams/positions", content=body, headers=headers)
    assert nan.status_code == 422
    assert await house.room.rows("SELECT 1 FROM team_position") == []


async def test_a_crew_tells_only_where_it_is_itself(house: House) -> None:
    mine, other = await house.room.team(None), await house.room.team(None)
    me = await crew(house, mine)

    assert (await me.send("/teams/positions", {"positions": [at(house)]})).json() == {"stored": 1, "refused": []}
    assert (await me.send("/teams/positions", {"positions": [at(house, mine)]})).status_code == 200
    assert (await me.send("/teams/positions", {"positions": [at(house, other)]})).status_code == 403
    assert (await me.send("/teams/positions", {"positions": []})).status_code == 422


async def test_an_older_fix_stays_in_the_track_and_never_moves_the_team_back(house: House) -> None:
    team_id = await house.room.team(None)
    gateway = await house.gateway({ESKISEHIR})
    now = house.clock.now()
    yesterday = (now - timedelta(days=1)).isoformat()

    await gateway.send("/teams/positions", {"positions": [at(house, team_id)]})
    await gateway.send("/teams/positions", {"positions": [at(house, team_id, lon=LON + 0.1, fixed_at=yesterday)]})
    batch = [at(house, team_id, lon=LON + s / 1000, fixed_at=(now + timedelta(seconds=s)).isoformat()) for s in (2, 3, 1)]
    await gateway.send("/teams/positions", {"positions": batch})

    row = await house.room.row("SELECT ST_X(position::geometry) AS lon, skew_s FROM team_position")
    assert row["lon"] == pytest.approx(LON + 0.003)
    assert row["skew_s"] == -3
    tracked = await house.room.row("SELECT count(*) AS n, min(fixed_at) AS oldest FROM team_track")
    assert tracked == {"n": 5, "oldest": now - timedelta(days=1)}


async def test_the_track_is_kept_by_day_of_receipt_and_no_job_of_dispatch_drops_a_day(house: House) -> None:
    from dispatch.jobs import jobs

    team_id = await house.room.team()
    tracks = next(job for job in jobs(house.room.site) if job.name == "dispatch.tracks")
    await tracks.run(house.db, house.clock.now())
    await tracks.run(house.db, house.clock.now())
    first = house.clock.now() + timedelta(seconds=1)
    await house.room.move(team_id, 1, at=first)

    house.clock.move(timedelta(days=400))  # a leap of the clock: law 7, only the sweep deletes, and it does not believe this one
    await house.room.move(team_id, 2)
    await tracks.run(house.db, house.clock.now())

    kept = await house.room.row("SELECT count(*) AS n, count(DISTINCT tableoid) AS days FROM team_track")
    assert kept == {"n": 3, "days": 2}


async def test_positions_of_two_batches_in_opposite_order_do_not_deadlock(house: House) -> None:
    import asyncio

    teams = [await house.room.team(None) for _ in range(40)]
    gateway = await house.gateway({ESKISEHIR})

    async def post(order: list[UUID]) -> int:
        body = {"positions": [at(house, team_id) for team_id in order]}
        return (await gateway.send("/teams/positions", body)).status_code

    answers = await asyncio.gather(*(post(teams if i % 2 else teams[::-1]) for i in range(12)))

    assert set(answers) == {200}


async def test_a_crews_call_for_help_is_the_most_urgent_incident_and_sends_others(house: House) -> None:
    calling, near = await house.room.team(0), await house.room.team(1)
    far = await house.room.team(2)
    me = await crew(house, calling)

    raised = await me.done("/teams/panic", position=at(house))
    again = await me.done("/teams/panic")
    await house.room.run_timers()

    assert raised["incident_id"] == again["incident_id"]
    incident = await house.room.incident(UUID(raised["incident_id"]))
    assert (incident.priority, incident.source, incident.needed_teams) == (1, "team_panic", 2)
    assert [d.team_id for d in incident.dispatches] == [near, far]
    assert await house.room.alarms(incident.id) == {"team_panic"}


@pytest.mark.parametrize("known", [True, False])
async def test_a_call_for_help_is_never_refused_for_its_position(house: House, known: bool) -> None:
    calling = await house.room.team(0 if known else None)
    me = await crew(house, calling)

    raised = await me.done("/teams/panic", position=at(house, lon=LAT, lat=LON))

    incident = await house.room.incident(UUID(raised["incident_id"]))
    assert incident.position_kind == ("fix" if known else "none")
    assert incident.provinces == {ESKISEHIR}


async def test_a_crew_reads_what_it_has_in_hand_even_of_the_next_province(house: House) -> None:
    lent = await house.room.team(0, province=KUTAHYA)
    incident_id = await house.room.raised()
    await house.room.run_timers()
    me = await crew(house, lent, KUTAHYA)

    (offer,) = (await me.get("/dispatches/mine")).json()["items"]

    assert offer["incident"]["id"] == str(incident_id)
    assert (await me.get(f"/dispatches/{offer['id']}")).json()["incident"]["olay_no"] == offer["incident"]["olay_no"]
    answer = await me.done(f"/dispatches/{offer['id']}/status", state="accepted")
    assert (answer["state"], answer["by"], answer["applied"]) == ("accepted", "app", True)
    stranger = await crew(house, await house.room.team(9))
    assert (await stranger.get(f"/dispatches/{offer['id']}")).status_code == 404
    assert (await stranger.post(f"/dispatches/{offer['id']}/status", state="accepted")).status_code == 404
    assert (await stranger.get("/dispatches/mine")).json()["items"] == []


async def test_a_status_sent_twice_answers_the_same_and_too_late_a_yes_says_why(house: House) -> None:
    first, second = await house.room.team(0), await house.room.team(1)
    await house.room.raised()
    await house.room.run_timers()
    await house.room.run_timers(after=15.1)
    one, two = await crew(house, first), await crew(house, second)
    (mine,) = (await one.get("/dispatches/mine")).json()["items"]
    (theirs,) = (await two.get("/dispatches/mine")).json()["items"]
    body = {"client_id": str(new_id()), "state": "accepted"}

    answers = [(await one.send(f"/dispatches/{mine['id']}/status", body)).json() for _ in range(2)]
    late = await two.done(f"/dispatches/{theirs['id']}/status", state="accepted")

    assert answers[0] == answers[1]
    assert answers[0]["applied"] is True
    assert (late["state"], late["reason"], late["applied"]) == ("withdrawn", "covered", False)


async def test_the_list_of_teams_goes_page_by_page_with_the_age_of_each_fix(house: House) -> None:
    fresh = await house.room.team(0)
    stale = await house.room.team(1, age=timedelta(minutes=10))
    desk = await house.person(Role.OPERATOR)

    first = (await desk.get("/teams", limit=1)).json()
    second = (await desk.get("/teams", limit=1, cursor=first["next"])).json()

    assert [(row["team_id"], row["fix_age_s"], row["stale"]) for row in first["items"] + second["items"]] == [
        (str(fresh), 0.0, False),
        (str(stale), 600.0, True),
    ]


async def test_a_position_batch_locks_nothing_a_claim_needs(house: House) -> None:
    team_id = await house.room.team(0)
    await house.room.team(5)
    incident_id = await house.room.raised()
    columns: dict[str, Any] = {
        "teams": [team_id], "lons": [LON], "lats": [LAT], "accuracies": [None], "fixed": [house.clock.now() + timedelta(seconds=1)],
        "headings": [None], "speeds": [None],
    }  # fmt: skip

    async with house.db.tx(EVERY) as tx:
        await positions.put_positions(tx, columns, house.clock.now())
        await house.room.run_timers()

    assert await house.room.asked(incident_id) == [team_id]
