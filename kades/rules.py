"""What follows from a press, a fix, a code, a look at an address. Pure: facts and `now` in, a decision out.

What is not here on purpose: earlier alerts and their verdicts. Nobody's next press is lowered by her last one (E12, law 1), so
no rule takes them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from geo.point import Fix, Point
from kades.fixes import ReadFix

#: A last known place may send a team by itself for so long ⟨our choice⟩: she may still be near it, and the desk sees how old it
#: is.
AUTOMATIC_WITHIN: Final = timedelta(hours=24)
#: Presses of one device in a minute above which the desk is told that something is stuck; they ring all the same.
FLOOD_PER_MINUTE: Final = 12
#: 1 is the highest of 9. A protection order goes first among presses (E12); a duress code says that he stands beside her.
PRIORITY: Final = 2
PRIORITY_FIRST: Final = 1
#: A fix that moved less than this tells a team nothing new.
MOVED_M: Final = 25.0
#: A fix with a larger radius does not replace a better one that is younger than BETTER_FOR.
COARSE_M: Final = 200.0
BETTER_FOR: Final = timedelta(minutes=2)
#: A gateway for this many provinces names none of them.
GATEWAY_PROVINCES: Final = 9

Stage = Literal["received", "team_on_the_way", "arrived", "closed"]


class PositionKind(StrEnum):
    """What is known of where she is."""

    FIX = "fix"
    LAST_KNOWN = "last_known"  #: An old fix of this press, or the last of an earlier one: shown as such.
    NONE = "none"  #: Konumsuz: no place to choose a team by.


class CodeOutcome(StrEnum):
    """What the one code field was."""

    NORMAL = "normal"
    DURESS = "duress"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the database knows about whoever presses."""

    registered_province: int | None  #: None where nobody registered, or she named no place when she did.
    protection_order: bool
    last_fix: Fix | None  #: The newest place of her earlier alerts.
    gateway_provinces: frozenset[int]  #: Of the SMS gateway that handed the press in; empty for a phone.
    revoked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """Where a press rings and what it may set in motion."""

    fix: Fix | None
    position_kind: PositionKind
    provinces: frozenset[int]
    automatic: bool  #: Offer the nearest team without anybody at the desk, as soon as there is a place to be near to.
    priority: int


def route(
    read: ReadFix | None, known: Known, *, province_of: Callable[[Point], int | None], default_province: int, now: datetime
) -> Routing:
    """Decide for one press (law 1, E9, E11, E12).

    A fix: its province, the nearest team at once. An old fix, of this press or an earlier one: its province and the registered one,
    and for AUTOMATIC_WITHIN the team nearest to it at once, marked `last_known`: a place that may be right is better than waiting
    for a desk. An older one is shown, and the desk decides. No place at all: no team can be nearest, so the desk is rung
    (`konumsuz`) and the offers begin by themselves with the first fix. A revoked phone rings and sends nobody by itself.
    """
    fix, kind = _best(read, known.last_fix)
    provinces = _provinces(fix, kind, known, province_of, default_province)
    young = fix is not None and fix.age(now) <= AUTOMATIC_WITHIN
    return Routing(
        fix=fix,
        position_kind=kind,
        provinces=provinces,
        automatic=not known.revoked and (kind is not PositionKind.LAST_KNOWN or young),
        priority=PRIORITY_FIRST if known.protection_order else PRIORITY,
    )


def _best(read: ReadFix | None, last_fix: Fix | None) -> tuple[Fix | None, PositionKind]:
    if read is not None and not read.old:
        return read.fix, PositionKind.FIX
    old = [fix for fix in (read.fix if read else None, last_fix) if fix is not None]
    if not old:
        return None, PositionKind.NONE
    return max(old, key=lambda fix: fix.fixed_at), PositionKind.LAST_KNOWN


def _provinces(
    fix: Fix | None, kind: PositionKind, known: Known, province_of: Callable[[Point], int | None], default_province: int
) -> frozenset[int]:
    """Never empty: no incident is ever without a province."""
    here = None if fix is None else province_of(fix.point)
    if here is not None and kind is PositionKind.FIX:
        return frozenset({here})
    found = frozenset(province for province in (here, known.registered_province) if province is not None)
    if found:
        return found
    if 0 < len(known.gateway_provinces) <= GATEWAY_PROVINCES:
        return known.gateway_provinces
    return frozenset({default_province})


def provinces_of_fix(fix: Fix, current: frozenset[int], province_of: Callable[[Point], int | None]) -> frozenset[int]:
    """Say where an incident belongs once this is its place: there, or where it was if that is nobody's."""
    here = province_of(fix.point)
    return current if here is None else frozenset({here})


def should_move(new: ReadFix, current: Fix | None, kind: PositionKind) -> bool:
    """Whether a further fix becomes the incident's place: the first, a fresh one after an old one, then what tells something new."""
    if current is None:
        return True
    newer = new.fix.fixed_at > current.fixed_at
    if kind is PositionKind.LAST_KNOWN:
        return newer or not new.old
    if new.old or not newer:
        return False
    coarser = _radius(new.fix) > max(COARSE_M, _radius(current))
    if coarser and new.fix.fixed_at - current.fixed_at < BETTER_FOR:
        return False
    return new.fix.point.distance_m(current.point) >= MOVED_M or _radius(new.fix) < _radius(current) / 2


def _radius(fix: Fix) -> float:
    """Return the accuracy in metres; a phone that does not say is taken as coarse, not as exact."""
    return COARSE_M if fix.accuracy_m is None else fix.accuracy_m


def rings_anew(*, incident_closed: bool, same_body: bool, sound_id: bool, same_person: bool) -> bool:
    """Whether a client_id that came before is another emergency.

    A gateway that uses one id for two callers names another person: that one rings. Of the same person, while the incident is open
    the press joins it. After it is closed, the same body under a real UUID is a late repeat and gets its first answer; anything else
    must not look accepted while nobody is told (law 1).
    """
    return not same_person or (incident_closed and not (same_body and sound_id))


def same_person(*, gateway: bool, told_phone: str | None, earlier_phone: str | None, same_body: bool, sound_id: bool) -> bool:
    """Whether two presses under one client_id are of one person: of one phone always, through a gateway if it names the same.

    A gateway that names nobody and sends ids that are none may mean anybody: only the very same body is the same press.
    """
    if not gateway:
        return True
    return told_phone == earlier_phone and (told_phone is not None or same_body or sound_id)


def stage_on_phone(stage: Stage, *, cancelled: bool) -> Stage:
    """Return what her phone may show: after any code the end, whoever is still on the way. He may hold the phone."""
    return "closed" if cancelled else stage


def may_see_address(dispatch_state: str, *, team: bool, by_radio: bool) -> bool:
    """Whether a dispatch opens the protected address: from a person's yes to the end of this very dispatch.

    To its team; to the desk only while it records for that team by radio. (That the team or the province fits is the query's part.)
    """
    return dispatch_state in {"accepted", "en_route", "on_scene"} and (team or by_radio)


# --- registration ------------------------------------------------------------------------------------------------------------
# None of these limits is ever looked at by a press.

#: How long an SMS code is good.
SMS_CODE_FOR: Final = timedelta(minutes=10)
#: Wrong codes a registration bears.
WRONG_CODES: Final = 5
ASKED_WITHIN: Final = timedelta(hours=1)
#: Codes one phone may ask for within that time.
ASKED_BY_PHONE: Final = 5
#: Codes one connection may ask for: thousands of phones share one address of a mobile operator, so this stops a machine, not a crowd.
ASKED_BY_SOURCE: Final = 200
WRONG_BY_SOURCE: Final = 200


def may_ask_for_code(*, by_phone: int, by_source: int) -> bool:
    """Whether another SMS code goes out, given how many this phone and this connection asked for within ASKED_WITHIN."""
    return by_phone < ASKED_BY_PHONE and by_source < ASKED_BY_SOURCE


def may_try_code(*, wrong_codes: int, wrong_by_source: int, expires_at: datetime | None, now: datetime) -> bool:
    """Whether a code is compared at all: it was sent, has not expired, and was not guessed at too often."""
    return expires_at is not None and now < expires_at and wrong_codes < WRONG_CODES and wrong_by_source < WRONG_BY_SOURCE
