"""Lock-out per account and source: guessing is slow, and nobody locks out the night shift (issue 2, Identity)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from pydantic import SecretBytes

from core.clock import HeldClock
from core.identity import Identity, IdentitySettings, PasswordSettings, admin
from core.identity.passwords import Passwords
from core.identity.problems import TooBusy
from core.identity.rules import PAIR, SOURCE
from tests.core.identity.conftest import CHEAP, Make, client_from, signed_in, try_to_sign_in


async def fail(http: httpx.AsyncClient, username: str, times: int) -> list[int]:
    return [(await try_to_sign_in(http, username, "wrong password")).status_code for _ in range(times)]


async def test_five_wrong_passwords_lock_even_the_right_one_and_say_for_how_long(http: httpx.AsyncClient, make: Make) -> None:
    who = await make("nobetci")

    assert await fail(http, who.username, 5) == [401] * 5
    refused = await try_to_sign_in(http, who.username, who.password)

    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "60"
    assert refused.headers["content-type"] == "application/problem+json"


async def test_the_lock_opens_by_itself(http: httpx.AsyncClient, make: Make, clock: HeldClock) -> None:
    who = await make("nobetci")
    await fail(http, who.username, 5)

    clock.move(timedelta(seconds=60))

    assert (await try_to_sign_in(http, who.username, who.password)).status_code == 200
    assert await fail(http, who.username, 4) == [401] * 4  # a success forgets what was counted


async def test_a_locked_pair_is_not_locked_longer_by_trying(http: httpx.AsyncClient, make: Make, clock: HeldClock) -> None:
    who = await make("nobetci")
    await fail(http, who.username, 5)

    clock.move(timedelta(seconds=59))
    assert await fail(http, who.username, 20) == [429] * 20
    clock.move(timedelta(seconds=1))

    assert (await try_to_sign_in(http, who.username, who.password)).status_code == 200


async def test_a_stranger_who_guesses_does_not_lock_the_night_shift_out(app: FastAPI, make: Make) -> None:
    who = await make("nobetci")
    async with client_from(app, "203.0.113.7") as stranger, client_from(app, "10.0.0.1") as desk:
        assert (await fail(stranger, who.username, 12))[-1] == 429

        assert (await try_to_sign_in(desk, who.username, who.password)).status_code == 200


async def test_a_colleague_at_the_same_desk_is_not_locked_by_anothers_failures(http: httpx.AsyncClient, make: Make) -> None:
    one, two = await make("nobetci-1"), await make("nobetci-2")
    await fail(http, one.username, 6)

    assert (await try_to_sign_in(http, two.username, two.password)).status_code == 200


async def test_a_source_that_tries_many_names_is_capped_but_those_who_work_there_come_in(
    http: httpx.AsyncClient, make: Make, clock: HeldClock
) -> None:
    regular, newcomer = await make("nobetci-1"), await make("nobetci-2")
    await signed_in(http, regular)
    for number in range(SOURCE.allowed):
        await fail(http, f"guess-{number}", 1)

    assert (await try_to_sign_in(http, "one-more", "wrong password")).status_code == 429
    assert (await try_to_sign_in(http, newcomer.username, newcomer.password)).status_code == 429
    assert (await try_to_sign_in(http, regular.username, regular.password)).status_code == 200
    clock.move(timedelta(minutes=1))
    assert (await try_to_sign_in(http, newcomer.username, newcomer.password)).status_code == 200


async def test_a_hundred_guesses_at_once_are_all_counted(app: FastAPI, make: Make) -> None:
    who = await make("nobetci")
    async with client_from(app) as http:
        answers = await asyncio.gather(*(try_to_sign_in(http, who.username, "wrong password") for _ in range(60)))

    codes = [answer.status_code for answer in answers]
    assert codes.count(401) == PAIR.allowed
    assert codes.count(429) == 60 - PAIR.allowed


async def test_what_was_typed_as_a_name_is_not_kept(http: httpx.AsyncClient, fresh_url: str) -> None:
    await fail(http, "my-secret-password-in-the-wrong-box", 5)

    with psycopg.connect(fresh_url) as owner:
        for table in ("login_failure", "audit_entry"):
            rows = owner.execute(f"SELECT t::text FROM {table} t").fetchall()
            assert rows
            assert "secret" not in str(rows)


async def test_failures_and_the_lock_stand_in_the_audit(http: httpx.AsyncClient, make: Make, fresh_url: str) -> None:
    who = await make("nobetci")
    await fail(http, who.username, 6)

    with psycopg.connect(fresh_url) as owner:
        query = "SELECT (detail ->> 'locked_s')::int FROM audit_entry WHERE action = 'sign_in.refused' AND subject_id = %s ORDER BY id"
        assert owner.execute(query, [who.account_id]).fetchall() == [(0,), (0,), (0,), (0,), (60,)]


# --- argon2 ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def narrow() -> Iterator[Identity]:
    made = Identity(IdentitySettings(passwords=CHEAP.model_copy(update={"at_once": 1, "may_wait": 0}), token_key=SecretBytes(b"k" * 32)))
    yield made
    made.close()


async def test_more_sign_ins_than_the_machine_bears_are_asked_to_come_back_and_count_against_nobody(
    app: FastAPI, make: Make, narrow: Identity, fresh_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = await make("nobetci")
    app.state.identity = narrow
    monkeypatch.setattr(narrow.passwords, "matches", lambda *_: _raise(TooBusy()))
    async with client_from(app) as http:
        answers = [await try_to_sign_in(http, who.username, who.password) for _ in range(8)]

    assert {answer.status_code for answer in answers} == {429}
    assert {answer.json()["slug"] for answer in answers} == {"sign-in-busy"}
    assert answers[0].headers["retry-after"] == "2"
    with psycopg.connect(fresh_url) as owner:
        assert owner.execute("SELECT coalesce(sum(failures), 0) FROM login_failure").fetchone() == (0,)


async def _raise(problem: Exception) -> bool:
    raise problem


async def test_the_bound_on_hashing_holds() -> None:
    with Passwords(PasswordSettings(time_cost=1, memory_kib=8, parallelism=1, at_once=1, may_wait=2)) as passwords:
        stored = await passwords.hash("correct horse battery")
        results = await asyncio.gather(*(passwords.matches(stored, "correct horse battery") for _ in range(10)), return_exceptions=True)

        assert results.count(True) == 3
        assert sum(isinstance(result, TooBusy) for result in results) == 7
        assert await passwords.matches(stored, "correct horse battery")


async def test_nobodys_password_costs_the_same_work_and_never_fits() -> None:
    with Passwords(CHEAP) as passwords:
        assert not await passwords.matches(None, "nobody has this password")
        assert not await passwords.matches("not an argon2 hash", "anything")


async def test_stronger_parameters_reach_an_account_at_its_next_sign_in(app: FastAPI, make: Make, fresh_url: str) -> None:
    who: admin.NewSignIn = await make("nobetci")
    stronger = Identity(IdentitySettings(passwords=CHEAP.model_copy(update={"time_cost": 2}), token_key=SecretBytes(b"k" * 32)))
    app.state.identity = stronger
    try:
        async with client_from(app) as http:
            await signed_in(http, who)
            with psycopg.connect(fresh_url) as owner:
                kept = owner.execute("SELECT password_hash FROM account WHERE id = %s", [who.account_id]).fetchone()
            assert kept is not None
            assert "$argon2id$" in kept[0]
            assert ",t=2," in kept[0]
            await signed_in(http, who)
    finally:
        stronger.close()
