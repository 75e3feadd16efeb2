"""Timers (law 4): every wait is a `due_at` row that any process may claim; nothing waits only in memory."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from core.db import EVERY, Database, Row, Tx, Wait
from core.metrics import TIMER_FAILURES
from core.sql import load

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from uuid import UUID

    from core.clock import Clock

_SQL = load("core")
_log = structlog.get_logger("timers")

#: Look even when nobody woke us: a wake-up is lost when its process dies.
POLL_EVERY_S = 0.1
#: After a failing handler: again after 0.2 s, 0.4 s … 30 s, for ever; a wait is never given up.
FIRST_RETRY = timedelta(seconds=0.2)
LAST_RETRY = timedelta(seconds=30)
#: A handler that failed this often has its kind reported to the desk by the composition root.
SHOUT_AFTER = 3


@dataclass(frozen=True, slots=True)
class Timer:
    """One wait that has come due."""

    kind: str
    subject_id: UUID
    due_at: datetime
    data: dict[str, Any]


if TYPE_CHECKING:
    Handler = Callable[[Tx, Timer, datetime], Awaitable[None]]
    Shout = Callable[[Tx, Timer, str, datetime], Awaitable[None]]


async def set_timer(tx: Tx, kind: str, subject_id: UUID, due_at: datetime, data: Mapping[str, object] | None = None) -> None:
    """Wait until `due_at`; a wait of the same kind and subject is replaced."""
    tx.wait(kind, subject_id, Wait(due_at, json.dumps(dict(data or {}), ensure_ascii=False)))


async def drop_timer(tx: Tx, kind: str, subject_id: UUID) -> None:
    """Stop waiting, if anything waited."""
    tx.wait(kind, subject_id, None)


class TimerWorker:
    """Runs due timers, each in one transaction with its claim: a crash or a fault leaves the row where it was."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        handlers: Mapping[str, Handler],
        *,
        workers: int = 6,
        shout: Shout | None = None,
        patient: Iterable[str] = (),
    ) -> None:
        """Serve `handlers` by kind with so many tasks; `shout` tells people of a handler that keeps failing.

        Timers of a `patient` kind are taken only when no other is due: after a mass incident thousands of alarms sound again every half
        minute, and an offer that ran out must not queue behind them.
        """
        self._db = db
        self._clock = clock
        self._handlers = handlers
        self._workers = workers
        self._shout = shout
        self._patient = sorted(patient)
        self._tokens: asyncio.Queue[None] = asyncio.Queue(maxsize=workers)
        self._running = 0

    def wake(self, due_at: datetime) -> None:
        """Let one worker look at once, if it is due; what is due later is found by looking."""
        if due_at <= self._clock.now() and not self._tokens.full():
            self._tokens.put_nowait(None)

    async def run(self) -> None:
        """Work until cancelled."""
        self._db.signals.timer.append(self.wake)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._workers):
                    group.create_task(self._work())
        finally:
            self._db.signals.timer.remove(self.wake)

    async def _work(self) -> None:
        while True:
            due = 0
            self._running += 1
            try:
                due = await self._look()
            except (psycopg.Error, SQLAlchemyError, OSError) as fault:
                _log.warning("database away", error=type(fault).__name__)
            # What this process's other workers run is still seen as due. Who has just looked in vain, or for nothing more, waits.
            more = due > self._running
            self._running -= 1
            if not more:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._tokens.get(), POLL_EVERY_S * self._workers)

    async def run_one(self) -> bool:
        """Take one due timer and run it; say whether there was one."""
        return await self._look() > 0

    async def _look(self) -> int:
        """Take one due timer and run it; return how many were due, those included that others run."""
        now = self._clock.now()
        timer: Timer | None = None
        attempts = due = 0
        try:
            async with self._db.tx(EVERY, role="merkez_timers", urgent=True) as tx:
                row = await self._take(tx, now)
                if row is None:
                    return 0
                attempts, due = row["attempts"], row["due"]
                timer = Timer(row["kind"], row["subject_id"], row["due_at"], row["data"])
                await self._handlers[timer.kind](tx, timer, now)
        except asyncio.CancelledError:
            raise
        except Exception as fault:
            if timer is None:
                raise
            await self._postpone(timer, fault, attempts)
        return due

    async def _take(self, tx: Tx, now: datetime) -> Row | None:
        row = await tx.row(_SQL["take_timer"], {"now": now, "passed_over": self._patient})
        if row is None and self._patient:
            row = await tx.row(_SQL["take_timer"], {"now": now, "passed_over": []})
        return row

    async def _postpone(self, timer: Timer, fault: Exception, attempts: int) -> None:
        delay = min(FIRST_RETRY * (2 ** min(attempts, 10)), LAST_RETRY)
        _log.error("timer failed", kind=timer.kind, subject=str(timer.subject_id), attempts=attempts + 1, exc_info=fault)
        TIMER_FAILURES.labels(timer.kind).inc()
        now = self._clock.now()
        error = type(fault).__name__
        async with self._db.tx(EVERY, role="merkez_timers") as tx:
            params = {"kind": timer.kind, "subject_id": timer.subject_id, "due_at": now + delay, "error": error}
            await tx.execute(_SQL["postpone_timer"], params)
            if attempts + 1 == SHOUT_AFTER and self._shout is not None:
                await self._shout(tx, timer, error, now)
