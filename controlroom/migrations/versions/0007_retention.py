"""Periods and deletion runs."""

from controlroom.migrations.run import run_sql

revision = "0007_retention"
down_revision = "0006_pts"


def upgrade() -> None:
    """Run the revision's SQL."""
    run_sql("0007_retention")
