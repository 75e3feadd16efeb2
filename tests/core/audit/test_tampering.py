"""Whoever changes the books, with whatever rights, is refused or found out (law 9: UPDATE and DELETE refused by the database)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest

from core.audit import service
from core.audit.heads import FileHeads, UnreadableHeadError
from core.audit.jobs import ROLE, jobs, send_heads
from core.audit.rules import chain
from core.audit.signing import Signer, public_keys
from core.audit.store import links
from core.audit.verify import verify
from core.clock import HeldClock
from core.db import EVERY, NOTHING, Database
from tests.core.audit.conftest import Check, Write, sealed

ROLES = ("merkez_owner", "merkez_api", "merkez_relay", "merkez_timers", "merkez_sealer", "merkez_sweep", "merkez_geo")
FROZEN = ["audit_entry", "audit_seal", "audit_head"]
CHANGES = {
    "audit_entry": "UPDATE audit_entry SET reason = 'other'",
    "audit_seal": "UPDATE audit_seal SET hash = hash",
    "audit_head": "UPDATE audit_head SET hash = hash",
}


def statements(table: str) -> list[str]:
    return [CHANGES[table], f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE", f"{CHANGES[table]} WHERE false"]


async def test_nobody_changes_deletes_or_truncates_the_books(
    db: Database, clock: HeldClock, write: Write, signer: Signer, owner: psycopg.Connection[Any]
) -> None:
    await write(3)
    await sealed(db, clock)
    async with db.tx(NOTHING, role=ROLE) as tx:
        await service.sign_head(tx, signer, clock.now())
    before = books(owner)
    assert all(before)

    for who in ("SET ROLE merkez_super", *(f"SET ROLE {role}" for role in ROLES), "SET session_replication_role = replica"):
        owner.execute(cast("Any", who))
        for table in FROZEN:
            for statement in statements(table):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    owner.execute(cast("Any", statement))
        owner.execute("RESET ROLE")

    owner.execute("RESET session_replication_role")
    assert books(owner) == before


async def test_the_apis_role_cannot_take_an_entry_out_of_the_queue_or_seal_it_itself(db: Database, write: Write) -> None:
    await write(1)
    for statement in (
        "DELETE FROM audit_pending",
        "INSERT INTO audit_seal VALUES (1, gen_random_uuid(), '\\x00')",
        "SELECT * FROM audit_head",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with db.tx(EVERY) as tx:
                await tx.execute(cast("Any", statement))


async def test_without_an_office_the_api_sees_no_entry_at_all(db: Database, write: Write) -> None:
    await write(2)
    async with db.tx(EVERY) as tx:
        assert await tx.value("SELECT count(*) FROM audit_entry") == 0


def forge(owner: psycopg.Connection[Any], statement: str, *params: object) -> None:
    """What only an owner with the triggers off can do."""
    for table in FROZEN:
        owner.execute(cast("Any", f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    assert owner.execute(cast("Any", statement), params).rowcount > 0
    for table in FROZEN:
        owner.execute(cast("Any", f"ALTER TABLE {table} ENABLE TRIGGER USER"))


COLUMNS: list[Any] = [
    "at = at + interval '1 microsecond'",
    "actor_kind = 'device'",
    "actor_id = gen_random_uuid()",
    "actor_role = 'admin'",
    "session_id = gen_random_uuid()",
    "action = 'view.nothing'",
    "subject_kind = 'other'",
    "subject_id = gen_random_uuid()",
    "reason = 'another reason'",
    "provinces = '{34}'",
    "detail = '{\"a\": 1}'",
]


async def test_a_change_of_any_column_is_found_and_the_entry_named(
    db: Database, clock: HeldClock, write: Write, check: Check, owner: psycopg.Connection[Any]
) -> None:
    ids = await write(len(COLUMNS) + 4)
    await sealed(db, clock)
    columns = {row[0] for row in owner.execute("SELECT attname FROM pg_attribute WHERE attrelid = 'audit_entry'::regclass AND attnum > 0")}
    assert columns == {change.split(" ")[0] for change in COLUMNS} | {"id"}

    # From the last to the first, so that each is the first break when it is looked for.
    for place, change in reversed(list(enumerate(COLUMNS))):
        forge(owner, f"UPDATE audit_entry SET {change} WHERE id = %s", ids[place])

        broken = (await check()).broken
        assert broken is not None, change
        assert (broken.n, broken.entry_id) == (place + 1, ids[place]), change


@pytest.mark.parametrize(
    ("forgery", "place", "why"),
    [
        ("DELETE FROM audit_entry WHERE id = (SELECT entry_id FROM audit_seal WHERE n = 3)", 3, "gone"),
        ("DELETE FROM audit_seal WHERE n = 3", 3, "missing"),
        ("DELETE FROM audit_seal WHERE n = 1", 1, "missing"),
        ("UPDATE audit_seal SET hash = sha256('x') WHERE n = 3", 3, "changed"),
        ("UPDATE audit_seal SET n = 9 WHERE n = 5", 5, "missing"),
        ("DELETE FROM audit_seal WHERE n = 5", None, "no seal"),
    ],
)
async def test_a_broken_chain_says_where(
    db: Database, clock: HeldClock, write: Write, check: Check, owner: psycopg.Connection[Any], *, forgery: str, place: int | None, why: str
) -> None:
    ids = await write(5)
    await sealed(db, clock)

    forge(owner, forgery)

    broken = (await check()).broken
    assert broken is not None
    assert broken.n == place
    assert why in broken.why
    if place is None:
        assert broken.entry_id == ids[4]


async def test_two_entries_that_change_places_are_found(
    db: Database, clock: HeldClock, write: Write, check: Check, owner: psycopg.Connection[Any]
) -> None:
    ids = await write(4)
    await sealed(db, clock)

    forge(
        owner,
        "UPDATE audit_seal SET entry_id = CASE n WHEN 2 THEN gen_random_uuid() ELSE %s END WHERE n IN (2, 3)",
        ids[1],
    )

    broken = (await check()).broken
    assert broken is not None
    assert broken.n == 2


async def test_an_entry_taken_out_of_the_queue_before_its_seal_is_found(write: Write, check: Check, owner: psycopg.Connection[Any]) -> None:
    ids = await write(2)
    owner.execute("DELETE FROM audit_pending WHERE entry_id = %s", [ids[1]])

    broken = (await check()).broken

    assert broken is not None
    assert broken.entry_id == ids[1]


# --- a chain rewritten whole -------------------------------------------------------------------------------------------------


@pytest.fixture
async def history(db: Database, clock: HeldClock, write: Write, signer: Signer, heads: FileHeads) -> None:
    """Ten entries under a head that left the database, and three more under none."""
    await write(10)
    await sealed(db, clock)
    sign = next(job for job in jobs(signer, [heads]) if job.name == "audit.head")
    await sign.run(db, clock.now())
    await write(3)
    await sealed(db, clock)


async def rewrite(db: Database, owner: psycopg.Connection[Any]) -> None:
    """Alter an entry and recompute every seal, as an owner who has read our source would."""
    forge(owner, "UPDATE audit_entry SET reason = 'never happened' WHERE id = (SELECT entry_id FROM audit_seal WHERE n = 4)")
    async with db.tx(NOTHING, role=ROLE) as tx:
        entries = [entry for _, entry in await links(tx, 0, 1_000)]
    for seal in chain(None, [entry for entry in entries if entry is not None]):
        forge(owner, "UPDATE audit_seal SET hash = %s WHERE n = %s", seal.hash, seal.n)


@pytest.mark.usefixtures("history")
async def test_a_chain_rewritten_whole_does_not_fit_its_signed_head(db: Database, check: Check, owner: psycopg.Connection[Any]) -> None:
    assert (await check()).broken is None
    await rewrite(db, owner)

    broken = (await check()).broken

    assert broken is not None
    assert broken.n == 10
    assert "inside" in broken.why


@pytest.mark.usefixtures("history")
async def test_a_chain_rewritten_with_its_heads_does_not_fit_the_heads_outside(
    db: Database, check: Check, owner: psycopg.Connection[Any]
) -> None:
    await rewrite(db, owner)
    forge(owner, "DELETE FROM audit_head")

    broken = (await check()).broken

    assert broken is not None
    assert broken.n == 10
    assert "outside" in broken.why


@pytest.mark.usefixtures("history")
async def test_a_head_signed_with_another_key_is_no_head(
    db: Database, check: Check, owner: psycopg.Connection[Any], clock: HeldClock
) -> None:
    stranger = Signer(b"s" * 32)
    await rewrite(db, owner)
    forge(owner, "DELETE FROM audit_head")
    async with db.tx(NOTHING, role=ROLE) as tx:
        await service.sign_head(tx, stranger, clock.now())

    broken = (await check()).broken

    assert broken is not None
    assert "not known" in broken.why


@pytest.mark.usefixtures("history")
async def test_a_chain_cut_off_at_its_end_is_shorter_than_a_head_outside(check: Check, owner: psycopg.Connection[Any]) -> None:
    forge(owner, "DELETE FROM audit_head")
    forge(owner, "DELETE FROM audit_entry WHERE id IN (SELECT entry_id FROM audit_seal WHERE n > 6)")
    forge(owner, "DELETE FROM audit_seal WHERE n > 6")

    broken = (await check()).broken

    assert broken is not None
    assert broken.n == 10
    assert "ends before" in broken.why


FORGERIES: dict[str, Callable[[str], str]] = {
    "place": lambda row: row.replace('"n": 10', '"n": 9'),
    "time": lambda row: row.replace("2026-11-24", "2026-11-25"),
    "signature": lambda row: re.sub(r'("signature": ")(.{8})', r"\g<1>00000000", row),
}


@pytest.mark.usefixtures("history")
async def test_a_head_outside_that_was_touched_is_said_so(check: Check, heads: FileHeads) -> None:
    whole = heads.path.read_text()
    for what, forged in FORGERIES.items():
        assert forged(whole) != whole
        heads.path.write_text(forged(whole))

        broken = (await check()).broken

        assert broken is not None, what
        assert "false signature" in broken.why, what


@pytest.mark.usefixtures("history")
async def test_a_line_outside_that_is_no_head_says_which_line(heads: FileHeads) -> None:
    whole = heads.path.read_text()
    for wrong in ("scribble", "{}", '{"n": "x"}', whole.replace('"hash": "', '"hash": "zz').strip()):
        heads.path.write_text(f"{whole}{wrong}\n{whole}")

        with pytest.raises(UnreadableHeadError, match="line 2"):
            heads.read()


# --- sending heads -----------------------------------------------------------------------------------------------------------


class AwaySink(FileHeads):
    """A sink whose disk or line is away for a while."""

    away = True

    async def send(self, head: Any) -> None:
        if self.away:
            raise OSError(self.path.name)
        await super().send(head)


async def test_a_sink_that_was_away_gets_every_head_it_missed_and_the_others_wait_for_nobody(
    db: Database, clock: HeldClock, write: Write, signer: Signer, tmp_path: Path
) -> None:
    away, there = AwaySink(tmp_path / "away"), FileHeads(tmp_path / "there")
    sign = next(job for job in jobs(signer, [away, there]) if job.name == "audit.head")
    for _ in range(3):
        await write(2)
        await sealed(db, clock)
        with pytest.raises(OSError, match="heads"):
            await sign.run(db, clock.move(timedelta(hours=1)))
    assert [head.n for head in there.read()] == [2, 4, 6]

    away.away = False
    assert await send_heads(db, [away, there]) == 3
    assert away.read() == there.read()
    assert await send_heads(db, [away, there]) == 0


@pytest.mark.usefixtures("history")
async def test_nothing_new_since_the_last_head_signs_nothing_twice(
    db: Database, clock: HeldClock, signer: Signer, heads: FileHeads
) -> None:
    sign = next(job for job in jobs(signer, [heads]) if job.name == "audit.head")
    for _ in range(3):
        await sign.run(db, clock.move(timedelta(hours=1)))

    assert [head.n for head in heads.read()] == [10, 13]


@pytest.mark.usefixtures("history")
async def test_a_line_torn_by_a_power_cut_is_passed_over_and_its_head_sent_again(db: Database, heads: FileHeads, check: Check) -> None:
    whole = heads.path.read_bytes()
    for keep in (0, 1, len(whole) // 2, len(whole) - 3):
        heads.path.write_bytes(whole[:keep])
        assert await heads.latest() == 0
        assert await send_heads(db, [heads]) == 1
        assert heads.path.read_bytes() == whole
    assert (await check()).broken is None


@pytest.mark.usefixtures("history")
async def test_a_key_that_was_replaced_still_checks_what_it_signed(
    db: Database, clock: HeldClock, write: Write, heads: FileHeads, tmp_path: Path
) -> None:
    folder = tmp_path / "keys"
    (folder / "audit.key").rename(tmp_path / "old.key")
    newer = Signer.at(folder)
    await write(1)
    await sealed(db, clock)
    sign = next(job for job in jobs(newer, [heads]) if job.name == "audit.head")
    await sign.run(db, clock.now())

    keys = public_keys(folder)
    async with db.tx(NOTHING, role=ROLE) as tx:
        report = await verify(tx, heads.read(), keys)

    assert len(keys) == 2
    assert (report.broken, report.heads_outside, report.heads_inside) == (None, 2, 2)


def books(owner: psycopg.Connection[Any]) -> list[list[Any]]:
    return [owner.execute(cast("Any", f"SELECT t::text FROM {table} t ORDER BY 1")).fetchall() for table in FROZEN]
