"""The relay (law 2): one process numbers committed outbox rows; any other takes over when it dies.

Writers take no lock for the number, so an event that commits late with a lower row id is numbered late and skipped by nobody.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from core.db import EVERY, NOTHING, Database, Row
from core.metrics import RELAY_LAG, RELAYED, RELAYING
from core.sql import load

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime
    from uuid import UUID

    from core.clock import Clock

_SQL = load("core")
_log = structlog.get_logger("relay")

#: Poll as well as listen: a notification sent while the ear was reconnecting is gone for good.
POLL_EVERY_S = 0.1
#: How soon another process notices that the relay died.
TAKE_OVER_EVERY_S = 0.25
BATCH = 500
#: In a storm every COMMIT wakes the relay: it gathers this long from the start of one batch to the next. Alone, an event waits for nothing.
GATHER_S = 0.008
#: The advisory lock that says who relays (class "mrkz", number 1).
RELAY_LOCK = (0x6D726B7A, 1)


@dataclass(frozen=True, slots=True)
class Event:
    """One numbered event; `data` is JSON text as the database holds it, so that fan-out never parses it."""

    seq: int
    type: str
    at: datetime
    channels: tuple[str, ...]
    subject_id: UUID | None
    data: str


def event_of(row: Row) -> Event:
    """Build an event from a row of the log."""
    return Event(row["seq"], row["type"], row["at"], tuple(row["channels"]), row["subject_id"], row["data"])


class Relay:
    """Numbers what was committed while this process holds the relay lock."""

    def __init__(self, db: Database, clock: Clock, feed: Callable[[list[Event]], None]) -> None:
        """Hand each numbered batch to `feed` (this process's hub) at once; other processes are told by NOTIFY."""
        self._db = db
        self._clock = clock
        self._feed = feed
        self._wake = asyncio.Event()
        #: Whether this process is the relay now.
        self.holding = False

    def wake(self) -> None:
        """Number soon: something was committed here, or another process said so."""
        self._wake.set()

    async def run(self) -> None:
        """Compete for the relay lock for ever; relay while holding it."""
        self._db.signals.outbox.append(self.wake)
        try:
            while True:
                try:
                    async with self._turn() as mine:
                        if mine:
                            _log.info("relaying")
                            await self._relay(mine)
                except (psycopg.Error, SQLAlchemyError, OSError) as fault:
                    _log.warning("relay lost its database", error=type(fault).__name__)
                finally:
                    RELAYING.set(0)
                await asyncio.sleep(TAKE_OVER_EVERY_S)
        finally:
            self._db.signals.outbox.remove(self.wake)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[psycopg.AsyncConnection[Any] | None]:
        """Hold a connection of our own whose session owns the lock; yield it if the lock is ours."""
        async with await ear(self._db) as conn:
            cursor = await conn.execute("SELECT pg_try_advisory_lock(%s, %s)", RELAY_LOCK)
            row = await cursor.fetchone()
            yield conn if row and row[0] else None

    async def _relay(self, lock_holder: psycopg.AsyncConnection[Any]) -> None:
        RELAYING.set(1)
        self.holding = True
        await lock_holder.execute("LISTEN merkez_outbox")
        listening = asyncio.create_task(self._listen(lock_holder))
        try:
            loop = asyncio.get_running_loop()
            while not listening.done():
                self._wake.clear()
                begun = loop.time()
                while await self.number_batch() == BATCH:
                    pass
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), POLL_EVERY_S)
                    await asyncio.sleep(max(0.0, begun + GATHER_S - loop.time()))
            await listening
        finally:
            self.holding = False
            listening.cancel()
            with suppress(asyncio.CancelledError, psycopg.Error):
                await listening

    async def _listen(self, conn: psycopg.AsyncConnection[Any]) -> None:
        """Also the proof that the lock's session lives: it raises when the connection breaks, and relaying stops."""
        async for _ in conn.notifies():
            self.wake()

    async def number_batch(self) -> int:
        """Number up to `BATCH` rows in one transaction and feed them; return how many."""
        async with self._db.tx(EVERY, role="merkez_relay", urgent=True) as tx:
            events = [event_of(row) for row in await tx.rows(_SQL["relay_batch"], {"limit": BATCH})]
        if events:
            now = self._clock.now()
            RELAYED.inc(len(events))
            RELAY_LAG.observe(max(0.0, (now - events[0].at).total_seconds()))
            self._feed(events)
        return len(events)


async def ear(db: Database) -> psycopg.AsyncConnection[Any]:
    """Open one autocommit connection beside the pool, for LISTEN and for session locks."""
    return await psycopg.AsyncConnection.connect(
        db.url, autocommit=True, options=f"-c role={db.role}", application_name="merkez-ear", connect_timeout=5
    )


class Teller:
    """Tells the relay of another process, once for many commits, that the outbox has something.

    NOTIFY stands outside the writers' transactions (inside it serialises commits: 17 x slower with 32 writers) and, writing no data
    of its own, needs no flush: losing it costs one polling interval.
    """

    def __init__(self, db: Database, relay: Relay | None = None) -> None:
        """Tell through one connection of the pool, unless `relay`, of this process, is the one that relays."""
        self._db = db
        self._relay = relay
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Tell whenever woken, never more than one notification under way."""
        self._db.signals.outbox.append(self._wake.set)
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                if self._relay is not None and self._relay.holding:
                    continue
                try:
                    async with self._db.tx(NOTHING) as tx:
                        await tx.execute("SET LOCAL synchronous_commit = off")
                        await tx.execute("NOTIFY merkez_outbox")
                except (psycopg.Error, SQLAlchemyError, OSError) as fault:
                    _log.warning("not told", error=type(fault).__name__)
        finally:
            self._db.signals.outbox.remove(self._wake.set)
