"""The sealer: nobody's entry is skipped, sealed twice or out of the chain (law 9)."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import psycopg
import pytest

from core.audit import record, service, store
from core.audit.jobs import ROLE, seal
from core.clock import HeldClock
from core.db import NOTHING, Database
from tests.core.audit.conftest import Check, Write, sealed

ORDER = "SELECT n, entry_id FROM audit_seal ORDER BY n"
WAITING = "SELECT entry_id FROM audit_pending ORDER BY entry_id"


async def test_what_was_written_is_chained_in_order_and_waits_no_longer(
    db: Database, clock: HeldClock, write: Write, check: Check, owner: psycopg.Connection[Any]
) -> None:
    ids = await write(7)
    assert [row[0] for row in owner.execute(WAITING).fetchall()] == ids

    await sealed(db, clock)

    assert owner.execute(ORDER).fetchall() == list(enumerate(ids, 1))
    assert owner.execute(WAITING).fetchall() == []
    report = await check()
    assert (report.broken, report.sealed, report.waiting) == (None, 7, 0)


async def test_an_entry_stands_exactly_when_its_transaction_does(db: Database, clock: HeldClock, owner: psycopg.Connection[Any]) -> None:
    with pytest.raises(ZeroDivisionError):
        async with db.tx() as tx:
            await record(tx, at=clock.now(), actor=None, action="a.b", subject_kind="x", subject_id=None)
            raise ZeroDivisionError

    assert owner.execute("SELECT count(*) FROM audit_entry").fetchone() == (0,)
    assert owner.execute("SELECT count(*) FROM audit_pending").fetchone() == (0,)


async def test_a_late_committer_with_an_older_id_is_sealed_later_and_not_skipped(
    db: Database, clock: HeldClock, write: Write, check: Check, owner: psycopg.Connection[Any]
) -> None:
    async with db.tx() as slow:
        await record(slow, at=clock.now(), actor=None, action="view.address", subject_kind="incident", subject_id=None, reason="late")
        quick = await write(3)
        await sealed(db, clock)
        assert [row[1] for row in owner.execute(ORDER).fetchall()] == quick
    await sealed(db, clock)

    late = owner.execute("SELECT id FROM audit_entry WHERE reason = 'late'").fetchone()
    assert late is not None
    assert late[0] < quick[0]
    assert owner.execute(ORDER).fetchall()[-1] == (4, late[0])
    assert (await check()).broken is None


async def test_while_one_sealer_works_another_does_nothing_and_then_goes_on_from_it(db: Database, write: Write, check: Check) -> None:
    await write(5)
    async with db.tx(NOTHING, role=ROLE) as first:
        assert await service.seal_batch(first, 3) == 3
        async with db.tx(NOTHING, role=ROLE) as second:
            assert await service.seal_batch(second, 3) == 0
    async with db.tx(NOTHING, role=ROLE) as second:
        assert await service.seal_batch(second, 3) == 2

    report = await check()
    assert (report.broken, report.sealed) == (None, 5)


async def test_a_sealer_that_dies_in_the_middle_leaves_a_whole_chain(db: Database, clock: HeldClock, write: Write, check: Check) -> None:
    await write(4)
    with pytest.raises(ConnectionError):
        async with db.tx(NOTHING, role=ROLE) as dying:
            await service.seal_batch(dying, 2)
            raise ConnectionError
    assert (await check()).sealed == 0

    await sealed(db, clock)

    report = await check()
    assert (report.broken, report.sealed) == (None, 4)


async def test_four_sealers_and_eight_writers_at_once_make_one_chain_of_everything(
    db: Database, clock: HeldClock, check: Check, owner: psycopg.Connection[Any]
) -> None:
    writing = True

    async def writer(number: int) -> None:
        for _ in range(25):
            async with db.tx() as tx:
                await record(tx, at=clock.now(), actor=None, action="a.b", subject_kind="x", subject_id=None, detail={"by": number})
                await asyncio.sleep(0)  # lets another writer or a sealer in before this one commits

    async def sealer() -> None:
        while writing:
            await seal(db, clock.now())

    sealers = [asyncio.create_task(sealer()) for _ in range(4)]
    await asyncio.gather(*(writer(number) for number in range(8)))
    writing = False
    await asyncio.gather(*sealers)
    await sealed(db, clock)

    report = await check()
    assert (report.broken, report.sealed, report.waiting) == (None, 200, 0)
    assert owner.execute("SELECT count(DISTINCT entry_id), max(n) FROM audit_seal").fetchone() == (200, 200)


async def test_more_than_a_batch_is_sealed_in_one_run(
    db: Database, clock: HeldClock, write: Write, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.audit.jobs.BATCH", 10)
    monkeypatch.setattr("core.audit.verify.BATCH", 7)
    await write(35)

    await sealed(db, clock)

    report = await check()
    assert (report.broken, report.sealed, report.waiting) == (None, 35, 0)


DETAILS: list[dict[str, Any]] = [
    {},
    {"ğ": "İıÇş 🚓", "n": 0.1, "big": 2**53, "deep": {"b": [1, None, True], "a": ""}},
    {"e": 1e21, "z": -0.5, "n": 12345678901234567890},
]


async def test_whatever_json_the_detail_is_the_chain_holds(db: Database, clock: HeldClock, write: Write, check: Check) -> None:
    for detail in DETAILS:
        await write(2, detail=detail, reason="gerekçe: 'tırnak' \\ \n")
        await sealed(db, clock)

        assert (await check()).broken is None, detail


async def test_entries_carry_face_and_session_of_whoever_acted(db: Database, clock: HeldClock, owner: psycopg.Connection[Any]) -> None:
    from core.identity import Principal, Role

    who = Principal("account", UUID(int=7), UUID(int=8), Role.TEAM, frozenset({43, 26}), UUID(int=9), None, "N. Ekip", None)
    async with db.tx() as tx:
        await record(
            tx, at=clock.now(), actor=who, action="view.address", subject_kind="incident", subject_id=UUID(int=1), provinces=who.provinces
        )

    row = owner.execute("SELECT actor_kind, actor_id, actor_role, session_id, provinces, e::text FROM audit_entry e").fetchone()
    assert row is not None
    assert row[:5] == ("account", UUID(int=7), "team", UUID(int=8), [26, 43])
    assert "N. Ekip" not in row[5]


async def test_store_says_how_many_wait(db: Database, write: Write) -> None:
    await write(3)
    async with db.tx(NOTHING, role=ROLE) as tx:
        assert await store.count_waiting(tx) == 3
