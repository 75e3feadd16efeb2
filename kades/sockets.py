"""`/ws/kades`: her phone hears "received", "team on the way", "arrived", "closed"; nothing for a silent press."""

from datetime import datetime
from typing import Final

from core.db import Tx
from core.hub import Outgoing
from core.identity import Principal, Role
from core.sockets import SocketDoor
from kades.frames import KadesStatus
from kades.service import phone
from kades.store import alerts


def channels(who: Principal) -> set[str]:
    """Return the one channel of a phone: its own."""
    return {f"kades:{who.id}"}


async def snapshot(tx: Tx, who: Principal, now: datetime) -> list[Outgoing]:
    """Return how far help has got for each of this phone's open alerts, oldest first."""
    await alerts.every_province(tx)
    frames: list[Outgoing] = []
    for alert in reversed(await alerts.open_alerts_of_device(tx, who.id)):
        if not alert.silent:
            frame = KadesStatus(alert_id=alert.id, stage=await phone.stage_of(tx, alert), at=now)
            frames.append(Outgoing("kades.status", now, frame.model_dump(mode="json")))
    return frames


DOOR: Final = SocketDoor("/ws/kades", frozenset({Role.KADES}), channels, snapshot)
DOORS: Final = (DOOR,)
