"""Periodic jobs: each runs in one process at a time, wherever the house is open."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from core.db import NOTHING, Database
from core.metrics import JOB_FAILURES
from core.sql import load

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime, timedelta

    from core.clock import Clock

_SQL = load("core")
_log = structlog.get_logger("jobs")


@dataclass(frozen=True, slots=True)
class Periodic:
    """Something to do again and again."""

    name: str
    every: timedelta
    run: Callable[[Database, datetime], Awaitable[None]]


class JobRunner:
    """Gives each job its turns; a failing run is logged, counted, and tried again at its next turn."""

    def __init__(self, db: Database, clock: Clock, jobs: Sequence[Periodic]) -> None:
        """Run `jobs` by `clock`."""
        self._db = db
        self._clock = clock
        self._jobs = jobs

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for job in self._jobs:
                group.create_task(self._repeat(job))

    async def _repeat(self, job: Periodic) -> None:
        pause = min(job.every.total_seconds() / 2, 30.0)
        while True:
            try:
                now = self._clock.now()
                if await self._turn(job, now):
                    await job.run(self._db, now)
            except Exception as fault:  # noqa: BLE001 - one job's fault must not end the others; it is counted and comes again
                JOB_FAILURES.labels(job.name).inc()
                away = isinstance(fault, (psycopg.OperationalError, SQLAlchemyError, OSError))
                _log.error("job failed", job=job.name, exc_info=None if away else fault, error=type(fault).__name__)
            await asyncio.sleep(pause)

    async def _turn(self, job: Periodic, now: datetime) -> bool:
        async with self._db.tx(NOTHING) as tx:
            # A little early is allowed, so that a pause of half a period never makes it one and a half.
            before = now - job.every * 0.9
            return bool(await tx.value(_SQL["job_turn"], {"name": job.name, "now": now, "before": before}))
