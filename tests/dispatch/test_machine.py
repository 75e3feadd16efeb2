"""The whole machine under any order of events: teams, incidents, offers, late answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule

from core.ids import new_id
from dispatch.rules import Ask, Change, close, decide, derive, merge, missing, next_step
from dispatch.states import (
    COMMITTED,
    ENDED,
    ENGAGING,
    LIVE,
    OPEN,
    Act,
    Dispatch,
    DispatchState,
    Event,
    Incident,
    IncidentState,
    Reason,
    Team,
)
from tests.dispatch.facts import NOON, PERIODS, an_incident

if TYPE_CHECKING:
    from uuid import UUID

TEAMS = 5
#: What teams send; clear is left to a rule of its own, since it is refused most of the time.
ANSWERS = [Act.ACK, Act.ACCEPT, Act.DECLINE, Act.EN_ROUTE, Act.ON_SCENE, Act.CLEAR]


class Machine(RuleBasedStateMachine):
    """A model of what the service does around the rules: it claims free teams, engages late yeses, releases who is let go."""

    incidents = Bundle("incidents")
    dispatches = Bundle("dispatches")

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = NOON
        self.engaged: dict[UUID, UUID | None] = {}
        self.known: dict[UUID, Incident] = {}
        self.home: dict[UUID, UUID] = {}
        self.applied_yes: dict[UUID, int] = {}

    @initialize()
    def teams(self) -> None:
        self.engaged = {new_id(): None for _ in range(TEAMS)}

    def settle(self, change: Change, *, engages: Dispatch | None = None) -> None:
        self.known[change.incident.id] = change.incident
        for dispatch in change.incident.dispatches:
            self.home[dispatch.id] = change.incident.id
        if engages is not None:
            assert self.engaged[engages.team_id] is None, "a late yes took a team that was held elsewhere"
            self.engaged[engages.team_id] = engages.id
        for dispatch in change.released:
            assert self.engaged[dispatch.team_id] == dispatch.id, "a team was let go that another dispatch holds"
            self.engaged[dispatch.team_id] = None

    @rule(target=incidents, needed=st.integers(1, 3), placed=st.booleans())
    def raise_(self, needed: int, *, placed: bool) -> UUID:
        where = {} if placed else {"lon": None, "lat": None, "position_kind": "none"}
        incident = an_incident(needed_teams=needed, received_at=self.now, **where)
        self.known[incident.id] = incident
        return incident.id

    @rule(target=dispatches, of=incidents, forced=st.booleans())
    def ask(self, of: UUID, *, forced: bool) -> object:
        incident = self.known[of]
        if forced and incident.open and missing(incident) == 0:
            # A dispatcher who asks for one more wants one more.
            incident = replace(incident, needed_teams=incident.needed_teams + 1)
        step = next_step(incident, PERIODS, forced=forced)
        if not isinstance(step, Ask):
            self.known[of] = replace(incident, state=derive(incident))
            return multiple()
        made: list[UUID] = []
        for team_id, holds in self.engaged.items():
            if len(made) == step.count:
                break
            if holds is None and team_id not in step.excluded:
                offer = Dispatch(
                    id=new_id(), incident_id=of, team_id=team_id, state=DispatchState.OFFERED, offered_at=self.now,
                    ack_due_at=self.now + PERIODS.acknowledge, accept_due_at=self.now + PERIODS.accept,
                )  # fmt: skip
                self.engaged[team_id] = offer.id
                self.home[offer.id] = of
                incident = replace(incident, dispatches=(*incident.dispatches, offer), round=incident.round + 1)
                made.append(offer.id)
        self.known[of] = replace(incident, state=derive(incident))
        return multiple(*made)

    @rule(of=dispatches, act=st.sampled_from([*ANSWERS, Act.WITHDRAW, Act.UNACKNOWLEDGED, Act.UNACCEPTED]))
    def befall(self, of: UUID, act: Act) -> None:
        incident = self.known[self.home[of]]
        dispatch = next(d for d in incident.dispatches if d.id == of)
        team = Team(dispatch.team_id, "available", self.engaged[dispatch.team_id])
        decision = decide(dispatch, incident, team, Event(act, by="app"), self.now)
        if dispatch.state in ENDED:
            assert decision.changed == (), "an ended dispatch moved"
        if not decision.changed:
            assert decision.incident == incident
            return
        if act in {Act.ACCEPT, Act.EN_ROUTE, Act.ON_SCENE} and dispatch.state not in COMMITTED:
            self.hold_to_the_table(incident, dispatch, team, decision.dispatch)
        if act is Act.DECLINE and dispatch.state in COMMITTED:
            assert "declined_after_accept" in decision.alarms
        assert decision.offer <= (missing(decision.incident) > 0)
        self.settle(decision, engages=decision.dispatch if decision.engages else None)

    def hold_to_the_table(self, incident: Incident, dispatch: Dispatch, team: Team, after: Dispatch) -> None:
        if missing(incident) == 0:
            assert after.reason == Reason.COVERED
        elif team.engaged_dispatch not in {None, dispatch.id}:
            assert after.reason == Reason.BUSY
        else:
            assert after.state in COMMITTED

    @rule(of=incidents)
    def close(self, of: UUID) -> None:
        if self.known[of].open:
            self.settle(close(self.known[of], self.now, outcome="resolved"))

    @rule(of=incidents)
    def press_again(self, of: UUID) -> None:
        if self.known[of].open:
            again = replace(self.known[of], again_at=self.now)
            self.known[of] = replace(again, state=derive(again))

    @precondition(lambda self: len(self.known) > 1)
    @rule(one=incidents, other=incidents)
    def merge(self, one: UUID, other: UUID) -> None:
        duplicate, target = self.known[one], self.known[other]
        if one == other or not duplicate.open or not target.open:
            return
        closed, joined = merge(duplicate, target, self.now)
        self.settle(joined)
        self.settle(closed)

    @rule(seconds=st.integers(1, 40))
    def later(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @invariant()
    def a_team_is_held_by_exactly_the_dispatch_that_engages_it(self) -> None:
        holding = [d for incident in self.known.values() for d in incident.dispatches if d.state in ENGAGING]
        assert len({d.team_id for d in holding}) == len(holding), "a team holds two dispatches"
        assert {d.team_id: d.id for d in holding} == {team: held for team, held in self.engaged.items() if held is not None}

    @invariant()
    def a_filled_need_leaves_no_offer_open(self) -> None:
        for incident in self.known.values():
            if incident.open and missing(incident) == 0 and any(d.state in COMMITTED for d in incident.dispatches):
                assert not any(d.state in OPEN for d in incident.dispatches)

    @invariant()
    def a_closed_incident_has_an_outcome_and_holds_nobody(self) -> None:
        for incident in self.known.values():
            assert (incident.state is IncidentState.CLOSED) == (incident.closed_at is not None) == (incident.outcome is not None)
            if not incident.open:
                assert not any(d.state in ENGAGING | OPEN for d in incident.dispatches)

    @invariant()
    def an_incident_is_what_its_dispatches_make_it(self) -> None:
        for incident in self.known.values():
            assert incident.state is derive(incident)

    @invariant()
    def of_those_who_go_exactly_one_leads(self) -> None:
        for incident in self.known.values():
            going = [d for d in incident.dispatches if d.state in COMMITTED]
            assert sum(d.lead for d in incident.dispatches) == min(1, len(going))

    @invariant()
    def an_unasked_ladder_never_has_more_than_three_open(self) -> None:
        for incident in self.known.values():
            step = next_step(incident, PERIODS)
            if isinstance(step, Ask):
                assert step.count + sum(d.state in OPEN for d in incident.dispatches) <= PERIODS.open_offers
                assert step.count + sum(d.state in LIVE for d in incident.dispatches) <= missing(incident)


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
