"""Dispatches: a crew's own, what it answers, and what a dispatcher records or takes back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter

from core.errors import NotAllowed
from core.identity import Role
from core.web import Call, Write, page
from dispatch import board, desk, frames, service
from dispatch.api.bodies import Crew, CrewOrDesk, CrewOrDispatcher, Dispatcher, Facets, Status
from dispatch.api.facets import facet
from dispatch.choosing import Site
from dispatch.states import ENDED, Act
from dispatch.store import facts


def install(routes: APIRouter, site: Site, facets: Facets) -> None:
    """Add the routes of dispatches."""

    @routes.get("/dispatches/mine")
    async def mine(call: Crew) -> dict[str, Any]:
        """Return what the crew has in hand: open offers and running dispatches."""
        found = await facts.in_hand(call.tx, team_of(call))
        return page([frames.offer_data(incident, dispatch) for incident, dispatch in found])

    @routes.get("/dispatches/{dispatch_id}")
    async def one(call: CrewOrDesk, dispatch_id: UUID) -> dict[str, Any]:
        """Return a dispatch with its incident, and the vehicle where there is one to look for (it stands in no frame)."""
        team_id = team_of(call) if call.who.role is Role.TEAM else None
        incident, dispatch = await board.dispatch_of(call.tx, dispatch_id, team_id)
        # A crew that declined, was withdrawn or is done has no business with the plate any more.
        in_hand = team_id is None or dispatch.state not in ENDED
        vehicle = await facet(call, facets, "vehicle", incident.id) if in_hand else None
        return {**frames.offer_data(incident, dispatch), "vehicle": vehicle}

    @routes.post("/dispatches/{dispatch_id}/status")
    async def status(call: CrewOrDispatcher, dispatch_id: UUID, body: Status) -> dict[str, Any]:
        """Record where a dispatch has got to. `applied` false: it came too late or twice; state and reason say what holds instead."""
        if call.who.role is Role.TEAM:
            said = frames.Said(dispatch_id=dispatch_id, state=body.state)
            return await service.said_by_crew(call.tx, call.who, said, body.client_id, call.now, site, team_id=team_of(call))

        async def do() -> dict[str, Any]:
            return service.told(await desk.by_radio(call.tx, dispatch_id, Act(body.state), call.who, call.now, site))

        return await call.once(body, do)

    @routes.post("/dispatches/{dispatch_id}/withdraw")
    async def withdraw(call: Dispatcher, dispatch_id: UUID, body: Write) -> dict[str, Any]:
        """Take a dispatch back; another team is asked."""

        async def do() -> dict[str, Any]:
            return service.told(await desk.withdraw(call.tx, dispatch_id, call.who, call.now, site))

        return await call.once(body, do)


def team_of(call: Call) -> UUID:
    """The crew's own team. A team account without one may do nothing."""
    if call.who.team_id is None:
        raise NotAllowed
    return call.who.team_id
