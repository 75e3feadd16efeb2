"""What is written of an incident."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.types.json import Jsonb
from pydantic_core import to_json

from core.sql import load
from dispatch.store.teams import TeamLine, team_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from core.db import Tx
    from dispatch.states import Dispatch, Incident
    from dispatch.store.locks import Saying

_SQL = load("dispatch")

#: What `save` writes of an incident; the rest never changes.
_INCIDENT_SAVED = (
    *("state", "priority", "lon", "lat", "accuracy_m", "fixed_at", "position_kind", "place_text", "instruction", "automatic"),
    *("needed_teams", "owner_id", "owner_name", "taken_at", "evaluation", "cancelled", "again_at", "warned_at", "breached_at", "round"),
    *("seeking", "reach", "delivered_at", "outcome", "outcome_body", "closed_at", "closed_by", "merged_into"),
)


@dataclass(frozen=True, slots=True)
class History:
    """A line of an incident's history: what, by whom, and what there is to know of it."""

    kind: str
    actor_kind: str | None = None
    actor_id: UUID | None = None
    actor_name: str | None = None
    detail: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save let go or took, and who waits for what was let go."""

    teams: list[TeamLine]
    waiting: list[UUID]


async def raise_incident(tx: Tx, alert: Mapping[str, Any]) -> tuple[UUID, str, bool]:
    """Insert an alert's incident or join the person's open one, under any scope: (incident, olay no, joined)."""
    row = await tx.row(_SQL["raise"], {"alert": _json(alert)})
    assert row is not None  # noqa: S101 - the function returns one row or raises
    return row["incident_id"], row["olay_no"], row["joined"]


async def save(
    tx: Tx,
    incident: Incident,
    now: datetime,
    *,
    whole: bool = True,
    changed: Sequence[Dispatch] = (),
    added: Sequence[Dispatch] = (),
    released: Sequence[Dispatch] = (),
    engaged: Dispatch | None = None,
    candidates: Sequence[Mapping[str, Any]] = (),
    events: Sequence[History] = (),
    said: tuple[Saying, Mapping[str, Any]] | None = None,
) -> Saved:
    """Write an incident that this transaction has locked, all that changed with it, and the answer to who said so.

    `whole` false: the incident's own fields are as they were.
    """
    facts: dict[str, object] = {
        "id": incident.id,
        # As PostgreSQL writes an array: one cast there, and no walk through JSON.
        "provinces": f"{{{','.join(str(code) for code in sorted(incident.provinces))}}}",
        "now": now,
    }
    if whole:
        facts["incident"] = {name: getattr(incident, name) for name in _INCIDENT_SAVED}
    if said is not None:
        facts |= {"sender": said[0].sender, "client_id": said[0].client_id, "answer": said[1]}
    if released:
        facts["freed"] = [{"id": d.id, "team_id": d.team_id} for d in released]
    if engaged is not None:
        facts["engaged"] = {"id": engaged.id, "team_id": engaged.team_id}
    lists = {"changed": changed, "added": added, "candidates": candidates, "events": [_event_row(event) for event in events]}
    facts |= {name: rows for name, rows in lists.items() if rows}
    rows = await tx.rows(_SQL["save"], {"facts": _json(facts)})
    return Saved([team_line(row) for row in rows], [waiting for row in rows for waiting in row["waiting"]])


async def keep_answer(tx: Tx, saying: Saying, answer: Mapping[str, Any]) -> None:
    """Keep what was answered, where nothing else is saved with it."""
    await tx.execute(_SQL["keep_answer"], {"sender": saying.sender, "client_id": saying.client_id, "answer": _json(answer)})


async def spread(tx: Tx, incident: Incident) -> None:
    """Carry an incident's new provinces to every row that belongs to it."""
    params = {"id": incident.id, "provinces": sorted(incident.provinces)}
    for name in ("spread_dispatches", "spread_candidates", "spread_events", "spread_alarms", "spread_caller"):
        await tx.execute(_SQL[name], params)


async def add_event(tx: Tx, incident_id: UUID, event: History, at: datetime) -> None:
    """Append one line to an incident's history."""
    await tx.execute(_SQL["add_event"], {"id": incident_id, "at": at, **_event_row(event), "detail": _json(event.detail or {})})


async def add_caller(tx: Tx, incident_id: UUID, *, name: str | None, phone: str | None, words: str | None) -> None:
    """Keep who told us by telephone, apart from the incident."""
    await tx.execute(_SQL["add_caller"], {"id": incident_id, "name": name, "phone": phone, "words": words})


def _event_row(event: History) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "actor_kind": event.actor_kind,
        "actor_id": event.actor_id,
        "actor_name": event.actor_name,
        "detail": event.detail or {},
    }


def _json(value: object) -> Jsonb:
    return Jsonb(value, dumps=to_json)
