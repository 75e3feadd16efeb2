"""Accounts, sessions, tokens and devices; mirrors 0001_core_identity.sql."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.models import Base, Codes


class Account(Base):
    """A person who signs in."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("(role = 'team') = (team_id IS NOT NULL)", name="check"),
        CheckConstraint("name <> ''", name="name_check"),
        CheckConstraint("cardinality(provinces) > 0 AND 1 <= ALL (provinces) AND 81 >= ALL (provinces)", name="provinces_check"),
        CheckConstraint("role IN ('operator', 'dispatcher', 'supervisor', 'team', 'judicial', 'auditor', 'admin')", name="role_check"),
        CheckConstraint("username ~ '^[a-z0-9][a-z0-9._-]{1,62}[a-z0-9]$'", name="username_check"),
        Index("account_team", "team_id", postgresql_where=text("team_id IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    provinces: Mapped[Codes]
    team_id: Mapped[UUID | None]
    password_hash: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    disabled_at: Mapped[datetime | None]


class Session(Base):
    """One refresh family on one device."""

    __tablename__ = "session"
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="check"),
        CheckConstraint(
            "end_reason IN ('signed_out', 'revoked', 'disabled', 'password_reset', 'reuse', 'other_device')", name="end_reason_check"
        ),
        Index("session_ended", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
        Index("session_expires", "expires_at"),
        Index("session_of_account", "account_id", "source_hash"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    device_hash: Mapped[bytes]
    source_hash: Mapped[bytes]
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]


class AccessToken(Base):
    """A short-lived token, as SHA-256 only."""

    __tablename__ = "access_token"
    __table_args__ = (
        Index("access_token_expires", "expires_at"),
        Index("access_token_session", "session_id"),
    )

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]


class RefreshToken(Base):
    """A token that may be traded once; its successor is derived, never stored."""

    __tablename__ = "refresh_token"
    __table_args__ = (Index("refresh_token_session", "session_id"),)

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"))
    nonce: Mapped[bytes]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Device(Base):
    """A phone, camera, gate or gateway with a token of its own."""

    __tablename__ = "device"
    __table_args__ = (
        CheckConstraint("kind IN ('kades', 'camera', 'gate', 'gateway')", name="kind_check"),
        CheckConstraint("cardinality(provinces) > 0 AND 1 <= ALL (provinces) AND 81 >= ALL (provinces)", name="provinces_check"),
        Index("device_nonce", "issued_at", postgresql_where=text("nonce IS NOT NULL")),
        Index("device_revoked", "revoked_at", postgresql_where=text("revoked_at IS NOT NULL")),
        Index("device_subject", "subject_id", postgresql_where=text("subject_id IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    provinces: Mapped[Codes]
    subject_id: Mapped[UUID | None]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    nonce: Mapped[bytes | None]
    issued_at: Mapped[datetime]
    issued_by: Mapped[UUID | None]
    revoked_at: Mapped[datetime | None]


class LoginFailure(Base):
    """Failed sign-ins by user name and source, or by source alone."""

    __tablename__ = "login_failure"
    __table_args__ = (Index("login_failure_last", "last_at"),)

    key: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]
