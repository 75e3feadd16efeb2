"""Other rooms' parts of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dispatch import store

if TYPE_CHECKING:
    from uuid import UUID

    from core.web import Call
    from dispatch.api.bodies import Facets


async def facet(call: Call, facets: Facets, name: str, incident_id: UUID) -> dict[str, Any] | None:
    """The first part of that name that has something about the incident."""
    for part in facets.get(name, ()):
        found = await part(call.tx, incident_id, call.who, call.now)
        if found is not None:
            return store.as_json(found)
    return None
