"""What the room's routes take, and whom they admit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import ErrorDetails

from core.db import Tx
from core.identity import Principal, Role
from core.web import Body, Call, Write, allow
from dispatch import frames, teams
from dispatch.states import Outcome, Periods
from geo.point import Fix, Point

Desk = Annotated[Call, allow(Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR)]
Dispatcher = Annotated[Call, allow(Role.DISPATCHER, Role.SUPERVISOR)]
Crew = Annotated[Call, allow(Role.TEAM)]
CrewOrDispatcher = Annotated[Call, allow(Role.TEAM, Role.DISPATCHER, Role.SUPERVISOR)]
CrewOrDesk = Annotated[Call, allow(Role.TEAM, Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR)]
CrewOrGateway = Annotated[Call, allow(Role.TEAM, Role.GATEWAY)]
Admin = Annotated[Call, allow(Role.ADMIN)]
Limit = Annotated[int, Query(ge=1, le=500)]
Note = Annotated[str, StringConstraints(max_length=2_000)]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]

#: Another room's part of an answer: what it has about an incident, for this caller; None when it has nothing (it audits its own looks).
Facet = Callable[[Tx, UUID, Principal, datetime], Awaitable[Mapping[str, Any] | None]]
Facets = Mapping[str, Sequence[Facet]]


class Place(Body):
    """Where something is; accuracy and time only where they are known."""

    lon: float
    lat: float
    accuracy_m: float | None = None
    fixed_at: AwareDatetime | None = None

    def fix(self, now: datetime) -> Fix:
        """Return it as a fix, of now where it has no time. Raises BadPosition, FixAhead among them."""
        fix = Fix(point=Point(lon=self.lon, lat=self.lat), accuracy_m=self.accuracy_m, fixed_at=self.fixed_at or now)
        if fix.fixed_at > now + Periods().ahead_at_most:
            raise teams.FixAhead
        return fix


class CallerBody(Body):
    """Who told us; nothing of it is asked for (E1)."""

    name: Annotated[str, StringConstraints(max_length=120)] | None = None
    phone: Annotated[str, StringConstraints(max_length=40)] | None = None
    words: Note | None = None


class NewIncident(Write):
    """An ihbar by hand: a place or words."""

    kind: Word
    priority: Annotated[int, Field(ge=1, le=9)] = 5
    position: Place | None = None
    place_text: Annotated[str, StringConstraints(max_length=500)] | None = None
    province: Annotated[int, Field(ge=1, le=81)] | None = None
    caller: CallerBody | None = None
    drill: bool = False
    automatic: bool = True
    needed_teams: Annotated[int, Field(ge=1, le=20)] = 1


class Send(Write):
    """Ask a team; the nearest when none is named."""

    team_id: UUID | None = None


class Reinforce(Write):
    """Want more teams."""

    teams: Annotated[int, Field(ge=1, le=10)] = 1


class ReRoute(Write):
    """Another place, other words for it, or both."""

    position: Place | None = None
    place_text: Annotated[str, StringConstraints(max_length=500)] | None = None


class Merge(Write):
    """The incident that this one is a duplicate of."""

    into: UUID


class HandOver(Write):
    """To whom (an account), or back to the desk; and what the next one must know."""

    to: UUID | None = None
    note: Note = ""


class Close(Write):
    """How it ended (E4); a referral names the body that has it now (E5)."""

    outcome: Literal[
        Outcome.RESOLVED,
        Outcome.REPORTED,
        Outcome.DETAINED,
        Outcome.VEHICLE_TAKEN,
        Outcome.NOTHING_FOUND,
        Outcome.MISTAKEN,
        Outcome.REFERRED,
        Outcome.OTHER,
    ]
    body: Literal["gendarmerie", "health", "fire", "social_services", "coast_guard", "municipality", "other"] | None = None
    note: Note = ""


class NoteBody(Write):
    """A line for the history."""

    note: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]


class Status(Write):
    """Where a dispatch has got to. What a dispatcher records was said by radio, what a crew sends came by the app, whatever `by` says."""

    state: Literal["acknowledged", "accepted", "declined", "en_route", "on_scene", "clear"]
    by: Literal["app", "radio"] = "app"


class Acknowledge(Write):
    """Heard it."""

    note: Note | None = None


class TeamBody(Write):
    """A team to set up."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    kind: frames.TeamKind = "patrol"
    force: frames.Force = "police"
    province: Annotated[int, Field(ge=1, le=81)]
    district: int | None = None
    vehicle: bool = True
    stops_vehicles: bool = False
    woman_officer: bool = False
    first_aid: bool = False


class RosterBody(Write):
    """On duty, on a break, or off."""

    state: frames.Roster


class ReportBody(Body):
    """One position."""

    team_id: UUID | None = None
    lon: float
    lat: float
    accuracy_m: float | None = None
    fixed_at: AwareDatetime
    heading_deg: Annotated[float, Field(ge=0, le=360)] | None = None
    speed_mps: Annotated[float, Field(ge=0, le=120)] | None = None

    def report(self, team_id: UUID) -> teams.Report:
        """Return the room's form of it."""
        return teams.Report(team_id, self.lon, self.lat, self.accuracy_m, self.fixed_at, self.heading_deg, self.speed_mps)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What stands where a position should, and why it is none."""

    errors: list[ErrorDetails]


def _judged_alone(value: object, read: ValidatorFunctionWrapHandler) -> object:
    """One vehicle's bad position must not take those of 4,999 others off the map."""
    try:
        return read(value)
    except ValidationError as fault:
        return Unreadable(fault.errors(include_url=False, include_context=False, include_input=False))


def _or_none(value: object, read: ValidatorFunctionWrapHandler) -> object:
    """A call for help is not refused for what its phone got wrong about the place: the last known one serves."""
    try:
        return read(value)
    except ValidationError:
        return None


class Positions(Body):
    """A batch of 1 to 5,000 positions. Its client_id is taken and not needed: the same fix again changes nothing."""

    client_id: UUID | None = None
    positions: Annotated[list[Annotated[ReportBody, WrapValidator(_judged_alone)]], Field(min_length=1, max_length=5_000)]

    def sorted_out(self) -> tuple[list[tuple[int, ReportBody]], list[tuple[int, Unreadable]]]:
        """Return those that are positions and those that are none, each with its index."""
        sound: list[tuple[int, ReportBody]] = []
        unreadable: list[tuple[int, Unreadable]] = []
        for index, one in enumerate(cast("list[ReportBody | Unreadable]", self.positions)):
            if isinstance(one, Unreadable):
                unreadable.append((index, one))
            else:
                sound.append((index, one))
        return sound, unreadable


class Panic(Write):
    """A team calls for help. Beside its client_id nothing in it is a reason to refuse it."""

    model_config = ConfigDict(extra="ignore")

    position: Annotated[ReportBody | None, WrapValidator(_or_none)] = None
