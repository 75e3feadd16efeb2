"""`./merkez restore FILE`: into an empty database, or into a new one beside it to look before leaping."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from controlroom import backup as backups
from controlroom.commands import options
from controlroom.failures import Failure
from controlroom.ground import VAR, database
from controlroom.lock import folder_lock, this_command
from controlroom.steps import Steps


@click.command(name="restore")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--into", metavar="NAME", help="Bu adla yeni veritabanına / into a new database of this name.")
@options.whose_cluster
@options.as_json
def command(file: Path, into: str | None, of: str, *, as_json: bool) -> None:
    """FILE yedeğini boş bir veritabanına döndürür.

    Restore FILE into an empty database. What runs is not touched: a database that holds tables is refused, and while
    `demo` or `up` runs here only `--into` works.
    """
    steps = Steps()
    with steps.step("check", "Yedeğin denetimi", "Check of the backup"):
        backups.check(file)
    with folder_lock(VAR, "restore" if into else "merkez", this_command()), database(of, steps) as (url, _):
        target = make_conninfo(url, dbname=into) if into else url
        if into:
            _create(url, into)
        with steps.step("restore", "Geri yükleme", "Restore"):
            manifest = backups.restore(target, file)
    if as_json:
        options.print_json({**steps.as_json(), "file": str(file), "manifest": asdict(manifest)})


def _create(url: str, name: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        if conn.execute("select 1 from pg_database where datname = %s", (name,)).fetchone():
            raise Failure(tr=f"{name} adlı veritabanı zaten var.", en=f"A database named {name} exists.")
        conn.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))
