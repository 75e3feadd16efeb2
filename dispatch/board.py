"""The read door for other rooms: how an incident stands, who goes, who is near. Works within the transaction's provinces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.errors import NotFound
from dispatch.states import COMMITTED, ENGAGING, DispatchState, IncidentState
from dispatch.store import facts, search
from geo.point import Fix, Point

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from collections.abc import Set as AbstractSet
    from uuid import UUID

    from core.db import Row, Tx
    from dispatch.states import Dispatch, Incident

Stage = Literal["received", "team_on_the_way", "arrived", "closed"]


@dataclass(frozen=True, slots=True)
class PlaceOf:
    """Where an open incident is known to be."""

    open: bool
    fix: Fix | None
    position_kind: str
    provinces: frozenset[int]


async def _follow(tx: Tx, incident_id: UUID) -> Incident:
    """The incident, or the one it was merged into: a caller of a duplicate is served by the team of the other. Raises NotFound."""
    found = await facts.incident(tx, incident_id)
    while found is not None and found.merged_into is not None:
        found = await facts.incident(tx, found.merged_into)
    if found is None:
        raise NotFound
    return found


async def place_of(tx: Tx, incident_id: UUID) -> PlaceOf:
    """Where it is, at which desks. Raises NotFound."""
    found = await _follow(tx, incident_id)
    fix = None
    if found.lon is not None and found.lat is not None:
        point = Point(lon=found.lon, lat=found.lat)
        fix = Fix(point=point, accuracy_m=found.accuracy_m, fixed_at=found.fixed_at or found.received_at)
    return PlaceOf(found.open, fix, found.position_kind, found.provinces)


async def assigned_team(tx: Tx, incident_id: UUID) -> UUID | None:
    """The team that leads, None while nobody has said yes. Raises NotFound."""
    going = [d for d in (await _follow(tx, incident_id)).dispatches if d.state in COMMITTED]
    lead = next((d for d in going if d.lead), going[0] if going else None)
    return lead.team_id if lead else None


async def assigned_teams(tx: Tx, incident_id: UUID) -> Sequence[UUID]:
    """Every team that said yes and has not left. Raises NotFound."""
    return [d.team_id for d in (await _follow(tx, incident_id)).dispatches if d.state in COMMITTED]


async def engaged_teams(tx: Tx, incident_id: UUID) -> Sequence[UUID]:
    """Every team that is being asked or goes. Raises NotFound."""
    return [d.team_id for d in (await _follow(tx, incident_id)).dispatches if d.state in ENGAGING]


async def dispatch_of(tx: Tx, dispatch_id: UUID, team_id: UUID | None) -> tuple[Incident, Dispatch]:
    """A dispatch with its incident, for its own crew (`team_id`) or a desk of the scope (None). Raises NotFound."""
    incident = await facts.look(tx, dispatch_id, team_id)
    if incident is None:
        raise NotFound
    return incident, next(d for d in incident.dispatches if d.id == dispatch_id)


async def stage_for_caller(tx: Tx, incident_id: UUID) -> Stage:
    """How far help has got, in the words of the caller's page. Raises NotFound."""
    found = await _follow(tx, incident_id)
    return _stage(found.state, {d.state for d in found.dispatches})


@dataclass(frozen=True, slots=True)
class Standing:
    """How an incident stands, as far as the caller's phone is concerned."""

    merged_into: UUID | None
    provinces: frozenset[int]
    stage: Stage


async def standings(tx: Tx, incident_ids: Collection[UUID]) -> dict[UUID, Standing]:
    """How each of these incidents stands now, in one round trip; a merged one names the next, which may itself be merged."""
    return {
        row["id"]: Standing(
            row["merged_into"], frozenset(row["provinces"]), _stage(IncidentState(row["state"]), set(map(DispatchState, row["dispatches"])))
        )
        for row in await facts.standings(tx, incident_ids)
    }


def _stage(incident: IncidentState, dispatches: AbstractSet[DispatchState]) -> Stage:
    if incident is IncidentState.CLOSED:
        return "closed"
    if DispatchState.ON_SCENE in dispatches or incident is IncidentState.ON_SCENE:
        return "arrived"
    return "team_on_the_way" if dispatches & COMMITTED else "received"


async def teams_near(tx: Tx, *, lon: float, lat: float, limit: int = 8) -> list[Row]:
    """The nearest free teams of the transaction's provinces: team_id, code, distance_m, fixed_at."""
    return await search.nearest(tx, lon=lon, lat=lat, limit=limit)
