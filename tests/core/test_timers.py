"""Law 4: every wait is a row that any process may claim, and a fault or a crash leaves it where it was."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from core.clock import HeldClock
from core.db import EVERY, Database, Tx
from core.ids import new_id
from core.timers import SHOUT_AFTER, Timer, TimerWorker, drop_timer, set_timer
from tests.waiting import comes


async def waiting(db: Database) -> list[dict[str, Any]]:
    async with db.tx(EVERY, role="merkez_timers") as tx:
        return await tx.rows("SELECT kind, subject_id, due_at, attempts, last_error FROM timer ORDER BY due_at")


async def test_a_timer_runs_once_when_it_is_due_and_not_before(db: Database, clock: HeldClock) -> None:
    ran: list[Timer] = []

    async def ring(_tx: Tx, timer: Timer, _now: datetime) -> None:
        ran.append(timer)

    worker = TimerWorker(db, clock, {"ring": ring})
    subject = new_id()
    async with db.tx(EVERY) as tx:
        await set_timer(tx, "ring", subject, clock.now() + timedelta(seconds=15), {"round": 1})
    assert not await worker.run_one()
    clock.move(timedelta(seconds=15))
    assert await worker.run_one()
    assert not await worker.run_one()
    assert [(timer.subject_id, timer.data) for timer in ran] == [(subject, {"round": 1})]


async def test_a_timer_set_again_is_moved_and_one_dropped_never_rings(db: Database, clock: HeldClock) -> None:
    first, second = new_id(), new_id()
    async with db.tx(EVERY) as tx:
        await set_timer(tx, "ring", first, clock.now())
        await set_timer(tx, "ring", first, clock.now() + timedelta(seconds=30))
        await set_timer(tx, "ring", second, clock.now())
        await drop_timer(tx, "ring", second)
    assert [(row["subject_id"], row["due_at"]) for row in await waiting(db)] == [(first, clock.now() + timedelta(seconds=30))]


async def test_a_failing_handler_undoes_what_it_wrote_and_its_wait_comes_again_and_is_shouted_about(db: Database, clock: HeldClock) -> None:
    subject, shouted = new_id(), []

    async def fail(tx: Tx, timer: Timer, now: datetime) -> None:
        await set_timer(tx, "half written", timer.subject_id, now)
        message = "no team table today"
        raise RuntimeError(message)

    async def shout(_tx: Tx, timer: Timer, error: str, _now: datetime) -> None:
        shouted.append((timer.subject_id, error))

    worker = TimerWorker(db, clock, {"fail": fail}, shout=shout)
    async with db.tx(EVERY) as tx:
        await set_timer(tx, "fail", subject, clock.now())
    for attempt in range(1, SHOUT_AFTER + 2):
        assert await worker.run_one()
        (row,) = await waiting(db)
        assert (row["kind"], row["attempts"], row["last_error"]) == ("fail", attempt, "RuntimeError")
        assert row["due_at"] > clock.now()
        clock.move(row["due_at"] - clock.now())
    assert shouted == [(subject, "RuntimeError")]


async def test_many_workers_in_two_processes_run_each_timer_exactly_once(fresh_url: str, clock: HeldClock) -> None:
    one, two = Database(fresh_url), Database(fresh_url)
    ran: Counter[UUID] = Counter()

    async def ring(tx: Tx, timer: Timer, _now: datetime) -> None:
        # As long as a short job takes: the other workers come by while this one still holds its timer.
        await tx.execute("SELECT pg_sleep(0.002)")
        ran[timer.subject_id] += 1

    subjects = [new_id() for _ in range(120)]
    async with one.tx(EVERY) as tx:
        for subject in subjects:
            await set_timer(tx, "ring", subject, clock.now())
    workers = [asyncio.create_task(TimerWorker(db, clock, {"ring": ring}, workers=6).run()) for db in (one, two)]

    async def over() -> bool:
        return not await waiting(one)

    await comes(over, "the end of the last timer", within_s=60)
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    await one.dispose()
    await two.dispose()
    assert ran == Counter(subjects)


async def test_dropping_one_wait_among_hundreds_reads_one_row_though_planned_when_there_was_none(fresh_url: str, clock: HeldClock) -> None:
    with psycopg.connect(fresh_url, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE timer")
    db = Database(fresh_url, pool_size=1)
    subjects = [new_id() for _ in range(400)]
    read = "SELECT seq_tup_read + idx_tup_fetch AS n FROM pg_stat_xact_user_tables WHERE relname = 'timer'"

    async def dropped(subject: UUID) -> int:
        """The same as COMMIT does, in a transaction that can be asked what it read."""
        async with db.tx(EVERY) as tx:
            before = await tx.value(read) or 0
            drop = Jsonb([{"kind": "ring", "subject_id": str(subject)}])
            await tx.execute("SELECT core_flush(NULL, NULL, %(drop)s)", {"drop": drop})
            return int(await tx.value(read)) - before

    assert await dropped(subjects[0]) == 0
    async with db.tx(EVERY) as tx:
        for subject in subjects:
            await set_timer(tx, "ring", subject, clock.now())
    assert await dropped(subjects[7]) == 1
    assert len(await waiting(db)) == len(subjects) - 1
    await db.dispose()


async def test_a_due_timer_runs_at_once_after_the_commit_that_set_it(db: Database, clock: HeldClock) -> None:
    rang = asyncio.Event()

    async def ring(_tx: Tx, _timer: Timer, _now: datetime) -> None:
        rang.set()

    worker = TimerWorker(db, clock, {"ring": ring}, workers=1)
    running = asyncio.create_task(worker.run())
    async with db.tx(EVERY) as tx:
        await set_timer(tx, "ring", new_id(), clock.now())
    await asyncio.wait_for(rang.wait(), 5)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_patient_kind_is_taken_only_when_nothing_else_is_due_however_long_it_has_waited(db: Database, clock: HeldClock) -> None:
    ran: list[str] = []

    async def note(_tx: Tx, timer: Timer, _now: datetime) -> None:
        ran.append(timer.kind)

    worker = TimerWorker(db, clock, {"again": note, "offer": note}, patient={"again"})
    async with db.tx(EVERY) as tx:
        for minute in range(20):
            await set_timer(tx, "again", new_id(), clock.now() - timedelta(minutes=60 - minute))
        for _ in range(3):
            await set_timer(tx, "offer", new_id(), clock.now())
    while await worker.run_one():
        pass
    assert ran == ["offer"] * 3 + ["again"] * 20
