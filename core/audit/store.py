"""The audit's rows; the only file of it that touches SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.types.json import Jsonb

from core.sql import load

if TYPE_CHECKING:
    from core.audit.rules import Entry
    from core.db import Tx

_SQL = load("core.audit")


async def append(tx: Tx, entry: Entry) -> None:
    """Insert an entry; the database queues it for the sealer."""
    params = {
        "id": entry.id, "at": entry.at, "actor_kind": entry.actor_kind, "actor_id": entry.actor_id,
        "actor_role": entry.actor_role, "session_id": entry.session_id, "action": entry.action,
        "subject_kind": entry.subject_kind, "subject_id": entry.subject_id, "reason": entry.reason, "provinces": list(entry.provinces), "detail": Jsonb(entry.detail),
    }  # fmt: skip
    await tx.execute(_SQL["append"], params)
