"""Cursors of the room's lists: opaque to callers, refused when they are not ours."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any
from uuid import UUID

from core.errors import WrongBody

if TYPE_CHECKING:
    from core.db import Row


def name_cursor(name: str, last: UUID) -> str:
    """Return the cursor after a row of a list by name."""
    return _seal([name, str(last)])


def after_name(cursor: str | None) -> tuple[str, UUID] | None:
    """Read a cursor of a list by name. Raises WrongBody."""
    if cursor is None:
        return None
    match _open(cursor):
        case [str(name), str(last)]:
            return name, _uuid(last)
        case _:
            raise WrongBody


def hit_cursor(row: Row) -> str:
    """Return the cursor after a hit."""
    return _seal([row["outcome"] is not None, row["rank"], str(row["hit_id"])])


def after_hit(cursor: str | None) -> tuple[bool, int, UUID] | None:
    """Read a cursor of the list of hits. Raises WrongBody."""
    if cursor is None:
        return None
    match _open(cursor):
        case [bool(concluded), int(rank), str(last)] if 0 < rank < 100:  # noqa: PLR2004 - a category's rank
            return concluded, rank, _uuid(last)
        case _:
            raise WrongBody


def _seal(parts: list[object]) -> str:
    return urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def _open(cursor: str) -> Any:  # noqa: ANN401 - whatever somebody made up; the callers match it
    try:
        return json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        raise WrongBody from None


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise WrongBody from None
