"""A dispatch room on a real PostGIS: teams on the map, incidents, timers run by hand, and the application with the room's routes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from pydantic import SecretBytes

import core.identity.api
from core import problems
from core.clock import HeldClock
from core.db import EVERY, Database, Row
from core.identity import Identity, IdentitySettings, PasswordSettings, Role, admin
from core.identity.store import set_office
from core.ids import new_id
from core.middleware import Envelope
from core.timers import TimerWorker
from dispatch import api, service
from dispatch.choosing import Site
from dispatch.inbox import Alert, Raised, raise_alert
from dispatch.jobs import timers
from dispatch.rules import Decision
from dispatch.states import Act, Dispatch, Event, Incident
from dispatch.store import facts, positions, teams
from geo.point import Fix, Point

ESKISEHIR, KUTAHYA, BILECIK, ANKARA, VAN = 26, 43, 11, 6, 65
#: The middle of Eskişehir.
LON, LAT = 30.5206, 39.7767
NO_AGE = timedelta()
#: Degrees of one kilometre there.
KM_LON, KM_LAT = 1 / 85.5, 1 / 111.0


@dataclass
class Room:
    db: Database
    clock: HeldClock
    url: str
    site: Site = field(default_factory=Site)
    made: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def now(self) -> datetime:
        return self.clock.now()

    # --- what there is ---

    async def team(
        self,
        km_east: float | None = 0.0,
        *,
        province: int = ESKISEHIR,
        roster: str = "available",
        age: timedelta = timedelta(),
        **more: Any,
    ) -> UUID:
        """A team so many kilometres east of the middle; None: it never told where it is."""
        team_id = new_id()
        facts: dict[str, Any] = {
            "kind": "patrol", "force": "police", "district": None, "vehicle": True, "stops_vehicles": False, "woman_officer": False,
            "first_aid": False, **more,
        }  # fmt: skip
        async with self.db.tx(EVERY) as tx:
            code = f"{province}-{next(self.made)}"
            await teams.add_team(tx, {"id": team_id, "code": code, "province": province, "roster": roster, "now": self.now, **facts})
        if km_east is not None:
            await self.move(team_id, km_east, at=self.now - age)
        return team_id

    async def move(self, team_id: UUID, km_east: float, *, at: datetime | None = None) -> None:
        columns: dict[str, Sequence[object]] = {
            "teams": [team_id], "lons": [LON + km_east * KM_LON], "lats": [LAT], "accuracies": [5.0], "fixed": [at or self.now],
            "headings": [None], "speeds": [None],
        }  # fmt: skip
        async with self.db.tx(EVERY) as tx:
            await positions.put_positions(tx, columns, self.now)

    def alert(self, **more: Any) -> Alert:
        fix = Fix(point=Point(lon=LON, lat=LAT), accuracy_m=8.0, fixed_at=self.now)
        facts: dict[str, Any] = {
            "source": "kades", "source_id": new_id(), "kind": "kades", "priority": 2, "provinces": frozenset({ESKISEHIR}),
            "received_at": self.now, "fix": fix, "position_kind": "fix", "person_id": None,
        }  # fmt: skip
        return Alert(**{**facts, **more})

    async def raise_(self, **more: Any) -> Raised:
        """Raise an alert as a phone does: under no province at all."""
        async with self.db.tx() as tx:
            return await raise_alert(tx, self.alert(**more))

    async def raised(self, **more: Any) -> UUID:
        return (await self.raise_(**more)).incident_id

    # --- what happens ---

    async def run_timers(self, *, after: float = 0.0) -> int:
        """Move the clock and run every wait that is due then, oldest first."""
        if after:
            self.clock.move(timedelta(seconds=after))
        worker = TimerWorker(self.db, self.clock, timers(self.site))
        done = 0
        while await worker.run_one():
            done += 1
            assert done < 500, "timers keep one another alive"
        assert await self.rows("SELECT kind, last_error FROM timer WHERE last_error IS NOT NULL") == []
        return done

    async def befall(self, dispatch: Dispatch | UUID, act: Act, *, by: str = "app", team_id: UUID | None = None) -> Decision:
        """A crew's answer, under its own province."""
        of = dispatch if isinstance(dispatch, UUID) else dispatch.id
        row = await self.row("SELECT team_id, team_province FROM dispatch WHERE id = %(id)s", id=of)
        async with self.db.tx(frozenset({row["team_province"]})) as tx:
            crew = team_id or row["team_id"]
            return await service.answer(tx, of, Event(act, by=by), self.now, self.site, team_id=crew)

    # --- what came of it ---

    async def incident(self, incident_id: UUID) -> Incident:
        async with self.db.tx(EVERY) as tx:
            found = await facts.incident(tx, incident_id)
        assert found is not None
        return found

    async def asked(self, incident_id: UUID) -> list[UUID]:
        """Teams asked for an incident, in order."""
        return [d.team_id for d in (await self.incident(incident_id)).dispatches]

    async def last(self, incident_id: UUID) -> Dispatch:
        return (await self.incident(incident_id)).dispatches[-1]

    async def rows(self, sql: Any, **params: object) -> list[Row]:
        async with self.db.tx(EVERY) as tx:
            return await tx.rows(sql, params)

    async def row(self, sql: Any, **params: object) -> Row:
        (found,) = await self.rows(sql, **params)
        return found

    async def holds(self, team_id: UUID) -> UUID | None:
        found: UUID | None = (await self.row("SELECT engaged_dispatch FROM team WHERE id = %(id)s", id=team_id))["engaged_dispatch"]
        return found

    async def frames(self, type_: str | None = None) -> list[Row]:
        """What waits for the relay, oldest first."""
        async with self.db.tx(EVERY, role="merkez_relay") as tx:
            sql = "SELECT type, channels, subject_id, data FROM outbox WHERE %(type)s::text IS NULL OR type = %(type)s ORDER BY id"
            return await tx.rows(sql, {"type": type_})

    async def alarms(self, incident_id: UUID | None = None) -> set[str]:
        """Kinds of alarms that stand."""
        sql = (
            "SELECT kind FROM alarm WHERE acked_at IS NULL AND ended_at IS NULL"
            " AND (%(id)s::uuid IS NULL OR incident_id = %(id)s) ORDER BY raised_at"
        )
        return {row["kind"] for row in await self.rows(sql, id=incident_id)}

    def superuser(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url, autocommit=True)


@pytest.fixture
async def room(db: Database, clock: HeldClock, fresh_url: str) -> Room:
    return Room(db, clock, fresh_url)


# --- over HTTP ---


@dataclass
class Person:
    """Somebody signed in."""

    http: httpx.AsyncClient
    token: str
    id: UUID
    headers: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.http.get(f"/api/v1{path}", params=query, headers=self._headers)

    async def post(self, path: str, **body: Any) -> httpx.Response:
        return await self.http.post(f"/api/v1{path}", json={"client_id": str(new_id()), **body}, headers=self._headers)

    async def send(self, path: str, body: Any) -> httpx.Response:
        return await self.http.post(f"/api/v1{path}", json=body, headers=self._headers)

    async def done(self, path: str, **body: Any) -> dict[str, Any]:
        answer = await self.post(path, **body)
        assert answer.is_success, answer.text
        return answer.json()

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", **self.headers}


@dataclass
class House:
    room: Room
    identity: Identity
    http: httpx.AsyncClient
    db: Database
    clock: HeldClock

    async def person(self, role: Role, provinces: set[int] | None = None, *, team_id: UUID | None = None) -> Person:
        """An account of that role, signed in."""
        name = f"{role.value}.{next(self.room.made)}"
        async with self.db.tx() as tx:
            where = provinces or {ESKISEHIR}
            made = await admin.create(
                tx, self.identity, username=name, name=name, role=role, provinces=where, now=self.clock.now(), team_id=team_id
            )
        form = {"grant_type": "password", "username": made.username, "password": made.password}
        answer = await self.http.post("/api/v1/token", data=form)
        assert answer.is_success, answer.text
        return Person(self.http, answer.json()["access_token"], made.account_id)

    async def gateway(self, provinces: set[int]) -> Person:
        async with self.db.tx(EVERY) as tx:
            await set_office(tx, EVERY)
            issued = await self.identity.issue_device(
                tx, kind=Role.GATEWAY, name="AVL", provinces=provinces, subject_id=None, now=self.clock.now(), by=None
            )
        return Person(self.http, issued.token, issued.device_id)


@pytest.fixture
async def house(room: Room) -> AsyncIterator[House]:
    passwords = PasswordSettings(time_cost=1, memory_kib=8, parallelism=1)
    identity = Identity(IdentitySettings(token_key=SecretBytes(b"k" * 32), passwords=passwords))
    app = FastAPI()
    problems.install(app)
    app.add_middleware(Envelope)
    app.include_router(core.identity.api.router)
    app.include_router(api.router(room.site))
    app.state.identity = identity
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://house", headers={"Accept-Language": "en"}) as http:
        made = House(room, identity, http, room.db, room.clock)
        app.state.house = made
        yield made
    identity.close()
