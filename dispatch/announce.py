"""Who is told what (floor plan, "Frames"): the desks of the provinces concerned, and the crew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.outbox import emit
from dispatch import frames

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from core.db import Row, Tx
    from dispatch.states import Dispatch, Incident
    from dispatch.store.teams import TeamLine


def desks(provinces: Iterable[int]) -> list[str]:
    """The desks' channels."""
    return [f"desk:{code}" for code in provinces]


async def tell_incident(tx: Tx, incident: Incident, now: datetime, *, opened: bool = False) -> None:
    """Tell the desks of an incident as it stands."""
    type_ = "incident.opened" if opened else "incident.changed"
    channels = desks(incident.provinces)
    await emit(tx, type_, at=now, channels=channels, subject_id=incident.id, data=frames.incident_data(incident))


async def tell_dispatches(
    tx: Tx, incident: Incident, dispatches: Iterable[Dispatch], now: datetime, *, type_: str = "dispatch.changed"
) -> None:
    """Tell the crew, the incident's desks and the desk that lent the crew."""
    for dispatch in dispatches:
        channels = [*desks(incident.provinces | {dispatch.team_province}), f"team:{dispatch.team_id}"]
        await emit(tx, type_, at=now, channels=channels, subject_id=dispatch.id, data=frames.offer_data(incident, dispatch))


async def tell_teams(tx: Tx, teams: Iterable[TeamLine], now: datetime) -> None:
    """Tell a team and its desk that it is free, engaged, or off."""
    for team in teams:
        channels = [*desks([team.province]), f"team:{team.id}"]
        await emit(tx, "team.changed", at=now, channels=channels, subject_id=team.id, data=frames.team_data(team))


async def tell_alarm(tx: Tx, alarm: Row, now: datetime) -> None:
    """Tell the desks of an alarm as it stands."""
    await emit(tx, "desk.alarm", at=now, channels=desks(alarm["provinces"]), subject_id=alarm["id"], data=frames.alarm_data(alarm))


async def tell_standard(tx: Tx, type_: str, incident: Incident, due_at: datetime, now: datetime) -> None:
    """Tell the desks that E3's time is running out, or has."""
    data = frames.standard_data(incident, due_at)
    await emit(tx, type_, at=now, channels=desks(incident.provinces), subject_id=incident.id, data=data)
