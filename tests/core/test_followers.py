"""Followers: every event at least once and in order, one that cannot be handled set aside, whoever dies meanwhile."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from core.clock import HeldClock
from core.db import EVERY, Database, Tx
from core.followers import TRIES, Follower, FollowerRunner
from core.ids import new_id
from core.outbox import emit
from core.relay import Event, Relay
from core.timers import set_timer


async def speak(db: Database, clock: HeldClock, *numbers: int) -> None:
    async with db.tx(EVERY) as tx:
        for n in numbers:
            await emit(tx, "t", at=clock.now(), channels=["x"], subject_id=None, data={"n": n, "about": n % 10})
    await Relay(db, clock, lambda _: None).number_batch()


async def test_a_follower_hears_what_came_after_it_first_looked_in_order_and_only_its_types(db: Database, clock: HeldClock) -> None:
    heard: list[int] = []

    async def hear(_tx: Tx, _event: Event, data: dict[str, Any], _now: datetime) -> None:
        heard.append(data["n"])

    runner = FollowerRunner(db, clock, Follower("f", {"t": hear}))
    await speak(db, clock, 0)
    assert await runner.step() == 0
    await speak(db, clock, 1, 2, 3)
    async with db.tx(EVERY) as tx:
        await emit(tx, "other", at=clock.now(), channels=["x"], subject_id=None, data={"n": 9})
    await Relay(db, clock, lambda _: None).number_batch()
    assert await runner.step() == 3
    assert await runner.step() == 0
    assert heard == [1, 2, 3]


async def test_of_one_batch_about_one_thing_only_the_last_event_is_handled(db: Database, clock: HeldClock) -> None:
    heard: list[int] = []

    async def hear(_tx: Tx, _event: Event, data: dict[str, Any], _now: datetime) -> None:
        heard.append(data["n"])

    runner = FollowerRunner(db, clock, Follower("f", {"t": hear}, key=lambda _event, data: data["about"]))
    await runner.step()
    await speak(db, clock, 1, 2, 11, 21, 12, 3)
    assert await runner.step() == 6
    assert heard == [21, 12, 3]


async def test_an_event_that_cannot_be_handled_is_set_aside_after_its_tries_and_the_others_go_on(db: Database, clock: HeldClock) -> None:
    heard: list[int] = []

    async def hear(tx: Tx, _event: Event, data: dict[str, Any], now: datetime) -> None:
        if data["n"] == 2:
            await set_timer(tx, "never", new_id(), now)
            await tx.execute("SELECT 1 / 0")
        heard.append(data["n"])

    runner = FollowerRunner(db, clock, Follower("f", {"t": hear}))
    await runner.step()
    await speak(db, clock, 1, 2, 3)
    for _ in range(TRIES - 1):
        with pytest.raises(Exception, match="division by zero"):
            await runner.step()
    assert await runner.step() == 3
    assert heard[-2:] == [1, 3]
    async with db.tx(EVERY, role="merkez_timers") as tx:
        assert await tx.rows("SELECT * FROM timer") == [], "what the failing handler wanted to wait for is undone too"
        assert [(row["name"], row["error"]) for row in await tx.rows("SELECT name, error FROM follower_fault")] == [("f", "DivisionByZero")]
