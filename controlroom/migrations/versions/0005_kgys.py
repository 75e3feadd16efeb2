"""KGYS cameras and their sectors."""

from controlroom.migrations.run import run_sql

revision = "0005_kgys"
down_revision = "0004_kades"


def upgrade() -> None:
    """Run the revision's SQL."""
    run_sql("0005_kgys")
