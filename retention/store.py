"""The only file of the retention room that touches SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.db import EVERY
from core.ids import new_id
from core.sql import load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from core.db import Row, Tx
    from retention.periods import Line
    from retention.rules import Doubt, Rule

_SQL = load("retention")


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch did."""

    gone: int
    more: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """The last look of any process, and what stopped the sweep."""

    looked_at: datetime
    stopped_sweep: UUID | None
    stopped_why: str | None


async def lock_mark(tx: Tx) -> Mark | None:
    """Return the mark and hold it: one sweep decides at a time. None before the first sweep."""
    row = await tx.row(_SQL["look_at_mark"])
    return None if row is None else Mark(row["looked_at"], row["stopped_sweep"], row["stopped_why"])


async def first_mark(tx: Tx, now: datetime) -> None:
    """Write the first look."""
    await tx.execute(_SQL["first_mark"], {"now": now})


async def set_mark(tx: Tx, now: datetime) -> None:
    """Write a look; the mark never goes back."""
    await tx.execute(_SQL["set_mark"], {"now": now})


async def stop(tx: Tx, sweep_id: UUID, why: Doubt, now: datetime) -> bool:
    """Stop until somebody resumes; False when it was stopped already."""
    return bool(await tx.value(_SQL["stop"], {"sweep_id": sweep_id, "why": why.value, "now": now}))


async def resume(tx: Tx, sweep_id: UUID, by: UUID, now: datetime) -> bool:
    """Let the sweep go on from `now`; False when this sweep is not the one that stopped."""
    return bool(await tx.value(_SQL["resume"], {"sweep_id": sweep_id, "by": by, "now": now}))


async def mark(tx: Tx) -> Row | None:
    """Return the whole mark."""
    return await tx.row(_SQL["mark"])


async def runs(tx: Tx, *, after: UUID | None, limit: int) -> list[Row]:
    """Return what was deleted, the newest first."""
    return await tx.rows(_SQL["runs"], {"after": after, "limit": limit})


async def every_office(tx: Tx) -> None:
    """Let this transaction see every office's accounts, as its scope lets it see every province's rows."""
    await tx.execute(_SQL["every_office"], {"provinces": ",".join(str(code) for code in sorted(EVERY))})


async def run_batch(tx: Tx, rule: Rule, before: datetime, batch: int) -> Batch:
    """Run one rule once."""
    row = await tx.row(_SQL[rule.name], {"before": before, "batch": batch})
    return Batch(0, more=False) if row is None else Batch(row["gone"], more=row["more"])


async def count_batch(tx: Tx, sweep_id: UUID, rule: str, *, before: datetime, gone: int, now: datetime, finished: bool) -> None:
    """Add a batch to the evidence, in the transaction that deleted it."""
    await tx.execute(
        _SQL["count_batch"],
        {
            "id": new_id(),
            "sweep_id": sweep_id,
            "rule": rule,
            "before": before,
            "gone": gone,
            "now": now,
            "finished_at": now if finished else None,
        },
    )


async def put_register(tx: Tx, lines: Sequence[Line]) -> None:
    """Keep the register in force beside the evidence."""
    await tx.execute(_SQL["forget_register"])
    await tx.many(
        _SQL["put_register"],
        [
            {
                "table_name": line.table,
                "column_name": line.column,
                "what": line.entry.what,
                "why": line.entry.why,
                "period": line.period,
                "seen_by": line.entry.seen_by,
                "rule": line.entry.rule,
            }
            for line in lines
        ],
    )


async def again_at_once(tx: Tx, job: str) -> None:
    """Let a job's next turn be due now."""
    await tx.execute(_SQL["again_at_once"], {"name": job})
