"""Made-up facts for the rules' tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from core.ids import new_id
from dispatch.rules import derive
from dispatch.states import ENGAGING, Dispatch, DispatchState, Incident, Periods, Team

NOON = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PERIODS = Periods()


def seconds(n: float) -> timedelta:
    return timedelta(seconds=n)


def a_dispatch(state: DispatchState = DispatchState.OFFERED, *, incident_id: UUID | None = None, **more: Any) -> Dispatch:
    said_yes = {DispatchState.ACCEPTED, DispatchState.EN_ROUTE, DispatchState.ON_SCENE, DispatchState.CLEAR}
    facts: dict[str, Any] = {
        "id": new_id(),
        "incident_id": incident_id or new_id(),
        "team_id": new_id(),
        "offered_at": NOON,
        "ack_due_at": NOON + PERIODS.acknowledge,
        "accept_due_at": NOON + PERIODS.accept,
        "accepted_at": NOON if state in said_yes else None,
        "ended_at": NOON if state is DispatchState.CLEAR else None,
    }
    return Dispatch(state=state, **{**facts, **more})


def an_incident(*dispatches: Dispatch, **more: Any) -> Incident:
    id_ = new_id()
    facts: dict[str, Any] = {"received_at": NOON, "lon": 30.52, "lat": 39.77, "position_kind": "fix", "provinces": frozenset({26})}
    incident = Incident(id=id_, dispatches=tuple(replace(d, incident_id=id_) for d in dispatches), **{**facts, **more})
    return replace(incident, state=derive(incident))


def team_of(dispatch: Dispatch, *, elsewhere: bool = False) -> Team:
    """The team as it stands when it holds this dispatch, or nothing, or another one."""
    holds = new_id() if elsewhere else (dispatch.id if dispatch.state in ENGAGING else None)
    return Team(dispatch.team_id, "available", holds)
