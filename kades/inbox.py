"""What other floors tell this room, through whoever wires them together: that an incident moved, that a code's timer came due."""

from collections.abc import Sequence
from datetime import datetime

from core.db import Tx
from core.followers import Told
from kades.service import codes_entered, stages
from kades.service.phone import CODE_ENTERED

#: Timer handlers by kind.
TIMERS = {CODE_ENTERED: codes_entered.handle}


async def follow(tx: Tx, told: Sequence[Told], now: datetime) -> None:
    """Handle `incident.changed` and `dispatch.changed` of the log: her phone is told how far help has got."""
    await stages.incidents_moved(tx, {stages.incident_in(data) for _, data in told}, now)


#: What a `core.followers.Follower` follows with `follow`.
FOLLOWS = frozenset({"incident.changed", "dispatch.changed"})
