"""The demo's people and devices as the server meets them: HTTP with a token, and sockets that come back by themselves."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from core.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from websockets.asyncio.client import ClientConnection

Json = dict[str, Any]

#: Renew when this share of a token's life is over.
RENEW_AT = 0.7
#: Frames a line remembers for `expect`.
REMEMBERED = 4_000
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 3.0
#: Closing codes after which knocking again with the same token is of no use.
FINAL = {4401, 4403}


class Refused(Exception):  # noqa: N818 - what the server said, not a fault of ours
    """The server answered with a problem."""

    def __init__(self, status: int, body: Json) -> None:
        """Keep what it said."""
        super().__init__(f"{status} {body.get('slug', '')} {body.get('detail', '')} {body.get('errors', '')}")
        self.status = status
        self.body = body


class Bearer(Protocol):
    """Whoever has a token."""

    async def token(self) -> str:
        """Return one that is good now."""
        ...


class House:
    """The server's HTTP side, for everybody of one demo."""

    def __init__(self, base_url: str) -> None:
        """Talk to `base_url`, past any proxy of the machine."""
        self.base_url = base_url
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=50)
        self._http = httpx.AsyncClient(base_url=base_url, timeout=15, limits=limits, trust_env=False, headers={"Accept-Language": "tr"})

    async def __aenter__(self) -> Self:
        """Use it in an `async with`."""
        return self

    async def __aexit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        """Let the connections go."""
        await self._http.aclose()

    async def call(self, method: str, path: str, who: Bearer | None = None, **more: Any) -> Json:  # noqa: ANN401 - httpx's own arguments
        """Ask, and return the JSON answer. Raises `Refused`, and `httpx.TransportError` when nobody answered."""
        headers = {} if who is None else {"Authorization": f"Bearer {await who.token()}"}
        answer = await self._http.request(method, path, headers=headers, **more)
        body: Json = answer.json() if answer.content else {}
        if not answer.is_success:
            raise Refused(answer.status_code, body)
        return body

    async def get(self, path: str, who: Bearer, **query: Any) -> Json:  # noqa: ANN401 - query values
        """GET."""
        return await self.call("GET", path, who, params=query)

    async def post(self, path: str, who: Bearer | None, **body: Any) -> Json:  # noqa: ANN401 - JSON values
        """POST a write; it gets its `client_id` here."""
        return await self.call("POST", path, who, json={"client_id": str(new_id()), **body})

    async def every(self, path: str, who: Bearer, cursor: str = "cursor", **query: Any) -> list[Json]:  # noqa: ANN401 - query values
        """GET a list to its end."""
        found: list[Json] = []
        while True:
            answer = await self.get(path, who, **query)
            found += answer["items"]
            if answer["next"] is None:
                return found
            query[cursor] = answer["next"]


@dataclass(slots=True)
class Device:
    """A device: its token does not lapse."""

    secret: str

    async def token(self) -> str:
        """Return it."""
        return self.secret


@dataclass
class Person:
    """An account: signs in once, then renews."""

    house: House
    username: str
    password: str
    _access: str = ""
    _refresh: str = ""
    _renew_at: float = 0.0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def token(self) -> str:
        """Return a token that is good for some minutes."""
        async with self._turn:
            if time.monotonic() >= self._renew_at:
                await self._renew()
            return self._access

    async def _renew(self) -> None:
        if self._refresh:
            try:
                body = {"refresh_token": self._refresh, "device": self.device}
                self._keep(await self.house.call("POST", "/api/v1/token/refresh", json=body))
            except Refused:
                self._refresh = ""  # the family is over: show the password again
            else:
                return
        form = {"username": self.username, "password": self.password, "device": self.device}
        self._keep(await self.house.call("POST", "/api/v1/token", data=form))

    @property
    def device(self) -> str:
        """The id of this person's simulated device."""
        return f"benzetim-{self.username}"

    def _keep(self, answer: Json) -> None:
        self._access, self._refresh = answer["access_token"], answer["refresh_token"]
        self._renew_at = time.monotonic() + answer["expires_in"] * RENEW_AT


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame and when it came."""

    at: float  #: `time.monotonic()`.
    frame: Json

    @property
    def type(self) -> str:
        """The frame's type."""
        return str(self.frame["type"])

    @property
    def data(self) -> Json:
        """The frame's data."""
        data: Json = self.frame["data"]
        return data



class Line:
    """One socket that keeps its place in the log and comes back."""

    def __init__(self, house: House, path: str, who: Bearer, on_frame: Callable[[Seen], None] | None = None) -> None:
        """Connect to `path` as `who`; `on_frame` is told every frame."""
        self._url = house.base_url.replace("http", "ws", 1) + path
        self._who = who
        self._on_frame = on_frame
        self._socket: ClientConnection | None = None
        self._place: tuple[str, int] | None = None
        self.seen: deque[Seen] = deque(maxlen=REMEMBERED)
        self._told: list[asyncio.Event] = []
        self.welcome = asyncio.Event()
        #: Said after each welcome: what a console looks at is not remembered by the server.
        self.viewport: list[float] | None = None

    async def run(self) -> None:
        """Hold the line until cancelled, or until the server says that this token opens it no more."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                await self._hold()
                pause = FIRST_PAUSE_S
            except ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.code in FINAL and isinstance(self._who, Device):
                    return
            except (OSError, InvalidHandshake, TimeoutError, httpx.TransportError, Refused):
                pause = min(pause * 2, LONGEST_PAUSE_S)
            finally:
                self._socket = None
                self.welcome.clear()
            await asyncio.sleep(pause)

    async def _hold(self) -> None:
        async with connect(self._url, proxy=None, compression=None, max_size=4_000_000, open_timeout=10) as socket:
            token = await self._who.token()
            log, after = self._place or (None, None)
            await socket.send(json.dumps({"type": "hello", "token": token, "log": log, "after": after}))
            self._socket = socket
            if self.viewport is not None:
                await socket.send(json.dumps({"type": "viewport", "bbox": self.viewport}))
            renewing = asyncio.create_task(self._renew(socket, token))
            try:
                async for text in socket:
                    self._hear(json.loads(text))
            finally:
                renewing.cancel()
                with suppress(asyncio.CancelledError, ConnectionClosed, httpx.TransportError, Refused):
                    await renewing

    async def _renew(self, socket: ClientConnection, shown: str) -> None:
        """Show the newer token in band, before the old one lapses."""
        while True:
            await asyncio.sleep(20)
            token = await self._who.token()
            if token != shown:
                shown = token
                await socket.send(json.dumps({"type": "renew", "token": token}))

    def _hear(self, frame: Json) -> None:
        seen = Seen(time.monotonic(), frame)
        if seen.type == "welcome":
            self._place = (seen.data["log"], seen.data["seq"])
            self.welcome.set()
        elif frame["seq"] is not None and self._place is not None:
            self._place = (self._place[0], max(self._place[1], frame["seq"]))
        self.seen.append(seen)
        for told in self._told:
            told.set()
        if self._on_frame is not None:
            self._on_frame(seen)

    async def say(self, type_: str, **frame: Any) -> bool:  # noqa: ANN401 - JSON values
        """Send a frame; say whether there was a line to send it on."""
        if self._socket is None or not self.welcome.is_set():
            return False
        try:
            await self._socket.send(json.dumps({"type": type_, **frame}))
        except ConnectionClosed:
            return False
        return True

    async def expect(self, match: Callable[[Seen], bool], within_s: float) -> Seen | None:
        """Return the first frame that matches, of those that came and those to come; None when it did not come in time."""
        told = asyncio.Event()
        self._told.append(told)
        try:
            async with asyncio.timeout(within_s):
                while True:
                    told.clear()
                    for seen in self.seen:
                        if match(seen):
                            return seen
                    await told.wait()
        except TimeoutError:
            return None
        finally:
            self._told.remove(told)
