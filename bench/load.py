"""Clients light enough that a benchmark measures the server: bare asyncio protocols for websockets (RFC 6455) and for HTTP/1.1 keep-alive.

The card's `websockets` client costs more than the server it would measure when ten thousand of them share two cores with it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Heard = Callable[["LightSocket", bytes, int], None]


def now_ns() -> int:
    """Return CLOCK_MONOTONIC, which every process of this machine shares."""
    return time.monotonic_ns()


def masked(payload: bytes, opcode: int = 1) -> bytes:
    """Return one client frame; the mask is zero, which RFC 6455 allows and costs nothing to apply."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
    elif size < 65_536:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
    return head + b"\0\0\0\0" + payload


class LightSocket(asyncio.Protocol):
    """One websocket: says hello, hands every text frame to `heard` with its time of arrival."""

    def __init__(self, path: str, hello: dict[str, Any] | None, heard: Heard, name: Any = None) -> None:
        """Connect to `path`; `name` is the caller's mark for this socket."""
        self.name = name
        self.open = asyncio.get_running_loop().create_future()
        self.closed = False
        self.log: str | None = None
        self.last: int | None = None
        self._path, self._hello, self._heard = path, hello, heard
        self._buffer = bytearray()
        self._upgraded = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever still waits for the opening."""
        self.closed = True
        if not self.open.done():
            self.open.set_exception(ConnectionError(f"closed before it opened: {exc}"))

    def say(self, frame: dict[str, Any]) -> None:
        """Send one text frame."""
        assert self._transport is not None
        self._transport.write(masked(json.dumps(frame).encode()))

    def close(self) -> None:
        """Drop the line without a word."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Cut the stream into frames."""
        at = now_ns()
        self._buffer += data
        if not self._upgraded and not self._upgrade():
            return
        buffer, start = self._buffer, 0
        while (found := _frame(buffer, start)) is not None:
            opcode, begin, end = found
            start = end
            if opcode == 1:
                self._heard(self, bytes(buffer[begin:end]), at)
            elif opcode == 9 and self._transport is not None:
                self._transport.write(masked(bytes(buffer[begin:end]), opcode=10))
        del buffer[:start]

    def _upgrade(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        status = self._buffer[:end].split(b"\r\n", 1)[0]
        del self._buffer[: end + 4]
        self._upgraded = True
        if b" 101 " not in status + b" ":
            self.open.set_exception(ConnectionError(status.decode()))
            return False
        if self._hello is not None:
            self.say(self._hello)
        self.open.set_result(None)
        return True


def _frame(buffer: bytearray, start: int) -> tuple[int, int, int] | None:
    """Return opcode, begin and end of the frame at `start`, or None while it is not whole."""
    if len(buffer) < start + 2:
        return None
    opcode, size, begin = buffer[start] & 0x0F, buffer[start + 1] & 0x7F, start + 2
    if size == 126:
        if len(buffer) < begin + 2:
            return None
        size, begin = struct.unpack_from("!H", buffer, begin)[0], begin + 2
    elif size == 127:
        if len(buffer) < begin + 8:
            return None
        size, begin = struct.unpack_from("!Q", buffer, begin)[0], begin + 8
    return (opcode, begin, begin + size) if len(buffer) >= begin + size else None


async def connect(port: int, path: str, hello: dict[str, Any] | None, heard: Heard, name: Any = None) -> LightSocket:
    """Open one socket and wait for the upgrade."""
    _, socket = await asyncio.get_running_loop().create_connection(lambda: LightSocket(path, hello, heard, name), "127.0.0.1", port)
    await asyncio.wait_for(socket.open, 30)
    return socket


@dataclass(slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    body: bytes

    def json(self) -> Any:
        """Parse the body."""
        return json.loads(self.body)


class Line:
    """One keep-alive HTTP connection; one request at a time."""

    def __init__(self, port: int) -> None:
        """Connect lazily to 127.0.0.1:`port`."""
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, token: str | None, body: dict[str, Any]) -> Answer:
        """Send JSON and return the answer. Raises OSError or EOFError when the line breaks."""
        return await self.send("POST", path, token, json.dumps(body).encode())

    async def send(self, method: str, path: str, token: str | None, body: bytes = b"") -> Answer:
        """Send one request on the kept connection."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        bearer = f"Authorization: Bearer {token}\r\n" if token else ""
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{bearer}Content-Type: application/json\r\n"
        head += f"Content-Length: {len(body)}\r\n\r\n"
        try:
            writer.write(head.encode() + body)
            raw = await reader.readuntil(b"\r\n\r\n")
            lengths = [int(line.split(b":")[1]) for line in raw.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            length = lengths[0] if lengths else 0
            return Answer(int(raw.split(b" ", 2)[1]), await reader.readexactly(length))
        except (OSError, EOFError):
            self.close()
            raise

    def close(self) -> None:
        """Drop the connection."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None
