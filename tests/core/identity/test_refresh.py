"""Refresh families on a real database (contract.md: the same one within 60 s gets the same successor, later reuse ends the family)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from core.clock import HeldClock
from core.db import Database
from core.identity import Identity
from core.identity.sign_in import device_key
from tests.core.identity.conftest import Make, bearing, client_from, signed_in
from tests.waiting import comes

DESK = device_key("desk-1", None)


async def renewed(http: httpx.AsyncClient, token: str, device: str = "desk-1", *, form: bool = False) -> httpx.Response:
    body = {"refresh_token": token, "device": device}
    return await http.post("/api/v1/token/refresh", **({"data": body} if form else {"json": body}))  # type: ignore[arg-type]


async def is_in(http: httpx.AsyncClient, tokens: dict[str, Any]) -> bool:
    return (await http.get("/api/v1/me", headers=bearing(tokens["access_token"]))).status_code == 200


@pytest.mark.parametrize("form", [False, True], ids=["json", "form"])
async def test_a_refresh_gives_new_tokens_and_the_chain_goes_on(http: httpx.AsyncClient, make: Make, *, form: bool) -> None:
    first = await signed_in(http, await make("nobetci"))

    second = (await renewed(http, first["refresh_token"], form=form)).json()
    third = (await renewed(http, second["refresh_token"], form=form)).json()

    assert len({first["refresh_token"], second["refresh_token"], third["refresh_token"]}) == 3
    assert await is_in(http, third)


async def test_a_lost_answer_within_a_minute_gets_the_same_successor(http: httpx.AsyncClient, make: Make, clock: HeldClock) -> None:
    first = await signed_in(http, await make("nobetci"))
    lost = (await renewed(http, first["refresh_token"])).json()

    clock.move(timedelta(seconds=59))
    again = (await renewed(http, first["refresh_token"])).json()

    assert again["refresh_token"] == lost["refresh_token"]
    assert await is_in(http, again)


async def test_a_reuse_after_a_minute_ends_the_family_and_stands_in_the_audit(
    http: httpx.AsyncClient, make: Make, clock: HeldClock, fresh_url: str
) -> None:
    who = await make("nobetci")
    first = await signed_in(http, who)
    second = (await renewed(http, first["refresh_token"])).json()

    clock.move(timedelta(seconds=60))
    reused = await renewed(http, first["refresh_token"])

    assert reused.status_code == 401
    assert reused.json()["error"] == "invalid_grant"
    assert not await is_in(http, second)
    assert (await renewed(http, second["refresh_token"])).status_code == 401
    with psycopg.connect(fresh_url) as owner:
        query = "SELECT reason FROM audit_entry WHERE action = 'session.ended' AND subject_id = %s"
        found = owner.execute(query, [who.account_id]).fetchall()
    assert found == [("reuse",)]


async def test_a_token_carried_to_another_device_ends_the_family(http: httpx.AsyncClient, make: Make) -> None:
    first = await signed_in(http, await make("nobetci"), "desk-1")

    assert (await renewed(http, first["refresh_token"], "thief")).status_code == 401

    assert not await is_in(http, first)
    assert (await renewed(http, first["refresh_token"], "desk-1")).status_code == 401


async def test_one_persons_second_device_is_not_touched_when_the_first_ones_family_ends(http: httpx.AsyncClient, make: Make) -> None:
    who = await make("nobetci")
    desk, phone = await signed_in(http, who, "desk-1"), await signed_in(http, who, "phone-1")

    await renewed(http, desk["refresh_token"], "thief")

    assert not await is_in(http, desk)
    assert await is_in(http, phone)


async def test_a_shift_that_never_came_back_signs_in_again(http: httpx.AsyncClient, make: Make, clock: HeldClock) -> None:
    first = await signed_in(http, await make("nobetci"))

    clock.move(timedelta(hours=16))

    assert (await renewed(http, first["refresh_token"])).status_code == 401


async def test_after_a_week_everybody_shows_the_password_again(http: httpx.AsyncClient, make: Make, clock: HeldClock) -> None:
    tokens = await signed_in(http, await make("nobetci"))
    hours = 0
    while True:
        clock.move(timedelta(hours=12))
        hours += 12
        answer = await renewed(http, tokens["refresh_token"])
        if answer.status_code != 200:
            break
        tokens = answer.json()

    assert hours == 7 * 24


async def test_a_token_that_never_was_is_refused(http: httpx.AsyncClient) -> None:
    for token in ("", "x", "a" * 43, "ğ" * 43):
        assert (await renewed(http, token)).status_code == 401


async def test_a_body_that_is_none_says_so_and_repeats_nothing_of_it(http: httpx.AsyncClient) -> None:
    for body in (b"", b"[]", b'{"refresh_token": 987654}', b'{"refresh_token": "x", "more": 987654}', b"\xff", b"{", b'"987654"'):
        answer = await http.post("/api/v1/token/refresh", content=body, headers={"Content-Type": "application/json"})

        assert answer.status_code == 422, body
        assert answer.json()["slug"] == "wrong-body"
        assert "987654" not in answer.text


async def test_two_calls_at_once_get_the_same_successor(app: FastAPI, make: Make) -> None:
    """Two tabs wake from sleep together: really at once, on two connections."""
    async with client_from(app) as one, client_from(app) as two:
        first = await signed_in(one, await make("nobetci"))
        for _ in range(10):
            answers = await asyncio.gather(*(renewed(who, first["refresh_token"]) for who in (one, two) * 4))
            bodies = [answer.json() for answer in answers]

            assert [answer.status_code for answer in answers] == [200] * 8
            assert len({body["refresh_token"] for body in bodies}) == 1
            assert len({body["access_token"] for body in bodies}) == 8
            assert all([await is_in(one, body) for body in bodies])
            first = bodies[0]


async def test_a_second_call_waits_for_the_first_ones_commit(
    db: Database, identity: Identity, make: Make, http: httpx.AsyncClient, clock: HeldClock
) -> None:
    first = (await signed_in(http, await make("nobetci")))["refresh_token"]
    async with db.tx() as tx:
        mine = await identity.refresh(tx, first, DESK, clock.now())
        second = asyncio.create_task(_refresh(db, identity, first, clock))
        async with db.tx() as watch:
            await _until_somebody_waits(watch)
        assert not second.done()
    theirs = await second

    assert mine is not None
    assert theirs is not None
    assert mine.refresh_token == theirs.refresh_token


async def _refresh(db: Database, identity: Identity, token: str, clock: HeldClock) -> Any:
    async with db.tx() as tx:
        return await identity.refresh(tx, token, DESK, clock.now())


async def _until_somebody_waits(tx: Any) -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')"
    await comes(lambda: tx.value(waiting), "somebody who waits")
