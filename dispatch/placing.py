"""Where an incident is and what its crews are to do: whatever changes there reaches every crew that is asked or on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dispatch import rules
from dispatch.alarms import end_alarms
from dispatch.announce import tell_dispatches, tell_incident
from dispatch.states import ENGAGING, OPEN
from dispatch.store import changes
from geo.point import Fix

if TYPE_CHECKING:
    from core.db import Tx
    from dispatch.states import Incident
    from dispatch.store.changes import History

#: No fix of ours is older; a device that says so has a clock that does not run.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
#: Metres beyond which an accuracy tells nothing, and far below what a column holds.
LARGEST_RADIUS_M = 10_000_000.0


def storable(fix: Fix, now: datetime) -> Fix:
    """The fix with its claims brought to what can be stored and read again; its place is never touched.

    A press is refused for nothing (law 1): an accuracy of 1e300 m or a time in the year 0 must not be what loses it. What the device
    really said is kept by its room.
    """
    radius = None if fix.accuracy_m is None else min(fix.accuracy_m, LARGEST_RADIUS_M)
    return Fix(point=fix.point, accuracy_m=radius, fixed_at=min(max(fix.fixed_at, EARLIEST), now))


async def place(tx: Tx, incident: Incident, fix: Fix, provinces: frozenset[int], now: datetime, *, history: History) -> Incident:
    """Put a locked incident where `fix` says, at the desks of `provinces` as well as those that have it already.

    A desk that has been told of an incident keeps seeing it: one that vanishes from a screen looks solved.
    """
    fix = storable(fix, now)
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
        await changes.spread(tx, after)
    return await end_alarms(tx, after, {"konumsuz"}, now)


async def tell_anew(tx: Tx, incident: Incident, now: datetime, history: History) -> None:
    """Write a locked incident whose own fields changed, and tell its desks and every crew that is asked or on the way."""
    await changes.save(tx, incident, now, events=[history])
    await tell_incident(tx, incident, now)
    concerned = [d for d in incident.dispatches if d.state in ENGAGING | OPEN]
    await tell_dispatches(tx, incident, concerned, now)
