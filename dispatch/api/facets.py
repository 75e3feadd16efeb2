"""Parts of an answer that no frame makes: other rooms' own, and rows as they stand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

if TYPE_CHECKING:
    from uuid import UUID

    from core.web import Call
    from dispatch.api.bodies import Facets


async def facet(call: Call, facets: Facets, name: str, incident_id: UUID) -> dict[str, Any] | None:
    """The first part of that name that has something about the incident."""
    for part in facets.get(name, ()):
        found = await part(call.tx, incident_id, call.who, call.now)
        if found is not None:
            return as_json(found)
    return None


def as_json(value: object) -> dict[str, Any]:
    """Plain JSON of a value whose parts are dates, ids and sets (for the answers that `once` keeps)."""
    plain: dict[str, Any] = json.loads(to_json(value))
    return plain
