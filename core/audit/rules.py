"""The chain over audit entries: what is hashed, and where a chain breaks. Pure (law 9)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

#: What the first seal stands on.
GENESIS = bytes(32)


@dataclass(frozen=True, slots=True)
class Entry:
    """One audit entry as the database keeps it."""

    id: UUID
    at: datetime
    actor_kind: str | None
    actor_id: UUID | None
    actor_role: str | None
    session_id: UUID | None
    action: str
    subject_kind: str
    subject_id: UUID | None
    reason: str | None
    provinces: tuple[int, ...]
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Seal:
    """An entry's place in the chain."""

    n: int
    entry_id: UUID
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """A signed end of the chain; copies of it lie outside the database."""

    n: int
    hash: bytes
    at: datetime
    key_id: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where the books do not agree."""

    n: int | None  #: Place in the chain, None for an entry that has none.
    entry_id: UUID | None
    why: str


def canonical(n: int, entry: Entry) -> bytes:
    """Return the bytes that stand for an entry at place `n`: JSON with sorted keys, no spaces, UTC, UTF-8."""
    body = {
        "n": n,
        "id": str(entry.id),
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_kind": entry.actor_kind,
        "actor_id": _text(entry.actor_id),
        "actor_role": entry.actor_role,
        "session_id": _text(entry.session_id),
        "action": entry.action,
        "subject_kind": entry.subject_kind,
        "subject_id": _text(entry.subject_id),
        "reason": entry.reason,
        "provinces": list(entry.provinces),
        "detail": entry.detail,
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def chained(before: bytes, n: int, entry: Entry) -> bytes:
    """Return the seal's hash: SHA-256 over the hash before it and the entry."""
    return sha256(before + canonical(n, entry)).digest()


def check_link(before: Seal | None, seal: Seal, entry: Entry | None) -> Break | None:
    """Return what is wrong with one seal after the one before it, None when nothing is."""
    due = 1 if before is None else before.n + 1
    if seal.n != due:
        return Break(due, None, "a seal is missing")
    if entry is None:
        return Break(seal.n, seal.entry_id, "the sealed entry is gone")
    if chained(GENESIS if before is None else before.hash, seal.n, entry) != seal.hash:
        return Break(seal.n, seal.entry_id, "the entry or its seal was changed")
    return None


def chain(before: Seal | None, entries: Iterable[Entry]) -> list[Seal]:
    """Return the seals that put `entries` behind `before`, in their order."""
    n, hash_ = (0, GENESIS) if before is None else (before.n, before.hash)
    seals: list[Seal] = []
    for entry in entries:
        n += 1
        hash_ = chained(hash_, n, entry)
        seals.append(Seal(n, entry.id, hash_))
    return seals


def check_head(head: Head, hash_in_chain: bytes | None, *, signature_holds: bool | None, where: str) -> Break | None:
    """Return what is wrong with a head kept `where`; `signature_holds` is None when nobody knows its key."""
    if signature_holds is None:
        return Break(head.n, None, f"the head {where} is signed with a key that is not known here ({head.key_id})")
    if not signature_holds:
        return Break(head.n, None, f"the head {where} has a false signature")
    if hash_in_chain is None:
        return Break(head.n, None, f"the chain ends before the head {where}")
    if hash_in_chain != head.hash:
        return Break(head.n, None, f"the chain is not the one that was signed: the head {where} has another hash")
    return None


def signed_text(n: int, hash_: bytes, at: datetime) -> bytes:
    """Return the bytes a head's signature covers."""
    return f"merkez-audit-head\n{n}\n{hash_.hex()}\n{at.astimezone(UTC).isoformat(timespec='microseconds')}".encode()


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
