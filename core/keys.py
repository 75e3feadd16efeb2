"""Secret keys on disk: made on first use, readable by their owner alone, never printed, never in the database."""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

KEY_BYTES = 32


def secret_file(path: Path) -> bytes:
    """Return the key kept at `path`, making it when there is none. Two processes at once end with the same key.

    Raises `PermissionError` where others may read it: a key that was open to them is no secret any more.
    """
    if not path.exists():
        _make(path)
    if path.stat().st_mode & 0o077:
        message = f"{path.name} is open to others; it must be 0600 (chmod 600), and made anew if others could read it"
        raise PermissionError(message)
    key = path.read_bytes()
    if len(key) < KEY_BYTES:
        message = f"{path.name} holds {len(key)} bytes, a key has at least {KEY_BYTES}"
        raise ValueError(message)
    return key


def _make(path: Path) -> None:
    """Write beside, sync, then link: the name never stands for half a key, and whoever comes second keeps the first one's."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(fd, secrets.token_bytes(KEY_BYTES))
        os.fsync(fd)
    finally:
        os.close(fd)
    with contextlib.suppress(FileExistsError):
        os.link(new, path)
    new.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
