"""KADES' tables; mirrors 0004_kades.sql (decision 0001)."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from geoalchemy2 import Geography, WKBElement
from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.models import Base, Codes, Small

_POINT = Geography("POINT", 4326, spatial_index=False)


class Registration(Base):
    """A registration on its way; emptied of what is personal as soon as its code is verified."""

    __tablename__ = "kades_registration"
    __table_args__ = (
        CheckConstraint("province BETWEEN 1 AND 81", name="province_check"),
        CheckConstraint("(verified_at IS NULL) = (device_id IS NULL)", name="check"),
        Index("kades_registration_phone", "phone_hash", "created_at"),
        Index("kades_registration_source", "source_hash", "created_at"),
        Index("kades_registration_created", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID] = mapped_column(unique=True)
    fingerprint: Mapped[bytes]
    tc_no: Mapped[str | None]
    phone: Mapped[str | None]
    name: Mapped[str | None]
    protected_address: Mapped[str | None]
    language: Mapped[str]
    safe_channel: Mapped[str]
    province: Mapped[Small]
    province_told: Mapped[bool] = mapped_column(
        comment="False: she named no province and no place, so it is DEFAULT_PROVINCE and rings only where nothing better is known."
    )
    phone_hash: Mapped[bytes]
    source_hash: Mapped[bytes]
    code_hash: Mapped[bytes | None]
    code_expires_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    wrong_codes: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]
    device_id: Mapped[UUID | None] = mapped_column(ForeignKey("device.id"))


class Caller(Base):
    """A woman who registered: her proven phone and the T.C. number she gave are together the person."""

    __tablename__ = "kades_caller"
    __table_args__ = (
        CheckConstraint("registered_province BETWEEN 1 AND 81", name="registered_province_check"),
        UniqueConstraint("phone", "tc_no"),
        Index("kades_caller_phone", "phone", text("verified_at DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    phone: Mapped[str]
    tc_no: Mapped[str]
    name: Mapped[str | None]
    language: Mapped[str]
    safe_channel: Mapped[str]
    protected_address: Mapped[str | None]
    registered_province: Mapped[Small]
    province_told: Mapped[bool]
    registered_at: Mapped[datetime]
    verified_at: Mapped[datetime]


class ProtectionOrder(Base):
    """A protection order in her favour (E12)."""

    __tablename__ = "kades_protection_order"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="check"),
        Index("kades_protection_order_caller", "caller_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    caller_id: Mapped[UUID] = mapped_column(ForeignKey("kades_caller.id", ondelete="CASCADE"))
    authority: Mapped[str]
    document: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    recorded_by: Mapped[UUID]
    recorded_at: Mapped[datetime]


class Alert(Base):
    """One press."""

    __tablename__ = "kades_alert"
    __table_args__ = (
        CheckConstraint("cardinality(provinces) > 0 AND 1 <= ALL (provinces) AND 81 >= ALL (provinces)", name="provinces_check"),
        CheckConstraint("trigger IN ('button', 'silent', 'sms')", name="trigger_check"),
        CheckConstraint("position_kind IN ('fix', 'last_known', 'none')", name="position_kind_check"),
        CheckConstraint("stage IN ('received', 'team_on_the_way', 'arrived', 'closed')", name="stage_check"),
        CheckConstraint("(position_kind = 'none') = (position IS NULL)", name="check"),
        CheckConstraint("(position IS NULL) = (fixed_at IS NULL)", name="check1"),
        UniqueConstraint("device_id", "client_id", "turn"),
        Index("kades_alert_case", "case_id"),
        Index("kades_alert_caller", "caller_id", "received_at", postgresql_where=text("caller_id IS NOT NULL")),
        Index("kades_alert_device", "device_id", "received_at"),
        Index("kades_alert_received", "received_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    device_id: Mapped[UUID] = mapped_column(ForeignKey("device.id"))
    client_id: Mapped[UUID]
    turn: Mapped[Small] = mapped_column(server_default=text("0"))
    caller_id: Mapped[UUID | None] = mapped_column(ForeignKey("kades_caller.id"))
    incident_id: Mapped[UUID] = mapped_column(ForeignKey("incident.id"))
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("incident.id"))
    case_id: Mapped[UUID] = mapped_column(Computed("COALESCE(merged_into, incident_id)", persisted=True))
    provinces: Mapped[Codes]
    trigger: Mapped[str]
    silent: Mapped[bool]
    pressed_at: Mapped[datetime | None]
    skew_s: Mapped[float | None]
    received_at: Mapped[datetime]
    position_kind: Mapped[str]
    position: Mapped[WKBElement | None] = mapped_column(_POINT)
    accuracy_m: Mapped[float | None]
    fixed_at: Mapped[datetime | None]
    phone: Mapped[str | None]
    joined: Mapped[bool]
    device_revoked: Mapped[bool]
    duress: Mapped[bool] = mapped_column(server_default=text("false"))
    cancelled_at: Mapped[datetime | None]
    stage: Mapped[str] = mapped_column(server_default=text("'received'"))
    body_digest: Mapped[bytes]


class TrailPoint(Base):
    """Where she was."""

    __tablename__ = "kades_position"
    __table_args__ = (
        Index("kades_position_alert", "alert_id", "fixed_at"),
        Index("kades_position_received", "received_at", postgresql_using="brin"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    alert_id: Mapped[UUID] = mapped_column(ForeignKey("kades_alert.id", ondelete="CASCADE"))
    position: Mapped[WKBElement] = mapped_column(_POINT)
    accuracy_m: Mapped[float | None]
    fixed_at: Mapped[datetime] = mapped_column(
        comment="On our clock; told_at is what the phone said, skew_s how far its clock stood from ours (law 7)."
    )
    told_at: Mapped[datetime | None]
    skew_s: Mapped[float | None]
    received_at: Mapped[datetime]


class Fault(Base):
    """What was wrong with what her phone said."""

    __tablename__ = "kades_fault"
    __table_args__ = (
        Index("kades_fault_alert", "alert_id"),
        Index("kades_fault_at", "at", postgresql_using="brin"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    alert_id: Mapped[UUID] = mapped_column(ForeignKey("kades_alert.id", ondelete="CASCADE"))
    kind: Mapped[str]
    field: Mapped[str]
    said: Mapped[str | None]
    at: Mapped[datetime]


class Evaluation(Base):
    """An operator's verdict (E10)."""

    __tablename__ = "kades_evaluation"
    __table_args__ = (
        CheckConstraint("verdict IN ('genuine', 'mistaken', 'unclear')", name="verdict_check"),
        Index("kades_evaluation_alert", "alert_id", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    alert_id: Mapped[UUID] = mapped_column(ForeignKey("kades_alert.id", ondelete="CASCADE"))
    verdict: Mapped[str]
    note: Mapped[str]
    by_id: Mapped[UUID]
    by_name: Mapped[str]
    at: Mapped[datetime]


class Cancellation(Base):
    """A code that came from her phone."""

    __tablename__ = "kades_cancellation"
    __table_args__ = (
        CheckConstraint("outcome IN ('normal', 'duress', 'wrong')", name="outcome_check"),
        UniqueConstraint("alert_id", "client_id", "outcome"),
        Index("kades_cancellation_alert", "alert_id", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    alert_id: Mapped[UUID] = mapped_column(ForeignKey("kades_alert.id", ondelete="CASCADE"))
    client_id: Mapped[UUID]
    outcome: Mapped[str]
    at: Mapped[datetime]
    told_at: Mapped[datetime | None] = mapped_column(
        comment="When the desk was told: by a timer, so that her phone is answered alike for every code."
    )


class OwnCode(Base):
    """The two codes of a phone, as keyed hashes."""

    __tablename__ = "kades_code"
    __table_args__ = (CheckConstraint("cancel_hash <> duress_hash", name="check"),)

    device_id: Mapped[UUID] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"), primary_key=True)
    cancel_hash: Mapped[bytes]
    duress_hash: Mapped[bytes]


class AddressOpening(Base):
    """One look at a protected address."""

    __tablename__ = "address_opening"
    __table_args__ = (
        CheckConstraint("by IN ('app', 'radio')", name="by_check"),
        Index("address_opening_dispatch", "dispatch_id"),
        Index("address_opening_opened", "opened_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    dispatch_id: Mapped[UUID]
    incident_id: Mapped[UUID] = mapped_column(ForeignKey("incident.id"))
    caller_id: Mapped[UUID | None]
    team_id: Mapped[UUID]
    actor_id: Mapped[UUID]
    actor_role: Mapped[str]
    by: Mapped[str]
    opened_at: Mapped[datetime]
    provinces: Mapped[Codes]
