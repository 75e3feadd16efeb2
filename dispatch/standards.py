"""E3: an ihbar reaches a unit within ten minutes of its arrival. Warned at seven, breached at ten; both are logged and shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.timers import set_timer
from dispatch.announce import tell_incident, tell_standard
from dispatch.choosing import line
from dispatch.store import changes, locks

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from core.db import Tx
    from dispatch.states import Incident

BREACH = "standard.breach"


async def warn(tx: Tx, incident_id: UUID, now: datetime) -> None:
    """Three minutes are left."""
    found = await _undelivered(tx, incident_id)
    if found is not None:
        incident, due = found
        after = replace(incident, warned_at=incident.warned_at or now)
        await _tell(tx, "standard.warned", after, due, now)
        await set_timer(tx, BREACH, incident.id, due)


async def breach(tx: Tx, incident_id: UUID, now: datetime) -> None:
    """The ten minutes are over and no unit has it."""
    found = await _undelivered(tx, incident_id)
    if found is not None:
        incident, due = found
        after = replace(incident, breached_at=incident.breached_at or now)
        await _tell(tx, "standard.breached", after, due, now)


async def _undelivered(tx: Tx, incident_id: UUID) -> tuple[Incident, datetime] | None:
    """The open incident that no unit has yet, locked, and when its ten minutes end."""
    incident = await locks.lock_incident(tx, incident_id, wait=False)
    if incident is None or not incident.open or incident.delivered_at is not None or incident.due_breach_at is None:
        return None
    return incident, incident.due_breach_at


async def _tell(tx: Tx, what: str, incident: Incident, due: datetime, now: datetime) -> None:
    await changes.save(tx, incident, now, events=[line(what, None, standard="E3", due_at=due)])
    await tell_standard(tx, what, incident, due, now)
    await tell_incident(tx, incident, now)
