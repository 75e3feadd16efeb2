"""Her phone hears how far help has got: whenever her incident changed, the new stage goes out once (contract, `/ws/kades`)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from core.db import Row, Tx
from dispatch import board
from kades.rules import Stage
from kades.service import telling
from kades.store import alerts


def incident_in(data: dict[str, Any]) -> UUID:
    """Return the incident that an event of dispatch is about."""
    return UUID(data.get("incident_id") or data["id"])


async def incidents_moved(tx: Tx, incident_ids: Collection[UUID], now: datetime) -> None:
    """Let the alerts of these incidents follow them: their provinces, a merge, the stage on her phone.

    May run late, twice, or out of order: it reads how things stand now and tells only what the phone was not told.
    """
    rows = await alerts.alerts_to_tell(tx, incident_ids)
    if not rows:
        return
    standings = await board.standings(tx, {row["case_id"] for row in rows})
    # An incident whose period is over has gone, and nobody waits for its stage.
    waiting = [row for row in rows if row["case_id"] in standings]
    survivors: set[UUID] = set()
    changed: dict[UUID, Stage] = {}
    for row in waiting:
        standing = standings[row["case_id"]]
        if standing.merged_into is not None:
            survivors.add(standing.merged_into)
        elif not row["cancelled"] and row["stage"] != standing.stage:
            changed[row["id"]] = standing.stage
    await _follow(tx, waiting, standings)
    if changed:
        await alerts.set_stages(tx, changed)
    for row in waiting:
        if row["id"] in changed and not row["silent"]:
            await telling.status(tx, row["device_id"], row["id"], changed[row["id"]], now)
    if survivors:
        await incidents_moved(tx, survivors, now)


async def _follow(tx: Tx, waiting: Sequence[Row], standings: Mapping[UUID, board.Standing]) -> None:
    """Carry a merge, or new provinces, to the alerts of each incident."""
    for incident_id in {row["case_id"] for row in waiting}:
        standing = standings[incident_id]
        if standing.merged_into is not None:
            await alerts.merge(tx, incident_id, standing.merged_into)
        elif any(row["case_id"] == incident_id and frozenset(row["provinces"]) != standing.provinces for row in waiting):
            await alerts.set_provinces(tx, incident_id, standing.provinces)
