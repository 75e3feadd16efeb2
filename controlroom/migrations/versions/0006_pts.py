"""PTS gates, reads, hotlist, hits."""

from controlroom.migrations.run import run_sql

revision = "0006_pts"
down_revision = "0005_kgys"


def upgrade() -> None:
    """Run the revision's SQL."""
    run_sql("0006_pts")
