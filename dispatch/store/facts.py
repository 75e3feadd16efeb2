"""What the database tells of incidents, unlocked: their dispatches, history, candidates, callers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from core.sql import load
from dispatch.states import Dispatch, DispatchState, Incident, IncidentState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from core.db import Row, Tx

_SQL = load("dispatch")

_INCIDENT_TIMES = (
    *("received_at", "fixed_at", "taken_at", "again_at", "warned_at", "breached_at"),
    *("due_warn_at", "due_breach_at", "delivered_at", "closed_at"),
)
_INCIDENT_IDS = ("id", "source_id", "owner_id", "closed_by", "merged_into")
_INCIDENT_PLAIN = (
    *("olay_no", "home", "source", "kind", "priority", "lon", "lat", "accuracy_m", "position_kind", "place_text", "instruction"),
    *("silent", "drill", "automatic", "needed_teams", "owner_name", "evaluation", "cancelled", "further", "round", "seeking"),
    *("outcome", "outcome_body", "version"),
)
_DISPATCH_TIMES = ("offered_at", "ack_due_at", "accept_due_at", "acknowledged_at", "accepted_at", "en_route_at", "on_scene_at", "ended_at")
_DISPATCH_IDS = ("id", "incident_id", "team_id", "offered_by")
_DISPATCH_PLAIN = ("team_code", "team_province", "round", "reason", "by", "lead", "drill", "distance_m", "eta_s", "fix_age_s")


def _fields(row: Mapping[str, Any], times: Iterable[str], ids: Iterable[str], plain: Iterable[str]) -> dict[str, Any]:
    found: dict[str, Any] = {name: row[name] for name in plain}
    found.update((name, None if row[name] is None else datetime.fromisoformat(row[name])) for name in times)
    found.update((name, None if row[name] is None else UUID(row[name])) for name in ids)
    return found


def incident_of(facts: Mapping[str, Any]) -> Incident:
    """Read what `dispatch_facts` tells."""
    row = facts["incident"]
    return Incident(
        **_fields(row, _INCIDENT_TIMES, _INCIDENT_IDS, _INCIDENT_PLAIN),
        state=IncidentState(row["state"]),
        provinces=frozenset(row["provinces"]),
        reach=frozenset(row["reach"]),
        dispatches=tuple(_dispatch_of(d) for d in facts["dispatches"]),
        alarms=frozenset(facts["alarms"]),
    )


def _dispatch_of(row: Mapping[str, Any]) -> Dispatch:
    return Dispatch(**_fields(row, _DISPATCH_TIMES, _DISPATCH_IDS, _DISPATCH_PLAIN), state=DispatchState(row["state"]))


async def look(tx: Tx, dispatch_id: UUID, team_id: UUID | None) -> Incident | None:
    """Return the incident of a dispatch without a lock."""
    facts = await tx.value(_SQL["look"], {"id": dispatch_id, "team_id": team_id})
    return None if facts is None else incident_of(facts)


async def in_hand(tx: Tx, team_id: UUID) -> list[tuple[Incident, Dispatch]]:
    """Return a crew's open offers and running dispatches, oldest first."""
    found: list[tuple[Incident, Dispatch]] = []
    for row in await tx.rows(_SQL["in_hand"], {"team_id": team_id}):
        incident = incident_of(row["facts"])
        found.append((incident, next(d for d in incident.dispatches if d.id == row["dispatch_id"])))
    return found


async def incident(tx: Tx, incident_id: UUID) -> Incident | None:
    """Return one incident of the scope, unlocked."""
    facts = await tx.value(_SQL["incident"], {"id": incident_id})
    return None if facts is None else incident_of(facts)


async def standings(tx: Tx, incident_ids: Iterable[UUID]) -> list[Row]:
    """Return state, provinces, merge and the dispatches' states of incidents of the scope."""
    return await tx.rows(_SQL["standings"], {"ids": list(incident_ids)})


async def incidents(tx: Tx, *, is_open: bool | None, after: tuple[datetime, UUID] | None, limit: int) -> list[Incident]:
    """Return incidents of the scope, newest first; `is_open` None = both."""
    params = {"after_at": after[0] if after else None, "after_id": after[1] if after else None, "limit": limit}
    if is_open:
        rows = await tx.rows(_SQL["incidents_open"], params)
    else:
        rows = await tx.rows(_SQL["incidents"], {**params, "only_closed": is_open is False})
    return [incident_of(row["facts"]) for row in rows]


async def history(tx: Tx, incident_id: UUID) -> list[Row]:
    """Return an incident's history, oldest first."""
    return await tx.rows(_SQL["history"], {"id": incident_id})


async def candidates(tx: Tx, incident_id: UUID) -> list[Row]:
    """Return all candidates of an incident by round, nearest first."""
    return await tx.rows(_SQL["candidates"], {"id": incident_id})


async def caller(tx: Tx, incident_id: UUID) -> Row | None:
    """Return who told us by telephone."""
    return await tx.row(_SQL["caller"], {"id": incident_id})
