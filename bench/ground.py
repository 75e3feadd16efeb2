"""A private cluster of its own, a migrated database, and connections as the API's role; fsync and row-level security stay on."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from controlroom.cluster import cluster_for
from controlroom.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from psycopg import AsyncConnection


def say(text: str) -> None:
    """Tell on stderr how far it is."""
    print(f"  … {text}", file=sys.stderr, flush=True)


@contextmanager
def fresh_database(name: str) -> Iterator[str]:
    """The superuser's address of a new, migrated database of the bench cluster; dropped at the end."""
    cluster = cluster_for("bench")
    with cluster:
        url = cluster.ensure()
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        mine = cluster.url(database=name)
        say("migrating")
        migrate(mine)
        with psycopg.connect(mine) as check:
            for setting in ("fsync", "synchronous_commit"):
                assert check.execute("SELECT current_setting(%s)", [setting]).fetchone() == ("on",), setting
        try:
            yield mine
        finally:
            with psycopg.connect(url, autocommit=True) as admin:
                admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@asynccontextmanager
async def as_api(url: str) -> AsyncIterator[AsyncConnection[tuple[object, ...]]]:
    """One connection as the API's role, seeing every province."""
    async with await psycopg.AsyncConnection.connect(url, options="-c role=merkez_api") as conn:
        yield conn
