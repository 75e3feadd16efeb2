"""The two live doors of dispatch: a crew's and a console's; and the moving teams on the consoles' maps."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from core.db import EVERY
from core.errors import NotAllowed
from core.hub import Outgoing, tail_of
from core.identity import Role
from core.outbox import seqs_of
from core.sockets import SocketDoor
from dispatch import frames, service
from dispatch.choosing import Site
from dispatch.states import LIVE, OPEN
from dispatch.store import facts, positions, teams
from dispatch.store.alarms import list_alarms
from dispatch.teams import Report, take_positions
from geo.errors import PositionOutOfRange

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from core.clock import Clock
    from core.db import Database, Row, Tx
    from core.hub import Client, Hub
    from core.identity import Principal
    from core.sockets import Session, Snapshot

_log = structlog.get_logger("dispatch.sockets")

TEAM = "/ws/team"
OPERATOR = "/ws/operator"
VIEWPORT = "viewport"
LON_LIMIT, LAT_LIMIT = 180, 90
SNAPSHOT_LIMIT = 500
EVERY_S = 1.0
#: How long a position waits for others to be stored with it.
GATHER_S = 0.05
#: A position's time of receipt is read before its COMMIT: looking back this far misses none that commits late.
OVERLAP = timedelta(seconds=5)


# --- the crew's door ---------------------------------------------------------------------------------------------------------------------


def team_door(site: Site) -> SocketDoor:
    """Return `/ws/team`: own offers, own answers, own positions."""

    async def ack(session: Session, frame: frames.Ack) -> None:
        async with session.tx() as tx:
            await service.acknowledge(tx, session.who, frame.seq, session.clock.now(), site, team_id=_team(session.who))

    async def status(session: Session, frame: frames.SetStatus) -> None:
        said = frames.Said(dispatch_id=frame.dispatch_id, state=frame.state)
        async with session.tx() as tx:
            team_id = _team(session.who)
            told = await service.said_by_crew(tx, session.who, said, frame.client_id, session.clock.now(), site, team_id=team_id)
        # What holds now, said to this phone after COMMIT even where nothing changed: a yes that came too late is told on its screen.
        session.reply("dispatch.changed", {name: value for name, value in told.items() if name != "applied"})

    gathering = Gathering(site)

    async def position(session: Session, frame: frames.Report) -> None:
        await gathering.put(session, Report(_team(session.who), **frame.model_dump(exclude={"type"})))

    inbound = {"ack": (frames.Ack, ack), "dispatch.status": (frames.SetStatus, status), "position": (frames.Report, position)}
    return SocketDoor(TEAM, frozenset({Role.TEAM}), _team_channels, _team_snapshot, inbound)


@dataclass(slots=True)
class Gathering:
    """Positions that come in on many sockets within a moment are stored by one transaction: a thousand a second would cost a core else.

    Each sender waits for the store and is told what was wrong with its own.
    """

    site: Site
    _waiting: list[tuple[Report, asyncio.Future[None]]] = field(default_factory=list)
    _storing: set[asyncio.Task[None]] = field(default_factory=set)

    async def put(self, session: Session, report: Report) -> None:
        """Store a crew's own position. Raises BadPosition, and whatever the database says."""
        stored = asyncio.get_running_loop().create_future()
        self._waiting.append((report, stored))
        if len(self._waiting) == 1:
            task = asyncio.create_task(self._store(session.db, session.clock))
            self._storing.add(task)
            task.add_done_callback(self._storing.discard)
        await stored

    async def _store(self, db: Database, clock: Clock) -> None:
        await asyncio.sleep(GATHER_S)
        batch, self._waiting = self._waiting, []
        try:
            # A crew reports for its own team alone, whichever province that is of.
            async with db.tx(EVERY) as tx:
                refused = await take_positions(tx, [report for report, _ in batch], clock.now(), self.site.periods)
        except (psycopg.Error, SQLAlchemyError, OSError) as fault:
            _settle(batch, dict.fromkeys(range(len(batch)), fault))
        else:
            _settle(batch, {one.index: one.problem for one in refused})


def _settle(batch: Sequence[tuple[Report, asyncio.Future[None]]], faults: Mapping[int, Exception]) -> None:
    for index, (_, stored) in enumerate(batch):
        if stored.done():
            continue  # its socket is gone
        if index in faults:
            stored.set_exception(faults[index])
        else:
            stored.set_result(None)


def _team(who: Principal) -> UUID:
    if who.team_id is None:
        raise NotAllowed
    return who.team_id


def _team_channels(who: Principal) -> set[str]:
    return set() if who.team_id is None else {f"team:{who.team_id}"}


async def _team_snapshot(tx: Tx, who: Principal, now: datetime) -> list[Outgoing]:
    """What the crew has in hand. Open offers carry the number they were first sent under, so that they can still be acknowledged."""
    if who.team_id is None:
        return []
    held = await facts.in_hand(tx, who.team_id)
    seqs = await seqs_of(tx, [d.id for _, d in held if d.state in OPEN], "dispatch.offered")
    team = await teams.team(tx, who.team_id)
    told = [] if team is None else [Outgoing("team.changed", now, frames.team_data(teams.team_line(team)))]
    for incident, dispatch in held:
        open_ = dispatch.state in OPEN and dispatch.id in seqs
        kind = "dispatch.offered" if dispatch.state in LIVE or open_ else "dispatch.changed"
        told.append(Outgoing(kind, now, frames.offer_data(incident, dispatch), seqs.get(dispatch.id)))
    return told


# --- the console's door ------------------------------------------------------------------------------------------------------------------


def operator_door(more: Sequence[Snapshot] = ()) -> SocketDoor:
    """Return `/ws/operator`; `more` are other rooms' parts of its snapshot."""

    async def viewport(session: Session, frame: frames.Viewport) -> None:
        west, south, east, north = frame.bbox
        if not (-LON_LIMIT <= west < east <= LON_LIMIT and -LAT_LIMIT <= south < north <= LAT_LIMIT):
            raise PositionOutOfRange
        session.client.notes[VIEWPORT] = View(frame.bbox)

    async def snapshot(tx: Tx, who: Principal, now: datetime) -> list[Outgoing]:
        told = await _desk_snapshot(tx, now)
        for part in more:
            told += await part(tx, who, now)
        return told

    roles = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR})
    return SocketDoor(OPERATOR, roles, _desk_channels, snapshot, {"viewport": (frames.Viewport, viewport)})


def _desk_channels(who: Principal) -> set[str]:
    return {f"desk:{code}" for code in who.provinces}


async def _desk_snapshot(tx: Tx, now: datetime) -> list[Outgoing]:
    """Open incidents, oldest first, and alarms nobody acknowledged. Teams come by `GET /teams` and by the viewport."""
    incidents = await facts.incidents(tx, is_open=True, after=None, limit=SNAPSHOT_LIMIT)
    told = [Outgoing("incident.changed", now, frames.incident_data(incident)) for incident in reversed(incidents)]
    alarms = await list_alarms(tx, only_open=True, limit=SNAPSHOT_LIMIT)
    return told + [Outgoing("desk.alarm", now, frames.alarm_data(row)) for row in reversed(alarms)]


# --- moving teams ------------------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class View:
    """What a console looks at, and whether it has been shown what stands there."""

    bbox: tuple[float, float, float, float]
    filled: bool = False


@dataclass(slots=True)
class TeamMoves:
    """Shows each console the teams that moved within its viewport, once a second, wherever the positions were posted."""

    db: Database
    clock: Clock
    hub: Hub
    site: Site
    _told: dict[UUID, datetime] = field(default_factory=dict)
    _since: datetime | None = None

    async def run(self) -> None:
        """Look once a second until cancelled."""
        while True:
            try:
                await self.look()
            except (psycopg.Error, SQLAlchemyError, OSError) as fault:
                _log.warning("cannot look for moved teams", error=type(fault).__name__)
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """Tell every console once what moved since the last look."""
        watching = [client for client in list(self.hub.clients) if VIEWPORT in client.notes and not client.held]
        if not watching:
            self._since = None
            return
        now = self.clock.now()
        for client in watching:
            view: View = client.notes[VIEWPORT]
            if not view.filled:
                view.filled = True
                await self._fill(client, view, now)
        moved = await self._moved(now)
        if moved:
            self._show(watching, moved, now)

    async def _fill(self, client: Client, view: View, now: datetime) -> None:
        """Show a fresh viewport who stands in it, moving or not."""
        async with self.db.tx(client.who.provinces) as tx:
            rows = await positions.within(tx, view.bbox)
        for row in rows:
            client.conflate(f"team:{row['team_id']}", self._tail(row, now))

    async def _moved(self, now: datetime) -> list[Row]:
        since = (self._since or now) - OVERLAP
        async with self.db.tx(EVERY) as tx:
            rows = await positions.moved_since(tx, since)
        self._since = now
        fresh = [row for row in rows if self._told.get(row["team_id"]) != row["received_at"]]
        self._told = {row["team_id"]: row["received_at"] for row in rows}
        return fresh

    def _show(self, watching: Sequence[Client], moved: Sequence[Row], now: datetime) -> None:
        lons = np.array([row["lon"] for row in moved])
        lats = np.array([row["lat"] for row in moved])
        provinces = np.array([row["province"] for row in moved])
        tails: dict[int, str] = {}
        for client in watching:
            west, south, east, north = client.notes[VIEWPORT].bbox
            inside = (lons >= west) & (lons <= east) & (lats >= south) & (lats <= north) & np.isin(provinces, list(client.who.provinces))
            for index in map(int, np.flatnonzero(inside)):
                tail = tails.get(index)
                if tail is None:
                    tail = tails[index] = self._tail(moved[index], now)
                client.conflate(f"team:{moved[index]['team_id']}", tail)

    def _tail(self, row: Row, now: datetime) -> str:
        return tail_of("team.moved", now, json.dumps(frames.moved_data(row, now, self.site.periods.stale_after)))
