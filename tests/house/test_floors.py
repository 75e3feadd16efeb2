"""The house stands as its plan says: floors, types, linter, names, and nothing that must not be in a commit."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
ROOMS = ["core", "geo", "dispatch", "kades", "kgys", "pts", "retention", "controlroom"]


def run(*command: str) -> str:
    done = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return done.stdout


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_the_import_arrow_only_goes_down() -> None:
    assert "0 broken" in run("lint-imports", "--no-cache")


def test_the_linter_is_clean() -> None:
    run("ruff", "check", "--no-cache", ".")


@pytest.mark.timeout(400)
def test_the_types_are_strict_and_clean() -> None:
    run("basedpyright", "--warnings")


def test_no_foreign_distribution_owns_one_of_our_names() -> None:
    owners = packages_distributions()
    foreign = {room: owners[room] for room in ROOMS if room in owners and owners[room] != ["haber-merkezi"]}
    assert foreign == {}


def test_only_core_clock_reads_the_time_and_no_room_has_a_drawer_for_odds_and_ends() -> None:
    # Ruff forbids the same and may be silenced in a line; this may not.
    clocks = re.compile(r"\bdatetime\.(now|utcnow|today)\(|\bdate\.today\(|\btime\.time(_ns)?\(")
    ours = tracked("*.py")
    rooms = [path for path in ours if path.relative_to(ROOT).parts[0] in ROOMS]
    assert [path.relative_to(ROOT).as_posix() for path in rooms if clocks.search(path.read_text("utf-8"))] == ["core/clock.py"]
    assert [path for path in ours if path.stem in {"utils", "helpers", "common", "misc"}] == []


def test_only_store_files_hold_sql() -> None:
    statement = re.compile(r'"""?\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM)\s', re.IGNORECASE)
    allowed = {"store.py", "models.py", "db.py", "relay.py"}
    for room in ["geo", "dispatch", "kades", "kgys", "pts", "retention"]:
        for path in (ROOT / room).rglob("*.py"):
            if path.name not in allowed and "prepare" not in path.parts:
                found = statement.search(path.read_text(encoding="utf-8"))
                assert found is None, f"{path.relative_to(ROOT)}: {found.group(0) if found else ''}"


def test_no_committed_file_names_a_registry_or_a_path_of_some_machine() -> None:
    hosts = re.compile(rb"files\.pythonhosted\.org|https?://pypi\.org|registry\.npmjs\.org|registry\.yarnpkg\.com|deb\.debian\.org")
    paths = re.compile(rb"(?<![A-Za-z0-9_.])/(work|farm)/[A-Za-z.]")
    here = Path(__file__)
    for path in tracked():
        if path == here or path.suffix in {".png", ".pmtiles", ".gz", ".woff2"}:
            continue
        text = path.read_bytes()
        assert not hosts.search(text), path
        assert not paths.search(text), path


def test_locks_hold_hashes_and_no_addresses() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "--hash=sha256:" in text
        assert "http" not in re.sub(r"^#.*$|^http[a-z]+==.*$|    # via.*", "", text, flags=re.MULTILINE).replace("httpx", "").replace(
            "httptools", ""
        ).replace("httpcore", "")
    lock = (ROOT / "map-ui" / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock


def test_every_committed_file_is_small_enough_to_review() -> None:
    large = [path for path in tracked() if path.stat().st_size > 1_500_000]
    assert large == []
