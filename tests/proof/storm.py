"""A storm of presses against a house that keeps dying: phones repeat what was not answered, crews come back with their last number."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from bench.load import Line

if TYPE_CHECKING:
    from uuid import UUID

#: The phone repeats after five seconds without a 202 (law 1).
REPEAT_AFTER_S = 5.0
HERE = (30.52, 39.77)
SPREAD = 0.2


@dataclass
class Storm:
    """Phones pressing one after another, so many at the same time."""

    port: int
    phones: list[str]
    rng: random.Random
    #: client_id -> (alert_id, incident_id) of its 202.
    answered: dict[UUID, tuple[str, str]] = field(default_factory=dict)
    in_flight: set[UUID] = field(default_factory=set)
    repeats: int = 0
    other_answers: dict[int, int] = field(default_factory=dict)
    stopping: bool = False

    async def phone(self, tokens: list[str], pause_s: float) -> None:
        """Press with one caller after another until told to stop; each press is repeated until it has its 202."""
        line = Line(self.port)
        for token in tokens:
            if self.stopping:
                break
            await self._press(line, token)
            await asyncio.sleep(self.rng.random() * pause_s)
        line.close()

    async def _press(self, line: Line, token: str) -> None:
        client_id = uuid4()
        position = {
            "lon": HERE[0] + self.rng.uniform(-SPREAD, SPREAD),
            "lat": HERE[1] + self.rng.uniform(-SPREAD, SPREAD),
            "accuracy_m": 10,
            "fixed_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        body = {"client_id": str(client_id), "pressed_at": position["fixed_at"], "position": position, "trigger": "button"}
        self.in_flight.add(client_id)
        while True:
            try:
                answer = await asyncio.wait_for(line.post("/api/v1/kades/alerts", token, body), REPEAT_AFTER_S)
            except (OSError, EOFError, TimeoutError):
                line.close()
                self.repeats += 1
                await asyncio.sleep(0.05)
                continue
            if answer.status == 202:
                told = answer.json()
                self.answered[client_id] = (told["alert_id"], told["incident_id"])
                break
            self.other_answers[answer.status] = self.other_answers.get(answer.status, 0) + 1
            self.repeats += 1
            await asyncio.sleep(0.1)
        self.in_flight.discard(client_id)

    async def run(self, phones_at_once: int, pause_s: float) -> None:
        """Press until told to stop."""
        share = len(self.phones) // phones_at_once
        await asyncio.gather(*(self.phone(self.phones[n * share : (n + 1) * share], pause_s) for n in range(phones_at_once)))
