"""Read one position of a phone: what is wrong is named, nothing is corrected by a guess, nothing raises."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from geo.errors import BadPosition, PositionLooksSwapped, PositionNotFinite, PositionOutOfRange
from geo.point import Area, Fix, Point
from kades.faults import Fault, FaultKind, fault, short

#: A fix of the moment may be so old; an older one is shown as the last known position ⟨our choice⟩.
FRESH: Final = timedelta(minutes=15)
#: Phones that take their time from the network are within seconds; beyond this the desk should know.
CLOCK_TOLERANCE: Final = timedelta(minutes=5)
#: A fix may be so far ahead of the phone's own now before its time is disbelieved.
AHEAD_TOLERANCE: Final = timedelta(minutes=2)
#: Older is not told apart: a phone may say the year 1, and ours minus that does not exist.
OLDEST: Final = timedelta(days=3650)
#: Half way round the earth: no radius says more.
ACCURACY_LIMIT_M: Final = 20_000_000.0
FIELDS: Final = frozenset({"lon", "lat", "accuracy_m", "fixed_at"})
_NUMBER: Final = re.compile(r"[+-]?\d{1,15}(\.\d{1,20})?")
_FAULT_OF: Final = (
    (PositionNotFinite, FaultKind.POSITION_NOT_FINITE),
    (PositionOutOfRange, FaultKind.POSITION_OUT_OF_RANGE),
    (PositionLooksSwapped, FaultKind.POSITION_LOOKS_SWAPPED),
)


@dataclass(frozen=True, slots=True)
class ReadFix:
    """A position that can be used."""

    fix: Fix  #: Its time is on our clock: told time where that can be true, else what the phone's own clock says its age is.
    old: bool  #: Older than FRESH: the last known position, not the present one.
    told_at: datetime | None  #: The fix's time as the phone told it: evidence (law 7).


def read_fix(
    value: object, *, now: datetime, phone_now: datetime | None, area: Area, at: str = "position"
) -> tuple[ReadFix | None, list[Fault]]:
    """Judge a position received at `now`; `phone_now` is what the phone's clock said then, None when it did not say.

    `at` names the place in the body for the faults. None as position: unusable or not there; null is no fault (location is off).
    """
    if value is None:
        return None, []
    if not isinstance(value, dict):
        return None, [fault(FaultKind.POSITION_UNREADABLE, at, value)]
    said = cast("dict[str, Any]", value)
    faults = [fault(FaultKind.UNKNOWN_FIELD, f"{at}.{name}", said[name]) for name in said if name not in FIELDS]
    point = _point(said, area, at, faults)
    accuracy_m = _accuracy(said.get("accuracy_m"), at, faults)
    told_at, age = _age(said.get("fixed_at"), now, phone_now, at, faults)
    if point is None:
        return None, faults
    old = age > FRESH
    if old:
        faults.append(fault(FaultKind.FIX_OLD, f"{at}.fixed_at", said.get("fixed_at")))
    return ReadFix(Fix(point=point, accuracy_m=accuracy_m, fixed_at=now - age), old, told_at), faults


def _point(said: dict[str, Any], area: Area, at: str, faults: list[Fault]) -> Point | None:
    lon = _number(said.get("lon"), f"{at}.lon", faults)
    lat = _number(said.get("lat"), f"{at}.lat", faults)
    if lon is None or lat is None:
        faults.append(fault(FaultKind.POSITION_UNREADABLE, at, f"{short(said.get('lon'))}, {short(said.get('lat'))}"))
        return None
    try:
        return Point(lon=lon, lat=lat, area=area)
    except BadPosition as why:
        kind = next((kind for of, kind in _FAULT_OF if isinstance(why, of)), FaultKind.POSITION_OUTSIDE_AREA)
        faults.append(fault(kind, at, f"{lon!r}, {lat!r}"))
        return None


def _accuracy(value: object, at: str, faults: list[Fault]) -> float | None:
    if value is None:
        return None
    metres = _number(value, f"{at}.accuracy_m", faults)
    if metres is not None and 0 <= metres <= ACCURACY_LIMIT_M:
        return metres
    faults.append(fault(FaultKind.ACCURACY_UNREADABLE, f"{at}.accuracy_m", value))
    return None


def _age(value: object, now: datetime, phone_now: datetime | None, at: str, faults: list[Fault]) -> tuple[datetime | None, timedelta]:
    """Return the told time, and how old the fix is: by our clock where the phone's is right, else by the phone's own.

    A phone whose clock is hours off took its fix at the press all the same; by our clock it would look old, or not yet made.
    """
    if value is None:
        faults.append(fault(FaultKind.FIX_TIME_MISSING, f"{at}.fixed_at"))
        return None, timedelta(0)
    told_at = read_time(value)
    if told_at is None:
        faults.append(fault(FaultKind.FIX_TIME_UNREADABLE, f"{at}.fixed_at", value))
        return None, timedelta(0)
    clock_off = phone_now is not None and abs(now - phone_now) > CLOCK_TOLERANCE
    age = (phone_now if clock_off and phone_now is not None else now) - told_at
    if age < -AHEAD_TOLERANCE:
        faults.append(fault(FaultKind.FIX_IN_FUTURE, f"{at}.fixed_at", value))
    return told_at, min(max(age, timedelta(0)), OLDEST)


def read_time(value: object) -> datetime | None:
    """Return an RFC 3339 time with an offset, in UTC; None for anything else (a time without a zone may be three hours off)."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value.strip().upper())
        return at.astimezone(UTC) if at.utcoffset() is not None else None
    except (ValueError, OverflowError):
        return None


def _number(value: object, at: str, faults: list[Fault]) -> float | None:
    """Return a number, also inside quotes; None for anything else (true is no number)."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        faults.append(fault(FaultKind.NUMBER_AS_TEXT, at, value))
        return float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return float("inf")
