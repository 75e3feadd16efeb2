"""`up` as a person meets it: what it refuses, who holds the folder, what Ctrl-C, kill -9 and a dying database leave behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from controlroom import stamp
from controlroom.cluster import Cluster
from tests.frontdoor.conftest import Command
from tests.waiting import until

pytestmark = [pytest.mark.frontdoor, pytest.mark.timeout(240)]
READY_WITHIN_S = 90.0
STARTS = 3
ON_DUTY = {"DEFAULT_PROVINCE": "26", "MERKEZ_LANG": "en"}
Up = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def up(clone: Path) -> Iterator[Up]:
    """Start `./merkez up` in the copy and wait until it says where it serves."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        spool = {"SMS_URL": (clone / "spool").as_uri()}
        with (clone / "up.log").open("w", encoding="utf-8") as log:
            running = subprocess.Popen(
                [clone / "merkez", "up", "--port", "0"], env={**kept, **ON_DUTY, **spool}, cwd=clone,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, text=True, start_new_session=True,
            )  # fmt: skip
        started.append(running)
        until(lambda: (clone / "var" / "run.json").exists() or running.poll() is not None, "var/run.json", READY_WITHIN_S)
        assert running.poll() is None, said_by(clone)
        return running

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(60)
    cluster = Cluster(clone, "up")
    if cluster.pid:
        cluster.ensure()
        cluster.stop()


def cpu_s(pid: int) -> float:
    """Seconds of processor a process has had: what it does, however busy the machine is with others."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def said_by(clone: Path) -> str:
    return (clone / "up.log").read_text(encoding="utf-8")


def address_of(clone: Path) -> str:
    told: dict[str, str] = json.loads((clone / "var" / "run.json").read_text(encoding="utf-8"))
    return told["base_url"]


def listens(base_url: str) -> bool:
    at = urlsplit(base_url)
    with socket.socket() as probe:
        return probe.connect_ex((str(at.hostname), int(at.port or 0))) == 0


def processes_of(clone: Path) -> list[str]:
    """Command lines of every process that works in the copy or was started from it."""
    found: list[str] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            where = str((entry / "cwd").readlink())
        except OSError:
            continue  # it ended while we looked
        if str(clone) in words or where.startswith(str(clone)):
            found.append(words)
    return found


def serving(up: subprocess.Popen[str]) -> set[int]:
    """The processes that `up` has serve."""
    children = Path(f"/proc/{up.pid}/task/{up.pid}/children").read_text(encoding="ascii").split()
    return {int(pid) for pid in children if b"controlroom.serve" in Path(f"/proc/{pid}/cmdline").read_bytes()}


def answers(base_url: str) -> bool:
    """Whether the house can take a press."""
    try:
        return httpx.get(f"{base_url}/readyz", timeout=5).is_success
    except httpx.TransportError:
        return False


def await_none_of(clone: Path) -> None:
    until(lambda: not processes_of(clone), "the end of the last process", within_s=30)


@pytest.mark.parametrize("told", [{"DEFAULT_PROVINCE": "26"}, {"SMS_URL": "file:///tmp/merkez-spool"}])
def test_up_without_a_way_to_send_codes_or_a_province_to_fall_back_on_answers_3_and_starts_nothing(
    merkez: Command, clone: Path, told: dict[str, str]
) -> None:
    answer = merkez("up", "--port", "0", **told)

    assert answer.returncode == 3
    missing = "DEFAULT_PROVINCE" if "SMS_URL" in told else "SMS_URL"
    assert f"no {missing}" in answer.stderr
    assert not (clone / "var" / "pg-up" / "data").exists()


def test_up_serves_is_held_by_one_and_ctrl_c_leaves_nothing_behind(up: Up, clone: Path, merkez: Command) -> None:
    running = up()
    base_url = address_of(clone)
    assert httpx.get(f"{base_url}/readyz").status_code == 200

    second = merkez("up", "--port", "0", SMS_URL="file:///tmp/merkez-spool", DEFAULT_PROVINCE="26")
    assert second.returncode == 1
    for part in ("./merkez up --port 0", str(running.pid), base_url):
        assert part in second.stderr
    row = next(row for row in json.loads(merkez("doctor", "--json").stdout)["rows"] if row["name"] == "holder")
    assert base_url in row["found"]["en"]

    running.send_signal(signal.SIGINT)
    running.wait(60)

    await_none_of(clone)
    assert not listens(base_url)
    assert not (clone / "var" / "run.json").exists()
    assert Cluster(clone, "up").pid is None


def test_a_server_that_is_killed_under_up_comes_back_and_a_termination_leaves_nothing_behind(up: Up, clone: Path) -> None:
    running = up()
    base_url = address_of(clone)
    assert httpx.get(f"{base_url}/api/v1/config").json()["demo"] is False
    assert not (clone / "var" / "demo.json").exists()
    assert "accounts bootstrap" in said_by(clone)
    [server] = serving(running)

    os.kill(server, signal.SIGKILL)

    until(lambda: serving(running) - {server}, "another server", within_s=60)
    until(lambda: answers(base_url), "its answer", within_s=60)
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == 0, said_by(clone)
    await_none_of(clone)
    assert not (clone / "var" / "run.json").exists()


def test_a_database_that_dies_comes_back_under_up_and_after_kill_9_the_next_start_is_up_within_ten_seconds(
    up: Up, clone: Path
) -> None:
    first = up()
    base_url = address_of(clone)
    postmaster = Cluster(clone, "up").pid
    assert postmaster is not None
    os.kill(postmaster, signal.SIGKILL)
    until(lambda: Cluster(clone, "up").pid not in {None, postmaster} and answers(base_url), "another database", within_s=60)

    took, spent, running = [], [], first
    for _ in range(STARTS):
        base_url = address_of(clone)
        running.kill()
        running.wait()
        until(lambda at=base_url: not listens(at), "the end of the server, which does not go on without its `up`", within_s=30)
        (clone / "var" / "run.json").unlink(missing_ok=True)  # what a killed one leaves must not be taken for the next one's
        begun = time.monotonic()
        running = up()
        took.append(time.monotonic() - begun)
        spent.append(cpu_s(running.pid) + sum(map(cpu_s, serving(running))))
        assert httpx.get(f"{address_of(clone)}/readyz").status_code == 200

    # 2.3 s on two free cores, of them 2 s of work. Other tests may run beside it, so the best of the starts has to keep the promise.
    assert min(took) < 10, took
    assert min(spent) < 5, spent


def test_up_refuses_a_given_database_that_is_stamped_demo(merkez: Command, fresh_url: str) -> None:
    stamp.mark(fresh_url, stamp.DEMO)
    answer = merkez("up", "--port", "0", DATABASE_URL=fresh_url, SMS_URL="file:///tmp/merkez-spool", DEFAULT_PROVINCE="26")

    assert answer.returncode == 3
    assert "belongs to the demo" in answer.stderr


def test_up_refuses_a_database_that_is_stamped_demo(merkez: Command, clone: Path) -> None:
    assert merkez("migrate").returncode == 0
    with Cluster(clone, "up") as cluster:
        stamp.mark(cluster.url(), stamp.DEMO)
    answer = merkez("up", "--port", "0", SMS_URL="file:///tmp/merkez-spool", DEFAULT_PROVINCE="26")

    assert answer.returncode == 3
    assert "belongs to the demo" in answer.stderr
