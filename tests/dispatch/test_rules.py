"""The table of late answers in contract.md, row by row, and what stands around it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch import rules
from dispatch.rules import Ask, Decision, Stop, close, decide, derive, merge, missing, next_step
from dispatch.states import ENDED, LIVE, OPEN, Act, Dispatch, DispatchState, Event, Incident, IncidentState, Reason
from tests.dispatch.facts import NOON, PERIODS, a_dispatch, an_incident, seconds, team_of

S = DispatchState
SOON = NOON + seconds(8)


def first(incident: Incident) -> Dispatch:
    return incident.dispatches[0]


def befall(incident: Incident, act: Act, *, of: Dispatch | None = None, elsewhere: bool = False, by: str | None = "app") -> Decision:
    dispatch = of or first(incident)
    return decide(dispatch, incident, team_of(dispatch, elsewhere=elsewhere), Event(act, by=by), SOON)


def states(incident: Incident) -> list[DispatchState]:
    return [d.state for d in incident.dispatches]


# --- the table, "what arrives / when / then" ---


def test_a_yes_after_the_time_ran_out_is_accepted_while_nobody_else_said_yes_and_the_other_offers_are_withdrawn() -> None:
    incident = an_incident(a_dispatch(S.TIMED_OUT), a_dispatch(S.TIMED_OUT), a_dispatch(S.ACKNOWLEDGED))

    decision = befall(incident, Act.ACCEPT)

    assert decision.applied
    assert decision.engages
    assert states(decision.incident) == [S.ACCEPTED, S.WITHDRAWN, S.WITHDRAWN]
    assert {d.reason for d in decision.incident.dispatches[1:]} == {Reason.COVERED}
    assert [d.id for d in decision.released] == [incident.dispatches[2].id]
    assert decision.incident.state is IncidentState.ASSIGNED


@pytest.mark.parametrize("state", [S.TIMED_OUT, S.OFFERED, S.ACKNOWLEDGED])
def test_a_yes_that_finds_the_need_filled_is_withdrawn_as_covered(state: DispatchState) -> None:
    incident = an_incident(a_dispatch(state), a_dispatch(S.EN_ROUTE))

    decision = befall(incident, Act.ACCEPT)

    assert not decision.applied
    assert decision.dispatch.state is S.WITHDRAWN
    assert decision.dispatch.reason == Reason.COVERED
    assert (first(incident).id in {d.id for d in decision.released}) == (state in LIVE)


def test_a_yes_after_the_time_ran_out_from_a_team_that_is_wanted_elsewhere_is_withdrawn_as_busy() -> None:
    incident = an_incident(a_dispatch(S.TIMED_OUT), a_dispatch(S.OFFERED))

    decision = befall(incident, Act.ACCEPT, elsewhere=True)

    assert not decision.applied
    assert not decision.engages
    assert (decision.dispatch.state, decision.dispatch.reason) == (S.WITHDRAWN, Reason.BUSY)
    assert states(decision.incident)[1] is S.OFFERED


def test_of_two_that_say_yes_when_one_is_needed_the_first_leads_and_the_other_is_covered() -> None:
    incident = an_incident(a_dispatch(S.TIMED_OUT), a_dispatch(S.ACKNOWLEDGED))
    one = befall(incident, Act.ACCEPT)

    two = befall(one.incident, Act.ACCEPT, of=one.incident.dispatches[1])

    assert one.dispatch.lead
    assert not two.applied
    assert (two.dispatch.state, two.dispatch.reason) == (S.WITHDRAWN, Reason.COVERED)


def test_of_two_that_say_yes_when_two_are_needed_both_go_and_the_first_leads() -> None:
    incident = an_incident(a_dispatch(S.ACKNOWLEDGED), a_dispatch(S.ACKNOWLEDGED), needed_teams=2)
    one = befall(incident, Act.ACCEPT)

    two = befall(one.incident, Act.ACCEPT, of=one.incident.dispatches[1])

    assert states(two.incident) == [S.ACCEPTED, S.ACCEPTED]
    assert [d.lead for d in two.incident.dispatches] == [True, False]


def test_a_yes_that_crossed_with_a_withdrawal_is_told_that_it_lost() -> None:
    withdrawn = befall(an_incident(a_dispatch(S.ACKNOWLEDGED)), Act.WITHDRAW)

    late = befall(withdrawn.incident, Act.ACCEPT)

    assert not late.applied
    assert (late.dispatch.state, late.dispatch.reason) == (S.WITHDRAWN, Reason.RECALLED)


def test_a_withdrawal_that_crossed_with_a_yes_takes_the_team_back() -> None:
    accepted = befall(an_incident(a_dispatch(S.ACKNOWLEDGED)), Act.ACCEPT)

    taken_back = befall(accepted.incident, Act.WITHDRAW)

    assert taken_back.applied
    assert taken_back.incident.state is IncidentState.WAITING
    assert taken_back.offer
    assert len(taken_back.released) == 1


@pytest.mark.parametrize("state", [S.ACCEPTED, S.EN_ROUTE, S.ON_SCENE])
def test_a_no_after_a_yes_alarms_the_desk_and_the_next_is_asked_at_once(state: DispatchState) -> None:
    decision = befall(an_incident(a_dispatch(state, lead=True)), Act.DECLINE)

    assert decision.dispatch.state is S.DECLINED
    assert decision.dispatch.reason == Reason.LEFT
    assert decision.alarms == ("declined_after_accept",)
    assert decision.offer
    assert decision.incident.state is IncidentState.WAITING
    assert len(decision.released) == 1


@pytest.mark.parametrize(("act", "ends"), [(Act.DECLINE, S.DECLINED), (Act.UNACKNOWLEDGED, S.TIMED_OUT)])
def test_a_no_and_a_time_out_ask_for_the_next_and_free_the_team(act: Act, ends: DispatchState) -> None:
    decision = befall(an_incident(a_dispatch()), act)

    assert decision.dispatch.state is ends
    assert decision.offer
    assert decision.alarms == ()
    assert len(decision.released) == 1


@pytest.mark.parametrize("act", [Act.ACCEPT, Act.EN_ROUTE, Act.ON_SCENE, Act.DECLINE, Act.CLEAR])
def test_of_two_phones_of_one_crew_the_first_counts(act: Act) -> None:
    start = an_incident(a_dispatch(S.ON_SCENE if act is Act.CLEAR else S.ACKNOWLEDGED))
    once = befall(start, act)

    twice = decide(once.dispatch, once.incident, team_of(once.dispatch), Event(act, by="app"), SOON + seconds(1))

    assert once.applied
    assert not twice.applied
    assert twice.changed == ()
    assert twice.dispatch == once.dispatch


# --- around the table ---


def test_an_acknowledgement_stops_only_the_first_wait() -> None:
    acknowledged = befall(an_incident(a_dispatch()), Act.ACK)

    assert acknowledged.dispatch.state is S.ACKNOWLEDGED
    assert not befall(acknowledged.incident, Act.UNACKNOWLEDGED).changed
    assert befall(acknowledged.incident, Act.UNACCEPTED).dispatch.state is S.TIMED_OUT


def test_an_acknowledgement_after_the_time_ran_out_is_kept_and_changes_no_state() -> None:
    decision = befall(an_incident(a_dispatch(S.TIMED_OUT)), Act.ACK)

    assert decision.dispatch.state is S.TIMED_OUT
    assert decision.dispatch.acknowledged_at == SOON


def test_a_time_out_never_touches_a_team_that_said_yes() -> None:
    for act in (Act.UNACKNOWLEDGED, Act.UNACCEPTED):
        assert befall(an_incident(a_dispatch(S.ACCEPTED)), act).changed == ()


def test_who_says_on_the_way_without_a_yes_has_said_yes() -> None:
    decision = befall(an_incident(a_dispatch(S.OFFERED), a_dispatch(S.TIMED_OUT)), Act.EN_ROUTE)

    assert states(decision.incident) == [S.EN_ROUTE, S.WITHDRAWN]
    assert decision.dispatch.accepted_at == SOON
    assert decision.dispatch.en_route_at == SOON


def test_a_status_never_goes_back() -> None:
    for act in (Act.ACCEPT, Act.EN_ROUTE):
        assert befall(an_incident(a_dispatch(S.ON_SCENE)), act).changed == ()


@pytest.mark.parametrize("state", [S.OFFERED, S.ACCEPTED, S.EN_ROUTE, S.TIMED_OUT])
def test_done_before_arriving_is_refused_for_she_would_stand_alone_behind_a_green_line(state: DispatchState) -> None:
    decision = befall(an_incident(a_dispatch(state)), Act.CLEAR)

    assert decision.refused == rules.NOT_ON_SCENE
    assert decision.changed == ()


def test_a_team_that_is_done_leaves_the_incident_on_scene_until_somebody_closes_it() -> None:
    decision = befall(an_incident(a_dispatch(S.ON_SCENE)), Act.CLEAR)

    assert decision.incident.state is IncidentState.ON_SCENE
    assert not decision.offer
    assert missing(decision.incident) == 0


def test_when_she_presses_again_after_the_team_has_left_another_is_wanted() -> None:
    incident = an_incident(a_dispatch(S.CLEAR), again_at=NOON + seconds(60))

    assert missing(incident) == 1
    assert derive(incident) is IncidentState.WAITING
    assert next_step(incident, PERIODS) == Ask(1, ())


def test_when_the_leader_leaves_the_next_who_said_yes_leads() -> None:
    second = a_dispatch(S.EN_ROUTE, accepted_at=NOON + seconds(5))
    incident = an_incident(a_dispatch(S.EN_ROUTE, lead=True), second, needed_teams=2)

    decision = befall(incident, Act.DECLINE)

    assert [d.lead for d in decision.incident.dispatches] == [False, True]
    assert second.id in {d.id for d in decision.changed}


def test_the_first_yes_delivers_the_ihbar_and_later_ones_do_not_move_that_time() -> None:
    incident = an_incident(a_dispatch(), a_dispatch(), needed_teams=2)
    one = befall(incident, Act.ACCEPT)
    two = decide(one.incident.dispatches[1], one.incident, team_of(one.incident.dispatches[1]), Event(Act.ACCEPT), SOON + seconds(30))

    assert one.incident.delivered_at == SOON
    assert two.incident.delivered_at == SOON


# --- the ladder ---


def test_three_open_offers_are_the_most_and_then_the_desk_is_alarmed() -> None:
    two = an_incident(a_dispatch(S.TIMED_OUT), a_dispatch(S.TIMED_OUT))
    three = an_incident(a_dispatch(S.TIMED_OUT), a_dispatch(S.TIMED_OUT), a_dispatch(S.TIMED_OUT))

    assert isinstance(next_step(two, PERIODS), Ask)
    assert next_step(three, PERIODS) == Stop("offers_exhausted")


def test_a_no_gives_its_place_on_the_ladder_back() -> None:
    incident = an_incident(a_dispatch(S.TIMED_OUT), a_dispatch(S.TIMED_OUT), a_dispatch(S.DECLINED))

    assert isinstance(next_step(incident, PERIODS), Ask)


def test_nobody_is_asked_twice_by_the_ladder() -> None:
    spent = [a_dispatch(S.TIMED_OUT), a_dispatch(S.DECLINED), a_dispatch(S.WITHDRAWN, reason=Reason.RECALLED)]
    again = [a_dispatch(S.WITHDRAWN, reason=Reason.COVERED), a_dispatch(S.WITHDRAWN, reason=Reason.BUSY)]

    step = next_step(an_incident(*spent, *again), PERIODS)

    assert isinstance(step, Ask)
    assert set(step.excluded) == {d.team_id for d in spent}


def test_while_an_offer_is_unanswered_nobody_else_is_asked() -> None:
    assert next_step(an_incident(a_dispatch(S.ACKNOWLEDGED)), PERIODS) == Stop()


def test_a_reinforced_incident_asks_for_as_many_as_are_missing() -> None:
    step = next_step(an_incident(a_dispatch(S.EN_ROUTE), needed_teams=3), PERIODS)

    assert isinstance(step, Ask)
    assert step.count == 2


def test_without_a_place_nobody_is_sent_and_the_desk_hears_konumsuz() -> None:
    assert next_step(an_incident(lon=None, lat=None, position_kind="none"), PERIODS) == Stop("konumsuz")


def test_an_incident_that_does_not_offer_itself_waits_for_a_person_who_may_ask_beyond_the_ladder() -> None:
    quiet = an_incident(automatic=False)
    full = an_incident(*(a_dispatch(S.TIMED_OUT) for _ in range(3)))

    assert next_step(quiet, PERIODS) == Stop()
    assert isinstance(next_step(quiet, PERIODS, forced=True), Ask)
    assert isinstance(next_step(full, PERIODS, forced=True), Ask)


# --- ending ---


def test_closing_withdraws_what_is_open_and_frees_who_is_out() -> None:
    incident = an_incident(
        a_dispatch(S.OFFERED), a_dispatch(S.TIMED_OUT), a_dispatch(S.EN_ROUTE), a_dispatch(S.ON_SCENE), a_dispatch(S.DECLINED)
    )

    change = close(incident, SOON, outcome="resolved")

    assert states(change.incident) == [S.WITHDRAWN, S.WITHDRAWN, S.WITHDRAWN, S.CLEAR, S.DECLINED]
    assert change.incident.state is IncidentState.CLOSED
    assert change.incident.outcome == "resolved"
    assert {d.id for d in change.released} == {incident.dispatches[i].id for i in (0, 2, 3)}


def test_a_referral_to_another_body_delivers_the_ihbar() -> None:
    change = close(an_incident(), SOON, outcome="referred", body="gendarmerie")

    assert change.incident.delivered_at == SOON
    assert change.incident.outcome_body == "gendarmerie"


def test_a_yes_to_a_closed_incident_is_told_that_it_is_over() -> None:
    closed = close(an_incident(a_dispatch(S.TIMED_OUT)), SOON, outcome="resolved").incident

    late = befall(closed, Act.ACCEPT)

    assert not late.applied
    assert late.dispatch.reason == Reason.CLOSED


def test_merging_keeps_the_teams_that_go_and_withdraws_the_offers_of_the_duplicate() -> None:
    duplicate = an_incident(a_dispatch(S.EN_ROUTE, lead=True), a_dispatch(S.OFFERED), provinces=frozenset({43}))
    target = an_incident(a_dispatch(S.EN_ROUTE, lead=True))

    closed, joined = merge(duplicate, target, SOON)

    assert closed.incident.state is IncidentState.CLOSED
    assert closed.incident.merged_into == target.id
    assert states(closed.incident) == [S.WITHDRAWN]
    assert [d.incident_id for d in joined.incident.dispatches] == [target.id, target.id]
    assert [d.lead for d in joined.incident.dispatches] == [True, False]
    assert joined.incident.needed_teams == 2
    assert joined.incident.provinces == {26, 43}


def test_merging_a_duplicate_whose_team_goes_fills_the_others_need() -> None:
    duplicate = an_incident(a_dispatch(S.EN_ROUTE))
    target = an_incident(a_dispatch(S.OFFERED))

    _, joined = merge(duplicate, target, SOON)

    assert states(joined.incident) == [S.WITHDRAWN, S.EN_ROUTE]
    assert joined.incident.dispatches[0].reason == Reason.COVERED
    assert joined.incident.state is IncidentState.ASSIGNED


def test_merging_gives_a_place_to_an_incident_that_had_none() -> None:
    _, joined = merge(an_incident(), an_incident(lon=None, lat=None, position_kind="none"), SOON)

    assert joined.incident.placed
    assert joined.offer


# --- every act in every state ---


@pytest.mark.parametrize("act", list(Act))
@pytest.mark.parametrize("state", list(DispatchState))
def test_every_act_in_every_state_leaves_the_incident_in_order(act: Act, state: DispatchState) -> None:
    incident = an_incident(a_dispatch(state), a_dispatch(S.TIMED_OUT))

    decision = befall(incident, act)

    after = decision.incident
    assert after.state is derive(after)
    assert len(after.dispatches) == 2
    assert (missing(after) > 0) or not any(d.state in OPEN for d in after.dispatches if decision.changed)
    assert all((d.ended_at is not None) for d in decision.changed if d.state in ENDED)
    if state in ENDED:
        assert decision.changed == ()


def test_the_answer_speaks_of_the_dispatch_as_it_is_afterwards() -> None:
    decision = befall(an_incident(a_dispatch(), a_dispatch(S.TIMED_OUT)), Act.ACCEPT)

    assert decision.dispatch in decision.incident.dispatches
    assert replace(decision.dispatch, lead=False) != decision.dispatch
