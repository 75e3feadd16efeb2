"""Observe, compare, stop or withdraw, outcome: a hit is a presumption until a person has compared it, and open until its outcome (E15)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from core.db import EVERY
from core.identity import Role
from core.ids import new_id
from pts import rules, service
from tests.conftest import NOON
from tests.pts.conftest import Client, Listed, Small
from tests.pts.test_reads import a_read

PLATE = "26ABC12"


@pytest.fixture
async def hit(gate: Client, operator: Client, listed: Listed) -> dict[str, Any]:
    """An open hit on one stolen plate."""
    entry = await listed(PLATE)
    await gate.reads(a_read(PLATE))
    [found] = (await operator.get("/pts/hits"))["items"]
    return {**found, "entry_id": entry}


async def shown(who: Client, hit: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = await who.get(f"/pts/hits/{hit['hit_id']}")
    return found


def incident(house: Small) -> tuple[Any, ...]:
    [row] = house.rows("SELECT instruction, state, outcome FROM incident")
    return row


async def test_confirmed_tells_the_team_to_stop_and_the_hit_stays_open_until_its_outcome(
    house: Small, operator: Client, hit: dict[str, Any]
) -> None:
    answer = await operator.post(f"/pts/hits/{hit['hit_id']}/verdict", verdict="confirmed", note="same marks")
    assert answer == {"hit_id": hit["hit_id"], "verdict": "confirmed"}
    assert incident(house)[0] == "stop"
    now = await shown(operator, hit)
    assert (now["verdict"], now["verdict_note"], now["verdict_by"], now["outcome"]) == ("confirmed", "same marks", str(operator.id), None)
    assert len((await operator.get("/pts/hits", open=True))["items"]) == 1
    await operator.post(f"/pts/hits/{hit['hit_id']}/outcome", outcome="vehicle_taken", note="two persons")
    assert (await operator.get("/pts/hits", open=True))["items"] == []
    [closed] = (await operator.get("/pts/hits", open=False))["items"]
    assert (closed["outcome"], closed["outcome_by"]) == ("vehicle_taken", str(operator.id))
    told = house.rows("SELECT data->>'verdict', data->>'outcome' FROM outbox WHERE type = 'pts.hit' ORDER BY id")
    assert told == [(None, None), ("confirmed", None), ("confirmed", "vehicle_taken")]


@pytest.mark.parametrize("verdict", ["misread", "not_active"])
async def test_anything_else_withdraws_the_incident_and_concludes_the_hit(
    house: Small, operator: Client, hit: dict[str, Any], verdict: str
) -> None:
    await operator.post(f"/pts/hits/{hit['hit_id']}/verdict", verdict=verdict, note="B is an 8")
    assert incident(house)[1:] == ("closed", "withdrawn")
    now = await shown(operator, hit)
    assert (now["verdict"], now["outcome"]) == (verdict, verdict)
    answer = await operator.post(f"/pts/hits/{hit['hit_id']}/outcome", 409, outcome="vehicle_taken", note="")
    assert answer["slug"] == "hit-concluded"


async def test_a_confirmation_found_wrong_can_be_taken_back_and_recalls_the_team(
    house: Small, operator: Client, hit: dict[str, Any]
) -> None:
    await operator.post(f"/pts/hits/{hit['hit_id']}/verdict", verdict="confirmed")
    await operator.post(f"/pts/hits/{hit['hit_id']}/verdict", verdict="misread", note="looked again")
    assert incident(house)[1:] == ("closed", "withdrawn")
    answer = await operator.post(f"/pts/hits/{hit['hit_id']}/verdict", 409, verdict="confirmed")
    assert answer["slug"] == "hit-concluded"


async def test_the_same_verdict_from_two_operators_is_one_and_of_two_different_ones_the_first_that_concludes_stands(
    house: Small, operator: Client, hit: dict[str, Any]
) -> None:
    other = await house.person(Role.OPERATOR, 26)
    path = f"/pts/hits/{hit['hit_id']}/verdict"
    await asyncio.gather(operator.post(path, verdict="confirmed"), other.post(path, verdict="confirmed"))
    assert len(house.rows("SELECT 1 FROM outbox WHERE type = 'pts.hit' AND data->>'verdict' = 'confirmed'")) == 1
    statuses = await asyncio.gather(*(who.post(path, 200, verdict="misread") for who in (operator, other)), return_exceptions=True)
    assert sorted(isinstance(one, AssertionError) for one in statuses) == [False, True]


async def test_the_same_client_id_answers_the_same_and_another_body_under_it_is_refused(operator: Client, hit: dict[str, Any]) -> None:
    path, client_id = f"/pts/hits/{hit['hit_id']}/verdict", str(new_id())
    first = await operator.post(path, verdict="confirmed", client_id=client_id)
    assert await operator.post(path, verdict="confirmed", client_id=client_id) == first
    assert (await operator.post(path, 409, verdict="misread", client_id=client_id))["slug"] == "client-id-reused"


async def test_no_outcome_before_somebody_has_compared_and_no_verdict_in_the_place_of_one(operator: Client, hit: dict[str, Any]) -> None:
    path = f"/pts/hits/{hit['hit_id']}/outcome"
    assert (await operator.post(path, 409, outcome="vehicle_taken"))["slug"] == "not-compared"
    await operator.post(f"/pts/hits/{hit['hit_id']}/verdict", verdict="confirmed")
    assert (await operator.post(path, 422, outcome="misread"))["slug"] == "outcome-is-verdict"


async def test_closing_the_incident_keeps_the_hit_open_and_its_verdict_still_counts(
    house: Small, operator: Client, hit: dict[str, Any]
) -> None:
    house.rows("UPDATE incident SET state = 'closed', closed_at = %s, outcome = 'done' RETURNING 1", NOON)
    assert len((await operator.get("/pts/hits", open=True))["items"]) == 1
    await operator.post(f"/pts/hits/{hit['hit_id']}/verdict", verdict="confirmed")
    await operator.post(f"/pts/hits/{hit['hit_id']}/outcome", outcome="not_found")
    assert (await shown(operator, hit))["outcome"] == "not_found"
    assert incident(house)[1:] == ("closed", "done")


async def test_an_entry_that_ends_withdraws_the_hit_nobody_had_compared(
    house: Small, supervisor: Client, operator: Client, hit: dict[str, Any]
) -> None:
    await supervisor.post(f"/pts/hotlist/{hit['entry_id']}/end", reason="found by its owner")
    assert await house.run_timers(service.ENTRY_OVER) == 1
    assert incident(house)[1:] == ("closed", "withdrawn")
    now = await shown(operator, hit)
    assert (now["verdict"], now["verdict_by"], now["outcome"]) == ("not_active", None, "not_active")


async def test_an_entry_that_ends_recalls_a_team_told_to_stop_and_leaves_the_outcome_to_a_person(
    house: Small, supervisor: Client, operator: Client, hit: dict[str, Any]
) -> None:
    await operator.post(f"/pts/hits/{hit['hit_id']}/verdict", verdict="confirmed")
    await supervisor.post(f"/pts/hotlist/{hit['entry_id']}/end", reason="found by its owner")
    await house.run_timers(service.ENTRY_OVER)
    assert incident(house)[1:] == ("closed", "withdrawn")
    now = await shown(operator, hit)
    assert (now["verdict"], now["outcome"]) == ("confirmed", None)
    await operator.post(f"/pts/hits/{hit['hit_id']}/outcome", outcome="checked_released")


async def test_a_hit_that_rests_on_another_entry_too_goes_on(
    house: Small, supervisor: Client, gate: Client, operator: Client, listed: Listed
) -> None:
    first, _second = await listed(PLATE), await listed(PLATE, "wanted")
    await gate.reads(a_read(PLATE))
    await supervisor.post(f"/pts/hotlist/{first}/end", reason="found by its owner")
    await house.run_timers(service.ENTRY_OVER)
    assert incident(house)[:2] == ("observe", "raised")
    [hit] = (await operator.get("/pts/hits", open=True))["items"]
    await operator.post(f"/pts/hits/{hit['hit_id']}/verdict", verdict="confirmed")


async def test_an_entry_ended_at_home_recalls_the_team_of_another_province(house: Small, supervisor: Client, listed: Listed) -> None:
    entry = await listed(PLATE)
    ankara = await house.gate(6)
    await ankara.reads(a_read(PLATE))
    await supervisor.post(f"/pts/hotlist/{entry}/end", reason="found by its owner")
    assert await house.run_timers(service.ENTRY_OVER) == 1
    assert incident(house)[1:] == ("closed", "withdrawn")


async def test_an_entry_that_runs_out_withdraws_too(house: Small, gate: Client, listed: Listed) -> None:
    await listed(PLATE, valid_to=(NOON + timedelta(hours=1)).isoformat())
    await gate.reads(a_read(PLATE))
    assert await house.run_timers(service.ENTRY_OVER) == 0
    house.clock.move(timedelta(hours=1) + service.AFTER_VALIDITY)
    assert await house.run_timers(service.ENTRY_OVER) == 1
    assert incident(house)[1:] == ("closed", "withdrawn")


async def test_a_hit_whose_entries_all_ended_cannot_be_confirmed(
    house: Small, supervisor: Client, operator: Client, hit: dict[str, Any]
) -> None:
    await supervisor.post(f"/pts/hotlist/{hit['entry_id']}/end", reason="found by its owner")
    answer = await operator.post(f"/pts/hits/{hit['hit_id']}/verdict", 409, verdict="confirmed")
    assert answer["slug"] == "no-longer-listed"
    assert incident(house)[0] == "observe"


async def test_an_entry_that_is_being_ended_while_its_plate_is_read_never_leaves_a_hit_behind(
    house: Small, supervisor: Client, gate: Client, listed: Listed
) -> None:
    for round_ in range(12):
        plate = f"26AB{round_:03}"
        entry = await listed(plate)
        await asyncio.gather(gate.reads(a_read(plate)), supervisor.post(f"/pts/hotlist/{entry}/end", reason="found by its owner"))
    await house.run_timers(service.ENTRY_OVER)
    assert house.rows("SELECT 1 FROM pts_hit WHERE outcome IS NULL") == []


async def test_a_new_entry_is_not_hidden_by_a_hit_that_was_concluded_a_minute_ago(
    house: Small, gate: Client, operator: Client, listed: Listed, hit: dict[str, Any]
) -> None:
    await operator.post(f"/pts/hits/{hit['hit_id']}/verdict", verdict="misread")
    await gate.reads(a_read(PLATE, NOON + timedelta(seconds=30)))
    assert len(house.rows("SELECT 1 FROM pts_hit")) == 1
    await listed(PLATE, "terror")
    await gate.reads(a_read(PLATE, NOON + timedelta(seconds=60)))
    assert len(house.rows("SELECT 1 FROM pts_hit")) == 2


async def test_every_look_at_a_plate_has_a_face(house: Small, operator: Client, hit: dict[str, Any]) -> None:
    before = len(house.rows("SELECT 1 FROM audit_entry WHERE action = 'view.plate'"))
    await shown(operator, hit)
    looks = house.rows("SELECT actor_id, subject_id, detail::text FROM audit_entry WHERE action = 'view.plate' ORDER BY id")[before:]
    assert looks == [(operator.id, UUID(hit["hit_id"]), '{"hit_ids": []}')]
    assert PLATE not in str(house.rows("SELECT to_jsonb(a) FROM audit_entry a"))


async def test_a_list_shows_plates_only_to_whoever_asks_for_them_and_only_then_it_is_a_look(
    house: Small, operator: Client, hit: dict[str, Any]
) -> None:
    await operator.post(f"/pts/hits/{hit['hit_id']}/verdict", verdict="confirmed", note=f"it is {PLATE}")
    looks = "SELECT actor_id, detail->'hit_ids' FROM audit_entry WHERE action = 'view.plate'"
    before = house.rows(looks)

    bare = await operator.get("/pts/hits", open=True)

    assert PLATE not in str(bare)
    assert [(one["hit_id"], one["verdict"], one["plate"]) for one in bare["items"]] == [(hit["hit_id"], "confirmed", None)]
    assert house.rows(looks) == before
    asked = await operator.get("/pts/hits", open=True, plates=True)
    assert [one["plate"] for one in asked["items"]] == [PLATE]
    assert house.rows(looks)[len(before) :] == [(operator.id, [hit["hit_id"]])]


# --- the crew, and merged incidents -----------------------------------------------------------------------------------------


async def a_crew(house: Small, state: str, province: int = 26) -> tuple[Client, UUID]:
    """A team and its dispatch to the only incident."""
    team, dispatch = new_id(), new_id()
    [(incident_id,)] = house.rows("SELECT id FROM incident WHERE closed_at IS NULL")
    house.rows(
        """
        INSERT INTO team (id, code, kind, force, province, roster, roster_at, created_at)
        VALUES (%s, %s, 'patrol', 'police', %s, 'available', %s, %s) RETURNING 1
        """,
        *[team, f"E-{team.hex[-5:]}", province, NOON, NOON],
    )
    house.rows(
        """
        INSERT INTO dispatch (id, incident_id, provinces, team_id, team_code, team_province, state, round, offered_at, ack_due_at,
                              accept_due_at)
        VALUES (%s, %s, %s, %s, 'E', %s, %s, 1, %s, %s, %s) RETURNING 1
        """,
        *[dispatch, incident_id, sorted({26, province}), team, province, state, NOON, NOON, NOON],
    )
    return await house.person(Role.TEAM, province, team_id=team), dispatch


@pytest.mark.usefixtures("hit")
async def test_the_crew_that_is_asked_reads_the_plate_and_the_look_is_audited(house: Small) -> None:
    crew, dispatch = await a_crew(house, "offered")
    found = await crew.get(f"/dispatches/{dispatch}/vehicle")
    assert (found["plate"], found["category"], found["verdict"]) == (PLATE, "stolen", None)
    looks = house.rows("SELECT actor_id, subject_id FROM audit_entry WHERE action = 'view.plate' AND subject_kind = 'dispatch'")
    assert looks == [(crew.id, dispatch)]


@pytest.mark.usefixtures("hit")
async def test_a_crew_borrowed_from_next_door_reads_the_plate_too(house: Small) -> None:
    crew, dispatch = await a_crew(house, "accepted", province=43)
    assert (await crew.get(f"/dispatches/{dispatch}/vehicle"))["plate"] == PLATE


@pytest.mark.parametrize("state", ["clear", "declined", "withdrawn"])
@pytest.mark.usefixtures("hit")
async def test_a_crew_that_is_done_or_said_no_reads_no_plate(house: Small, state: str) -> None:
    crew, dispatch = await a_crew(house, state)
    await crew.get(f"/dispatches/{dispatch}/vehicle", 404)


@pytest.mark.usefixtures("hit")
async def test_another_crew_and_another_provinces_desk_read_no_plate_and_the_own_desk_does(house: Small) -> None:
    _crew, dispatch = await a_crew(house, "accepted")
    other, _ = await a_crew(house, "timed_out")
    await other.get(f"/dispatches/{dispatch}/vehicle", 404)
    await (await house.person(Role.DISPATCHER, 43)).get(f"/dispatches/{dispatch}/vehicle", 404)
    assert (await (await house.person(Role.DISPATCHER, 26)).get(f"/dispatches/{dispatch}/vehicle"))["plate"] == PLATE
    await (await house.person(Role.AUDITOR, 26)).get(f"/dispatches/{dispatch}/vehicle", 403)


async def merge(house: Small, source: str) -> UUID:
    """As a dispatcher does: the hit's incident becomes a duplicate of another one."""
    into = new_id()
    house.rows(
        """
        INSERT INTO incident (id, olay_no, home, provinces, source, kind, priority, state, position_kind, received_at, due_warn_at,
                              due_breach_at, instruction)
        VALUES (%s, '26-2026-999999', 26, '{26}', %s, 'x', 1, 'assigned', 'none', %s, %s, %s, NULL) RETURNING 1
        """,
        *[into, source, NOON, NOON, NOON],
    )
    house.rows(
        "UPDATE incident SET merged_into = %s, state = 'closed', closed_at = %s, outcome = 'duplicate' WHERE id <> %s RETURNING 1",
        *[into, NOON, into],
    )
    return into


async def test_a_hit_that_was_merged_is_stopped_where_it_is_worked_on_now(house: Small, operator: Client, hit: dict[str, Any]) -> None:
    into = await merge(house, "pts")
    await operator.post(f"/pts/hits/{hit['hit_id']}/verdict", verdict="confirmed")
    assert house.rows("SELECT instruction FROM incident WHERE id = %s", into) == [("stop",)]
    await operator.post(f"/pts/hits/{hit['hit_id']}/verdict", verdict="misread")
    assert house.rows("SELECT instruction, state FROM incident WHERE id = %s", into) == [("observe", "assigned")]
    crew, dispatch = await a_crew(house, "accepted")
    assert (await crew.get(f"/dispatches/{dispatch}/vehicle"))["plate"] == PLATE


@pytest.mark.parametrize("verdict", ["confirmed", "misread", "not_active"])
async def test_a_plate_never_calls_off_or_changes_the_help_for_a_person_it_was_merged_with(
    house: Small, operator: Client, hit: dict[str, Any], verdict: str
) -> None:
    into = await merge(house, "kades")
    await operator.post(f"/pts/hits/{hit['hit_id']}/verdict", verdict=verdict)
    assert house.rows("SELECT instruction, closed_at FROM incident WHERE id = %s", into) == [(None, None)]
    assert house.rows("SELECT detail->>'verdict' FROM incident_event WHERE incident_id = %s AND kind = 'pts.verdict'", into) == [(verdict,)]


# --- the list ---------------------------------------------------------------------------------------------------------------


async def test_a_plate_is_found_by_a_search_in_the_body_and_an_ended_entry_is_still_there(
    house: Small, supervisor: Client, listed: Listed
) -> None:
    entry = await listed(PLATE, note="blue")
    await listed("06AB123")
    await supervisor.post(f"/pts/hotlist/{entry}/end", reason="found by its owner")
    body = {"plate": "26 abc 12", "reason": "asked by the owner"}
    [found] = (await supervisor.call("POST", "/pts/hotlist/search", json=body))["items"]
    assert (found["entry_id"], found["note"], found["end_reason"], found["ended_by"]) == (
        entry,
        "blue",
        "found by its owner",
        str(supervisor.id),
    )
    assert [one["plate"] for one in (await supervisor.get("/pts/hotlist"))["items"]] == ["06AB123"]
    assert len((await supervisor.get("/pts/hotlist", active=False))["items"]) == 2
    assert house.rows("SELECT reason FROM audit_entry WHERE action = 'view.hotlist' AND reason IS NOT NULL") == [("asked by the owner",)]


async def test_an_entry_ends_once_and_is_never_erased_or_rewritten(house: Small, supervisor: Client, listed: Listed) -> None:
    entry = await listed(PLATE)
    await supervisor.post(f"/pts/hotlist/{entry}/end", reason="found by its owner")
    assert (await supervisor.post(f"/pts/hotlist/{entry}/end", 409, reason="again"))["slug"] == "entry-ended"
    for statement in (
        "UPDATE hotlist_entry SET plate = '26ZZ999'",
        "UPDATE hotlist_entry SET ended_at = NULL, ended_by = NULL",
        "UPDATE hotlist_entry SET document = 'x' WHERE ended_at IS NOT NULL",
    ):
        with pytest.raises(psycopg.errors.RestrictViolation):
            house.rows(statement)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with house.db.tx(EVERY) as tx:
            await tx.execute("DELETE FROM hotlist_entry")


async def test_a_protection_order_lists_no_plate_and_says_why(house: Small, supervisor: Client) -> None:
    body = {"plate": PLATE, "category": "other", "authority": "Aile Mahkemesi", "document": "6284 sayılı Kanun, 2026/77"}
    answer = await supervisor.post("/pts/hotlist", 422, **body)
    assert answer["slug"] == "protection-order-document"
    assert house.rows("SELECT 1 FROM hotlist_entry") == []


@pytest.mark.parametrize("plate", ["--", "26?ABC12", "2", "26ABC1234567890", "ع ع ع"])
async def test_a_plate_to_list_must_be_readable_in_full(supervisor: Client, plate: str) -> None:
    body = {"plate": plate, "category": "stolen", "authority": "Asayiş", "document": "2026/1"}
    assert (await supervisor.post("/pts/hotlist", 422, **body))["slug"] in {"bad-plate", "wrong-body"}


async def test_an_entry_must_not_end_before_it_begins_or_before_now(supervisor: Client) -> None:
    body = {"plate": PLATE, "category": "stolen", "authority": "Asayiş", "document": "2026/1"}
    for begins, ends in (
        (None, NOON),
        (NOON + timedelta(hours=2), NOON + timedelta(hours=1)),
        (None, NOON - timedelta(days=1)),
        (None, NOON + timedelta(days=366 * 200)),
    ):
        valid = {"valid_from": None if begins is None else begins.isoformat(), "valid_to": ends.isoformat()}
        assert (await supervisor.post("/pts/hotlist", 422, **body, **valid))["slug"] == "bad-validity"


async def test_a_supervisor_of_two_provinces_must_name_one_of_them(house: Small) -> None:
    two = await house.person(Role.SUPERVISOR, 26, 43)
    body = {"plate": PLATE, "category": "stolen", "authority": "Asayiş", "document": "2026/1"}
    assert (await two.post("/pts/hotlist", 422, **body))["slug"] == "which-province"
    assert (await two.post("/pts/hotlist", 403, **body, province=6))["slug"] == "not-allowed"
    assert (await two.post("/pts/hotlist", 201, **body, province=43))["province"] == 43


async def test_another_provinces_entry_reads_as_one_that_never_was(house: Small, listed: Listed) -> None:
    entry = await listed(PLATE)
    other = await house.person(Role.SUPERVISOR, 43)
    assert (await other.get("/pts/hotlist", active=False))["items"] == []
    search = {"plate": PLATE, "reason": "curious about it"}
    assert (await other.call("POST", "/pts/hotlist/search", json=search))["items"] == []
    ends = [await other.post(f"/pts/hotlist/{one}/end", 404, reason="mine now") for one in (entry, new_id())]
    assert ends[0] == ends[1]


async def test_a_gate_is_set_up_by_its_provinces_admin_and_its_token_comes_again_for_a_lost_answer(house: Small) -> None:
    chief = await house.person(Role.ADMIN, 26)
    body = {"name": "Alpu Yolu", "lon": 30.6, "lat": 39.78, "bearing_deg": 250, "client_id": str(new_id())}
    first = await chief.post("/pts/gates", 201, **body)
    assert await chief.post("/pts/gates", 201, **body) == first
    await Client(house, first["token"], UUID(first["id"])).reads(a_read(PLATE))
    [gate] = (await chief.get("/pts/gates"))["items"]
    assert (gate["id"], gate["position"], gate["bearing_deg"]) == (first["id"], {"lon": 30.6, "lat": 39.78}, 250)
    assert (await chief.post("/pts/gates", 403, name="x", lon=32.85, lat=39.92))["slug"] == "outside-office"
    for where, slug in (
        ((39.78, 30.6), "position-looks-swapped"),
        ((float("nan"), 39.0), "position-not-finite"),
    ):
        answer = await chief.post("/pts/gates", 422, name="x", lon=where[0], lat=where[1])
        assert answer["slug"] == slug


WHO_MAY = {
    ("POST", "/pts/reads"): {Role.GATE},
    ("GET", "/pts/gates"): {Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR, Role.ADMIN},
    ("POST", "/pts/gates"): {Role.ADMIN},
    ("GET", "/pts/hits"): {Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR},
    ("POST", f"/pts/hits/{new_id()}/verdict"): {Role.OPERATOR, Role.SUPERVISOR},
    ("POST", f"/pts/hits/{new_id()}/outcome"): {Role.OPERATOR, Role.SUPERVISOR},
    ("POST", "/pts/hotlist"): {Role.SUPERVISOR},
    ("GET", "/pts/hotlist"): {Role.SUPERVISOR},
    ("POST", "/pts/hotlist/search"): {Role.SUPERVISOR},
    ("POST", f"/pts/hotlist/{new_id()}/end"): {Role.SUPERVISOR},
}


async def test_each_door_opens_to_its_roles_only(house: Small) -> None:
    people = [await house.person(role, 26) for role in (r for r in Role if r not in {Role.KADES, Role.CAMERA, Role.GATE, Role.GATEWAY})]
    people.append(await house.gate())
    roles = [r for r in Role if r not in {Role.KADES, Role.CAMERA, Role.GATE, Role.GATEWAY}] + [Role.GATE]
    for (method, path), allowed in WHO_MAY.items():
        for who, role in zip(people, roles, strict=True):
            if role not in allowed:
                await who.call(method, path, 403, json={"client_id": str(new_id())})


def test_every_verdict_that_is_no_confirmation_is_an_outcome_of_the_same_name() -> None:
    assert {verdict.value: outcome.value for verdict, outcome in rules.ENDS_WITH.items()} == {
        verdict.value: verdict.value for verdict in rules.Verdict if verdict is not rules.Verdict.CONFIRMED
    }
