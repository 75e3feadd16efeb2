"""`var/demo.json`: who can sign in to the demo and with what (contract.md, front door). The demo alone writes it; 0600.

The database remembers a hash of it. A later start on the same database finds the same sheet and goes on with it; with another, or none,
everybody gets new passwords and devices.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, LiteralString, Self

import psycopg

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]
KEY = "demo.sheet"
READ: LiteralString = "SELECT value FROM meta WHERE key = %s"
WRITE: LiteralString = "INSERT INTO meta (key, value) VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value"


@dataclass
class Sheet:
    """The secrets of one demo database."""

    sign_ins: Json = field(default_factory=dict)
    devices: Json = field(default_factory=dict)
    #: Accounts of the simulated desk; people get those above, so that the two never act under one name.
    simulated: Json = field(default_factory=dict)

    def write(self, path: Path, base_url: str) -> None:
        """Write the sheet beside, then rename: nobody reads half of it."""
        new = path.with_suffix(".new")
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            json.dump({"base_url": base_url, **self._secrets()}, file, ensure_ascii=False, indent=1)
        new.replace(path)

    def remember(self, url: str) -> None:
        """Have the database know this sheet."""
        with psycopg.connect(url) as conn:
            conn.execute(WRITE, (KEY, self._hash()))

    @classmethod
    def known_to(cls, url: str, path: Path) -> Self | None:
        """Return the sheet at `path` if it is the one this database was filled with."""
        try:
            read = json.loads(path.read_text(encoding="utf-8"))
            sheet = cls(read["sign_ins"], read["devices"], read["simulated"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None  # there is none, or somebody edited it: everything is dealt out anew
        with psycopg.connect(url) as conn:
            return sheet if conn.execute(READ, (KEY,)).fetchone() == (sheet._hash(),) else None

    def _secrets(self) -> Json:
        return {"sign_ins": self.sign_ins, "devices": self.devices, "simulated": self.simulated}

    def _hash(self) -> str:
        return hashlib.sha256(json.dumps(self._secrets(), sort_keys=True).encode()).hexdigest()
