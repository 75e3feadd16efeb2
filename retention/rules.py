"""When personal data goes, and when the clock is not believed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing the sweep does: a named statement and the age at which its rows are over."""

    name: str  #: Of the rule and of its statement in queries.sql.
    period: timedelta
    since: str  #: From when the period runs, in words.
    how: Literal["delete", "empty", "drop day"]  #: Rows go; only their personal columns go; a whole day's partition goes.

    def over_before(self, now: datetime) -> datetime:
        """What began before this instant is over."""
        return now - self.period


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """Columns of one table that tell something about a person."""

    table: str
    columns: tuple[str, ...]
    what: str  #: Whose and what.
    why: str  #: What it is needed for, with the clause it serves.
    seen_by: str
    rule: str  #: The rule that ends it, a job of another room, or KEPT.


#: No rule ends it: an audit that can be deleted is none. Only the tables named in register.KEPT_TABLES may say so.
KEPT = "kept"


class Doubt(StrEnum):
    """Why the sweep does not believe the clock (law 7)."""

    WENT_BACK = "clock_went_back"  #: Now lies before the last look.
    LEAPT = "clock_leapt"  #: Within this process more or less time passed by the wall than by the process's own count.
    SILENCE = "long_silence"  #: No sweep for so long that a leap of the clock cannot be told from a house that was shut.


#: Two machines of one site may disagree by this much.
TOLERANCE = timedelta(minutes=2)
#: A house is not shut for longer; after that a supervisor says that the clock is right.
LONGEST_SILENCE = timedelta(hours=26)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at the clock by one process."""

    at: datetime
    counted_s: float  #: The process's monotonic count, seconds; comparable only within the process.


def doubt(*, now: Look, before: Look | None, mark: datetime | None, longest_silence: timedelta | None = LONGEST_SILENCE) -> Doubt | None:
    """Say why the clock is not to be believed, or None.

    `before` is this process's last look, `mark` the last look of any process; None where there was none. `longest_silence` None: the demo,
    which may sleep for weeks and holds nobody's data.
    """
    if mark is not None and now.at < mark - TOLERANCE:
        return Doubt.WENT_BACK
    if before is not None:
        by_wall = now.at - before.at
        by_count = timedelta(seconds=now.counted_s - before.counted_s)
        if abs(by_wall - by_count) > TOLERANCE:
            return Doubt.LEAPT
    if mark is not None and longest_silence is not None and now.at - mark > longest_silence:
        return Doubt.SILENCE
    return None
