"""HTTP of incidents, dispatches, teams and alarms (contract, "Incidents, dispatches, teams"). The protected address is kades' own route."""

from __future__ import annotations

from fastapi import APIRouter

from dispatch.api import dispatches, incidents, teams
from dispatch.api.bodies import Facet, Facets
from dispatch.choosing import Site


def router(site: Site | None = None, facets: Facets | None = None) -> APIRouter:
    """Return the room's routes. `facets` adds other rooms' parts: "caller" and "hit" of an incident, "vehicle" of a dispatch."""
    site, facets = site or Site(), facets or {}
    routes = APIRouter(prefix="/api/v1", tags=["dispatch"])
    incidents.install(routes, site, facets)
    dispatches.install(routes, site, facets)
    teams.install(routes, site)
    return routes


__all__ = ["Facet", "Facets", "router"]
