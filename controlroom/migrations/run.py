"""Runs a revision's SQL files as they stand, through psycopg and not through SQLAlchemy's parameter syntax."""

from __future__ import annotations

from pathlib import Path

from alembic import op

SQL = Path(__file__).with_name("sql")


def run_sql(*names: str) -> None:
    """Run `sql/NAME.sql` for each name inside the revision's transaction."""
    raw = op.get_bind().connection.driver_connection
    assert raw is not None  # noqa: S101 - Alembic migrates online only here
    for name in names:
        raw.execute((SQL / f"{name}.sql").read_text(encoding="utf-8"))
