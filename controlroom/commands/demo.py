"""`./merkez demo`: a simulated Eskişehir round a real control room, on a database of its own; `--once` plays the main job and ends."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

import click

from controlroom.commands import options
from controlroom.commands.up import Stopped, database_environment, log_file, until_stopped
from controlroom.failures import Exit, Failure, Words
from controlroom.ground import VAR
from controlroom.language import lines
from controlroom.ready import made_ready
from controlroom.revive import Reviver
from controlroom.steps import Steps

if TYPE_CHECKING:
    from controlroom.demo.play import Stage
    from controlroom.demo.sheet import Sheet
    from controlroom.ready import Ready
    from controlroom.server import Server

SHEET = VAR / "demo.json"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the caller asked for."""

    once: bool
    host: str
    port: int | None
    shift_s: float


@click.command(name="demo")
@click.option("--once", is_flag=True, help="Ana işi bir kez oynatır ve biter / play the main job once and end.")
@options.as_json
@click.option("--host", default="127.0.0.1", show_default=True, help="Dinlenecek adres / address to listen at.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Kapı; 0 boş bir kapı seçer / port; 0 chooses a free one.")
@click.option("--shift-hours", type=float, default=0.0, help="Saati bu kadar kaydırır / move the clock by so much.")
def command(*, once: bool, as_json: bool, host: str, port: int | None, shift_hours: float) -> int:
    """Benzetilmiş Eskişehir'le her şeyi başlatır; Ctrl-C durdurur.

    Start everything with a simulated city and serve its map. With --once, play KADES press to closed incident and plate hit to
    outcome, and answer 0 only if every step was seen.
    """
    steps = Steps()
    wish = Wish(once=once, host=host, port=port, shift_s=shift_hours * 3600)
    told = True
    with until_stopped() as stopped, made_ready("demo", steps) as ready:
        told = _serve(ready, steps, wish, stopped)
    if as_json:
        options.print_json(steps.as_json())
    return Exit.DONE if told else Exit.FAILED


def _serve(ready: Ready, steps: Steps, wish: Wish, stopped: Stopped) -> bool:
    from controlroom.server import Server, listen_at
    from controlroom.settings import WebSettings

    os.environ.setdefault("STATE_DIR", str(VAR))
    # The story needs no known address, and must not fail because somebody else has it.
    port = wish.port if wish.port is not None else (0 if wish.once else WebSettings().port)
    url = ready.cluster.url("merkez_api") if ready.cluster else ready.owner_url
    words = [str(wish.shift_s)] if wish.shift_s else []
    with listen_at(wish.host, port) as sock:
        server = Server("controlroom.demo.server", sock, database_environment(ready, url), log_file("demo"), words)
        try:
            with steps.step("serve", "Sunucu", "Server"):
                server.start()
                server.await_ready()
            ready.lock.serving_at(server.base_url)
            stopped.serving = not wish.once
            return _played(ready, steps, wish, server, url)
        finally:
            server.stop()


def _played(ready: Ready, steps: Steps, wish: Wish, server: Server, url: str) -> bool:
    from controlroom.demo.client import Refused

    try:
        return asyncio.run(_play(ready, steps, wish, server, url))
    except Refused as said:
        raise Failure(
            tr=f"Sunucu demo'nun bir isteğini geri çevirdi: {said} ({server.log})",
            en=f"The server refused what the demo asked: {said} ({server.log})",
        ) from said


async def _play(ready: Ready, steps: Steps, wish: Wish, server: Server, url: str) -> bool:
    from controlroom.demo.city import plan_city
    from controlroom.demo.client import House
    from controlroom.demo.crew import OBLIGING, Temper
    from controlroom.demo.play import Stage
    from controlroom.demo.seed import sheet_for
    from controlroom.demo.server import clock_of, demo_settings

    clock = clock_of([str(wish.shift_s)] if wish.shift_s else [])
    city = plan_city()
    async with House(server.base_url) as house:
        with steps.step("city", "Eskişehir: ekipler, kameralar, kapılar, hesaplar", "Eskişehir: teams, cameras, gates, accounts"):
            sheet = await sheet_for(
                owner_url=ready.owner_url, url=url, path=SHEET, house=house, settings=demo_settings().identity, clock=clock, city=city
            )
        stage = Stage(house, city, sheet, clock, Random())  # noqa: S311 - chance of a simulated city
        crews = stage.crews(OBLIGING if wish.once else Temper())
        async with stage.on_duty(crews):
            with steps.step("crews", "24 ekip göreve bağlandı", "24 crews on duty"):
                await asyncio.gather(*(crew.line.welcome.wait() for crew in crews))
            if wish.once:
                return await stage.story(steps, crews)
            _say(server.base_url, sheet)
            await _live(stage, server, ready)
    return True


async def _live(stage: Stage, server: Server, ready: Ready) -> None:
    await stage.life(server, Reviver(ready.cluster).tend)


def _say(base_url: str, sheet: Sheet) -> None:
    from controlroom.demo.city import tc_no

    click.echo(f"\n  {base_url}/            masa / desk\n  {base_url}/team/       ekip / team phone\n  {base_url}/kades/      KADES\n")
    rows = [
        (Words("KGYS operatörü", "KGYS operator"), sheet.sign_ins["operator"]),
        (Words("Haber Merkezi", "dispatcher"), sheet.sign_ins["dispatcher"]),
        (Words("amir", "supervisor"), sheet.sign_ins["supervisors"][0]),
        (Words("ekip E-101", "team E-101"), sheet.sign_ins["teams"][0]),
        (Words("ekip E-102", "team E-102"), sheet.sign_ins["teams"][1]),
        (Words("denetçi", "auditor"), sheet.sign_ins["auditor"]),
        (Words("yönetici", "admin"), sheet.sign_ins["admin"]),
    ]
    for who, sign_in in rows:
        click.echo(f"  {lines(who)[0]:<16}  {sign_in['username']:<12}  {sign_in['password']}")
    rest = Words(
        "Hepsi var/demo.json içinde. E-101 ve E-102 sizin: girerseniz teklifleri siz yanıtlarsınız, benzetim yalnız aracı sürer.",
        "All of them stand in var/demo.json. E-101 and E-102 are yours: sign in and you answer the offers, the simulation only drives.",
    )
    number = tc_no(Random())  # noqa: S311 - nobody's, and only has to look right
    form = Words(
        f"KADES kaydı için üretilmiş bir T.C. kimlik no: {number}; SMS kodu sayfada görünür.",
        f"A generated T.C. number for the KADES form: {number}; the page shows the SMS code.",
    )
    stop = Words("Durdurmak için Ctrl-C.", "Ctrl-C stops it.")
    click.echo("")
    for line in (*lines(rest), *lines(form), *lines(stop)):
        click.echo(f"  {line}")
