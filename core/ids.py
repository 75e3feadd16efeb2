"""Identifiers: UUIDv7 (RFC 9562), so that ids sort by the time they were made and indexes stay dense."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uuid_utils.compat import uuid7

if TYPE_CHECKING:
    from uuid import UUID


def new_id() -> UUID:
    """Return a fresh UUIDv7."""
    return uuid7()
