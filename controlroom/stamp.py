"""Demo and duty never share a database (law 13): a stamp in `meta` says which of the two a database belongs to."""

from __future__ import annotations

from typing import LiteralString

import psycopg

from controlroom.backup import USER_TABLES
from controlroom.failures import Missing

DEMO, DUTY = "demo", "duty"
READ: LiteralString = "select value from meta where key = 'stamp'"
WRITE: LiteralString = "insert into meta (key, value) values ('stamp', %s) on conflict (key) do nothing"


def stamp_of(url: str) -> str | None:
    """Return the database's stamp, None when it carries none (an empty one, or one whose first start was cut off)."""
    with psycopg.connect(url) as conn:
        if not _has(conn, "meta"):
            return None
        row = conn.execute(READ).fetchone()
        return str(row[0]) if row else None


def check_for_demo(url: str) -> None:
    """Raise `Missing` unless the database is empty or stamped demo."""
    if stamp_of(url) == DEMO or (stamp_of(url) is None and _is_empty(url)):
        return
    raise Missing(
        tr="Bu veritabanı demo'nun değil ve boş da değil; demo ona dokunmaz.",
        en="This database is neither the demo's nor empty; the demo does not touch it.",
        mend="env -u DATABASE_URL ./merkez demo",
    )


def check_for_duty(url: str) -> None:
    """Raise `Missing` when the database is the demo's: its accounts and codes are printed on a screen."""
    if stamp_of(url) == DEMO:
        raise Missing(
            tr="Bu veritabanı demo'ya ait; görevde kullanılamaz. DATABASE_URL'e boş bir veritabanı verin.",
            en="This database belongs to the demo and must not go on duty. Point DATABASE_URL at an empty one.",
        )


def mark(url: str, stamp: str) -> None:
    """Stamp a migrated database; the first stamp stays."""
    with psycopg.connect(url) as conn:
        conn.execute(WRITE, (stamp,))


def _is_empty(url: str) -> bool:
    """No tables, or a fresh schema that nobody has an account in: a first start that was cut off before its stamp."""
    with psycopg.connect(url) as conn:
        if _has(conn, "account"):
            return conn.execute("select not exists (select from account)").fetchone() == (True,)
        return conn.execute(USER_TABLES).fetchone() == (0,)


def _has(conn: psycopg.Connection[tuple[object, ...]], table: str) -> bool:
    return conn.execute("select to_regclass(%s) is not null", (table,)).fetchone() == (True,)
