"""A small house: identity's doors on a real database, a clock that stands, argon2 at its cheapest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import httpx
import psycopg
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import SecretBytes

from core import problems
from core.clock import HeldClock
from core.db import Database
from core.identity import Identity, IdentitySettings, PasswordSettings, Role, admin
from core.identity.api import router
from core.middleware import Envelope

CHEAP = PasswordSettings(time_cost=1, memory_kib=8, parallelism=1)
ESKISEHIR = 26
ISTANBUL = 34

Make = Callable[..., Awaitable[admin.NewSignIn]]


#: Emptied after each test; the audit stays, since nobody can empty it, and tests look for their own entries there.
TABLES = ("access_token", "refresh_token", "session", "account", "device", "login_failure", "request_once")


@pytest.fixture
def fresh_url(clone_url: str) -> Iterator[str]:
    """One clone for a whole file, with no account in it: identity's tests are many and small."""
    yield clone_url
    with psycopg.connect(clone_url) as owner:
        for table in TABLES:
            owner.execute(cast("Any", f"DELETE FROM {table}"))


@dataclass
class SmallHouse:
    db: Database
    clock: HeldClock


@pytest.fixture
def identity() -> Iterator[Identity]:
    made = Identity(IdentitySettings(passwords=CHEAP, token_key=SecretBytes(b"k" * 32)))
    yield made
    made.close()


def small_app(db: Database, clock: HeldClock, identity: Identity, *routers: APIRouter) -> FastAPI:
    """An application of these routes alone."""
    small = FastAPI()
    small.state.house = SmallHouse(db, clock)
    small.state.identity = identity
    problems.install(small)
    small.add_middleware(Envelope)
    for one in routers:
        small.include_router(one)
    return small


@pytest.fixture
def app(db: Database, clock: HeldClock, identity: Identity) -> FastAPI:
    return small_app(db, clock, identity, router)


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_from(app) as client:
        yield client


def client_from(app: FastAPI, address: str = "10.0.0.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, client=(address, 40_000), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://merkez", headers={"User-Agent": "Desk/1.0", "Accept-Language": "en"})


@pytest.fixture
def make(db: Database, clock: HeldClock, identity: Identity) -> Make:
    async def an_account(username: str, role: Role = Role.DISPATCHER, provinces: Any = (ESKISEHIR,), **more: Any) -> admin.NewSignIn:
        async with db.tx() as tx:
            return await admin.create(
                tx, identity, username=username, name=f"N. {username}", role=role, provinces=provinces, now=clock.now(), **more
            )

    return an_account


async def signed_in(http: httpx.AsyncClient, who: admin.NewSignIn, device: str = "desk-1") -> dict[str, Any]:
    answer = await try_to_sign_in(http, who.username, who.password, device)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def try_to_sign_in(http: httpx.AsyncClient, username: str, password: str, device: str = "desk-1") -> httpx.Response:
    form = {"grant_type": "password", "username": username, "password": password, "device": device}
    return await http.post("/api/v1/token", data=form)


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
