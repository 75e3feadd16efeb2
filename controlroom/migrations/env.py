"""Alembic's entry: forward only, each revision in one transaction with time-outs, so that a migration never queues the house behind it."""

from __future__ import annotations

from alembic import command, context
from sqlalchemy import create_engine, text

from controlroom.migrations.compare import draft_sql, options
from core.db import sa_url

# A migration that cannot have its lock in five seconds gives up and is tried again, instead of blocking every press behind it.
TIMEOUTS = "SET lock_timeout = '5s'; SET statement_timeout = '10min'"


def run() -> None:
    """Bring a database to the newest revision, or compare it with the models: that at `sqlalchemy.url`, or Alembic's own `-x url=…`."""
    url = context.config.get_alembic_option("sqlalchemy.url") or context.get_x_argument(as_dictionary=True).get("url")
    if not isinstance(url, str):
        message = "no address: migrate() passes one, and on Alembic's command line it is `-x url=postgresql://…`"
        raise RuntimeError(message)  # noqa: TRY004 - a caller left it out; nobody gave another type
    engine = create_engine(sa_url(url))
    with engine.connect() as connection:
        connection.execute(text(TIMEOUTS))
        found = options(connection)
        connection.commit()
        if _is_drafting():
            found["process_revision_directives"] = draft_sql
        context.configure(connection=connection, transaction_per_migration=True, **found)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


def _is_drafting() -> bool:
    # `alembic check` makes a revision too, only to look at it and throw it away; it must not leave a draft behind.
    asked = getattr(context.config.cmd_opts, "cmd", None)
    return asked is not None and asked[0] is command.revision


run()
