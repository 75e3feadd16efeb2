"""The words of dispatch: states, and the facts that the rules look at. Pure values, nothing that reads or writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID


class DispatchState(StrEnum):
    """Where one asking of one team stands."""

    OFFERED = "offered"  #: The team was asked; nobody knows yet whether its app is there.
    ACKNOWLEDGED = "acknowledged"  #: The app has it; no person has answered.
    ACCEPTED = "accepted"  #: A person said yes.
    EN_ROUTE = "en_route"  #: On the way.
    ON_SCENE = "on_scene"  #: Arrived.
    CLEAR = "clear"  #: Done there, free again.
    DECLINED = "declined"  #: A person said no, before or after saying yes.
    TIMED_OUT = "timed_out"  #: Nobody answered in time: the team is free for others, and may still say yes.
    WITHDRAWN = "withdrawn"  #: We took it back; `reason` says why.


class IncidentState(StrEnum):
    """Where one incident stands; derived from its dispatches."""

    RAISED = "raised"  #: A source told us; nobody was asked yet.
    WAITING = "waiting"  #: Nobody is being asked and nobody is on the way.
    OFFERED = "offered"  #: A team was asked and has not answered.
    ASSIGNED = "assigned"  #: A team said yes or is on the way.
    ON_SCENE = "on_scene"  #: A team is, or was, there.
    CLOSED = "closed"  #: Driven to an outcome (E4).


class Act(StrEnum):
    """What may befall a dispatch."""

    ACK = "acknowledged"
    ACCEPT = "accepted"
    DECLINE = "declined"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    CLEAR = "clear"
    WITHDRAW = "withdrawn"
    UNACKNOWLEDGED = "unacknowledged"  #: 15 s from the offer without the app's word.
    UNACCEPTED = "unaccepted"  #: 30 s from the offer without a person's word.


class Reason(StrEnum):
    """Why a dispatch ended as it did, in one word for the screen."""

    COVERED = "covered"  #: Another team is going.
    BUSY = "busy"  #: It was asked or sent elsewhere meanwhile.
    RECALLED = "recalled"  #: A dispatcher took it back.
    CLOSED = "closed"  #: The incident is over.
    MERGED = "merged"  #: The incident goes on as another one, which has its own teams.
    REPLACED = "replaced"  #: The same team was asked anew.
    DECLINED = "declined"
    UNACKNOWLEDGED = "unacknowledged"
    UNACCEPTED = "unaccepted"
    LEFT = "left"  #: Declined after having accepted.


class Outcome(StrEnum):
    """How an incident ended (E4); the first eight a person chooses, the last two follow from an act."""

    RESOLVED = "resolved"  #: Solved at the scene.
    REPORTED = "reported"  #: A report was drawn up; others carry on.
    DETAINED = "detained"  #: Somebody was detained.
    VEHICLE_TAKEN = "vehicle_taken"  #: The vehicle was taken.
    NOTHING_FOUND = "nothing_found"  #: Nobody and nothing there.
    MISTAKEN = "mistaken"  #: Called by mistake.
    REFERRED = "referred"  #: Outside the police remit: another body has it (E5).
    OTHER = "other"  #: Said in the note.
    MERGED = "merged"  #: A duplicate: goes on as another incident.
    WITHDRAWN = "withdrawn"  #: Its source took it back.


#: Bodies outside the police that an ihbar may be routed to (E5).
BODIES: Final = ("gendarmerie", "health", "fire", "social_services", "coast_guard", "municipality", "other")

#: Asked, and not yet answered.
LIVE: Final = frozenset({DispatchState.OFFERED, DispatchState.ACKNOWLEDGED})
#: May still be accepted; counts against the ladder.
OPEN: Final = LIVE | {DispatchState.TIMED_OUT}
#: A person said yes and has not left.
COMMITTED: Final = frozenset({DispatchState.ACCEPTED, DispatchState.EN_ROUTE, DispatchState.ON_SCENE})
#: Holds its team.
ENGAGING: Final = LIVE | COMMITTED
#: Nothing moves it any more.
ENDED: Final = frozenset({DispatchState.CLEAR, DispatchState.DECLINED, DispatchState.WITHDRAWN})

#: How far along a committed dispatch is; a status never goes back.
PROGRESS: Final = {DispatchState.ACCEPTED: 1, DispatchState.EN_ROUTE: 2, DispatchState.ON_SCENE: 3}


@dataclass(frozen=True, slots=True)
class Periods:
    """How long dispatch waits, each from the offer or the arrival; `rules` never read settings."""

    acknowledge: timedelta = timedelta(seconds=15)
    accept: timedelta = timedelta(seconds=30)
    #: E3: delivered to the unit within ten minutes; warned at seven.
    standard_warn: timedelta = timedelta(minutes=7)
    standard_breach: timedelta = timedelta(minutes=10)
    #: An alarm that nobody acknowledged sounds again.
    alarm_again: timedelta = timedelta(seconds=30)
    #: The net under an incident that waits for a team: looks again even where no team's freeing woke it; later and later, since a
    #: thousand that wait after a disaster must not keep the database from those who can be helped.
    look_again: timedelta = timedelta(seconds=2)
    look_again_at_most: timedelta = timedelta(seconds=15)
    #: A fix older than this is stale and ranks last.
    stale_after: timedelta = timedelta(minutes=5)
    #: A fix this far in the future is no fix.
    ahead_at_most: timedelta = timedelta(minutes=2)
    #: Nobody has taken an incident that no team is going to.
    unowned_after: timedelta = timedelta(seconds=60)
    #: Offers that may stand open at once for one incident.
    open_offers: int = 3


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One asking of one team. Times in UTC; distance in metres, seconds elsewhere."""

    id: UUID
    incident_id: UUID
    team_id: UUID
    state: DispatchState
    offered_at: datetime
    ack_due_at: datetime
    accept_due_at: datetime
    team_code: str = ""
    team_province: int = 0
    round: int = 1
    offered_by: UUID | None = None
    acknowledged_at: datetime | None = None
    accepted_at: datetime | None = None
    en_route_at: datetime | None = None
    on_scene_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    by: str | None = None
    lead: bool = False
    drill: bool = False
    distance_m: float | None = None
    eta_s: int | None = None
    fix_age_s: float | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """What the rules and the frames know of an incident."""

    id: UUID
    received_at: datetime
    state: IncidentState = IncidentState.RAISED
    olay_no: str = ""
    home: int = 0
    provinces: frozenset[int] = frozenset()
    source: str = "other"
    source_id: UUID | None = None
    kind: str = ""
    priority: int = 5
    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    fixed_at: datetime | None = None
    position_kind: str = "none"
    place_text: str | None = None
    instruction: str | None = None
    silent: bool = False
    drill: bool = False
    automatic: bool = True
    needed_teams: int = 1
    owner_id: UUID | None = None
    owner_name: str | None = None
    taken_at: datetime | None = None
    evaluation: str | None = None
    cancelled: str | None = None
    further: int = 0
    again_at: datetime | None = None
    warned_at: datetime | None = None
    breached_at: datetime | None = None
    round: int = 0
    seeking: bool = False
    reach: frozenset[int] = frozenset()
    due_warn_at: datetime | None = None
    due_breach_at: datetime | None = None
    delivered_at: datetime | None = None
    outcome: str | None = None
    outcome_body: str | None = None
    closed_at: datetime | None = None
    closed_by: UUID | None = None
    merged_into: UUID | None = None
    version: int = 1
    dispatches: tuple[Dispatch, ...] = field(default=())
    #: Kinds of its alarms that nobody acknowledged and nothing ended.
    alarms: frozenset[str] = frozenset()

    @property
    def placed(self) -> bool:
        """Whether there is somewhere to send a team to."""
        return self.lon is not None

    @property
    def open(self) -> bool:
        """Not yet driven to an outcome."""
        return self.state is not IncidentState.CLOSED


@dataclass(frozen=True, slots=True)
class Team:
    """What the rules know of a team when it answers."""

    id: UUID
    roster: str
    engaged_dispatch: UUID | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that befell a dispatch: by the team's app, by a dispatcher for a team on the radio, or by the clock (`by` None)."""

    act: Act
    by: str | None = None
    reason: Reason | None = None
