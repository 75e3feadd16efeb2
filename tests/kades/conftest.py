"""A KADES room on a real PostGIS: callers, phones, desks, and the application with the room's routes alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from psycopg import sql
from pydantic import SecretBytes

from core import problems
from core.clock import HeldClock
from core.db import EVERY, Database, Row
from core.identity import Identity, IdentitySettings, PasswordSettings, Role
from core.identity.store import set_office
from core.identity.tokens import new_token, token_hash
from core.ids import new_id
from core.middleware import Envelope
from core.relay import Event
from core.timers import Timer, drop_timer
from core.web import Write
from dispatch import inbox as dispatch_inbox
from geo.places import place_index
from geo.point import Point
from kades import api, inbox, press_api
from kades.codes import Codes
from kades.parts import Kades
from kades.service import registrations
from kades.sms import ShownSms
from tests.conftest import clone_of

#: Where nobody knows better.
ANKARA, ESKISEHIR, KUTAHYA, BURSA = 6, 26, 43, 16
KEY = b"k" * 32


#: Emptied before each test; the audit stays, since nobody can empty it, and tests look for entries younger than themselves.
TABLES = (
    "kades_registration", "kades_caller", "kades_protection_order", "kades_alert", "kades_position", "kades_fault", "kades_evaluation",
    "kades_cancellation", "kades_code", "address_opening", "incident", "incident_event", "incident_caller", "dispatch", "candidate",
    "alarm", "team", "team_position", "device", "account", "session", "access_token", "request_once", "outbox", "event_log", "timer",
)  # fmt: skip


@pytest.fixture(scope="session")
def kades_url(server: str, template: str) -> Iterator[str]:
    """One clone of the template for all of this room's tests in a worker: they are many, and a clone costs more than a test."""
    with clone_of(server, template) as url:
        yield url


@pytest.fixture
def fresh_url(kades_url: str) -> str:
    """That clone with nobody in it."""
    with psycopg.connect(kades_url) as owner:
        owner.execute("SET session_replication_role = replica")
        for table in TABLES:
            owner.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
    return kades_url


def a_tc_no(seed: int) -> str:
    """A number whose check digits fit, of nobody in particular."""
    digits = [int(digit) for digit in f"{100_000_000 + seed:09d}"]
    tenth = (sum(digits[0:9:2]) * 7 - sum(digits[1:8:2])) % 10
    return "".join(map(str, [*digits, tenth, (sum(digits) + tenth) % 10]))


def province_of(point: Point) -> int | None:
    place = place_index().place_of(point)
    return place.province_code if place else None


@dataclass
class House:
    db: Database
    clock: HeldClock
    identity: Identity
    kades: Kades
    app: FastAPI
    http: httpx.AsyncClient
    url: str = ""
    since: UUID = field(default_factory=new_id)  #: Audit entries of this test have a later id.
    made: Iterator[int] = field(default_factory=lambda: count(1_000_001))

    async def rows(self, statement: Any, **params: object) -> list[Row]:
        async with self.db.tx(EVERY) as tx:
            return await tx.rows(statement, params)

    async def row(self, statement: Any, **params: object) -> Row:
        (found,) = await self.rows(statement, **params)
        return found

    async def phone(self, *, province: int | None = ESKISEHIR, address: str | None = None, like: Phone | None = None) -> Phone:
        """A registered woman with her phone; `like`: the same woman on another one."""
        made = like.made if like else next(self.made)
        number = f"+90555{made:07d}"
        form = registrations.Form(
            client_id=new_id(), tc_no=a_tc_no(made), phone=number, language="tr", safe_channel="sms", name=None,
            protected_address=address, province=province, place=None,
        )  # fmt: skip
        now = self.clock.now()
        async with self.db.tx() as tx:
            begun = await registrations.begin(tx, form, "test", self.kades, now)
            assert begun.code is not None
            verified = await registrations.verify(
                tx, begun.registration_id, Write(client_id=new_id()), code=begun.code, cancel_code="1111", duress_code="9999",
                kades=self.kades, now=now,
            )  # fmt: skip
        assert verified is not None
        assert verified.device_token is not None
        caller = await self.row("SELECT subject_id FROM device WHERE id = %(id)s", id=verified.device_id)
        return Phone(self, caller["subject_id"], verified.device_id, verified.device_token, number, made)

    async def gateway(self, provinces: set[int], kind: Role = Role.GATEWAY) -> Phone:
        async with self.db.tx(EVERY) as tx:
            await set_office(tx, EVERY)
            issued = await self.identity.issue_device(
                tx, kind=kind, name="SMS", provinces=provinces, subject_id=None, now=self.clock.now(), by=None
            )
        return Phone(self, None, issued.device_id, issued.token)

    async def somebody(self, role: Role, *provinces: int, team_id: UUID | None = None) -> Somebody:
        """An account of that role, signed in."""
        account, session, token = new_id(), new_id(), new_token()
        ends = self.clock.now() + timedelta(days=400)
        with psycopg.connect(self.url) as admin:
            admin.execute(
                "INSERT INTO account (id, username, name, role, provinces, team_id, password_hash, created_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, 'x', now())",
                [account, f"u-{account.hex}", f"{role.value} {next(self.made)}", role.value, list(provinces), team_id],
            )
            admin.execute(
                "INSERT INTO session (id, account_id, device_hash, source_hash, started_at, expires_at) VALUES (%s, %s, '', '', now(), %s)",
                [session, account, ends],
            )
            admin.execute("INSERT INTO access_token VALUES (%s, %s, %s)", [token_hash(token), session, ends])
        return Somebody(self, account, token)

    async def team(self, province: int = ESKISEHIR) -> UUID:
        """A crew, off duty so that nothing sends it by itself."""
        team_id = new_id()
        with psycopg.connect(self.url) as admin:
            admin.execute(
                "INSERT INTO team (id, code, kind, force, province, roster_at, created_at)"
                " VALUES (%s, %s, 'patrol', 'police', %s, now(), now())",
                [team_id, f"T{next(self.made)}", province],
            )
        return team_id

    async def assign(self, incident_id: str, team_id: UUID, state: str = "accepted", by: str = "app") -> UUID:
        """Put a dispatch in a state, as dispatch would have after the crew's answers."""
        dispatch_id, now = new_id(), self.clock.now()
        with psycopg.connect(self.url) as admin:
            admin.execute(
                "INSERT INTO dispatch (id, incident_id, provinces, team_id, team_code, team_province, state, round, offered_at, ack_due_at,"
                " accept_due_at, accepted_at, by, lead)"
                " SELECT %s, i.id, i.provinces || t.province, t.id, t.code, t.province, %s, 1, %s, %s, %s, %s, %s, true"
                " FROM incident i, team t WHERE i.id = %s AND t.id = %s",
                [dispatch_id, state, now, now, now, now, by, incident_id, team_id],
            )
        return dispatch_id

    async def move(self, dispatch_id: UUID, state: str) -> None:
        with psycopg.connect(self.url) as admin:
            admin.execute("UPDATE dispatch SET state = %s WHERE id = %s", [state, dispatch_id])

    async def moved(self, incident_id: str) -> None:
        """Tell KADES that dispatch changed something, as the follower does."""
        async with self.db.tx(EVERY, role="merkez_timers") as tx:
            event = Event(1, "incident.changed", self.clock.now(), (), None, "")
            await inbox.follow(tx, [(event, {"id": incident_id})], self.clock.now())

    async def run_timers(self) -> None:
        """Run this room's timers that are due now."""
        rows = await self.rows(
            "SELECT kind, subject_id, due_at, data FROM timer WHERE kind LIKE 'kades.%%' AND due_at <= %(at)s", at=self.clock.now()
        )
        for row in rows:
            timer = Timer(row["kind"], row["subject_id"], row["due_at"], row["data"])
            async with self.db.tx(EVERY, role="merkez_timers") as tx:
                await inbox.TIMERS[timer.kind](tx, timer, self.clock.now())
                await drop_timer(tx, timer.kind, timer.subject_id)

    async def events(self, type_: str) -> list[Row]:
        """What waits for the relay."""
        async with self.db.tx(EVERY, role="merkez_relay") as tx:
            return await tx.rows("SELECT channels, data FROM outbox WHERE type = %(type)s ORDER BY id", {"type": type_})

    async def close(self, incident_id: str) -> None:
        async with self.db.tx(EVERY) as tx:
            await dispatch_inbox.withdraw_incident(tx, UUID(incident_id), "test", self.clock.now())


@dataclass
class Somebody:
    house: House
    id: UUID
    token: str

    async def send(self, method: str, path: str, *, json: Any = None) -> httpx.Response:
        return await self.house.http.request(method, f"/api/v1/{path}", json=json, headers={"Authorization": f"Bearer {self.token}"})

    async def get(self, path: str) -> httpx.Response:
        return await self.send("GET", path)

    async def post(self, path: str, **said: Any) -> httpx.Response:
        return await self.send("POST", path, json={"client_id": str(new_id()), **said})


@dataclass
class Phone:
    house: House
    caller_id: UUID | None
    device_id: UUID
    token: str
    number: str = ""
    made: int = 0

    async def send(self, method: str, path: str, *, json: Any = None, content: bytes | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return await self.house.http.request(method, f"/api/v1/kades/{path}", json=json, content=content, headers=headers)

    async def press(self, position: Any = None, **more: Any) -> httpx.Response:
        now = self.house.clock.now().isoformat()
        if position is not None and "fixed_at" not in position:
            position = {**position, "fixed_at": now}
        said = {"client_id": str(new_id()), "pressed_at": now, "position": position, "trigger": "button", **more}
        return await self.send("POST", "alerts", json=said)


@pytest.fixture
async def house(db: Database, clock: HeldClock, fresh_url: str) -> AsyncIterator[House]:
    settings = IdentitySettings(token_key=SecretBytes(KEY), passwords=PasswordSettings(time_cost=1, memory_kib=8, parallelism=1))
    identity = Identity(settings)
    kades = Kades(identity=identity, sms=ShownSms(), codes=Codes(KEY), province_of=province_of, default_province=ANKARA)
    app = FastAPI()
    problems.install(app)
    app.add_middleware(Envelope)
    app.include_router(press_api.router)
    app.include_router(api.router)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as http:
        made = House(db, clock, identity, kades, app, http, fresh_url)
        app.state.house = made
        app.state.kades = kades
        app.state.identity = identity
        yield made
    identity.close()
