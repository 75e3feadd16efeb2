"""A stand-in for the server: the built pages, their policy, and a wire that a test can break at will.

The real house cannot be made to skip a frame, to answer no press, or to say a word that no page knows; this one can.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.clock import SystemClock
from core.middleware import SECURITY_HEADERS
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: A build elsewhere, for working on the pages while another process builds them.
DIST = Path(os.environ.get("PAGES_DIST") or Path(__file__).resolve().parents[2] / "map-ui" / "dist")
LON, LAT = 30.5206, 39.7767
TOKENS = {"access_token": "an-access", "refresh_token": "a-refresh", "token_type": "bearer", "expires_in": 900}
ME: dict[str, Any] = {"name": "Konsol 1", "provinces": [26], "team_id": "t1", "demo": True, "centre": {"lon": LON, "lat": LAT}}


def now_text(after_s: float = 0) -> str:
    """The time, RFC 3339."""
    return (SystemClock().now() + timedelta(seconds=after_s)).isoformat()


@dataclass
class StandIn:
    """What the pages see of the server, and what a test may do to it."""

    role: str = "dispatcher"
    base_url: str = ""
    incidents: dict[str, dict[str, Any]] = field(default_factory=dict)
    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    #: Paths that answer nothing good: path ending → status, for as long as it stands here.
    refuse: dict[str, int] = field(default_factory=dict)
    #: No socket is let in for as long as it is true.
    shut: bool = False
    posts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    hellos: list[dict[str, Any]] = field(default_factory=list)
    heard: list[dict[str, Any]] = field(default_factory=list)
    seq: int = 100
    log: list[dict[str, Any]] = field(default_factory=list)
    _sockets: dict[WebSocket, int | None] = field(default_factory=dict)
    _loop: asyncio.AbstractEventLoop | None = None

    # --- what a test does ------------------------------------------------------------------------------------------------

    def tell(self, type_: str, data: dict[str, Any], *, numbered: bool = True) -> None:
        """Send one frame to every open socket, and keep it for those who come back."""
        frame: dict[str, Any] = {"seq": None, "prev": None, "type": type_, "at": now_text(), "data": data}
        if numbered:
            self.seq += 1
            frame["seq"] = self.seq
            self.log.append(frame)
        self._do(self._broadcast(frame))

    def lose(self, type_: str, data: dict[str, Any]) -> None:
        """Number a frame and send it to nobody: a hole on the wire."""
        self.seq += 1
        self.log.append({"seq": self.seq, "prev": None, "type": type_, "at": now_text(), "data": data})
        for socket in self._sockets:
            self._sockets[socket] = self.seq

    def say(self, text: str) -> None:
        """Send any text at all."""
        self._do(self._raw(text))

    def cut(self, code: int = 1012) -> None:
        """Close every socket."""
        self._do(self._close(code))

    def _do(self, what: Any) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(what, self._loop).result(5)

    async def _broadcast(self, frame: dict[str, Any]) -> None:
        for socket, sent in list(self._sockets.items()):
            prev = sent if frame["seq"] is not None else None
            await socket.send_text(json.dumps({**frame, "prev": prev}))
            if frame["seq"] is not None:
                self._sockets[socket] = frame["seq"]

    async def _raw(self, text: str) -> None:
        for socket in list(self._sockets):
            await socket.send_text(text)

    async def _close(self, code: int) -> None:
        for socket in list(self._sockets):
            await socket.close(code)

    # --- what the pages meet ---------------------------------------------------------------------------------------------

    async def socket(self, socket: WebSocket) -> None:
        """One socket: hello, welcome, the gap, then whatever is told."""
        self._loop = asyncio.get_running_loop()
        if self.shut:
            await socket.close()
            return
        await socket.accept()
        hello = await socket.receive_json()
        self.hellos.append(hello)
        after = hello.get("after")
        complete = after is not None and hello.get("log") == "the-log"
        data = {"log": "the-log", "replay": "complete" if complete else "snapshot", "seq": self.seq}
        await socket.send_json({"seq": None, "prev": None, "type": "welcome", "at": now_text(), "data": data})
        sent = after if complete else self.seq
        for frame in self.log if complete else []:
            if frame["seq"] > after:
                await socket.send_json({**frame, "prev": sent})
                sent = frame["seq"]
        self._sockets[socket] = sent
        try:
            while True:
                self.heard.append(await socket.receive_json())
        except WebSocketDisconnect:
            pass
        finally:
            self._sockets.pop(socket, None)

    async def rest(self, request: Request) -> Response:
        """Every REST door at once."""
        self._loop = asyncio.get_running_loop()
        path = request.url.path.removeprefix("/api/v1")
        body = await request.body()
        if request.method == "POST" and request.headers.get("content-type", "").startswith("application/json"):
            self.posts.append((path, json.loads(body)))
        for end, status in self.refuse.items():
            if path.endswith(end):
                return JSONResponse({"type": "about:blank", "slug": "refused", "title": "Olmadı", "detail": "Şimdi olmaz."}, status)
        answer = self.answers.get(path, self._known(request.method, path))
        return JSONResponse(answer, 202 if path == "/kades/alerts" else 200)

    def _known(self, method: str, path: str) -> dict[str, Any]:
        styles = {"style_day": "/basemap/style-day.json", "style_night": "/basemap/style-night.json"}
        fixed: dict[str, dict[str, Any]] = {
            "/token": TOKENS,
            "/token/refresh": TOKENS,
            "/config": {"demo": True, "map": styles},
            "/me": {"id": "me", "role": self.role, **ME},
        }
        if path in fixed:
            return fixed[path]
        if method == "POST":
            return {}
        if path == "/incidents":
            return {"items": list(self.incidents.values()), "next": None}
        one = self.incidents.get(path.removeprefix("/incidents/"))
        return one or {"items": self.lists.get(path, []), "next": None}

    def app(self) -> ASGIApp:
        """The whole of it, with the house's own headers."""
        inner = Starlette(routes=[
            *(WebSocketRoute(f"/ws/{door}", self.socket) for door in ("operator", "team", "kades")),
            Route("/api/v1/{path:path}", self.rest, methods=["GET", "POST"]),
            Mount("/", StaticFiles(directory=DIST, html=True)),
        ])  # fmt: skip

        async def with_headers(scope: Scope, receive: Receive, send: Send) -> None:
            async def answered(message: Message) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = [*message["headers"], *SECURITY_HEADERS]
                await send(message)

            await inner(scope, receive, answered if scope["type"] == "http" else send)

        return with_headers


@contextmanager
def standing_in(role: str = "dispatcher", port: int = 0) -> Iterator[StandIn]:
    """Serve a stand-in until the block ends."""
    stand_in = StandIn(role=role)
    config = uvicorn.Config(stand_in.app(), host="127.0.0.1", port=port, log_level="error", ws="websockets-sansio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started or not thread.is_alive(), "the start of the stand-in")
    assert server.started, "the stand-in did not start"
    stand_in.base_url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield stand_in
    finally:
        server.should_exit = True
        thread.join(5)


def a_dispatch(**change: Any) -> dict[str, Any]:
    """A whole dispatch."""
    nothing = dict.fromkeys(("acknowledged_at", "accepted_at", "en_route_at", "on_scene_at", "ended_at", "reason", "by"))
    return {
        "id": str(uuid4()), "incident_id": "i1", "team_id": "t1", "team_code": "26-101", "state": "offered", "offered_at": now_text(),
        **nothing, "distance_m": 840, "eta_s": 130, "fix_age_s": 4, "ack_due_at": now_text(15), "accept_due_at": now_text(30),
        "lead": False, "drill": False, **change,
    }  # fmt: skip


def an_incident(**change: Any) -> dict[str, Any]:
    """A whole incident."""
    nothing = dict.fromkeys((
        "place_text", "instruction", "owner_id", "owner_name", "taken_at", "evaluation", "cancelled", "outcome", "outcome_body",
        "closed_at",
        "merged_into", "delivered_at",
    ))  # fmt: skip
    return {
        "id": "i1", "olay_no": "26-2026-000123", "kind": "kades", "source": "kades", "source_id": "a1", "priority": 2, "state": "raised",
        "provinces": [26], "position": a_place(accuracy_m=180), "position_kind": "fix", "silent": False, "drill": False,
        "opened_at": now_text(), "needed_teams": 1, "further": 0, "automatic": True, "due_warn_at": now_text(420),
        "due_breach_at": now_text(600), "version": 1, "dispatches": [], **nothing, **change,
    }  # fmt: skip


def a_move(**change: Any) -> dict[str, Any]:
    """A team's move."""
    return {
        "team_id": "t1", "code": "26-101", "kind": "patrol", "force": "police", "roster": "available", "free": True,
        "position": a_place(lon=LON + 0.004, lat=LAT + 0.003), "heading_deg": 210, "speed_mps": 9, "stale": False, **change,
    }  # fmt: skip


def a_place(lon: float = LON, lat: float = LAT, accuracy_m: float = 8) -> dict[str, Any]:
    """A position of now."""
    return {"lon": lon, "lat": lat, "accuracy_m": accuracy_m, "fixed_at": now_text()}
