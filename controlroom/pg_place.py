"""Where a private cluster lies and which account runs it.

PostgreSQL refuses to run as root, its account must be able to enter every folder above the data,
and a unix socket's path ends at 107 bytes: a clone in a 0700 home or deep in a tree gets its cluster outside.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from controlroom.failures import Failure, Missing
from controlroom.programs import run

if TYPE_CHECKING:
    from collections.abc import Iterable

ACCOUNT = "merkez-pg"  #: Made for us alone, when root may make accounts.
STAND_INS = ("postgres", "nobody")  #: Used where no account can be made (read-only /etc).
SOCKET = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 107  #: Bytes, not letters: sun_path is 108 with its closing zero.


class RunAs(TypedDict, total=False):
    """The arguments of `subprocess` that step down to an account."""

    user: int
    group: int
    extra_groups: Iterable[int]


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system's account that owns the data and runs the server."""

    name: str
    uid: int
    gid: int

    @property
    def run_as(self) -> RunAs:
        """Empty unless we are root, who has to step down."""
        return RunAs(user=self.uid, group=self.gid, extra_groups=()) if os.geteuid() == 0 else RunAs()


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of one cluster."""

    home: Path  #: Holds data/ and log/.
    sockets: Path  #: Holds the socket; 0700, so that only its account and root can reach the server.
    outside: str  #: Why it is not under var/ ("unreachable", "long path"), or empty.

    @property
    def data(self) -> Path:
        """PGDATA."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """The server's own log files, one for each day of the week."""
        return self.home / "log"


def account(root: Path, name: str) -> Account:
    """Return the account to run a cluster under: the one it was made with, else our own for root, else whoever we are.

    Raises `Missing` where it was made by somebody else: a new and empty one beside it would look like lost data.
    """
    made_by = _owner_of(root / "var" / f"pg-{name}")
    if os.geteuid() != 0:
        me = _me()
        if made_by not in {None, me.name}:
            raise _of_another(root, str(made_by))
        return me
    if made_by in {None, "root"}:
        return _named(ACCOUNT) or _make_account() or _stand_in()
    if made_by in {ACCOUNT, *STAND_INS} and (found := _named(str(made_by))):
        return found
    raise _of_another(root, str(made_by))


def starter() -> str:
    """Name of whoever starts the front door."""
    return _me().name


def find_place(root: Path, name: str, owner: Account) -> Place:
    """Where the cluster `name` of the clone at `root` lies; its folders exist when this returns."""
    inside = root / "var" / f"pg-{name}"
    if _too_long(inside / "run"):
        return _outside(root, name, owner, "long path")
    if (elsewhere := existing_place(root, name)) and elsewhere.outside:
        # It was made while the clone could not be entered; now that it can, an empty one inside would look like lost data.
        return _outside(root, name, owner, elsewhere.outside)
    inside.parent.mkdir(exist_ok=True)
    if not _made_for(inside, owner) or not _can_use(inside, owner):
        if (inside / "data" / "PG_VERSION").exists():
            # A full disk, a read-only one: a new and empty cluster elsewhere would look like lost data.
            raise _unusable(inside, owner)
        with contextlib.suppress(OSError):
            inside.rmdir()  # left where it is when an older cluster lies in it
        return _outside(root, name, owner, "unreachable")
    return _with_folders(Place(home=inside, sockets=inside / "run", outside=""), owner)


def existing_place(root: Path, name: str) -> Place | None:
    """Where a cluster of that name already lies, for looking at it without making anything."""
    inside = root / "var" / f"pg-{name}"
    if (inside / "data").is_dir():
        return Place(home=inside, sockets=inside / "run", outside="")
    home = _base() / clone_key(root) / inside.name
    if not (home / "data").is_dir():
        return None
    why = "long path" if _too_long(inside / "run") else "unreachable"
    return Place(home, _sockets_of(home, root, name, home.stat().st_uid), why)


def clone_key(root: Path) -> str:
    """Twelve hex digits that stand for one clone's path."""
    return hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:12]


def _outside(root: Path, name: str, owner: Account, why: str) -> Place:
    folder = _base() / clone_key(root)
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    (folder / "clone").write_text(f"{root}\n", encoding="utf-8")
    home = folder / f"pg-{name}"
    if not _made_for(home, owner) or not _can_use(home, owner):
        raise _unusable(home, owner)
    return _with_folders(Place(home, _sockets_of(home, root, name, owner.uid), why), owner)


def _base() -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/haber-merkezi")
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "haber-merkezi"


def _sockets_of(home: Path, root: Path, name: str, uid: int) -> Path:
    """Beside the data, or where even that path is too long, in the shortest folder that everybody has."""
    if not _too_long(home / "run"):
        return home / "run"
    return Path("/tmp") / f"merkez-{uid}-{clone_key(root)}-{name}"  # noqa: S108 - `_made_for` refuses a stranger's folder


def _with_folders(place: Place, owner: Account) -> Place:
    for folder in (place.sockets, place.log):
        if not _made_for(folder, owner):
            raise Failure(
                tr=f"{folder} başka bir hesaba ait.",
                en=f"{folder} belongs to another account.",
            )
    return place


def _made_for(folder: Path, owner: Account) -> bool:
    """Whether the folder is there, real, 0700 and its account's; a stranger's link in /tmp is refused."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        seen = folder.lstat()
        if not stat.S_ISDIR(seen.st_mode):
            return False
        if os.geteuid() == 0 and seen.st_uid in (0, owner.uid):
            os.chown(folder, owner.uid, owner.gid)
        elif seen.st_uid != owner.uid:
            return False
        folder.chmod(0o700)
    except OSError:
        return False
    return True


def _can_use(folder: Path, owner: Account) -> bool:
    """Try it as the account: modes, ACLs, mounts and sandboxes all have their say."""
    probe = 'cd -- "$1" && : > .probe && rm -f .probe'
    return run("/bin/sh", "-c", probe, "sh", folder, run_as=owner.run_as).ok


def _owner_of(folder: Path) -> str | None:
    try:
        uid = folder.lstat().st_uid
    except FileNotFoundError:
        return None
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _unusable(home: Path, owner: Account) -> Failure:
    return Failure(
        tr=f"Veritabanı klasörü {home}, {owner.name} hesabınca kullanılamıyor (dolu ya da salt okunur disk, ya da izinler).",
        en=f"The account {owner.name} cannot use the database folder {home} (a full or read-only disk, or its permissions).",
    )


def _of_another(root: Path, who: str) -> Missing:
    starter_of = "root" if who in {ACCOUNT, *STAND_INS} else who
    return Missing(
        tr=f"{root} altındaki veritabanını {who} hesabı kurmuş; {starter_of} olarak başlatın.",
        en=f"The database under {root} was made by the account {who}; start as {starter_of}.",
        mend=f"sudo -u {starter_of} ./merkez doctor",
    )


def _too_long(sockets: Path) -> bool:
    return len(os.fsencode(sockets / SOCKET)) > LONGEST_SOCKET_PATH


def _me() -> Account:
    uid = os.geteuid()
    try:
        return Account(pwd.getpwuid(uid).pw_name, uid, os.getegid())
    except KeyError:
        raise Missing(
            tr=f"{uid} numaralı kullanıcının adı yok; PostgreSQL adsız bir hesapla çalışmaz.",
            en=f"User id {uid} has no name, and PostgreSQL does not run without one.",
        ) from None


def _named(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _make_account() -> Account | None:
    useradd = shutil.which("useradd") or shutil.which("useradd", path="/usr/sbin:/sbin")
    if useradd is None:
        return None
    words = ["--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
    run(useradd, *words, "--user-group", "--comment", "Haber Merkezi database", ACCOUNT)
    return _named(ACCOUNT)  # another start may have made it in the same moment: only the result counts


def _stand_in() -> Account:
    for name in STAND_INS:
        if found := _named(name):
            return found
    raise Missing(
        tr=f"PostgreSQL root olarak çalışmaz ve {ACCOUNT} hesabı açılamadı.",
        en=f"PostgreSQL does not run as root and the account {ACCOUNT} could not be made.",
        mend=f"useradd --system {ACCOUNT}",
    )
