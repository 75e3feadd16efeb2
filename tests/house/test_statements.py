"""Every named statement is planned by the database as the role that runs it: it parses, its columns exist, and the role has the rights.

A statement is EXPLAINed with NULL for each parameter, so what it would meet in a function's body is not looked at here (test_definers.py).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from core.sql import load

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ["core", "core.identity", "core.audit", "geo", "dispatch", "kades", "kgys", "pts", "retention"]

API, TIMERS, SWEEP, RELAY, SEALER = "merkez_api", "merkez_timers", "merkez_sweep", "merkez_relay", "merkez_sealer"
#: Whoever migrates; no role of a running house.
MIGRATION = "none"

#: Who runs what stands in no line of RUN_BY.
USUAL = {"core.audit": (SEALER,), "retention": (SWEEP,)}
#: What others run, or more than one role. Timers' handlers and followers work as merkez_timers, periodic jobs as merkez_sweep.
RUN_BY: dict[str, dict[tuple[str, ...], str]] = {
    "core": {
        (RELAY,): "relay_batch read_log read_log_of log_head new_log",
        (TIMERS,): "take_timer postpone_timer follower_take follower_add follower_read follower_move follower_fault",
    },
    "core.audit": {
        (API, TIMERS, SWEEP): "append",
        (API,): "entries",
    },
    "geo": {
        (MIGRATION,): "upsert_province upsert_district",
    },
    "dispatch": {
        (API, TIMERS): (
            "raise lock_incident lock_dispatch pick waiting_for hasten save spread_dispatches spread_candidates spread_events spread_alarms"
            " spread_caller add_event end_alarms look"
        ),
        (API, TIMERS, SWEEP): "incident add_alarm",
        (TIMERS,): "sound_alarm standings",
        (SWEEP,): "unowned seeking_unwatched lost_offers unsounded_alarms roster_gaps",
        (API, SWEEP): "track_days",
    },
    "kades": {
        (API, TIMERS): "set_provinces merge newest_fix",
        (TIMERS,): "alerts_to_tell set_stages untold_codes code_told",
    },
    "pts": {
        (API, TIMERS): "hit_for_update set_verdict set_outcome still_active incident_now",
        (TIMERS,): "open_hits_of_entry",
        (SWEEP,): "make_days",
    },
    "retention": {
        (API,): "mark runs resume",
        (API, SWEEP): "again_at_once",
    },
}

#: What cannot be planned with NULLs, and why that is no fault of it.
UNPLANNED = {
    ("dispatch", "reindex_positions"): "REINDEX is a command without a plan; the test of the job runs it",
}


def statements() -> Iterator[tuple[str, str]]:
    for room in ROOMS:
        if (ROOT / room.replace(".", "/") / "queries.sql").exists():
            for name in load(room):
                yield room, name


def runners(room: str, name: str) -> tuple[str, ...]:
    for roles, names in RUN_BY.get(room, {}).items():
        if name in names.split():
            return roles
    return USUAL.get(room, (API,))


def with_nulls(statement: str) -> dict[str, None]:
    return dict.fromkeys(re.findall(r"%\((\w+)\)s", statement))


@pytest.fixture(scope="module")
def conn(migrated_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(migrated_url) as opened:
        yield opened


def plan(conn: psycopg.Connection, statement: str, role: str) -> None:
    """Plan and start `statement` as `role`; nothing of it runs, and all of it is rolled back."""
    with conn.transaction(force_rollback=True):
        conn.execute("SELECT set_config('role', %s, true), set_config('merkez.provinces', '26,43', true)", [role])
        conn.execute("EXPLAIN " + statement, with_nulls(statement))  # pyright: ignore[reportArgumentType, reportCallIssue]


CASES = [(room, name, role) for room, name in statements() if (room, name) not in UNPLANNED for role in runners(room, name)]
IDS = [f"{room}.{name}-{role.removeprefix('merkez_')}" for room, name, role in CASES]


@pytest.mark.parametrize(("room", "name", "role"), CASES, ids=IDS)
def test_every_statement_is_planned_as_the_role_that_runs_it(conn: psycopg.Connection, room: str, name: str, role: str) -> None:
    plan(conn, load(room)[name], role)


def test_a_statement_without_its_right_or_its_column_is_refused(conn: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        plan(conn, load("core")["relay_batch"], API)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        plan(conn, load("dispatch")["roster_gaps"], "merkez_relay")
    with pytest.raises(psycopg.errors.UndefinedColumn):
        plan(conn, "SELECT colour FROM team WHERE id = %(id)s", API)


@pytest.mark.parametrize(("room", "name"), UNPLANNED)
def test_what_is_excused_from_planning_still_cannot_be_planned(conn: psycopg.Connection, room: str, name: str) -> None:
    with pytest.raises(psycopg.Error):
        plan(conn, load(room)[name], runners(room, name)[0])


def test_every_line_of_these_tables_names_a_statement_that_there_is() -> None:
    there = set(statements())
    told = [(room, name) for room, lines in RUN_BY.items() for names in lines.values() for name in names.split()]
    assert [line for line in [*told, *UNPLANNED] if line not in there] == []
    assert len(told) == len(set(told))


def test_no_statement_lies_in_a_room_that_never_runs_it() -> None:
    idle: list[str] = []
    for room, name in statements():
        folder = ROOT / room.replace(".", "/")
        sources = (path.read_text(encoding="utf-8") for path in folder.rglob("*.py") if path.name != "models.py")
        if not any(f'"{name}"' in source for source in sources):
            idle.append(f"{room}.{name}")
    assert idle == []
