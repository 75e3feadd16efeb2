"""The audit's story: an entry in the writer's transaction, sealed afterwards (law 9: every look has a face and a reason)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.audit import store
from core.audit.rules import Entry, Head, chain
from core.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from core.audit.signing import Signer
    from core.db import Scope, Tx
    from core.identity import Principal


async def record(
    tx: Tx,
    *,
    at: datetime,
    actor: Principal | None,
    action: str,
    subject_kind: str,
    subject_id: UUID | None,
    reason: str | None = None,
    provinces: Scope = frozenset(),
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Append an entry in this transaction: it stands exactly when the write it tells of stands.

    `action` is `noun.verb_in_past` in small letters; a look at a person's data begins with `view.`. `detail` is JSON and
    holds ids, never names, numbers or addresses: an entry is never deleted.
    """
    entry = Entry(
        id=new_id(),
        at=at,
        actor_kind=actor.kind if actor else None,
        actor_id=actor.id if actor else None,
        actor_role=actor.role.value if actor else None,
        session_id=actor.session_id if actor else None,
        action=action,
        subject_kind=subject_kind,
        subject_id=subject_id,
        reason=reason,
        provinces=tuple(sorted(provinces)),
        detail=dict(detail or {}),
    )
    await store.append(tx, entry)


async def seal_batch(tx: Tx, limit: int) -> int:
    """Chain up to `limit` waiting entries; how many, 0 when nothing waits or another sealer is at work."""
    if not await store.sealers_turn(tx):
        return 0
    seals = chain(await store.last_seal(tx), await store.waiting(tx, limit))
    if seals:
        await store.seal(tx, seals)
    return len(seals)


async def sign_head(tx: Tx, signer: Signer, now: datetime) -> Head | None:
    """Sign the end of the chain as it stands; None when nothing was ever sealed."""
    last = await store.last_seal(tx)
    if last is None:
        return None
    head = signer.head(last, now)
    await store.add_head(tx, head)
    return head
