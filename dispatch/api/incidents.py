"""Incidents: reading them, opening, owning and ending them, and asking teams for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter

from core import audit
from core.errors import NotFound, WrongBody
from core.web import Call, Write, page
from dispatch import desk, frames
from dispatch.api.bodies import (
    CallerBody,
    Close,
    Desk,
    Dispatcher,
    Facets,
    HandOver,
    Limit,
    Merge,
    NewIncident,
    NoteBody,
    Reinforce,
    ReRoute,
    Send,
)
from dispatch.api.facets import as_json, facet
from dispatch.choosing import Site
from dispatch.paging import after_incident, incident_cursor
from dispatch.states import Incident, Outcome
from dispatch.store import facts


def install(routes: APIRouter, site: Site, facets: Facets) -> None:
    """Add the routes of incidents."""
    _reading(routes, facets)
    _owning(routes)
    _colleagues(routes)
    _ending(routes, site)
    _sending(routes, site)


def _reading(routes: APIRouter, facets: Facets) -> None:
    @routes.get("/incidents")
    async def incidents(
        call: Desk, state: Literal["open", "closed", "all"] = "open", cursor: str | None = None, limit: Limit = 100
    ) -> dict[str, Any]:
        """List incidents of the caller's provinces, newest first."""
        wanted = {"open": True, "closed": False, "all": None}[state]
        found = await facts.incidents(call.tx, is_open=wanted, after=after_incident(cursor), limit=limit)
        return page([frames.incident_data(i) for i in found], incident_cursor(found[-1]) if len(found) == limit else None)

    @routes.get("/incidents/{incident_id}")
    async def one(call: Desk, incident_id: UUID) -> dict[str, Any]:
        """Return an incident with its caller and its hit; a look at a caller is audited (law 9)."""
        incident = await _one(call, incident_id)
        told = frames.incident_data(incident)
        for name in ("caller", "hit"):
            told[name] = await facet(call, facets, name, incident_id)
        if told["caller"] is None:
            told["caller"] = await _phone_caller(call, incident)
        return told

    @routes.get("/incidents/{incident_id}/candidates")
    async def candidates(call: Desk, incident_id: UUID) -> dict[str, Any]:
        """Return who was looked at in each round of choosing, how far, and why each was or was not taken (E11)."""
        await _one(call, incident_id)
        return page([as_json(row) for row in await facts.candidates(call.tx, incident_id)])

    @routes.get("/incidents/{incident_id}/history")
    async def history(call: Desk, incident_id: UUID) -> dict[str, Any]:
        """Return what befell an incident, oldest first."""
        await _one(call, incident_id)
        return page([as_json(row) for row in await facts.history(call.tx, incident_id)])


async def _one(call: Call, incident_id: UUID) -> Incident:
    found = await facts.incident(call.tx, incident_id)
    if found is None:
        raise NotFound
    return found


async def _phone_caller(call: Call, incident: Incident) -> dict[str, Any] | None:
    found = await facts.caller(call.tx, incident.id)
    if found is None:
        return None
    await audit.record(
        call.tx,
        at=call.now,
        actor=call.who,
        action="view.caller",
        subject_kind="incident",
        subject_id=incident.id,
        provinces=incident.provinces,
    )
    return {"language": None, "safe_channel": None, "protection_order": None, "device_revoked": None, **found}


def _owning(routes: APIRouter) -> None:
    @routes.post("/incidents", status_code=201)
    async def open_(call: Dispatcher, body: NewIncident) -> dict[str, Any]:
        """Open an incident by hand; it gets its olay no and its ten minutes (E1, E2, E3)."""

        async def do() -> dict[str, Any]:
            return frames.incident_data(await desk.open_incident(call.tx, _by_hand(body, call.now), call.who, call.now))

        return await call.once(body, do)

    @routes.post("/incidents/{incident_id}/take")
    async def take(call: Dispatcher, incident_id: UUID, body: Write) -> dict[str, Any]:
        """Make an incident one's own."""

        async def do() -> dict[str, Any]:
            return frames.incident_data(await desk.take(call.tx, incident_id, call.who, call.now))

        return await call.once(body, do)

    @routes.post("/incidents/{incident_id}/hand-over")
    async def hand_over(call: Dispatcher, incident_id: UUID, body: HandOver) -> dict[str, Any]:
        """Hand an incident to a colleague with a note, or back to the desk; either way it rings until it is taken."""

        async def do() -> dict[str, Any]:
            return frames.incident_data(await desk.hand_over(call.tx, incident_id, body.to, body.note, call.who, call.now))

        return await call.once(body, do)


def _colleagues(routes: APIRouter) -> None:
    @routes.get("/desk/colleagues")
    async def colleagues(call: Dispatcher) -> dict[str, Any]:
        """List who can be handed an incident, last seen first: who is signed in and may take one in a province of the caller.

        `last_seen_at` is the last sign-in or renewal of it; whether somebody sits at a desk is not known. `provinces` are the shared ones.
        """
        return page([as_json(row) for row in await desk.colleagues(call.tx, call.who, call.now)])


def _by_hand(body: NewIncident, now: datetime) -> desk.ByHand:
    caller = body.caller or CallerBody()
    return desk.ByHand(
        kind=body.kind,
        priority=body.priority,
        fix=body.position.fix(now) if body.position else None,
        place_text=body.place_text,
        province=body.province,
        caller_name=caller.name,
        caller_phone=caller.phone,
        words=caller.words,
        drill=body.drill,
        automatic=body.automatic,
        needed_teams=body.needed_teams,
    )


def _ending(routes: APIRouter, site: Site) -> None:
    @routes.post("/incidents/{incident_id}/merge")
    async def merge(call: Dispatcher, incident_id: UUID, body: Merge) -> dict[str, Any]:
        """Close a duplicate into another incident, which is answered."""

        async def do() -> dict[str, Any]:
            return frames.incident_data(await desk.merge(call.tx, incident_id, body.into, call.who, call.now, site))

        return await call.once(body, do)

    @routes.post("/incidents/{incident_id}/close")
    async def close(call: Dispatcher, incident_id: UUID, body: Close) -> dict[str, Any]:
        """Close with an outcome (E4), or refer to the body that has to act (E5)."""

        async def do() -> dict[str, Any]:
            outcome = Outcome(body.outcome)
            return frames.incident_data(await desk.close(call.tx, incident_id, outcome, body.body, body.note, call.who, call.now, site))

        return await call.once(body, do)

    @routes.post("/incidents/{incident_id}/notes", status_code=201)
    async def note(call: Dispatcher, incident_id: UUID, body: NoteBody) -> dict[str, Any]:
        """Write a line into the history."""

        async def do() -> dict[str, Any]:
            await desk.add_note(call.tx, incident_id, body.note, call.who, call.now)
            return {"incident_id": str(incident_id)}

        return await call.once(body, do)


def _sending(routes: APIRouter, site: Site) -> None:
    @routes.post("/incidents/{incident_id}/dispatches", status_code=201)
    async def send(call: Dispatcher, incident_id: UUID, body: Send) -> dict[str, Any]:
        """Ask a named team, or one more of the nearest."""

        async def do() -> dict[str, Any]:
            if body.team_id is None:
                return frames.incident_data(await desk.send_nearest(call.tx, incident_id, call.who, call.now, site))
            return frames.incident_data(await desk.send_team(call.tx, incident_id, body.team_id, call.who, call.now, site))

        return await call.once(body, do)

    @routes.post("/incidents/{incident_id}/reinforce")
    async def reinforce(call: Dispatcher, incident_id: UUID, body: Reinforce) -> dict[str, Any]:
        """Want more teams."""

        async def do() -> dict[str, Any]:
            return frames.incident_data(await desk.reinforce(call.tx, incident_id, body.teams, call.who, call.now, site))

        return await call.once(body, do)

    @routes.post("/incidents/{incident_id}/re-route")
    async def re_route(call: Dispatcher, incident_id: UUID, body: ReRoute) -> dict[str, Any]:
        """Put an incident somewhere else, or say the place in other words."""
        if body.position is None and body.place_text is None:
            raise WrongBody

        async def do() -> dict[str, Any]:
            fix = body.position.fix(call.now) if body.position else None
            return frames.incident_data(await desk.re_route(call.tx, incident_id, fix, body.place_text, call.who, call.now, site))

        return await call.once(body, do)
