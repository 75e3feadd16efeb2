"""Crews on their sockets: each acknowledges an offer, says yes, goes, arrives, and is clear again within ten seconds."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from bench.load import LightSocket, connect

#: What a crew says next, and after how many seconds (and up to one more): clear again within the ten that the issue asks for.
NEXT = {
    "offered": ("accepted", 0.5), "acknowledged": ("accepted", 0.5), "timed_out": ("accepted", 0.5), "accepted": ("en_route", 1.0),
    "en_route": ("on_scene", 1.5), "on_scene": ("clear", 2.0),
}  # fmt: skip


@dataclass
class Crews:
    """Every crew's socket, and when each incident's first offer reached a screen."""

    port: int
    #: incident id -> monotonic ns of the first `dispatch.offered` on a crew's socket.
    offered_at: dict[str, int] = field(default_factory=dict)
    #: incident id -> monotonic ns of its first frame on an operator's socket.
    shown_at: dict[str, int] = field(default_factory=dict)
    offers: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    #: Crews that answer; the others are switched off to let an offer run out.
    resume: bool = False
    _rng: random.Random = field(default_factory=lambda: random.Random(155))
    _sockets: list[LightSocket] = field(default_factory=list)
    #: By crew, what each of its dispatches has got to.
    _mine: dict[str, dict[str, str]] = field(default_factory=dict)
    #: By dispatch and word, the client_id it is said under: the same when it is said again.
    _ids: dict[tuple[str, str], str] = field(default_factory=dict)
    #: By crew, the socket it speaks through now.
    _lines: dict[str, LightSocket] = field(default_factory=dict)
    _stopping: bool = False
    _keepers: list[asyncio.Task[None]] = field(default_factory=list)

    async def sign_on(self, tokens: list[str], *, operator: str | None = None, at_once: int = 40) -> None:
        """Open a socket per crew (and one operator's); with `resume` each is kept open through server deaths."""
        gate = asyncio.Semaphore(at_once)
        loop = asyncio.get_running_loop()

        async def one(token: str, path: str) -> None:
            async with gate:
                welcome = loop.create_future()
                socket = await connect(self.port, path, {"type": "hello", "token": token}, self._heard, (token, path, welcome))
                await asyncio.wait_for(welcome, 60)
                self._sockets.append(socket)

        wanted = [(token, "/ws/team") for token in tokens] + ([(operator, "/ws/operator")] if operator else [])
        await asyncio.gather(*(one(token, path) for token, path in wanted))
        if self.resume:
            self._keepers = [asyncio.create_task(self._keep(socket)) for socket in self._sockets]

    async def _keep(self, socket: LightSocket) -> None:
        """Come back with the last number whenever the line breaks, as the pages do."""
        token, path, _ = socket.name
        while not self._stopping:
            if not socket.closed:
                await asyncio.sleep(0.05)
                continue
            hello = {"type": "hello", "token": token, "log": socket.log, "after": socket.last}
            welcome = asyncio.get_running_loop().create_future()
            try:
                again = await connect(self.port, path, hello, self._heard, (token, path, welcome))
            except (OSError, TimeoutError):
                await asyncio.sleep(0.05 + self._rng.random() * 0.1)
                continue
            again.log, again.last = socket.log, socket.last
            self._sockets.remove(socket)
            self._sockets.append(again)
            socket = again

    def _heard(self, socket: LightSocket, payload: bytes, at: int) -> None:
        frame = json.loads(payload)
        if frame["type"] != "welcome" and frame["seq"] is not None and (socket.last is None or frame["seq"] > socket.last):
            socket.last = frame["seq"]
        match frame["type"]:
            case "welcome":
                self._welcomed(socket, frame["data"])
            case "dispatch.offered" if socket.name[1] == "/ws/team":
                self._offered(socket, frame, at)
            case "dispatch.changed" if socket.name[1] == "/ws/team":
                self._changed(socket.name[0], frame["data"]["id"], frame["data"]["state"])
            case "incident.opened":
                self.shown_at.setdefault(frame["data"]["id"], at)
            case "error":
                self.errors.append(frame["data"])
            case _:
                pass

    def _welcomed(self, socket: LightSocket, data: dict[str, Any]) -> None:
        token, _, welcome = socket.name
        socket.log = data["log"]
        if data["replay"] == "snapshot":
            socket.last = max(socket.last or 0, data["seq"])
        self._lines[token] = socket
        if not welcome.done():
            welcome.set_result(None)
        # What was said into a line that had died was not heard: the app says it again under the same id.
        for dispatch, state in self._mine.get(token, {}).items():
            self._plan(token, dispatch, state)

    def _offered(self, socket: LightSocket, frame: dict[str, Any], at: int) -> None:
        self.offers += 1
        data = frame["data"]
        self.offered_at.setdefault(data["incident_id"], at)
        if frame["seq"] is not None and not socket.closed:
            socket.say({"type": "ack", "seq": frame["seq"]})
        self._changed(socket.name[0], data["id"], data["state"])

    def _changed(self, token: str, dispatch: str, state: str) -> None:
        mine = self._mine.setdefault(token, {})
        if mine.get(dispatch) == state:
            return
        if state in NEXT:
            # An acknowledgement does not put the yes off.
            planned = dispatch in mine and NEXT.get(mine[dispatch], (None,))[0] == NEXT[state][0]
            mine[dispatch] = state
            if not planned:
                self._plan(token, dispatch, state)
        else:
            mine.pop(dispatch, None)

    def _plan(self, token: str, dispatch: str, state: str) -> None:
        word, after = NEXT[state]
        asyncio.get_running_loop().call_later(after + self._rng.random(), self._say, token, dispatch, word)

    def _say(self, token: str, dispatch: str, word: str) -> None:
        line = self._lines.get(token)
        state = self._mine.get(token, {}).get(dispatch)
        if line is None or line.closed or self._stopping or state is None or NEXT[state][0] != word:
            return
        client_id = self._ids.setdefault((dispatch, word), str(uuid4()))
        line.say({"type": "dispatch.status", "dispatch_id": dispatch, "client_id": client_id, "state": word})

    async def all_offered(self, incidents: Collection[str], within_s: float) -> None:
        """Return when each of `incidents` was offered to some crew, or when the time is over."""
        give_up = asyncio.get_running_loop().time() + within_s
        while any(id_ not in self.offered_at for id_ in incidents) and asyncio.get_running_loop().time() < give_up:
            await asyncio.sleep(0.1)

    async def stop(self) -> None:
        """Drop every line."""
        self._stopping = True
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for socket in self._sockets:
            socket.close()
        # An aborted transport is closed by the loop's next turn.
        await asyncio.sleep(0)
