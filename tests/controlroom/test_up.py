"""`./merkez up` from a copied clone: what it asks for, what it says, that it comes back from a death, and that it leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from controlroom import pg_place, stamp
from controlroom.cluster import CLONE
from controlroom.failures import Exit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHIPPED = (
    "merkez", "core", "geo", "dispatch", "kades", "kgys", "pts", "retention", "controlroom", "requirements.lock", "requirements-dev.lock",
    "pyproject.toml",
)  # fmt: skip

pytestmark = [pytest.mark.frontdoor, pytest.mark.timeout(240)]


@pytest.fixture
def clone() -> Iterator[Path]:
    """A copy of this clone without pages, at a short path that the database's account can enter."""
    with tempfile.TemporaryDirectory(prefix="mkz-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        for part in SHIPPED:
            source = CLONE / part
            if source.is_dir():
                shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, folder / part)
        (folder / ".venv").symlink_to(CLONE / ".venv")
        yield folder
        shutil.rmtree(pg_place._base() / pg_place.clone_key(folder), ignore_errors=True)


def environment(folder: Path, **more: str) -> dict[str, str]:
    """What a person would have set."""
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "STATE_DIR", "SMS_URL", "DEFAULT_PROVINCE"}}
    return {**kept, "MERKEZ_LANG": "en", "SMS_URL": f"file://{folder}/sms", "DEFAULT_PROVINCE": "26", **more}


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    """Start `./merkez up` on a free port."""
    return subprocess.Popen(
        [folder / "merkez", "up", "--port", "0", *words], env=environment(folder), cwd="/", text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def until(found: Callable[[], Any], running: subprocess.Popen[str] | None = None, within_s: float = 90.0) -> Any:
    """Wait for the thing itself."""
    give_up = time.monotonic() + within_s
    while not (thing := found()):
        if running is not None and running.poll() is not None:
            message = running.stdout.read() if running.stdout else ""
            raise AssertionError(message)
        assert time.monotonic() < give_up, "it did not come about"
        time.sleep(0.05)
    return thing


def run_file(folder: Path) -> dict[str, Any] | None:
    """`var/run.json`, None while there is none."""
    path = folder / "var" / "run.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def answers(url: str) -> bool:
    """Whether the house can take a press."""
    try:
        return httpx.get(f"{url}/readyz", timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False


def children(pid: int) -> list[int]:
    """The processes a process has started."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                state = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(state[1]) == pid:
                found.append(int(entry.name))
    return found


def servers(pid: int) -> list[int]:
    """Of those, the ones that serve."""
    return [child for child in children(pid) if b"controlroom.serve" in Path(f"/proc/{child}/cmdline").read_bytes()]


def alive(pid: int) -> bool:
    """Whether a process still runs."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("lacking", ["SMS_URL", "DEFAULT_PROVINCE"])
def test_up_without_what_a_press_needs_says_so_and_starts_nothing(lacking: str, clone: Path) -> None:
    given = {name: value for name, value in environment(clone).items() if name != lacking}

    done = subprocess.run([clone / "merkez", "up"], env=given, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == Exit.MISSING
    assert lacking in done.stderr
    assert not list((clone / "var").glob("pg-*"))


def test_up_refuses_the_demos_database(clone: Path, fresh_url: str) -> None:
    stamp.mark(fresh_url, stamp.DEMO)

    done = subprocess.run(
        [clone / "merkez", "up"], env=environment(clone, DATABASE_URL=fresh_url), capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == Exit.MISSING
    assert "belongs to the demo" in done.stderr


def test_up_serves_comes_back_from_a_death_and_leaves_nothing_behind(clone: Path) -> None:
    running = started(clone)
    try:
        told = until(lambda: run_file(clone), running)
        assert told["pid"] == running.pid
        assert answers(told["base_url"])
        assert httpx.get(f"{told['base_url']}/api/v1/config", trust_env=False).json()["demo"] is False
        assert not (clone / "var" / "demo.json").exists()

        second = subprocess.run([clone / "merkez", "up"], env=environment(clone), capture_output=True, text=True, timeout=60, check=False)
        assert second.returncode == Exit.FAILED
        assert f"process {running.pid}" in second.stderr
        assert told["base_url"] in second.stderr

        [server] = servers(running.pid)
        os.kill(server, signal.SIGKILL)
        until(lambda: servers(running.pid) and servers(running.pid) != [server], running)
        until(lambda: answers(told["base_url"]), running)

        left = children(running.pid)
        running.send_signal(signal.SIGTERM)
        said, _ = running.communicate(timeout=60)
        assert running.returncode == Exit.DONE, said
        assert "accounts bootstrap" in said
        assert [pid for pid in left if alive(pid)] == []
        assert run_file(clone) is None
    finally:
        running.kill()
        running.wait()


def test_up_killed_outright_takes_its_server_along_and_the_next_start_is_quick(clone: Path) -> None:
    first = started(clone)
    told = until(lambda: run_file(clone), first)
    [server] = servers(first.pid)
    first.kill()
    first.communicate()
    until(lambda: not alive(server))
    assert not answers(told["base_url"])

    begun = time.monotonic()
    again = started(clone)
    try:
        new = until(lambda: (now := run_file(clone)) and now["pid"] == again.pid and now, again)
        took_s = time.monotonic() - begun
        assert answers(new["base_url"])
        # Under 10 s on an idle machine; this one may be running other tests.
        assert took_s < 30
    finally:
        again.send_signal(signal.SIGTERM)
        again.communicate(timeout=60)
