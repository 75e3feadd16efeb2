"""A KADES room on a real PostGIS: callers, phones, desks, and the application with the room's routes alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretBytes

from core import problems
from core.clock import HeldClock
from core.db import EVERY, Database, Row
from core.identity import Identity, IdentitySettings, PasswordSettings, Role
from core.identity.store import set_office
from core.ids import new_id
from core.middleware import Envelope
from core.timers import TimerWorker
from core.web import Write
from geo.places import place_index
from geo.point import Point
from kades import api, inbox
from kades.codes import Codes
from kades.parts import Kades
from kades.service import registrations
from kades.sms import ShownSms

#: Where nobody knows better.
ANKARA, ESKISEHIR, KUTAHYA, BURSA = 6, 26, 43, 16
KEY = b"k" * 32


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
    made: Iterator[int] = field(default_factory=lambda: count(1_000_001))

    async def rows(self, sql: Any, **params: object) -> list[Row]:
        async with self.db.tx(EVERY) as tx:
            return await tx.rows(sql, params)

    async def row(self, sql: Any, **params: object) -> Row:
        (found,) = await self.rows(sql, **params)
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

    async def run_timers(self) -> None:
        """Run what is due now."""
        worker = TimerWorker(self.db, self.clock, inbox.TIMERS)
        while await worker.run_one():
            pass


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
async def house(db: Database, clock: HeldClock) -> AsyncIterator[House]:
    settings = IdentitySettings(token_key=SecretBytes(KEY), passwords=PasswordSettings(time_cost=1, memory_kib=8, parallelism=1))
    identity = Identity(settings)
    kades = Kades(identity=identity, sms=ShownSms(), codes=Codes(KEY), province_of=province_of, default_province=ANKARA)
    app = FastAPI()
    problems.install(app)
    app.add_middleware(Envelope)
    app.include_router(api.router)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as http:
        made = House(db, clock, identity, kades, app, http)
        app.state.house = made
        app.state.kades = kades
        app.state.identity = identity
        yield made
    identity.close()
