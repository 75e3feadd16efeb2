"""Followers: a room upstairs reacts to events from below, durably and in order, without anybody importing upward.

A follower keeps its place in the log as a row. Events are handled at least once, each batch in one transaction with the new place.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
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

Handle = Callable[[Tx, Event, dict[str, Any], datetime], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Follower:
    """Who follows which events: handlers by event type.

    `key` names what an event is about. Of several events of one batch about the same thing only the last is handled: followers look up how
    things stand now, so the earlier ones have nothing to add, and under a storm they were most of the work.
    """

    name: str
    handlers: Mapping[str, Handle]
    key: Callable[[Event, dict[str, Any]], object] | None = None


class FollowerRunner:
    """Runs one follower; of several processes one at a time holds its row."""

    def __init__(self, db: Database, clock: Clock, follower: Follower) -> None:
        """Follow with `follower`."""
        self._db = db
        self._clock = clock
        self._follower = follower
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
            if moved < BATCH:
                await asyncio.sleep(POLL_EVERY_S)

    async def step(self) -> int:
        """Handle up to `BATCH` events; return how many were read."""
        name = self._follower.name
        async with self._db.tx(EVERY, role="merkez_timers") as tx:
            place = await tx.row(_SQL["follower_take"], {"name": name})
            if place is None:
                await tx.execute(_SQL["follower_add"], {"name": name})
                return 0
            params = {"after": place["seq"], "types": list(self._follower.handlers), "limit": BATCH}
            events = [event_of(row) for row in await tx.rows(_SQL["follower_read"], params)]
            for event, data in self._last_of_each(events):
                await self._handle(tx, event, data)
            if events:
                await tx.execute(_SQL["follower_move"], {"name": name, "seq": events[-1].seq})
        return len(events)

    def _last_of_each(self, events: list[Event]) -> list[tuple[Event, dict[str, Any]]]:
        read = [(event, json.loads(event.data)) for event in events]
        key = self._follower.key
        if key is None:
            return read
        last = {key(event, data): event.seq for event, data in read}
        return [(event, data) for event, data in read if last[key(event, data)] == event.seq]

    async def _handle(self, tx: Tx, event: Event, data: dict[str, Any]) -> None:
        handler = self._follower.handlers[event.type]
        seq, tries = self._failed
        if seq != event.seq:
            # A fault rolls the batch back; it comes again, and then what failed has a savepoint of its own.
            try:
                await handler(tx, event, data, self._clock.now())
            except Exception:
                self._failed = (event.seq, 1)
                raise
            return
        try:
            async with tx.part():
                await handler(tx, event, data, self._clock.now())
        except (psycopg.OperationalError, OSError):
            raise
        except Exception as fault:
            self._failed = (event.seq, tries + 1)
            if tries + 1 < TRIES:
                raise
            _log.error("event set aside", follower=self._follower.name, seq=event.seq, exc_info=fault)
            FOLLOWER_FAULTS.labels(self._follower.name).inc()
            params = {"name": self._follower.name, "seq": event.seq, "at": self._clock.now(), "error": type(fault).__name__}
            await tx.execute(_SQL["follower_fault"], params)
