"""`./merkez`: one group, one small module for each command, and one place where a failure becomes an exit code."""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
import psycopg

from controlroom.failures import Exit, Failure, Missing, Words
from controlroom.language import inline, lines
from core.errors import Problem

if TYPE_CHECKING:
    from types import FrameType


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of `./merkez --help`: which module holds the command and what it does."""

    module: str
    does: Words


COMMANDS: dict[str, Entry] = {
    "demo": Entry("demo", Words("Benzetilmiş şehirle her şeyi başlatır", "start everything with a simulated city")),
    "up": Entry("up", Words("Boş bir komuta merkezi başlatır", "start an empty control room")),
    "test": Entry("suite", Words("Bütün testler", "the whole suite")),
    "migrate": Entry("migrate", Words("Veritabanı şemasını günceller", "bring the database schema up to date")),
    "accounts": Entry("accounts", Words("Hesaplar, ilk yönetici", "accounts, the first admin")),
    "audit": Entry("audit", Words("Denetim zinciri", "the audit chain")),
    "bench": Entry("bench", Words("Ölçümler", "measurements")),
    "backup": Entry("backup", Words("Yedek alır", "write a backup")),
    "restore": Entry("restore", Words("Yedekten boş veritabanına döner", "restore a backup into an empty database")),
    "doctor": Entry("doctor", Words("Neyin eksik olduğunu söyler", "say what is missing and how to mend it")),
    "sweep": Entry("later", Words("Süresi dolan kayıtlar (sonraki sürüm)", "footage whose time is over (later)")),
    "footage": Entry("later", Words("Görüntü deposu (sonraki sürüm)", "the footage store (later)")),
    "read": Entry("later", Words("Görüntüden plaka okur (sonraki sürüm)", "read plates from pictures (later)")),
}


class FrontDoor(click.Group):
    """Imports a command's module only when it is called: `--help` and `doctor` work where a heavy one could not."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click asks so
        """Return the commands in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click asks so
        """Import the command's module and hand out its `command`, or where it holds several, the one of this name."""
        if (entry := COMMANDS.get(cmd_name)) is None:
            return None
        module = importlib.import_module(f"controlroom.commands.{entry.module}")
        command = getattr(module, "command", None) or getattr(module, cmd_name)
        if not isinstance(command, click.Command):
            message = f"controlroom/commands/{entry.module}.py holds no command"
            raise TypeError(message)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click asks so
        """Write the list without importing a single command."""
        with formatter.section(inline(Words("Komutlar", "Commands"))):
            for name, entry in COMMANDS.items():
                columns = [f"{sentence:<48}" for sentence in lines(entry.does)]
                formatter.write(f"  {name:<10}{''.join(columns)}".rstrip() + "\n")


@click.group(
    cls=FrontDoor,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog=(
        "Exit codes: 0 tamam / done, 1 başarısız / failed, 2 yanlış kullanım / wrong use, "
        "3 eksik var / something is missing, 4 bu sürümde yok / not in this build."
    ),
)
def merkez() -> None:
    """Haber Merkezi: KADES ve PTS ihbarını en yakın ekibe ulaştırır.

    A control room that sends the nearest team to a KADES press or a PTS hit. Start with `./merkez demo`;
    when something does not work, ask `./merkez doctor`.
    """


def main() -> int:
    """Run one command and return its exit code; failures are said in two languages, or as JSON where it was asked for."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _like_ctrl_c)
    try:
        answer = merkez.main(prog_name="./merkez", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as help_instead:
        click.echo(help_instead.format_message(), err=True)
        return Exit.WRONG_USE
    except click.ClickException as wrong:
        wrong.show()
        return Exit.WRONG_USE
    except (click.Abort, KeyboardInterrupt):
        say(Words("Durduruldu.", "Stopped."))
        return Exit.FAILED
    except (Failure, Problem, OSError, psycopg.OperationalError) as fault:
        if os.environ.get("MERKEZ_DEBUG"):
            raise
        failure = _as_failure(fault)
        report(failure)
        return failure.code
    return int(answer) if isinstance(answer, int) else Exit.DONE


def _as_failure(fault: Failure | Problem | OSError | psycopg.OperationalError) -> Failure:
    if isinstance(fault, Failure):
        return fault
    if isinstance(fault, psycopg.OperationalError):
        # A server that went away, or whose disk is full: its own words, never a statement's.
        said = str(fault).strip()
        return Failure(tr=f"Veritabanı yanıt vermedi: {said}", en=f"The database did not answer: {said}", mend="./merkez doctor")
    if isinstance(fault, Problem):
        return Failure(tr=str(fault.body("tr")["detail"]), en=str(fault.body("en")["detail"]))
    # A full disk, a folder of somebody else's: the file and the reason say it all.
    return Failure(tr=f"Dosya işlemi başarısız: {fault}", en=f"A file could not be used: {fault}")


def report(failure: Failure) -> None:
    """Say what failed and how to mend it."""
    if "--json" in sys.argv:
        words = {"tr": failure.words.tr, "en": failure.words.en, "mend": failure.mend}
        click.echo(json.dumps({"ok": False, "exit": failure.code, "error": words}, ensure_ascii=False))
    say(failure.words)
    if failure.mend:
        click.echo(f"  {failure.mend}", err=True)
    if isinstance(failure, Missing) and failure.mend is None:
        click.echo("  ./merkez doctor", err=True)


def say(words: Words) -> None:
    """One sentence on stderr, in the caller's language or both."""
    for line in lines(words):
        click.echo(line, err=True)


def _like_ctrl_c(number: int, _frame: FrameType | None) -> None:
    """Take everything down in order at a polite end from outside, as Ctrl-C does."""
    raise KeyboardInterrupt(signal.Signals(number).name)
