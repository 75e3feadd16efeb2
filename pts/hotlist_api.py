"""HTTP of the hotlist: entries are filed, searched and ended by supervisors; nobody erases one."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, StringConstraints

from core.audit import record
from core.errors import NotAllowed
from core.identity import Role
from core.web import Body, Call, Write, allow, page
from pts import rules, service, store
from pts.errors import BadPlate, WhichProvince

Supervisor = Annotated[Call, allow(Role.SUPERVISOR)]
Line = Annotated[str, StringConstraints(min_length=2, max_length=200)]
Reason = Annotated[str, StringConstraints(min_length=3, max_length=500)]
Limit = Annotated[int, Query(ge=1, le=500)]


class NewEntry(Write):
    """A plate to list, with who asks for it and on what paper."""

    plate: Annotated[str, StringConstraints(min_length=2, max_length=32)]
    category: rules.Category
    authority: Line
    document: Line
    valid_from: AwareDatetime | None = None  #: Now, when left out.
    valid_to: AwareDatetime | None = None  #: Until it is ended, when left out.
    note: Annotated[str, StringConstraints(max_length=2_000)] = ""
    province: int | None = None  #: Who answers for it; needed by a supervisor of several provinces.


class EndEntry(Write):
    """Why an entry ends."""

    reason: Reason


class Search(Body):
    """A search by plate: in a body, because URLs are logged; with a reason, because every look has one (law 9)."""

    plate: Annotated[str, StringConstraints(min_length=2, max_length=32)]
    reason: Reason


def router() -> APIRouter:
    """Return the routes under `/api/v1/pts/hotlist`."""
    routes = APIRouter(prefix="/api/v1/pts/hotlist", tags=["pts"])
    _filing(routes)
    _looking(routes)
    return routes


def _filing(routes: APIRouter) -> None:
    @routes.post("", status_code=201)
    async def add(call: Supervisor, body: NewEntry) -> dict[str, Any]:
        """List a plate. It matches at every gate of the country; several entries may name one plate."""
        province = _province(call, body.province)

        async def do() -> dict[str, Any]:
            entry_id = await service.list_plate(
                call.tx,
                province=province,
                plate=body.plate,
                category=body.category,
                authority=body.authority,
                document=body.document,
                note=body.note,
                valid_from=body.valid_from,
                valid_to=body.valid_to,
                who=call.who,
                now=call.now,
            )
            await _recorded(call, "hotlist.added", entry_id, province)
            return {"entry_id": str(entry_id), "category": body.category.value, "province": province}

        return await call.once(body, do)

    @routes.post("/{entry_id}/end")
    async def end(call: Supervisor, entry_id: UUID, body: EndEntry) -> dict[str, Any]:
        """End an entry. Teams on hits that rested on it alone are recalled at once, in whatever province."""

        async def do() -> dict[str, Any]:
            province = await service.end_entry(call.tx, entry_id, body.reason, call.who, call.now)
            await _recorded(call, "hotlist.ended", entry_id, province)
            return {"entry_id": str(entry_id), "ended_at": call.now.isoformat()}

        return await call.once(body, do)


def _looking(routes: APIRouter) -> None:
    @routes.get("")
    async def entries(call: Supervisor, *, active: bool = True, cursor: UUID | None = None, limit: Limit = 100) -> dict[str, Any]:
        """List the entries of the caller's provinces, the newest first; with `active=false` the ended ones too."""
        rows = await store.entries(call.tx, active_at=call.now if active else None, after=cursor, limit=limit)
        await _looked(call, None, [row["entry_id"] for row in rows])
        return page([dict(row) for row in rows], str(rows[-1]["entry_id"]) if len(rows) == limit else None)

    @routes.post("/search")
    async def search(call: Supervisor, body: Search) -> dict[str, Any]:
        """Find every entry, ended ones included, that names this plate in the caller's provinces."""
        plate = rules.normalise(body.plate)
        if not plate or rules.UNREAD in plate:
            raise BadPlate
        rows = await store.entries(call.tx, plate=plate, limit=500)
        await _looked(call, body.reason, [row["entry_id"] for row in rows])
        return page([dict(row) for row in rows])


def _province(call: Call, named: int | None) -> int:
    """Return the province an entry belongs to. Raises WhichProvince, NotAllowed for one that is not the caller's."""
    own = call.who.provinces
    if named is None:
        if len(own) > 1:
            raise WhichProvince
        return next(iter(own))
    if named not in own:
        raise NotAllowed
    return named


async def _recorded(call: Call, action: str, entry_id: UUID, province: int) -> None:
    await record(
        call.tx,
        at=call.now,
        actor=call.who,
        action=action,
        subject_kind="hotlist_entry",
        subject_id=entry_id,
        provinces=frozenset({province}),
    )


async def _looked(call: Call, reason: str | None, entry_ids: list[UUID]) -> None:
    """Note the look; the plate that was searched for does not stand in the audit, which is never deleted."""
    await record(
        call.tx,
        at=call.now,
        actor=call.who,
        action="view.hotlist",
        subject_kind="hotlist_entry",
        subject_id=None,
        reason=reason,
        provinces=call.scope,
        detail={"entry_ids": [str(one) for one in entry_ids]},
    )
