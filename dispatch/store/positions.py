"""Where the teams are and were."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import psycopg

from core.db import session_options
from core.sql import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from core.db import Database, Row, Tx

_SQL = load("dispatch")


async def put_positions(tx: Tx, columns: Mapping[str, Sequence[object]], now: datetime) -> tuple[frozenset[UUID], frozenset[int]]:
    """Store a batch of fixes given as columns: (ids no team of the scope has, provinces of teams that had no position before)."""
    row = await tx.row(_SQL["put_positions"], {**columns, "now": now})
    assert row is not None  # noqa: S101 - a function with OUT parameters returns one row
    return frozenset(row["unknown"]), frozenset(row["appeared"])


async def within(tx: Tx, bbox: tuple[float, float, float, float]) -> list[Row]:
    """Teams of the scope that stand within west, south, east, north."""
    west, south, east, north = bbox
    return await tx.rows(_SQL["within"], {"west": west, "south": south, "east": east, "north": north})


async def moved_since(tx: Tx, since: datetime) -> list[Row]:
    """Return teams of the scope whose position came in after `since`."""
    return await tx.rows(_SQL["moved_since"], {"since": since})


async def track_days(tx: Tx, first: date, last: date) -> int:
    """Make the track's partitions from `first` to `last`, both included; the same again makes none."""
    made: int = await tx.value(_SQL["track_days"], {"first": first, "last": last})
    return made


async def reindex_positions(db: Database, _now: datetime) -> None:
    """Rebuild the index over positions: it cannot be updated in place, grows threefold in 500,000 updates and searches slow down 2.4 times.

    CONCURRENTLY, so that no claim waits for it; it needs a connection of its own outside any transaction.
    """
    options = session_options("merkez_sweep") + " -c statement_timeout=10min"
    async with await psycopg.AsyncConnection.connect(db.url, autocommit=True, options=options) as conn:
        await conn.execute(_SQL["reindex_positions"])
