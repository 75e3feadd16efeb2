"""Signing in, being somebody, signing out (contract.md, Who may what)."""

from __future__ import annotations

from datetime import timedelta

import httpx
import psycopg
import pytest

from core.clock import HeldClock
from core.db import Database
from core.identity import Role, authenticate
from tests.core.identity.conftest import ESKISEHIR, Make, bearing, signed_in, try_to_sign_in


async def test_the_right_password_opens_the_doors_of_the_role(http: httpx.AsyncClient, make: Make) -> None:
    tokens = await signed_in(http, await make("nobetci"))

    me = await http.get("/api/v1/me", headers=bearing(tokens["access_token"]))

    assert tokens["token_type"] == "bearer"
    assert tokens["expires_in"] == 12 * 60
    assert me.json()["role"] == "dispatcher"
    assert me.json()["provinces"] == [ESKISEHIR]


async def test_a_name_typed_in_turkish_capitals_finds_its_account(http: httpx.AsyncClient, make: Make) -> None:
    who = await make("istanbul-1")

    answer = await try_to_sign_in(http, " İSTANBUL-1", who.password)

    assert answer.status_code == 200


async def test_no_token_and_no_password_lies_in_the_database(http: httpx.AsyncClient, make: Make, fresh_url: str) -> None:
    who = await make("nobetci")
    tokens = await signed_in(http, who)

    with psycopg.connect(fresh_url) as owner:
        tables = owner.execute("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        holding = ""
        for (table,) in tables.fetchall():
            text = "\n".join(str(row) for row in owner.execute(f"SELECT t::text FROM {table} t").fetchall())
            for secret in (who.password, tokens["access_token"], tokens["refresh_token"]):
                assert secret not in text, table
            holding += text
    # It did look where they would be.
    assert who.username in holding
    assert str(who.account_id) in holding


async def test_the_doors_answer_alike_for_wrong_password_unknown_name_and_disabled_account(http: httpx.AsyncClient, make: Make) -> None:
    known, gone = await make("nobetci"), await make("ayrildi")
    boss = await make("yonetici", Role.ADMIN, range(1, 82))
    head = bearing((await signed_in(http, boss))["access_token"])
    body = {"client_id": "0197a000-0000-7000-8000-000000000001"}
    assert (await http.post(f"/api/v1/accounts/{gone.account_id}/disable", json=body, headers=head)).status_code == 200

    answers = [
        await try_to_sign_in(http, known.username, "wrong password"),
        await try_to_sign_in(http, "nobody-at-all", "wrong password"),
        await try_to_sign_in(http, gone.username, gone.password),
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].json()["error"] == "invalid_grant"


async def test_a_token_is_nobodys_once_it_has_lapsed(http: httpx.AsyncClient, make: Make, clock: HeldClock) -> None:
    tokens = await signed_in(http, await make("nobetci"))

    clock.move(timedelta(minutes=12))

    assert (await http.get("/api/v1/me", headers=bearing(tokens["access_token"]))).status_code == 401


async def test_signing_out_ends_access_and_refresh(http: httpx.AsyncClient, make: Make) -> None:
    tokens = await signed_in(http, await make("nobetci"))

    out = await http.post("/api/v1/token/revoke", headers=bearing(tokens["access_token"]))

    assert out.status_code == 204
    assert (await http.get("/api/v1/me", headers=bearing(tokens["access_token"]))).status_code == 401
    again = await http.post("/api/v1/token/refresh", json={"refresh_token": tokens["refresh_token"], "device": "desk-1"})
    assert again.status_code == 401


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMIN])
async def test_auditor_and_admin_open_no_province_of_case_data(
    http: httpx.AsyncClient, make: Make, db: Database, clock: HeldClock, role: Role
) -> None:
    tokens = await signed_in(http, await make("kurum", role))

    async with db.tx() as tx:
        who = await authenticate(tx, tokens["access_token"], clock.now())
        assert who is not None
        assert who.scope == frozenset()
        assert await tx.value("SELECT core_scope()") == []
        assert await tx.value("SELECT core_office()") == [ESKISEHIR]


async def test_a_dispatchers_token_opens_exactly_their_provinces_for_one_transaction(
    http: httpx.AsyncClient, make: Make, db: Database, clock: HeldClock
) -> None:
    tokens = await signed_in(http, await make("nobetci", provinces=(26, 43)))

    async with db.tx() as tx:
        await authenticate(tx, tokens["access_token"], clock.now())
        assert await tx.value("SELECT core_scope()") == [26, 43]
        assert await tx.value("SELECT core_office()") == []
    async with db.tx() as tx:
        assert await tx.value("SELECT core_scope()") == []
