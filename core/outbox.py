"""The only way to the wire (law 2): a row in the writer's own transaction, numbered later by the relay."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from core.db import Spoken
from core.sql import load

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from core.db import Tx

_SQL = load("core")


async def emit(tx: Tx, type_: str, *, at: datetime, channels: Iterable[str], subject_id: UUID | None, data: dict[str, object]) -> None:
    """Write one event of `type_` for every reader of `channels`; `data` must be JSON and hold no name, phone, address or plate.

    The row goes out with all others of the transaction just before its COMMIT. The writer takes no lock for it and gets no number: whoever
    relays gives that afterwards.
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    tx.speak(Spoken(type_, at, " ".join(sorted(set(channels))), subject_id, text))


async def seqs_of(tx: Tx, subjects: Iterable[UUID], type_: str) -> dict[UUID, int]:
    """Return the newest number of `type_` for each subject that has one (a snapshot's open offers keep theirs)."""
    rows = await tx.rows(_SQL["seqs_of_subjects"], {"subjects": list(subjects), "type": type_})
    return {row["subject_id"]: row["seq"] for row in rows}


async def new_log_id(tx: Tx) -> UUID:
    """Begin another log, so that every client takes a snapshot: after a restore the numbers may run again."""
    found: UUID = await tx.value(_SQL["new_log"])
    return found
