"""A socket client that keeps every frame it was sent, and why it was closed."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

WITHIN_S = 20.0


@dataclass(eq=False)
class Line:
    """One socket after its hello."""

    wire: ClientConnection
    frames: list[dict[str, Any]] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False
    _reading: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        with suppress(ConnectionClosed):
            async for text in self.wire:
                self.frames.append(json.loads(text, parse_constant=_no_json))
                self.came.set()
        self.ended = True
        self.came.set()

    async def say(self, **frame: Any) -> None:
        await self.wire.send(json.dumps(frame))

    def of(self, *types: str) -> list[dict[str, Any]]:
        """The frames of those types so far."""
        return [one for one in self.frames if one["type"] in types]

    async def until(self, found: Callable[[], Any], what: str, within_s: float = WITHIN_S) -> Any:
        """Wait until something that came makes `found` true."""
        give_up = asyncio.get_running_loop().time() + within_s
        while not (thing := found()):
            left = give_up - asyncio.get_running_loop().time()
            assert left > 0, f"{what} did not come; {[one['type'] for one in self.frames[-10:]]}"
            assert not self.ended, f"closed before {what} came: {self.wire.close_code} {self.wire.close_reason}"
            self.came.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.came.wait(), left)
        return thing

    async def frame(self, type_: str, such: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        """The first frame of a type of which `such` is true."""
        await self.until(lambda: any(such(one) for one in self.of(type_)), type_)
        return next(one for one in self.of(type_) if such(one))

    async def answers(self) -> bool:
        """Say whether it is alive: one ping, one pong."""
        before = len(self.of("pong"))
        await self.say(type="ping")
        await self.until(lambda: len(self.of("pong")) > before, "a pong")
        return True

    async def closed(self, within_s: float = WITHIN_S) -> int | None:
        """Wait for its end; return the closing code."""
        assert self._reading is not None
        await asyncio.wait_for(asyncio.shield(self._reading), within_s)
        return self.wire.close_code

    async def leave(self) -> None:
        """Close it from this side."""
        await self.wire.close()
        if self._reading is not None:
            await self._reading


def _no_json(word: str) -> Any:
    message = f"a frame with {word} in it: no browser reads that"
    raise AssertionError(message)


async def called(url: str, token: str, **hello: Any) -> Line:
    """Open a socket, say hello, and wait for the welcome."""
    line = await opened(url, json.dumps({"type": "hello", "token": token, **hello}))
    await line.frame("welcome")
    return line


async def opened(url: str, first: str | bytes | None) -> Line:
    """Open a socket and say something first, or nothing."""
    # 100 hand-shakes at once on a busy machine take their time; that is not what is looked at here.
    line = Line(await connect(url, proxy=None, open_timeout=60, ping_interval=None))
    line.start()
    if first is not None:
        await line.wire.send(first)
    return line


@asynccontextmanager
async def on_the_line(url: str, token: str, **hello: Any) -> AsyncIterator[Line]:
    """A socket for a while."""
    line = await called(url, token, **hello)
    try:
        yield line
    finally:
        await line.leave()
