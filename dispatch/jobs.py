"""What dispatch does by the clock: its timers' handlers, and the nets under them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from core.db import EVERY
from core.jobs import Periodic
from core.timers import set_timer
from dispatch import service, standards
from dispatch.alarms import AGAIN, raise_alarm, sound_again
from dispatch.choosing import CHOOSE, UNACCEPTED, UNACKNOWLEDGED, WARN, Site, choose
from dispatch.states import Act
from dispatch.store import facts, locks, nets, positions
from geo.places import place_index

if TYPE_CHECKING:
    from datetime import datetime

    from core.db import Database, Tx
    from core.timers import Handler, Timer

#: Waits that may be a little late: what sounds again, and the clocks that count minutes. An offer's end and a choice come first.
PATIENT = frozenset({AGAIN, WARN, standards.BREACH})
#: A handler that finds its incident locked comes back after this; it must not wait for it (locks.lock_incident).
COME_BACK = timedelta(milliseconds=20)
#: What the nets look for is older than this, so that they never race with a wait that is about to end by itself.
OVERDUE = timedelta(seconds=5)
TRACK_DAYS_AHEAD = timedelta(days=2)


def timers(site: Site) -> dict[str, Handler]:
    """Return the handlers of every wait that dispatch sets.

    Builds the index of provinces first: half a second that the first press of a process must not pay.
    """
    place_index()

    async def look(tx: Tx, timer: Timer, now: datetime) -> None:
        await choose(tx, timer.subject_id, now, site, wait=False)

    async def unacknowledged(tx: Tx, timer: Timer, now: datetime) -> None:
        await service.time_out(tx, timer.subject_id, Act.UNACKNOWLEDGED, now, site)

    async def unaccepted(tx: Tx, timer: Timer, now: datetime) -> None:
        await service.time_out(tx, timer.subject_id, Act.UNACCEPTED, now, site)

    async def alarm_again(tx: Tx, timer: Timer, now: datetime) -> None:
        await sound_again(tx, timer.subject_id, now, site.periods)

    async def warn(tx: Tx, timer: Timer, now: datetime) -> None:
        await standards.warn(tx, timer.subject_id, now)

    async def breach(tx: Tx, timer: Timer, now: datetime) -> None:
        await standards.breach(tx, timer.subject_id, now)

    handlers: dict[str, Handler] = {
        CHOOSE: look,
        UNACKNOWLEDGED: unacknowledged,
        UNACCEPTED: unaccepted,
        AGAIN: alarm_again,
        WARN: warn,
        standards.BREACH: breach,
    }
    return {kind: _back_when_busy(handler) for kind, handler in handlers.items()}


def _back_when_busy(handler: Handler) -> Handler:
    async def run(tx: Tx, timer: Timer, now: datetime) -> None:
        try:
            await handler(tx, timer, now)
        except locks.Busy:
            await set_timer(tx, timer.kind, timer.subject_id, now + COME_BACK, timer.data)

    return run


def jobs(site: Site) -> list[Periodic]:
    """Return the room's periodic jobs."""

    async def catch_lost(db: Database, now: datetime) -> None:
        await catch(db, now, site)

    return [
        Periodic("dispatch.nets", timedelta(seconds=5), catch_lost),
        Periodic("dispatch.roster", timedelta(minutes=1), roster_gaps),
        Periodic("dispatch.tracks", timedelta(hours=1), make_track_days),
        Periodic("dispatch.reindex", timedelta(hours=24), positions.reindex_positions),
    ]


async def catch(db: Database, now: datetime, site: Site) -> None:
    """Catch whatever would otherwise wait unseen: each net in a transaction of its own, so that one fault does not cut the others."""
    for net in (_catch_seeking, _catch_offers, _catch_alarms, _catch_unowned):
        async with db.tx(EVERY, role="merkez_sweep") as tx:
            await net(tx, now, site)


async def _catch_seeking(tx: Tx, now: datetime, _site: Site) -> None:
    """An incident that waits for a team always has a next look."""
    for incident_id in await nets.seeking_unwatched(tx):
        await set_timer(tx, CHOOSE, incident_id, now)


async def _catch_offers(tx: Tx, now: datetime, _site: Site) -> None:
    """An offer always has an end."""
    for dispatch_id in await nets.lost_offers(tx, now - OVERDUE):
        await set_timer(tx, UNACCEPTED, dispatch_id, now)


async def _catch_alarms(tx: Tx, now: datetime, site: Site) -> None:
    """An alarm sounds until somebody hears it."""
    for alarm_id in await nets.unsounded_alarms(tx, now - site.periods.alarm_again - OVERDUE):
        await set_timer(tx, AGAIN, alarm_id, now)


async def _catch_unowned(tx: Tx, now: datetime, site: Site) -> None:
    """An incident that nobody goes to and nobody took is heard of, whatever the reason."""
    for incident_id in await nets.unowned(tx, now - site.periods.unowned_after):
        incident = await facts.incident(tx, incident_id)
        if incident is not None and incident.open:
            await raise_alarm(tx, "unowned", incident.provinces, now, incident_id=incident.id, drill=incident.drill, periods=site.periods)


async def roster_gaps(db: Database, now: datetime) -> None:
    """A6: a province that has teams and none on duty is an alarm."""
    async with db.tx(EVERY, role="merkez_sweep") as tx:
        for province in await nets.roster_gaps(tx):
            await raise_alarm(tx, "roster_gap", {province}, now)


async def make_track_days(db: Database, now: datetime) -> None:
    """Make the coming days' partitions of the track. The sweep of `retention` drops the old ones: it doubts a clock that leaps (law 7)."""
    today = now.date()
    async with db.tx(EVERY, role="merkez_sweep") as tx:
        await positions.track_days(tx, today, today + TRACK_DAYS_AHEAD)
