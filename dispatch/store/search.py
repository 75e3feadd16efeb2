"""Which team is nearest and free, and which incidents wait for one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from core.sql import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from core.db import Row, Tx
    from dispatch.states import Incident

_SQL = load("dispatch")

#: Candidates kept of each choice (E11).
LISTED = 8
#: With no more free teams in reach than this a claim sorts them all; with more it walks outward from the incident.
FEW = 300


@dataclass(frozen=True, slots=True)
class Picked:
    """What a search came back with. `teams` are the nearest ones in any state, as the database told them."""

    yields: bool
    chosen: UUID | None
    teams: list[dict[str, Any]]


async def pick(
    tx: Tx,
    incident: Incident,
    dispatch_id: UUID,
    *,
    reach: frozenset[int],
    excluded: Sequence[UUID],
    stale_before: datetime,
    may_wait: bool,
) -> Picked:
    """Claim the nearest free team of `reach` for `dispatch_id`. `may_wait` only while this transaction holds no claimed team yet."""
    params = {
        "incident_id": incident.id,
        "dispatch_id": dispatch_id,
        "reach": sorted(reach),
        "excluded": list(excluded),
        "stale_before": stale_before,
        "may_wait": may_wait,
        "list": LISTED,
        "few": FEW,
    }
    found = await tx.value(_SQL["pick"], params)
    if found is None:
        return Picked(yields=False, chosen=None, teams=[])
    chosen = found["chosen"]
    return Picked(yields=found["yields"], chosen=None if chosen is None else UUID(chosen), teams=found["teams"])


async def pick_named(
    tx: Tx, incident: Incident, dispatch_id: UUID, team_id: UUID, reach: frozenset[int]
) -> tuple[str, dict[str, Any]] | None:
    """Claim the one team a dispatcher named: ("taken" | "busy" | "off_duty", team); None when there is no such team in reach."""
    params = {"incident_id": incident.id, "dispatch_id": dispatch_id, "team_id": team_id, "reach": sorted(reach)}
    found = await tx.value(_SQL["pick_named"], params)
    return None if found is None else (found["what"], found["team"])


async def nearest(tx: Tx, *, lon: float, lat: float, limit: int = 8) -> list[Row]:
    """The nearest free teams of the transaction's provinces: team_id, code, distance_m (on the sphere), fixed_at. No lock, no promise."""
    return await tx.rows(_SQL["nearest"], {"lon": lon, "lat": lat, "limit": limit})


async def waiting_for(tx: Tx, provinces: Iterable[int], limit: int = 8) -> list[UUID]:
    """Incidents that wait for a team of these provinces, by priority, then age."""
    rows = await tx.rows(_SQL["waiting_for"], {"provinces": sorted(provinces), "limit": limit})
    return [row["id"] for row in rows]


async def hasten(tx: Tx, ids: Sequence[UUID], now: datetime) -> None:
    """Let these waiting incidents look again at once."""
    await tx.execute(_SQL["hasten"], {"ids": list(ids), "now": now})
    tx.after_commit(partial(tx.signals.timer_set, now))
