"""Why a team was or was not chosen (E11)."""

from __future__ import annotations

from typing import Any

import pytest

from core.ids import new_id
from dispatch.choice import Candidate, reason_of
from dispatch.states import DispatchState, Reason
from tests.dispatch.facts import a_dispatch


def a_candidate(**more: Any) -> Candidate:
    facts: dict[str, Any] = {
        "team_id": new_id(), "code": "26-1", "roster": "available", "engaged": False, "chosen": False, "stale": False,
    }  # fmt: skip
    return Candidate(**{**facts, **more})


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"chosen": True}, "chosen"),
        ({"roster": "off_duty", "engaged": True}, "off_duty"),
        ({"roster": "paused"}, "paused"),
        ({"engaged": True, "stale": True}, "busy"),
        ({"lacks": True}, "lacks_capability"),
        ({"kept": True}, "last_of_district"),
        ({"locked": True}, "locked"),
        ({"stale": True}, "stale_fix"),
        ({}, "farther"),
    ],
)
def test_each_team_has_one_reason_and_it_is_the_one_that_counts_most(facts: dict[str, Any], reason: str) -> None:
    assert reason_of(a_candidate(**facts), []) == reason


@pytest.mark.parametrize(
    ("state", "why", "reason"),
    [
        (DispatchState.DECLINED, Reason.DECLINED, "declined"),
        (DispatchState.WITHDRAWN, Reason.RECALLED, "recalled"),
        (DispatchState.TIMED_OUT, Reason.UNACCEPTED, "already_asked"),
        (DispatchState.OFFERED, None, "already_asked"),
        (DispatchState.WITHDRAWN, Reason.COVERED, "farther"),
    ],
)
def test_what_this_incident_already_did_with_a_team_counts_before_its_state(state: DispatchState, why: Reason | None, reason: str) -> None:
    candidate = a_candidate()
    asked = [a_dispatch(state, team_id=candidate.team_id, reason=why), a_dispatch(DispatchState.DECLINED)]

    assert reason_of(candidate, asked) == reason


def test_a_team_a_person_named_is_said_to_be_named() -> None:
    assert reason_of(a_candidate(chosen=True), [], named=True) == "named"
