"""`POST /api/v1/kades/alerts` on a real PostGIS (law 1; E9, E11, E12; issue 2, point 7)."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from core.db import EVERY, Tx
from core.identity import Role, revoke_device
from core.ids import new_id
from kades import rules
from kades.service import presses
from kades.store import callers
from tests.kades.conftest import ANKARA, BURSA, ESKISEHIR, KUTAHYA, House

HERE = {"lon": 30.52, "lat": 39.77, "accuracy_m": 12.0}
IN_BURSA = {"lon": 29.06, "lat": 40.19, "accuracy_m": 12.0}
IN_KUTAHYA = {"lon": 29.98, "lat": 39.42, "accuracy_m": 12.0}


async def alarms(house: House) -> list[str]:
    return [row["kind"] for row in await house.rows("SELECT kind FROM alarm ORDER BY raised_at")]


async def test_a_press_opens_an_incident_where_she_is_and_rings_that_desk(house: House) -> None:
    phone = await house.phone(province=ANKARA)

    answer = await phone.press(HERE)

    assert answer.status_code == 202
    incident = await house.row("SELECT * FROM incident")
    alert = await house.row("SELECT * FROM kades_alert")
    assert answer.json() == {"alert_id": str(alert["id"]), "incident_id": str(incident["id"])}
    assert (incident["provinces"], incident["position_kind"], incident["automatic"], incident["priority"]) == ([ESKISEHIR], "fix", True, 2)
    assert alert["provinces"] == [ESKISEHIR]
    (frame,) = await house.events("kades.alert")
    assert frame["channels"] == [f"desk:{ESKISEHIR}"]
    assert frame["data"]["position"]["lon"] == 30.52
    assert frame["data"]["further"] == 0
    assert await house.rows("SELECT kind FROM timer WHERE kind = 'dispatch.choose'")


async def test_no_frame_holds_a_name_a_phone_or_an_address(house: House) -> None:
    phone = await house.phone(address="Gizli Sokak 7")
    await phone.press(HERE)

    async with house.db.tx(EVERY, role="merkez_relay") as tx:
        wire = json.dumps(await tx.rows("SELECT type, data FROM outbox"))
    assert phone.number not in wire
    assert "Gizli" not in wire


@pytest.mark.parametrize(
    ("content", "status", "slug"),
    [
        (b"", 400, "not-a-press"),
        (b"[1, 2]", 400, "not-a-press"),
        (b'{"position": null}', 400, "not-a-press"),
        (b'{"client_id": null}', 400, "not-a-press"),
        (b'{"client_id": "' + b"x" * 70_000 + b'"}', 413, "too-large"),
        (b"x" * 10_000_000, 413, "too-large"),
    ],
)
async def test_what_law_1_names_is_refused_with_one_clear_problem_and_rings_nobody(
    house: House, content: bytes, status: int, slug: str
) -> None:
    phone = await house.phone()

    answer = await phone.send("POST", "alerts", content=content)

    assert (answer.status_code, answer.json()["slug"]) == (status, slug)
    assert answer.headers["content-type"] == "application/problem+json"
    assert await house.rows("SELECT 1 FROM incident") == []


async def test_a_chunked_body_is_counted_while_it_streams_and_reading_stops(house: House) -> None:
    phone = await house.phone()
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'{"client_id": "'
        while sent < 400:
            sent += 1
            yield b"x" * 1024

    answer = await house.http.post(
        "/api/v1/kades/alerts", content=endless(), headers={"Authorization": f"Bearer {phone.token}", "Transfer-Encoding": "chunked"}
    )

    assert answer.status_code == 413


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer never-issued", "Basic abc", "Bearer \x7f"])
async def test_a_token_that_was_never_issued_is_refused(house: House, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}

    answer = await house.http.post("/api/v1/kades/alerts", json={"client_id": str(new_id())}, headers=headers)

    assert (answer.status_code, answer.json()["slug"]) == (401, "not-signed-in")


async def test_another_kind_of_device_has_its_own_doors_only(house: House) -> None:
    gate = await house.gateway({ESKISEHIR}, Role.GATE)

    answer = await gate.press(HERE)

    assert (answer.status_code, answer.json()["slug"]) == (403, "not-allowed")


@pytest.mark.parametrize(
    "said",
    [
        b'{"client_id": 1, "position": {"lon": NaN, "lat": 39.77}}',
        b'{"client_id": 1, "position": {"lon": 39.77, "lat": 30.52}}',
        b'{"client_id": 1, "position": "here", "trigger": 5, "pressed_at": [], "phone": {}, "x": 1}',
        b'{"client_id": "\xff\xfe", "note": "\xc3("}',
        b'{"client_id": "\\ud800\\u0000", "\\u0000\\udfff": "\\u0000", "trigger": "\\ud812"}',
        b'{"client_id": 1, "client_id": 2, "position": {"lon": 1e999, "lat": -Infinity, "accuracy_m": -5}}',
        b'{"client_id": 1, "deep": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        b'{"client_id": 1, "n": ' + b"9" * 60_000 + b"}",
        json.dumps({**{f"f{i}": "\x00" for i in range(3000)}, "client_id": 1}).encode(),
        '{"client_id": 1, "trigger": "silent"}'.encode("utf-16"),
    ],
)
async def test_no_fault_of_the_content_keeps_a_press_from_ringing(house: House, said: bytes) -> None:
    phone = await house.phone()

    answer = await phone.send("POST", "alerts", content=said)

    assert answer.status_code == 202, answer.text
    alert = await house.row("SELECT * FROM kades_alert")
    assert alert["position_kind"] == "none"
    assert len(await house.rows("SELECT 1 FROM kades_fault WHERE alert_id = %(id)s", id=alert["id"])) > 0
    assert len(await house.rows("SELECT 1 FROM incident")) == 1


async def test_details_the_database_refuses_are_dropped_and_the_press_rings(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = await house.phone()
    add_alert = presses.alerts.add_alert

    async def refuses(tx: Any, new: Any) -> int:
        if len(new.faults) > 1 or new.fix is not None:
            await tx.execute("SELECT 'x'::int")
        return await add_alert(tx, new)

    monkeypatch.setattr(presses.alerts, "add_alert", refuses)
    answer = await phone.press({**HERE, "accuracy_m": -1}, trigger="?")

    assert answer.status_code == 202
    alert = await house.row("SELECT * FROM kades_alert")
    assert alert["position_kind"] == "none"
    assert [row["kind"] for row in await house.rows("SELECT kind FROM kades_fault")] == ["details_lost"]
    assert len(await house.rows("SELECT 1 FROM incident")) == 1


async def test_a_commit_that_fails_is_never_answered_202(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = await house.phone()

    async def fails(_self: Tx) -> None:
        raise psycopg.OperationalError

    with monkeypatch.context() as broken:
        broken.setattr(Tx, "commit", fails)
        answer = await phone.press(HERE)

    assert (answer.status_code, answer.json()["slug"]) == (503, "not-ready")
    assert await house.rows("SELECT 1 FROM kades_alert") == []
    assert await house.rows("SELECT 1 FROM incident") == []


@pytest.fixture
def full_disk(fresh_url: str) -> Iterator[None]:
    """A database that refuses every press, and only when it commits."""
    with psycopg.connect(fresh_url, autocommit=True) as admin:
        admin.execute("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no' USING ERRCODE = 'disk_full'; END $$")
        admin.execute(
            "CREATE CONSTRAINT TRIGGER no AFTER INSERT ON kades_alert DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION no()"
        )
        yield
        admin.execute("DROP TRIGGER no ON kades_alert")
        admin.execute("DROP FUNCTION no()")


@pytest.mark.usefixtures("full_disk")
async def test_a_deferred_constraint_that_fails_at_commit_is_never_answered_202(house: House) -> None:
    phone = await house.phone()

    answer = await phone.press(HERE)

    assert answer.status_code == 503
    assert await house.rows("SELECT 1 FROM incident") == []


async def test_one_client_id_from_eight_connections_at_once_is_one_alert_of_one_incident(house: House) -> None:
    phone = await house.phone()
    said = {"client_id": str(new_id()), "pressed_at": house.clock.now().isoformat(), "position": None, "trigger": "button"}

    answers = await asyncio.gather(*(phone.send("POST", "alerts", json=said) for _ in range(8)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert len(await house.rows("SELECT 1 FROM kades_alert")) == 1
    assert len(await house.rows("SELECT 1 FROM incident")) == 1
    assert len(await house.events("kades.alert")) == 1


async def test_a_storm_of_presses_of_one_person_is_one_incident_and_every_press_is_kept(house: House) -> None:
    phone = await house.phone()

    answers = await asyncio.gather(*(phone.press(HERE) for _ in range(24)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["incident_id"] for answer in answers}) == 1
    assert len({answer.json()["alert_id"] for answer in answers}) == 24
    assert len(await house.rows("SELECT 1 FROM incident")) == 1


async def test_a_flood_is_told_to_the_desk_and_still_rings(house: House) -> None:
    phone = await house.phone()
    for _ in range(rules.FLOOD_PER_MINUTE):
        await phone.press(HERE)
    assert await house.rows("SELECT 1 FROM kades_fault WHERE kind = 'flood'") == []

    answer = await phone.press(HERE)

    assert answer.status_code == 202
    assert [row["alert_id"] for row in await house.rows("SELECT alert_id FROM kades_fault WHERE kind = 'flood'")] == [
        UUID(answer.json()["alert_id"])
    ]


async def test_the_same_press_again_gets_its_first_answer_and_changes_nothing(house: House) -> None:
    phone = await house.phone()
    said = {"client_id": str(new_id()), "pressed_at": house.clock.now().isoformat(), "position": None, "trigger": "button"}
    first = await phone.send("POST", "alerts", json=said)
    before = await house.events("incident.opened")

    house.clock.move(timedelta(seconds=6))
    again = await phone.send("POST", "alerts", json=said)

    assert (again.status_code, again.text) == (202, first.text)
    assert await house.rows("SELECT 1 FROM kades_fault WHERE kind = 'another_body'") == []
    assert await house.events("incident.opened") == before


async def test_the_same_client_id_with_another_body_gets_the_first_answer_and_its_fix_ends_konumsuz(house: House) -> None:
    phone = await house.phone(province=ANKARA)
    client_id = str(new_id())
    first = await phone.press(None, client_id=client_id)
    house.clock.move(timedelta(seconds=6))

    again = await phone.press(HERE, client_id=client_id)

    assert (again.status_code, again.text) == (202, first.text)
    incident = await house.row("SELECT * FROM incident")
    assert (incident["position_kind"], sorted(incident["provinces"])) == ("fix", [ANKARA, ESKISEHIR])
    alert = await house.row("SELECT * FROM kades_alert")
    assert sorted(alert["provinces"]) == [ANKARA, ESKISEHIR]
    assert len(await house.rows("SELECT 1 FROM kades_position WHERE alert_id = %(id)s", id=alert["id"])) == 1
    assert [row["kind"] for row in await house.rows("SELECT kind FROM kades_fault")] == ["another_body"]


async def test_a_late_repeat_after_the_end_gets_its_first_answer(house: House) -> None:
    phone = await house.phone()
    said = {"client_id": str(new_id()), "pressed_at": house.clock.now().isoformat(), "position": None, "trigger": "button"}
    first = await phone.send("POST", "alerts", json=said)
    await house.close(first.json()["incident_id"])

    again = await phone.send("POST", "alerts", json=said)

    assert again.text == first.text
    assert len(await house.rows("SELECT 1 FROM incident")) == 1


@pytest.mark.parametrize("client_id", ["always-the-same", "00000000-0000-0000-0000-000000000000"])
async def test_a_phone_that_always_sends_one_client_id_rings_anew_once_its_incident_is_closed(house: House, client_id: str) -> None:
    phone = await house.phone()
    content = json.dumps({"client_id": client_id}).encode()
    first = await phone.send("POST", "alerts", content=content)
    joined = await phone.send("POST", "alerts", content=content)
    assert joined.text == first.text
    await house.close(first.json()["incident_id"])

    third = await phone.send("POST", "alerts", content=content)
    fourth = await phone.send("POST", "alerts", content=content)

    assert third.status_code == 202
    assert third.json()["incident_id"] != first.json()["incident_id"]
    assert fourth.text == third.text
    assert len(await house.rows("SELECT 1 FROM kades_fault WHERE kind = 'client_id_reused'")) == 1


async def test_another_body_under_a_client_id_whose_incident_is_closed_rings_anew(house: House) -> None:
    phone = await house.phone()
    client_id = str(new_id())
    first = await phone.press(None, client_id=client_id)
    await house.close(first.json()["incident_id"])
    house.clock.move(timedelta(hours=3))

    again = await phone.press(HERE, client_id=client_id)

    assert again.json()["incident_id"] != first.json()["incident_id"]


async def test_a_further_press_joins_her_open_incident_and_the_desk_hears_how_many(house: House) -> None:
    phone = await house.phone()
    first = await phone.press(HERE)
    house.clock.move(timedelta(seconds=20))

    second = await phone.press(HERE)

    assert second.json()["incident_id"] == first.json()["incident_id"]
    assert [frame["data"]["further"] for frame in await house.events("kades.alert")] == [0, 1]


async def test_a_new_phone_of_the_same_woman_joins_her_open_incident(house: House) -> None:
    old = await house.phone()
    new = await house.phone(like=old)
    assert new.caller_id == old.caller_id
    assert new.device_id != old.device_id

    first, second = await old.press(HERE), await new.press(HERE)

    assert first.json()["incident_id"] == second.json()["incident_id"]


async def test_a_revoked_phone_rings_the_desk_and_sends_nobody_by_itself(house: House) -> None:
    phone = await house.phone()
    async with house.db.tx(EVERY) as tx:
        await revoke_device(tx, phone.device_id, house.clock.now(), None, "kayıp")

    answer = await phone.press(HERE)

    assert answer.status_code == 202
    incident = await house.row("SELECT * FROM incident")
    assert not incident["automatic"]
    assert await alarms(house) == ["revoked_device"]
    assert (await house.row("SELECT device_revoked FROM kades_alert"))["device_revoked"]


async def test_the_token_of_a_phone_does_not_lapse_with_time(house: House) -> None:
    phone = await house.phone()
    house.clock.move(timedelta(days=4000))

    assert (await phone.press(HERE)).status_code == 202


async def test_without_a_position_it_rings_in_the_registered_province_and_waits_for_a_place(house: House) -> None:
    phone = await house.phone(province=BURSA)

    await phone.press(None)

    incident = await house.row("SELECT * FROM incident")
    assert (incident["provinces"], incident["position_kind"], incident["automatic"]) == ([BURSA], "none", True)


async def test_without_a_position_it_rings_where_she_last_was_and_where_she_is_registered(house: House) -> None:
    phone = await house.phone(province=BURSA)
    first = await phone.press(HERE)
    await house.close(first.json()["incident_id"])
    house.clock.move(timedelta(hours=2))

    await phone.press(None)

    incident = await house.row("SELECT * FROM incident WHERE closed_at IS NULL")
    assert sorted(incident["provinces"]) == [BURSA, ESKISEHIR]
    assert (incident["position_kind"], incident["automatic"]) == ("last_known", True)
    assert incident["fixed_at"] == house.clock.now() - timedelta(hours=2)
    frames = await house.events("kades.alert")
    assert frames[-1]["channels"] == [f"desk:{BURSA}", f"desk:{ESKISEHIR}"]


async def test_a_fix_of_yesterday_in_the_press_is_shown_as_last_known(house: House) -> None:
    phone = await house.phone(province=BURSA)
    yesterday = (house.clock.now() - timedelta(hours=20)).isoformat()

    await phone.press({**HERE, "fixed_at": yesterday})

    incident = await house.row("SELECT * FROM incident")
    assert (sorted(incident["provinces"]), incident["position_kind"], incident["automatic"]) == ([BURSA, ESKISEHIR], "last_known", True)


async def test_a_place_older_than_a_day_is_shown_and_alarms_the_desk_instead_of_sending_a_team(house: House) -> None:
    phone = await house.phone(province=BURSA)
    first = await phone.press(HERE)
    await house.close(first.json()["incident_id"])
    house.clock.move(timedelta(days=5))

    await phone.press(None)

    incident = await house.row("SELECT * FROM incident WHERE closed_at IS NULL")
    assert (incident["position_kind"], incident["automatic"]) == ("last_known", False)
    assert await alarms(house) == ["konumsuz"]


async def test_who_named_no_province_rings_in_the_default_one(house: House) -> None:
    phone = await house.phone(province=None)

    await phone.press(None)

    assert (await house.row("SELECT provinces FROM incident"))["provinces"] == [ANKARA]


async def test_the_first_fix_brings_the_incident_and_its_alerts_where_she_is_and_the_desk_that_was_rung_keeps_it(house: House) -> None:
    phone = await house.phone(province=BURSA)
    first = await phone.press(None)
    house.clock.move(timedelta(seconds=30))

    second = await phone.press(IN_KUTAHYA)

    assert first.json()["incident_id"] == second.json()["incident_id"]
    both = [BURSA, KUTAHYA]
    assert sorted((await house.row("SELECT provinces FROM incident"))["provinces"]) == both
    assert [sorted(row["provinces"]) for row in await house.rows("SELECT provinces FROM kades_alert")] == [both, both]


async def test_a_protection_order_goes_first_and_is_no_gate(house: House) -> None:
    with_order, without = await house.phone(), await house.phone()
    async with house.db.tx(EVERY) as tx:
        assert with_order.caller_id is not None
        await callers.add_protection_order(
            tx, with_order.caller_id, authority="2. Aile Mahkemesi", document="2026/17", valid_from=house.clock.now().date(), valid_to=None,
            by=new_id(), at=house.clock.now(),
        )  # fmt: skip

    await with_order.press(HERE)
    await without.press(HERE)

    assert [row["priority"] for row in await house.rows("SELECT priority FROM incident ORDER BY priority")] == [1, 2]


async def test_verdicts_on_earlier_alerts_change_nothing_about_the_next(house: House) -> None:
    phone, fresh = await house.phone(), await house.phone()
    for _ in range(6):
        answer = await phone.press(HERE)
        async with house.db.tx(EVERY) as tx:
            alert_id = await tx.value("SELECT id FROM kades_alert WHERE id = %(id)s", {"id": answer.json()["alert_id"]})
            await tx.execute(
                "INSERT INTO kades_evaluation (id, alert_id, verdict, note, by_id, by_name, at)"
                " VALUES (gen_random_uuid(), %(alert)s, 'mistaken', '', gen_random_uuid(), 'x', now())",
                {"alert": alert_id},
            )
        await house.close(answer.json()["incident_id"])
    house.clock.move(timedelta(hours=1))

    mistaken_often, never = await phone.press(HERE), await fresh.press(HERE)

    shown = "SELECT priority, automatic, may_take_last, provinces, position_kind, state FROM incident WHERE id = %(id)s"
    assert await house.row(shown, id=mistaken_often.json()["incident_id"]) == await house.row(shown, id=never.json()["incident_id"])


async def test_a_gateway_presses_for_the_caller_of_that_phone(house: House) -> None:
    phone, gateway = await house.phone(province=BURSA), await house.gateway({ESKISEHIR})

    answer = await gateway.press(None, trigger="sms", phone=phone.number)

    assert answer.status_code == 202
    alert = await house.row("SELECT * FROM kades_alert")
    assert (alert["caller_id"], alert["phone"], alert["provinces"]) == (phone.caller_id, phone.number, [BURSA])


async def test_her_phone_and_the_gateway_join_one_incident(house: House) -> None:
    phone, gateway = await house.phone(), await house.gateway({ESKISEHIR})

    by_app = await phone.press(HERE)
    by_sms = await gateway.press(None, trigger="sms", phone=phone.number)

    assert by_app.json()["incident_id"] == by_sms.json()["incident_id"]


@pytest.mark.parametrize("number", ["+905559999999", "nonsense", None])
async def test_an_unknown_phone_rings_in_the_gateways_province(house: House, number: str | None) -> None:
    gateway = await house.gateway({KUTAHYA})

    answer = await gateway.press(None, trigger="sms", phone=number)

    assert answer.status_code == 202
    assert (await house.row("SELECT provinces FROM incident"))["provinces"] == [KUTAHYA]
    assert await house.rows("SELECT 1 FROM kades_fault WHERE kind = 'caller_unknown'")


async def test_an_unknown_phone_joins_its_own_open_incident_and_no_other(house: House) -> None:
    gateway = await house.gateway({KUTAHYA})

    one = await gateway.press(None, phone="+905559999999")
    same = await gateway.press(None, phone="0555 999 99 99")
    other = await gateway.press(None, phone="+905558888888")
    nameless, again = await gateway.press(None), await gateway.press(None)

    ids = [answer.json()["incident_id"] for answer in (one, same, other, nameless, again)]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 4


@pytest.mark.parametrize("client_id", ["always-the-same", "0190a1b2-0000-7000-8000-000000000001"])
async def test_a_gateway_that_uses_one_id_for_everybody_loses_nobody(house: House, client_id: str) -> None:
    gateway = await house.gateway({KUTAHYA})

    one = await gateway.press(None, client_id=client_id, phone="+905559999999")
    other = await gateway.press(None, client_id=client_id, phone="+905558888888")
    other_again = await gateway.press(None, client_id=client_id, phone="+905558888888")

    assert one.json()["incident_id"] != other.json()["incident_id"]
    assert other_again.text == other.text
    assert len(await house.rows("SELECT 1 FROM incident")) == 2


async def test_presses_that_cross_a_revocation_all_ring(house: House) -> None:
    phone = await house.phone()

    async def revoke() -> None:
        async with house.db.tx(EVERY) as tx:
            await revoke_device(tx, phone.device_id, house.clock.now(), None, "kayıp")

    *answers, _ = await asyncio.gather(*(phone.press(HERE) for _ in range(6)), revoke(), return_exceptions=True)
    answers.append(await phone.press(HERE))

    assert [answer.status_code for answer in answers if not isinstance(answer, BaseException)] == [202] * 7
    assert len(await house.rows("SELECT 1 FROM kades_alert")) == 7
    assert await alarms(house) == ["revoked_device"]


async def test_many_women_at_once_each_get_an_incident_of_their_own(house: House) -> None:
    phones = [await house.phone() for _ in range(40)]

    answers = await asyncio.gather(*(phone.press(HERE) for phone in phones))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["incident_id"] for answer in answers}) == 40
    numbers = [row["olay_no"] for row in await house.rows("SELECT olay_no FROM incident")]
    assert len(set(numbers)) == 40


NASTY: list[Any] = [
    None, True, False, 0, -1, 10**400, 1e308, float("nan"), float("inf"), "", " ", "\x00", "\ud800", "\udfff\ud800", "x" * 5000, "ı İ ğ",
    "button", "silent", [], {}, [[]], {"": {}}, "2026-11-24T09:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "+905551234567",
    30.52, 39.77, "30.52", 181, -91, "'; DROP TABLE kades_alert; --", "%s %(id)s {0}", "\\", '"', "\u202e",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_a_phone_sends_beside_a_client_id_the_database_takes_it(house: House, seed: int) -> None:
    dice = random.Random(seed)
    phone = await house.phone()
    for _ in range(60):
        position = {name: dice.choice(NASTY) for name in ("lon", "lat", "accuracy_m", "fixed_at", "x\x00") if dice.random() < 0.8}
        said = {
            name: dice.choice([*NASTY, position])
            for name in ("pressed_at", "position", "trigger", "phone", "\ud800")
            if dice.random() < 0.8
        }
        client_id = dice.choice([one for one in NASTY if one is not None])
        content = json.dumps({**said, "client_id": client_id}, ensure_ascii=dice.random() < 0.5).encode("utf-8", "surrogatepass")

        answer = await phone.send("POST", "alerts", content=content)

        assert answer.status_code == 202, (content, answer.text)


async def test_a_national_gateway_names_no_province_and_the_default_rings(house: House) -> None:
    gateway = await house.gateway(set(range(1, 82)))

    await gateway.press(None)

    assert (await house.row("SELECT provinces FROM incident"))["provinces"] == [ANKARA]


async def test_a_phone_may_not_press_in_another_ones_name(house: House) -> None:
    mine, other = await house.phone(), await house.phone()

    await mine.press(HERE, phone=other.number)

    alert = await house.row("SELECT * FROM kades_alert")
    assert (alert["caller_id"], alert["phone"]) == (mine.caller_id, None)
    assert [row["kind"] for row in await house.rows("SELECT kind FROM kades_fault")] == ["phone_unexpected"]


async def test_a_silent_press_is_marked_for_everybody(house: House) -> None:
    phone = await house.phone()

    await phone.press(HERE, trigger="silent")

    assert (await house.row("SELECT silent FROM incident"))["silent"]
    assert (await house.events("kades.alert"))[0]["data"]["silent"]


async def test_a_press_at_sea_rings_in_the_nearest_province(house: House) -> None:
    phone = await house.phone(province=ANKARA)

    await phone.press({"lon": 29.0, "lat": 40.7, "accuracy_m": 30})

    incident = await house.row("SELECT provinces, position_kind FROM incident")
    assert incident["position_kind"] == "fix"
    assert incident["provinces"] != [ANKARA]


async def test_a_press_costs_few_round_trips(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.db import Tx

    phone = await house.phone()
    await phone.press(HERE)
    other = await house.phone()
    statements: list[str] = []
    execute = Tx.execute

    async def counted(self: Tx, sql: Any, params: Any = None) -> Any:
        statements.append(sql.split("\n")[0][:60])
        return await execute(self, sql, params)

    monkeypatch.setattr(Tx, "execute", counted)
    await other.press(HERE)

    # authenticate, facts, raise, incident.opened, its timer, alert, kades.alert
    assert len(statements) <= 7, statements


async def test_the_database_shows_a_press_to_its_own_provinces_only(house: House) -> None:
    phone = await house.phone(province=ESKISEHIR)
    await phone.press(HERE, trigger="?")
    tables = ("kades_alert", "kades_position", "kades_fault", "kades_caller")

    for scope, seen in ((frozenset({ESKISEHIR}), 1), (frozenset({BURSA}), 0), (frozenset(), 0)):
        async with house.db.tx(scope) as tx:
            for table in tables:
                assert await tx.value(f"SELECT count(*) FROM {table}") == seen, (table, scope)  # type: ignore[arg-type]


async def test_a_desk_sees_the_caller_of_a_press_in_its_province_wherever_she_is_registered(house: House) -> None:
    phone = await house.phone(province=BURSA)
    await phone.press(HERE)

    async with house.db.tx(frozenset({ESKISEHIR})) as tx:
        assert await tx.value("SELECT count(*) FROM kades_caller") == 1


@pytest.mark.parametrize("column", ["tc_no", "protected_address"])
async def test_the_api_cannot_read_a_tc_number_or_an_address_by_itself(house: House, column: str) -> None:
    await house.phone(address="Gizli Sokak 7")

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await house.rows(f"SELECT {column} FROM kades_caller")
