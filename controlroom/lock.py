"""One `demo` or `up` per folder: the second is told who holds it. The kernel frees the lock of a process that was killed."""

from __future__ import annotations

import fcntl
import json
import os
import sys
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from controlroom.failures import Failure
from core.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Generator


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has the folder."""

    pid: int
    command: str
    since: str  #: RFC 3339, UTC.
    address: str | None = None  #: Where it serves, once it does.


class FolderLock:
    """A held lock; `serving_at` adds the address that a second start is told."""

    def __init__(self, file: TextIO, holder: Holder) -> None:
        """`file` is open and locked, and is kept so."""
        self._file = file
        self._write(holder)
        self._holder = holder

    def serving_at(self, address: str) -> None:
        """Tell later starts where this one serves."""
        self._holder = Holder(self._holder.pid, self._holder.command, self._holder.since, address)
        self._write(self._holder)

    def _write(self, holder: Holder) -> None:
        self._file.seek(0)
        self._file.truncate()
        json.dump(asdict(holder), self._file)
        self._file.flush()


@contextmanager
def folder_lock(var: Path, name: str, command: str) -> Generator[FolderLock]:
    """Hold `var/<name>.lock`. Raises `Failure` that names the holder's process, command, start and address."""
    var.mkdir(exist_ok=True)
    path = var / f"{name}.lock"
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _taken(path) from None
        since = SystemClock().now().isoformat(timespec="seconds")
        yield FolderLock(file, Holder(os.getpid(), command, since))
        file.truncate(0)


def holder_of(var: Path, name: str) -> Holder | None:
    """Who holds the lock now, for `doctor`; None when nobody does."""
    try:
        with (var / f"{name}.lock").open("r", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _read(file)
    except FileNotFoundError:
        return None
    return None


def _read(file: TextIO) -> Holder:
    try:
        return Holder(**json.load(file))
    except (ValueError, TypeError):  # it was just taken and not yet written
        return Holder(pid=0, command="?", since="?")


def _taken(path: Path) -> Failure:
    with path.open(encoding="utf-8") as file:
        holder = _read(file)
    at = f", {holder.address}" if holder.address else ""
    return Failure(
        tr=f"Bu klasör kullanımda: `{holder.command}`, süreç {holder.pid}, {holder.since} tarihinden beri{at}.",
        en=f"This folder is in use: `{holder.command}`, process {holder.pid}, since {holder.since}{at}.",
    )


def this_command() -> str:
    """Return the command line as a person would have typed it."""
    return " ".join(["./merkez", *sys.argv[1:]])
