"""Puts the people on the stage: crews on the road, gates and callers in their places; then the story, or life."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from controlroom.demo.client import Device, House, Json, Person
from controlroom.demo.crew import OBLIGING, Crew, Temper
from controlroom.demo.life import Caller, Gate, Life
from controlroom.demo.story import Story

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from controlroom.demo.city import City
    from controlroom.demo.sheet import Sheet
    from controlroom.server import Server
    from controlroom.steps import Steps
    from core.clock import Clock

#: The first teams of the list are a visitor's to play: their simulated crew waits this long whether a phone answers.
VISITORS_TEAMS = 2
YIELDS_S = 9.0
LOOK_EVERY_S = 0.5


@dataclass
class Stage:
    """Everybody of one demo, signed in with what the sheet says."""

    house: House
    city: City
    sheet: Sheet
    clock: Clock
    rng: Random

    def crews(self, temper: Temper) -> list[Crew]:
        """Return the crews; of those a visitor may play, more patient ones."""
        crews: list[Crew] = []
        for number, (plan, sign_in) in enumerate(zip(self.city.teams, self.sheet.sign_ins["teams"], strict=True)):
            own = Temper(yields_s=YIELDS_S) if number < VISITORS_TEAMS and temper is not OBLIGING else temper
            me = self.person(sign_in)
            chance = Random(self.rng.random())  # noqa: S311 - how a simulated crew behaves
            crews.append(Crew(self.house, me, plan, sign_in["team_id"], self.city.streets, own, chance, self.clock))
        return crews

    def person(self, sign_in: Json) -> Person:
        """Return whoever these words sign in."""
        return Person(self.house, sign_in["username"], sign_in["password"])

    def callers(self) -> list[Caller]:
        """Return the registered phones."""
        pairs = zip(self.sheet.devices["kades"], self.city.homes, strict=True)
        return [Caller(self.house, Device(token), home, self.clock) for token, home in pairs]

    def gates(self) -> list[Gate]:
        """Return the plate gates."""
        return [Gate(self.house, Device(gate["token"]), gate["id"], self.clock) for gate in self.sheet.devices["gates"]]

    @asynccontextmanager
    async def on_duty(self, crews: list[Crew]) -> AsyncIterator[None]:
        """Keep these crews on the road for as long as the block lasts."""
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(crew.run()) for crew in crews]
            try:
                yield
            finally:
                for task in running:
                    task.cancel()

    async def story(self, steps: Steps, crews: list[Crew]) -> bool:
        """Tell the story once."""
        sign_ins = self.sheet.sign_ins
        told = Story(
            steps=steps,
            house=self.house,
            operator=self.person(sign_ins["operator"]),
            dispatcher=self.person(sign_ins["dispatcher"]),
            supervisor=self.person(sign_ins["supervisors"][0]),
            caller=self.rng.choice(self.callers()),
            gate=self.rng.choice(self.gates()),
            crews=crews,
            rng=self.rng,
        )
        return await told.tell()

    async def life(self, server: Server, revive: Callable[[], object]) -> None:
        """Let the city live until somebody ends it; a server that dies is started again."""
        simulated = self.sheet.simulated
        life = Life(
            self.house, self.city, self.callers(), self.gates(), self.person(simulated["dispatcher"]), self.person(simulated["supervisor"]),
            self.clock, self.rng,
        )  # fmt: skip
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(life.run())
            while True:
                await asyncio.sleep(LOOK_EVERY_S)
                revive()
                server.tend()
