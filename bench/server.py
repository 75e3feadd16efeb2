"""The house's own server as a process, on a free port, as it runs on duty: fsync, synchronous_commit and row-level security on."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from controlroom.cluster import CLONE

if TYPE_CHECKING:
    from collections.abc import Iterator

READY_WITHIN_S = 60.0


def many_files() -> None:
    """Let this process and its children hold ten thousand sockets."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class ServerProcess:
    """One `python -m controlroom.serve` that can be killed and started again on the same port."""

    def __init__(self, url: str, state: Path, *, port: int | None = None, part: str = "all", **environment: str) -> None:
        """Prepare it; `url` is the database's, `state` its folder for keys and spooled SMS."""
        self.port = port or free_port()
        self.state = state
        self._part = part
        self._environment = {
            **os.environ,
            "DATABASE_URL": url,
            "SMS_URL": f"file://{state / 'sms'}",
            "DEFAULT_PROVINCE": "26",
            "STATE_DIR": str(state),
            "WEB_PORT": str(self.port),
            "LOG_LEVEL": "WARNING",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None
        (state / "sms").mkdir(parents=True, exist_ok=True)

    def start(self, *, wait: bool = True) -> None:
        """Start it, and wait until it can take a press."""
        with (self.state / f"server-{self.port}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "controlroom.serve", self._part], cwd=CLONE, env=self._environment, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        if wait:
            self.await_ready()

    def await_ready(self) -> None:
        """Return once `/readyz` says yes; raise with the log's end when it dies or takes too long."""
        give_up = time.monotonic() + READY_WITHIN_S
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=5) as client:
            while time.monotonic() < give_up and self.process is not None and self.process.poll() is None:
                try:
                    if client.get("/readyz").is_success:
                        return
                except httpx.TransportError:
                    pass
                time.sleep(0.02)
        message = f"the server did not start:\n{(self.state / f'server-{self.port}.log').read_text(errors='replace')[-3000:]}"
        raise RuntimeError(message)

    def kill(self) -> None:
        """kill -9, and reap it."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        """Ask it to end."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


@contextmanager
def server(url: str, **environment: str) -> Iterator[ServerProcess]:
    """A running server on the database at `url`, stopped at the end."""
    many_files()
    with tempfile.TemporaryDirectory(prefix="merkez-bench-") as folder:
        running = ServerProcess(url, Path(folder), **environment)
        running.start()
        try:
            yield running
        finally:
            running.stop()
