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

#: Seconds from the offer to each word of the crew; the last is within the ten that the issue asks for.
WORDS = ((0.5, "accepted"), (2.0, "en_route"), (4.0, "on_scene"), (7.0, "clear"))


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
                socket.log = frame["data"]["log"]
                socket.last = max(socket.last or 0, frame["data"]["seq"]) if frame["data"]["replay"] == "snapshot" else socket.last
                if not socket.name[2].done():
                    socket.name[2].set_result(None)
            case "dispatch.offered" if socket.name[1] == "/ws/team":
                self._offered(socket, frame, at)
            case "incident.opened":
                self.shown_at.setdefault(frame["data"]["id"], at)
            case "error":
                self.errors.append(frame["data"])
            case _:
                pass

    def _offered(self, socket: LightSocket, frame: dict[str, Any], at: int) -> None:
        self.offers += 1
        data = frame["data"]
        self.offered_at.setdefault(data["incident_id"], at)
        if frame["seq"] is not None:
            self._say(socket, {"type": "ack", "seq": frame["seq"]})
        loop = asyncio.get_running_loop()
        for after, state in WORDS:
            words = {"type": "dispatch.status", "dispatch_id": data["id"], "client_id": str(uuid4()), "state": state}
            loop.call_later(after + self._rng.random(), self._say, socket, words)

    def _say(self, socket: LightSocket, frame: dict[str, Any]) -> None:
        if not socket.closed and not self._stopping:
            socket.say(frame)

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
