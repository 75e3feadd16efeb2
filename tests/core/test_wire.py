"""Law 2: nothing is skipped on the wire, and nothing doubled, whoever commits when, whoever relays, whoever drops."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import SystemClock
from core.db import EVERY, Database
from core.hub import QUEUE_LIMIT, Client, Hub
from core.identity import Principal, Role
from core.ids import new_id
from core.outbox import emit, new_log_id
from core.relay import RELAY_LOCK, Relay, Teller
from core.sockets import DoorKeeper, Hello, SocketDoor
from tests.waiting import comes

CLOCK = SystemClock()
MINE = "desk:26"


def a_person() -> Principal:
    return Principal("account", new_id(), new_id(), Role.OPERATOR, frozenset({26}), None, None, "x", None)


async def nothing_to_show(*_: object) -> list[Any]:
    return []


DOOR = SocketDoor("/ws/test", frozenset({Role.OPERATOR}), lambda _: {MINE}, nothing_to_show)


class House:
    """What one API process runs of the wire."""

    def __init__(self, url: str) -> None:
        self.db = Database(url, pool_size=12)
        self.hub = Hub(self.db, CLOCK)
        self.keeper = DoorKeeper(self.db, CLOCK, self.hub)
        self.relay = Relay(self.db, CLOCK, self.hub.feed)
        self.tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> House:
        self.tasks = [asyncio.create_task(thing.run()) for thing in (self.hub, self.relay, Teller(self.db, self.relay))]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
        for task in self.tasks:
            with suppress(asyncio.CancelledError):
                await task
        await self.db.dispose()


@dataclass
class Reader:
    """A client that keeps what it was told, drops and resumes."""

    house: House
    log: Any = None
    last: int | None = None
    told: list[int] = field(default_factory=list)
    client: Client | None = None

    async def connect(self) -> None:
        client = Client(a_person(), DOOR.path, frozenset({MINE}))
        self.house.hub.join(client)
        await self.house.keeper._welcome(client, DOOR, Hello(type="hello", token="-", log=self.log, after=self.last))
        welcome = json.loads(client.take() or "{}")
        assert welcome["type"] == "welcome"
        assert {name: welcome[name] for name in ("log", "replay", "seq")} == welcome["data"], "flat as the contract writes it, and in data"
        assert welcome["data"]["replay"] == ("snapshot" if self.last is None else "complete")
        self.log = welcome["data"]["log"]
        if self.last is None:
            self.last = welcome["data"]["seq"]
        self.client = client

    def drain(self) -> None:
        assert self.client is not None
        while (text := self.client.take()) is not None:
            frame = json.loads(text)
            assert frame["prev"] == self.last, "a gap that the client would see"
            assert frame["seq"] > self.last
            self.last = frame["seq"]
            self.told.append(frame["data"]["n"])

    def drop(self) -> None:
        """The line is cut: what lay unread in the queue is gone."""
        assert self.client is not None
        self.house.hub.leave(self.client)
        self.client = None


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("begin"), st.integers(0, 4), st.integers(1, 3)),
        st.tuples(st.just("commit"), st.integers(0, 4), st.just(0)),
        st.tuples(st.just("roll back"), st.integers(0, 4), st.just(0)),
        st.tuples(st.just("kill relay"), st.just(0), st.just(0)),
        st.tuples(st.just("drop"), st.integers(0, 3), st.just(0)),
        st.tuples(st.just("drain"), st.integers(0, 3), st.just(0)),
    ),
    min_size=8,
    max_size=30,
)


async def kill_relay(url: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
        await conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s AND granted",
            RELAY_LOCK,
        )


async def play(url: str, steps: list[tuple[str, int, int]]) -> None:
    async with House(url) as one, House(url) as two, AsyncExitStack() as stack:
        readers = [Reader(house) for house in (one, two, one, two)]
        for reader in readers:
            await reader.connect()
        writers: dict[int, Any] = {}
        written, counter = [], 0
        for step, which, how_many in steps:
            match step:
                case "begin" if which not in writers:
                    context = (one, two)[which % 2].db.tx(EVERY)
                    tx = await stack.enter_async_context(_Held(context))
                    numbers = list(range(counter, counter + how_many))
                    counter += how_many
                    for n in numbers:
                        await emit(tx.tx, "t", at=CLOCK.now(), channels=[MINE], subject_id=None, data={"n": n})
                    writers[which] = (tx, numbers)
                case "commit" if which in writers:
                    tx, numbers = writers.pop(which)
                    await tx.finish(commit=True)
                    written += numbers
                case "roll back" if which in writers:
                    tx, _ = writers.pop(which)
                    await tx.finish(commit=False)
                case "kill relay":
                    await kill_relay(url)
                case "drop":
                    readers[which].drop()
                    await readers[which].connect()
                case "drain":
                    readers[which].drain()
                case _:
                    pass

        def all_told() -> bool:
            for reader in readers:
                reader.drain()
            return all(len(reader.told) >= len(written) for reader in readers)

        await comes(all_told, f"{len(written)} events at every reader")
        for reader in readers:
            assert sorted(reader.told) == sorted(written), "every committed event exactly once, none of a rolled back one"
            assert reader.told == readers[0].told, "every reader has the same history in the same order"


class _Held:
    """A transaction held open until told to finish."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._open = True

    async def __aenter__(self) -> _Held:
        self.tx = await self._context.__aenter__()
        return self

    async def finish(self, *, commit: bool) -> None:
        self._open = False
        if commit:
            await self._context.__aexit__(None, None, None)
        else:
            fault = RuntimeError("rolled back on purpose")
            with suppress(RuntimeError):
                await self._context.__aexit__(type(fault), fault, None)

    async def __aexit__(self, *_: object) -> None:
        if self._open:
            await self.finish(commit=False)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS)
def test_every_reader_ends_with_the_same_history_whatever_commits_when_and_whoever_relays(fresh_url: str, steps: list[Any]) -> None:
    asyncio.run(play(fresh_url, steps))


async def test_an_event_that_commits_late_with_a_lower_row_id_is_still_told(fresh_url: str) -> None:
    await play(fresh_url, [("begin", 0, 1), ("begin", 1, 1), ("commit", 1, 0), ("drain", 0, 0), ("commit", 0, 0)])


async def test_a_slow_reader_is_cut_and_never_waited_for() -> None:
    client = Client(a_person(), "/ws/test", frozenset({MINE}), held=False)
    from core.relay import Event

    for n in range(QUEUE_LIMIT + 1):
        client.offer(Event(n + 1, "t", CLOCK.now(), (MINE,), None, "{}"), '"type":"t"}')
    assert client.cut == "slow"


async def test_another_log_or_one_older_than_48_hours_gives_a_snapshot(fresh_url: str) -> None:
    async with House(fresh_url) as house:
        reader = Reader(house)
        await reader.connect()
        async with house.db.tx(EVERY) as tx:
            await emit(tx, "t", at=CLOCK.now() - timedelta(hours=49), channels=[MINE], subject_id=None, data={"n": 0})
        assert reader.client is not None
        await comes(lambda: reader.client is not None and reader.client.sent != 0, "the event")
        old = Client(a_person(), DOOR.path, frozenset({MINE}))
        await house.keeper._welcome(old, DOOR, Hello(type="hello", token="-", log=reader.log, after=0))
        assert json.loads(old.take() or "{}")["data"]["replay"] == "snapshot", "the gap begins more than 48 h ago"
        async with await psycopg.AsyncConnection.connect(fresh_url) as owner:
            await owner.execute("SET ROLE merkez_relay")
        async with house.db.tx(EVERY, role="merkez_relay") as tx:
            await new_log_id(tx)
        other = Client(a_person(), DOOR.path, frozenset({MINE}))
        await house.keeper._welcome(other, DOOR, Hello(type="hello", token="-", log=reader.log, after=1))
        assert json.loads(other.take() or "{}")["data"]["replay"] == "snapshot", "the log is another one (a restore)"


async def test_conflated_frames_keep_only_the_newest_and_carry_no_number() -> None:
    client = Client(a_person(), "/ws/test", frozenset({MINE}), held=False)
    for n in range(5):
        client.conflate("team:1", f'"type":"team.moved","at":"-","data":{{"n":{n}}}}}')
    frame = json.loads(client.take() or "{}")
    assert (frame["seq"], frame["prev"], frame["data"]["n"]) == (None, None, 4)
    assert client.take() is None


@pytest.mark.parametrize("role", ["merkez_api", "merkez_timers"])
async def test_nobody_but_the_relay_numbers_or_reads_the_outbox(db: Database, role: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with db.tx(EVERY, role=role) as tx:
            await tx.rows("SELECT * FROM outbox")
