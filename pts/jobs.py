"""What the PTS room does by itself: days of reads made ahead, and list entries that run out."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from core.db import EVERY
from core.jobs import Periodic
from pts import service, store

if TYPE_CHECKING:
    from datetime import datetime

    from core.db import Database, Tx
    from core.timers import Timer

#: Days made ahead, so that a weekend without this job costs nothing; a read of an unmade day is kept all the same.
AHEAD = 4


async def make_days(db: Database, now: datetime) -> None:
    """Make the partitions of today and the days to come."""
    async with db.tx(EVERY, role="merkez_sweep") as tx:
        await store.make_days(tx, now.astimezone(UTC).date(), AHEAD)


async def entry_over(tx: Tx, timer: Timer, now: datetime) -> None:
    """Run the timer of a list entry that was ended or ran out."""
    await service.entry_over(tx, timer.subject_id, now)


JOBS = (Periodic("pts.days", timedelta(hours=6), make_days),)
TIMERS = {service.ENTRY_OVER: entry_over}
