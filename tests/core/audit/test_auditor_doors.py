"""The auditor reads what concerns the own provinces, nobody else reads anything, and reading is an entry too (law 9, law 10)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from core.audit import record
from core.audit.api import router
from core.clock import HeldClock
from core.db import Database
from core.identity import ACCOUNT_ROLES, Identity, Principal, Role, admin
from core.identity.api import router as identity_router
from tests.core.identity.conftest import ESKISEHIR, ISTANBUL, bearing, client_from, signed_in, small_app

TEAM_ID, SUBJECT = uuid4(), uuid4()


@pytest.fixture
async def http(db: Database, clock: HeldClock, identity: Identity) -> AsyncIterator[httpx.AsyncClient]:
    async with client_from(small_app(db, clock, identity, identity_router, router)) as client:
        yield client


class Desk:
    """Makes people and entries, and reads as an auditor."""

    def __init__(self, http: httpx.AsyncClient, db: Database, clock: HeldClock, identity: Identity) -> None:
        self.http, self.db, self.clock, self.identity = http, db, clock, identity

    async def head(self, username: str, role: Role = Role.AUDITOR, provinces: tuple[int, ...] = (ESKISEHIR,)) -> dict[str, str]:
        async with self.db.tx() as tx:
            who = await admin.create(
                tx, self.identity, username=username, name=f"N. {username}", role=role, provinces=provinces, now=self.clock.now(),
                team_id=TEAM_ID if role is Role.TEAM else None,
            )  # fmt: skip
        return bearing((await signed_in(self.http, who))["access_token"])

    async def entry(self, action: str = "view.address", provinces: tuple[int, ...] = (ESKISEHIR,), **more: Any) -> None:
        actor, subject_id, reason = more.get("actor"), more.get("subject_id", SUBJECT), more.get("reason")
        async with self.db.tx() as tx:
            await record(
                tx, at=self.clock.now(), actor=actor, action=action, subject_kind="incident", subject_id=subject_id,
                provinces=frozenset(provinces), reason=reason,
            )  # fmt: skip

    async def read(self, head: dict[str, str], path: str = "audit", **params: Any) -> list[dict[str, Any]]:
        answer = await self.http.get(f"/api/v1/{path}", headers=head, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]


@pytest.fixture
def desk(http: httpx.AsyncClient, db: Database, clock: HeldClock, identity: Identity) -> Desk:
    return Desk(http, db, clock, identity)


async def test_an_auditor_sees_the_own_provinces_entries_and_those_of_none(desk: Desk) -> None:
    head = await desk.head("denetci")
    await desk.entry("view.one", (ESKISEHIR,))
    await desk.entry("view.two", (ISTANBUL,))
    await desk.entry("view.three", (ISTANBUL, ESKISEHIR))
    await desk.entry("view.four", ())

    seen = {item["action"] for item in await desk.read(head, "viewings")}

    assert seen == {"view.one", "view.three", "view.four"}


async def test_a_viewing_has_a_face_and_a_reason(desk: Desk) -> None:
    head = await desk.head("denetci")
    await desk.head("nobetci", Role.DISPATCHER)
    async with desk.db.tx() as tx:
        row = await tx.row("SELECT id FROM account WHERE username = 'nobetci'")
    assert row is not None
    who = Principal("account", row["id"], UUID(int=5), Role.DISPATCHER, frozenset({ESKISEHIR}), None, None, "?", None)
    await desk.entry(actor=who, reason="telsizden kayıt")

    (item,) = await desk.read(head, "viewings")

    assert item["actor"] == {
        "kind": "account",
        "id": str(row["id"]),
        "role": "dispatcher",
        "name": "N. nobetci",
        "session_id": str(UUID(int=5)),
    }
    assert item["reason"] == "telsizden kayıt"
    assert item["subject"] == {"kind": "incident", "id": str(SUBJECT)}


async def test_reading_the_audit_is_itself_an_entry(desk: Desk) -> None:
    head = await desk.head("denetci")
    await desk.read(head, subject_id=str(SUBJECT))

    (item,) = await desk.read(head, action="audit.read")

    assert item["actor"]["name"] == "N. denetci"
    assert item["subject"]["id"] == str(SUBJECT)


async def test_nobody_but_an_auditor_enters(desk: Desk) -> None:
    for role in ACCOUNT_ROLES:
        head = await desk.head(f"biri-{role}", role)
        codes = {(await desk.http.get(f"/api/v1/{path}", headers=head)).status_code for path in ("audit", "viewings")}
        assert codes == ({200} if role is Role.AUDITOR else {403}), role
    assert (await desk.http.get("/api/v1/audit")).status_code == 401


async def test_entries_are_found_by_actor_subject_action_and_time(desk: Desk) -> None:
    head = await desk.head("denetci")
    start = desk.clock.now()
    who = Principal("device", uuid4(), uuid4(), Role.GATE, frozenset({ESKISEHIR}), None, None, "?", None)
    await desk.entry("view.a", actor=who)
    desk.clock.move(timedelta(minutes=1))
    await desk.entry("view.b", subject_id=None)
    desk.clock.move(timedelta(minutes=1))
    await desk.entry("incident.closed")

    async def actions(**params: Any) -> list[str]:
        return [item["action"] for item in await desk.read(head, **params) if item["action"] in {"view.a", "view.b", "incident.closed"}]

    minute = timedelta(minutes=1)
    assert await actions() == ["incident.closed", "view.b", "view.a"]
    assert await actions(actor_id=str(who.id)) == ["view.a"]
    assert await actions(subject_id=str(SUBJECT)) == ["incident.closed", "view.a"]
    assert await actions(action="view.b") == ["view.b"]
    assert await actions(**{"from": (start + minute).isoformat()}) == ["incident.closed", "view.b"]
    assert await actions(to=(start + minute).isoformat()) == ["view.a"]
    assert await actions(**{"from": start.isoformat(), "to": (start + minute).isoformat(), "action": "view.a"}) == ["view.a"]


async def test_pages_go_on_from_their_cursor_and_miss_none_when_entries_share_an_instant(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.audit.api.PAGE", 3)
    head = await desk.head("denetci")
    for number in range(10):
        await desk.entry(f"view.{'abcdefghij'[number]}")

    seen: list[str] = []
    params: dict[str, str] = {}
    while True:
        answer = (await desk.http.get("/api/v1/viewings", headers=head, params=params)).json()
        seen += [item["action"] for item in answer["items"]]
        if answer["next"] is None:
            break
        params = {"cursor": answer["next"]}

    assert seen == [f"view.{letter}" for letter in "jihgfedcba"]


async def test_a_cursor_or_time_that_is_none_is_one_clear_error(desk: Desk) -> None:
    head = await desk.head("denetci")
    for params in (
        {"cursor": "x"},
        {"cursor": "2026-11-24~x"},
        {"cursor": f"2026-11-24T00:00:00~{uuid4()}"},
        {"from": "yesterday"},
        {"actor_id": "x"},
    ):
        answer = await desk.http.get("/api/v1/audit", headers=head, params=params)

        assert answer.status_code == 422, params
        assert answer.json()["slug"] == "wrong-body"


def test_searches_of_a_large_book_walk_an_index(owner: psycopg.Connection[Any]) -> None:
    owner.execute(
        "INSERT INTO audit_entry (id, at, actor_id, action, subject_kind, subject_id, provinces, detail)"
        " SELECT gen_random_uuid(), '2026-01-01'::timestamptz + n * interval '1 second', md5((n % 500)::text)::uuid,"
        " CASE WHEN n % 50 = 0 THEN 'view.address' ELSE 'incident.changed' END, 'incident', md5((n % 700)::text)::uuid, '{26}', '{}'"
        " FROM generate_series(1, 20000) n"
    )
    owner.execute("ANALYZE audit_entry")
    from core.sql import load

    entries = load("core.audit")["entries"]
    empty: dict[str, Any] = dict.fromkeys(("actor_id", "subject_id", "action", "from", "to", "before_at", "before_id"))
    searches = {
        "audit_entry_at": {},
        "audit_entry_actor": {"actor_id": UUID("c4ca4238-a0b9-2382-0dcc-509a6f75849b")},
        "audit_entry_subject": {"subject_id": UUID("c4ca4238-a0b9-2382-0dcc-509a6f75849b")},
    }
    with psycopg.ClientCursor(owner) as cursor:
        for index, search in searches.items():
            plan = "\n".join(row[0] for row in cursor.execute(f"EXPLAIN {entries}", {**empty, "viewings": False, "limit": 101, **search}))
            assert index in plan, plan
            assert "Seq Scan" not in plan
