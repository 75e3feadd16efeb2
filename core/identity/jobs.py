"""Identity's standing work: what has lapsed is deleted (issue 2, 8: every personal column has its deletion job)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from core.db import EVERY
from core.identity import store
from core.identity.service import KNOWN_FOR, TOKEN_AGAIN_FOR
from core.jobs import Periodic

if TYPE_CHECKING:
    from core.db import Database

#: The longest lock is an hour, its memory a quarter more.
FAILURES_FOR = timedelta(days=1)


async def prune(db: Database, now: datetime) -> None:
    """Delete lapsed tokens, sessions a month after their end, old failures, and the nonces of devices' tokens after a day."""
    async with db.tx() as tx:
        await store.set_office(tx, EVERY)
        await store.prune(
            tx,
            tokens_before=now,
            sessions_before=now - KNOWN_FOR,
            failures_before=now - FAILURES_FOR,
            nonces_before=now - TOKEN_AGAIN_FOR,
        )


PRUNE = Periodic("identity.prune", timedelta(minutes=10), prune)
