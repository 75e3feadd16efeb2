"""The audit's story: an entry in the writer's transaction, sealed afterwards (law 9: every look has a face and a reason)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.audit import store
from core.audit.rules import Entry
from core.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

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
