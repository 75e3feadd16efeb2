"""The ground floor's tables, and the base of every room's.

The migrations are the truth (decision 0001); these classes mirror them, and tests/house/test_schema.py holds the two together.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, REAL, BigInteger, CheckConstraint, DateTime, Identity, Index, MetaData, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import BYTEA, DOUBLE_PRECISION, JSON, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

#: Column types that a bare Python type does not tell.
Small = Annotated[int, "smallint"]
Big = Annotated[int, "bigint"]
Real = Annotated[float, "real"]
#: Province codes, 1..81.
Codes = Annotated[list[int], "smallint[]"]


class Base(DeclarativeBase):
    """Every table of the house; constraints are named as PostgreSQL names them by itself."""

    metadata = MetaData(
        naming_convention={
            "pk": "%(table_name)s_pkey",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "ck": "%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        bytes: BYTEA(),
        datetime: DateTime(timezone=True),
        float: DOUBLE_PRECISION(),
        Small: SmallInteger(),
        Big: BigInteger(),
        Real: REAL(),
        Codes: ARRAY(SmallInteger()),
        list[str]: ARRAY(Text()),
        list[float]: ARRAY(REAL()),
        dict[str, Any]: JSONB(),
    }


class Meta(Base):
    """Facts of this database itself: its stamp (demo or not) and who made it."""

    __tablename__ = "meta"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class Outbox(Base):
    """What was said in a transaction and waits for the relay to number it (law 2)."""

    __tablename__ = "outbox"
    __table_args__ = ({"postgresql_with": {"autovacuum_vacuum_scale_factor": 0, "autovacuum_vacuum_threshold": 2000}},)

    id: Mapped[Big] = mapped_column(Identity(always=True), primary_key=True)
    type: Mapped[str]
    at: Mapped[datetime]
    channels: Mapped[list[str]]
    subject_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class EventLog(Base):
    """The numbered stream every socket reads; pruned after 48 h (law 6)."""

    __tablename__ = "event_log"
    __table_args__ = (
        Index("event_log_at", "at", postgresql_using="brin"),
        Index("event_log_subject", "subject_id", "type", postgresql_where=text("subject_id IS NOT NULL")),
    )

    seq: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    type: Mapped[str]
    at: Mapped[datetime]
    channels: Mapped[list[str]]
    subject_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class RelayHead(Base):
    """The one row that holds the log's name and its last number."""

    __tablename__ = "relay_head"
    __table_args__ = (CheckConstraint("one", name="one_check"),)

    one: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    log: Mapped[UUID]
    seq: Mapped[Big]


class FrameShown(Base):
    """Which frame a screen says it showed, and when (E3's proof)."""

    __tablename__ = "frame_shown"

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[Big] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class Timer(Base):
    """Every wait of the house is a row here; nothing waits only in memory (law 4)."""

    __tablename__ = "timer"
    __table_args__ = (
        Index("timer_due", "due_at"),
        {"postgresql_with": {"autovacuum_vacuum_scale_factor": 0, "autovacuum_vacuum_threshold": 2000}},
    )

    kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    last_error: Mapped[str | None]


class RequestOnce(Base):
    """A write from outside by its sender and the sender's own id: the same twice changes nothing (law 3)."""

    __tablename__ = "request_once"
    __table_args__ = (Index("request_once_at", "at", postgresql_using="brin"),)

    sender: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    answer: Mapped[dict[str, Any] | None]
    at: Mapped[datetime]


class Follower(Base):
    """How far a reader of the log inside the house has come."""

    __tablename__ = "follower"

    name: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[Big]


class FollowerFault(Base):
    """An event that a follower could not digest, kept so that the others go on."""

    __tablename__ = "follower_fault"

    name: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[Big] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    error: Mapped[str]


class JobRun(Base):
    """When a periodic job last began; its row is the turn."""

    __tablename__ = "job_run"

    name: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
