"""One server process: `python -m controlroom.serve api|jobs|all`, started by `up` and by the container image.

It reads its settings from the environment and refuses what `up` refuses: no way to send a code, no province for a press of which nothing
is known, a database of the demo's (law 13). The demo's own server is `python -m controlroom.demo.server`.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING

import uvicorn

from controlroom import stamp
from controlroom.app import Part, create_app
from controlroom.cli import report
from controlroom.failures import Exit, Failure, Missing
from controlroom.fit import check_fit
from controlroom.server import LISTEN, PARENT
from controlroom.settings import Settings
from core.log import configure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import FastAPI

    from core.clock import Clock

#: Frames from clients are small; anything larger is no frame of ours (law 11).
WS_MAX_BYTES = 65_536
PR_SET_PDEATHSIG = 1


def config_of(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """Return uvicorn's configuration; `websockets-sansio` is the card's `websockets` as a server (findings, "Wire")."""
    return uvicorn.Config(
        app,
        host=settings.web.host,
        port=settings.web.port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=WS_MAX_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.web.forwarded_allow_ips,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
        backlog=4096,
    )


def serve(
    settings: Settings, *, url: str, clock: Clock | None = None, part: Part = Part.ALL, sock: socket.socket | None = None
) -> None:
    """Serve until SIGTERM or SIGINT."""
    configure(level=settings.house.log_level)
    app = create_app(settings, url=url, clock=clock, part=part)
    calm_collector()
    uvicorn.Server(config_of(app, settings)).run(sockets=[sock] if sock else None)


def calm_collector() -> None:
    """Have Python look for cyclic garbage less often, and never among what was built before the first request.

    With a thousand sockets a full collection holds every press up for a tenth of a second, and a storm's own allocations ask for one
    every few seconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 200)


def inherited_socket() -> socket.socket | None:
    """Return the listening socket a parent handed down: while a server restarts, callers wait in its queue instead of being refused."""
    fd = os.environ.pop(LISTEN, None)
    return socket.socket(fileno=int(fd)) if fd else None


def die_with_parent() -> None:
    """Have the kernel end this process when the parent that asked for it dies, even by kill -9 (Linux)."""
    asked_by = os.environ.pop(PARENT, None)
    if asked_by is None:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    # It may have died before the kernel was told.
    if os.getppid() != int(asked_by):
        sys.exit(Exit.FAILED)


def database_url(settings: Settings) -> str:
    """Return where the database is. Raises `Missing` when nobody said."""
    if settings.database.url is None:
        raise Missing(tr="DATABASE_URL yok.", en="There is no DATABASE_URL.", mend="./merkez up")
    return settings.database.url.get_secret_value()


def main(words: Sequence[str]) -> int:
    """Serve what `words` name; everything when they name nothing."""
    die_with_parent()
    try:
        part = Part(words[0]) if words else Part.ALL
    except ValueError:
        sys.stderr.write("python -m controlroom.serve api|jobs|all\n")
        return Exit.WRONG_USE
    try:
        settings = Settings.read()
        check_fit(settings)
        url = database_url(settings)
        stamp.check_for_duty(url)
    except Failure as failure:
        report(failure)
        return failure.code
    serve(settings, url=url, part=part, sock=inherited_socket())
    return Exit.DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
