"""Followers: a room upstairs reacts to events from below, durably and in order, without anybody importing upward.

A follower keeps its place in the log as a row. Events are handled at least once, each batch in one transaction with the new place.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from core.db import EVERY, Database, Tx
from core.metrics import FOLLOWER_FAULTS
from core.relay import Event, event_of
from core.sql import load

if TYPE_CHECKING:
    from core.clock import Clock

_SQL = load("core")
_log = structlog.get_logger("followers")

POLL_EVERY_S = 0.1
BATCH = 100
#: One event may fail this often before it is set aside in `follower_fault` (and shouted about) so that the next ones are not held up.
TRIES = 5

#: An event and its data, parsed.
Told = tuple[Event, dict[str, Any]]
Handle = Callable[[Tx, Sequence[Told], datetime], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Follower:
    """Who follows which types of events, and what it does about a batch of them, oldest first.

    A batch at a time, for a follower looks up how things stand now: under a storm most events of a batch are about the same few things, and
    asking for all of them at once costs what asking for one does.
    """

    name: str
    types: frozenset[str]
    handle: Handle


class FollowerRunner:
    """Runs one follower; of several processes one at a time holds its row."""

    def __init__(self, db: Database, clock: Clock, follower: Follower) -> None:
        """Follow with `follower`."""
        self._db = db
        self._clock = clock
        self._follower = follower
        #: Up to this number events are handled one at a time: a batch with one of them failed.
        self._alone_until = 0
        self._alone = False
        #: The event that fails, and how often it has.
        self._failed: tuple[int, int] = (0, 0)

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            moved = 0
            try:
                moved = await self.step()
            except (psycopg.OperationalError, SQLAlchemyError, OSError) as fault:
                _log.warning("log away", follower=self._follower.name, error=type(fault).__name__)
            except Exception as fault:  # noqa: BLE001 - its batch was rolled back and comes again; after TRIES the event is set aside
                _log.error("follower failed", follower=self._follower.name, exc_info=fault)
            # A few at a time cost nearly as much as many: let them gather, unless they come one by one anyway.
            if moved == 0 or (moved < BATCH and not self._alone):
                await asyncio.sleep(POLL_EVERY_S)

    async def step(self) -> int:
        """Handle up to `BATCH` events; return how many were read."""
        name = self._follower.name
        async with self._db.tx(EVERY, role="merkez_timers") as tx:
            place = await tx.row(_SQL["follower_take"], {"name": name})
            if place is None:
                await tx.execute(_SQL["follower_add"], {"name": name})
                return 0
            self._alone = place["seq"] < self._alone_until
            params = {"after": place["seq"], "types": sorted(self._follower.types), "limit": 1 if self._alone else BATCH}
            events = [event_of(row) for row in await tx.rows(_SQL["follower_read"], params)]
            if events:
                await self._handle(tx, [(event, json.loads(event.data)) for event in events])
                await tx.execute(_SQL["follower_move"], {"name": name, "seq": events[-1].seq})
        return len(events)

    async def _handle(self, tx: Tx, told: Sequence[Told]) -> None:
        """Handle a batch. A fault rolls it back, and it comes again one by one, each in a savepoint, until the culprit is found."""
        try:
            async with tx.part() if len(told) == 1 else nullcontext():
                await self._follower.handle(tx, told, self._clock.now())
        except (psycopg.OperationalError, OSError):
            raise
        except Exception as fault:
            if len(told) > 1:
                self._alone_until = told[-1][0].seq
                raise
            await self._count(tx, told[0][0].seq, fault)

    async def _count(self, tx: Tx, seq: int, fault: Exception) -> None:
        failed, tries = self._failed
        tries = tries + 1 if failed == seq else 1
        self._failed = (seq, tries)
        if tries < TRIES:
            raise fault
        _log.error("event set aside", follower=self._follower.name, seq=seq, exc_info=fault)
        FOLLOWER_FAULTS.labels(self._follower.name).inc()
        params = {"name": self._follower.name, "seq": seq, "at": self._clock.now(), "error": type(fault).__name__}
        await tx.execute(_SQL["follower_fault"], params)
