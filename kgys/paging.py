"""Cursor of the camera list: opaque to callers, refused when it is not ours."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from core.errors import WrongBody


def name_cursor(name: str, last: UUID) -> str:
    """Return the cursor after a row of the list."""
    return urlsafe_b64encode(json.dumps([name, str(last)]).encode()).decode().rstrip("=")


def after_name(cursor: str | None) -> tuple[str, UUID] | None:
    """Read a cursor. Raises WrongBody."""
    if cursor is None:
        return None
    try:
        told = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        match told:
            case [str(name), str(last)]:
                return name, UUID(last)
            case _:
                raise WrongBody
    except (binascii.Error, ValueError):
        raise WrongBody from None
