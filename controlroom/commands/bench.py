"""`./merkez bench NAME`: one measurement of `bench/`, on a database of its own."""

from __future__ import annotations

import sys

import click

from controlroom.cluster import CLONE
from controlroom.commands import options
from controlroom.failures import Exit
from controlroom.ground import VAR
from controlroom.lock import folder_lock, this_command
from controlroom.programs import hand_over


@click.command(name="bench", context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("name")
@options.as_json
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def command(name: str, words: tuple[str, ...], *, as_json: bool) -> int:
    """Bir ölçüm yapar: nearest, press, push, positions, fanout.

    Measure one thing against its floor. Two at once would measure each other, so the second is told who runs.
    """
    flag = ["--json"] if as_json else []
    with folder_lock(VAR, "bench", this_command()):
        code = hand_over(sys.executable, "-m", "bench", name, *flag, *words, cwd=CLONE)
    return code if code in set(Exit) else Exit.FAILED
