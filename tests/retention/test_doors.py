"""Who sees what was deleted, and who lets the sweep go on after a doubt about the clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import psycopg
import pytest

from core.clock import HeldClock
from core.db import Database
from core.identity import Role
from core.ids import new_id
from retention import api, jobs
from tests.conftest import NOON
from tests.pts.conftest import Small, small_house
from tests.retention.seeds import SEEDS

SWEEPS = "/retention/sweeps"


@pytest.fixture
async def house(db: Database, fresh_url: str, clock: HeldClock) -> AsyncIterator[Small]:
    with small_house(db, clock, fresh_url, api.router()) as small:
        yield small


async def test_an_auditor_sees_what_went_rule_by_rule(house: Small) -> None:
    with psycopg.connect(house.url) as admin:
        for _ in range(3):
            SEEDS["request_once"](admin, NOON - timedelta(days=8), None)
    await jobs.Sweeper(count=lambda: 0).sweep(house.db, NOON)
    auditor = await house.person(Role.AUDITOR, 26)
    answer = await auditor.get(SWEEPS)
    assert [(row["rule"], row["gone"]) for row in answer["items"]] == [("sweep", 3), ("request_once", 3)]
    assert answer["stopped"] is None
    first = await auditor.get(SWEEPS, limit=1)
    assert [row["rule"] for row in (await auditor.get(SWEEPS, limit=1, cursor=first["next"]))["items"]] == ["request_once"]


async def test_a_supervisor_resumes_a_stopped_sweep_once_and_says_why(house: Small) -> None:
    sweeper = jobs.Sweeper(count=lambda: 0)
    await sweeper.sweep(house.db, NOON)
    stopped = await sweeper.sweep(house.db, NOON + timedelta(days=11))
    supervisor = await house.person(Role.SUPERVISOR, 26)
    told = (await supervisor.get(SWEEPS))["stopped"]
    assert (told["sweep_id"], told["why"]) == (str(stopped.sweep_id), "clock_leapt")
    assert (await supervisor.post(f"{SWEEPS}/{new_id()}/resume", 409, reason="the clock is right"))["slug"] == "sweep-not-stopped"
    await supervisor.post(f"{SWEEPS}/{stopped.sweep_id}/resume", reason="the clock is right")
    assert (await supervisor.post(f"{SWEEPS}/{stopped.sweep_id}/resume", 409, reason="the clock is right"))["slug"] == "sweep-not-stopped"
    assert (await supervisor.get(SWEEPS))["stopped"] is None
    audited = house.rows("SELECT actor_id, subject_id, reason FROM audit_entry WHERE action = 'sweep.resumed'")
    assert audited == [(supervisor.id, stopped.sweep_id, "the clock is right")]
    assert (await jobs.Sweeper(count=lambda: 0).sweep(house.db, NOON)).stopped is None


async def test_an_admin_lets_the_next_sweep_be_due_at_once(house: Small) -> None:
    house.rows("INSERT INTO job_run VALUES (%s, %s) RETURNING 1", jobs.SWEEP, NOON)
    await (await house.person(Role.ADMIN, 26)).post(SWEEPS, 202)
    assert house.rows("SELECT started_at = 'epoch' FROM job_run WHERE name = %s", jobs.SWEEP) == [(True,)]


async def test_each_door_opens_to_its_roles_only(house: Small) -> None:
    may = {
        ("GET", SWEEPS): {Role.AUDITOR, Role.ADMIN, Role.SUPERVISOR},
        ("POST", SWEEPS): {Role.ADMIN},
        ("POST", f"{SWEEPS}/{new_id()}/resume"): {Role.SUPERVISOR},
    }
    people = [role for role in Role if role not in {Role.KADES, Role.CAMERA, Role.GATE, Role.GATEWAY}]
    for role in people:
        who = await house.person(role, 26)
        for (method, path), allowed in may.items():
            if role not in allowed:
                await who.call(method, path, 403, json={"client_id": str(new_id())})
