"""One pool, one transaction type, one scope (architecture: "One pool", law 10).

`Database.tx` opens a transaction on SQLAlchemy's async engine over psycopg 3. Named SQL runs on that same connection by psycopg itself
(no greenlet hop on the hot path), ORM and Core reads through `Tx.sa`; both share the transaction. What must happen only after COMMIT
(waking the relay) is given to `Tx.after_commit`.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, LiteralString, cast

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

Row = dict[str, Any]
Scope = frozenset[int]
Hook = Callable[[], None]

#: No province: the database then shows no row at all.
NOTHING: Scope = frozenset()
#: Every province of the country, set explicitly for relay, timers and jobs.
EVERY: Scope = frozenset(range(1, 82))


@dataclass(slots=True)
class Signals:
    """Who in this process wants to know, after a COMMIT, that something was written."""

    #: An outbox row waits for the relay.
    outbox: list[Hook] = field(default_factory=list)
    #: A timer is due at once.
    timer: list[Hook] = field(default_factory=list)

    def outbox_written(self) -> None:
        """Wake whoever relays."""
        for hook in self.outbox:
            hook()

    def timer_due(self) -> None:
        """Wake one timer worker."""
        for hook in self.timer:
            hook()


class Tx:
    """One open transaction."""

    __slots__ = ("_hooks", "raw", "sa", "signals")

    def __init__(self, sa: AsyncConnection, raw: psycopg.AsyncConnection[Any], signals: Signals) -> None:
        """Wrap SQLAlchemy's connection and the psycopg connection below it."""
        self.sa = sa
        self.raw = raw
        self.signals = signals
        self._hooks: list[Hook] = []

    async def execute(self, sql: LiteralString, params: Mapping[str, object] | None = None) -> psycopg.AsyncCursor[Row]:
        """Run one statement and return its cursor (dict rows)."""
        cursor = self.raw.cursor(row_factory=dict_row)
        await cursor.execute(sql, params)
        return cursor

    async def row(self, sql: LiteralString, params: Mapping[str, object] | None = None) -> Row | None:
        """Return the first row, or None."""
        return await (await self.execute(sql, params)).fetchone()

    async def rows(self, sql: LiteralString, params: Mapping[str, object] | None = None) -> list[Row]:
        """Return all rows."""
        return await (await self.execute(sql, params)).fetchall()

    async def value(self, sql: LiteralString, params: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 - a column's type is the statement's business
        """Return the first column of the first row, or None."""
        found = await self.row(sql, params)
        return None if found is None else next(iter(found.values()))

    async def many(self, sql: LiteralString, params: Sequence[Mapping[str, object]]) -> None:
        """Run one statement for each set of parameters, pipelined."""
        cursor = self.raw.cursor()
        await cursor.executemany(sql, params)

    def after_commit(self, hook: Hook) -> None:
        """Call `hook` once after COMMIT; never when the transaction rolls back. The same hook given twice runs once."""
        if hook not in self._hooks:
            self._hooks.append(hook)

    def run_hooks(self) -> None:
        """Run what waited for COMMIT."""
        hooks, self._hooks = self._hooks, []
        for hook in hooks:
            hook()


class Database:
    """The pool of one process."""

    def __init__(self, url: str, *, role: str = "merkez_api", pool_size: int = 20, max_overflow: int = 10) -> None:
        """Prepare a pool to `url` (libpq form); connections take `role` at once and carry time-outs of their own."""
        self.url = url
        self.role = role
        self.signals = Signals()
        self.engine: AsyncEngine = create_async_engine(
            sa_url(url),
            pool_size=pool_size,
            max_overflow=max_overflow,
            pool_timeout=5,
            connect_args={"options": session_options(role), "application_name": "merkez", "connect_timeout": 5},
        )
        event.listen(self.engine.sync_engine, "checkout", _refuse_dead)

    @asynccontextmanager
    async def tx(self, scope: Scope = NOTHING, *, role: str | None = None) -> AsyncIterator[Tx]:
        """Open a transaction seeing `scope` only; COMMIT on leaving, ROLLBACK on an exception, hooks after COMMIT."""
        async with self.engine.connect() as sa:
            fairy = await sa.get_raw_connection()
            tx = Tx(sa, cast("psycopg.AsyncConnection[Any]", fairy.driver_connection), self.signals)
            await sa.begin()
            if scope or role:
                await set_scope(tx, scope, role=role or self.role)
            yield tx
            await sa.commit()
        tx.run_hooks()

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def session_options(role: str) -> str:
    """Return the libpq `options` every connection of ours starts with."""
    return f"-c role={role} -c statement_timeout=15s -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"


def _refuse_dead(dbapi_connection: Any, _record: object, _proxy: object) -> None:  # noqa: ANN401 - SQLAlchemy's adapter has no public type
    """Look, without a round trip, whether the server closed this connection while it lay in the pool.

    An idle connection's socket has nothing to read; after a restart of the database it has (its end). Without this each pooled
    connection would fail one press after a restart.
    """
    raw = dbapi_connection.driver_connection
    if raw.closed:
        raise DisconnectionError
    # poll, not select: select ends at file number 1,024, and a process with a thousand sockets is past it.
    looking = select.poll()
    looking.register(raw.pgconn.socket, select.POLLIN)
    if looking.poll(0):
        raise DisconnectionError


async def set_scope(tx: Tx, scope: Scope, *, role: str) -> None:
    """Set role and provinces for the rest of this transaction (unset = no rows)."""
    provinces = ",".join(str(code) for code in sorted(scope))
    await tx.execute(
        "SELECT set_config('role', %(role)s, true), set_config('merkez.provinces', %(provinces)s, true)",
        {"role": role, "provinces": provinces},
    )


def sa_url(url: str) -> str:
    """Turn a libpq URL into SQLAlchemy's for psycopg 3, keeping a unix socket's folder and a list of hosts."""
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
