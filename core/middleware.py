"""What wraps every HTTP request: its id, its size limit, its line in log and metrics, and the headers browsers obey."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog
from starlette.requests import Request

from core.errors import TooLarge
from core.ids import new_id
from core.metrics import REQUEST_SECONDS, REQUESTS
from core.problems import respond
from core.web import BODY_LIMIT, language

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = structlog.get_logger("access")

#: Everything from ourselves; blob: for MapLibre's images and the live view. No inline script or style (issue 2: "strict CSP").
CSP = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS = [
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"geolocation=(self), camera=(), microphone=()"),
]


class _Oversize(Exception):  # noqa: N818 - a signal inside this file
    """The body grew over the limit while it was read."""


class Envelope:
    """Pure ASGI middleware (Starlette's BaseHTTPMiddleware costs a task and a stream per request)."""

    def __init__(self, app: ASGIApp, *, body_limit: int = BODY_LIMIT) -> None:
        """Wrap `app`; refuse bodies above `body_limit` bytes with 413."""
        self.app = app
        self.limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = str(new_id())
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        seen: dict[str, Any] = {"status": 0, "size": 0, "oversize": False, "refused": False}

        async def counted() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                seen["size"] += len(message.get("body", b""))
                if seen["size"] > self.limit:
                    seen["oversize"] = True
                    raise _Oversize
            return message

        async def answered(message: MutableMapping[str, Any]) -> None:
            # FastAPI turns any fault while reading a body into its own 400; what it says then is dropped for our 413.
            if seen["oversize"] and not seen["refused"]:
                return
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode()), *SECURITY_HEADERS]
            await send(message)

        try:
            with suppress(_Oversize):
                await self.app(scope, counted, answered)
            if seen["oversize"] and seen["status"] == 0:
                seen["refused"] = True
                await respond(TooLarge(limit=self.limit), language(Request(scope)))(scope, receive, answered)
        finally:
            self._note(scope, seen["status"], time.perf_counter() - started)

    @staticmethod
    def _note(scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "?")
        REQUESTS.labels(route, scope["method"], str(status)).inc()
        REQUEST_SECONDS.labels(route).observe(seconds)
        # The route's template, never the path: ids of persons stand in paths.
        _log.info("answered", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))
