"""The audit's standing work: seal each second, sign the head each hour, send it out of the database (law 9)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from core.audit import service, store
from core.db import NOTHING
from core.jobs import Periodic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.audit.signing import HeadSink, Signer
    from core.db import Database

ROLE = "merkez_sealer"
#: One transaction of the sealer: short enough that a hand-over is quick, long enough to outrun any writer.
BATCH = 1_000
#: Batches in one run; what is left waits a second.
BATCHES = 50


async def seal(db: Database, _now: datetime) -> None:
    """Chain what waits."""
    for _ in range(BATCHES):
        async with db.tx(NOTHING, role=ROLE) as tx:
            if await service.seal_batch(tx, BATCH) < BATCH:
                return


async def send_heads(db: Database, sinks: Sequence[HeadSink]) -> int:
    """Send every sink the heads it lacks; how many were sent. Raises the first failing sink's `OSError` once the others had theirs."""
    sent, fault = 0, None
    for sink in sinks:
        try:
            after = await sink.latest()
            async with db.tx(NOTHING, role=ROLE) as tx:
                heads = await store.heads_after(tx, after)
            for head in heads:
                await sink.send(head)
                sent += 1
        except OSError as cannot:
            fault = fault or cannot
    if fault is not None:
        raise fault
    return sent


def jobs(signer: Signer, sinks: Sequence[HeadSink]) -> list[Periodic]:
    """Return the audit's jobs for the composition root."""

    async def sign(db: Database, now: datetime) -> None:
        async with db.tx(NOTHING, role=ROLE) as tx:
            await service.sign_head(tx, signer, now)
        await send_heads(db, sinks)

    async def send(db: Database, _now: datetime) -> None:
        await send_heads(db, sinks)

    return [
        Periodic("audit.seal", timedelta(seconds=1), seal),
        Periodic("audit.head", timedelta(hours=1), sign),
        # A sink that was away when the head was signed gets it within a minute of its return, not at the next full hour.
        Periodic("audit.send", timedelta(minutes=1), send),
    ]
