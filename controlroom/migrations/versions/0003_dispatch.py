"""Teams, incidents, dispatches."""

from controlroom.migrations.run import run_sql

revision = "0003_dispatch"
down_revision = "0002_geo"


def upgrade() -> None:
    """Run the revision's SQL."""
    run_sql("0003_dispatch")
