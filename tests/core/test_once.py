"""Law 3: the same client_id twice changes nothing and answers the same; another body under it is 409."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from core.clock import HeldClock
from core.db import EVERY, Database
from core.errors import AnotherBody
from core.ids import new_id
from core.once import once
from core.web import Write


class Note(Write):
    text: str


async def send(db: Database, clock: HeldClock, sender: UUID, note: Note, ran: list[str], what: str = "POST /notes") -> dict[str, object]:
    async with db.tx(EVERY) as tx:

        async def do() -> dict[str, object]:
            ran.append(note.text)
            # Long enough for the other copies to come to the door while the first is still inside.
            await tx.execute("SELECT pg_sleep(0.01)")
            return {"n": len(ran)}

        return await once(tx, sender, note.client_id, what, note, clock.now(), do)


async def test_eight_copies_at_once_run_once_and_all_get_the_first_answer(db: Database, clock: HeldClock) -> None:
    sender, ran = new_id(), list[str]()
    note = Note(client_id=new_id(), text="hello")
    answers = await asyncio.gather(*(send(db, clock, sender, note, ran) for _ in range(8)))
    assert ran == ["hello"]
    assert answers == [{"n": 1}] * 8


async def test_another_body_or_another_place_under_the_same_id_is_refused(db: Database, clock: HeldClock) -> None:
    sender, ran, id_ = new_id(), list[str](), new_id()
    await send(db, clock, sender, Note(client_id=id_, text="one"), ran)
    with pytest.raises(AnotherBody):
        await send(db, clock, sender, Note(client_id=id_, text="two"), ran)
    with pytest.raises(AnotherBody):
        await send(db, clock, sender, Note(client_id=id_, text="one"), ran, "POST /elsewhere")
    assert ran == ["one"]


async def test_the_same_id_from_another_sender_is_another_request(db: Database, clock: HeldClock) -> None:
    ran, id_ = list[str](), new_id()
    for _ in range(2):
        await send(db, clock, new_id(), Note(client_id=id_, text="x"), ran)
    assert ran == ["x", "x"]


async def test_a_refused_request_leaves_nothing_behind_and_may_be_sent_again(db: Database, clock: HeldClock) -> None:
    sender, note = new_id(), Note(client_id=new_id(), text="x")
    with pytest.raises(ZeroDivisionError):
        async with db.tx(EVERY) as tx:

            async def fail() -> dict[str, object]:
                raise ZeroDivisionError

            await once(tx, sender, note.client_id, "w", note, clock.now(), fail)
    ran: list[str] = []
    assert await send(db, clock, sender, note, ran, "w") == {"n": 1}
