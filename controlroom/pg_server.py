"""Which PostgreSQL server programs this machine has, and whether PostGIS is among them."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from controlroom.failures import Missing
from controlroom.programs import run

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Older majors lack what the schema uses (NULLS NOT DISTINCT, security_invoker views).
OLDEST_MAJOR = 15
ANSWER_WITHIN_S = 10.0
#: Debian, then the PGDG packages of Red Hat, then Homebrew: server programs are on nobody's PATH.
USUAL_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


@dataclass(frozen=True, slots=True, order=True)
class Server:
    """One installed major version of PostgreSQL."""

    major: int  #: 15, 16, …
    bin: Path  #: The folder of initdb, postgres, pg_dump.
    has_postgis: bool  #: Its share folder carries postgis.control.

    def program(self, name: str) -> str:
        """Path of one of its programs."""
        return str(self.bin / name)


def installed() -> list[Server]:
    """Every server on this machine, the newest first."""
    found = {server.bin: server for folder in _folders() if (server := _look_at(folder))}
    return sorted(found.values(), reverse=True)


def choose(major: int | None = None) -> Server:
    """Return the newest server with PostGIS, or the one of a major version that a cluster was made with.

    Raises `Missing` with the command that mends it.
    """
    servers = installed()
    if major is not None:
        fitting = [server for server in servers if server.major == major]
    else:
        fitting = [server for server in servers if server.major >= OLDEST_MAJOR]
    for server in fitting:
        if server.has_postgis:
            return server
    if major is not None:
        raise _foreign_major(major, servers)
    if fitting:
        wanted = fitting[0].major
        raise Missing(
            tr=f"PostgreSQL {wanted} var, PostGIS yok.",
            en=f"PostgreSQL {wanted} is here, PostGIS is not.",
            mend=install_command(wanted),
        )
    raise Missing(
        tr=f"PostgreSQL (en az {OLDEST_MAJOR}) ve PostGIS bulunamadı.",
        en=f"PostgreSQL ({OLDEST_MAJOR} or newer) with PostGIS was not found.",
        mend=install_command(None),
    )


def install_command(major: int | None) -> str:
    """Return the line a person types to get a server, for a known major or for the distribution's own."""
    package = f"postgresql-{major}-postgis-3" if major else "postgresql postgresql-postgis"
    return f"sudo apt-get update && sudo apt-get install -y {package}"


def _foreign_major(major: int, servers: list[Server]) -> Missing:
    here = ", ".join(str(server.major) for server in servers) or "-"
    return Missing(
        tr=f"Veritabanı kümesi PostgreSQL {major} ile yapılmış; bu makinede {here} var. "
        f"Ya {major} sürümünü kurun ya da eski makinede `./merkez backup`, burada `./merkez restore` çalıştırın.",
        en=f"The cluster was made with PostgreSQL {major}; this machine has {here}. "
        f"Install {major}, or run `./merkez backup` where it still runs and `./merkez restore` here.",
        mend=install_command(major),
    )


def _folders() -> Iterator[Path]:
    for pattern in USUAL_FOLDERS:
        root, _, rest = pattern.partition("*")
        parent, prefix = (Path(root), "") if root.endswith("/") else (Path(root).parent, Path(root).name)
        yield from parent.glob(f"{prefix}*{rest}")
    if told := _answer_of("pg_config", "--bindir"):
        yield Path(told)
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent


def _look_at(folder: Path) -> Server | None:
    if not all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
        return None
    version = re.search(r"\) (\d+)", _answer_of(str(folder / "postgres"), "--version"))
    if version is None:
        return None
    major = int(version[1])
    share = _answer_of(str(folder / "pg_config"), "--sharedir") or f"/usr/share/postgresql/{major}"
    return Server(major=major, bin=folder, has_postgis=(Path(share) / "extension/postgis.control").is_file())


def _answer_of(program: str, option: str) -> str:
    done = run(program, option, timeout_s=ANSWER_WITHIN_S)
    return done.said if done.ok else ""  # a program that is not there, or hangs, is as good as not installed
