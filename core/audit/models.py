"""The audit's entries, seals and signed heads; mirrors 0001_core_audit.sql."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.models import Base, Big, Codes


class AuditEntry(Base):
    """One look or act with a face and a reason (law 9); rows never change."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        CheckConstraint(r"action ~ '^[a-z_]+(\.[a-z_]+)+$'", name="action_check"),
        CheckConstraint("actor_kind IN ('account', 'device')", name="actor_kind_check"),
        CheckConstraint("jsonb_typeof(detail) = 'object'", name="detail_check"),
        Index("audit_entry_actor", "actor_id", "at", "id", postgresql_where=text("actor_id IS NOT NULL")),
        Index("audit_entry_at", "at", "id"),
        Index("audit_entry_subject", "subject_id", "at", "id", postgresql_where=text("subject_id IS NOT NULL")),
        Index("audit_entry_viewing", "at", "id", postgresql_where=text("action LIKE 'view.%'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor_kind: Mapped[str | None]
    actor_id: Mapped[UUID | None]
    actor_role: Mapped[str | None]
    session_id: Mapped[UUID | None]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID | None]
    reason: Mapped[str | None]
    provinces: Mapped[Codes]
    detail: Mapped[dict[str, Any]]


class AuditPending(Base):
    """An entry that waits for the sealer."""

    __tablename__ = "audit_pending"
    __table_args__ = ({"postgresql_with": {"autovacuum_vacuum_scale_factor": 0, "autovacuum_vacuum_threshold": 1000}},)

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)


class AuditSeal(Base):
    """Link n of the hash chain over the entries."""

    __tablename__ = "audit_seal"
    __table_args__ = (CheckConstraint("length(hash) = 32", name="hash_check"),)

    n: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[UUID] = mapped_column(unique=True)
    hash: Mapped[bytes]


class AuditHead(Base):
    """A signed end of the chain."""

    __tablename__ = "audit_head"

    n: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[bytes]
    at: Mapped[datetime]
    key_id: Mapped[str]
    signature: Mapped[bytes]
