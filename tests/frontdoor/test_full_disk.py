"""The disk fills while presses come: refused honestly, nothing half there, and the house comes back by itself once there is room (law 1).

A real small disk (a tmpfs under `var/`), a real `./merkez up`, real presses. Twice: where the tables cannot grow, and where the write-ahead
log cannot, which takes PostgreSQL down and keeps it down.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import psycopg
import pytest

from bench import seed
from controlroom.cluster import Cluster
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZE_MB = 256
WITHIN_S = 90.0
PROBLEM = "application/problem+json"

pytestmark = [pytest.mark.frontdoor, pytest.mark.timeout(300)]


@pytest.fixture
def small_disk(clone: Path) -> Iterator[Path]:
    """`var/` of the copy on a disk of its own."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    var = clone / "var"
    var.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=755", "none", var], check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        pytest.skip(f"this machine lets nobody mount: {done.stderr.strip()}")
    yield var
    subprocess.run(["umount", "--lazy", var], check=True)


@dataclass
class House:
    """A control room on the small disk, and one phone that keeps pressing."""

    var: Path
    base_url: str
    cluster: Cluster
    phones: list[str]

    def press(self) -> tuple[str, httpx.Response]:
        """Press with a new client_id, each time from the next phone."""
        client_id = str(uuid4())
        self.phones.append(self.phones.pop(0))
        return client_id, self.press_again(client_id)

    def press_again(self, client_id: str) -> httpx.Response:
        """Press with this one."""
        head = {"Authorization": f"Bearer {self.phones[0]}", "Accept-Language": "en"}
        body = {"client_id": client_id, "trigger": "button", "position": None}
        return httpx.post(f"{self.base_url}/api/v1/kades/alerts", headers=head, json=body, trust_env=False, timeout=20)

    def ready(self) -> int:
        """Ask what the front asks."""
        return httpx.get(f"{self.base_url}/readyz", trust_env=False, timeout=20).status_code

    def fill(self) -> Path:
        """Take all the room there is."""
        ballast = self.var / "ballast"
        with ballast.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 65_536)
            except OSError:
                return ballast

    def books(self) -> tuple[set[str], int, int]:
        """Tell the kept presses, those without an incident, and the incidents without one."""
        with psycopg.connect(self.cluster.url()) as conn:
            kept = {str(row[0]) for row in conn.execute("SELECT client_id FROM kades_alert")}
            lone = conn.execute("SELECT count(*) FROM kades_alert a WHERE NOT EXISTS (SELECT FROM incident i WHERE i.id = a.incident_id)")
            empty = conn.execute("SELECT count(*) FROM incident i WHERE NOT EXISTS (SELECT FROM kades_alert a WHERE a.incident_id = i.id)")
            return kept, lone.fetchall()[0][0], empty.fetchall()[0][0]


@pytest.fixture
def house(small_disk: Path, clone: Path) -> Iterator[House]:
    """`./merkez up` on the small disk."""
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "STATE_DIR"}}
    told = {"SMS_URL": (clone / "spool").as_uri(), "DEFAULT_PROVINCE": "26", "MERKEZ_LANG": "en"}
    with (clone / "up.log").open("w", encoding="utf-8") as log:
        running = subprocess.Popen(
            [clone / "merkez", "up", "--port", "0"], env={**kept, **told}, cwd=clone, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        until(lambda: (small_disk / "run.json").exists() or running.poll() is not None, "var/run.json", WITHIN_S)
        base_url = json.loads((small_disk / "run.json").read_text(encoding="utf-8"))["base_url"]
        cluster = Cluster(clone, "up")
        with psycopg.connect(cluster.url()) as conn:
            phones = seed.phones(conn, 30)
        yield House(small_disk, base_url, cluster, phones)
        assert running.poll() is None, (clone / "up.log").read_text(encoding="utf-8")
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(60)


def test_where_the_tables_cannot_grow_a_press_is_refused_and_rings_once_there_is_room(house: House) -> None:
    accepted = {client_id for client_id, answer in (house.press() for _ in range(10)) if answer.status_code == 202}
    assert len(accepted) == 10

    ballast = house.fill()
    refused, answer = house.press()
    while answer.status_code == 202:  # what is left of pages already there takes some
        accepted.add(refused)
        assert len(accepted) < 1_000, "a full disk took every press"
        refused, answer = house.press()
    assert answer.status_code == 503
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["slug"] == "not-ready"
    until(lambda: house.ready() == 503, "a readiness that says so")

    ballast.unlink()
    until(lambda: house.ready() == 200, "the house", WITHIN_S)
    assert house.press_again(refused).status_code == 202
    assert house.books() == (accepted | {refused}, 0, 0)


def test_where_the_write_ahead_log_cannot_grow_the_house_outlives_its_database_and_comes_back(house: House, clone: Path) -> None:
    accepted = {client_id for client_id, answer in (house.press() for _ in range(5)) if answer.status_code == 202}
    ballast = house.fill()
    # The next segments of the log: there is no room for one of them, which PostgreSQL does not survive.
    with pytest.raises(psycopg.Error):
        for _ in range(40):
            with psycopg.connect(house.cluster.url(), autocommit=True) as conn:
                conn.execute("SELECT pg_logical_emit_message(false, 'full', 'disk'), pg_switch_wal()")
                house.fill()
    until(lambda: "THE DISK IS FULL" in (clone / "up.log").read_text(encoding="utf-8"), "its word for it", WITHIN_S)

    refused, answer = house.press()
    assert (answer.status_code, answer.headers["content-type"]) == (503, PROBLEM)
    assert house.ready() == 503

    ballast.unlink()
    until(lambda: house.ready() == 200, "the house", WITHIN_S)
    assert house.press_again(refused).status_code == 202
    kept, lone, empty = house.books()
    assert kept == accepted | {refused}
    assert (lone, empty) == (0, 0)
