"""`./merkez migrate`: the schema of this release, forward only; release N-1 runs on it (expand, then contract)."""

from __future__ import annotations

import click

from controlroom.commands import options
from controlroom.ground import database
from controlroom.migrate import migrate
from controlroom.steps import Steps


@click.command(name="migrate")
@options.whose_cluster
@options.as_json
def command(of: str, *, as_json: bool) -> None:
    """Veritabanı şemasını bu sürüme getirir.

    Bring the database schema up to this release: DATABASE_URL's, or that of a private cluster.
    """
    steps = Steps()
    with database(of, steps) as (url, _), steps.step("schema", "Şema", "Schema"):
        migrate(url)
    if as_json:
        options.print_json(steps.as_json())
