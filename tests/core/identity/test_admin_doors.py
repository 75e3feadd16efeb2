"""An admin's accounts and devices: own provinces only, no case data, every act audited, sessions cut."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast
from uuid import uuid4

import httpx
import psycopg
import pytest

from core.clock import HeldClock
from core.db import EVERY, Database
from core.identity import (
    ACCOUNT_ROLES,
    Identity,
    Role,
    admin,
    authenticate,
    cut_sessions,
    names_of,
    revoke_device,
    revoked_since,
    still_good,
)
from core.identity.jobs import prune
from tests.core.identity.conftest import ESKISEHIR, ISTANBUL, Make, bearing, signed_in, try_to_sign_in


@pytest.fixture
async def boss(http: httpx.AsyncClient, make: Make) -> dict[str, str]:
    who = await make("yonetici", Role.ADMIN, (ESKISEHIR, 43))
    return bearing((await signed_in(http, who))["access_token"])


def an_account(**more: Any) -> dict[str, Any]:
    body = {
        "client_id": str(uuid4()),
        "username": "yeni-nobetci",
        "name": "N. Yeni",
        "role": "operator",
        "provinces": [ESKISEHIR],
        "password": "uzun bir parola 1",
    }
    return {**body, **more}


def a_gate(**more: Any) -> dict[str, Any]:
    return {"client_id": str(uuid4()), "kind": "gate", "name": "G-1", "provinces": [ESKISEHIR], "subject_id": str(uuid4()), **more}


def once() -> dict[str, str]:
    return {"client_id": str(uuid4())}


# --- accounts ----------------------------------------------------------------------------------------------------------------


async def test_a_new_account_signs_in(http: httpx.AsyncClient, boss: dict[str, str]) -> None:
    body = an_account()

    made = await http.post("/api/v1/accounts", json=body, headers=boss)

    assert made.status_code == 201, made.text
    assert "password" not in made.text
    assert (await try_to_sign_in(http, body["username"], body["password"])).status_code == 200


async def test_the_same_request_twice_makes_one_account_and_answers_the_same(http: httpx.AsyncClient, boss: dict[str, str]) -> None:
    body = an_account()

    first = await http.post("/api/v1/accounts", json=body, headers=boss)
    again = await http.post("/api/v1/accounts", json=body, headers=boss)
    other = await http.post("/api/v1/accounts", json={**body, "name": "N. Başka"}, headers=boss)

    assert first.json() == again.json()
    assert other.status_code == 409
    assert other.json()["slug"] == "client-id-reused"


async def test_two_accounts_cannot_share_a_name_in_any_spelling(http: httpx.AsyncClient, boss: dict[str, str]) -> None:
    await http.post("/api/v1/accounts", json=an_account(username="sicil-12"), headers=boss)

    taken = await http.post("/api/v1/accounts", json=an_account(username="SİCİL-12"), headers=boss)

    assert taken.status_code == 409
    assert taken.json()["slug"] == "username-taken"


async def test_an_admin_makes_nothing_for_other_provinces(http: httpx.AsyncClient, boss: dict[str, str]) -> None:
    for provinces in ([ISTANBUL], [ESKISEHIR, ISTANBUL]):
        account = await http.post("/api/v1/accounts", json=an_account(provinces=provinces), headers=boss)
        device = await http.post("/api/v1/devices", json=a_gate(provinces=provinces), headers=boss)

        assert [account.status_code, device.status_code] == [403, 403]
        assert account.json()["slug"] == device.json()["slug"] == "outside-office"


WRONG_ACCOUNTS: list[dict[str, Any]] = [
    {"provinces": []},
    {"provinces": [0]},
    {"provinces": [82]},
    {"role": "kades"},
    {"role": "team"},
    {"team_id": str(uuid4())},
    {"username": "a b c"},
    {"username": "-abc"},
    {"password": "too short"},
    {"name": ""},
    {"more": 1},
]


async def test_an_account_that_makes_no_sense_is_one_clear_error(http: httpx.AsyncClient, boss: dict[str, str]) -> None:
    for wrong in WRONG_ACCOUNTS:
        answer = await http.post("/api/v1/accounts", json=an_account(**wrong), headers=boss)

        assert answer.status_code == 422, wrong
        assert answer.json()["slug"] == "wrong-body"
        assert "uzun bir parola" not in answer.text


async def test_another_provinces_account_reads_like_one_that_never_was(http: httpx.AsyncClient, boss: dict[str, str], make: Make) -> None:
    other = await make("istanbul-1", provinces=(ISTANBUL,))
    for act in ("disable", "revoke-sessions", "password"):
        more = {"password": "uzun bir parola 2"} if act == "password" else {}
        theirs = await http.post(f"/api/v1/accounts/{other.account_id}/{act}", json={**once(), **more}, headers=boss)
        nobodys = await http.post(f"/api/v1/accounts/{uuid4()}/{act}", json={**once(), **more}, headers=boss)
        assert theirs.status_code == nobodys.status_code == 404
        assert theirs.json() == nobodys.json()

    listed = (await http.get("/api/v1/accounts", headers=boss)).json()["items"]
    assert [item["username"] for item in listed] == ["yonetici"]


async def test_a_disabled_account_is_out_at_once_on_every_device(
    http: httpx.AsyncClient, boss: dict[str, str], make: Make, db: Database, clock: HeldClock
) -> None:
    who = await make("nobetci")
    desk, phone = await signed_in(http, who, "desk-1"), await signed_in(http, who, "phone-1")
    principals = [await principal(db, tokens["access_token"], clock) for tokens in (desk, phone)]

    done = await http.post(f"/api/v1/accounts/{who.account_id}/disable", json=once(), headers=boss)

    assert done.status_code == 200
    assert done.json()["disabled_at"] is not None
    sessions = {one.session_id for one in principals}
    async with db.tx() as tx:
        assert await cut_sessions(tx, principals) == sessions
        assert await still_good(tx, list(sessions), clock.now()) == frozenset()
        assert sessions <= await revoked_since(tx, clock.now() - timedelta(seconds=20))
        assert not sessions & await revoked_since(tx, clock.now())
    for tokens in (desk, phone):
        assert (await http.get("/api/v1/me", headers=bearing(tokens["access_token"]))).status_code == 401
        again = await http.post("/api/v1/token/refresh", json={"refresh_token": tokens["refresh_token"], "device": "desk-1"})
        assert again.status_code == 401
    assert (await try_to_sign_in(http, who.username, who.password)).status_code == 401


async def test_revoking_sessions_signs_out_everywhere_and_lets_in_again(http: httpx.AsyncClient, boss: dict[str, str], make: Make) -> None:
    who = await make("nobetci")
    tokens = [await signed_in(http, who, device) for device in ("desk-1", "phone-1")]

    done = await http.post(f"/api/v1/accounts/{who.account_id}/revoke-sessions", json=once(), headers=boss)

    assert done.json() == {"sessions": 2}
    for held in tokens:
        assert (await http.get("/api/v1/me", headers=bearing(held["access_token"]))).status_code == 401
    await signed_in(http, who)


async def test_a_new_password_ends_what_was_opened_with_the_old_one(http: httpx.AsyncClient, boss: dict[str, str], make: Make) -> None:
    who = await make("nobetci")
    tokens = await signed_in(http, who)

    body = {**once(), "password": "yepyeni bir parola"}
    assert (await http.post(f"/api/v1/accounts/{who.account_id}/password", json=body, headers=boss)).status_code == 200

    assert (await http.get("/api/v1/me", headers=bearing(tokens["access_token"]))).status_code == 401
    assert (await try_to_sign_in(http, who.username, who.password)).status_code == 401
    assert (await try_to_sign_in(http, who.username, "yepyeni bir parola")).status_code == 200


async def test_an_admin_cannot_disable_the_own_account(http: httpx.AsyncClient, boss: dict[str, str]) -> None:
    own = (await http.get("/api/v1/me", headers=boss)).json()["id"]

    answer = await http.post(f"/api/v1/accounts/{own}/disable", json=once(), headers=boss)

    assert answer.status_code == 409
    assert (await http.get("/api/v1/me", headers=boss)).status_code == 200


async def test_a_password_reset_that_crosses_a_sign_in_leaves_no_session_behind(
    db: Database, identity: Identity, make: Make, clock: HeldClock
) -> None:
    """The password was right when it was checked; before the session is opened an admin resets it."""
    from core.identity.sign_in import caller_of

    who = await make("nobetci")
    caller = caller_of("10.0.0.1", "desk-1", None)
    async with db.tx() as tx:
        attempt = await identity.begin_sign_in(tx, who.username, caller, clock.now())
    async with db.tx() as tx:
        await admin.reset(tx, identity, who.username, clock.now())

    async with db.tx() as tx:
        assert await identity.conclude_sign_in(tx, attempt, clock.now()) is None


async def test_the_database_itself_keeps_an_admins_hands_within_the_provinces(
    http: httpx.AsyncClient, make: Make, db: Database, clock: HeldClock
) -> None:
    """Law 10: even a forgotten check in our code changes no row of another province."""
    other = await make("istanbul-1", provinces=(ISTANBUL,))
    token = (await signed_in(http, await make("yonetici", Role.ADMIN)))["access_token"]

    async with db.tx() as tx:
        await authenticate(tx, token, clock.now())
        touched = await tx.execute("UPDATE account SET disabled_at = now() WHERE id = %(id)s", {"id": other.account_id})
        assert touched.rowcount == 0
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with db.tx() as tx:
            await authenticate(tx, token, clock.now())
            await tx.execute(
                "INSERT INTO account (id, username, name, role, provinces, password_hash, created_at)"
                " VALUES (gen_random_uuid(), 'arka-kapi', 'N.', 'dispatcher', '{34}', 'x', now())"
            )


FORBIDDEN = [
    "SELECT password_hash FROM account",
    "SELECT * FROM account",
    "SELECT token_hash FROM access_token",
    "SELECT token_hash FROM device",
    "UPDATE account SET role = 'admin'",
    "UPDATE account SET provinces = '{34}'",
    "DELETE FROM account",
]


async def test_the_apis_role_can_neither_read_hashes_nor_promote_anybody(db: Database) -> None:
    for sql in FORBIDDEN:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with db.tx(EVERY) as tx:
                await tx.execute(cast("Any", sql))


async def test_nobody_but_an_admin_enters_the_admins_doors(http: httpx.AsyncClient, make: Make) -> None:
    for role in ACCOUNT_ROLES:
        if role is Role.ADMIN:
            continue
        more = {"team_id": uuid4()} if role is Role.TEAM else {}
        head = bearing((await signed_in(http, await make(f"biri-{role}", role, **more)))["access_token"])

        answers = [
            await http.get("/api/v1/accounts", headers=head),
            await http.post("/api/v1/accounts", json=an_account(), headers=head),
            await http.get("/api/v1/devices", headers=head),
            await http.post("/api/v1/devices", json=a_gate(), headers=head),
        ]

        assert {answer.status_code for answer in answers} == {403}, role


# --- devices -----------------------------------------------------------------------------------------------------------------


async def test_a_devices_token_is_given_and_given_again_for_a_day_and_never_after(
    http: httpx.AsyncClient, make: Make, clock: HeldClock, db: Database
) -> None:
    chief = await make("yonetici", Role.ADMIN)
    boss = bearing((await signed_in(http, chief))["access_token"])
    body = a_gate()
    first = await http.post("/api/v1/devices", json=body, headers=boss)
    again = await http.post("/api/v1/devices", json=body, headers=boss)

    assert first.status_code == 201
    assert first.json() == again.json()
    assert len(first.json()["token"]) == 43
    me = (await http.get("/api/v1/me", headers=bearing(first.json()["token"]))).json()
    assert (me["kind"], me["role"], me["subject_id"], me["expires_at"]) == ("device", "gate", body["subject_id"], None)

    clock.move(timedelta(hours=24, seconds=1))
    await prune(db, clock.now())
    boss = bearing((await signed_in(http, chief))["access_token"])
    assert (await http.post("/api/v1/devices", json=body, headers=boss)).json()["token"] is None
    assert (await http.get("/api/v1/me", headers=bearing(first.json()["token"]))).status_code == 200


async def test_a_devices_token_does_not_lapse_with_time(http: httpx.AsyncClient, boss: dict[str, str], clock: HeldClock) -> None:
    token = (await http.post("/api/v1/devices", json=a_gate(), headers=boss)).json()["token"]

    clock.move(timedelta(days=3650))

    assert (await http.get("/api/v1/me", headers=bearing(token))).status_code == 200


async def test_a_revoked_device_is_out_and_its_socket_is_named(
    http: httpx.AsyncClient, boss: dict[str, str], db: Database, clock: HeldClock
) -> None:
    made = (await http.post("/api/v1/devices", json=a_gate(), headers=boss)).json()
    who = await principal(db, made["token"], clock)

    done = await http.post(f"/api/v1/devices/{made['id']}/revoke", json=once(), headers=boss)

    assert done.json()["revoked_at"] is not None
    assert (await http.get("/api/v1/me", headers=bearing(made["token"]))).status_code == 401
    async with db.tx() as tx:
        assert await cut_sessions(tx, [who]) == {who.id}


async def test_a_revoked_kades_phone_is_still_known_so_that_its_press_rings_but_every_other_door_is_shut(
    http: httpx.AsyncClient, identity: Identity, db: Database, clock: HeldClock
) -> None:
    """Law 1: a revoked KADES token rings the desk."""
    async with db.tx() as tx:
        phone = await identity.issue_device(
            tx, kind=Role.KADES, name="KADES", provinces={ESKISEHIR}, subject_id=uuid4(), now=clock.now(), by=None
        )
    assert (await http.get("/api/v1/me", headers=bearing(phone.token))).status_code == 200
    async with db.tx() as tx:
        assert await revoke_device(tx, phone.device_id, clock.now(), None)
        assert not await revoke_device(tx, phone.device_id, clock.now(), None)

    who = await principal(db, phone.token, clock)

    assert who.revoked
    assert who.id == phone.device_id
    assert (await http.get("/api/v1/me", headers=bearing(phone.token))).status_code == 401


async def test_callers_phones_are_no_equipment_an_admin_could_list_or_revoke(
    http: httpx.AsyncClient, boss: dict[str, str], identity: Identity, db: Database, clock: HeldClock
) -> None:
    async with db.tx() as tx:
        phone = await identity.issue_device(
            tx, kind=Role.KADES, name="KADES", provinces={ESKISEHIR}, subject_id=uuid4(), now=clock.now(), by=None
        )

    assert (await http.get("/api/v1/devices", headers=boss)).json()["items"] == []
    assert (await http.post(f"/api/v1/devices/{phone.device_id}/revoke", json=once(), headers=boss)).status_code == 404
    assert (await http.post("/api/v1/devices", json=a_gate(kind="kades"), headers=boss)).status_code == 422


async def test_lists_go_on_from_their_cursor(http: httpx.AsyncClient, boss: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.identity.api.PAGE", 2)
    names = [f"G-{number}" for number in range(5)]
    for name in names:
        await http.post("/api/v1/devices", json=a_gate(name=name), headers=boss)

    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        listed = (await http.get("/api/v1/devices", params=cursor, headers=boss)).json()
        seen += [item["name"] for item in listed["items"]]
        if listed["next"] is None:
            break
        cursor = {"after": listed["next"]}

    assert seen == names


async def test_what_has_lapsed_is_deleted_and_what_is_in_use_stays(
    http: httpx.AsyncClient, make: Make, db: Database, clock: HeldClock, fresh_url: str
) -> None:
    who = await make("nobetci")
    await signed_in(http, who)
    await try_to_sign_in(http, "nobody", "wrong password")

    clock.move(timedelta(days=1, seconds=1))
    tokens = await signed_in(http, who)
    await prune(db, clock.now())
    with psycopg.connect(fresh_url) as owner:
        assert owner.execute("SELECT (SELECT count(*) FROM access_token), (SELECT count(*) FROM session)").fetchone() == (1, 2)
        assert owner.execute("SELECT count(*) FROM login_failure").fetchone() == (0,)
    assert (await http.get("/api/v1/me", headers=bearing(tokens["access_token"]))).status_code == 200

    clock.move(timedelta(days=38))
    await prune(db, clock.now())
    with psycopg.connect(fresh_url) as owner:
        for table in ("session", "access_token", "refresh_token"):
            assert owner.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


async def test_names_for_the_screen_come_by_id(make: Make, db: Database) -> None:
    one, two = await make("nobetci-1"), await make("nobetci-2")

    async with db.tx() as tx:
        assert await names_of(tx, [one.account_id, two.account_id, uuid4()]) == {
            one.account_id: "N. nobetci-1",
            two.account_id: "N. nobetci-2",
        }


# --- by the machine's own hand -----------------------------------------------------------------------------------------------


async def test_the_first_admin_is_made_once(http: httpx.AsyncClient, db: Database, identity: Identity, clock: HeldClock) -> None:
    async with db.tx() as tx:
        first = await admin.bootstrap(tx, identity, username="yonetici", now=clock.now())
    async with db.tx() as tx:
        second = await admin.bootstrap(tx, identity, username="yonetici-2", now=clock.now())

    assert first is not None
    assert second is None
    me = (await http.get("/api/v1/me", headers=bearing((await signed_in(http, first))["access_token"]))).json()
    assert me["role"] == "admin"
    assert me["provinces"] == list(range(1, 82))


async def test_by_hand_an_account_is_reset_disabled_and_listed(
    http: httpx.AsyncClient, make: Make, db: Database, identity: Identity, clock: HeldClock
) -> None:
    who = await make("nobetci")
    async with db.tx() as tx:
        anew = await admin.reset(tx, identity, "NÖBETÇİ".replace("Ö", "O").replace("Ç", "C"), clock.now())
    assert anew.account_id == who.account_id
    await signed_in(http, anew)
    async with db.tx() as tx:
        await admin.disable(tx, "nobetci", clock.now())
        listed = await admin.everybody(tx)
    assert [(row["username"], row["disabled_at"]) for row in listed] == [("nobetci", clock.now())]
    assert (await try_to_sign_in(http, anew.username, anew.password)).status_code == 401


async def principal(db: Database, token: str, clock: HeldClock) -> Any:
    async with db.tx() as tx:
        who = await authenticate(tx, token, clock.now())
    assert who is not None
    return who
