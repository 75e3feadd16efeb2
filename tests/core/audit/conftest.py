"""An audit on a real database, with an owner who can do what the house cannot."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from core.audit import record
from core.audit.heads import FileHeads
from core.audit.jobs import ROLE, seal
from core.audit.signing import Signer
from core.audit.verify import Report, verify
from core.clock import HeldClock
from core.db import NOTHING, Database
from tests.core.identity.conftest import identity

__all__ = ["identity"]

Write = Callable[..., Awaitable[list[UUID]]]
Check = Callable[[], Awaitable[Report]]


@pytest.fixture
def owner(fresh_url: str) -> Iterator[psycopg.Connection[Any]]:
    """The superuser: the strongest hand that could reach for the books."""
    with psycopg.connect(fresh_url, autocommit=True) as conn:
        yield conn


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer.at(tmp_path / "keys")


@pytest.fixture
def heads(tmp_path: Path) -> FileHeads:
    return FileHeads(tmp_path / "heads")


@pytest.fixture
def write(db: Database, clock: HeldClock, owner: psycopg.Connection[Any]) -> Write:
    async def some_entries(count: int = 1, **more: Any) -> list[UUID]:
        facts: dict[str, Any] = {"action": "view.address", "subject_kind": "incident", "subject_id": uuid4(), **more}
        async with db.tx() as tx:
            for _ in range(count):
                await record(tx, at=clock.now(), actor=None, **facts)
        return [row[0] for row in owner.execute("SELECT id FROM audit_entry ORDER BY id").fetchall()[-count:]]

    return some_entries


@pytest.fixture
def check(db: Database, heads: FileHeads, signer: Signer) -> Check:
    async def verified() -> Report:
        async with db.tx(NOTHING, role=ROLE) as tx:
            return await verify(tx, heads.read(), {signer.key_id: signer.public})

    return verified


async def sealed(db: Database, clock: HeldClock) -> None:
    await seal(db, clock.now())
