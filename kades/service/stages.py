"""Her phone hears how far help has got: whenever her incident changed, the new stage goes out once (contract, `/ws/kades`)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from core.db import Tx
from dispatch import board
from kades.service import telling
from kades.store import alerts


def incident_in(data: dict[str, Any]) -> UUID:
    """Return the incident that an event of dispatch is about."""
    return UUID(data.get("incident_id") or data["id"])


async def incident_moved(tx: Tx, incident_id: UUID, now: datetime) -> None:
    """Let the alerts of an incident follow it: its provinces, a merge, its stage on her phone.

    May run late, twice, or out of order: it reads how things stand now and tells only what the phone was not told.
    """
    waiting = await alerts.alerts_to_tell(tx, incident_id)
    if not waiting:
        return
    survivor = UUID(str((await board.incident_brief(tx, incident_id))["id"]))
    if survivor != incident_id:
        await alerts.merge(tx, incident_id, survivor)
        await incident_moved(tx, survivor, now)
        return
    place = await board.place_of(tx, incident_id)
    await alerts.set_provinces(tx, incident_id, place.provinces)
    stage = await board.stage_for_caller(tx, incident_id)
    changed = [row for row in waiting if not row["cancelled"] and row["stage"] != stage]
    if not changed:
        return
    await alerts.set_stage(tx, [row["id"] for row in changed], stage)
    for row in changed:
        if not row["silent"]:
            await telling.status(tx, row["device_id"], row["id"], stage, now)
