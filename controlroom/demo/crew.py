"""A simulated crew: its phone holds `/ws/team`, its car drives, and it answers offers as crews do."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from controlroom.demo.client import Line, Refused, Seen
from controlroom.demo.streets import Drive, to_point, to_xy
from core.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from random import Random

    from controlroom.demo.city import TeamPlan
    from controlroom.demo.client import House, Json, Person
    from controlroom.demo.streets import XY, Streets
    from core.clock import Clock

PATROL_MPS, CALLED_MPS = 7.0, 15.0
TICK_S = 1.0
ARRIVED_M = 25.0
ENDED = {"clear", "declined", "withdrawn"}
GOING = {"accepted", "en_route", "on_scene"}
OPEN = {"offered", "acknowledged", "timed_out"}


@dataclass(frozen=True, slots=True)
class Temper:
    """How a crew behaves; shares of one, seconds."""

    accepts: float = 0.86
    declines: float = 0.07  #: The rest does not hear its phone.
    thinks_s: tuple[float, float] = (1.5, 5.0)
    stays_s: tuple[float, float] = (25.0, 70.0)
    #: How long it leaves an offer to a person who signed in as this crew; a page acknowledges at once.
    yields_s: float = 0.0
    #: How many times quicker than on the road, so that a story need not be waited for.
    hurry: float = 1.0


#: Of the story: every crew says yes, drives as if the city were small, and does not stay.
OBLIGING = Temper(accepts=1.0, declines=0.0, thinks_s=(0.15, 0.3), stays_s=(0.8, 0.8), hurry=14.0)


class Crew:
    """One team's phone and car."""

    def __init__(
        self, house: House, me: Person, plan: TeamPlan, team_id: str, streets: Streets, temper: Temper, rng: Random, clock: Clock
    ) -> None:
        """Begin at the plan's crossing, on patrol."""
        self._house, self.me, self._streets, self._temper, self._rng, self._clock = house, me, streets, temper, rng, clock
        self.plan, self.team_id = plan, team_id
        self.line = Line(house, "/ws/team", me, self._hear)
        self.car = Drive(streets.crossings[plan.node])
        self._node, self._came_from = plan.node, None
        self._work: Json | None = None  #: The dispatch it goes to, as last told.
        self._answering: dict[str, asyncio.Task[None]] = {}
        #: Dispatches a person who signed in as this crew has taken over: we only drive.
        self._theirs: set[str] = set()
        self._tasks: asyncio.TaskGroup | None = None
        #: The server has heard where the car is.
        self.standing = asyncio.Event()

    async def run(self) -> None:
        """Be on duty until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            tasks.create_task(self.line.run())
            tasks.create_task(self._come_on_duty())
            tasks.create_task(self._drive())

    async def _come_on_duty(self) -> None:
        """Say that the crew may be sent, again until the server has heard it."""
        while True:
            with suppress(httpx.TransportError, Refused):
                await self._house.post(f"/api/v1/teams/{self.team_id}/roster", self.me, state="available")
                return
            await asyncio.sleep(TICK_S)

    # --- what the phone hears --------------------------------------------------------------------------------------------------

    def _hear(self, seen: Seen) -> None:
        if seen.type == "dispatch.offered":
            self._take_note(seen.data)
            if seen.data["state"] in OPEN and seen.frame["seq"] is not None:
                self._answer(seen.data, seen.frame["seq"])
        elif seen.type == "dispatch.changed":
            self._take_note(seen.data)

    def _take_note(self, told: Json) -> None:
        if told["team_id"] != self.team_id:
            return
        if told["state"] in GOING:
            self._work = told
            self._aim(told)
        elif self._work is not None and self._work["id"] == told["id"] and told["state"] in ENDED:
            self._work = None
            self.car.go([])
        if told["state"] in ENDED and (task := self._answering.pop(told["id"], None)):
            task.cancel()

    def _answer(self, offer: Json, seq: int) -> None:
        self._begin(offer["id"], lambda: self._consider(offer, seq))

    def _begin(self, dispatch_id: str, what: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do one thing at a time about a dispatch."""
        if self._tasks is None or dispatch_id in self._answering:
            return
        task = self._tasks.create_task(what())
        self._answering[dispatch_id] = task
        task.add_done_callback(lambda done: self._answering.pop(dispatch_id, None) if self._answering.get(dispatch_id) is done else None)

    async def _consider(self, offer: Json, seq: int) -> None:
        if self._temper.yields_s and offer["state"] == "offered":
            mine = offer["id"]
            taken = await self.line.expect(lambda seen: _acknowledged(seen, mine), self._temper.yields_s)
            if taken is not None:
                self._theirs.add(mine)
                return
        share = self._rng.random()
        if share >= self._temper.accepts + self._temper.declines:
            return
        await self.line.say("ack", seq=seq)
        await asyncio.sleep(self._rng.uniform(*self._temper.thinks_s))
        state = "accepted" if share < self._temper.accepts else "declined"
        await self._tell(offer["id"], state)

    async def _tell(self, dispatch_id: str, state: str) -> None:
        """Say it on the socket; when that is away, by HTTP; when both are, again: a crew does not forget where it is."""
        client_id = str(new_id())
        frame: Json = {"dispatch_id": dispatch_id, "client_id": client_id, "state": state}
        while not await self.line.say("dispatch.status", **frame):
            with suppress(httpx.TransportError):
                try:
                    body = {"client_id": client_id, "state": state, "by": "app"}
                    await self._house.call("POST", f"/api/v1/dispatches/{dispatch_id}/status", self.me, json=body)
                except Refused:
                    return  # the desk decided otherwise meanwhile; the frame that says so comes
                return
            await asyncio.sleep(TICK_S)

    # --- the car ---------------------------------------------------------------------------------------------------------------

    def _aim(self, told: Json) -> None:
        where: dict[str, Any] | None = told["incident"]["position"]
        if where is None or told["state"] == "on_scene":
            self.car.go([])
            return
        goal = to_xy(where["lon"], where["lat"])
        if not self.car.corners or self.car.corners[-1] != goal:
            self.car.go(self._streets.way(self.car.at, goal))

    async def _drive(self) -> None:
        while True:
            called = self._work is not None
            speed = CALLED_MPS * self._temper.hurry if called else PATROL_MPS
            still = self._work is not None and self._work["state"] == "on_scene"
            tick_s = TICK_S / 4 if called and self._temper.hurry > 1 else TICK_S
            arrived = self.car.move(0.0 if still else speed * tick_s)
            if self._work is not None:
                await self._report_progress(self._work, arrived=arrived)
            elif arrived:
                self._patrol()
            await self._report_place(0.0 if still else speed)
            await asyncio.sleep(tick_s)

    def _patrol(self) -> None:
        if self.car.at != self._streets.crossings[self._node]:
            self._node = self._streets.nearest(self.car.at)
        next_ = self._streets.stroll(self._node, self._came_from, self._rng)
        self._came_from, self._node = self._node, next_
        self.car.go([self._streets.crossings[next_]])

    async def _report_progress(self, work: Json, *, arrived: bool) -> None:
        if work["id"] in self._theirs:
            return
        if work["state"] == "accepted":
            await self._advance(work, "en_route")
        elif work["state"] == "en_route" and arrived:
            await self._advance(work, "on_scene")
        elif work["state"] == "on_scene":
            self._stay(work)

    async def _advance(self, work: Json, state: str) -> None:
        """Say the next state, and do not say it again: the frame that confirms it is on its way."""
        self._work = {**work, "state": state}
        await self._tell(work["id"], state)

    def _stay(self, work: Json) -> None:
        async def stay() -> None:
            await asyncio.sleep(self._rng.uniform(*self._temper.stays_s))
            await self._tell(work["id"], "clear")

        self._begin(work["id"], stay)

    async def _report_place(self, speed_mps: float) -> None:
        point = to_point(self.car.at)
        heard = await self.line.say(
            "position", lon=point.lon, lat=point.lat, accuracy_m=8.0, fixed_at=self._clock.now().isoformat(),
            heading_deg=round(self.car.heading_deg, 1) % 360, speed_mps=round(min(speed_mps, 60.0), 1),
        )  # fmt: skip
        if heard:
            self.standing.set()

    def distance_m(self, at: XY) -> float:
        """How far the car is from a place, in a straight line."""
        return ((self.car.at[0] - at[0]) ** 2 + (self.car.at[1] - at[1]) ** 2) ** 0.5


def _acknowledged(seen: Seen, dispatch_id: str) -> bool:
    return seen.type == "dispatch.changed" and seen.data["id"] == dispatch_id and seen.data["acknowledged_at"] is not None
