"""The write door for the sources (kades, pts) and for whoever else must set an incident in motion.

The doors work whatever the caller's province scope is: the phone that presses is registered in one province and rings in another, and
nothing about a device may keep a press out. The caller's transaction sees the incident's provinces beside its own from then on. They run
in that transaction and never commit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from core.errors import NotFound
from core.timers import set_timer
from dispatch import rules
from dispatch.alarms import raise_alarm
from dispatch.alerts import Alert, Instruction, Need, PositionKind, Raised, raise_alert
from dispatch.announce import tell_incident
from dispatch.choosing import CHOOSE, Actor, Site, actor_of, line
from dispatch.placing import place, tell_anew
from dispatch.service import settle
from dispatch.store import changes, locks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from core.db import Tx
    from core.identity import Principal
    from dispatch.states import Incident
    from geo.point import Fix

Verdict = Literal["genuine", "mistaken", "unclear"]
CodeOutcome = Literal["normal", "duress", "wrong"]

__all__ = [
    "Actor",
    "Alert",
    "CodeOutcome",
    "Instruction",
    "Need",
    "PositionKind",
    "Raised",
    "Verdict",
    "actor_of",
    "alarm",
    "cancelled",
    "evaluated",
    "instruct",
    "move_incident",
    "note",
    "raise_alert",
    "withdraw_incident",
]


if TYPE_CHECKING:
    Who = Principal | Actor | None


def _actor(who: Who) -> Actor | None:
    return who if who is None or isinstance(who, Actor) else actor_of(who)


async def move_incident(tx: Tx, incident_id: UUID, fix: Fix, provinces: frozenset[int], now: datetime) -> None:
    """A better or first fix: places a konumsuz incident, tells its crews, and lets it choose if nobody is asked. A closed one stays."""
    incident = await _locked(tx, incident_id)
    if incident.open:
        await place(tx, incident, fix, provinces, now, history=line("moved", None, accuracy_m=fix.accuracy_m))
        await set_timer(tx, CHOOSE, incident.id, now)


async def note(tx: Tx, incident_id: UUID, kind: str, at: datetime, who: Who, detail: Mapping[str, object]) -> None:
    """Append a line to an incident's history. `detail` holds ids and words, no name, phone, address or plate."""
    await _locked(tx, incident_id)
    await changes.add_event(tx, incident_id, line(kind, _actor(who), **detail), at)


async def instruct(tx: Tx, incident_id: UUID, instruction: Instruction, now: datetime, who: Who = None) -> None:
    """Tell every crew of an incident what to do: observe, stop, or leave it (E15)."""
    incident = await _locked(tx, incident_id)
    if incident.open and incident.instruction != instruction:
        after = replace(incident, instruction=instruction)
        await tell_anew(tx, after, now, line("instructed", _actor(who), instruction=instruction))


async def evaluated(tx: Tx, incident_id: UUID, verdict: Verdict, who: Who, now: datetime) -> None:
    """An operator has evaluated the alert (E10). It delays nothing, withdraws nothing and lowers nothing."""
    incident = replace(await _locked(tx, incident_id), evaluation=verdict)
    await changes.save(tx, incident, now, events=[line("evaluated", _actor(who), verdict=verdict)])
    await tell_incident(tx, incident, now)


async def cancelled(tx: Tx, incident_id: UUID, outcome: CodeOutcome, now: datetime) -> None:
    """The caller sent a code. It informs the desk and recalls nobody; under duress the incident goes to the front of the queue.

    `cancelled` reads the same for both codes: who looks over a crew's shoulder must not learn which it was.
    """
    incident = await _locked(tx, incident_id)
    after = replace(
        incident,
        cancelled=incident.cancelled if outcome == "wrong" else "informed",
        priority=1 if outcome == "duress" else incident.priority,
    )
    await changes.save(tx, after, now, events=[line("code", None, outcome=outcome)])
    await tell_incident(tx, after, now)


async def withdraw_incident(tx: Tx, incident_id: UUID, reason: str, now: datetime, who: Who = None) -> None:
    """The source takes its alert back (a misread plate): recalls the teams and closes with the outcome `withdrawn`. Closed stays closed."""
    incident = await _locked(tx, incident_id)
    if incident.open:
        change = rules.close(incident, now, outcome="withdrawn")
        actor = _actor(who)
        await settle(tx, incident, change, now, Site(), actor=actor, history=[line("withdrawn", actor, reason=reason)])


async def alarm(
    tx: Tx,
    kind: str,
    now: datetime,
    *,
    provinces: frozenset[int],
    incident_id: UUID | None = None,
    note: str | None = None,
    drill: bool = False,
) -> UUID | None:
    """Alarm the desks of `provinces`; None when the same alarm of that incident stands already. `note` names no person."""
    if incident_id is not None:
        await _locked(tx, incident_id)
    return await raise_alarm(tx, kind, provinces, now, incident_id=incident_id, note=note, drill=drill)


async def _locked(tx: Tx, incident_id: UUID) -> Incident:
    incident = await locks.lock_incident(tx, incident_id, any_scope=True)
    if incident is None:
        raise NotFound
    return incident
