"""Reads whatever a phone calls a position, for the one door that may refuse nobody: a press (law 1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast

from geo.errors import BadAccuracy, BadFixTime, BadPosition, PositionUnreadable
from geo.point import TURKIYE, Area, Fix, Point

#: A coordinate as text is at most this long; longer digits are an attack on the parser, not a place.
MOST_DIGITS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What could be used and what was wrong; both may be there."""

    fix: Fix | None  #: None: nothing usable was sent; the press rings all the same.
    faults: tuple[BadPosition, ...] = ()  #: To be kept beside the press, each with slug and two languages.


def read_fix(sent: object, received_at: datetime, area: Area = TURKIYE) -> Reading:
    """Make the best of `sent`, an already decoded JSON value; never raises for its content.

    A usable place with a nonsensical accuracy or time stays usable: accuracy becomes None, the time that of receipt, and the fault is
    told. Numbers sent as text are read, and reported. None is no fault: the phone had no position. How old a fix may be is not judged
    here.
    """
    if sent is None:
        return Reading(fix=None)
    if not isinstance(sent, Mapping):
        return Reading(fix=None, faults=(PositionUnreadable(),))
    told = cast("Mapping[object, object]", sent)
    faults: list[BadPosition] = []
    try:
        point = Point(lon=_number(told.get("lon"), faults), lat=_number(told.get("lat"), faults), area=area)
    except BadPosition as fault:
        return Reading(fix=None, faults=(*faults, fault))
    fixed_at = _time(told.get("fixed_at"), faults)
    accuracy_m = _accuracy(told.get("accuracy_m"), faults)
    fix = Fix(point=point, accuracy_m=accuracy_m, fixed_at=fixed_at or received_at)
    return Reading(fix=fix, faults=tuple(faults))


def _number(told: object, faults: list[BadPosition]) -> float:
    """Return a coordinate; text such as "30,52" is read and reported. Raises PositionUnreadable."""
    if isinstance(told, (int, float)) and not isinstance(told, bool):
        try:
            return float(told)
        except OverflowError:
            # JSON knows integers of any length.
            raise PositionUnreadable from None
    if isinstance(told, str) and len(told) <= MOST_DIGITS:
        try:
            number = float(told.strip().replace(",", "."))
        except ValueError:
            raise PositionUnreadable from None
        if not any(isinstance(fault, PositionUnreadable) for fault in faults):
            faults.append(PositionUnreadable())
        return number
    raise PositionUnreadable


def _accuracy(told: object, faults: list[BadPosition]) -> float | None:
    if told is None:
        return None
    if isinstance(told, (int, float)) and not isinstance(told, bool) and 0 <= told < float("inf"):
        try:
            return float(told)
        except OverflowError:
            pass
    faults.append(BadAccuracy())
    return None


def _time(told: object, faults: list[BadPosition]) -> datetime | None:
    """Return an RFC 3339 time with offset as UTC; None, and a fault, for anything else."""
    if isinstance(told, str) and len(told) <= MOST_DIGITS:
        try:
            read = datetime.fromisoformat(told.strip())
            if read.utcoffset() is not None:
                return read.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    faults.append(BadFixTime())
    return None
