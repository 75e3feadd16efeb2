"""The desks' alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.ids import new_id
from core.sql import load

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from core.db import Row, Tx

_SQL = load("dispatch")


async def add_alarm(
    tx: Tx, kind: str, provinces: Iterable[int], at: datetime, *, incident_id: UUID | None, note: str | None, drill: bool
) -> Row | None:
    """Write an alarm; None when the same one of that incident already stands unacknowledged."""
    params = {
        "id": new_id(), "provinces": sorted(provinces), "incident_id": incident_id, "kind": kind, "at": at, "note": note, "drill": drill,
    }  # fmt: skip
    return await tx.row(_SQL["add_alarm"], params)


async def sound_alarm(tx: Tx, alarm_id: UUID) -> Row | None:
    """Count another sounding; None when it was acknowledged or has ended."""
    return await tx.row(_SQL["sound_alarm"], {"id": alarm_id})


async def ack_alarm(tx: Tx, alarm_id: UUID, *, at: datetime, by: UUID, name: str, note: str | None) -> tuple[Row, bool] | None:
    """Acknowledge: (alarm, whether this call did it); None when there is no such alarm in scope."""
    found = await tx.row(_SQL["ack_alarm"], {"id": alarm_id, "at": at, "by": by, "name": name, "note": note})
    if found is not None:
        return found, True
    standing = await tx.row(_SQL["lock_alarm"], {"id": alarm_id})
    return None if standing is None else (standing, False)


async def end_alarms(tx: Tx, incident_id: UUID, kinds: Iterable[str], at: datetime) -> list[Row]:
    """End an incident's alarms whose cause is gone."""
    return await tx.rows(_SQL["end_alarms"], {"incident_id": incident_id, "kinds": sorted(kinds), "at": at})


async def list_alarms(tx: Tx, *, only_open: bool, limit: int) -> list[Row]:
    """Return alarms of the scope, newest first."""
    return await tx.rows(_SQL["alarms"], {"open": only_open, "limit": limit})
