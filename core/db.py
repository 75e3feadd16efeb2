"""One kind of connection, one transaction type, one scope (architecture: "One pool", decision 0015; law 10).

`Database.tx` opens a transaction on SQLAlchemy's async engine over psycopg 3. Named SQL runs on that same connection by psycopg itself
(no greenlet hop on the hot path), ORM and Core reads through `Tx.sa`; both share the transaction. What must happen only after COMMIT
(waking the relay) is given to `Tx.after_commit`.
"""

from __future__ import annotations

import asyncio
import json
import select
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, LiteralString, cast

import psycopg
from psycopg import sql
from psycopg.errors import InFailedSqlTransaction
from psycopg.pq import Escaping, TransactionStatus
from psycopg.rows import dict_row
from sqlalchemy import event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from uuid import UUID

Row = dict[str, Any]
Scope = frozenset[int]
Hook = Callable[[], None]
DueHook = Callable[[datetime], None]

#: How long anybody waits for a connection, in seconds.
WAIT_S = 10.0
#: Statements whose plan a connection keeps; the house has some two hundred.
PLANS_KEPT = 1_000

#: No province: the database then shows no row at all.
NOTHING: Scope = frozenset()
#: Every province of the country, set explicitly for relay, timers and jobs.
EVERY: Scope = frozenset(range(1, 82))


@dataclass(slots=True)
class Signals:
    """Who in this process wants to know, after a COMMIT, that something was written."""

    #: An outbox row waits for the relay.
    outbox: list[Hook] = field(default_factory=list)
    #: A timer was set; when it is due.
    timer: list[DueHook] = field(default_factory=list)

    def outbox_written(self) -> None:
        """Wake whoever relays."""
        for hook in self.outbox:
            hook()

    def timer_set(self, due_at: datetime) -> None:
        """Tell the timer workers when the earliest of a transaction's timers is due."""
        for hook in self.timer:
            hook(due_at)


@dataclass(frozen=True, slots=True)
class Spoken:
    """One event for the outbox: channels separated by spaces, data as JSON text."""

    type: str
    at: datetime
    channels: str
    subject_id: UUID | None
    data: str

    def as_json(self) -> str:
        """Its row for the outbox; `data` is JSON already."""
        subject = "null" if self.subject_id is None else f'"{self.subject_id}"'
        head = f'"type":{json.dumps(self.type)},"at":"{self.at.isoformat()}","channels":{json.dumps(self.channels)}'
        return f'{{{head},"subject_id":{subject},"data":{self.data}}}'


@dataclass(frozen=True, slots=True)
class Wait:
    """One timer: when it is due, and its data as JSON text."""

    due_at: datetime
    data: str


def _wait_json(key: tuple[str, UUID], wait: Wait | None) -> str:
    """A timer's row; without a time it is to be dropped."""
    head = f'"kind":{json.dumps(key[0])},"subject_id":"{key[1]}"'
    return f"{{{head}}}" if wait is None else f'{{{head},"due_at":"{wait.due_at.isoformat()}","data":{wait.data}}}'


class Tx:
    """One open transaction."""

    __slots__ = ("_hooks", "_spoken", "_waits", "raw", "sa", "signals")

    def __init__(self, sa: AsyncConnection, raw: psycopg.AsyncConnection[Any], signals: Signals) -> None:
        """Wrap SQLAlchemy's connection and the psycopg connection below it."""
        self.sa = sa
        self.raw = raw
        self.signals = signals
        self._hooks: list[Hook] = []
        self._spoken: list[Spoken] = []
        self._waits: dict[tuple[str, UUID], Wait | None] = {}

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

    def speak(self, event: Spoken) -> None:
        """Keep an event for the outbox until just before COMMIT."""
        self._spoken.append(event)

    def wait(self, kind: str, subject_id: UUID, wait: Wait | None) -> None:
        """Keep a timer to be set (or, with None, dropped) until just before COMMIT; the last word on a kind and subject counts."""
        self._waits[kind, subject_id] = wait

    @asynccontextmanager
    async def part(self) -> AsyncIterator[None]:
        """A savepoint: an exception undoes what was written inside, and what was kept for COMMIT inside, and goes on its way."""
        kept = (list(self._spoken), dict(self._waits), list(self._hooks))
        try:
            async with self.raw.transaction():
                yield
        except BaseException:
            self._spoken, self._waits, self._hooks = kept
            raise

    def after_commit(self, hook: Hook) -> None:
        """Call `hook` once after COMMIT; never when the transaction rolls back. The same hook given twice runs once."""
        if hook not in self._hooks:
            self._hooks.append(hook)

    async def commit(self) -> None:
        """Write what was kept and COMMIT, in one round trip. Raises where a statement failed and was passed over."""
        if self.raw.info.transaction_status != TransactionStatus.INTRANS:
            raise InFailedSqlTransaction  # PostgreSQL would answer COMMIT with a rollback and no error
        if not self._spoken and not self._waits:
            await self.raw.commit()
            return
        spoken, self._spoken = self._spoken, []
        waits, self._waits = self._waits, {}
        # By the simple protocol, which prepares nothing: two statements in one message, and the call alone costs nothing to plan.
        await self.raw.execute(self._last_words(spoken, waits), prepare=False)
        if spoken:
            self.after_commit(self.signals.outbox_written)
        if due := [wait.due_at for wait in waits.values() if wait is not None]:
            self.after_commit(partial(self.signals.timer_set, min(due)))

    def _last_words(self, spoken: list[Spoken], waits: dict[tuple[str, UUID], Wait | None]) -> bytes:
        escape = Escaping(self.raw.pgconn).escape_literal
        # One JSON text each: psycopg quotes an array of JSON texts letter by letter, which cost a fifth of a press.
        lists = (
            [event.as_json() for event in spoken],
            [_wait_json(key, wait) for key, wait in waits.items() if wait is not None],
            [_wait_json(key, wait) for key, wait in waits.items() if wait is None],
        )
        literals = (bytes(escape(f"[{','.join(rows)}]".encode())) if rows else b"NULL" for rows in lists)
        return b"SELECT core_flush(%s, %s, %s); COMMIT" % tuple(literals)

    def run_hooks(self) -> None:
        """Run what waited for COMMIT."""
        hooks, self._hooks = self._hooks, []
        for hook in hooks:
            hook()


#: Connections of the roles beside the API's own; in order: room for every timer worker and the followers, for numbering and the readers of
#: the log, for the periodic jobs.
SIZES = {"merkez_timers": 9, "merkez_relay": 6, "merkez_sweep": 3}
OTHERS = 2


class _Pool:
    """The connections of one role; they take it at once and carry time-outs of their own."""

    def __init__(self, url: str, role: str, size: int, max_overflow: int) -> None:
        self.engine: AsyncEngine = create_async_engine(
            sa_url(url),
            pool_size=size,
            max_overflow=max_overflow,
            pool_timeout=WAIT_S,
            pool_use_lifo=True,
            # Each transaction of ours ends by COMMIT or ROLLBACK itself.
            pool_reset_on_return=None,
            # BEGIN is ours (`_begin`), so the driver must not send one of its own in a round trip of its own.
            isolation_level="AUTOCOMMIT",
            # Prepared at the first use: a statement is planned once for each connection, not five times first.
            connect_args={"options": session_options(role), "application_name": "merkez", "connect_timeout": 5, "prepare_threshold": 0},
        )
        event.listen(self.engine.sync_engine, "connect", _keep_plans)
        event.listen(self.engine.sync_engine, "checkout", _refuse_dead)
        self._ordinary = asyncio.Semaphore(max(1, size - size // 3))

    @asynccontextmanager
    async def connection(self, *, urgent: bool) -> AsyncIterator[AsyncConnection]:
        """Lend a connection. Raises OSError after `WAIT_S` in vain."""
        if urgent:
            async with self.engine.connect() as sa:
                yield sa
            return
        # A timed wait costs a task of its own, which nobody pays while there is no queue.
        if self._ordinary.locked():
            await asyncio.wait_for(self._ordinary.acquire(), WAIT_S)
        else:
            await self._ordinary.acquire()
        try:
            async with self.engine.connect() as sa:
                yield sa
        finally:
            self._ordinary.release()


class Database:
    """The connections of one process: a pool for each role it works in.

    One role a pool, for a plan that row-level security went into holds for one role: a connection that changed roles planned each
    statement anew (a save took 1.35 ms instead of 0.5). And a thousand crews who tell how far they have got cannot keep the timers or the
    relay waiting for a connection.
    """

    def __init__(self, url: str, *, role: str = "merkez_api", pool_size: int = 12, max_overflow: int = 0) -> None:
        """Prepare pools to `url` (libpq form); `pool_size` is that of `role`.

        A rush waits for a connection instead of opening more (`max_overflow` 0): each new one parses, plans and compiles everything anew,
        and the rush that opened it closes it again (measured: one statement in seven of a storm was planned on a cold connection). The
        last one given back is the first one out, so the warm ones stay warm. A third of each pool is kept for what is urgent (`tx`).
        """
        self.url = url
        self.role = role
        self.signals = Signals()
        self._pools = {role: _Pool(url, role, pool_size, max_overflow)}

    @property
    def lent(self) -> int:
        """Connections in use now."""
        # SQLAlchemy's base class of pools does not promise to count; the one it takes for asyncio does.
        return sum(cast("Any", pool.engine.pool).checkedout() for pool in self._pools.values())

    @asynccontextmanager
    async def tx(self, scope: Scope = NOTHING, *, role: str | None = None, urgent: bool = False) -> AsyncIterator[Tx]:
        """Open a transaction seeing `scope` only; COMMIT on leaving, ROLLBACK on an exception, hooks after COMMIT.

        `urgent` is for what stands between a press and the crew: the press, the timers, the relay. All else leaves it a third of the
        pool, so that a press never queues behind what can wait a moment. Raises OSError after `WAIT_S` in vain.
        """
        async with self._pool(role or self.role).connection(urgent=urgent) as sa:
            fairy = await sa.get_raw_connection()
            tx = Tx(sa, cast("psycopg.AsyncConnection[Any]", fairy.driver_connection), self.signals)
            try:
                await _begin(tx.raw, scope)
                yield tx
                await tx.commit()
            except BaseException:
                await _give_up(tx.raw)
                raise
        tx.run_hooks()

    def _pool(self, role: str) -> _Pool:
        pool = self._pools.get(role)
        if pool is None:
            pool = self._pools[role] = _Pool(self.url, role, SIZES.get(role, OTHERS), 0)
        return pool

    async def dispose(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            await pool.engine.dispose()


def session_options(role: str) -> str:
    """Return the libpq `options` every connection of ours starts with."""
    limits = "-c statement_timeout=15s -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"
    # Generic plans: planning the statement that saves an answer cost more than running it. They are made once, on a new house's empty
    # tables, where reading the whole table looks cheapest, and kept while it grows: a dispatch was found by hashing all there ever were.
    # So no plan may read a whole table where an index serves. (jit: the price put on such a scan would have every plan compiled.)
    plans = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off"
    return f"-c role={role} {limits} {plans}"


def _keep_plans(dbapi_connection: Any, _record: object) -> None:  # noqa: ANN401 - SQLAlchemy's adapter has no public type
    """Keep every statement of ours prepared: psycopg would drop the hundred-and-first, and plan it again and again."""
    dbapi_connection.driver_connection.prepared_max = PLANS_KEPT


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
    """Set role and provinces for the rest of a transaction that began with others."""
    provinces = ",".join(str(code) for code in sorted(scope))
    await tx.execute(
        "SELECT set_config('role', %(role)s, true), set_config('merkez.provinces', %(provinces)s, true)",
        {"role": role, "provinces": provinces},
    )


async def _begin(raw: psycopg.AsyncConnection[Any], scope: Scope) -> None:
    """Open the transaction and set its provinces in one round trip (unset = no rows)."""
    # prepare=False: two statements in one message go by the simple protocol, which prepares nothing.
    await raw.execute(_opening(scope), prepare=False)


@lru_cache(maxsize=4_096)
def _opening(scope: Scope) -> bytes:
    provinces = ",".join(str(int(code)) for code in sorted(scope))
    return sql.SQL("BEGIN; SELECT set_config('merkez.provinces', {}, true)").format(sql.Literal(provinces)).as_bytes(None)


async def _give_up(raw: psycopg.AsyncConnection[Any]) -> None:
    """Roll back; where the connection is past that, close it, so that the pool never hands it out again."""
    try:
        await raw.rollback()
    except (psycopg.Error, OSError):
        await raw.close()


def sa_url(url: str) -> str:
    """Turn a libpq URL into SQLAlchemy's for psycopg 3, keeping a unix socket's folder and a list of hosts."""
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
