"""No statement of the hot path walks a whole table, even when planned on a new house's empty tables and kept while they grow."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from core.db import session_options
from core.sql import load
from tests.house.test_statements import runners

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What stands between a press, a crew's word, and a screen; the bodies of functions are held to their indexes by tests/dispatch.
HOT = {
    "core": "read_log read_log_of take_timer postpone_timer follower_read once_begin once_seen once_end",
    "dispatch": "hasten standings incident add_event keep_answer end_alarms",
    "kades": "add_alert alerts_to_tell set_stages set_provinces add_positions newest_fix alert_of_device",
}
#: Tables that hold a row for each press, answer or second.
GROWING = {
    *("incident", "dispatch", "candidate", "incident_event", "alarm", "event_log", "request_once", "timer", "team", "team_position"),
    *("kades_alert", "kades_position", "kades_fault"),
}
CASES = [(room, name) for room, names in HOT.items() for name in names.split()]


@pytest.fixture(scope="module")
def conn(migrated_url: str) -> Iterator[psycopg.Connection]:
    """A connection as the house opens it, to tables that are empty and known to be."""
    with psycopg.connect(migrated_url, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")
    with psycopg.connect(migrated_url, options=session_options("merkez_api"), autocommit=True) as opened:
        yield opened


def numbered(statement: str) -> tuple[str, int]:
    """The statement with $1, $2 … for its named parameters."""
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", statement)))
    return re.sub(r"%\((\w+)\)s", lambda found: f"${names.index(found[1]) + 1}", statement), len(names)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def walks(node: dict[str, Any]) -> bool:
    """Reads the whole table: in its order on disk, or in an index's order without a place to begin."""
    return node["Node Type"] == "Seq Scan" or (node["Node Type"] in {"Index Scan", "Index Only Scan"} and "Index Cond" not in node)


@pytest.mark.parametrize(("room", "name"), CASES, ids=[f"{room}.{name}" for room, name in CASES])
def test_a_hot_statement_planned_on_empty_tables_finds_its_rows_by_an_index(conn: psycopg.Connection, room: str, name: str) -> None:
    statement, parameters = numbered(load(room)[name])
    conn.execute("SELECT set_config('role', %s, false)", [runners(room, name)[0]])
    conn.execute(f"PREPARE hot AS {statement}")  # pyright: ignore[reportArgumentType, reportCallIssue]
    try:
        nulls = f"({', '.join(['NULL'] * parameters)})" if parameters else ""
        row = conn.execute(f"EXPLAIN (FORMAT JSON) EXECUTE hot{nulls}").fetchone()  # pyright: ignore[reportArgumentType, reportCallIssue]
    finally:
        conn.execute("DEALLOCATE hot")
    assert row is not None
    found = row[0] if isinstance(row[0], list) else json.loads(row[0])
    walked = [node for node in nodes(found[0]["Plan"]) if node.get("Relation Name") in GROWING and walks(node)]
    hashed = [node["Node Type"] for node in nodes(found[0]["Plan"]) if node["Node Type"] in {"Hash Join", "Merge Join"}]
    assert walked == []
    assert hashed == []
