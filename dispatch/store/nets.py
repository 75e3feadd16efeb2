"""What nothing would set in motion any more, as the nets look for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.sql import load

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from core.db import Tx

_SQL = load("dispatch")


async def unowned(tx: Tx, before: datetime) -> list[UUID]:
    """Incidents older than `before` that nobody goes to, nobody took and no alarm tells of."""
    return [row["id"] for row in await tx.rows(_SQL["unowned"], {"before": before})]


async def seeking_unwatched(tx: Tx) -> list[UUID]:
    """Incidents that wait for a team and have no timer that looks again."""
    return [row["id"] for row in await tx.rows(_SQL["seeking_unwatched"])]


async def lost_offers(tx: Tx, before: datetime) -> list[UUID]:
    """Offers past their time that no timer has ended."""
    return [row["id"] for row in await tx.rows(_SQL["lost_offers"], {"before": before})]


async def unsounded_alarms(tx: Tx, before: datetime) -> list[UUID]:
    """Unacknowledged alarms that nothing would sound again."""
    return [row["id"] for row in await tx.rows(_SQL["unsounded_alarms"], {"before": before})]


async def roster_gaps(tx: Tx) -> list[int]:
    """Provinces that have teams and none on duty (A6)."""
    return [row["province"] for row in await tx.rows(_SQL["roster_gaps"]) if row["on_duty"] == 0]
