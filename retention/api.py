"""HTTP of the sweep: what was deleted, and letting it go on after a doubt about the clock."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import StringConstraints

from core.audit import record
from core.identity import Role
from core.web import Call, Write, allow, page
from retention import jobs, store
from retention.errors import NotStopped

Sees = Annotated[Call, allow(Role.AUDITOR, Role.ADMIN, Role.SUPERVISOR)]
Admin = Annotated[Call, allow(Role.ADMIN)]
Supervisor = Annotated[Call, allow(Role.SUPERVISOR)]
Limit = Annotated[int, Query(ge=1, le=500)]


class Resume(Write):
    """Somebody looked at the clock and says it is right."""

    reason: Annotated[str, StringConstraints(min_length=3, max_length=500)]


class RunNow(Write):
    """Somebody wants the next sweep at once."""


def router() -> APIRouter:
    """Return the routes under `/api/v1/retention/sweeps`."""
    routes = APIRouter(prefix="/api/v1/retention/sweeps", tags=["retention"])

    @routes.get("")
    async def sweeps(call: Sees, cursor: UUID | None = None, limit: Limit = 100) -> dict[str, Any]:
        """List what the sweeps deleted, rule by rule, the newest first; `stopped` tells of a doubt about the clock."""
        rows = await store.runs(call.tx, after=cursor, limit=limit)
        listed = page(
            [{key: value for key, value in row.items() if key != "id"} for row in rows], str(rows[-1]["id"]) if len(rows) == limit else None
        )
        return {**listed, "stopped": _stopped(await store.mark(call.tx))}

    @routes.post("", status_code=202)
    async def run_now(call: Admin, body: RunNow) -> dict[str, Any]:
        """Let the next sweep be due at once; it starts within a minute."""

        async def do() -> dict[str, Any]:
            await store.again_at_once(call.tx, jobs.SWEEP)
            await record(call.tx, at=call.now, actor=call.who, action="sweep.asked", subject_kind="sweep", subject_id=None)
            return {"asked_at": call.now.isoformat()}

        return await call.once(body, do)

    @routes.post("/{sweep_id}/resume")
    async def resume(call: Supervisor, sweep_id: UUID, body: Resume) -> dict[str, Any]:
        """Let sweeps go on from now; the reason is audited."""

        async def do() -> dict[str, Any]:
            if not await store.resume(call.tx, sweep_id, call.who.id, call.now):
                raise NotStopped
            await record(
                call.tx, at=call.now, actor=call.who, action="sweep.resumed", subject_kind="sweep", subject_id=sweep_id, reason=body.reason
            )
            return {"sweep_id": str(sweep_id), "resumed_at": call.now.isoformat()}

        return await call.once(body, do)

    return routes


def _stopped(mark: dict[str, Any] | None) -> dict[str, Any] | None:
    if mark is None or mark["stopped_sweep"] is None:
        return None
    return {"sweep_id": mark["stopped_sweep"], "at": mark["stopped_at"], "why": mark["stopped_why"]}
