"""Gates, plate reads, the hotlist and hits; mirrors 0006_pts.sql."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, desc, text
from sqlalchemy.orm import Mapped, mapped_column

from core.models import Base, Big, Real, Small


class Gate(Base):
    """A place where plates are read."""

    __tablename__ = "gate"
    __table_args__ = (
        CheckConstraint("bearing_deg >= 0 AND bearing_deg < 360", name="bearing_deg_check"),
        Index("gate_by_province", "province", "name", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    province: Mapped[Small] = mapped_column(ForeignKey("province.code"))
    position: Mapped[WKBElement] = mapped_column(Geometry("POINT", 4326, spatial_index=False))
    bearing_deg: Mapped[Real | None]
    created_at: Mapped[datetime]
    heard_at: Mapped[datetime | None] = mapped_column(
        comment="Last batch; its update is also the lock that lets one batch of a gate in at a time."
    )


class PtsRead(Base):
    """A plate that passed; parent of one partition a day (E16)."""

    __tablename__ = "pts_read"
    __table_args__ = (
        {
            "comment": "Reads, partitioned by the day of receipt (UTC) and dropped whole before they are ten days old "
            "(E16). A hit keeps its own copy.",
            "postgresql_partition_by": "RANGE (received_at)",
        },
    )

    gate_id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(primary_key=True)
    province: Mapped[Small]
    plate: Mapped[str] = mapped_column(comment="Normalised: A-Z, 0-9, ? for a character nobody could read.")
    plate_read: Mapped[str]
    confidence: Mapped[Real]
    char_confidence: Mapped[list[float] | None]
    grammar: Mapped[str]
    read_at: Mapped[datetime]
    skew_ms: Mapped[Big | None]
    late: Mapped[bool]
    direction: Mapped[str | None]


class PtsImage(Base):
    """The small picture of a read."""

    __tablename__ = "pts_image"
    __table_args__ = (
        Index("pts_image_age", "received_at", postgresql_where=text("hit_id IS NULL")),
        Index("pts_image_of_hit", "hit_id", postgresql_where=text("hit_id IS NOT NULL")),
        {"comment": "Small pictures of reads; one that belongs to a hit stays with it, the others go first of all (E16)."},
    )

    gate_id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    province: Mapped[Small]
    received_at: Mapped[datetime]
    hit_id: Mapped[UUID | None]
    jpeg: Mapped[bytes]


class HotlistEntry(Base):
    """A listed plate."""

    __tablename__ = "hotlist_entry"
    __table_args__ = (
        CheckConstraint("category IN ('terror', 'stolen', 'wanted', 'other')", name="category_check"),
        CheckConstraint("(valid_to IS NULL) OR (valid_to > valid_from)", name="check"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="check1"),
        CheckConstraint("plate ~ '^[A-Z0-9]{2,12}$'", name="plate_check"),
        Index("hotlist_entry_by_province", "province", desc("id")),
        Index("hotlist_entry_plate", "plate", postgresql_include=["valid_from", "valid_to"], postgresql_where=text("ended_at IS NULL")),
        {
            "comment": "Listed plates. Filed and ended by the province that answers for them, matched at every gate of the "
            "country. Several may name one plate."
        },
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    province: Mapped[Small] = mapped_column(ForeignKey("province.code"))
    plate: Mapped[str]
    category: Mapped[str]
    authority: Mapped[str]
    document: Mapped[str]
    note: Mapped[str] = mapped_column(server_default=text("''"))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None]
    end_reason: Mapped[str | None]


class PtsHit(Base):
    """A listed plate at a gate (E15)."""

    __tablename__ = "pts_hit"
    __table_args__ = (
        CheckConstraint("category IN ('terror', 'stolen', 'wanted', 'other')", name="category_check"),
        CheckConstraint("(verdict IS NULL) = (verdict_at IS NULL)", name="check"),
        CheckConstraint("(outcome IS NULL) = (outcome_at IS NULL)", name="check1"),
        CheckConstraint("(outcome IS NULL) OR (verdict IS NOT NULL)", name="check2"),
        CheckConstraint(
            "outcome IN ('vehicle_taken', 'person_taken', 'checked_released', 'not_found', 'misread', 'not_active')", name="outcome_check"
        ),
        CheckConstraint("verdict IN ('confirmed', 'misread', 'not_active')", name="verdict_check"),
        UniqueConstraint("gate_id", "client_id"),
        Index("pts_hit_age", "outcome_at", postgresql_where=text("outcome IS NOT NULL")),
        Index("pts_hit_of_gate", "gate_id", "last_read_at"),
        Index("pts_hit_of_incident", "incident_id"),
        Index("pts_hit_open", "rank", desc("id"), postgresql_where=text("outcome IS NULL")),
        {"comment": "A listed plate passed a gate. Open until its outcome, whatever became of its incident (E15)."},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    province: Mapped[Small] = mapped_column(ForeignKey("province.code"))
    gate_id: Mapped[UUID] = mapped_column(ForeignKey("gate.id"))
    client_id: Mapped[UUID]
    incident_id: Mapped[UUID]
    plate: Mapped[str]
    plate_read: Mapped[str]
    confidence: Mapped[Real]
    char_confidence: Mapped[list[float] | None]
    turkish: Mapped[bool]
    direction: Mapped[str | None]
    category: Mapped[str]
    rank: Mapped[Small]
    read_at: Mapped[datetime]
    last_read_at: Mapped[datetime]
    received_at: Mapped[datetime]
    skew_ms: Mapped[Big | None]
    late: Mapped[bool]
    reads: Mapped[int] = mapped_column(server_default=text("1"))
    verdict: Mapped[str | None]
    verdict_at: Mapped[datetime | None]
    verdict_by: Mapped[UUID | None] = mapped_column(comment="NULL with a verdict: the list itself ended meanwhile.")
    verdict_note: Mapped[str | None]
    outcome: Mapped[str | None]
    outcome_at: Mapped[datetime | None]
    outcome_by: Mapped[UUID | None]
    outcome_note: Mapped[str | None]


class PtsHitEntry(Base):
    """An entry that a hit matched, as it stood then."""

    __tablename__ = "pts_hit_entry"
    __table_args__ = (
        Index("pts_hit_entry_of_entry", "entry_id"),
        {"comment": "Every entry that matched, as it stood then; province is the hit's, since the entry may be another province's."},
    )

    hit_id: Mapped[UUID] = mapped_column(ForeignKey("pts_hit.id", ondelete="CASCADE"), primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    province: Mapped[Small]
    category: Mapped[str]
    authority: Mapped[str]
    document: Mapped[str]
    recorded_at: Mapped[datetime]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
