"""One server process: `python -m controlroom.serve` (started by `demo`, `up` and the container image)."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING

import uvicorn

from controlroom.app import create_app
from controlroom.settings import Settings
from core.clock import Clock
from core.log import configure

if TYPE_CHECKING:
    from fastapi import FastAPI

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


def serve(settings: Settings, *, url: str, clock: Clock | None = None, background: bool = True, sock: socket.socket | None = None) -> None:
    """Serve until SIGTERM or SIGINT."""
    configure(level=settings.house.log_level)
    app = create_app(settings, url=url, clock=clock, background=background)
    uvicorn.Server(config_of(app, settings)).run(sockets=[sock] if sock else None)


def die_with_parent() -> None:
    """Have the kernel end this process when its parent dies, even by kill -9 (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() == 1:
            sys.exit(0)
