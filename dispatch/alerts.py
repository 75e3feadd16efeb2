"""From an alert to an incident: the few writes that must never be lost (law 1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from core.errors import NotFound
from core.ids import new_id
from core.timers import set_timer
from dispatch import rules
from dispatch.announce import tell_incident
from dispatch.choosing import CHOOSE, Actor, line
from dispatch.metrics import INCIDENTS
from dispatch.placing import place, storable
from dispatch.states import Incident, Periods
from dispatch.store import changes, locks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from core.db import Tx
    from geo.point import Fix

Instruction = Literal["observe", "stop", "withdrawn"]
Need = Literal["vehicle", "stops_vehicles", "woman_officer", "first_aid"]
PositionKind = Literal["fix", "last_known", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What a source tells. Times in UTC."""

    source: Literal["kades", "pts", "phone", "team_panic", "other"]
    source_id: UUID | None
    kind: str
    #: 1 is the most urgent, 9 the least.
    priority: int
    #: Whose desks it rings at; never empty.
    provinces: frozenset[int]
    received_at: datetime
    fix: Fix | None = None
    #: "last_known": `fix` is an old one, shown as such.
    position_kind: PositionKind = "none"
    #: Joins that person's open incident instead of opening another.
    person_id: UUID | None = None
    instruction: Instruction | None = None
    silent: bool = False
    drill: bool = False
    place_text: str | None = None
    #: Offers itself to the nearest team without waiting for a person.
    automatic: bool = True
    #: A PTS hit does not take a district's last free team (contract).
    may_take_last: bool = True
    #: A province may hold the first offer back for so many seconds (E9).
    hold_back_s: float = 0.0
    #: The province its olay no counts in; by default the lowest of `provinces`.
    home: int | None = None
    needs: frozenset[Need] = frozenset()
    #: Never sent to itself: the team whose own panic this is.
    without_team: UUID | None = None
    needed_teams: int = 1
    #: Who opened it by hand; owns it from the first moment.
    opened_by: Actor | None = None


@dataclass(frozen=True, slots=True)
class Raised:
    """What became of an alert."""

    incident_id: UUID
    olay_no: str
    #: It joined the open incident of the same person.
    joined: bool


async def raise_alert(tx: Tx, alert: Alert) -> Raised:
    """Write the alert's incident (or join the person's open one), one outbox row and the timer that chooses: THE door of every source.

    Nothing more happens here, so that a fault in choosing can never lose a press (law 1, E9).
    """
    incident = _incident_of(alert)
    incident_id, olay_no, joined = await changes.raise_incident(tx, _row_of(alert, incident))
    incident = replace(incident, id=incident_id, olay_no=olay_no)
    if joined:
        await _join(tx, incident_id, alert)
    else:
        await tell_incident(tx, incident, alert.received_at, opened=True)
        tx.after_commit(INCIDENTS.labels(alert.source, str(alert.drill).lower()).inc)
    due_at = alert.received_at + timedelta(seconds=0 if joined else alert.hold_back_s)
    await set_timer(tx, CHOOSE, incident_id, due_at)
    return Raised(incident_id, olay_no, joined)


def _incident_of(alert: Alert) -> Incident:
    periods = Periods()
    placed = alert.fix is not None and alert.position_kind != "none"
    fix = storable(alert.fix, alert.received_at) if alert.fix is not None and placed else None
    return Incident(
        id=new_id(),
        received_at=alert.received_at,
        home=alert.home or min(alert.provinces),
        provinces=alert.provinces | ({alert.home} if alert.home else set()),
        source=alert.source,
        source_id=alert.source_id,
        kind=alert.kind,
        priority=alert.priority,
        lon=fix.point.lon if fix else None,
        lat=fix.point.lat if fix else None,
        accuracy_m=fix.accuracy_m if fix else None,
        fixed_at=fix.fixed_at if fix else None,
        position_kind=alert.position_kind if fix else "none",
        place_text=alert.place_text,
        instruction=alert.instruction,
        silent=alert.silent,
        drill=alert.drill,
        automatic=alert.automatic,
        needed_teams=alert.needed_teams,
        owner_id=alert.opened_by.id if alert.opened_by else None,
        owner_name=alert.opened_by.name if alert.opened_by else None,
        taken_at=alert.received_at if alert.opened_by else None,
        due_warn_at=alert.received_at + periods.standard_warn,
        due_breach_at=alert.received_at + periods.standard_breach,
    )


def _row_of(alert: Alert, incident: Incident) -> Mapping[str, object]:
    names = (
        "id", "home", "source", "source_id", "kind", "priority", "lon", "lat", "accuracy_m", "fixed_at", "position_kind", "place_text",
        "instruction", "silent", "drill", "automatic", "needed_teams", "received_at", "owner_id", "owner_name", "taken_at", "due_warn_at",
        "due_breach_at",
    )  # fmt: skip
    who = alert.opened_by
    return {
        **{name: getattr(incident, name) for name in names},
        "provinces": sorted(incident.provinces),
        "person_id": alert.person_id,
        "may_take_last": alert.may_take_last,
        "without_team": alert.without_team,
        "needs": sorted(alert.needs),
        "opened_by": who.id if who else None,
        "actor_kind": who.kind if who else alert.source,
        "actor_id": who.id if who else alert.source_id,
        "actor_name": who.name if who else None,
    }


async def _join(tx: Tx, incident_id: UUID, alert: Alert) -> None:
    """A further press of the same person: the desk hears it, and a first fix places an incident that had none."""
    incident = await locks.lock_incident(tx, incident_id, any_scope=True)
    if incident is None:
        raise NotFound
    history = line("joined", None, source=alert.source, source_id=alert.source_id)
    if alert.fix is not None and alert.position_kind == "fix" and incident.position_kind != "fix":
        await place(tx, incident, alert.fix, alert.provinces, alert.received_at, history=history)
        return
    incident = replace(incident, state=rules.derive(incident))
    await changes.save(tx, incident, alert.received_at, events=[history])
    await tell_incident(tx, incident, alert.received_at)
