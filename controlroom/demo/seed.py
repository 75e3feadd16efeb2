"""Fills the demo's database: accounts by the machine's own hand, all else through the real API as its admin, supervisor and callers would.

Idempotent: a database that knows the sheet beside it is left as it is; one whose sheet was lost gets new passwords and devices.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import SystemRandom
from typing import TYPE_CHECKING
from uuid import UUID

from controlroom.demo import city as plans
from controlroom.demo.city import OTHER_PROVINCE, PROVINCE, City
from controlroom.demo.client import House, Json, Person
from controlroom.demo.life import position
from controlroom.demo.sheet import Sheet
from controlroom.demo.streets import to_point
from core.db import EVERY, Database
from core.identity import Identity, Role, admin
from core.identity.problems import UsernameTaken

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from core.clock import Clock
    from core.identity import IdentitySettings

#: How many requests of the seeding are under way at once: the machine is small, and somebody may be pressing already.
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Post:
    """An account of the demo."""

    key: str  #: Its place in the sheet.
    username: str
    name: str
    role: Role
    provinces: frozenset[int]


HERE, THERE = frozenset({PROVINCE}), frozenset({OTHER_PROVINCE})
ADMIN = Post("admin", "yonetici", "Yönetici", Role.ADMIN, EVERY)
DESK = (
    Post("operator", "kgys", "KGYS Operatörü", Role.OPERATOR, HERE),
    Post("dispatcher", "haber", "Haber Merkezi", Role.DISPATCHER, HERE),
    Post("auditor", "denetci", "Denetçi", Role.AUDITOR, EVERY),
    ADMIN,
    Post("other_province_dispatcher", "kutahya", "Kütahya Haber Merkezi", Role.DISPATCHER, THERE),
)
SUPERVISORS = (
    Post("supervisors", "amir1", "Birinci Amir", Role.SUPERVISOR, HERE),
    Post("supervisors", "amir2", "İkinci Amir", Role.SUPERVISOR, HERE),
)
JUDICIAL = (
    Post("judicial", "savci", "Savcılık", Role.JUDICIAL, HERE),
    Post("judicial", "mahkeme", "Mahkeme", Role.JUDICIAL, HERE),
)
SIMULATED = (
    Post("dispatcher", "benzetim.haber", "Benzetim: Haber Merkezi", Role.DISPATCHER, HERE),
    Post("supervisor", "benzetim.amir", "Benzetim: Amir", Role.SUPERVISOR, HERE),
)


@dataclass
class Seeder:
    """One filling of one database."""

    house: House
    db: Database
    identity: Identity
    clock: Clock
    city: City
    sheet: Sheet

    async def fill(self) -> Sheet:
        """Make everybody and everything."""
        await self._accounts()
        chief = await self._sign_in(self.sheet.sign_ins["admin"])
        desk = await self._sign_in(self.sheet.sign_ins["dispatcher"])
        teams, cameras, gates, gateway, callers = await asyncio.gather(
            self._teams(chief, desk), self._cameras(chief), self._gates(chief), self._gateway(chief), self._callers()
        )
        self.sheet.sign_ins["teams"] = teams
        self.sheet.devices = {"kades": callers, "cameras": cameras, "gates": gates, "gateway": gateway}
        return self.sheet

    async def _sign_in(self, sign_in: Json) -> Person:
        person = Person(self.house, sign_in["username"], sign_in["password"])
        await person.token()
        return person

    # --- accounts -----------------------------------------------------------------------------------------------------------------

    async def _accounts(self) -> None:
        for post in DESK:
            self.sheet.sign_ins[post.key] = await self._account(post)
        self.sheet.sign_ins["supervisors"] = [await self._account(post) for post in SUPERVISORS]
        self.sheet.sign_ins["judicial"] = [await self._account(post) for post in JUDICIAL]
        self.sheet.simulated = {post.key: await self._account(post) for post in SIMULATED}

    async def _account(self, post: Post, team_id: str | None = None) -> Json:
        """Make an account, or give one that is there a new password."""
        now = self.clock.now()
        try:
            async with self.db.tx() as tx:
                made = await admin.create(
                    tx, self.identity, username=post.username, name=post.name, role=post.role, provinces=post.provinces, now=now,
                    team_id=None if team_id is None else UUID(team_id),
                )  # fmt: skip
        except UsernameTaken:
            async with self.db.tx() as tx:
                made = await admin.reset(tx, self.identity, post.username, now)
        return {"username": made.username, "password": made.password}

    # --- teams --------------------------------------------------------------------------------------------------------------------

    async def _teams(self, chief: Person, desk: Person) -> list[Json]:
        known = {team["code"]: team["team_id"] for team in await self.house.every("/api/v1/teams", desk)}
        limit = asyncio.Semaphore(AT_ONCE)

        async def make(plan: plans.TeamPlan) -> Json:
            async with limit:
                team_id = known.get(plan.code) or await self._team(chief, plan)
                post = Post("team", plan.username, f"Ekip {plan.code}", Role.TEAM, HERE)
                return {"team_id": team_id, "code": plan.code, **await self._account(post, team_id)}

        return list(await asyncio.gather(*(make(plan) for plan in self.city.teams)))

    async def _team(self, chief: Person, plan: plans.TeamPlan) -> str:
        made = await self.house.post(
            "/api/v1/teams", chief, code=plan.code, kind=plan.kind, force=plan.force, province=PROVINCE, vehicle=plan.vehicle,
            stops_vehicles=plan.stops_vehicles, woman_officer=plan.woman_officer, first_aid=plan.first_aid,
        )  # fmt: skip
        return str(made["team_id"])

    # --- equipment ----------------------------------------------------------------------------------------------------------------

    async def _cameras(self, chief: Person) -> list[Json]:
        known = {camera["name"]: camera["id"] for camera in await self.house.every("/api/v1/kgys/cameras", chief)}
        limit = asyncio.Semaphore(AT_ONCE)

        async def make(plan: plans.CameraPlan) -> Json:
            async with limit:
                camera_id = known.get(plan.name) or await self._camera(chief, plan)
                token = await self._device(chief, "camera", plan.name, camera_id)
                return {"id": camera_id, "token": token, "rtsp_url": None}

        return list(await asyncio.gather(*(make(plan) for plan in self.city.cameras)))

    async def _camera(self, chief: Person, plan: plans.CameraPlan) -> str:
        where = {"lon": plan.point.lon, "lat": plan.point.lat}
        view = {**where, "bearing_deg": plan.bearing_deg, "fov_deg": plan.fov_deg, "range_m": plan.range_m}
        made = await self.house.post("/api/v1/kgys/cameras", chief, name=plan.name, view=view)
        return str(made["id"])

    async def _gates(self, chief: Person) -> list[Json]:
        known = {gate["name"]: gate["id"] for gate in await self.house.every("/api/v1/pts/gates", chief)}
        return [await self._gate(chief, plan, known.get(plan.name)) for plan in self.city.gates]

    async def _gate(self, chief: Person, plan: plans.GatePlan, gate_id: str | None) -> Json:
        if gate_id is not None:
            return {"id": gate_id, "token": await self._device(chief, "gate", plan.name, gate_id)}
        point = plan.point
        made = await self.house.post(
            "/api/v1/pts/gates", chief, name=plan.name, lon=point.lon, lat=point.lat, bearing_deg=plan.bearing_deg
        )
        return {"id": made["id"], "token": made["token"]}

    async def _gateway(self, chief: Person) -> str:
        return await self._device(chief, "gateway", "SMS ve AVL", None)

    async def _device(self, chief: Person, kind: str, name: str, subject_id: str | None) -> str:
        made = await self.house.post("/api/v1/devices", chief, kind=kind, name=name, provinces=[PROVINCE], subject_id=subject_id)
        return str(made["token"])

    # --- callers ------------------------------------------------------------------------------------------------------------------

    async def _callers(self) -> list[str]:
        return [await register(self.house, self.clock, at.lon, at.lat) for at in map(to_point, self.city.homes)]


async def register(house: House, clock: Clock, lon: float, lat: float) -> str:
    """Register a caller by the form, the shown code and the verification, as her phone would; return its token."""
    rng = SystemRandom()
    begun = await house.post(
        "/api/v1/kades/registrations", None, tc_no=plans.tc_no(rng), phone=plans.phone(rng), language="tr", safe_channel="uygulama",
        protected_address="Benzetim adresi, Eskişehir", position=position(lon, lat, clock),
    )  # fmt: skip
    # Only a demo's server shows the code; elsewhere it goes by SMS and nobody could go on here (law 13).
    verified = await house.post(f"/api/v1/kades/registrations/{begun['registration_id']}/verify", None, code=begun["shown_code"])
    return str(verified["device_token"])


@asynccontextmanager
async def seeder(url: str, house: House, settings: IdentitySettings, clock: Clock, city: City) -> AsyncIterator[Seeder]:
    """Open what a filling needs: the database as the API's role, and identity with this house's keys."""
    db, identity = Database(url, pool_size=AT_ONCE), Identity(settings)
    try:
        yield Seeder(house, db, identity, clock, city, Sheet())
    finally:
        identity.close()
        await db.dispose()


async def sheet_for(
    *, owner_url: str, url: str, path: Path, house: House, settings: IdentitySettings, clock: Clock, city: City
) -> Sheet:
    """Return the sheet of this database, dealt out anew unless the one at `path` is its own; write it with today's address."""
    sheet = Sheet.known_to(owner_url, path)
    if sheet is None:
        async with seeder(url, house, settings, clock, city) as filling:
            sheet = await filling.fill()
        sheet.write(path, house.base_url)
        sheet.remember(owner_url)
    else:
        sheet.write(path, house.base_url)
    return sheet
