"""The desk's side: who pressed, verdicts, orders, revoked phones, the protected address; each look has a face (law 9, E10, E12)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.identity import Role
from core.ids import new_id
from kades import board
from tests.kades.conftest import BURSA, ESKISEHIR, KUTAHYA, House, Phone, Somebody

HERE = {"lon": 30.52, "lat": 39.77, "accuracy_m": 12.0}
DESK = (Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR)


async def pressed(phone: Phone, position: Any = HERE, *, told: str | None = None, **more: Any) -> tuple[str, str]:
    answer = (await phone.press(position, **({"phone": told} if told else {}), **more)).json()
    return answer["alert_id"], answer["incident_id"]


async def looks(house: House, action: str) -> list[dict[str, Any]]:
    import psycopg
    from psycopg.rows import dict_row

    with psycopg.connect(house.url, row_factory=dict_row) as admin:
        return admin.execute("SELECT * FROM audit_entry WHERE action = %s AND id > %s ORDER BY id", [action, house.since]).fetchall()


@pytest.mark.parametrize("role", DESK)
async def test_the_desk_reads_who_pressed_and_the_look_is_logged(house: House, role: Role) -> None:
    phone, desk = await house.phone(province=BURSA), await house.somebody(role, ESKISEHIR)
    alert_id, incident_id = await pressed(phone, {**HERE, "accuracy_m": -1}, trigger="silent")

    answer = (await desk.get(f"kades/alerts?incident_id={incident_id}")).json()

    (item,) = answer["items"]
    assert (item["alert_id"], item["trigger"], item["silent"], item["evaluation"]) == (alert_id, "silent", True, None)
    assert item["position"]["lon"] == 30.52
    assert item["faults"] == [{"kind": "accuracy_unreadable", "field": "position.accuracy_m", "said": "-1"}]
    assert item["caller"]["phone"] == phone.number
    assert (item["caller"]["protection_order"], item["caller"]["device_revoked"], item["caller"]["safe_channel"]) == (False, False, "sms")
    assert "tc_no" not in str(answer)
    (look,) = await looks(house, "view.caller")
    assert (look["actor_id"], str(look["subject_id"])) == (desk.id, incident_id)


async def test_another_provinces_desk_reads_nothing_and_no_look_is_logged(house: House) -> None:
    phone, desk = await house.phone(), await house.somebody(Role.DISPATCHER, KUTAHYA)
    alert_id, incident_id = await pressed(phone)

    assert (await desk.get(f"kades/alerts?incident_id={incident_id}")).json() == {"items": [], "next": None}
    assert (await desk.get(f"kades/trail?incident_id={incident_id}")).json()["items"] == []
    assert await looks(house, "view.caller") == []
    supervisor = await house.somebody(Role.SUPERVISOR, KUTAHYA)
    assert (await supervisor.post(f"kades/alerts/{alert_id}/evaluation", verdict="genuine")).status_code == 404
    assert (await supervisor.post(f"kades/devices/{phone.device_id}/revoke", reason="x")).status_code == 404
    assert (await supervisor.post(f"kades/callers/{phone.caller_id}/identity", reason="x")).status_code == 404


async def test_the_trail_is_read_newest_first(house: House) -> None:
    phone, desk = await house.phone(), await house.somebody(Role.OPERATOR, ESKISEHIR)
    alert_id, incident_id = await pressed(phone)
    house.clock.move(timedelta(seconds=30))
    point = {"lon": 30.53, "lat": 39.78, "fixed_at": house.clock.now().isoformat()}
    await phone.send("POST", f"alerts/{alert_id}/positions", json={"client_id": str(new_id()), "position": point})

    items = (await desk.get(f"kades/trail?incident_id={incident_id}")).json()["items"]

    assert [item["position"]["lon"] for item in items] == [30.53, 30.52]
    assert len(await looks(house, "view.trail")) == 1


@pytest.mark.parametrize("verdict", ["genuine", "mistaken", "unclear"])
async def test_a_verdict_is_kept_with_who_and_when_and_recalls_nobody(house: House, verdict: str) -> None:
    phone, desk = await house.phone(), await house.somebody(Role.OPERATOR, ESKISEHIR)
    alert_id, incident_id = await pressed(phone)
    dispatch_id = await house.assign(incident_id, await house.team(), "en_route")

    answer = await desk.post(f"kades/alerts/{alert_id}/evaluation", verdict=verdict, note="aradık")

    assert answer.status_code == 200
    kept = await house.row("SELECT * FROM kades_evaluation")
    assert (kept["verdict"], kept["note"], kept["by_id"], kept["at"]) == (verdict, "aradık", desk.id, house.clock.now())
    incident = await house.row("SELECT * FROM incident")
    assert (incident["evaluation"], incident["closed_at"], incident["priority"]) == (verdict, None, 2)
    assert (await house.row("SELECT state FROM dispatch WHERE id = %(id)s", id=dispatch_id))["state"] == "en_route"
    (item,) = (await desk.get(f"kades/alerts?incident_id={incident_id}")).json()["items"]
    assert item["evaluation"]["verdict"] == verdict


async def test_a_second_verdict_is_added_and_the_newest_is_shown(house: House) -> None:
    phone, desk = await house.phone(), await house.somebody(Role.OPERATOR, ESKISEHIR)
    alert_id, incident_id = await pressed(phone)
    for verdict in ("mistaken", "genuine"):
        await desk.post(f"kades/alerts/{alert_id}/evaluation", verdict=verdict)
        house.clock.move(timedelta(seconds=5))

    (item,) = (await desk.get(f"kades/alerts?incident_id={incident_id}")).json()["items"]

    assert item["evaluation"]["verdict"] == "genuine"
    assert len(await house.rows("SELECT 1 FROM kades_evaluation")) == 2


async def test_the_same_verdict_request_again_is_one_verdict(house: House) -> None:
    phone, desk = await house.phone(), await house.somebody(Role.OPERATOR, ESKISEHIR)
    alert_id, _ = await pressed(phone)
    said = {"client_id": str(new_id()), "verdict": "genuine", "note": ""}

    first = await desk.send("POST", f"kades/alerts/{alert_id}/evaluation", json=said)
    again = await desk.send("POST", f"kades/alerts/{alert_id}/evaluation", json=said)
    other = await desk.send("POST", f"kades/alerts/{alert_id}/evaluation", json={**said, "verdict": "mistaken"})

    assert first.json() == again.json()
    assert other.status_code == 409
    assert len(await house.rows("SELECT 1 FROM kades_evaluation")) == 1


async def test_a_protection_order_shows_with_the_next_press_and_ends_with_its_day(house: House) -> None:
    phone, supervisor = await house.phone(), await house.somebody(Role.SUPERVISOR, ESKISEHIR)
    today = house.clock.now().date()
    order = {"authority": "2. Aile Mahkemesi", "document": "2026/17", "valid_from": str(today), "valid_to": str(today + timedelta(days=30))}
    added = await supervisor.post(f"kades/callers/{phone.caller_id}/protection-orders", **order)
    assert added.status_code == 201

    _, incident_id = await pressed(phone)
    (item,) = (await supervisor.get(f"kades/alerts?incident_id={incident_id}")).json()["items"]
    assert item["caller"]["protection_order"] is True
    assert item["caller"]["order"]["document"] == "2026/17"
    assert (await house.row("SELECT priority FROM incident"))["priority"] == 1

    await house.close(incident_id)
    house.clock.move(timedelta(days=31))
    await pressed(phone)
    assert (await house.row("SELECT priority FROM incident WHERE closed_at IS NULL"))["priority"] == 2


async def test_an_order_that_ends_before_it_begins_is_refused(house: House) -> None:
    phone, supervisor = await house.phone(), await house.somebody(Role.SUPERVISOR, ESKISEHIR)

    answer = await supervisor.post(
        f"kades/callers/{phone.caller_id}/protection-orders", authority="x", document="y", valid_from="2026-02-02", valid_to="2026-01-01"
    )

    assert answer.status_code == 422


async def test_a_supervisor_revokes_a_lost_phone_and_its_press_still_rings(house: House) -> None:
    phone, supervisor = await house.phone(), await house.somebody(Role.SUPERVISOR, ESKISEHIR)

    answer = await supervisor.post(f"kades/devices/{phone.device_id}/revoke", reason="çalındı")

    assert answer.json() == {"device_id": str(phone.device_id), "revoked": True}
    _, incident_id = await pressed(phone)
    (item,) = (await supervisor.get(f"kades/alerts?incident_id={incident_id}")).json()["items"]
    assert item["device_revoked"] is True
    assert [row["kind"] for row in await house.rows("SELECT kind FROM alarm")] == ["revoked_device"]


async def test_a_tc_number_is_shown_for_a_reason_and_every_look_is_logged(house: House) -> None:
    phone, supervisor = await house.phone(), await house.somebody(Role.SUPERVISOR, ESKISEHIR)
    said = {"client_id": str(new_id()), "reason": "tutanak 2026/55"}

    for _ in range(2):
        answer = await supervisor.send("POST", f"kades/callers/{phone.caller_id}/identity", json=said)
        assert len(answer.json()["tc_no"]) == 11

    assert [look["reason"] for look in await looks(house, "view.tc_no")] == ["tutanak 2026/55"] * 2
    assert await house.rows("SELECT 1 FROM request_once WHERE answer::text LIKE '%%tc_no%%'") == []


async def test_a_brief_of_an_incident_nobody_pressed_for_is_none_and_no_look(house: House) -> None:
    phone, desk = await house.phone(), await house.somebody(Role.OPERATOR, ESKISEHIR)
    _, incident_id = await pressed(phone)
    async with house.db.tx(frozenset({ESKISEHIR})) as tx:
        from core.identity import authenticate

        who = await authenticate(tx, desk.token, house.clock.now())
        assert who is not None
        assert await board.caller_brief(tx, new_id(), who, house.clock.now()) is None
        found = await tx.value("SELECT id FROM incident WHERE id = %(id)s", {"id": incident_id})
        brief = await board.caller_brief(tx, found, who, house.clock.now())
    assert brief is not None
    assert brief["phone"] == phone.number
    assert len(await looks(house, "view.caller")) == 1


async def test_an_unknown_gateway_caller_is_shown_by_the_number_she_used(house: House) -> None:
    gateway, desk = await house.gateway({ESKISEHIR}), await house.somebody(Role.OPERATOR, ESKISEHIR)
    _, incident_id = await pressed(gateway, None, trigger="sms", told="+905559999999")

    (item,) = (await desk.get(f"kades/alerts?incident_id={incident_id}")).json()["items"]

    assert item["caller"] == {
        "caller_id": None, "name": None, "phone": "+905559999999", "language": None, "safe_channel": None, "protection_order": False,
        "order": None, "device_revoked": False,
    }  # fmt: skip


# --- the protected address ---------------------------------------------------------------------------------------------------


async def crew(house: House, province: int = ESKISEHIR) -> tuple[Any, Somebody]:
    team = await house.team(province)
    return team, await house.somebody(Role.TEAM, province, team_id=team)


@pytest.mark.parametrize("province", [ESKISEHIR, BURSA])
async def test_the_assigned_team_opens_the_address_from_next_door_too_and_each_opening_is_logged(house: House, province: int) -> None:
    phone = await house.phone(address="Gizli Sokak 7")
    _, incident_id = await pressed(phone)
    team, officer = await crew(house, province)
    dispatch_id = await house.assign(incident_id, team)

    for _ in range(2):
        answer = await officer.get(f"dispatches/{dispatch_id}/address")
        assert (answer.status_code, answer.json()["address"]) == (200, "Gizli Sokak 7")

    openings = await house.rows("SELECT * FROM address_opening")
    assert {(row["team_id"], row["actor_id"], row["by"], row["caller_id"]) for row in openings} == {
        (team, officer.id, "app", phone.caller_id)
    }
    assert len(openings) == len(await looks(house, "view.address")) == 2


@pytest.mark.parametrize("state", ["offered", "acknowledged", "timed_out", "clear", "declined", "withdrawn"])
async def test_before_the_yes_and_after_the_end_the_address_is_not_there(house: House, state: str) -> None:
    phone = await house.phone(address="Gizli Sokak 7")
    _, incident_id = await pressed(phone)
    team, officer = await crew(house)
    dispatch_id = await house.assign(incident_id, team, state)

    answer = await officer.get(f"dispatches/{dispatch_id}/address")

    assert (answer.status_code, answer.json()["slug"]) == (404, "not-found")
    assert await house.rows("SELECT 1 FROM address_opening") == []


async def test_another_team_reads_the_same_404_as_for_a_dispatch_that_never_was(house: House) -> None:
    phone = await house.phone(address="Gizli Sokak 7")
    _, incident_id = await pressed(phone)
    team, _officer = await crew(house)
    dispatch_id = await house.assign(incident_id, team)
    _, stranger = await crew(house)

    answers = [await stranger.get(f"dispatches/{one}/address") for one in (dispatch_id, new_id())]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()


async def test_the_desk_opens_it_only_while_it_records_for_that_team_by_radio(house: House) -> None:
    phone, desk = await house.phone(address="Gizli Sokak 7"), await house.somebody(Role.DISPATCHER, ESKISEHIR)
    _, incident_id = await pressed(phone)
    by_app = await house.assign(incident_id, await house.team(), by="app")
    by_radio = await house.assign(incident_id, await house.team(), by="radio")

    assert (await desk.get(f"dispatches/{by_app}/address")).status_code == 404
    assert (await desk.get(f"dispatches/{by_radio}/address")).json()["address"] == "Gizli Sokak 7"
    assert (await house.row("SELECT by FROM address_opening"))["by"] == "radio"
    stranger = await house.somebody(Role.DISPATCHER, KUTAHYA)
    assert (await stranger.get(f"dispatches/{by_radio}/address")).status_code == 404


async def test_a_caller_without_an_address_answers_null_and_is_logged(house: House) -> None:
    phone = await house.phone()
    _, incident_id = await pressed(phone)
    team, officer = await crew(house)
    dispatch_id = await house.assign(incident_id, team)

    assert (await officer.get(f"dispatches/{dispatch_id}/address")).json()["address"] is None
    assert len(await house.rows("SELECT 1 FROM address_opening")) == 1


# --- doors -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.KADES, Role.CAMERA, Role.GATE, Role.GATEWAY)])
async def test_each_door_lets_in_its_own_roles_only(house: House, role: Role) -> None:
    team = await house.team() if role is Role.TEAM else None
    somebody = await house.somebody(role, ESKISEHIR, team_id=team)
    some = new_id()
    doors = {
        f"kades/alerts?incident_id={some}": set(DESK),
        f"kades/trail?incident_id={some}": set(DESK),
        f"kades/alerts/{some}": set[Role](),
        f"dispatches/{some}/address": {Role.TEAM, Role.DISPATCHER, Role.SUPERVISOR},
    }
    posts: dict[str, tuple[dict[str, Any], set[Role]]] = {
        f"kades/alerts/{some}/evaluation": ({"verdict": "genuine"}, {Role.OPERATOR, Role.SUPERVISOR}),
        f"kades/alerts/{some}/positions": ({"positions": [HERE]}, set()),
        f"kades/alerts/{some}/cancel": ({"code": "1111"}, set()),
        f"kades/callers/{some}/protection-orders": ({"authority": "x", "document": "y", "valid_from": "2026-01-01"}, {Role.SUPERVISOR}),
        f"kades/callers/{some}/identity": ({"reason": "x"}, {Role.SUPERVISOR}),
        f"kades/devices/{some}/revoke": ({"reason": "x"}, {Role.SUPERVISOR}),
    }

    for path, roles in doors.items():
        assert ((await somebody.get(path)).status_code == 403) is (role not in roles), path
    for path, (said, roles) in posts.items():
        assert ((await somebody.post(path, **said)).status_code == 403) is (role not in roles), path
    assert (await somebody.post("kades/alerts")).status_code == 403
