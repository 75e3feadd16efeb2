"""The hub: who listens in this process, and what each has been sent (law 2 and 11).

Every process reads the same numbered log and serves its own sockets. A client has a bounded queue; one that reads too slowly is cut and
takes a replay or a snapshot when it comes back, and is never waited for. The part of a frame that is the same for all is encoded once;
`seq` and `prev` are put in front per client.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from core.db import EVERY, Database
from core.metrics import FRAMES
from core.relay import Event, ear, event_of
from core.sql import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from core.clock import Clock
    from core.identity import Principal

_SQL = load("core")
_log = structlog.get_logger("hub")

#: Frames a client may leave unread before it is cut: some ten seconds of a very bad night.
QUEUE_LIMIT = 2_000
READ_BATCH = 1_000
POLL_EVERY_S = 0.25


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One frame for one client, not (or not newly) numbered: of a snapshot, conflated, or an answer."""

    type: str
    at: datetime
    data: dict[str, Any]
    #: Only a snapshot's open offer carries the number it was first sent under, so that it can be acknowledged.
    seq: int | None = None


def tail_of(type_: str, at: datetime, data: str) -> str:
    """Encode what is the same for every reader of a frame."""
    return f'"type":{json.dumps(type_)},"at":"{at.isoformat()}","data":{data}}}'


@dataclass(eq=False, slots=True)
class Client:
    """One socket as the hub knows it."""

    who: Principal
    door: str
    channels: frozenset[str]
    #: The last number looked at for this client, sent or not its business; what is not above it is never sent again.
    seen: int = 0
    #: The last number sent to it: the next frame's `prev`.
    sent: int | None = None
    #: Held while its replay or snapshot is read: live events wait behind it.
    held: bool = True
    cut: str | None = None
    notes: dict[str, Any] = field(default_factory=dict)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    _queue: deque[str] = field(default_factory=deque)
    _waiting: list[tuple[Event, str]] = field(default_factory=list)
    _latest: OrderedDict[str, str] = field(default_factory=OrderedDict)

    def offer(self, event: Event, tail: str) -> None:
        """Queue a numbered event unless the client is past it."""
        if self.held:
            self._waiting.append((event, tail))
            if len(self._waiting) > QUEUE_LIMIT:
                self.cut_off("slow")
        elif event.seq > self.seen:
            self.seen = event.seq
            self._push(f'{{"seq":{event.seq},"prev":{"null" if self.sent is None else self.sent},{tail}')
            self.sent = event.seq

    def send(self, frame: Outgoing) -> None:
        """Queue an unnumbered frame, in order with the others."""
        prev = "null" if frame.seq is not None or self.sent is None else str(self.sent)
        head = f'{{"seq":{"null" if frame.seq is None else frame.seq},"prev":{prev},'
        self._push(head + tail_of(frame.type, frame.at, json.dumps(frame.data, default=str)))

    def greet(self, at: datetime, log: str, seq: int, replay: str) -> None:
        """Queue the welcome: flat as contract.md writes it, and with the same in `data` for readers that treat all frames alike."""
        told = {"log": log, "replay": replay, "seq": seq}
        self._push(json.dumps({**told, "prev": None, "type": "welcome", "at": at.isoformat(), "data": told}))

    def conflate(self, key: str, tail: str) -> None:
        """Queue the newest of something that only matters as it stands now; an unread older one is replaced."""
        self._latest[key] = f'{{"seq":null,"prev":null,{tail}'
        self._latest.move_to_end(key)
        self.wake.set()

    def release(self, seen: int, sent: int | None) -> None:
        """Begin live sending after the replay: everything up to `seen` has been told."""
        self.seen, self.sent, self.held = seen, sent, False
        waiting, self._waiting = self._waiting, []
        for event, tail in waiting:
            self.offer(event, tail)

    def take(self) -> str | None:
        """Return the next frame to write, numbered ones first."""
        if self._queue:
            return self._queue.popleft()
        return self._latest.popitem(last=False)[1] if self._latest else None

    def cut_off(self, why: str) -> None:
        """Have the socket closed; the writer does it."""
        self.cut = self.cut or why
        self.wake.set()

    def _push(self, text: str) -> None:
        if len(self._queue) >= QUEUE_LIMIT:
            self.cut_off("slow")
            return
        self._queue.append(text)
        FRAMES.inc()
        self.wake.set()


class Hub:
    """The sockets of this process by channel, fed from the log."""

    def __init__(self, db: Database, clock: Clock) -> None:
        """Serve from `db`'s log."""
        self._db = db
        self._clock = clock
        self._by_channel: dict[str, set[Client]] = {}
        self.clients: set[Client] = set()
        #: Whether this process relays, and so feeds us itself (the composition root says).
        self.fed: Callable[[], bool] = lambda: False
        self._position: int | None = None
        self._wake = asyncio.Event()

    def join(self, client: Client) -> None:
        """Add a client; it is held until `Client.release`."""
        self.clients.add(client)
        for channel in client.channels:
            self._by_channel.setdefault(channel, set()).add(client)

    def leave(self, client: Client) -> None:
        """Forget a client."""
        self.clients.discard(client)
        for channel in client.channels:
            readers = self._by_channel.get(channel)
            if readers is not None:
                readers.discard(client)
                if not readers:
                    del self._by_channel[channel]

    def readers(self, channels: Iterable[str]) -> set[Client]:
        """Return every client that reads one of `channels`."""
        found: set[Client] = set()
        for channel in channels:
            found |= self._by_channel.get(channel, set())
        return found

    def feed(self, events: list[Event]) -> None:
        """Take a batch straight from this process's relay; with a gap before it, read the log instead."""
        if self._position is not None and events[0].seq == self._position + 1:
            self._publish(events)
        else:
            self._wake.set()

    def wake(self) -> None:
        """Read the log soon."""
        self._wake.set()

    def _publish(self, events: list[Event]) -> None:
        for event in events:
            tail = tail_of(event.type, event.at, event.data)
            for client in self.readers(event.channels):
                client.offer(event, tail)
        self._position = events[-1].seq

    async def run(self) -> None:
        """Follow the log until cancelled, by notification with polling as the net."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._follow())

    async def _follow(self) -> None:
        while True:
            try:
                while await self._read() == READ_BATCH:
                    pass
            except (psycopg.Error, SQLAlchemyError, OSError) as fault:
                _log.warning("log away", error=type(fault).__name__)
            try:
                await asyncio.wait_for(self._wake.wait(), POLL_EVERY_S)
            except TimeoutError:
                continue
            finally:
                self._wake.clear()

    async def _read(self) -> int:
        async with self._db.tx(EVERY, role="merkez_relay", urgent=True) as tx:
            if self._position is None:
                head = await tx.row(_SQL["log_head"])
                self._position = head["seq"] if head else 0
            start = self._position
            rows = await tx.rows(_SQL["read_log"], {"after": start, "limit": READ_BATCH})
        # This process's relay may have fed the same events while we read: only what is still ahead counts.
        events = [event_of(row) for row in rows if row["seq"] > (self._position or 0)]
        if events:
            self._publish(events)
        return len(rows)

    async def _listen(self) -> None:
        while True:
            try:
                async with await ear(self._db) as conn:
                    await conn.execute("LISTEN merkez_log")
                    self._wake.set()
                    async for told in conn.notifies():
                        # What this process's own relay feeds, or has fed already, need not be read again.
                        if self.fed():
                            continue
                        if self._position is None or not told.payload.isdigit() or int(told.payload) > self._position:
                            self._wake.set()
            except (psycopg.Error, OSError) as fault:
                _log.warning("ear lost", error=type(fault).__name__)
            await asyncio.sleep(POLL_EVERY_S)
