"""Where an incident is and what its crews are to do: whatever changes there reaches every crew that is asked or on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dispatch import rules, store
from dispatch.alarms import end_alarms
from dispatch.announce import tell_dispatches, tell_incident
from dispatch.states import ENGAGING, OPEN

if TYPE_CHECKING:
    from datetime import datetime

    from core.db import Tx
    from dispatch.states import Incident
    from dispatch.store import History
    from geo.point import Fix


async def place(tx: Tx, incident: Incident, fix: Fix, provinces: frozenset[int], now: datetime, *, history: History) -> Incident:
    """Put a locked incident where `fix` says, at the desks of `provinces` as well as those that have it already.

    A desk that has been told of an incident keeps seeing it: one that vanishes from a screen looks solved.
    """
    after = replace(
        incident,
        lon=fix.point.lon,
        lat=fix.point.lat,
        accuracy_m=fix.accuracy_m,
        fixed_at=fix.fixed_at,
        position_kind="fix",
        provinces=incident.provinces | provinces,
    )
    after = replace(after, state=rules.derive(after))
    await tell_anew(tx, after, now, history)
    if after.provinces != incident.provinces:
        await store.spread(tx, after)
    return await end_alarms(tx, after, {"konumsuz"}, now)


async def tell_anew(tx: Tx, incident: Incident, now: datetime, history: History) -> None:
    """Write a locked incident whose own fields changed, and tell its desks and every crew that is asked or on the way."""
    await store.save(tx, incident, now, events=[history])
    await tell_incident(tx, incident, now)
    concerned = [d for d in incident.dispatches if d.state in ENGAGING | OPEN]
    await tell_dispatches(tx, incident, concerned, now)
