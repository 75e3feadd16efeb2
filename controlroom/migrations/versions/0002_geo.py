"""Provinces and districts."""

from controlroom.migrations.run import run_sql

revision = "0002_geo"
down_revision = "0001_core"


def upgrade() -> None:
    """Run the revision's SQL."""
    run_sql("0002_geo")
