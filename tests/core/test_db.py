"""One pool, hooks only after COMMIT, and connections that a restarted database left behind."""

from __future__ import annotations

import asyncio
import os
import resource
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from core.db import EVERY, Database
from core.sql import load, parse


async def test_hooks_run_after_commit_once_and_never_after_a_rollback(db: Database) -> None:
    ran: list[str] = []

    def hook() -> None:
        ran.append("woken")

    async with db.tx(EVERY) as tx:
        tx.after_commit(hook)
        tx.after_commit(hook)
        assert ran == []
    assert ran == ["woken"]
    with pytest.raises(ZeroDivisionError):
        async with db.tx(EVERY) as tx:
            tx.after_commit(hook)
            raise ZeroDivisionError
    assert ran == ["woken"]


async def test_a_transaction_whose_failed_statement_was_passed_over_does_not_look_committed(db: Database) -> None:
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        async with db.tx(EVERY) as tx:
            with pytest.raises(psycopg.errors.DivisionByZero):
                await tx.execute("SELECT 1 / 0")
    async with db.tx(EVERY) as tx:
        assert await tx.value("SELECT 1") == 1


async def test_a_caller_that_gives_up_while_its_transaction_opens_leaves_no_open_one_in_the_pool(fresh_url: str) -> None:
    db = Database(fresh_url, pool_size=1)
    cut = 0
    for turns in range(120):
        opening = asyncio.create_task(_open_and_close(db))
        for _ in range(turns % 24):
            await asyncio.sleep(0)
        opening.cancel()
        (how,) = await asyncio.gather(opening, return_exceptions=True)
        cut += isinstance(how, asyncio.CancelledError)
        async with db.tx(frozenset({26})) as tx:
            assert await tx.value("SELECT core_scope()") == [26]
    assert cut > 20
    await db.dispose()


async def test_role_and_scope_end_with_their_transaction(db: Database) -> None:
    async with db.tx(frozenset({26, 43}), role="merkez_timers") as tx:
        assert await tx.value("SELECT current_user::text") == "merkez_timers"
        assert await tx.value("SELECT core_scope()") == [26, 43]
    async with db.tx() as tx:
        assert await tx.value("SELECT current_user::text") == "merkez_api"
        assert await tx.value("SELECT core_scope()") == []


async def test_a_connection_that_the_server_closed_in_the_pool_is_never_handed_out(db: Database, fresh_url: str) -> None:
    for _ in range(3):
        async with db.tx() as tx:
            pid = await tx.value("SELECT pg_backend_pid()")
        async with await psycopg.AsyncConnection.connect(fresh_url, autocommit=True) as admin:
            await admin.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        async with db.tx() as tx:
            assert await tx.value("SELECT pg_backend_pid()") != pid


async def test_the_pool_works_in_a_process_with_more_than_1024_open_files(db: Database) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with ExitStack() as stack:
        for _ in range(1_100):
            stack.enter_context(Path(os.devnull).open("rb"))
        for _ in range(2):
            async with db.tx() as tx:
                assert tx.raw.pgconn.socket > 1_024
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_what_is_urgent_gets_a_connection_while_all_else_queues(fresh_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    db = Database(fresh_url, pool_size=3)
    async with db.tx(EVERY), db.tx(EVERY):
        waiting = asyncio.create_task(_open_and_close(db))
        async with db.tx(EVERY, urgent=True) as tx:
            assert await tx.value("SELECT 1") == 1
        assert not waiting.done(), "two thirds of three connections are two"
    await waiting

    monkeypatch.setattr("core.db.WAIT_S", 0.05)
    async with db.tx(EVERY), db.tx(EVERY):
        with pytest.raises(TimeoutError):
            await _open_and_close(db)
    await _open_and_close(db)
    await db.dispose()


async def _open_and_close(db: Database) -> None:
    async with db.tx(EVERY):
        pass


def test_named_statements_are_split_by_name_and_a_double_name_is_refused() -> None:
    queries = parse("preface\n-- name: one\nSELECT 1;\n-- name: two\n-- why\nSELECT 2\n")
    assert dict(queries) == {"one": "SELECT 1", "two": "-- why\nSELECT 2"}
    with pytest.raises(KeyError, match="no statement named three"):
        queries["three"]
    with pytest.raises(ValueError, match="two statements are named one"):
        parse("-- name: one\nSELECT 1\n-- name: one\nSELECT 2")
    assert "relay_batch" in load("core")
