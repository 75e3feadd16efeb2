"""One sweep: look at the clock, then rule by rule, batch by batch, each with its evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from core.db import EVERY
from core.ids import new_id
from dispatch import inbox
from retention import periods, store
from retention.register import RULES
from retention.rules import Doubt, Look, doubt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta
    from uuid import UUID

    from core.db import Database, Tx
    from retention.rules import Rule

_log = structlog.get_logger("retention")

ROLE = "merkez_sweep"
#: Rows one transaction deletes: short locks, and a sweep that is cut off has finished what it counted.
BATCH = 5_000
#: The line of `deletion_run` that says a whole sweep came through.
WHOLE = "sweep"


@dataclass(slots=True)
class Swept:
    """What one sweep did."""

    sweep_id: UUID
    stopped: str | None = None  #: Why nothing was deleted; None: it came through.
    gone: dict[str, int] = field(default_factory=dict)


async def look(tx: Tx, sweep_id: UUID, now: Look, before: Look | None, longest_silence: timedelta | None) -> str | None:
    """Say why this sweep must not run, or None. A clock that is not believed stops every later sweep too, and the desks are told."""
    mark = await store.lock_mark(tx)
    if mark is None:
        await store.first_mark(tx, now.at)
        return None
    if mark.stopped_why is not None:
        return mark.stopped_why
    why = doubt(now=now, before=before, mark=mark.looked_at, longest_silence=longest_silence)
    if why is None:
        await store.set_mark(tx, now.at)
        return None
    await _stop(tx, sweep_id, why, now.at)
    return why.value


async def _stop(tx: Tx, sweep_id: UUID, why: Doubt, now: datetime) -> None:
    if await store.stop(tx, sweep_id, why, now):
        _log.error("sweep stopped", why=why.value)
        await inbox.alarm(tx, "job_failed", now, provinces=EVERY, note=f"retention.sweep: {why.value}")


async def sweep(
    db: Database,
    now: Look,
    *,
    before: Look | None = None,
    longest_silence: timedelta | None = None,
    rules: Sequence[Rule] = RULES,
    batch: int = BATCH,
) -> Swept:
    """Delete what is over. Again after a crash it goes on where the last committed batch ended; nothing is counted twice.

    One rule that fails does not keep the others from their work; the first fault is raised at the end, so that the job counts as failed.
    """
    done = Swept(new_id())
    async with db.tx(EVERY, role=ROLE) as tx:
        done.stopped = await look(tx, done.sweep_id, now, before, longest_silence)
        if done.stopped is None:
            await store.put_register(tx, periods.lines())
    if done.stopped is not None:
        return done
    faults: list[Exception] = []
    for rule in rules:
        try:
            done.gone[rule.name] = await _carry_out(db, done.sweep_id, rule, now.at, batch)
        except Exception as fault:  # noqa: BLE001 - kept, and raised once every other rule has had its turn
            _log.error("rule failed", rule=rule.name, error=type(fault).__name__)
            faults.append(fault)
    if faults:
        raise faults[0]
    async with db.tx(EVERY, role=ROLE) as tx:
        total = sum(done.gone.values())
        await store.count_batch(tx, done.sweep_id, WHOLE, before=now.at, gone=total, now=now.at, finished=True)
    return done


async def _carry_out(db: Database, sweep_id: UUID, rule: Rule, now: datetime, batch: int) -> int:
    over, total, more = rule.over_before(now), 0, True
    while more:
        async with db.tx(EVERY, role=ROLE) as tx:
            await store.every_office(tx)
            did = await store.run_batch(tx, rule, over, batch)
            total, more = total + did.gone, did.more
            if did.gone:
                await store.count_batch(tx, sweep_id, rule.name, before=over, gone=did.gone, now=now, finished=not more)
    return total
