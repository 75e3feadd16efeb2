"""Teams, incidents and dispatches; mirrors 0003_dispatch.sql."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geography, WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.models import Base, Big, Codes, Real, Small


class Team(Base):
    """A crew."""

    __tablename__ = "team"
    __table_args__ = (
        CheckConstraint("code <> ''", name="code_check"),
        CheckConstraint("force IN ('police', 'gendarmerie')", name="force_check"),
        CheckConstraint("kind IN ('patrol', 'motorcycle', 'foot', 'traffic', 'plainclothes', 'special')", name="kind_check"),
        CheckConstraint("roster IN ('available', 'paused', 'off_duty')", name="roster_check"),
        UniqueConstraint("province", "code"),
        Index("team_free", "province", "id", postgresql_where=text("roster = 'available' AND engaged_dispatch IS NULL")),
        Index("team_free_district", "district", postgresql_where=text("roster = 'available' AND engaged_dispatch IS NULL")),
        {"comment": "A crew that can be sent; free = roster available and engaged_dispatch null.", "postgresql_with": {"fillfactor": 70}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    kind: Mapped[str]
    force: Mapped[str]
    province: Mapped[Small] = mapped_column(ForeignKey("province.code"))
    district: Mapped[int | None] = mapped_column(ForeignKey("district.id"))
    roster: Mapped[str] = mapped_column(server_default=text("'off_duty'"))
    roster_at: Mapped[datetime]
    vehicle: Mapped[bool] = mapped_column(server_default=text("true"))
    stops_vehicles: Mapped[bool] = mapped_column(server_default=text("false"))
    woman_officer: Mapped[bool] = mapped_column(server_default=text("false"))
    first_aid: Mapped[bool] = mapped_column(server_default=text("false"))
    engaged_dispatch: Mapped[UUID | None]
    created_at: Mapped[datetime]


class TeamPosition(Base):
    """Where a crew is now; apart from `team` so that a position batch never locks what a claim needs."""

    __tablename__ = "team_position"
    __table_args__ = (
        Index("team_position_gist", "position", postgresql_using="gist"),
        {"postgresql_with": {"autovacuum_vacuum_scale_factor": 0.05, "autovacuum_vacuum_threshold": 2000}},
    )

    team_id: Mapped[UUID] = mapped_column(ForeignKey("team.id"), primary_key=True)
    province: Mapped[Small] = mapped_column(comment="The team's, so that a row can be scoped without a join.")
    position: Mapped[WKBElement] = mapped_column(Geography("POINT", 4326, spatial_index=False))
    accuracy_m: Mapped[Real | None]
    fixed_at: Mapped[datetime]
    received_at: Mapped[datetime]
    skew_s: Mapped[Real] = mapped_column(comment="Seconds from the device's time of the fix to our time of receipt.")
    heading_deg: Mapped[Real | None]
    speed_mps: Mapped[Real | None]


class TeamTrack(Base):
    """Where a crew has been; parent of one partition a day."""

    __tablename__ = "team_track"
    __table_args__ = (
        Index("team_track_team", "team_id", "received_at"),
        {
            "comment": "Where crews have been, one partition a day of receipt (UTC), dropped after 30 days.",
            "postgresql_partition_by": "RANGE (received_at)",
        },
    )

    team_id: Mapped[UUID]
    province: Mapped[Small]
    position: Mapped[WKBElement] = mapped_column(Geography("POINT", 4326, spatial_index=False))
    accuracy_m: Mapped[Real | None]
    fixed_at: Mapped[datetime]
    received_at: Mapped[datetime]
    heading_deg: Mapped[Real | None]
    speed_mps: Mapped[Real | None]

    # The table has no key (rows are only appended and dropped by the day); the mapper wants one.
    __mapper_args__ = {  # noqa: RUF012 - the base declares it, and not as a ClassVar
        "primary_key": ["team_id", "received_at", "fixed_at"],
    }


class Incident(Base):
    """An incident, from its first alert to its outcome (E2, E10)."""

    __tablename__ = "incident"
    __table_args__ = (
        CheckConstraint("cancelled = 'informed'", name="cancelled_check"),
        CheckConstraint("(closed_at IS NULL) = (outcome IS NULL)", name="check"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="check1"),
        CheckConstraint("(\"position\" IS NULL) = (position_kind = 'none')", name="check2"),
        CheckConstraint("evaluation IN ('genuine', 'mistaken', 'unclear')", name="evaluation_check"),
        CheckConstraint("instruction IN ('observe', 'stop', 'withdrawn')", name="instruction_check"),
        CheckConstraint("needed_teams >= 1 AND needed_teams <= 20", name="needed_teams_check"),
        CheckConstraint("position_kind IN ('fix', 'last_known', 'none')", name="position_kind_check"),
        CheckConstraint("priority >= 1 AND priority <= 9", name="priority_check"),
        CheckConstraint("cardinality(provinces) > 0", name="provinces_check"),
        CheckConstraint("source IN ('kades', 'pts', 'phone', 'team_panic', 'other')", name="source_check"),
        CheckConstraint("state IN ('raised', 'waiting', 'offered', 'assigned', 'on_scene', 'closed')", name="state_check"),
        Index("incident_merged", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
        Index("incident_open", "received_at", "id", postgresql_where=text("closed_at IS NULL")),
        Index("incident_person", "person_id", postgresql_where=text("person_id IS NOT NULL")),
        Index(
            "incident_person_open", "person_id", "drill", unique=True, postgresql_where=text("closed_at IS NULL AND person_id IS NOT NULL")
        ),
        Index("incident_received", "received_at", "id"),
        Index("incident_seeking", "priority", "received_at", postgresql_where=text("seeking")),
        {"postgresql_with": {"fillfactor": 70}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    olay_no: Mapped[str] = mapped_column(unique=True)
    home: Mapped[Small] = mapped_column(
        ForeignKey("province.code"), comment="The province its olay no counts in; provinces says who sees it."
    )
    provinces: Mapped[Codes]
    source: Mapped[str]
    source_id: Mapped[UUID | None]
    kind: Mapped[str]
    priority: Mapped[Small]
    state: Mapped[str]
    position: Mapped[WKBElement | None] = mapped_column(Geography("POINT", 4326, spatial_index=False))
    accuracy_m: Mapped[Real | None]
    fixed_at: Mapped[datetime | None]
    position_kind: Mapped[str]
    place_text: Mapped[str | None]
    person_id: Mapped[UUID | None]
    instruction: Mapped[str | None]
    silent: Mapped[bool] = mapped_column(server_default=text("false"))
    drill: Mapped[bool] = mapped_column(server_default=text("false"))
    automatic: Mapped[bool] = mapped_column(server_default=text("true"))
    may_take_last: Mapped[bool] = mapped_column(server_default=text("true"))
    without_team: Mapped[UUID | None] = mapped_column(comment="The team whose own panic this is; it is never sent to itself.")
    need_vehicle: Mapped[bool] = mapped_column(server_default=text("false"))
    need_stops_vehicles: Mapped[bool] = mapped_column(server_default=text("false"))
    need_woman_officer: Mapped[bool] = mapped_column(server_default=text("false"))
    need_first_aid: Mapped[bool] = mapped_column(server_default=text("false"))
    needed_teams: Mapped[Small] = mapped_column(server_default=text("1"))
    received_at: Mapped[datetime]
    opened_by: Mapped[UUID | None]
    owner_id: Mapped[UUID | None]
    owner_name: Mapped[str | None]
    taken_at: Mapped[datetime | None]
    evaluation: Mapped[str | None]
    cancelled: Mapped[str | None]
    further: Mapped[int] = mapped_column(server_default=text("0"))
    again_at: Mapped[datetime | None] = mapped_column(
        comment="When its person last pressed again: a team that cleared before that no longer counts as sent."
    )
    round: Mapped[Small] = mapped_column(server_default=text("0"))
    seeking: Mapped[bool] = mapped_column(
        server_default=text("false"), comment="Wanted a team and nobody was free: the queue, by priority, then age."
    )
    reach: Mapped[Codes] = mapped_column(
        server_default=text("'{}'"), comment="Provinces whose teams were looked at last: a team of one of them that frees wakes it."
    )
    due_warn_at: Mapped[datetime]
    due_breach_at: Mapped[datetime]
    warned_at: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    outcome_body: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[UUID | None]
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("incident.id"))
    version: Mapped[int] = mapped_column(server_default=text("1"))


class IncidentCaller(Base):
    """Who told us by telephone, and in what words."""

    __tablename__ = "incident_caller"
    __table_args__ = ({"comment": "Who told us by telephone and in what words; kept apart so that it can go before the incident does."},)

    incident_id: Mapped[UUID] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    provinces: Mapped[Codes]
    name: Mapped[str | None]
    phone: Mapped[str | None]
    words: Mapped[str | None]
    received_at: Mapped[datetime]


class IncidentEvent(Base):
    """A line of an incident's history."""

    __tablename__ = "incident_event"
    __table_args__ = (Index("incident_event_incident", "incident_id", "id"),)

    id: Mapped[Big] = mapped_column(Identity(always=True), primary_key=True)
    incident_id: Mapped[UUID] = mapped_column(ForeignKey("incident.id"))
    provinces: Mapped[Codes]
    at: Mapped[datetime]
    kind: Mapped[str]
    actor_kind: Mapped[str | None]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str | None]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))


class Dispatch(Base):
    """One team asked for one incident, and what became of it (law 4)."""

    __tablename__ = "dispatch"
    __table_args__ = (
        CheckConstraint("by IN ('app', 'radio')", name="by_check"),
        CheckConstraint(
            "state IN ('offered', 'acknowledged', 'accepted', 'en_route', 'on_scene', 'clear', 'declined', 'timed_out', 'withdrawn')",
            name="state_check",
        ),
        Index("dispatch_incident", "incident_id"),
        Index(
            "dispatch_one_per_team",
            "team_id",
            unique=True,
            postgresql_where=text("state IN ('offered', 'acknowledged', 'accepted', 'en_route', 'on_scene')"),
        ),
        Index("dispatch_timed_out", "team_id", postgresql_where=text("state = 'timed_out'")),
        {"postgresql_with": {"fillfactor": 70}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    incident_id: Mapped[UUID] = mapped_column(ForeignKey("incident.id"))
    provinces: Mapped[Codes]
    team_id: Mapped[UUID] = mapped_column(ForeignKey("team.id"))
    team_code: Mapped[str]
    team_province: Mapped[Small]
    state: Mapped[str]
    round: Mapped[Small]
    offered_at: Mapped[datetime]
    offered_by: Mapped[UUID | None]
    ack_due_at: Mapped[datetime]
    accept_due_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    en_route_at: Mapped[datetime | None]
    on_scene_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    by: Mapped[str | None]
    lead: Mapped[bool] = mapped_column(server_default=text("false"))
    drill: Mapped[bool] = mapped_column(server_default=text("false"))
    distance_m: Mapped[Real | None]
    eta_s: Mapped[int | None]
    fix_age_s: Mapped[Real | None]


class Candidate(Base):
    """A team that a round of choosing looked at (E11)."""

    __tablename__ = "candidate"
    __table_args__ = (
        {"comment": "E11: the nearest teams of each round of choosing, how far, how old their fix, and why each was or was not taken."},
    )

    incident_id: Mapped[UUID] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    round: Mapped[Small] = mapped_column(primary_key=True)
    team_id: Mapped[UUID] = mapped_column(primary_key=True)
    provinces: Mapped[Codes]
    team_code: Mapped[str]
    at: Mapped[datetime]
    distance_m: Mapped[Real | None]
    eta_s: Mapped[int | None]
    fix_age_s: Mapped[Real | None]
    stale: Mapped[bool]
    free: Mapped[bool]
    chosen: Mapped[bool]
    reason: Mapped[str]


class Alarm(Base):
    """What rings at the desk until a person takes it."""

    __tablename__ = "alarm"
    __table_args__ = (
        Index("alarm_incident", "incident_id"),
        Index(
            "alarm_open",
            "incident_id",
            "kind",
            unique=True,
            postgresql_where=text("incident_id IS NOT NULL AND acked_at IS NULL AND ended_at IS NULL"),
        ),
        Index(
            "alarm_open_province",
            "kind",
            "provinces",
            unique=True,
            postgresql_where=text("incident_id IS NULL AND acked_at IS NULL AND ended_at IS NULL"),
        ),
        Index("alarm_unacked", "raised_at", postgresql_where=text("acked_at IS NULL AND ended_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    provinces: Mapped[Codes]
    incident_id: Mapped[UUID | None] = mapped_column(ForeignKey("incident.id"))
    kind: Mapped[str]
    raised_at: Mapped[datetime]
    times: Mapped[int] = mapped_column(server_default=text("1"))
    note: Mapped[str | None]
    drill: Mapped[bool] = mapped_column(server_default=text("false"))
    acked_at: Mapped[datetime | None]
    acked_by: Mapped[UUID | None]
    acked_name: Mapped[str | None]
    ended_at: Mapped[datetime | None]
