"""The only file of the PTS room that touches SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.types.json import Jsonb

from core.sql import load
from geo.point import Point
from pts import rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.db import Row, Tx
    from pts.reading import Read

_SQL = load("pts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One gate and where it reads."""

    id: UUID
    name: str
    province: int
    point: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What storing a batch brought to light; reads that are new and match nothing are not named."""

    changed: frozenset[UUID]  #: client_ids that came before with another content.
    fresh: frozenset[UUID]
    matches: dict[UUID, list[rules.Entry]]  #: By client_id, the weightiest entry first; fresh reads only.


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """What a decision about a hit needs."""

    id: UUID
    province: int
    gate_id: UUID
    incident_id: UUID
    category: rules.Category
    read_at: datetime
    late: bool
    verdict: rules.Verdict | None
    outcome: rules.Outcome | None
    point: Point
    entry_ids: list[UUID]


@dataclass(frozen=True, slots=True)
class Now:
    """Where a hit's incident stands after merges."""

    incident_id: UUID
    alone: bool  #: Nothing was merged with it.
    ours: bool  #: It was raised by a plate, not by somebody's call for help.


async def hear_gate(tx: Tx, gate_id: UUID, now: datetime) -> Gate | None:
    """Mark the gate as heard and hold its row: one batch of a gate at a time. None: no such gate in scope."""
    row = await tx.row(_SQL["hear_gate"], {"gate_id": gate_id, "now": now})
    if row is None:
        return None
    return Gate(id=row["id"], name=row["name"], province=row["province"], point=Point(lon=row["lon"], lat=row["lat"]))


async def take_reads(tx: Tx, gate: Gate, reads: Sequence[Read], now: datetime) -> Taken:
    """Store what is new of a batch and match it with the hotlist, in one statement."""
    given = [_recorded(read) for read in reads]
    params = {"gate_id": gate.id, "province": gate.province, "now": now, "reads": Jsonb(given)}
    rows = await tx.rows(_SQL["take_reads"], params)
    matches: dict[UUID, list[rules.Entry]] = {}
    for row in rows:
        if row["entry_id"] is not None:
            matches.setdefault(row["client_id"], []).append(entry_of(row))
    return Taken(
        changed=frozenset(row["client_id"] for row in rows if row["conflicts"]),
        fresh=frozenset(row["client_id"] for row in rows if row["fresh"]),
        matches={client_id: rules.ranked(entries) for client_id, entries in matches.items()},
    )


def _recorded(read: Read) -> dict[str, object]:
    return {
        "client_id": str(read.client_id),
        "plate": read.plate,
        "plate_read": read.plate_read,
        "confidence": read.confidence,
        "char_confidence": read.char_confidence,
        "grammar": read.grammar.why,
        "read_at": read.read_at.isoformat(),
        "skew_ms": read.timing.skew_ms,
        "late": read.timing.late,
        "direction": read.direction,
    }


def entry_of(row: Row) -> rules.Entry:
    """Read an entry from a row, or from one inside a JSON column (whose times are text)."""
    return rules.Entry(
        id=_uuid(row["entry_id"]),
        category=rules.Category(row["category"]),
        authority=row["authority"],
        document=row["document"],
        recorded_at=_time(row["recorded_at"]),
        valid_from=_time(row["valid_from"]),
        valid_to=None if row["valid_to"] is None else _time(row["valid_to"]),
    )


def _uuid(told: UUID | str) -> UUID:
    return UUID(told) if isinstance(told, str) else told


def _time(told: datetime | str) -> datetime:
    return datetime.fromisoformat(told) if isinstance(told, str) else told


async def put_image(tx: Tx, gate: Gate, read: Read, hit_id: UUID | None, now: datetime) -> None:
    """Keep the read's picture, with its hit where it has one."""
    params = {"gate_id": gate.id, "client_id": read.client_id, "province": gate.province, "now": now, "hit_id": hit_id, "jpeg": read.jpeg}
    await tx.execute(_SQL["put_image"], params)


async def known_hits(tx: Tx, gate: Gate, plates: Sequence[str], since: datetime) -> list[rules.KnownHit]:
    """Return this gate's hits of these plates whose last read is not older than `since`."""
    rows = await tx.rows(_SQL["gate_hits"], {"gate_id": gate.id, "plates": list(plates), "since": since})
    return [
        rules.KnownHit(
            id=row["id"],
            plate=row["plate"],
            first_read_at=row["read_at"],
            last_read_at=row["last_read_at"],
            late=row["late"],
            concluded=row["concluded"],
            entry_ids=frozenset(row["entry_ids"]),
        )
        for row in rows
    ]


async def had_hit(tx: Tx, gate: Gate, read: Read) -> bool:
    """Tell whether this very read made a hit once: it comes again after its row went with the day's partition."""
    return await tx.value(_SQL["hit_of_read"], {"gate_id": gate.id, "client_id": read.client_id}) is not None


async def open_hit(
    tx: Tx, *, hit_id: UUID, gate: Gate, read: Read, entries: Sequence[rules.Entry], incident_id: UUID, now: datetime
) -> None:
    """Write the hit with every entry that matched; the first of `entries` leads."""
    lead = entries[0].category
    await tx.execute(
        _SQL["open_hit"],
        {
            "id": hit_id,
            "province": gate.province,
            "gate_id": gate.id,
            "client_id": read.client_id,
            "incident_id": incident_id,
            "plate": read.plate,
            "plate_read": read.plate_read,
            "confidence": read.confidence,
            "char_confidence": None if read.char_confidence is None else list(read.char_confidence),
            "turkish": read.grammar.legal,
            "direction": read.direction,
            "category": lead.value,
            "rank": lead.rank,
            "read_at": read.read_at,
            "now": now,
            "skew_ms": read.timing.skew_ms,
            "late": read.timing.late,
        },
    )
    await add_entries(tx, hit_id, gate.province, entries)


async def add_entries(tx: Tx, hit_id: UUID, province: int, entries: Sequence[rules.Entry]) -> None:
    """Name entries on a hit, as they stand now; the same again changes nothing."""
    await tx.many(
        _SQL["add_hit_entry"],
        [
            {
                "hit_id": hit_id,
                "entry_id": entry.id,
                "province": province,
                "category": entry.category.value,
                "authority": entry.authority,
                "document": entry.document,
                "recorded_at": entry.recorded_at,
                "valid_from": entry.valid_from,
                "valid_to": entry.valid_to,
            }
            for entry in entries
        ],
    )


async def repeat_hit(tx: Tx, hit_id: UUID, read_at: datetime) -> None:
    """Count a further read of the same passage."""
    await tx.execute(_SQL["repeat_hit"], {"hit_id": hit_id, "read_at": read_at})


async def lock_hit(tx: Tx, hit_id: UUID) -> Hit | None:
    """Return a hit and hold its row: of two operators the first one decides. None: none in scope."""
    row = await tx.row(_SQL["hit_for_update"], {"hit_id": hit_id})
    if row is None:
        return None
    return Hit(
        id=row["id"],
        province=row["province"],
        gate_id=row["gate_id"],
        incident_id=row["incident_id"],
        category=rules.Category(row["category"]),
        read_at=row["read_at"],
        late=row["late"],
        verdict=None if row["verdict"] is None else rules.Verdict(row["verdict"]),
        outcome=None if row["outcome"] is None else rules.Outcome(row["outcome"]),
        point=Point(lon=row["lon"], lat=row["lat"]),
        entry_ids=row["entry_ids"],
    )


async def set_verdict(tx: Tx, hit_id: UUID, verdict: rules.Verdict, *, by: UUID | None, note: str, now: datetime) -> None:
    """Write what the comparison showed; `by` None: the list itself ended."""
    await tx.execute(_SQL["set_verdict"], {"hit_id": hit_id, "verdict": verdict.value, "by": by, "note": note, "now": now})


async def set_outcome(tx: Tx, hit_id: UUID, outcome: rules.Outcome, *, by: UUID | None, note: str, now: datetime) -> None:
    """Write how the hit ended."""
    await tx.execute(_SQL["set_outcome"], {"hit_id": hit_id, "outcome": outcome.value, "by": by, "note": note, "now": now})


async def still_active(tx: Tx, entry_ids: Sequence[UUID], now: datetime) -> frozenset[UUID]:
    """Return which of these entries, of whatever province, still hold."""
    rows = await tx.rows(_SQL["still_active"], {"entry_ids": list(entry_ids), "now": now})
    return frozenset(row["entry_id"] for row in rows)


async def open_hits_of_entry(tx: Tx, entry_id: UUID) -> list[UUID]:
    """Return the hits without an outcome that this entry is named on, in the order to lock them."""
    return [row["id"] for row in await tx.rows(_SQL["open_hits_of_entry"], {"entry_id": entry_id})]


async def hits(
    tx: Tx,
    *,
    open_: bool | None = None,
    hit_id: UUID | None = None,
    incident_id: UUID | None = None,
    after: tuple[bool, int, UUID] | None = None,
    limit: int = 100,
) -> list[Row]:
    """Return hits as the desk lists them: open before concluded, by rank, the newest first; `after` = (concluded, rank, id)."""
    closed, rank, last = after or (None, None, None)
    params: dict[str, Any] = {
        "open": open_,
        "hit_id": hit_id,
        "incident_id": incident_id,
        "after_closed": closed,
        "after_rank": rank,
        "after_id": last,
        "limit": limit,
    }
    return await tx.rows(_SQL["hits"], params)


async def image_of_hit(tx: Tx, hit_id: UUID) -> bytes | None:
    """Return the first picture of a hit."""
    return await tx.value(_SQL["image_of_hit"], {"hit_id": hit_id})


async def vehicle_of_incident(tx: Tx, incident_id: UUID) -> Row | None:
    """Return the vehicle an incident is about, if a hit raised it."""
    return await tx.row(_SQL["vehicle_of_incident"], {"incident_id": incident_id})


async def incident_now(tx: Tx, incident_id: UUID) -> Now:
    """Return where a hit's incident is worked on after merges."""
    row = await tx.row(_SQL["incident_now"], {"incident_id": incident_id})
    return Now(incident_id=incident_id, alone=True, ours=True) if row is None else Now(row["id"], row["alone"], row["ours"])


async def gates(tx: Tx, *, after: tuple[str, UUID] | None, limit: int) -> list[Row]:
    """Return the gates in scope by name."""
    name, last = after or (None, None)
    return await tx.rows(_SQL["gates"], {"after_name": name, "after_id": last, "limit": limit})


async def add_gate(tx: Tx, *, gate_id: UUID, name: str, province: int, point: Point, bearing_deg: float | None, now: datetime) -> None:
    """Write a new gate."""
    await tx.execute(
        _SQL["add_gate"],
        {
            "id": gate_id,
            "name": name,
            "province": province,
            "lon": point.lon,
            "lat": point.lat,
            "bearing_deg": bearing_deg,
            "now": now,
        },
    )


async def add_entry(
    tx: Tx,
    *,
    entry_id: UUID,
    province: int,
    plate: str,
    category: rules.Category,
    authority: str,
    document: str,
    note: str,
    valid_from: datetime,
    valid_to: datetime | None,
    by: UUID,
    now: datetime,
) -> None:
    """Write a list entry."""
    await tx.execute(
        _SQL["add_entry"],
        {
            "id": entry_id,
            "province": province,
            "plate": plate,
            "category": category.value,
            "authority": authority,
            "document": document,
            "note": note,
            "valid_from": valid_from,
            "valid_to": valid_to,
            "by": by,
            "now": now,
        },
    )


async def lock_entry(tx: Tx, entry_id: UUID) -> Row | None:
    """Return `province`, `category`, `ended_at` of an entry and hold its row. None: none in scope."""
    return await tx.row(_SQL["entry_for_update"], {"entry_id": entry_id})


async def end_entry(tx: Tx, entry_id: UUID, *, by: UUID, reason: str, now: datetime) -> None:
    """End an entry; it stays readable."""
    await tx.execute(_SQL["end_entry"], {"entry_id": entry_id, "by": by, "reason": reason, "now": now})


async def entries(
    tx: Tx, *, plate: str | None = None, active_at: datetime | None = None, after: UUID | None = None, limit: int = 100
) -> list[Row]:
    """Return list entries of the caller's provinces, the newest first."""
    return await tx.rows(_SQL["entries"], {"plate": plate, "active_at": active_at, "after_id": after, "limit": limit})


async def make_days(tx: Tx, from_day: date, days: int) -> int:
    """Make the partitions of these days (UTC); returns how many were missing."""
    return await tx.value(_SQL["make_days"], {"from_day": from_day, "days": days})
