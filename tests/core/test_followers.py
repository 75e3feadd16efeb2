"""Followers: every event at least once and in order, one that cannot be handled set aside, whoever dies meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pytest

from core.clock import HeldClock
from core.db import EVERY, Database, Tx
from core.followers import TRIES, Follower, FollowerRunner, Told
from core.ids import new_id
from core.outbox import emit
from core.relay import Relay
from core.timers import set_timer


async def speak(db: Database, clock: HeldClock, *numbers: int) -> None:
    async with db.tx(EVERY) as tx:
        for n in numbers:
            await emit(tx, "t", at=clock.now(), channels=["x"], subject_id=None, data={"n": n})
    await Relay(db, clock, lambda _: None).number_batch()


async def test_a_follower_hears_what_came_after_it_first_looked_in_order_and_only_its_types(db: Database, clock: HeldClock) -> None:
    heard: list[list[int]] = []

    async def hear(_tx: Tx, told: Sequence[Told], _now: datetime) -> None:
        heard.append([data["n"] for _, data in told])

    runner = FollowerRunner(db, clock, Follower("f", frozenset({"t"}), hear))
    await speak(db, clock, 0)
    assert await runner.step() == 0
    await speak(db, clock, 1, 2, 3)
    async with db.tx(EVERY) as tx:
        await emit(tx, "other", at=clock.now(), channels=["x"], subject_id=None, data={"n": 9})
    await Relay(db, clock, lambda _: None).number_batch()
    assert await runner.step() == 3
    assert await runner.step() == 0
    assert heard == [[1, 2, 3]], "one batch, handled together"


async def test_an_event_that_cannot_be_handled_is_set_aside_after_its_tries_and_the_others_go_on(db: Database, clock: HeldClock) -> None:
    heard: list[int] = []

    async def hear(tx: Tx, told: Sequence[Told], now: datetime) -> None:
        for _, data in told:
            if data["n"] == 2:
                await set_timer(tx, "never", new_id(), now)
                await tx.execute("SELECT 1 / 0")
        heard.extend(data["n"] for _, data in told)

    runner = FollowerRunner(db, clock, Follower("f", frozenset({"t"}), hear))
    await runner.step()
    await speak(db, clock, 1, 2, 3)
    with pytest.raises(Exception, match="division by zero"):
        await runner.step()
    assert await runner.step() == 1, "after a fault they come one by one"
    for _ in range(TRIES - 1):
        with pytest.raises(Exception, match="division by zero"):
            await runner.step()
    assert await runner.step() == 1, "set aside"
    assert await runner.step() == 1
    assert heard == [1, 3]
    async with db.tx(EVERY, role="merkez_timers") as tx:
        assert await tx.rows("SELECT * FROM timer") == [], "what the failing handler wanted to wait for is undone too"
        assert [(row["name"], row["error"]) for row in await tx.rows("SELECT name, error FROM follower_fault")] == [("f", "DivisionByZero")]
    await speak(db, clock, 4, 5)
    assert await runner.step() == 2, "and then in batches again"


async def test_a_batch_that_fails_only_as_a_batch_is_handled_one_by_one(db: Database, clock: HeldClock) -> None:
    heard: list[int] = []

    async def hear(_tx: Tx, told: Sequence[Told], _now: datetime) -> None:
        assert len(told) == 1, "too much at once"
        heard.extend(data["n"] for _, data in told)

    runner = FollowerRunner(db, clock, Follower("f", frozenset({"t"}), hear))
    await runner.step()
    await speak(db, clock, 1, 2, 3)
    with pytest.raises(AssertionError, match="too much"):
        await runner.step()
    assert [await runner.step() for _ in range(4)] == [1, 1, 1, 0]
    assert heard == [1, 2, 3]
