"""`./merkez backup FILE`: the database and its manifest, while everything goes on running."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from controlroom import backup as backups
from controlroom.commands import options
from controlroom.ground import database
from controlroom.steps import Steps


@click.command(name="backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@options.whose_cluster
@options.as_json
def command(file: Path, of: str, *, as_json: bool) -> None:
    """Veritabanını FILE dosyasına, belgesini FILE.json dosyasına yazar.

    Write the database to FILE and its manifest to FILE.json. Both hold personal data and are readable by you only.
    """
    steps = Steps()
    with database(of, steps) as (url, _), steps.step("backup", "Yedek", "Backup") as step:
        manifest = backups.back_up(url, file)
        size = f"{manifest.bytes / 1_000_000:.1f} MB, sha256 {manifest.sha256[:12]}…"
        step.remark(size, size)
    if as_json:
        options.print_json({**steps.as_json(), "file": str(file), "manifest": asdict(manifest)})
