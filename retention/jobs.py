"""The sweep as a standing job."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from core.jobs import Periodic
from retention import service
from retention.rules import LONGEST_SILENCE, Look

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from core.db import Database

SWEEP = "retention.sweep"
#: Twice an hour: what is due must be gone within the hour (E16), a turn that was missed included.
EVERY = timedelta(minutes=30)


def counted() -> float:
    """Seconds since the machine started, whatever the wall clock does; where the system can, the time it slept included."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


class Sweeper:
    """Sweeps at its turns and remembers this process's last look at the clock."""

    def __init__(self, *, longest_silence: timedelta | None = LONGEST_SILENCE, count: Callable[[], float] = counted) -> None:
        """`count` counts seconds whatever the wall clock does."""
        self._longest_silence = longest_silence
        self._count = count
        self._before: Look | None = None

    async def run(self, db: Database, now: datetime) -> None:
        """Run one sweep; a clock that is not believed stops it (law 7)."""
        await self.sweep(db, now)

    async def sweep(self, db: Database, now: datetime) -> service.Swept:
        """Run one sweep and tell what it did."""
        look = Look(at=now, counted_s=self._count())
        done = await service.sweep(db, look, before=self._before, longest_silence=self._longest_silence)
        # A look that was not believed must not become the measure of the next one; after a resume the mark is.
        self._before = look if done.stopped is None else None
        return done


def jobs(*, demo: bool = False) -> list[Periodic]:
    """Return the room's jobs. The demo may have slept for weeks, so there a long silence stops nothing."""
    return [Periodic(SWEEP, EVERY, Sweeper(longest_silence=None if demo else LONGEST_SILENCE).run)]
