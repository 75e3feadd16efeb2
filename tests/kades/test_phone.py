"""Her phone after the press: the live trail, the one code field, how far help has got (contract, KADES)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from core.db import EVERY, Tx
from core.identity import Role, revoke_device
from core.ids import new_id
from kades.sockets import DOOR
from tests.kades.conftest import ANKARA, BURSA, ESKISEHIR, House, Phone

HERE = {"lon": 30.52, "lat": 39.77, "accuracy_m": 12.0}
THERE = {"lon": 30.53, "lat": 39.78, "accuracy_m": 8.0}


async def pressed(phone: Phone, position: Any = HERE, **more: Any) -> tuple[str, str]:
    answer = (await phone.press(position, **more)).json()
    return answer["alert_id"], answer["incident_id"]


async def trail(phone: Phone, alert_id: str, *points: Any, **more: Any) -> Any:
    now = phone.house.clock.now().isoformat()
    dated = [{"fixed_at": now, **point} if isinstance(point, dict) else point for point in points]
    said = {"client_id": str(new_id()), "positions": dated, **more}
    return await phone.send("POST", f"alerts/{alert_id}/positions", json=said)


async def cancel(phone: Phone, alert_id: str, code: str, client_id: str | None = None) -> Any:
    return await phone.send("POST", f"alerts/{alert_id}/cancel", json={"client_id": client_id or str(new_id()), "code": code})


# --- the trail ---------------------------------------------------------------------------------------------------------------


async def test_a_trail_is_kept_shown_to_desk_and_team_and_brings_the_incident_along(house: House) -> None:
    phone = await house.phone()
    alert_id, incident_id = await pressed(phone)
    team = await house.team()
    await house.assign(incident_id, team)
    house.clock.move(timedelta(seconds=10))

    answer = await trail(phone, alert_id, HERE, THERE)

    assert (answer.status_code, answer.json()) == (202, {"kept": 2, "faults": [], "stage": "team_on_the_way"})
    assert len(await house.rows("SELECT 1 FROM kades_position")) == 3
    (frame,) = await house.events("kades.trail")
    assert sorted(frame["channels"]) == [f"desk:{ESKISEHIR}", f"team:{team}"]
    assert frame["data"]["position"]["lon"] in {30.52, 30.53}


async def test_the_first_fix_of_a_trail_ends_konumsuz(house: House) -> None:
    phone = await house.phone(province=BURSA)
    alert_id, incident_id = await pressed(phone, None)
    house.clock.move(timedelta(seconds=10))

    await trail(phone, alert_id, HERE)

    incident = await house.row("SELECT position_kind, provinces FROM incident WHERE id = %(id)s", id=incident_id)
    assert (incident["position_kind"], sorted(incident["provinces"])) == ("fix", [BURSA, ESKISEHIR])
    assert sorted((await house.row("SELECT provinces FROM kades_alert"))["provinces"]) == [BURSA, ESKISEHIR]


async def test_a_bad_point_costs_nothing_but_itself(house: House) -> None:
    phone = await house.phone()
    alert_id, _ = await pressed(phone)

    answer = await trail(phone, alert_id, {"lon": 39.77, "lat": 30.52}, THERE, "nonsense")

    assert answer.status_code == 202
    assert answer.json()["kept"] == 1
    assert [one["kind"] for one in answer.json()["faults"]] == ["position_looks_swapped", "position_unreadable"]
    assert len(await house.rows("SELECT 1 FROM kades_fault")) == 2


@pytest.mark.parametrize("points", [[], [{"lon": 39.77, "lat": 30.52}], ["x"], [{"lon": 930, "lat": 39}]])
async def test_a_batch_without_one_usable_point_is_one_clear_error(house: House, points: list[Any]) -> None:
    phone = await house.phone()
    alert_id, _ = await pressed(phone)

    answer = await trail(phone, alert_id, *points)

    assert (answer.status_code, answer.json()["slug"]) == (422, "no-usable-position")


async def test_a_literal_nan_in_a_trail_is_one_clear_error(house: House) -> None:
    phone = await house.phone()
    alert_id, _ = await pressed(phone)
    said = b'{"client_id": "%s", "positions": [{"lon": NaN, "lat": 39.77}]}' % str(new_id()).encode()

    answer = await phone.send("POST", f"alerts/{alert_id}/positions", content=said)

    assert (answer.status_code, answer.json()["slug"]) == (422, "wrong-body")


async def test_the_phones_own_now_corrects_a_clock_that_is_hours_off(house: House) -> None:
    phone = await house.phone()
    alert_id, _ = await pressed(phone, None)
    off = house.clock.now() - timedelta(hours=7)

    await trail(phone, alert_id, {**THERE, "fixed_at": off.isoformat()}, sent_at=off.isoformat())

    point = await house.row("SELECT * FROM kades_position")
    assert (point["fixed_at"], point["told_at"], point["skew_s"]) == (house.clock.now(), off, 7 * 3600)


async def test_the_same_batch_again_changes_nothing_and_another_under_its_id_is_409(house: House) -> None:
    phone = await house.phone()
    alert_id, _ = await pressed(phone, None)
    client_id = str(new_id())

    first = await trail(phone, alert_id, THERE, client_id=client_id)
    again = await trail(phone, alert_id, THERE, client_id=client_id)
    other = await trail(phone, alert_id, HERE, client_id=client_id)

    assert first.json() == again.json()
    assert other.status_code == 409
    assert len(await house.rows("SELECT 1 FROM kades_position")) == 1


async def test_after_the_end_nobody_keeps_where_she_is(house: House) -> None:
    phone = await house.phone()
    alert_id, incident_id = await pressed(phone)
    await house.close(incident_id)

    answer = await trail(phone, alert_id, THERE)

    assert answer.json() == {"kept": 0, "faults": [], "stage": "closed"}
    assert len(await house.rows("SELECT 1 FROM kades_position")) == 1


async def test_another_phones_alert_reads_like_one_that_never_was(house: House) -> None:
    mine, other = await house.phone(), await house.phone()
    alert_id, _ = await pressed(mine)

    for unknown in (alert_id, str(new_id())):
        assert (await trail(other, unknown, THERE)).status_code == 404
        assert (await cancel(other, unknown, "1111")).status_code == 404
        assert (await other.send("GET", f"alerts/{unknown}")).status_code == 404
    assert (await mine.send("GET", f"alerts/{alert_id}")).status_code == 200


async def test_a_revoked_phone_has_no_door_but_the_press(house: House) -> None:
    phone = await house.phone()
    alert_id, _ = await pressed(phone)
    async with house.db.tx(EVERY) as tx:
        await revoke_device(tx, phone.device_id, house.clock.now(), None, "kayıp")

    assert (await trail(phone, alert_id, THERE)).status_code == 401
    assert (await cancel(phone, alert_id, "1111")).status_code == 401
    assert (await phone.send("GET", f"alerts/{alert_id}")).status_code == 401


# --- the codes ---------------------------------------------------------------------------------------------------------------


async def statements_of(phone: Phone, alert_id: str, code: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, list[str]]:
    statements: list[str] = []
    execute = Tx.execute

    async def counted(self: Tx, sql: Any, params: Any = None) -> Any:
        statements.append(sql)
        return await execute(self, sql, params)

    with monkeypatch.context() as counting:
        counting.setattr(Tx, "execute", counted)
        answer = await cancel(phone, alert_id, code)
    return answer, statements


async def test_every_code_is_answered_alike_after_the_very_same_statements(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    for code in ("1111", "9999", "2222", "", "x" * 32):
        phone = await house.phone()
        alert_id, _ = await pressed(phone)
        answer, statements = await statements_of(phone, alert_id, code, monkeypatch)
        stage = (await phone.send("GET", f"alerts/{alert_id}")).json()["stage"]
        shown = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
        seen.append((answer.status_code, answer.text.replace(alert_id, "ALERT"), shown, statements, stage))

    assert seen[0][0] == 202
    assert seen[0][4] == "closed"
    assert all(one == seen[0] for one in seen)


async def test_a_normal_code_informs_the_desk_and_recalls_nobody(house: House) -> None:
    phone = await house.phone()
    alert_id, incident_id = await pressed(phone)
    dispatch_id = await house.assign(incident_id, await house.team(), "en_route")

    await cancel(phone, alert_id, "1111")
    await house.run_timers()

    incident = await house.row("SELECT * FROM incident")
    assert (incident["cancelled"], incident["closed_at"], incident["priority"]) == ("informed", None, 2)
    assert (await house.row("SELECT state FROM dispatch WHERE id = %(id)s", id=dispatch_id))["state"] == "en_route"


async def test_a_duress_code_goes_first_and_only_the_desk_learns_it(house: House) -> None:
    phone = await house.phone()
    alert_id, incident_id = await pressed(phone)
    team = await house.team()
    await house.assign(incident_id, team, "en_route")

    await cancel(phone, alert_id, "9999")
    await house.run_timers()

    incident = await house.row("SELECT * FROM incident")
    assert (incident["priority"], incident["closed_at"]) == (1, None)
    frame = (await house.events("kades.alert"))[-1]
    assert (frame["data"]["duress"], frame["channels"]) == (True, [f"desk:{ESKISEHIR}"])
    for type_ in ("kades.status", "dispatch.changed", "incident.changed", "kades.trail"):
        for event in await house.events(type_):
            assert "duress" not in str(event["data"])
            if type_ == "kades.status":
                assert event["data"]["stage"] in {"received", "closed"}


async def test_a_duress_code_after_the_desk_closed_the_incident_opens_another(house: House) -> None:
    phone = await house.phone()
    alert_id, incident_id = await pressed(phone)
    await cancel(phone, alert_id, "1111")
    await house.run_timers()
    await house.close(incident_id)
    house.clock.move(timedelta(minutes=2))

    await cancel(phone, alert_id, "9999")
    await house.run_timers()

    incident = await house.row("SELECT * FROM incident WHERE closed_at IS NULL")
    assert (incident["priority"], incident["position_kind"], incident["automatic"]) == (1, "fix", True)
    assert (await house.row("SELECT case_id FROM kades_alert"))["case_id"] == incident["id"]


async def test_a_wrong_code_recalls_nobody_and_the_desk_is_told(house: House) -> None:
    phone = await house.phone()
    alert_id, _ = await pressed(phone)

    await cancel(phone, alert_id, "2222")
    await house.run_timers()

    incident = await house.row("SELECT * FROM incident")
    assert (incident["cancelled"], incident["closed_at"]) == (None, None)
    events = await house.rows("SELECT kind, detail FROM incident_event WHERE kind = 'code'")
    assert [row["detail"]["outcome"] for row in events] == ["wrong"]


async def test_the_same_cancel_again_tells_the_desk_once_and_another_code_under_its_id_is_not_swallowed(house: House) -> None:
    phone = await house.phone()
    alert_id, _ = await pressed(phone)
    client_id = str(new_id())

    for code in ("1111", "1111", "9999"):
        await cancel(phone, alert_id, code, client_id)
    await house.run_timers()
    await house.run_timers()

    events = await house.rows("SELECT detail FROM incident_event WHERE kind = 'code' ORDER BY id")
    assert [row["detail"]["outcome"] for row in events] == ["normal", "duress"]


async def test_after_a_code_her_phone_never_shows_that_a_team_is_coming(house: House) -> None:
    phone = await house.phone()
    alert_id, incident_id = await pressed(phone)
    await cancel(phone, alert_id, "9999")
    await house.run_timers()

    await house.assign(incident_id, await house.team(), "en_route")
    await house.moved(incident_id)

    assert (await phone.send("GET", f"alerts/{alert_id}")).json()["stage"] == "closed"
    assert [event["data"]["stage"] for event in await house.events("kades.status")] == ["closed"]


async def test_a_new_press_after_a_code_shows_its_own_stages(house: House) -> None:
    phone = await house.phone()
    alert_id, incident_id = await pressed(phone)
    await cancel(phone, alert_id, "1111")
    await house.run_timers()

    again_id, same_incident = await pressed(phone)

    assert same_incident == incident_id
    assert (await phone.send("GET", f"alerts/{again_id}")).json()["stage"] == "received"


async def test_codes_from_many_sides_at_once_lose_none(house: House) -> None:
    phone = await house.phone()
    alert_id, _ = await pressed(phone)

    answers = await asyncio.gather(*(cancel(phone, alert_id, code) for code in ("1111", "9999", "2222", "1111")))
    await house.run_timers()

    assert {answer.status_code for answer in answers} == {202}
    events = await house.rows("SELECT detail FROM incident_event WHERE kind = 'code'")
    assert sorted(row["detail"]["outcome"] for row in events) == ["duress", "normal", "normal", "wrong"]


# --- how far help has got ----------------------------------------------------------------------------------------------------


async def test_her_phone_hears_each_stage_once(house: House) -> None:
    phone = await house.phone()
    alert_id, incident_id = await pressed(phone)
    dispatch_id = await house.assign(incident_id, await house.team(), "offered")
    await house.moved(incident_id)

    for state in ("accepted", "en_route", "on_scene"):
        await house.move(dispatch_id, state)
        await house.moved(incident_id)
        await house.moved(incident_id)
    await house.close(incident_id)
    await house.moved(incident_id)

    events = await house.events("kades.status")
    assert [event["data"]["stage"] for event in events] == ["team_on_the_way", "arrived", "closed"]
    assert {tuple(event["channels"]) for event in events} == {(f"kades:{phone.device_id}",)}
    assert {event["data"]["alert_id"] for event in events} == {alert_id}


async def test_a_silent_press_is_never_answered_aloud(house: House) -> None:
    phone = await house.phone()
    alert_id, incident_id = await pressed(phone, trigger="silent")
    await house.assign(incident_id, await house.team(), "accepted")
    await house.moved(incident_id)

    answer = (await phone.send("GET", f"alerts/{alert_id}")).json()
    assert (answer["silent"], answer["stage"]) == (True, "team_on_the_way")
    assert await house.events("kades.status") == []


async def test_an_incident_that_another_one_took_in_goes_on_for_her_phone(house: House) -> None:
    mine, other = await house.phone(), await house.phone()
    alert_id, incident_id = await pressed(mine)
    _, survivor = await pressed(other)
    async with house.db.tx(EVERY) as tx:
        await tx.execute(
            "UPDATE incident SET merged_into = %(into)s, outcome = 'merged', closed_at = %(at)s, state = 'closed' WHERE id = %(id)s",
            {"into": survivor, "id": incident_id, "at": house.clock.now()},
        )
    await house.moved(incident_id)
    await house.assign(survivor, await house.team(), "accepted")
    await house.moved(survivor)

    answer = (await mine.send("GET", f"alerts/{alert_id}")).json()
    assert (answer["incident_id"], answer["stage"]) == (incident_id, "team_on_the_way")
    told = [event["channels"] for event in await house.events("kades.status") if event["data"]["alert_id"] == alert_id]
    assert told == [[f"kades:{mine.device_id}"]]


async def test_a_stage_follows_the_incident_into_another_province(house: House) -> None:
    phone = await house.phone(province=ANKARA)
    _, incident_id = await pressed(phone)
    async with house.db.tx(EVERY) as tx:
        await tx.execute("UPDATE incident SET provinces = '{16}' WHERE id = %(id)s", {"id": incident_id})

    await house.moved(incident_id)

    assert (await house.row("SELECT provinces FROM kades_alert"))["provinces"] == [BURSA]


async def test_the_socket_begins_with_her_open_alerts_wherever_they_are(house: House) -> None:
    phone = await house.phone(province=ANKARA)
    alert_id, incident_id = await pressed(phone)
    await house.assign(incident_id, await house.team(), "accepted")
    async with house.db.tx() as tx:
        who = await authenticate_as(tx, phone)
        frames = await DOOR.snapshot(tx, who, house.clock.now())

    assert DOOR.roles == {Role.KADES}
    assert DOOR.channels(who) == {f"kades:{phone.device_id}"}
    assert [(frame.type, frame.data["alert_id"], frame.data["stage"]) for frame in frames] == [
        ("kades.status", alert_id, "team_on_the_way")
    ]


async def authenticate_as(tx: Tx, phone: Phone) -> Any:
    from core.identity import authenticate

    who = await authenticate(tx, phone.token, phone.house.clock.now())
    assert who is not None
    assert isinstance(who.id, UUID)
    return who
