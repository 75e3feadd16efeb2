"""What goes out: to the desk that a press came, to desk and crews where she is, to her phone how far help has got."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from core import outbox
from core.db import Tx
from geo.frames import Position
from geo.point import Fix
from kades.frames import KadesAlert, KadesStatus, KadesTrail
from kades.rules import Stage


async def alert(tx: Tx, frame: KadesAlert, provinces: Iterable[int], now: datetime) -> None:
    """Ring the desks of these provinces."""
    channels = [f"desk:{province}" for province in provinces]
    data = frame.model_dump(mode="json")
    await outbox.emit(tx, "kades.alert", at=now, channels=channels, subject_id=frame.alert_id, data=data)


async def trail(
    tx: Tx, alert_id: UUID, incident_id: UUID, fix: Fix, provinces: Iterable[int], teams: Iterable[UUID], now: datetime
) -> None:
    """Show where she is now."""
    frame = KadesTrail(alert_id=alert_id, incident_id=incident_id, position=Position.of(fix))
    channels = [*(f"desk:{province}" for province in provinces), *(f"team:{team}" for team in teams)]
    await outbox.emit(tx, "kades.trail", at=now, channels=channels, subject_id=alert_id, data=frame.model_dump(mode="json"))


async def status(tx: Tx, device_id: UUID, alert_id: UUID, stage: Stage, now: datetime) -> None:
    """Tell her phone."""
    frame = KadesStatus(alert_id=alert_id, stage=stage, at=now)
    data = frame.model_dump(mode="json")
    await outbox.emit(tx, "kades.status", at=now, channels=[f"kades:{device_id}"], subject_id=alert_id, data=data)
