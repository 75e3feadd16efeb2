"""The audit's rows; the only file of it that touches SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from core.audit.rules import Entry, Head, Seal
from core.sql import load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from core.db import Tx

_SQL = load("core.audit")


@dataclass(frozen=True, slots=True)
class Search:
    """What an auditor asks for; None is anything."""

    actor_id: UUID | None = None
    subject_id: UUID | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    viewings: bool = False  #: Only looks at persons and addresses.


async def append(tx: Tx, entry: Entry) -> None:
    """Insert an entry; the database queues it for the sealer."""
    params = {
        "id": entry.id,
        "at": entry.at,
        "actor_kind": entry.actor_kind,
        "actor_id": entry.actor_id,
        "actor_role": entry.actor_role,
        "session_id": entry.session_id,
        "action": entry.action,
        "subject_kind": entry.subject_kind,
        "subject_id": entry.subject_id,
        "reason": entry.reason,
        "provinces": list(entry.provinces),
        "detail": Jsonb(entry.detail),
    }
    await tx.execute(_SQL["append"], params)


async def sealers_turn(tx: Tx) -> bool:
    """Whether this transaction is the one sealer until it commits."""
    return bool(await tx.value(_SQL["sealer_turn"]))


async def take_time(tx: Tx) -> None:
    """Let this transaction last: a year's books take longer to read than a request may."""
    await tx.execute(_SQL["take_time"])


async def last_seal(tx: Tx) -> Seal | None:
    """Return the end of the chain."""
    row = await tx.row(_SQL["last_seal"])
    return None if row is None else _seal(row)


async def waiting(tx: Tx, limit: int) -> list[Entry]:
    """Return entries that wait for their seal, the oldest id first."""
    return [_entry(row) for row in await tx.rows(_SQL["waiting"], {"limit": limit})]


async def seal(tx: Tx, seals: Sequence[Seal]) -> None:
    """Chain entries and take them from the queue."""
    ids = [made.entry_id for made in seals]
    params = {"ns": [made.n for made in seals], "entry_ids": ids, "hashes": [made.hash for made in seals]}
    await tx.execute(_SQL["add_seals"], params)
    await tx.execute(_SQL["drop_waiting"], {"entry_ids": ids})


async def add_head(tx: Tx, head: Head) -> None:
    """Keep a signed head; one for this place that is there already stays."""
    params = {"n": head.n, "hash": head.hash, "at": head.at, "key_id": head.key_id, "signature": head.signature}
    await tx.execute(_SQL["add_head"], params)


async def heads_after(tx: Tx, n: int) -> list[Head]:
    """Return signed heads past place `n`."""
    return [
        Head(row["n"], bytes(row["hash"]), row["at"], row["key_id"], bytes(row["signature"]))
        for row in await tx.rows(_SQL["heads_after"], {"n": n})
    ]


async def links(tx: Tx, after: int, limit: int) -> list[tuple[Seal, Entry | None]]:
    """Return seals past place `after` with the entries they stand for, None where there is none any more."""
    rows = await tx.rows(_SQL["links"], {"after": after, "limit": limit})
    return [(_seal(row), _entry(row) if row["id"] is not None else None) for row in rows]


async def hash_at(tx: Tx, n: int) -> bytes | None:
    """Return the hash at place `n`."""
    found = await tx.value(_SQL["hash_at"], {"n": n})
    return None if found is None else bytes(found)


async def unsealed(tx: Tx) -> UUID | None:
    """Return the first entry that has no seal and does not wait for one."""
    found: UUID | None = await tx.value(_SQL["unsealed"])
    return found


async def count_waiting(tx: Tx) -> int:
    """Return how many entries wait for their seal."""
    return int(await tx.value(_SQL["count_waiting"]))


async def entries(tx: Tx, search: Search, before: tuple[datetime, UUID] | None, limit: int) -> list[dict[str, Any]]:
    """Return what this transaction's auditor may see, newest first, older than `before`."""
    params = {
        "actor_id": search.actor_id,
        "subject_id": search.subject_id,
        "action": search.action,
        "from": search.since,
        "to": search.until,
        "viewings": search.viewings,
        "before_at": before[0] if before else None,
        "before_id": before[1] if before else None,
        "limit": limit,
    }
    return await tx.rows(_SQL["entries"], params)


def _seal(row: dict[str, Any]) -> Seal:
    return Seal(row["n"], row["entry_id"], bytes(row["hash"]))


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(
        id=row["id"],
        at=row["at"],
        actor_kind=row["actor_kind"],
        actor_id=row["actor_id"],
        actor_role=row["actor_role"],
        session_id=row["session_id"],
        action=row["action"],
        subject_kind=row["subject_kind"],
        subject_id=row["subject_id"],
        reason=row["reason"],
        provinces=tuple(row["provinces"]),
        detail=row["detail"],
    )
