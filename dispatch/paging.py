"""Cursors of the room's lists: opaque to callers, refused when they are not ours."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from core.errors import WrongBody

if TYPE_CHECKING:
    from dispatch.states import Incident


def incident_cursor(last: Incident) -> str:
    """Return the cursor after an incident."""
    return urlsafe_b64encode(f"{last.received_at.isoformat()} {last.id}".encode()).decode().rstrip("=")


def after_incident(cursor: str | None) -> tuple[datetime, UUID] | None:
    """Read the cursor of a list of incidents. Raises WrongBody."""
    if cursor is None:
        return None
    try:
        at, _, last = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(" ")
        found = datetime.fromisoformat(at)
        if found.utcoffset() is None:
            raise WrongBody
        return found, UUID(last)
    except (binascii.Error, ValueError):
        raise WrongBody from None


def after_id(cursor: str | None) -> UUID | None:
    """Read a cursor that is an id. Raises WrongBody."""
    try:
        return None if cursor is None else UUID(cursor)
    except ValueError:
        raise WrongBody from None
