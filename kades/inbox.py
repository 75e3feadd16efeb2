"""What other floors tell this room, through whoever wires them together: that an incident moved, that a code's timer came due."""

from datetime import datetime
from typing import Any

from core.db import Tx
from core.relay import Event
from kades.service import codes_entered, stages
from kades.service.phone import CODE_ENTERED

incident_moved = stages.incident_moved

#: Timer handlers by kind.
TIMERS = {CODE_ENTERED: codes_entered.handle}


async def follow(tx: Tx, event: Event, data: dict[str, Any], now: datetime) -> None:
    """Handle an `incident.changed` or `dispatch.changed` of the log: her phone is told how far help has got."""
    del event
    await stages.incident_moved(tx, stages.incident_in(data), now)


def about(_event: Event, data: dict[str, Any]) -> object:
    """Name the incident an event is about: of several in a row only how it stands after the last matters to her phone."""
    return stages.incident_in(data)


#: For a `core.followers.Follower`: handlers by event type.
FOLLOWS = {"incident.changed": follow, "dispatch.changed": follow}
