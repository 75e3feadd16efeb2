"""Socket doors (contract, "Sockets"): hello, welcome, replay or snapshot, live frames, and an allow-list of what clients may say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import psycopg
import structlog
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from core.db import EVERY, Database, Tx
from core.errors import NotAllowed, NotReady, NotSignedIn, Problem, WrongBody
from core.hub import Client, Hub, Outgoing, tail_of
from core.identity import Principal, Role, authenticate, cut_sessions
from core.metrics import SOCKETS, SOCKETS_CUT
from core.problems import field_errors
from core.relay import event_of
from core.sql import load

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.clock import Clock

_SQL = load("core")
_log = structlog.get_logger("sockets")

HELLO_WITHIN_S = 5.0
HEARTBEAT_EVERY_S = 10.0
#: Revocation is seen within two looks: cut <= 5 s after it (contract).
LOOK_EVERY_S = 1.5
#: A gap longer than this many events is told as a snapshot.
REPLAY_LIMIT = 5_000
REPLAY_WITHIN = timedelta(hours=48)
#: Characters of an id or number that an error gives back.
ECHO_LIMIT = 64
#: Transactions of clients' frames at the same time; the rest wait their turn. One process keeps its core busy with fewer, and what more of
#: them do at once is to make each other, the desks' requests and the presses late (measured: p99 of an offer 470 ms with 16, 130 with 5).
HEARD_AT_ONCE = 5
#: Sockets one account or device may hold; the oldest yields, since the newest is the phone in somebody's hand.
SOCKETS_EACH = 8


class Hello(BaseModel):
    """First frame of a client; doors may read more from it (live video: camera_id)."""

    model_config = ConfigDict(extra="allow")

    type: Literal["hello"]
    token: str
    log: UUID | None = None
    after: int | None = None


class Ping(BaseModel):
    """Are you there."""

    type: Literal["ping"]


class Renew(BaseModel):
    """A newer token for the same person, before the old one lapses."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["renew"]
    token: str


class Shown(BaseModel):
    """A screen showed the frame: evidence only."""

    type: Literal["shown"]
    seq: int


class NotThisFrame(WrongBody):
    """The frame is of no type this door takes, or has another form (law 11)."""

    slug = "wrong-frame"
    tr = "Bu kapı böyle bir çerçeve kabul etmiyor."
    en = "This door does not take such a frame."


class OneTooMany(Problem):
    """The same account or device opened more sockets than it may hold; the oldest was closed."""

    status = 409
    slug = "too-many-sockets"
    title_tr = "Çok fazla bağlantı"
    title_en = "Too many sockets"
    tr = "Aynı hesap başka yerden bağlandı; bu eski bağlantı kapatıldı."
    en = "The same account connected elsewhere; this older connection was closed."


@dataclass(slots=True)
class Session:
    """One open socket as the rooms' handlers see it."""

    db: Database
    clock: Clock
    client: Client
    hello: Hello
    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(HEARD_AT_ONCE))

    @property
    def who(self) -> Principal:
        """Whose socket it is."""
        return self.client.who

    @asynccontextmanager
    async def tx(self) -> AsyncIterator[Tx]:
        """Open a transaction within this person's provinces, when it is its turn (`HEARD_AT_ONCE`)."""
        async with self.turn, self.db.tx(self.who.provinces) as tx:
            yield tx

    def reply(self, type_: str, data: dict[str, Any]) -> None:
        """Answer this client alone, unnumbered."""
        self.client.send(Outgoing(type_, self.clock.now(), data))


Snapshot = Callable[[Tx, Principal, datetime], Awaitable[list[Outgoing]]]
Inbound = Mapping[str, tuple[type[BaseModel], Callable[[Session, Any], Awaitable[None]]]]


@dataclass(frozen=True, slots=True)
class SocketDoor:
    """One socket address: who may enter, what they read, what they may say."""

    path: str
    roles: frozenset[Role]
    channels: Callable[[Principal], set[str]]
    snapshot: Snapshot
    inbound: Inbound = field(default_factory=dict)


class DoorKeeper:
    """Serves every door of this process."""

    def __init__(self, db: Database, clock: Clock, hub: Hub) -> None:
        """Serve sockets fed by `hub`."""
        self._db = db
        self._clock = clock
        self.hub = hub
        self._hearing = asyncio.Semaphore(HEARD_AT_ONCE)

    async def serve(self, socket: WebSocket, door: SocketDoor) -> None:
        """Take one socket from hello to its end."""
        await socket.accept()
        try:
            hello, who = await self._greet(socket, door)
        except Problem as problem:
            await _refuse(socket, problem, self._clock.now())
            return
        except (TimeoutError, WebSocketDisconnect):
            await _close(socket, 4408, "hello")
            return
        except (psycopg.Error, SQLAlchemyError, OSError):
            await _refuse(socket, NotReady(), self._clock.now())
            return
        client = Client(who, door.path, frozenset(door.channels(who)))
        self._make_room(who, door)
        self.hub.join(client)
        SOCKETS.labels(door.path).inc()
        try:
            await self._welcome(client, door, hello)
            await self._converse(socket, door, Session(self._db, self._clock, client, hello, self._hearing))
        except (psycopg.Error, SQLAlchemyError, OSError) as fault:
            _log.warning("socket lost its database", door=door.path, error=type(fault).__name__)
            await _close(socket, 1013, "again")
        finally:
            SOCKETS.labels(door.path).dec()
            self.hub.leave(client)

    async def _greet(self, socket: WebSocket, door: SocketDoor) -> tuple[Hello, Principal]:
        text = await asyncio.wait_for(_receive(socket), HELLO_WITHIN_S)
        try:
            hello = Hello.model_validate_json(text)
        except ValidationError as fault:
            raise NotThisFrame(extra={"errors": field_errors(list(fault.errors()), "en")}) from fault
        async with self._db.tx() as tx:
            who = await authenticate(tx, hello.token, self._clock.now())
        # A revoked KADES phone may still press (law 1), but it is not told where the police are.
        if who is None or who.revoked:
            raise NotSignedIn
        if who.role not in door.roles:
            raise NotAllowed
        return hello, who

    def _make_room(self, who: Principal, door: SocketDoor) -> None:
        mine = [other for other in self.hub.clients if other.who.id == who.id and other.door == door.path and other.cut is None]
        for oldest in sorted(mine, key=lambda other: other.notes["since"])[: max(0, len(mine) - SOCKETS_EACH + 1)]:
            oldest.send(Outgoing("error", self._clock.now(), _both(OneTooMany())))
            oldest.cut_off("too many")

    async def _welcome(self, client: Client, door: SocketDoor, hello: Hello) -> None:
        """Send the gap since the client's last number, or a snapshot; live events wait behind it meanwhile."""
        client.notes["since"] = self._clock.now()
        async with self._db.tx(EVERY, role="merkez_relay") as tx:
            head = await tx.row(_SQL["log_head"])
            assert head is not None  # noqa: S101 - the migration wrote the one row, and nobody may delete it
            gap = await self._gap(tx, client, hello, head)
        snapshot: list[Outgoing] = []
        if gap is None:
            # The snapshot is read after the head: what commits in between is told twice, never not at all.
            async with self._db.tx(client.who.provinces) as tx:
                snapshot = await door.snapshot(tx, client.who, self._clock.now())
        now = self._clock.now()
        client.greet(now, str(head["log"]), head["seq"], "snapshot" if gap is None else "complete")
        for frame in snapshot:
            client.send(frame)
        if gap is None:
            client.release(head["seq"], head["seq"])
            return
        client.seen, client.sent, client.held = hello.after or 0, hello.after, False
        for event in gap:
            client.offer(event, tail_of(event.type, event.at, event.data))
        client.release(max(client.seen, head["seq"]), client.sent)

    async def _gap(self, tx: Tx, client: Client, hello: Hello, head: dict[str, Any]) -> list[Any] | None:
        """Return the events this client missed, or None where only a snapshot is right."""
        after = hello.after
        if after is None or hello.log != head["log"] or after > head["seq"] or after < 0:
            return None
        if after < head["seq"] and (head["oldest"] is None or after < head["oldest"] - 1):
            return None
        params = {"after": after, "head": head["seq"], "channels": sorted(client.channels), "limit": REPLAY_LIMIT + 1}
        events = [event_of(row) for row in await tx.rows(_SQL["read_log_of"], params)]
        too_old = bool(events) and self._clock.now() - events[0].at > REPLAY_WITHIN
        return None if too_old or len(events) > REPLAY_LIMIT else events

    async def _converse(self, socket: WebSocket, door: SocketDoor, session: Session) -> None:
        reading = asyncio.create_task(self._read(socket, door, session))
        writing = asyncio.create_task(self._write(socket, session.client))
        try:
            done, _ = await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except WebSocketDisconnect:
            return
        finally:
            for task in (reading, writing):
                task.cancel()
            for task in (reading, writing):
                with suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError, psycopg.Error, SQLAlchemyError, OSError):
                    await task

    async def _write(self, socket: WebSocket, client: Client) -> None:
        while True:
            while (text := client.take()) is not None:
                # Starlette's own send adds nothing but checks; ten thousand sockets feel each of them.
                await socket.send({"type": "websocket.send", "text": text})
                if client.cut == "slow":
                    break
            if client.cut is not None:
                SOCKETS_CUT.labels(client.cut).inc()
                code = {"slow": 1013, "revoked": 4401, "expired": 4401, "too many": 4409}.get(client.cut, 1011)
                await _close(socket, code, client.cut)
                return
            await client.wake.wait()
            client.wake.clear()

    async def _read(self, socket: WebSocket, door: SocketDoor, session: Session) -> None:
        while True:
            try:
                await self._hear(await _receive(socket), door, session)
            except Problem as problem:
                session.reply("error", _both(problem))

    async def _hear(self, text: str, door: SocketDoor, session: Session) -> None:
        try:
            raw = json.loads(text)
            kind = raw["type"]
        except (ValueError, TypeError, KeyError, RecursionError) as fault:
            raise NotThisFrame from fault
        echo = _echo(raw)
        handlers = self._allowed(door)
        if not isinstance(kind, str) or kind not in handlers:
            raise NotThisFrame(extra=echo)
        model, handler = handlers[kind]
        try:
            frame = model.model_validate(raw)
        except ValidationError as fault:
            raise NotThisFrame(extra={**echo, "errors": field_errors(list(fault.errors()), "tr")}) from fault
        try:
            await handler(session, frame)
        except Problem as problem:
            problem.extra = {**echo, **problem.extra}
            raise
        except (psycopg.DataError, DBAPIError) as fault:
            # A number no column holds is the frame's fault and costs the frame; a database that went away costs the socket.
            if isinstance(fault, DBAPIError) and not isinstance(fault.orig, psycopg.DataError):
                raise
            raise NotThisFrame(extra=echo) from fault

    def _allowed(self, door: SocketDoor) -> Inbound:
        return {"ping": (Ping, _pong), "renew": (Renew, self._renew), "shown": (Shown, self._shown), **door.inbound}

    async def _renew(self, session: Session, frame: Renew) -> None:
        async with self._db.tx() as tx:
            who = await authenticate(tx, frame.token, self._clock.now())
        if who is None or who.revoked or who.id != session.who.id or who.role is not session.who.role:
            raise NotSignedIn
        session.client.who = who
        session.reply("renewed", {"expires_at": None if who.expires_at is None else who.expires_at.isoformat()})

    async def _shown(self, session: Session, frame: Shown) -> None:
        async with session.tx() as tx:
            params = {"session_id": session.who.session_id or session.who.id, "seq": frame.seq, "at": self._clock.now()}
            await tx.execute(_SQL["shown"], params)

    async def run(self) -> None:
        """Beat and look for revoked sessions until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._beat())
            group.create_task(self._look())

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_EVERY_S)
            now = self._clock.now()
            for client in list(self.hub.clients):
                if not client.held:
                    client.send(Outgoing("heartbeat", now, {}))

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            now = self._clock.now()
            clients = list(self.hub.clients)
            for client in clients:
                if client.who.expires_at is not None and client.who.expires_at <= now:
                    client.cut_off("expired")
            try:
                await self._cut_revoked(clients)
            except (psycopg.Error, SQLAlchemyError, OSError) as fault:
                _log.warning("cannot look for revocations", error=type(fault).__name__)

    async def _cut_revoked(self, clients: list[Client]) -> None:
        if not clients:
            return
        async with self._db.tx() as tx:
            gone = await cut_sessions(tx, [client.who for client in clients])
        for client in clients:
            if client.who.session_id in gone or client.who.id in gone:
                client.cut_off("revoked")


def _both(problem: Problem) -> dict[str, object]:
    """Return a problem in both languages: a socket has no Accept-Language."""
    return {**problem.body("tr"), "detail_en": problem.body("en")["detail"]}


def _echo(raw: dict[str, Any]) -> dict[str, object]:
    """Return what names the frame, so that its sender knows which one is meant; nothing long, and no NaN, which is no JSON."""
    named = {key: raw.get(key) for key in ("client_id", "dispatch_id", "seq")}
    return {key: value for key, value in named.items() if isinstance(value, (str, int)) and len(str(value)) <= ECHO_LIMIT}


async def _pong(session: Session, _frame: Ping) -> None:
    session.reply("pong", {})


async def _receive(socket: WebSocket) -> str:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    text = message.get("text")
    if text is None:
        raise NotThisFrame
    return str(text)


async def _refuse(socket: WebSocket, problem: Problem, now: datetime) -> None:
    """Say why, then close with 4000 + the status."""
    tail = tail_of("error", now, json.dumps(_both(problem)))
    with suppress(WebSocketDisconnect, RuntimeError):
        await socket.send({"type": "websocket.send", "text": f'{{"seq":null,"prev":null,{tail}'})
    await _close(socket, 4000 + problem.status, problem.slug)


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    if socket.application_state is not WebSocketState.DISCONNECTED:
        with suppress(WebSocketDisconnect, RuntimeError):
            await socket.close(code, reason)
