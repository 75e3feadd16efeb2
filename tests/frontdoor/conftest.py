"""Fixtures of the front door: folders that look like a clone, clusters of their own in them, and real commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from controlroom import pg_place
from controlroom.cluster import CLONE, Cluster

ROOMS = ("controlroom", "core", "geo", "dispatch", "kades", "pts", "kgys", "retention")
SHIPPED = ("merkez", *ROOMS, "requirements.lock", "requirements-dev.lock", "pyproject.toml")
Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder with a short path that the database's account can enter (pytest's own are 0700)."""
    with tempfile.TemporaryDirectory(prefix="mkz-", dir="/tmp", ignore_cleanup_errors=True) as name:
        path = Path(name)
        path.chmod(0o755)
        yield path
        outside = pg_place._base() / pg_place.clone_key(path)
        shutil.rmtree(outside, ignore_errors=True)


@pytest.fixture
def cluster_in() -> Iterator[Callable[[Path, str], Cluster]]:
    """Clusters that are stopped and swept away when the test is over, whatever it did to them."""
    made: list[Cluster] = []

    def make(root: Path, name: str = "t") -> Cluster:
        made.append(Cluster(root, name))
        return made[-1]

    yield make
    for cluster in made:
        cluster.stop()
    for cluster in made:
        outside = pg_place._base() / pg_place.clone_key(cluster.root)
        shutil.rmtree(outside, ignore_errors=True)


@pytest.fixture
def clone(folder: Path) -> Path:
    """A copy of what a commit holds of the front door, with the packages of this clone."""
    for name in SHIPPED:
        source = CLONE / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    (folder / ".venv").symlink_to(CLONE / ".venv")
    return folder


@pytest.fixture
def merkez(clone: Path) -> Command:
    """Run `./merkez WORDS…` of the copy, in English, without a terminal."""

    def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        return subprocess.run(
            [clone / "merkez", *words], env={**kept, "MERKEZ_LANG": "en", **environment},
            cwd="/", capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=240,
        )  # fmt: skip

    return run
