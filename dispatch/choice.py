"""Why a team was or was not chosen (E11), in one word for the screen. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dispatch.states import OPEN, DispatchState, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from dispatch.states import Dispatch


@dataclass(frozen=True, slots=True)
class Candidate:
    """A team that was looked at. Metres and seconds; None where it has no position."""

    team_id: UUID
    code: str
    roster: str
    engaged: bool  #: Holds another dispatch.
    chosen: bool
    locked: bool = False  #: Another claim was at it in the same instant.
    kept: bool = False  #: The last free team of its district, which this incident may not take.
    lacks: bool = False  #: Has not what the incident needs.
    distance_m: float | None = None
    fix_age_s: float | None = None
    stale: bool = True

    @property
    def free(self) -> bool:
        """Could be sent somewhere."""
        return self.roster == "available" and not self.engaged


def reason_of(candidate: Candidate, asked: Sequence[Dispatch], *, named: bool = False) -> str:
    """The one reason that counts most: what this incident already did with the team, then its state, then its fix and its distance."""
    if candidate.chosen:
        return "named" if named else "chosen"
    before = [d for d in asked if d.team_id == candidate.team_id]
    if any(d.state is DispatchState.DECLINED for d in before):
        return "declined"
    if any(d.reason == Reason.RECALLED for d in before):
        return "recalled"
    if any(d.state in OPEN for d in before):
        return "already_asked"
    return _by_state(candidate)


def _by_state(candidate: Candidate) -> str:
    for holds, reason in (
        (candidate.roster == "off_duty", "off_duty"),
        (candidate.roster == "paused", "paused"),
        (candidate.engaged, "busy"),
        (candidate.lacks, "lacks_capability"),
        (candidate.kept, "last_of_district"),
        (candidate.locked, "locked"),
        (candidate.stale, "stale_fix"),
    ):
        if holds:
            return reason
    return "farther"
