"""A further fix of somebody whose incident is open: the first one ends konumsuz, each better one moves the incident."""

from datetime import datetime
from uuid import UUID

from core.db import Tx
from dispatch import board, inbox
from kades import rules
from kades.fixes import ReadFix
from kades.parts import Kades
from kades.store import alerts


async def bring(tx: Tx, incident_id: UUID, read: ReadFix | None, kades: Kades, now: datetime) -> frozenset[int]:
    """Move an open incident to `read` where that tells something new; return the provinces it belongs to."""
    place = await board.place_of(tx, incident_id)
    if read is None or not place.open or not rules.should_move(read, place.fix, rules.PositionKind(place.position_kind)):
        await alerts.set_provinces(tx, incident_id, place.provinces)
        return place.provinces
    here = rules.provinces_of_fix(read.fix, place.provinces, kades.province_of)
    await inbox.move_incident(tx, incident_id, read.fix, here, now)
    # A desk that was rung keeps seeing it: one that vanishes from a screen looks solved.
    provinces = place.provinces | here
    await alerts.set_provinces(tx, incident_id, provinces)
    return provinces
