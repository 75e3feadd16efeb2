"""What dispatch says on the wire and hears from it (floor plan, "Frames"); one source of AsyncAPI and of the TypeScript types.

No name of a caller, no phone, no address and no plate ever stands in a frame.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from dispatch.states import DispatchState, IncidentState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.db import Row
    from dispatch.states import Dispatch, Incident
    from dispatch.store.teams import TeamLine

PositionKind = Literal["fix", "last_known", "none"]
Roster = Literal["available", "paused", "off_duty"]
TeamKind = Literal["patrol", "motorcycle", "foot", "traffic", "plainclothes", "special"]
Force = Literal["police", "gendarmerie"]
Source = Literal["kades", "pts", "phone", "team_panic", "other"]
Instruction = Literal["observe", "stop", "withdrawn"]


class Data(BaseModel):
    """Base of every frame's data: what has a default is still always there for its reader."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class Where(Data):
    """A position; null fields are unknown."""

    lon: float
    lat: float
    accuracy_m: float | None = None
    fixed_at: datetime | None = None


class DispatchData(Data):
    """One asking of one team."""

    id: UUID
    incident_id: UUID
    team_id: UUID
    team_code: str
    state: DispatchState
    offered_at: datetime
    acknowledged_at: datetime | None = None
    accepted_at: datetime | None = None
    en_route_at: datetime | None = None
    on_scene_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    distance_m: float | None = None
    eta_s: int | None = None
    fix_age_s: float | None = None
    ack_due_at: datetime
    accept_due_at: datetime
    by: Literal["app", "radio"] | None = None
    lead: bool = False
    drill: bool = False


class IncidentBrief(Data):
    """What a crew is told of its incident."""

    id: UUID
    olay_no: str
    kind: str
    source: Source
    priority: int
    state: IncidentState
    position: Where | None = None
    position_kind: PositionKind
    place_text: str | None = None
    instruction: Instruction | None = None
    silent: bool = False
    drill: bool = False


class OfferData(DispatchData):
    """A dispatch with its incident; `dispatch.changed` carries it too, so that a new place or instruction reaches the crew."""

    incident: IncidentBrief


class IncidentData(IncidentBrief):
    """An incident as the desk sees it."""

    source_id: UUID | None = None
    provinces: list[int]
    opened_at: datetime
    needed_teams: int = 1
    owner_id: UUID | None = None
    owner_name: str | None = None
    taken_at: datetime | None = None
    evaluation: Literal["genuine", "mistaken", "unclear"] | None = None
    cancelled: Literal["informed"] | None = None
    further: int = 0
    automatic: bool = True
    outcome: str | None = None
    outcome_body: str | None = None
    closed_at: datetime | None = None
    merged_into: UUID | None = None
    due_warn_at: datetime | None = None
    due_breach_at: datetime | None = None
    delivered_at: datetime | None = None
    version: int = 1
    dispatches: list[DispatchData] = Field(default_factory=list)


class TeamData(Data):
    """A team's state."""

    team_id: UUID
    code: str
    kind: TeamKind
    force: Force
    province: int
    roster: Roster
    free: bool
    dispatch_id: UUID | None = None


class TeamMovedData(Data):
    """Where a team is now; conflated, at most once a second for each team."""

    team_id: UUID
    code: str
    kind: TeamKind
    force: Force
    roster: Roster
    free: bool
    position: Where
    heading_deg: float | None = None
    speed_mps: float | None = None
    stale: bool = False


class AlarmData(Data):
    """Something the desk must hear; it sounds again until somebody acknowledges it or its cause is gone (`ended_at`)."""

    alarm_id: UUID
    incident_id: UUID | None = None
    kind: str
    raised_at: datetime
    times: int = 1
    acked_at: datetime | None = None
    acked_by: str | None = None
    ended_at: datetime | None = None
    note: str | None = None
    drill: bool = False


class StandardData(Data):
    """E3: not delivered to a unit within its time."""

    incident_id: UUID
    standard: Literal["E3"] = "E3"
    due_at: datetime
    drill: bool = False


#: Server to client, by type.
FRAMES: Final[dict[str, type[Data]]] = {
    "incident.opened": IncidentData,
    "incident.changed": IncidentData,
    "dispatch.offered": OfferData,
    "dispatch.changed": OfferData,
    "team.changed": TeamData,
    "team.moved": TeamMovedData,
    "desk.alarm": AlarmData,
    "standard.warned": StandardData,
    "standard.breached": StandardData,
}


class Inbound(BaseModel):
    """Base of what clients may say; anything else gets one error frame (law 11)."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Ack(Inbound):
    """The app has the `dispatch.offered` of that number."""

    type: Literal["ack"]
    seq: int = Field(ge=0, lt=2**63)


class SetStatus(Inbound):
    """A crew's answer, or where it has got to."""

    type: Literal["dispatch.status"]
    dispatch_id: UUID
    client_id: UUID
    state: Literal["accepted", "declined", "en_route", "on_scene", "clear"]


class Said(Inbound):
    """What a crew said of a dispatch, by whichever door: the body under its client_id."""

    dispatch_id: UUID
    state: str


class Report(Inbound):
    """Where a crew is. NaN passes the schema on purpose: `geo.Point` refuses it with a sentence of its own."""

    type: Literal["position"]
    lon: float
    lat: float
    accuracy_m: float | None = None
    fixed_at: AwareDatetime
    heading_deg: float | None = Field(default=None, ge=0, le=360)
    speed_mps: float | None = Field(default=None, ge=0, le=120)


class Viewport(Inbound):
    """What a console looks at: west, south, east, north in degrees."""

    type: Literal["viewport"]
    bbox: tuple[float, float, float, float]


CLIENT_FRAMES: Final[dict[str, type[Inbound]]] = {"ack": Ack, "dispatch.status": SetStatus, "position": Report, "viewport": Viewport}


def _time(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


#: A field as JSON holds it, in pydantic's own form; what is not here is JSON already.
_PLAIN: Final[dict[type, Callable[[Any], Any]]] = {datetime: _time, UUID: str, DispatchState: str, IncidentState: str}


def _plain(value: object) -> object:
    form = _PLAIN.get(type(value))
    return value if form is None else form(value)


def _where(incident: Incident) -> dict[str, Any] | None:
    if incident.lon is None or incident.lat is None:
        return None
    return {"lon": incident.lon, "lat": incident.lat, "accuracy_m": incident.accuracy_m, "fixed_at": _plain(incident.fixed_at)}


def _of(model: type[Data], thing: object, **more: object) -> dict[str, Any]:
    """JSON of `model` from the fields a value has by the same names, and `more` (which is JSON already).

    By hand: each step of each dispatch makes three frames, and pydantic takes four times as long. A test holds the forms together.
    """
    found: dict[str, Any] = {}
    for name in _names(model):
        value = more[name] if name in more else getattr(thing, name)
        form = _PLAIN.get(type(value))
        found[name] = value if form is None else form(value)
    return found


@cache
def _names(model: type[Data]) -> tuple[str, ...]:
    return tuple(model.model_fields)


def dispatch_data(dispatch: Dispatch) -> dict[str, Any]:
    """JSON of a `DispatchData`."""
    return _of(DispatchData, dispatch)


def brief_data(incident: Incident) -> dict[str, Any]:
    """JSON of an `IncidentBrief`."""
    return _of(IncidentBrief, incident, position=_where(incident))


def offer_data(incident: Incident, dispatch: Dispatch) -> dict[str, Any]:
    """JSON of an `OfferData`."""
    return {**dispatch_data(dispatch), "incident": brief_data(incident)}


def incident_data(incident: Incident) -> dict[str, Any]:
    """JSON of an `IncidentData`."""
    return _of(
        IncidentData,
        incident,
        position=_where(incident),
        opened_at=_plain(incident.received_at),
        provinces=sorted(incident.provinces),
        dispatches=[dispatch_data(dispatch) for dispatch in incident.dispatches],
    )


def team_data(team: TeamLine) -> dict[str, Any]:
    """JSON of a `TeamData`."""
    return _of(TeamData, team, team_id=str(team.id), dispatch_id=_plain(team.engaged_dispatch))


def team_row(row: Row, now: datetime, stale_after: timedelta) -> dict[str, Any]:
    """JSON of a `TeamData` with the team's position, for the desk's list."""
    age = None if row["fixed_at"] is None else now - row["fixed_at"]
    team = TeamData(
        team_id=row["id"],
        dispatch_id=row["engaged_dispatch"],
        free=row["roster"] == "available" and row["engaged_dispatch"] is None,
        **{name: row[name] for name in ("code", "kind", "force", "province", "roster")},
    )
    return {
        **team.model_dump(mode="json"),
        "position": None if age is None else _at(row).model_dump(mode="json"),
        "fix_age_s": None if age is None else max(0.0, age.total_seconds()),
        "stale": age is None or age > stale_after,
        "heading_deg": row["heading_deg"],
        "speed_mps": row["speed_mps"],
        "district": row["district"],
        **{name: row[name] for name in ("vehicle", "stops_vehicles", "woman_officer", "first_aid")},
    }


def moved_data(row: Row, now: datetime, stale_after: timedelta) -> dict[str, Any]:
    """JSON of a `TeamMovedData`."""
    moved = TeamMovedData(
        team_id=row["team_id"],
        free=row["roster"] == "available" and row["engaged_dispatch"] is None,
        position=_at(row),
        stale=now - row["fixed_at"] > stale_after,
        **{name: row[name] for name in ("code", "kind", "force", "roster", "heading_deg", "speed_mps")},
    )
    return moved.model_dump(mode="json")


def _at(row: Row) -> Where:
    return Where(lon=row["lon"], lat=row["lat"], accuracy_m=row["accuracy_m"], fixed_at=row["fixed_at"])


def alarm_data(row: Row | Mapping[str, Any]) -> dict[str, Any]:
    """JSON of an `AlarmData` from an alarm's row."""
    names = ("incident_id", "kind", "raised_at", "times", "acked_at", "ended_at", "note", "drill")
    alarm = AlarmData(alarm_id=row["id"], acked_by=row["acked_name"], **{name: row[name] for name in names})
    return alarm.model_dump(mode="json")


def standard_data(incident: Incident, due_at: datetime) -> dict[str, Any]:
    """JSON of a `StandardData`."""
    return StandardData(incident_id=incident.id, due_at=due_at, drill=incident.drill).model_dump(mode="json")
