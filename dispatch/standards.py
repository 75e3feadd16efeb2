"""E3: an ihbar reaches a unit within ten minutes of its arrival. Warned at seven, breached at ten; both are logged and shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.timers import set_timer
from dispatch import store
from dispatch.announce import tell_incident, tell_standard
from dispatch.choosing import line

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from core.db import Tx

BREACH = "standard.breach"


async def warn(tx: Tx, incident_id: UUID, now: datetime) -> None:
    """Three minutes are left."""
    incident = await store.lock_incident(tx, incident_id, wait=False)
    if incident is None or not incident.open or incident.delivered_at is not None or incident.due_breach_at is None:
        return
    after = replace(incident, warned_at=incident.warned_at or now)
    await store.save(tx, after, now, events=[line("standard.warned", None, standard="E3", due_at=incident.due_breach_at)])
    await tell_standard(tx, "standard.warned", after, incident.due_breach_at, now)
    await tell_incident(tx, after, now)
    await set_timer(tx, BREACH, incident.id, incident.due_breach_at)


async def breach(tx: Tx, incident_id: UUID, now: datetime) -> None:
    """The ten minutes are over and no unit has it."""
    incident = await store.lock_incident(tx, incident_id, wait=False)
    if incident is None or not incident.open or incident.delivered_at is not None or incident.due_breach_at is None:
        return
    after = replace(incident, breached_at=incident.breached_at or now)
    await store.save(tx, after, now, events=[line("standard.breached", None, standard="E3", due_at=incident.due_breach_at)])
    await tell_standard(tx, "standard.breached", after, incident.due_breach_at, now)
    await tell_incident(tx, after, now)
