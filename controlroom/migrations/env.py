"""Alembic's entry: forward only, each revision in one transaction with time-outs, so that a migration never queues the house behind it."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, text

from core.db import sa_url

# A migration that cannot have its lock in five seconds gives up and is tried again, instead of blocking every press behind it.
TIMEOUTS = "SET lock_timeout = '5s'; SET statement_timeout = '10min'"


def run() -> None:
    """Bring the database at `sqlalchemy.url` to the newest revision."""
    url = context.config.get_main_option("sqlalchemy.url")
    if url is None:
        message = "migrate() passes the address"
        raise RuntimeError(message)
    engine = create_engine(sa_url(url))
    with engine.connect() as connection:
        connection.execute(text(TIMEOUTS))
        connection.commit()
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
