"""`./merkez migrate`: bring a database to this release's schema (expand first, contract a release later: N-1 runs on schema N)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory

from geo.boundaries import SOURCE as BOUNDARIES
from geo.load import load_boundaries

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).with_name("migrations")


def migrate(url: str, to: str = "head") -> list[str]:
    """Run every revision that `url` lacks, as a role that may create roles and tables; return what was run."""
    before = current(url)
    # One at a time: two containers starting together must not both create the first table.
    with psycopg.connect(url, autocommit=True) as lock:
        lock.execute("SELECT pg_advisory_lock(hashtext('merkez.migrate'))")
        command.upgrade(_config(url), to)
    _load_reference(url)
    done = [script.revision for script in _pending(url, before)]
    return list(reversed(done))


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
    head = ScriptDirectory(str(FOLDER)).get_current_head()
    assert head is not None  # noqa: S101 - the folder ships with at least one revision
    return head


def _pending(url: str, before: str | None) -> Iterator[Script]:
    now = current(url)
    if now == before:
        return iter(())
    return iter(ScriptDirectory(str(FOLDER)).iterate_revisions(now, before))


def _load_reference(url: str) -> None:
    with psycopg.connect(url) as conn:
        # A database that was brought only to an earlier revision (`to`) has no table for them yet.
        if conn.execute("SELECT to_regclass('district') IS NOT NULL").fetchone() == (True,):
            load_boundaries(conn)


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    # Alembic's config interpolates %, and a socket's folder is percent-encoded in a URL.
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
