"""Room on the disk: told to the desks before it runs out, since nothing can be written, an alarm neither, once it has."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from prometheus_client import Gauge

from core.db import EVERY
from core.jobs import Periodic
from dispatch import inbox

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from core.db import Database

_log = structlog.get_logger("disk")

FREE = Gauge("merkez_disk_free_bytes", "Room left where the house keeps its files", ["folder"])
#: The write-ahead log alone may yet grow by as much (max_wal_size).
LEAST_FREE = 2 << 30
LOOK_EVERY = timedelta(minutes=1)
#: A desk that acknowledged it hears of it again after this, while there is still no room.
AGAIN_AFTER = timedelta(hours=1)


class DiskWatch:
    """Looks at the disks of some folders and rings every desk while one of them is nearly full."""

    def __init__(self, folders: Sequence[Path], *, least_free: int = LEAST_FREE) -> None:
        """Watch `folders`; less than `least_free` bytes left is an alarm."""
        self._folders = folders
        self.least_free = least_free
        self._rung_at: datetime | None = None

    async def run(self, db: Database, now: datetime) -> None:
        """Look once."""
        low = {folder: free for folder in self._folders if (free := room_in(folder)) < self.least_free}
        if not low:
            self._rung_at = None
            return
        for folder, free in low.items():
            _log.error("disk nearly full", folder=str(folder), free_bytes=free)
        if self._rung_at is not None and now - self._rung_at < AGAIN_AFTER:
            return
        note = f"disk: {min(low.values()) >> 20} MB"
        async with db.tx(EVERY, role="merkez_sweep") as tx:
            await inbox.alarm(tx, "disk_full", now, provinces=EVERY, note=note)
        self._rung_at = now


def room_in(folder: Path) -> int:
    """Return the bytes left on the folder's disk, and count them in `/metrics`."""
    free = shutil.disk_usage(folder).free
    FREE.labels(str(folder)).set(free)
    return free


def jobs(folders: Sequence[Path]) -> list[Periodic]:
    """Return the standing look."""
    return [Periodic("house.disk", LOOK_EVERY, DiskWatch(folders).run)]
