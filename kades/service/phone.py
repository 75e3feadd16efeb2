"""What her own phone may do after the press: the live trail, the one code field, how far help has got."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from core.db import Tx
from core.errors import NotFound
from core.identity import Principal
from core.timers import set_timer
from dispatch import board
from kades import rules
from kades.faults import Fault, kept
from kades.fixes import ReadFix, read_fix
from kades.parts import Kades
from kades.problems import NoUsablePosition
from kades.rules import Stage
from kades.service import places, telling
from kades.store import alerts

#: Compared against where a device has no codes (a gateway): takes the same time and never fits.
_NO_CODES: Final = (bytes(32), bytes(31) + b"x")
#: Timer of an alert whose phone sent a code.
CODE_ENTERED: Final = "kades.code_entered"


@dataclass(frozen=True, slots=True)
class Trail:
    """What became of a batch of points."""

    kept: int
    faults: tuple[Fault, ...]
    stage: Stage


async def own_alert(tx: Tx, who: Principal, alert_id: UUID) -> alerts.Alert:
    """Return an alert of this very phone. Raises NotFound, for another phone's alert too."""
    await alerts.every_province(tx)
    found = await alerts.alert_of_device(tx, alert_id, who.id)
    if found is None:
        raise NotFound
    return found


async def stage_of(tx: Tx, alert: alerts.Alert) -> Stage:
    """Return what the phone may show of an alert."""
    return rules.stage_on_phone(await board.stage_for_caller(tx, alert.case_id), cancelled=alert.cancelled)


async def follow(
    tx: Tx, who: Principal, alert_id: UUID, points: Sequence[object], phone_now: datetime | None, kades: Kades, now: datetime
) -> Trail:
    """Keep the points of a live trail, show the newest, bring the incident along. Raises NotFound, NoUsablePosition.

    One bad point costs nothing but itself. After the incident is closed nobody has a reason to know where she is: nothing is kept.
    """
    alert = await own_alert(tx, who, alert_id)
    read, faults = _read(points, phone_now, kades, now)
    if not read:
        raise NoUsablePosition(extra={"errors": [{"field": one.field, "type": one.kind.value} for one in faults]})
    stage = await board.stage_for_caller(tx, alert.case_id)
    if stage == "closed":
        return Trail(0, faults, "closed")
    newest = max(read, key=lambda one: one.fix.fixed_at)
    provinces = await places.bring(tx, alert.case_id, newest, kades, now)
    skew_s = None if phone_now is None else (now - phone_now).total_seconds()
    await alerts.add_positions(tx, alert.id, read, skew_s, now)
    await alerts.add_faults(tx, alert.id, faults, now)
    teams = await board.assigned_teams(tx, alert.case_id)
    await telling.trail(tx, alert.id, alert.case_id, newest.fix, provinces, teams, now)
    return Trail(len(read), faults, rules.stage_on_phone(stage, cancelled=alert.cancelled))


def _read(points: Sequence[object], phone_now: datetime | None, kades: Kades, now: datetime) -> tuple[list[ReadFix], tuple[Fault, ...]]:
    read: list[ReadFix] = []
    faults: list[Fault] = []
    for index, point in enumerate(points):
        one, wrong = read_fix(point, now=now, phone_now=phone_now, area=kades.area, at=f"positions[{index}]")
        faults += wrong
        if one is not None:
            read.append(one)
    return read, kept(faults)


async def cancel(tx: Tx, who: Principal, alert_id: UUID, client_id: UUID, code: str, kades: Kades, now: datetime) -> None:
    """Take a code: normal, duress or wrong. Raises NotFound.

    The phone is answered alike, after the very same statements, so that he who watches learns nothing; what each code means happens
    right afterwards in a timer of its own (`codes_entered`). Her phone shows the end from here on, whatever is on the way.
    """
    alert = await own_alert(tx, who, alert_id)
    cancel_hash, duress_hash = await alerts.codes_of(tx, who.id) or _NO_CODES
    outcome = kades.codes.compare(who.id, code, cancel_hash=cancel_hash, duress_hash=duress_hash)
    await alerts.add_cancellation(tx, alert.id, client_id, outcome, now)
    await telling.status(tx, who.id, alert.id, "closed", now)
    await set_timer(tx, CODE_ENTERED, alert.id, now)
