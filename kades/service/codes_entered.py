"""What a code means to the desk, right after her phone was answered. Nobody is recalled by any of them (contract, KADES)."""

from datetime import datetime
from uuid import UUID

from core.db import Row, Tx
from core.timers import Timer
from dispatch import inbox
from geo.frames import Position
from geo.point import Fix
from kades.fixes import FRESH
from kades.frames import KadesAlert
from kades.rules import PRIORITY_FIRST, CodeOutcome, PositionKind
from kades.service import telling
from kades.store import alerts


async def handle(tx: Tx, timer: Timer, now: datetime) -> None:
    """Tell the desk of every code of an alert that it has not been told of yet, oldest first."""
    for row in await alerts.untold_codes(tx, timer.subject_id):
        await inbox.cancelled(tx, row["case_id"], row["outcome"], now)
        if row["outcome"] == CodeOutcome.DURESS:
            await _duress(tx, row, now)
        await alerts.code_told(tx, row["id"], now)


async def _duress(tx: Tx, row: Row, now: datetime) -> None:
    """He stands beside her: a team is asked anew if those sent have left; a closed incident is opened again as another."""
    fix, kind = await _where(tx, row["alert_id"], now)
    raised = await inbox.raise_alert(
        tx,
        inbox.Alert(
            source="kades",
            source_id=row["alert_id"],
            kind="kades",
            priority=PRIORITY_FIRST,
            provinces=frozenset(row["provinces"]),
            received_at=now,
            fix=fix,
            position_kind=kind.value,
            person_id=row["person_id"],
            silent=True,
        ),
    )
    if raised.incident_id != row["case_id"]:
        await alerts.merge(tx, row["case_id"], raised.incident_id)
    frame = KadesAlert(
        alert_id=row["alert_id"],
        incident_id=raised.incident_id,
        trigger=row["trigger"],
        received_at=row["received_at"],
        position=Position.of(fix) if fix else None,
        position_kind=kind,
        silent=True,
        duress=True,
        further=row["further"],
    )
    await telling.alert(tx, frame, row["provinces"], now)


async def _where(tx: Tx, alert_id: UUID, now: datetime) -> tuple[Fix | None, PositionKind]:
    fix = await alerts.newest_fix(tx, alert_id)
    if fix is None:
        return None, PositionKind.NONE
    return fix, PositionKind.FIX if fix.age(now) <= FRESH else PositionKind.LAST_KNOWN
