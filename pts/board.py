"""The read door of the PTS room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pts import store
from pts.rules import ranked
from pts.store import entry_of

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from core.db import Row, Tx


async def hit_of_incident(tx: Tx, incident_id: UUID, now: datetime) -> dict[str, Any] | None:
    """Return the hit an incident came from, as the desk shows it; None when no gate raised it. The caller audits the look."""
    found = await store.hits(tx, incident_id=incident_id, limit=1)
    return shown(found[0], now) if found else None


async def vehicle_of_incident(tx: Tx, incident_id: UUID) -> dict[str, Any] | None:
    """Return what a team needs to know the vehicle by: `{"plate", "category", …}`. The caller audits the look."""
    row = await store.vehicle_of_incident(tx, incident_id)
    return None if row is None else dict(row)


def shown(row: Row, now: datetime) -> dict[str, Any]:
    """Bring a hit to the form of `GET /api/v1/pts/hits`; the weightiest entry leads, all of them are told."""
    entries = ranked(entry_of(told) for told in row["entries"])
    lead = entries[0]
    return {
        "hit_id": row["hit_id"],
        "incident_id": row["incident_id"],
        "plate": row["plate"],
        "plate_read": row["plate_read"],
        "category": lead.category,
        "authority": lead.authority,
        "document": lead.document,
        "list_age_s": round((now - lead.recorded_at).total_seconds()),
        "entries": [
            {
                "entry_id": entry.id,
                "category": entry.category,
                "authority": entry.authority,
                "document": entry.document,
                "recorded_at": entry.recorded_at,
                "valid_to": entry.valid_to,
            }
            for entry in entries
        ],
        "gate": {
            "id": row["gate_id"],
            "name": row["gate_name"],
            "position": {"lon": row["lon"], "lat": row["lat"]},
            "bearing_deg": row["bearing_deg"],
        },
        "direction": row["direction"],
        "read_at": row["read_at"],
        "last_read_at": row["last_read_at"],
        "received_at": row["received_at"],
        "skew_ms": row["skew_ms"],
        "late": row["late"],
        "reads": row["reads"],
        "confidence": row["confidence"],
        "char_confidence": row["char_confidence"],
        "match": "exact",
        "foreign": not row["turkish"],
        "has_image": row["has_image"],
        "verdict": row["verdict"],
        "verdict_at": row["verdict_at"],
        "verdict_by": row["verdict_by"],
        "verdict_note": row["verdict_note"],
        "outcome": row["outcome"],
        "outcome_at": row["outcome_at"],
        "outcome_by": row["outcome_by"],
        "outcome_note": row["outcome_note"],
    }


def without_plate(row: Row, now: datetime) -> dict[str, Any]:
    """Bring a hit to the same form for a list that shows no plate, nor a note in which somebody may have written one."""
    return {**shown(row, now), "plate": None, "plate_read": None, "verdict_note": None, "outcome_note": None}
