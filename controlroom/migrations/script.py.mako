"""${message}."""

from controlroom.migrations.run import run_sql

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Run the revision's SQL."""
    run_sql(revision)
