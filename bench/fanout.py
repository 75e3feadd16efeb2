"""One pre-encoded frame to 10,000 sockets: ours (log -> hub -> sockets) against a bare `websockets` broadcast (hoped for: <= 2 x).

The clients live in processes of their own; what is measured is from the moment before COMMIT (ours) or `broadcast` (floor) to the moment
the last client has the frame.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any

import psycopg
from websockets.asyncio.server import ServerConnection, broadcast, serve

from bench import seed
from bench.ground import fresh_database, say
from bench.load import LightSocket, connect, now_ns
from bench.report import Report
from bench.server import many_files, port_of, server
from core.clock import SystemClock
from core.db import EVERY, Database
from core.outbox import emit

PROCESSES = 2
MARK = b'"bench.mark"'
AT_ONCE = 50


class Clients:
    """A process full of sockets; tells on stdout when all are open, and when all have a frame."""

    def __init__(self, port: int, path: str, tokens: list[str]) -> None:
        """Open a socket per token."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.fanout", str(port), path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(tokens) + "\n")
        self._process.stdin.flush()

    async def next(self) -> int:
        """Return the next line: the time (ns) at which the last of its sockets had it."""
        stdout = self._process.stdout
        assert stdout is not None
        line = await asyncio.to_thread(stdout.readline)
        return int(line)

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


async def be_clients(port: int, path: str, tokens: list[str]) -> None:
    """Run inside a client process: count marks, print the time of the last."""
    counts: dict[int, int] = {}
    turn = 0

    def heard(socket: LightSocket, payload: bytes, at: int) -> None:
        nonlocal turn
        if b'"welcome"' in payload:
            socket.name[0].set_result(None)
        elif MARK in payload:
            counts[turn] = counts.get(turn, 0) + 1
            if counts[turn] == len(tokens):
                print(at, flush=True)
                turn += 1

    gate = asyncio.Semaphore(AT_ONCE)
    loop = asyncio.get_running_loop()

    async def one(token: str) -> LightSocket:
        async with gate:
            welcome = [loop.create_future()]
            hello = {"type": "hello", "token": token} if path != "/" else None
            socket = await connect(port, path, hello, heard, welcome)
            if hello:
                await asyncio.wait_for(welcome[0], 60)
            return socket

    sockets = await asyncio.gather(*(one(token) for token in tokens))
    print(now_ns(), flush=True)
    await asyncio.sleep(3600)
    assert sockets


async def broadcasts(clients: list[Clients], send: Any, runs: int) -> list[float]:
    """Send `runs` frames, one after another, and return each one's time to the last client in ms."""
    took: list[float] = []
    for run in range(runs + 2):
        begun = now_ns()
        await send(run)
        ends = await asyncio.gather(*(client.next() for client in clients))
        if run >= 2:
            took.append((max(ends) - begun) / 1e6)
    return took


async def floor_of(sockets: int, runs: int) -> list[float]:
    """Measure bare `websockets` in a process of its own loop: this one."""
    connections: set[ServerConnection] = set()

    async def hold(connection: ServerConnection) -> None:
        connections.add(connection)
        await connection.wait_closed()

    async with serve(hold, "127.0.0.1", 0, compression=None, ping_interval=None, backlog=4096) as bare:
        port = next(iter(bare.sockets)).getsockname()[1]
        clients = [Clients(port, "/", ["-"] * (sockets // PROCESSES)) for _ in range(PROCESSES)]
        try:
            await asyncio.gather(*(client.next() for client in clients))
            text = json.dumps({"seq": 1, "prev": 0, "type": "bench.mark", "at": "-", "data": {"x": "x" * 200}}, separators=(",", ":"))
            text = text.replace('"type":"bench.mark"', '"type": "bench.mark"')

            async def send(_run: int) -> None:
                broadcast(connections, text)
                await asyncio.sleep(0)

            return await broadcasts(clients, send, runs)
        finally:
            for client in clients:
                client.stop()


async def ours_of(url: str, sockets: int, runs: int) -> list[float]:
    """Measure the house."""
    with psycopg.connect(url) as conn:
        tokens = seed.accounts(conn, "operator", [26], [None] * sockets)
    with server(url) as house:
        share = sockets // PROCESSES
        clients = [Clients(port_of(house), "/ws/operator", tokens[n * share : (n + 1) * share]) for n in range(PROCESSES)]
        db = Database(url)
        clock = SystemClock()
        try:
            say(f"opening {sockets:,} sockets")
            await asyncio.gather(*(client.next() for client in clients))

            async def send(run: int) -> None:
                async with db.tx(EVERY) as tx:
                    data = {"x": "x" * 200, "n": run}
                    await emit(tx, "bench.mark", at=clock.now(), channels=["desk:26"], subject_id=None, data=data)
                async with db.tx() as tx:
                    await tx.execute("NOTIFY merkez_outbox")

            return await broadcasts(clients, send, runs)
        finally:
            for client in clients:
                client.stop()
            await db.dispose()


async def run(*, quick: bool) -> Report:
    """Measure and report."""
    sockets, runs = (1_000, 8) if quick else (10_000, 20)
    many_files()
    report = Report("fanout")
    with fresh_database("bench_fanout") as url:
        say("floor: bare websockets")
        floor = await floor_of(sockets, runs)
        say("ours")
        ours = await ours_of(url, sockets, runs)
    report.row(f"one frame to {sockets:,} sockets, last client", "ms", floor=floor, ours=ours)
    ratio = report.rows[0]["ratio"]
    report.target("ours against bare broadcast", "<= 2 (hoped for)", ratio, met=ratio <= 2)
    report.notes.append("ours includes the writer's COMMIT, the relay's COMMIT and the notification between processes")
    return report


if __name__ == "__main__":
    many_files()
    asyncio.run(be_clients(int(sys.argv[1]), sys.argv[2], json.loads(sys.stdin.readline())))
