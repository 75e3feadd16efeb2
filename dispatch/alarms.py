"""Desk alarms: raised once for each cause, sounded again until somebody acknowledges them or their cause is gone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import NotFound
from core.timers import set_timer
from dispatch.announce import tell_alarm
from dispatch.states import Periods
from dispatch.store import alarms

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from core.db import Row, Tx
    from core.identity import Principal
    from dispatch.states import Incident

AGAIN = "dispatch.alarm_again"
#: Their cause is gone as soon as enough teams have said yes.
ENDED_BY_A_YES = frozenset({"nobody_free", "offers_exhausted", "unowned", "declined_after_accept"})


async def raise_alarm(
    tx: Tx,
    kind: str,
    provinces: Iterable[int],
    now: datetime,
    *,
    incident_id: UUID | None = None,
    note: str | None = None,
    drill: bool = False,
    periods: Periods | None = None,
) -> UUID | None:
    """Sound an alarm at the desks of `provinces`; None when the same one of that incident stands already."""
    alarm = await alarms.add_alarm(tx, kind, provinces, now, incident_id=incident_id, note=note, drill=drill)
    if alarm is None:
        return None
    await tell_alarm(tx, alarm, now)
    await set_timer(tx, AGAIN, alarm["id"], now + (periods or Periods()).alarm_again)
    found: UUID = alarm["id"]
    return found


async def alarm_for(tx: Tx, incident: Incident, kind: str, now: datetime, periods: Periods | None = None) -> Incident:
    """Sound an incident's alarm unless it stands already; returns the incident that knows of it."""
    if kind not in incident.alarms:
        await raise_alarm(tx, kind, incident.provinces, now, incident_id=incident.id, drill=incident.drill, periods=periods)
    return replace(incident, alarms=incident.alarms | {kind})


async def end_alarms(tx: Tx, incident: Incident, kinds: Iterable[str], now: datetime) -> Incident:
    """End those of an incident's alarms whose cause is gone. Asks the database only where one stands."""
    gone = incident.alarms & frozenset(kinds)
    if not gone:
        return incident
    for alarm in await alarms.end_alarms(tx, incident.id, gone, now):
        await tell_alarm(tx, alarm, now)
    return replace(incident, alarms=incident.alarms - gone)


async def sound_again(tx: Tx, alarm_id: UUID, now: datetime, periods: Periods) -> None:
    """An alarm that nobody acknowledged: sound it again, and again after that."""
    alarm = await alarms.sound_alarm(tx, alarm_id)
    if alarm is not None:
        await tell_alarm(tx, alarm, now)
        await set_timer(tx, AGAIN, alarm_id, now + periods.alarm_again)


async def acknowledge(tx: Tx, alarm_id: UUID, who: Principal, now: datetime, note: str | None) -> Row:
    """Record who heard it. The first one counts; raises NotFound. Its timer is left to find that nothing is to be sounded."""
    found = await alarms.ack_alarm(tx, alarm_id, at=now, by=who.id, name=who.name, note=note)
    if found is None:
        raise NotFound
    alarm, first = found
    if first:
        await tell_alarm(tx, alarm, now)
    return alarm
