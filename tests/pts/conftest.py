"""A small house: the PTS routes on a real database, people and gates with real tokens."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import SecretBytes

from core import problems
from core.clock import HeldClock
from core.db import EVERY, Database
from core.identity import Identity, Role
from core.identity.settings import IdentitySettings
from core.identity.tokens import token_hash
from core.ids import new_id
from core.middleware import Envelope
from core.timers import TimerWorker
from geo.point import Point
from pts import api, hotlist_api, jobs, store
from pts.settings import PtsSettings

GATE_AT = {26: Point(lon=30.47, lat=39.79), 6: Point(lon=32.75, lat=39.93)}


@dataclass
class Small:
    """What `app.state.house` must have, and what tests look at it with."""

    db: Database
    clock: HeldClock
    url: str
    app: FastAPI
    identity: Identity

    async def person(self, role: Role, *provinces: int, team_id: UUID | None = None) -> Client:
        """Make somebody with an account and a token."""
        account, session, token = new_id(), new_id(), f"tok-{new_id()}"
        now = self.clock.now()
        with psycopg.connect(self.url) as admin:
            admin.execute(
                """
                INSERT INTO account (id, username, name, role, provinces, password_hash, created_at, team_id)
                VALUES (%s, %s, 'X', %s, %s, '-', %s, %s)
                """,
                [account, f"u{account.hex[:20]}", role.value, list(provinces), now, team_id or new_id() if role is Role.TEAM else None],
            )
            admin.execute(
                "INSERT INTO session (id, account_id, device_hash, source_hash, started_at, expires_at) VALUES (%s, %s, '', '', %s, %s)",
                [session, account, now, now + timedelta(days=30)],
            )
            ends = now + timedelta(days=30)
            admin.execute("INSERT INTO access_token VALUES (%s, %s, %s)", [token_hash(token), session, ends])
        return Client(self, token, account)

    async def gate(self, province: int = 26, name: str = "Ankara Yolu") -> Client:
        """Set up a gate with its token."""
        chief = await self.person(Role.ADMIN, province)
        point = GATE_AT[province]
        made = await chief.post("/pts/gates", 201, name=name, lon=point.lon, lat=point.lat, bearing_deg=95)
        return Client(self, made["token"], UUID(made["id"]))

    def rows(self, query: str, *params: object) -> list[tuple[Any, ...]]:
        """Look past every scope, as nobody in the house can."""
        with psycopg.connect(self.url) as admin:
            return admin.execute(query, params).fetchall()

    async def run_timers(self, kind: str) -> int:
        """Run what is due of one kind; how many there were."""
        self.rows("DELETE FROM timer WHERE kind <> %s RETURNING 1", kind)
        worker = TimerWorker(self.db, self.clock, jobs.TIMERS)
        ran = 0
        while await worker.run_one():
            ran += 1
        return ran


@dataclass
class Client:
    """One caller."""

    house: Small
    token: str
    id: UUID

    async def call(self, method: str, path: str, status: int = 200, **kwargs: Any) -> Any:
        """Call and require the status; answer the JSON."""
        if (body := kwargs.pop("json", None)) is not None:
            # In ASCII: a lone surrogate then reaches the server as a client with broken strings sends it.
            kwargs |= {"content": json.dumps(body)}
            headers_of_body = {"Content-Type": "application/json"}
        else:
            headers_of_body = {}
        transport = httpx.ASGITransport(self.house.app)
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Language": "en", **headers_of_body, **kwargs.pop("headers", {})}
        async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
            answer = await client.request(method, f"/api/v1{path}", headers=headers, **kwargs)
        assert answer.status_code == status, answer.text
        return answer.json() if "json" in answer.headers["content-type"] else answer.content

    async def get(self, path: str, status: int = 200, **params: Any) -> Any:
        return await self.call("GET", path, status, params=params)

    async def post(self, path: str, status: int = 200, **body: Any) -> Any:
        body.setdefault("client_id", str(new_id()))
        return await self.call("POST", path, status, json=body)

    async def reads(self, *reads: Any, status: int = 200, **more: Any) -> Any:
        """Hand in reads, as a gate does."""
        return await self.call("POST", "/pts/reads", status, json={"reads": list(reads), **more})


@contextmanager
def small_house(db: Database, clock: HeldClock, url: str, *routers: APIRouter) -> Iterator[Small]:
    """A house of these routes alone."""
    identity = Identity(IdentitySettings(token_key=SecretBytes(b"k" * 64)))
    app = FastAPI()
    small = Small(db, clock, url, app, identity)
    app.state.house, app.state.identity = small, identity
    problems.install(app)
    app.add_middleware(Envelope)
    for router in routers:
        app.include_router(router)
    yield small
    identity.close()


@pytest.fixture
async def house(db: Database, fresh_url: str, clock: HeldClock) -> AsyncIterator[Small]:
    async with db.tx(EVERY, role="merkez_sweep") as tx:
        await store.make_days(tx, clock.now().date(), 2)
    with small_house(db, clock, fresh_url, api.router(PtsSettings()), hotlist_api.router()) as small:
        yield small


Listed = Callable[..., Awaitable[str]]


@pytest.fixture
async def supervisor(house: Small) -> Client:
    return await house.person(Role.SUPERVISOR, 26)


@pytest.fixture
async def operator(house: Small) -> Client:
    return await house.person(Role.OPERATOR, 26)


@pytest.fixture
async def gate(house: Small) -> Client:
    return await house.gate()


@pytest.fixture
def listed(supervisor: Client) -> Listed:
    """List a plate; the entry's id."""

    async def add(plate: str, category: str = "stolen", **more: Any) -> str:
        body = {"plate": plate, "category": category, "authority": "Asayiş Şube", "document": "2026/441", **more}
        answer = await supervisor.post("/pts/hotlist", 201, **body)
        return str(answer["entry_id"])

    return add
