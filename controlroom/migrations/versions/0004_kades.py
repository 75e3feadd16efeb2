"""KADES registrations, alerts, trails."""

from controlroom.migrations.run import run_sql

revision = "0004_kades"
down_revision = "0003_dispatch"


def upgrade() -> None:
    """Run the revision's SQL."""
    run_sql("0004_kades")
