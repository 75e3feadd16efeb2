"""Heads outside the database, first kind: a file that only grows. Put it on another disk, or let it be fetched (docs/runbook)."""

from __future__ import annotations

import asyncio
import json
import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

from core.audit.rules import Head

if TYPE_CHECKING:
    from pathlib import Path


def heads_folder(state_dir: Path, *, demo: bool) -> Path:
    """Return where a house keeps its heads: the demo's chain is another one, and would not fit the real one's heads."""
    return state_dir / ("audit-demo" if demo else "audit")


class UnreadableHeadError(ValueError):
    """A line of a heads file is not what this house writes."""


class FileHeads:
    """Keeps heads as JSON lines in `folder`/heads.jsonl; a `HeadSink`."""

    def __init__(self, folder: Path) -> None:
        """Keep them in `folder`, which is made on first use."""
        self.path = folder / "heads.jsonl"

    @classmethod
    def in_file(cls, path: Path) -> FileHeads:
        """Take a copy of such a file under whatever name."""
        kept = cls(path.parent)
        kept.path = path
        return kept

    async def latest(self) -> int:
        """Return the highest place kept."""
        return max((head.n for head in await asyncio.to_thread(self.read)), default=0)

    async def send(self, head: Head) -> None:
        """Append a head and wait until it lies on the disk."""
        await asyncio.to_thread(self._append, head)

    def read(self) -> list[Head]:
        """Return every head kept; a last line without its end was torn by a power cut and never confirmed.

        Raises `UnreadableHeadError`.
        """
        if not self.path.exists():
            return []
        lines = self.path.read_text(encoding="utf-8").split("\n")
        return [_head(line, number, self.path.name) for number, line in enumerate(lines[:-1], 1)]

    def _append(self, head: Head) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._drop_torn_line(fd)
            os.write(fd, (json.dumps(_row(head)) + "\n").encode("ascii"))
            os.fsync(fd)
        finally:
            os.close(fd)

    @staticmethod
    def _drop_torn_line(fd: int) -> None:
        """Cut what a power cut left of a line: it was never confirmed, and the head is being sent again."""
        text = b""
        size = os.fstat(fd).st_size
        if size:
            text = os.pread(fd, size, 0)
        if text and not text.endswith(b"\n"):
            os.ftruncate(fd, text.rfind(b"\n") + 1)


def _row(head: Head) -> dict[str, Any]:
    return {
        "n": head.n,
        "hash": head.hash.hex(),
        "at": head.at.isoformat(timespec="microseconds"),
        "key_id": head.key_id,
        "signature": head.signature.hex(),
    }


def _head(line: str, number: int, file: str) -> Head:
    try:
        row = json.loads(line)
        at = datetime.fromisoformat(row["at"])
        return Head(int(row["n"]), bytes.fromhex(row["hash"]), at, str(row["key_id"]), bytes.fromhex(row["signature"]))
    except (ValueError, KeyError, TypeError) as fault:
        message = f"{file}, line {number} is no head: it was written by another hand"
        raise UnreadableHeadError(message) from fault
