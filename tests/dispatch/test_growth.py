"""What one press costs does not grow with the presses there were, although its plans were made when there were none.

What COMMIT itself writes (core_flush) goes out in its message and is not counted here; tests/core/test_timers.py asks it alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from core.clock import HeldClock
from core.db import EVERY, Database, Tx
from core.followers import Follower, FollowerRunner
from core.relay import Relay
from core.timers import TimerWorker
from dispatch.jobs import timers
from dispatch.states import Act
from kades import inbox as kades
from tests.dispatch.conftest import Room

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

STEPS = (Act.ACK, Act.ACCEPT, Act.EN_ROUTE, Act.ON_SCENE, Act.CLEAR)
READ = "SELECT (sum(seq_tup_read) + sum(idx_tup_fetch))::bigint AS n FROM pg_stat_xact_user_tables"


@pytest.fixture
async def new_house(fresh_url: str, clock: HeldClock) -> AsyncIterator[Room]:
    """A house whose tables are known to be empty when its connections plan their statements."""
    with psycopg.connect(fresh_url, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")
    db = Database(fresh_url, pool_size=3)
    yield Room(db, clock, fresh_url)
    await db.dispose()


async def chain(room: Room) -> None:
    """One press from the alert to the team's clear, and what follows the log meanwhile."""
    incident_id = await room.raised()
    assert await TimerWorker(room.db, room.clock, timers(room.site)).run_one()
    dispatch = await room.last(incident_id)
    for act in STEPS:
        assert (await room.befall(dispatch, act)).applied


async def test_a_press_among_hundreds_reads_no_more_rows_than_the_first(new_house: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    commit = Tx.commit

    async def counted(tx: Tx) -> None:
        read.append((await tx.value(READ)) or 0)
        # The view goes on counting from what a session has not yet handed in.
        await tx.execute("SELECT pg_stat_force_next_flush()")
        await commit(tx)

    for n in range(20):
        await new_house.team(float(n))
    follower = FollowerRunner(new_house.db, new_house.clock, Follower("kades", kades.FOLLOWS, kades.follow))
    relay = Relay(new_house.db, new_house.clock, lambda _: None)
    await follower.step()
    counts: list[list[int]] = []
    for measured in (True, False, True):
        if not measured:
            for _ in range(150):
                await chain(new_house)
            while await relay.number_batch():
                continue
            while await follower.step():
                continue
            continue
        with monkeypatch.context() as watched:
            watched.setattr(Tx, "commit", counted)
            for _ in range(2):
                read.clear()
                await chain(new_house)
                await relay.number_batch()
                await follower.step()
            counts.append(list(read))
    first, later = counts
    assert len(first) == len(later)
    grown = {step: (before, after) for step, (before, after) in enumerate(zip(first, later, strict=True)) if after > before + 12}
    assert grown == {}, "transactions of the chain that read more: by place, rows before and after"
    async with new_house.db.tx(EVERY) as tx:
        assert await tx.value("SELECT count(*) FROM incident") == 154
