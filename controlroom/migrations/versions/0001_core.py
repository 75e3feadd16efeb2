"""The ground floor: roles, scope, outbox, timers, identity, audit."""

from controlroom.migrations.run import run_sql

revision = "0001_core"
down_revision = None


def upgrade() -> None:
    """Run the revision's SQL."""
    run_sql("0001_core", "0001_core_identity", "0001_core_audit")
