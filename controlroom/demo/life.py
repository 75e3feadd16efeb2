"""What keeps happening in the simulated city, at a calm pace: presses, cars at gates, telephone ihbars; and a desk that works at night.

The simulated desk does only what nobody else has done for a while, so a visitor who takes an incident, evaluates an alert or compares a hit
keeps it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

import httpx

from controlroom.demo import city as plans
from controlroom.demo.client import Device, Line, Refused, Seen
from controlroom.demo.streets import to_point
from core.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from controlroom.demo.city import City
    from controlroom.demo.client import House, Json, Person
    from core.clock import Clock

#: Seconds between two of a kind, at the least and at the most.
PRESS_EVERY_S = (70.0, 150.0)
CALL_EVERY_S = (110.0, 220.0)
READ_EVERY_S = (0.4, 2.5)
HIT_EVERY_S = (90.0, 180.0)
LISTED = 4
#: How long a visitor has before the simulated desk does it.
PATIENCE_S = 45.0
LOOK_EVERY_S = 5.0
WORDS = (
    ("kavga", "Çarşıda iki kişi kavga ediyor"),
    ("hirsizlik", "Apartman bodrumundan sesler geliyor"),
    ("trafik_kazasi", "İki araç çarpışmış, yaralı yok"),
    ("gurultu", "Geç saatte yüksek sesli müzik"),
    ("supheli_durum", "Park hâlindeki araçta uzun süredir oturan biri var"),
)


def position(lon: float, lat: float, clock: Clock, accuracy_m: float = 15.0) -> Json:
    """Return a position as it travels."""
    return {"lon": lon, "lat": lat, "accuracy_m": accuracy_m, "fixed_at": clock.now().isoformat()}


@dataclass
class Caller:
    """A registered phone."""

    house: House
    phone: Device
    home: plans.XY
    clock: Clock

    async def press(self, at: plans.XY | None = None, trigger: str = "button") -> Json:
        """Press, and press the same again until somebody has answered: a phone never gives up by itself."""
        point = to_point(at or self.home)
        now = self.clock.now().isoformat()
        body = {"client_id": str(new_id()), "pressed_at": now, "position": position(point.lon, point.lat, self.clock), "trigger": trigger}
        while True:
            try:
                return await self.house.call("POST", "/api/v1/kades/alerts", self.phone, json=body)
            except httpx.TransportError:
                await asyncio.sleep(1)

    async def walk(self, alert_id: str, rng: Random) -> None:
        """Send a short trail: she moves a few steps every few seconds."""
        x, y = self.home
        for _ in range(4):
            await asyncio.sleep(8)
            x, y = x + rng.uniform(-20, 20), y + rng.uniform(-20, 20)
            point = to_point((x, y))
            where = position(point.lon, point.lat, self.clock)
            await self.house.post(f"/api/v1/kades/alerts/{alert_id}/positions", self.phone, positions=[where])


@dataclass
class Gate:
    """A plate gate with its token."""

    house: House
    box: Device
    gate_id: str
    clock: Clock

    async def read(self, *plates: str) -> Json:
        """Hand in reads of cars that pass now."""
        now = self.clock.now().isoformat()
        reads = [{"client_id": str(new_id()), "plate": plate, "confidence": 0.97, "read_at": now} for plate in plates]
        return await self.house.call("POST", "/api/v1/pts/reads", self.box, json={"reads": reads})


@dataclass
class Life:
    """Everything that happens without a visitor."""

    house: House
    city: City
    callers: list[Caller]
    gates: list[Gate]
    dispatcher: Person
    supervisor: Person
    clock: Clock
    rng: Random = field(default_factory=Random)
    listed: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """Go on until cancelled."""
        desk = NightDesk(self.house, self.dispatcher, self.supervisor)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(desk.run())
            tasks.create_task(self._again(PRESS_EVERY_S, self._press, first_s=12))
            tasks.create_task(self._again(CALL_EVERY_S, self._call, first_s=40))
            tasks.create_task(self._again(HIT_EVERY_S, self._hit, first_s=25))
            for gate in self.gates:
                tasks.create_task(self._again(READ_EVERY_S, lambda gate=gate: self._pass(gate)))

    async def _again(self, every_s: tuple[float, float], what: Callable[[], Awaitable[Any]], first_s: float = 0.0) -> None:
        """Do it again and again; what the server refuses or does not hear is told by nobody and tried at the next turn."""
        await asyncio.sleep(first_s)
        while True:
            # A restarting server is part of a demo's life; its log has the reason.
            with suppress(Refused, httpx.TransportError):
                await what()
            await asyncio.sleep(self.rng.uniform(*every_s))

    async def _press(self) -> None:
        caller = self.rng.choice(self.callers)
        answer = await caller.press(trigger=self.rng.choice(("button", "button", "silent")))
        await caller.walk(answer["alert_id"], self.rng)

    async def _call(self) -> None:
        kind, words = self.rng.choice(WORDS)
        x, y = self.rng.choice(self.city.streets.crossings)
        point = to_point((x + self.rng.uniform(-200, 200), y + self.rng.uniform(-200, 200)))
        await self.house.post(
            "/api/v1/incidents", self.dispatcher, kind=kind, position={"lon": point.lon, "lat": point.lat}, place_text=words
        )

    async def _pass(self, gate: Gate) -> None:
        await gate.read(plans.plate(self.rng))

    async def _hit(self) -> None:
        if len(self.listed) < LISTED:
            self.listed.append(await list_plate(self.house, self.supervisor, self.rng))
        await self.rng.choice(self.gates).read(self.rng.choice(self.listed))


async def list_plate(house: House, supervisor: Person, rng: Random) -> str:
    """Put a fresh plate on the hotlist and return it."""
    plate = plans.plate(rng)
    category = rng.choice(("stolen", "stolen", "wanted"))
    document = f"BNZ-{rng.randint(1000, 9999)}"
    await house.post(
        "/api/v1/pts/hotlist", supervisor, plate=plate, category=category, authority="Benzetim Makamı", document=document
    )
    return plate


@dataclass
class NightDesk:
    """Evaluates, compares, acknowledges and closes what has waited longer than a visitor would let it wait."""

    house: House
    dispatcher: Person
    supervisor: Person
    _since: dict[str, float] = field(default_factory=dict)

    async def run(self) -> None:
        """Look at everything open every few seconds."""
        line = Line(self.house, "/ws/operator", self.dispatcher, self._hear)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(line.run())
            tasks.create_task(self._work())

    def _hear(self, seen: Seen) -> None:
        """The socket only keeps this desk a real one; what it does it does on what it reads."""

    async def _work(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            for look in (self._incidents, self._hits, self._alarms):
                try:
                    await look()
                except (Refused, httpx.TransportError):
                    continue  # somebody was quicker, or the server restarts: at the next look

    def _waited(self, key: str) -> bool:
        now = asyncio.get_running_loop().time()
        return now - self._since.setdefault(key, now) > PATIENCE_S

    async def _incidents(self) -> None:
        for incident in await self.house.every("/api/v1/incidents", self.dispatcher, state="open"):
            done = incident["dispatches"] and all(one["ended_at"] for one in incident["dispatches"])
            if incident["owner_id"] is None and incident["state"] == "on_scene" and done and self._waited(f"close {incident['id']}"):
                await self._close(incident)

    async def _close(self, incident: Json) -> None:
        outcome = "vehicle_taken" if incident["source"] == "pts" else "resolved"
        await self.house.post(f"/api/v1/incidents/{incident['id']}/close", self.dispatcher, outcome=outcome, note="Benzetim")

    async def _hits(self) -> None:
        for hit in await self.house.every("/api/v1/pts/hits", self.supervisor, open=True):
            path = f"/api/v1/pts/hits/{hit['hit_id']}"
            if hit["verdict"] is None and self._waited(f"verdict {path}"):
                await self.house.post(f"{path}/verdict", self.supervisor, verdict="confirmed", note="Benzetim")
            elif hit["verdict"] is not None and self._waited(f"outcome {path}"):
                outcome = "vehicle_taken" if hit["verdict"] == "confirmed" else hit["verdict"]
                await self.house.post(f"{path}/outcome", self.supervisor, outcome=outcome, note="Benzetim")

    async def _alarms(self) -> None:
        for alarm in await self.house.every("/api/v1/alarms", self.dispatcher, open=True):
            if self._waited(f"alarm {alarm['alarm_id']}"):
                await self.house.post(f"/api/v1/alarms/{alarm['alarm_id']}/ack", self.dispatcher, note="Benzetim")
