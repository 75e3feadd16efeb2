"""The house's own server as a process, as it runs on duty: fsync, synchronous_commit and row-level security on."""

from __future__ import annotations

import resource
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from controlroom.ground import VAR
from controlroom.server import Server, listen_at

if TYPE_CHECKING:
    from collections.abc import Iterator


def many_files() -> None:
    """Let this process and its children hold ten thousand sockets."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def environment_of(url: str, state: Path, **more: str) -> dict[str, str]:
    """Return what a server on duty is told."""
    return {
        "DATABASE_URL": url,
        "SMS_URL": f"file://{state / 'sms'}",
        "DEFAULT_PROVINCE": "26",
        "STATE_DIR": str(state),
        "LOG_LEVEL": "WARNING",
        **more,
    }


@contextmanager
def server(url: str, **environment: str) -> Iterator[Server]:
    """A running server on the database at `url`, stopped at the end."""
    many_files()
    with tempfile.TemporaryDirectory(prefix="merkez-bench-") as folder, listen_at("127.0.0.1", 0) as sock:
        state = Path(folder)
        (state / "sms").mkdir()
        (VAR / "bench-server.jsonl").unlink(missing_ok=True)
        running = Server("controlroom.serve", sock, environment_of(url, state, **environment), VAR / "bench-server.jsonl")
        running.start()
        try:
            running.await_ready()
            yield running
        finally:
            running.stop()


def port_of(running: Server) -> int:
    """Return the port a server listens on."""
    return int(running.sock.getsockname()[1])
