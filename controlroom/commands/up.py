"""`./merkez up`: an empty control room, on a private cluster under `var/` or at DATABASE_URL."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from controlroom.failures import Exit, Words
from controlroom.ground import VAR
from controlroom.language import lines
from controlroom.ready import made_ready
from controlroom.revive import Reviver
from controlroom.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from controlroom.cluster import Cluster
    from controlroom.ready import Ready
    from controlroom.server import Server

RUN = VAR / "run.json"
LOOK_EVERY_S = 0.5


@click.command(name="up")
@click.option("--host", help="Dinlenecek adres / address to listen at (WEB_HOST).")
@click.option("--port", type=click.IntRange(0, 65_535), help="Kapı; 0 boş bir kapı seçer / port; 0 chooses a free one (WEB_PORT).")
def command(host: str | None, port: int | None) -> int:
    """Boş bir komuta merkezi başlatır; Ctrl-C durdurur.

    Start an empty control room and serve until Ctrl-C. SMS_URL and DEFAULT_PROVINCE must be set.
    """
    from controlroom.fit import check_fit
    from controlroom.settings import Settings

    os.environ.setdefault("STATE_DIR", str(VAR))
    settings = Settings.read()
    check_fit(settings)
    # The folder's lock first: a second start is told who holds it, not that a port is taken.
    with until_stopped() as stopped, made_ready("up", steps := Steps()) as ready:
        _serve(ready, steps, host or settings.web.host, settings.web.port if port is None else port, stopped)
    return Exit.DONE


def _serve(ready: Ready, steps: Steps, host: str, port: int, stopped: Stopped) -> None:
    from controlroom.server import Server, listen_at

    # The private cluster knows who connects, so the server is the API's role from its first statement; elsewhere it steps down to it.
    url = ready.cluster.url("merkez_api") if ready.cluster else ready.owner_url
    with listen_at(host, port) as sock:
        server = Server("controlroom.serve", sock, database_environment(ready, url), log_file("server"))
        try:
            with steps.step("serve", "Sunucu", "Server"):
                server.start()
                server.await_ready()
            ready.lock.serving_at(server.base_url)
            _say(server.base_url)
            stopped.serving = True
            with run_file(RUN, server.base_url):
                keep_serving(server, ready.cluster)
        finally:
            server.stop()


def database_environment(ready: Ready, url: str) -> dict[str, str]:
    """Return what a server is told of its database: where it is, and of a private one also which disk to watch."""
    folder = {"DATABASE_FOLDER": str(ready.cluster.where.home)} if ready.cluster else {}
    return {"DATABASE_URL": url, **folder}


@dataclass
class Stopped:
    """Whether a command has reached the point from which a signal is its ordinary end."""

    serving: bool = False


@contextmanager
def until_stopped() -> Iterator[Stopped]:
    """Take Ctrl-C or SIGTERM as the end of the work, once it serves; before that it is a start that was broken off."""
    stopped = Stopped()
    try:
        yield stopped
    except KeyboardInterrupt:
        if not stopped.serving:
            raise
        for line in lines(Words("Durduruldu.", "Stopped.")):
            click.echo(line, err=True)


def keep_serving(server: Server, cluster: Cluster | None) -> None:
    """Hold server and database up until a signal ends us."""
    database = Reviver(cluster)
    while True:
        server.watch(LOOK_EVERY_S)
        database.tend()


def log_file(name: str) -> Path:
    """Return `var/log/NAME.jsonl`; whoever tends the server keeps it from growing."""
    folder = VAR / "log"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.jsonl"


@contextmanager
def run_file(path: Path, base_url: str) -> Iterator[None]:
    """Tell other programs of this machine where we serve, for as long as we do."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps({"base_url": base_url, "pid": os.getpid()}), encoding="utf-8")
    new.replace(path)
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            path.unlink()


def _say(base_url: str) -> None:
    click.echo(f"\n  {base_url}\n")
    first = Words(
        "İlk yöneticiyi bir kez açın, ötekileri o açar: ./merkez accounts bootstrap",
        "Make the first admin once, who then makes the others: ./merkez accounts bootstrap",
    )
    stop = Words("Durdurmak için Ctrl-C.", "Ctrl-C stops it.")
    for line in (*lines(first), *lines(stop)):
        click.echo(f"  {line}")

