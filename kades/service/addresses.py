"""The protected address: for the team that said yes, for this dispatch, until it ends; each opening is logged (law 9)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from core import audit
from core.db import Tx
from core.errors import NotFound
from core.identity import Principal, Role
from dispatch import board
from kades import rules
from kades.store import callers


async def open_address(tx: Tx, dispatch_id: UUID, who: Principal, now: datetime) -> dict[str, Any]:
    """Return the address to the assigned team, or to the desk that records for it by radio.

    Raises NotFound alike for another team's dispatch, one not yet accepted or over, one that is no press, and one that never was.
    """
    team = who.role is Role.TEAM
    incident, dispatch = await board.dispatch_of(tx, dispatch_id, who.team_id if team else None)
    if not rules.may_see_address(dispatch.state, by_radio=dispatch.by == "radio", team=team):
        raise NotFound
    row = await callers.address_of(tx, incident.id)
    if row is None:
        raise NotFound
    await callers.add_opening(
        tx,
        callers.Opening(
            dispatch_id=dispatch_id,
            incident_id=incident.id,
            caller_id=row["caller_id"],
            team_id=dispatch.team_id,
            actor_id=who.id,
            actor_role=who.role.value,
            by="app" if team else "radio",
            opened_at=now,
            provinces=incident.provinces,
        ),
    )
    await audit.record(
        tx, at=now, actor=who, action="view.address", subject_kind="dispatch", subject_id=dispatch_id, provinces=incident.provinces,
        detail={"incident_id": str(incident.id), "caller_id": str(row["caller_id"])},
    )  # fmt: skip
    return {
        "dispatch_id": dispatch_id,
        "incident_id": incident.id,
        "name": row["name"],
        "address": row["protected_address"],
        "language": row["language"],
        "safe_channel": row["safe_channel"],
    }
