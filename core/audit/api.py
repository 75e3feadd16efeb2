"""The auditor's doors (contract.md: `/api/v1/audit`, `/api/v1/viewings`); nobody else's."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from core.audit import record, store
from core.errors import WrongBody
from core.identity import Role, names_of
from core.web import Call, allow, page

router = APIRouter(prefix="/api/v1", tags=["audit"])

PAGE = 100
Auditor = Annotated[Call, allow(Role.AUDITOR)]


@router.get("/audit")
async def audit(
    *,
    call: Auditor,
    actor_id: UUID | None = None,
    subject_id: UUID | None = None,
    action: Annotated[str | None, Query(max_length=100)] = None,
    since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to")] = None,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
) -> dict[str, Any]:
    """Return who did what to whom, newest first, of the auditor's provinces; reading it is an entry of its own."""
    return await _read(call, store.Search(actor_id, subject_id, action, since, until), cursor)


@router.get("/viewings")
async def viewings(
    *,
    call: Auditor,
    actor_id: UUID | None = None,
    subject_id: UUID | None = None,
    since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to")] = None,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
) -> dict[str, Any]:
    """Return every look at a person, an address, footage: the face and the reason (law 9, E14)."""
    return await _read(call, store.Search(actor_id, subject_id, None, since, until, viewings=True), cursor)


async def _read(call: Call, search: store.Search, cursor: str | None) -> dict[str, Any]:
    rows = await store.entries(call.tx, search, _place(cursor), PAGE + 1)
    shown = rows[:PAGE]
    faces = await names_of(call.tx, {row["actor_id"] for row in shown if row["actor_kind"] == "account"})
    await record(
        call.tx,
        at=call.now,
        actor=call.who,
        action="audit.read",
        subject_kind="audit",
        subject_id=search.subject_id,
        provinces=call.who.provinces,
        detail={"actor_id": search.actor_id and str(search.actor_id), "viewings": search.viewings, "entries": len(shown)},
    )
    more = f"{shown[-1]['at'].isoformat()}~{shown[-1]['id']}" if len(rows) > PAGE else None
    return page([_shape(row, faces) for row in shown], more)


def _place(cursor: str | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    at, _, entry_id = cursor.partition("~")
    try:
        place = datetime.fromisoformat(at), UUID(entry_id)
    except ValueError as fault:
        raise WrongBody from fault
    if place[0].tzinfo is None:
        raise WrongBody
    return place


def _shape(row: dict[str, Any], faces: dict[UUID, str]) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "at": row["at"].isoformat(),
        "actor": row["actor_id"]
        and {
            "kind": row["actor_kind"],
            "id": str(row["actor_id"]),
            "role": row["actor_role"],
            "name": faces.get(row["actor_id"]),
            "session_id": row["session_id"] and str(row["session_id"]),
        },
        "action": row["action"],
        "subject": {"kind": row["subject_kind"], "id": row["subject_id"] and str(row["subject_id"])},
        "reason": row["reason"],
        "provinces": row["provinces"],
        "detail": row["detail"],
    }
