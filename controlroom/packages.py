"""What only the distribution can give: PostgreSQL with PostGIS, a browser.

Installed where we may, else the exact command is said.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from controlroom import pg_server
from controlroom.failures import Missing
from controlroom.programs import run

if TYPE_CHECKING:
    from collections.abc import Generator

#: Read by Debian's cluster maker; our file lies there only while we install.
CLUSTER_MAKER = Path("/etc/postgresql-common/createcluster.d/haber-merkezi.conf")
#: Another apt may be at work (a fresh machine updates itself): wait for it.
APT = ("apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Options::=--force-confold")


def may_install() -> bool:
    """Root on Debian, Ubuntu or a child of theirs."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def ensure_server(major: int | None = None) -> pg_server.Server:
    """Find the server programs, installing them when they are missing and we may.

    Raises `Missing` with the command otherwise.
    """
    try:
        return pg_server.choose(major)
    except Missing as missing:
        if not may_install():
            raise
        _apt("update")
        if (package := _server_package(major)) is None:
            raise missing from None
    with _no_cluster_of_debians_own():
        _apt("install", "--no-install-recommends", package)
    return pg_server.choose(major)


def ensure_chromium() -> str:
    """Return the path of a Chromium, for the tests in a browser."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    if not may_install():
        raise Missing(tr="Chromium bulunamadı.", en="No Chromium was found.", mend="sudo apt-get install -y chromium")
    _apt("update")
    _apt("install", "--no-install-recommends", "chromium", "fonts-dejavu-core")
    return shutil.which("chromium") or "chromium"


def _server_package(major: int | None) -> str | None:
    """`postgresql-15-postgis-3` of the wanted major, or of the newest that the distribution carries; None when it has none."""
    told = run("apt-cache", "pkgnames", "postgresql-").said
    majors = [int(found) for found in re.findall(r"^postgresql-(\d+)-postgis-3$", told, re.MULTILINE)]
    fitting = [found for found in majors if (found == major if major else found >= pg_server.OLDEST_MAJOR)]
    return f"postgresql-{max(fitting)}-postgis-3" if fitting else None


@contextmanager
def _no_cluster_of_debians_own() -> Generator[None]:
    """Debian's package would make and start a server on port 5432 that nobody asked for."""
    if pg_server.installed() or shutil.which("pg_createcluster"):
        yield  # somebody set PostgreSQL up before us: their settings stay
        return
    _apt("install", "--no-install-recommends", "postgresql-common")
    CLUSTER_MAKER.parent.mkdir(parents=True, exist_ok=True)
    CLUSTER_MAKER.write_text("create_main_cluster = false\n", encoding="ascii")
    try:
        yield
    finally:
        CLUSTER_MAKER.unlink()


def _apt(verb: str, *words: str) -> None:
    done = run(*APT, verb, *words, more={"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1"})
    if not done.ok:
        line = f"apt-get {verb} {' '.join(words)}".rstrip()
        raise Missing(
            tr=f"`{line}` başarısız:\n{done.tail()}",
            en=f"`{line}` failed:\n{done.tail()}",
            mend=f"sudo apt-get update && sudo {line}" if words else f"sudo {line}",
        )
