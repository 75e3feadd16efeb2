"""`./merkez test`: the whole suite, in a database of its own beside any running `up`."""

from __future__ import annotations

import os
import sys

import click

from controlroom import packages
from controlroom.cluster import CLONE
from controlroom.failures import Exit, Failure
from controlroom.ground import VAR, pages, private_database
from controlroom.lock import folder_lock, this_command
from controlroom.programs import hand_over
from controlroom.steps import Steps

#: pytest's exit codes 2 (interrupted), 3, 5 (nothing collected) are failures to us; 4 is wrong use.
PYTEST_WRONG_USE = 4


@click.command(
    name="test",
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},
)
@click.option("--proof", is_flag=True, help="Uzun sayımlar; docs/proof/ yazar / the long counts, which write docs/proof/.")
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def command(words: tuple[str, ...], *, proof: bool) -> int:
    """Bütün testleri çalıştırır; kalan sözcükler pytest'e gider.

    Run the whole suite; further words go to pytest (`./merkez test -k nearest -x`).
    """
    steps = Steps()
    with folder_lock(VAR, "test", this_command()), private_database("test", steps):
        with steps.step("browser", "Tarayıcı (Chromium)", "Browser (Chromium)"):
            packages.ensure_chromium()
        pages(steps)
        return _pytest(words, proof=proof)


def _two_at_a_time(words: tuple[str, ...]) -> list[str]:
    """Use both cores, unless the caller says how many; a single test named by its address is quicker without workers."""
    chosen = any(word.startswith(("-n", "--numprocesses", "--pdb", "-s")) or "::" in word for word in words)
    return [] if chosen else ["-n", "2", "--dist", "worksteal"]


def _pytest(words: tuple[str, ...], *, proof: bool) -> int:
    marker = ["-m", "proof", "--proof"] if proof else _two_at_a_time(words)
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    if proof:
        environment["MERKEZ_PROOF"] = "1"
    code = hand_over(sys.executable, "-m", "pytest", *marker, *words, cwd=CLONE, env=environment)
    if code == PYTEST_WRONG_USE:
        return Exit.WRONG_USE
    if code < 0:
        raise Failure(tr=f"pytest {-code} sinyaliyle öldü.", en=f"pytest was killed by signal {-code}.")
    return Exit.DONE if code == 0 else Exit.FAILED
