"""`./merkez migrate`: bring a database to this release's schema (expand first, contract a release later: N-1 runs on schema N).

Alembic, SQLAlchemy and the geometry are imported where they are used: a start that finds today's schema needs none of them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, LiteralString

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.config import Config
    from alembic.script import Script

FOLDER = Path(__file__).with_name("migrations")
BOUNDARIES = Path(__file__).resolve().parent.parent / "geo" / "data" / "boundaries.topojson.gz"
HEAD = "head"
READ: LiteralString = "SELECT value FROM meta WHERE key = 'schema'"
WRITE: LiteralString = "INSERT INTO meta (key, value) VALUES ('schema', %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value"


def migrate(url: str, to: str = HEAD) -> list[str]:
    """Run every revision that `url` lacks, as a role that may create roles and tables; return what was run."""
    from alembic import command

    before = current(url)
    # One at a time: two containers starting together must not both create the first table.
    with psycopg.connect(url, autocommit=True) as lock:
        lock.execute("SELECT pg_advisory_lock(hashtext('merkez.migrate'))")
        command.upgrade(_config(url), to)
    _load_reference(url)
    if to == HEAD:
        with psycopg.connect(url) as conn:
            conn.execute(WRITE, (fingerprint(),))
    done = [script.revision for script in _pending(url, before)]
    return list(reversed(done))


def is_current(url: str) -> bool:
    """Whether the last whole migration of this database was this very build's: then there is nothing to do."""
    with psycopg.connect(url) as conn:
        if conn.execute("SELECT to_regclass('meta')").fetchone() == (None,):
            return False
        return conn.execute(READ).fetchone() == (fingerprint(),)


def current(url: str) -> str | None:
    """Return the revision `url` stands at, or None where it never was migrated."""
    with psycopg.connect(url) as conn:
        if conn.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
            return None
        row = conn.execute("SELECT version_num FROM alembic_version").fetchone()
        return None if row is None else str(row[0])


def fingerprint() -> str:
    """Return a hash of everything a migration runs and loads, so that a test's template is remade when any of it changed."""
    digest = hashlib.sha256()
    for path in [*sorted(FOLDER.rglob("*.sql")), *sorted((FOLDER / "versions").glob("*.py")), BOUNDARIES]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def newest() -> str:
    """Return the newest revision this build knows."""
    from alembic.script import ScriptDirectory

    head = ScriptDirectory(str(FOLDER)).get_current_head()
    assert head is not None  # noqa: S101 - the folder ships with at least one revision
    return head


def _pending(url: str, before: str | None) -> Iterator[Script]:
    from alembic.script import ScriptDirectory

    now = current(url)
    if now == before:
        return iter(())
    return iter(ScriptDirectory(str(FOLDER)).iterate_revisions(now, before))


def _load_reference(url: str) -> None:
    from geo.load import load_boundaries

    with psycopg.connect(url) as conn:
        # A database that was brought only to an earlier revision (`to`) has no table for them yet.
        if conn.execute("SELECT to_regclass('district') IS NOT NULL").fetchone() == (True,):
            load_boundaries(conn)


def _config(url: str) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    # Alembic's config interpolates %, and a socket's folder is percent-encoded in a URL.
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
