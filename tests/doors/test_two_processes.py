"""Two API processes on one database are one house (law 2; issue 2, "must show" 3): whoever relays, wherever a socket comes back to."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest

from controlroom.server import Server, listen_at
from core.relay import RELAY_LOCK
from tests.doors.sockets import Line, called
from tests.live import HERE, Live, clone_of, environment_of, execute, live_house
from tests.waiting import comes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DESK, TEAM = "/ws/operator", "/ws/team"
#: From kill -9 of the relaying process to the first event numbered by the other: the kernel closes its connection, PostgreSQL frees the
#: lock, and the other asks for it every quarter of a second.
TAKE_OVER_WITHIN_S = 2.0
WITHIN_S = 15.0


@dataclass
class Pair:
    """A house served by two processes; A is the one that `live` talks to."""

    live: Live
    other: Server

    def url(self, which: str, path: str) -> str:
        """Where a socket is, at A or at B."""
        base = self.live.base_url if which == "a" else self.other.base_url
        return base.replace("http", "ws", 1) + path

    def write(self, which: str, words: str) -> str:
        """Open an incident by hand at A or at B; return its id."""
        base = self.live.base_url if which == "a" else self.other.base_url
        body = {"client_id": str(uuid4()), "kind": "kavga", "place_text": words, "province": HERE, "automatic": False}
        answer = httpx.post(
            f"{base}/api/v1/incidents", json=body, headers={"Authorization": f"Bearer {self.live.token['dispatcher']}"},
            trust_env=False, timeout=20,
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def pid(self, which: str) -> int:
        """The process that serves."""
        pid = self.live.server.pid if which == "a" else self.other.pid
        assert pid is not None
        return pid

    async def relays(self, among: str = "ab") -> str:
        """Wait until one of them relays; say which."""
        urls = {"a": self.live.base_url, "b": self.other.base_url}
        return await comes(lambda: next((which for which in among if relaying(urls[which])), ""), "a relay", within_s=WITHIN_S)


def relaying(base_url: str) -> bool:
    """Whether a process says of itself that it relays."""
    try:
        text = httpx.get(f"{base_url}/metrics", trust_env=False, timeout=5).text
    except httpx.TransportError:
        return False
    return any(line.split()[1] == "1.0" for line in text.splitlines() if line.startswith("merkez_relaying "))


@contextmanager
def two(url: str, folder: Path) -> Iterator[Pair]:
    """Start both."""
    with live_house(url, folder) as live, listen_at("127.0.0.1", 0) as sock:
        other = Server("controlroom.serve", sock, environment_of(url, folder), folder / "other.jsonl")
        try:
            other.start()
            other.await_ready()
            yield Pair(live, other)
        finally:
            other.stop()


@pytest.fixture(scope="module")
def pair(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A pair that nobody kills."""
    with clone_of(server, template) as url, two(url, tmp_path_factory.mktemp("pair")) as both:
        yield both


@pytest.fixture
def mortal(fresh_url: str, tmp_path: Path) -> Iterator[Pair]:
    """A pair of which one is killed."""
    with two(fresh_url, tmp_path) as both:
        yield both


def numbered(line: Line) -> list[dict[str, Any]]:
    """What a socket was told out of the log."""
    return [one for one in line.frames if one["seq"] is not None and one["type"] != "welcome"]


def opened_in(line: Line) -> list[str]:
    """The incidents a desk was told of, in order."""
    return [one["data"]["id"] for one in line.of("incident.opened")]


async def told(line: Line, incident_id: str) -> None:
    """Wait until a desk has been told of an incident."""
    await line.frame("incident.opened", lambda one: one["data"]["id"] == incident_id)


async def test_what_is_written_at_either_is_seen_at_the_sockets_of_both_in_one_order(pair: Pair) -> None:
    lines = [await called(pair.url(which, DESK), pair.live.token["operator"]) for which in ("a", "b")]
    logs = {line.frames[0]["data"]["log"] for line in lines}

    written = [await asyncio.to_thread(pair.write, which, "köşe") for which in "abbaab"]
    for line in lines:
        for incident_id in written:
            await told(line, incident_id)
    of_a, of_b = (numbered(line) for line in lines)
    await asyncio.gather(*(line.leave() for line in lines))

    assert len(logs) == 1
    shared = min(len(of_a), len(of_b))
    assert [(one["seq"], one["data"]) for one in of_a[:shared]] == [(one["seq"], one["data"]) for one in of_b[:shared]]
    assert shared >= len(written)


@dataclass
class Reader:
    """A desk that drops and comes back, at whichever process, with the last number it was sent."""

    pair: Pair
    log: str | None = None
    after: int | None = None
    seen: list[tuple[int, str]] = field(default_factory=list)
    replays: list[str] = field(default_factory=list)
    line: Line | None = None

    async def come(self, which: str) -> None:
        more: dict[str, Any] = {} if self.log is None else {"log": self.log, "after": self.after}
        self.line = await called(self.pair.url(which, DESK), self.pair.live.token["dispatcher"], **more)
        welcome = self.line.frames[0]["data"]
        self.replays.append(welcome["replay"])
        self.log = welcome["log"]
        if self.after is None:
            self.after = welcome["seq"]

    async def drop(self) -> None:
        """Break off without a good-bye, and count what was read up to then."""
        assert self.line is not None
        self.line.wire.transport.abort()
        await self.line.leave()
        for frame in numbered(self.line):
            assert frame["prev"] == self.after, f"a gap: {frame['prev']} after {self.after}"
            assert self.after is not None
            assert frame["seq"] > self.after, "told twice"
            self.after = frame["seq"]
            if frame["type"] == "incident.opened":
                self.seen.append((frame["seq"], frame["data"]["id"]))


async def test_a_desk_that_drops_at_one_and_resumes_at_the_other_misses_nothing_and_hears_nothing_twice(pair: Pair) -> None:
    rng = random.Random(20261124)
    reader, written = Reader(pair), list[str]()
    await reader.come("a")
    for turn in range(8):
        # Some while it listens, some while nobody does.
        for at_rest in (False, True):
            if at_rest:
                await reader.drop()
            for _ in range(rng.randint(1, 3)):
                written.append(await asyncio.to_thread(pair.write, rng.choice("ab"), f"tur {turn}"))
        await reader.come("b" if turn % 2 == 0 else "a")
    assert reader.line is not None
    line = reader.line
    missing = set(written) - {incident_id for _, incident_id in reader.seen}
    await line.until(lambda: missing <= set(opened_in(line)), "the end of the log")
    await reader.drop()

    assert [incident_id for _, incident_id in reader.seen] == written
    assert reader.replays == ["snapshot", *["complete"] * 8]


async def test_a_crew_whose_process_is_away_gets_its_offer_at_the_other_and_acknowledges_it_there(pair: Pair) -> None:
    live = pair.live
    line = await called(pair.url("a", TEAM), live.token["team"])
    welcome = line.frames[0]["data"]
    await line.leave()
    incident_id = await asyncio.to_thread(pair.write, "a", "okul")
    live.made(f"/api/v1/incidents/{incident_id}/dispatches", live.token["dispatcher"], team_id=live.ids["team"])

    again = await called(pair.url("b", TEAM), live.token["team"], log=welcome["log"], after=welcome["seq"])
    offer = await again.frame("dispatch.offered", lambda one: one["data"]["incident_id"] == incident_id)
    await again.say(type="ack", seq=offer["seq"])
    await again.frame("dispatch.changed", lambda one: one["data"]["state"] == "acknowledged")
    await again.leave()

    assert again.frames[0]["data"]["replay"] == "complete"
    states = execute(live.url, "SELECT state, acknowledged_at IS NOT NULL FROM dispatch WHERE incident_id = %s", incident_id)
    assert states == [("acknowledged", True)]


async def test_kill_minus_nine_of_the_process_that_relays_and_the_other_takes_over_and_nobody_misses_a_frame(mortal: Pair) -> None:
    pair = mortal
    first = await pair.relays()
    second = "b" if first == "a" else "a"
    stays = await called(pair.url(second, DESK), pair.live.token["operator"])
    falls = await called(pair.url(first, DESK), pair.live.token["dispatcher"])
    before = [await asyncio.to_thread(pair.write, which, "önce") for which in (first, second)]
    for incident_id in before:
        await told(stays, incident_id)
        await told(falls, incident_id)
    last = numbered(falls)[-1]["seq"]

    os.kill(pair.pid(first), signal.SIGKILL)
    began = asyncio.get_running_loop().time()
    after = await asyncio.to_thread(pair.write, second, "sonra")
    await told(stays, after)
    took = asyncio.get_running_loop().time() - began

    assert took < TAKE_OVER_WITHIN_S
    assert await pair.relays(second) == second
    lock = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s AND granted AND database = "
    held = execute(pair.live.url, lock + "(SELECT oid FROM pg_database WHERE datname = current_database())", *RELAY_LOCK)
    assert held == [(1,)]
    await falls.closed()
    resumed = await called(pair.url(second, DESK), pair.live.token["dispatcher"], log=falls.frames[0]["data"]["log"], after=last)
    await told(resumed, after)
    assert resumed.frames[0]["data"]["replay"] == "complete"
    assert opened_in(resumed) == [after]
    assert opened_in(stays) == [*before, after]
    await asyncio.gather(stays.leave(), resumed.leave())
