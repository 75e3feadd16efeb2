"""A disk that fills: the desks hear of it while something can still be written, and a database that is gone comes back by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import psycopg
import pytest

from controlroom import revive
from controlroom.disk import AGAIN_AFTER, FREE, DiskWatch
from controlroom.failures import Failure
from controlroom.revive import Reviver
from controlroom.server import keep_small
from core.db import EVERY
from dispatch import inbox
from tests.conftest import NOON

if TYPE_CHECKING:
    from pathlib import Path

    from controlroom.cluster import Cluster
    from core.db import Database

MORE_THAN_ANYBODY_HAS = 1 << 62


def rung(url: str) -> list[tuple[Any, ...]]:
    """Alarms nobody acknowledged."""
    with psycopg.connect(url) as conn:
        return conn.execute("SELECT kind, cardinality(provinces), note FROM alarm WHERE acked_at IS NULL").fetchall()


async def test_a_disk_with_room_rings_nobody(db: Database, fresh_url: str, tmp_path: Path) -> None:
    await DiskWatch([tmp_path], least_free=0).run(db, NOON)

    assert rung(fresh_url) == []
    [told] = [sample for metric in FREE.collect() for sample in metric.samples if sample.labels == {"folder": str(tmp_path)}]
    assert told.value > 0


async def test_a_disk_nearly_full_rings_every_desk_and_again_an_hour_after_somebody_heard_it(
    db: Database, fresh_url: str, tmp_path: Path
) -> None:
    watch = DiskWatch([tmp_path], least_free=MORE_THAN_ANYBODY_HAS)

    await watch.run(db, NOON)
    [(kind, provinces, note)] = rung(fresh_url)
    with psycopg.connect(fresh_url) as conn:
        conn.execute("UPDATE alarm SET acked_at = now()")
    await watch.run(db, NOON + timedelta(minutes=1))
    heard = rung(fresh_url)
    await watch.run(db, NOON + AGAIN_AFTER)

    assert (kind, provinces) == ("disk_full", 81)
    assert note.startswith("disk: ")
    assert heard == []
    assert len(rung(fresh_url)) == 1


async def test_a_job_that_failed_does_not_hide_that_the_disk_fills(db: Database, fresh_url: str, tmp_path: Path) -> None:
    async with db.tx(EVERY, role="merkez_sweep") as tx:
        await inbox.alarm(tx, "job_failed", NOON, provinces=EVERY, note="retention.sweep: rule failed")

    await DiskWatch([tmp_path], least_free=MORE_THAN_ANYBODY_HAS).run(db, NOON)

    assert {kind for kind, _, _ in rung(fresh_url)} == {"job_failed", "disk_full"}


async def test_a_disk_that_got_room_and_fills_again_rings_again(db: Database, fresh_url: str, tmp_path: Path) -> None:
    watch = DiskWatch([tmp_path], least_free=MORE_THAN_ANYBODY_HAS)
    await watch.run(db, NOON)
    with psycopg.connect(fresh_url) as conn:
        conn.execute("UPDATE alarm SET acked_at = now()")

    watch.least_free = 0
    await watch.run(db, NOON + timedelta(minutes=1))
    watch.least_free = MORE_THAN_ANYBODY_HAS
    await watch.run(db, NOON + timedelta(minutes=2))

    assert len(rung(fresh_url)) == 1


class Stubborn:
    """A cluster that fails to start so many times."""

    def __init__(self, home: Path, fails: list[Exception]) -> None:
        self.where = type("Where", (), {"home": home})
        self.fails = fails
        self.pid: int | None = None
        self.tries = 0

    def ensure(self) -> None:
        self.tries += 1
        if self.fails:
            raise self.fails.pop(0)
        self.pid = 1


def test_a_database_that_does_not_start_is_tried_again_after_a_pause_and_takes_nobody_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [100.0]
    monkeypatch.setattr(revive.time, "monotonic", lambda: now[0])
    monkeypatch.setenv("MERKEZ_LANG", "en")
    same = Failure(tr="başlamadı", en="did not start")
    cluster = Stubborn(tmp_path, [same, same, OSError(28, "No space left on device")])
    reviver = Reviver(cast("Cluster", cluster))

    started = []
    for _ in range(20):
        started.append(reviver.tend())
        now[0] += 1.0

    assert cluster.tries == 4
    assert started.index(True) == 7  # after 1, 2 and 4 s
    assert started.count(True) == 1
    assert capsys.readouterr().err.splitlines() == [
        "did not start",
        "The database did not start: [Errno 28] No space left on device",
        "The database runs again.",
    ]


def test_a_full_disk_is_named_as_the_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(revive, "ONE_SEGMENT", MORE_THAN_ANYBODY_HAS)
    monkeypatch.setenv("MERKEZ_LANG", "en")

    Reviver(cast("Cluster", Stubborn(tmp_path, [Failure(tr="x", en="x")]))).tend()

    assert "THE DISK IS FULL" in capsys.readouterr().err


def test_a_log_that_a_server_is_writing_to_is_put_aside_before_it_fills_the_disk(tmp_path: Path) -> None:
    log = tmp_path / "server.jsonl"
    with log.open("ab", buffering=0) as server:
        server.write(b"first\n" * 100)
        keep_small(log, most=1_000)
        assert log.stat().st_size == 600
        server.write(b"second\n" * 100)

        keep_small(log, most=1_000)
        server.write(b"third\n")

    assert log.read_bytes() == b"third\n"
    assert (tmp_path / "server.1.jsonl").stat().st_size == 1_300
