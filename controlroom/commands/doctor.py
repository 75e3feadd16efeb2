"""`./merkez doctor`: answers 0 when nothing is missing, 3 otherwise."""

from __future__ import annotations

from dataclasses import asdict

import click

from controlroom.cluster import CLONE
from controlroom.commands import options
from controlroom.doctor import Row, examine
from controlroom.failures import Exit
from controlroom.language import inline

MARKS = {"ok": "✓", "missing": "✗", "note": "·"}


@click.command(name="doctor")
@options.as_json
def command(*, as_json: bool) -> int:
    """Neyin eksik olduğunu ve nasıl giderileceğini söyler.

    Say what is missing and how to mend it. Looks only; starts and installs nothing.
    """
    rows = examine(CLONE)
    healthy = all(row.state != "missing" for row in rows)
    if as_json:
        options.print_json({"ok": healthy, "rows": [asdict(row) for row in rows]})
    else:
        for row in rows:
            _show(row)
    return Exit.DONE if healthy else Exit.MISSING


def _show(row: Row) -> None:
    click.echo(f"{MARKS[row.state]} {row.name:<13} {inline(row.found)}")
    if row.mend and row.state != "ok":
        click.echo(f"  {'':<13} → {row.mend}")
