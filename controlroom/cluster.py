"""A private PostgreSQL for one clone: made, started, recovered, shared and stopped without anybody's help.

Whoever uses it holds a shared lock; the last one out stops the server. A holder killed with -9 loses its lock with its
life, so the next start adopts the server that is still running, or starts it again where that died too.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import threading
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from controlroom import pg_config, pg_place, pg_server
from controlroom.failures import Failure
from controlroom.programs import run

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import TracebackType

DATABASE = "merkez"
CLONE = Path(__file__).resolve().parent.parent
#: Replaying a day's log after a power cut takes minutes on a slow disk; giving up earlier would lose nothing but hope.
START_WITHIN_S = 300.0
STOP_WITHIN_S = 60.0
LOOK_EVERY_S = 0.05
STARTS = 3


def cluster_for(name: str) -> Cluster:
    """Return this clone's cluster of that name: "demo", "up" or "test"."""
    return Cluster(CLONE, name)


class Cluster:
    """One private cluster; nothing is touched before `ensure`."""

    def __init__(self, root: Path, name: str) -> None:
        """`root` is the clone; `name` tells its clusters apart."""
        self.root = root.resolve()
        self.name = name
        self._used: int | None = None
        self._child: subprocess.Popen[bytes] | None = None

    @cached_property
    def account(self) -> pg_place.Account:
        """The account the server runs under."""
        return pg_place.account(self.root, self.name)

    @cached_property
    def where(self) -> pg_place.Place:
        """The cluster's folders; looking makes them."""
        return pg_place.find_place(self.root, self.name, self.account)

    @property
    def major(self) -> int | None:
        """The major version the data was made with, None before the first `ensure`."""
        try:
            return int((self.where.data / "PG_VERSION").read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return None

    @property
    def server(self) -> pg_server.Server:
        """The programs that fit the data. Raises `Missing` when none do."""
        return pg_server.choose(self.major)

    @property
    def pid(self) -> int | None:
        """The running server's process, None when there is none."""
        try:
            pid = int((self.where.data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        return pid if _works_in(pid, self.where.data) else None

    def url(self, role: str = pg_config.SUPERUSER, database: str = DATABASE) -> str:
        """Return a libpq URL of the socket for one of `pg_config.ROLES`."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.where.sockets), safe='')}"

    def ensure(self) -> str:
        """Make, recover, start or adopt the server; the superuser's URL of the database `merkez`.

        Raises `Missing` (no server programs, another major version), `Failure` (with the end of the server's log).
        """
        with self._turn():
            _ = self.server  # another major version's data is left exactly as it is
            self._join()
            if self.major is None:
                self._make()
            self._configure()
            self._bring_up()
            self._create_database()
        return self.url()

    def stop(self) -> bool:
        """Leave the cluster; the last one out stops it. True when this stopped it."""
        if self._used is None:
            return False
        with self._turn():
            try:
                fcntl.flock(self._used, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            else:
                self._shut_down()
                return True
            finally:
                os.close(self._used)
                self._used = None

    def __enter__(self) -> Self:
        """Start it."""
        self.ensure()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        """Leave it."""
        self.stop()

    def log_tail(self, lines: int = 12) -> str:
        """Return the end of what the server last wrote, for an error message."""
        files = sorted(self.where.log.glob("*.log"), key=lambda file: file.stat().st_mtime)
        text = [line for file in files[-2:] for line in file.read_text(encoding="utf-8", errors="replace").splitlines()]
        return "\n".join(text[-lines:])

    @contextlib.contextmanager
    def _turn(self) -> Generator[None]:
        """One at a time makes, starts or stops this cluster."""
        fd = os.open(self._lock_file("turn"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def _join(self) -> None:
        if self._used is None:
            self._used = os.open(self._lock_file("users"), os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._used, fcntl.LOCK_SH)

    def _lock_file(self, what: str) -> Path:
        folder = self.root / "var"
        folder.mkdir(exist_ok=True)
        return folder / f"pg-{self.name}.{what}"

    def _make(self) -> None:
        """Initdb beside, then rename: a half-made cluster is never taken for a whole one."""
        half = self.where.home / "data.half"
        shutil.rmtree(half, ignore_errors=True)
        words = ["--username", pg_config.SUPERUSER, "--auth-local", "peer", "--auth-host", "reject"]
        words += ["--encoding", "UTF8", "--locale", "C.UTF-8", "--data-checksums", "--no-instructions"]
        initdb = self.server.program("initdb")
        done = run(
            initdb, "--pgdata", half, *words,
            cwd=self.where.home, env=_clean_environment(), run_as=self.account.run_as,
        )  # fmt: skip
        if not done.ok:
            raise Failure(tr=f"initdb başarısız:\n{done.tail()}", en=f"initdb failed:\n{done.tail()}")
        half.rename(self.where.data)
        _sync_folder(self.where.home)

    def _configure(self) -> None:
        """Write the configuration; a running server that had another one reads it again."""
        accounts = {self.account.name, pg_place.starter()}
        changed = [
            self._write("postgresql.conf", pg_config.server_settings(self.where)),
            self._write("pg_hba.conf", pg_config.host_access()),
            self._write("pg_ident.conf", pg_config.identities(accounts)),
        ]
        if any(changed) and (pid := self.pid):
            os.kill(pid, signal.SIGHUP)

    def _write(self, name: str, text: str) -> bool:
        file = self.where.data / name
        if file.exists() and file.read_text(encoding="utf-8") == text:
            return False
        new = file.with_suffix(".new")
        new.write_text(text, encoding="utf-8")
        new.chmod(0o600)
        os.chown(new, self.account.uid, self.account.gid)
        new.replace(file)
        return True

    def _start(self) -> None:
        self._end_orphans()
        self._drop_stale_locks()
        with (self.where.log / "start.log").open("wb") as log:
            self._child = subprocess.Popen(  # noqa: S603 - words, not a line: nothing here is read by a shell
                [self.server.program("postgres"), "-D", str(self.where.data)],
                cwd=self.where.home, env=_clean_environment(), umask=0o077,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,  # Ctrl-C reaches us, and we stop the server after those who use it
                **self.account.run_as,
            )  # fmt: skip
        # Another user of the cluster may be the one who stops it: somebody has to take note of our child's end.
        threading.Thread(target=self._child.wait, daemon=True).start()

    def _bring_up(self) -> None:
        """Adopt or start; again, when the one adopted was dying or died while it started."""
        for _ in range(STARTS):
            if self.pid is None:
                self._start()
            if self._answers():
                return
        tail = self.log_tail()
        raise Failure(
            tr=f"PostgreSQL başlamadı ({self.where.home}):\n{tail}",
            en=f"PostgreSQL did not start ({self.where.home}):\n{tail}",
        )

    def _answers(self) -> bool:
        """Wait until it does; False when its process is gone."""
        give_up = time.monotonic() + START_WITHIN_S
        while time.monotonic() < give_up:
            try:
                psycopg.connect(self.url(database="postgres"), connect_timeout=5).close()
            except psycopg.OperationalError:
                gone = self._child.poll() is not None if self._child else self.pid is None
                if gone:
                    return False
                time.sleep(LOOK_EVERY_S)
            else:
                return True
        return False

    def _create_database(self) -> None:
        with psycopg.connect(self.url(database="postgres"), autocommit=True) as conn:
            if conn.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone() is None:
                conn.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))

    def _shut_down(self) -> None:
        for how in (signal.SIGINT, signal.SIGQUIT):
            if (pid := self.pid) is None:
                break
            os.kill(pid, how)
            if self._gone(pid):
                break
        if self._child:
            self._child.wait(timeout=STOP_WITHIN_S)
            self._child = None

    def _gone(self, pid: int) -> bool:
        give_up = time.monotonic() + STOP_WITHIN_S
        while time.monotonic() < give_up:
            if not _works_in(pid, self.where.data):
                return True
            time.sleep(LOOK_EVERY_S)
        return False

    def _end_orphans(self) -> None:
        """Backends outlive a postmaster killed with -9 for a moment; a new one beside them would ruin the data."""
        give_up = time.monotonic() + STOP_WITHIN_S
        while orphans := _processes_in(self.where.data):
            if time.monotonic() > give_up:
                raise Failure(
                    tr=f"Eski PostgreSQL süreçleri hâlâ çalışıyor: {orphans}.",
                    en=f"Processes of an older PostgreSQL are still running: {orphans}.",
                )
            for pid in orphans:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGQUIT)
            time.sleep(LOOK_EVERY_S)

    def _drop_stale_locks(self) -> None:
        """After a power cut their process id may belong to another program of the same account, which PostgreSQL fears.

        Only called once nobody works in the data folder, and under our own lock.
        """
        for file in (self.where.data / "postmaster.pid", self.where.sockets / f"{pg_place.SOCKET}.lock"):
            file.unlink(missing_ok=True)
        (self.where.sockets / pg_place.SOCKET).unlink(missing_ok=True)


def _clean_environment() -> dict[str, str]:
    """No PGDATA, PGPORT, PGOPTIONS of the caller's shell may steer our server."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "TZDIR", "LD_LIBRARY_PATH"}}
    return {**kept, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}


def _works_in(pid: int, folder: Path) -> bool:
    """Whether this process has the data folder as its own: every process of a cluster changes into it."""
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == folder.resolve()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False


def _processes_in(folder: Path) -> list[int]:
    numbers = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    return [pid for pid in numbers if _works_in(pid, folder)]


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
