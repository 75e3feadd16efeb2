"""The server as a child of `up` and `demo`: started, restarted when it dies, ended with its parent."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from controlroom.cluster import CLONE
from controlroom.failures import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

#: The first start compiles nothing and migrates nothing; a machine that needs longer is not going to make it.
READY_WITHIN_S = 60.0
STOP_WITHIN_S = 20.0
LOOK_EVERY_S = 0.05
#: After a death: again after 0.2 s, 0.4 s … 10 s; a server that held for a minute starts afresh.
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
HELD_S = 60.0
BACKLOG = 4096
#: A log of this size is put aside, over the one before it: two files at most are kept.
LOG_BYTES = 50_000_000
#: Told to the server: whose end is its own too, and the listening socket it inherits.
PARENT, LISTEN = "MERKEZ_PARENT", "MERKEZ_LISTEN_FD"


def listen_at(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 lets the system choose. Raises `Failure` when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError as fault:
        sock.close()
        raise Failure(
            tr=f"{host}:{port} alınamadı: {fault.strerror}.",
            en=f"{host}:{port} cannot be had: {fault.strerror}.",
            mend="--port 0",
        ) from None
    return sock


@dataclass
class Server:
    """One server process behind a listening socket that outlives it."""

    module: str  #: Run as `python -m MODULE`.
    sock: socket.socket
    environment: Mapping[str, str]  #: Added to ours.
    log: Path  #: Its JSON lines.
    words: Sequence[str] = ()
    _child: subprocess.Popen[bytes] | None = None
    _started: float = 0.0
    _pause_s: float = FIRST_PAUSE_S
    _again_at: float = 0.0

    @property
    def base_url(self) -> str:
        """Where it serves."""
        host, port = self.sock.getsockname()[:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    @property
    def pid(self) -> int | None:
        """The process that serves now."""
        return self._child.pid if self._child else None

    def start(self) -> None:
        """Start the process; `await_ready` says when it serves. Call it from the main thread: the kernel ties the child to it."""
        self._started = time.monotonic()
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(  # noqa: S603 - words of our own, no shell
                [sys.executable, "-P", "-m", self.module, *self.words],
                cwd=CLONE,
                env={**os.environ, "PYTHONPATH": str(CLONE), **self.environment, PARENT: str(os.getpid()), LISTEN: str(self.sock.fileno())},
                pass_fds=[self.sock.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches us, and we end it after those who use it
            )

    def await_ready(self, within_s: float = READY_WITHIN_S) -> None:
        """Wait until it can take a press. Raises `Failure` with the end of its log when it dies or takes too long."""
        give_up = time.monotonic() + within_s
        with httpx.Client(base_url=self.base_url, timeout=5, trust_env=False) as client:
            while time.monotonic() < give_up:
                if self._child is None or self._child.poll() is not None:
                    raise self._did_not_start()
                try:
                    if client.get("/readyz").is_success:
                        return
                except httpx.TransportError:
                    pass  # it listens, and nobody has answered yet: the loop's own end is the time limit
                time.sleep(LOOK_EVERY_S)
        raise self._did_not_start()

    def tend(self) -> bool:
        """Start it again when it has died and its pause is over; say whether it did. Cheap, to be called a few times a second."""
        keep_small(self.log)
        if self._child is None or self._child.poll() is None:
            return False
        now = time.monotonic()
        if self._again_at == 0.0:
            self._pause_s = FIRST_PAUSE_S if now - self._started > HELD_S else min(self._pause_s * 2, LONGEST_PAUSE_S)
            self._again_at = now + self._pause_s
        if now < self._again_at:
            return False
        self._again_at = 0.0
        self.start()
        return True

    def watch(self, seconds: float) -> bool:
        """Wait so long for its death, and tend it."""
        if self._again_at == 0.0 and self._child is not None:
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(seconds)
        else:
            time.sleep(min(seconds, LOOK_EVERY_S))
        return self.tend()

    def stop(self) -> None:
        """End it: politely, then not."""
        child, self._child = self._child, None
        if child is None or child.poll() is not None:
            return
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def _did_not_start(self) -> Failure:
        tail = log_tail(self.log)
        return Failure(tr=f"Sunucu başlamadı ({self.log}):\n{tail}", en=f"The server did not start ({self.log}):\n{tail}")


def keep_small(log: Path, most: int = LOG_BYTES) -> None:
    """Put a log's text aside once it is large: a house that runs for months must not fill its own disk.

    Copied and cut, not renamed: the server goes on writing (appending) to the file it has open. No room for the copy: it stays as it is.
    """
    with suppress(OSError):
        if log.stat().st_size > most:
            shutil.copyfile(log, log.with_suffix(".1.jsonl"))
            os.truncate(log, 0)


def log_tail(log: Path, lines: int = 12) -> str:
    """Return the end of a log file."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
