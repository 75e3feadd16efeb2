"""The data register and the evidence of deletion; mirrors 0007_retention.sql."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.models import Base, Big, Small


class DataPeriod(Base):
    """A column with personal data, and how long it is kept (E16)."""

    __tablename__ = "data_period"
    __table_args__ = ({"comment": "The data register: one row for each column that holds personal data."},)

    table_name: Mapped[str] = mapped_column(primary_key=True)
    column_name: Mapped[str] = mapped_column(primary_key=True)
    what: Mapped[str]
    why: Mapped[str]
    period: Mapped[str]
    seen_by: Mapped[str]
    rule: Mapped[str]


class DeletionRun(Base):
    """What one rule of one sweep deleted."""

    __tablename__ = "deletion_run"
    __table_args__ = (
        UniqueConstraint("sweep_id", "rule"),
        Index("deletion_run_started", "started_at"),
        {"comment": "Evidence of deletion: counts and cut-off times, never what was deleted."},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sweep_id: Mapped[UUID]
    rule: Mapped[str]
    over_before: Mapped[datetime]
    started_at: Mapped[datetime]
    last_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    batches: Mapped[int] = mapped_column(server_default=text("0"))
    gone: Mapped[Big] = mapped_column(server_default=text("0"))


class SweepMark(Base):
    """What the sweep last knew of the clock; one row."""

    __tablename__ = "sweep_mark"
    __table_args__ = (
        CheckConstraint("(stopped_sweep IS NULL) = (stopped_why IS NULL)", name="check"),
        CheckConstraint("id = 1", name="id_check"),
        CheckConstraint("stopped_why IN ('clock_went_back', 'clock_leapt', 'long_silence')", name="stopped_why_check"),
    )

    id: Mapped[Small] = mapped_column(primary_key=True, server_default=text("1"))
    looked_at: Mapped[datetime]
    stopped_sweep: Mapped[UUID | None]
    stopped_at: Mapped[datetime | None]
    stopped_why: Mapped[str | None]
    resumed_by: Mapped[UUID | None]
    resumed_at: Mapped[datetime | None]
