"""Functions that run with their owner's rights: pinned, closed, owned by nobody who signs in, and bound to the caller's scope (law 10)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.rows import class_row

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Their body does not look at core_scope(), and why that is right.
PAST_SCOPE = {
    "audit_queue": "queues the id of the entry that was just written",
    "core_authenticate": "says who a token belongs to and opens that one's provinces; before it there is no scope",
    "core_sign_in_facts": "one account by its name, before anybody is signed in",
    "core_rehash": "one account by its id and its present hash",
    "core_still_holds": "one account by its id and its present hash, told as yes or no",
    "dispatch_raise": "a press is kept under any scope (law 1); what it reads is the person's own open incident",
    "dispatch_waiting_for": "ids alone, of incidents that would take a team of the given provinces",
    "dispatch_olay_no": "a sequence, no row",
    "dispatch_track_days": "partitions, no row",
    "kades_take_caller": "writes the caller of a registration whose code was right; she may have registered in any province",
    "kades_address_of": "asked after dispatch has shown that the dispatch is the crew's own, which may come from next door; audited",
    "kades_tc_no_of": "asked for a caller the desk has just been shown under its scope; audited",
    "pts_match": "a listed car is driven into the next province; tells only what a hit needs",
    "pts_still_active": "ids alone, of entries a hit of the caller's names",
    "pts_incident_now": "two yes-or-no's and an id, of the incident a hit of the caller's names",
    "pts_hits_of": "ids alone, of hits of an incident the caller was shown",
    "pts_vehicle_of": "asked after dispatch has shown that the dispatch is the crew's own, which may come from next door; audited",
    "pts_read_make_days": "partitions; moves rows from the default one into their day",
    "pts_read_drop_day": "whole days past their period, told as a count",
    "retention_track_drop_day": "whole days past their period, told as a count",
}

#: Everybody may call these: they run with the caller's rights and tell nothing that is not the caller's.
OF_EVERYBODY = {
    "core_scope": "the transaction's own setting; every policy calls it",
    "core_office": "the transaction's own setting; every policy calls it",
    "audit_is_append_only": "a trigger",
    "hotlist_entry_only_ends": "a trigger",
}

ROLES = {"merkez_api", "merkez_relay", "merkez_timers", "merkez_sweep", "merkez_sealer", "merkez_geo", "merkez_owner"}


@dataclass(frozen=True)
class Function:
    name: str
    definer: bool
    owner: str
    settings: list[str]
    of_public: bool
    callers: list[str]
    source: str


FUNCTIONS = """
SELECT p.proname AS name, p.prosecdef AS definer, p.proowner::regrole::text AS owner, coalesce(p.proconfig, '{}') AS settings,
       has_function_privilege('public', p.oid, 'EXECUTE') AS of_public,
       array(SELECT g.grantee::regrole::text FROM aclexplode(p.proacl) g WHERE g.grantee NOT IN (0, p.proowner)) AS callers,
       regexp_replace(p.prosrc, '--[^\n]*', '', 'g') AS source
FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
ORDER BY p.proname
"""


def functions(conn: psycopg.Connection) -> list[Function]:
    return conn.cursor(row_factory=class_row(Function)).execute(FUNCTIONS).fetchall()


@pytest.fixture
def conn(migrated_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(migrated_url) as opened:
        yield opened
        opened.rollback()


def faults(found: list[Function]) -> list[str]:
    """What is wrong with each function that runs with its owner's rights, and with each that everybody may call."""
    wrong: list[str] = []
    for f in found:
        if not f.definer:
            if f.of_public and f.name not in OF_EVERYBODY:
                wrong.append(f"{f.name}: everybody may call it")
            continue
        path = next((setting for setting in f.settings if setting.startswith("search_path=")), "")
        if not re.fullmatch(r"search_path=(pg_catalog, )?public, pg_temp", path):
            wrong.append(f"{f.name}: a caller's own table or function could stand in the way ({path or 'no search_path'})")
        if f.of_public:
            wrong.append(f"{f.name}: everybody may call it")
        if f.owner not in {"merkez_geo", "merkez_owner"}:
            wrong.append(f"{f.name}: runs with the rights of {f.owner}")
        if "core_scope()" not in f.source and f.name not in PAST_SCOPE:
            wrong.append(f"{f.name}: looks past the caller's scope")
    return wrong


def test_every_function_with_its_owners_rights_is_pinned_closed_and_scoped(conn: psycopg.Connection) -> None:
    found = functions(conn)
    assert faults(found) == []
    assert sum(f.definer for f in found) > 20


def test_every_excuse_names_a_function_that_needs_it(conn: psycopg.Connection) -> None:
    found = {f.name: f for f in functions(conn)}
    assert [name for name in PAST_SCOPE if name not in found or not found[name].definer or "core_scope()" in found[name].source] == []
    assert [name for name in OF_EVERYBODY if name not in found or not found[name].of_public] == []


def test_only_the_houses_own_roles_may_call_them(conn: psycopg.Connection) -> None:
    strangers = {f.name: set(f.callers) - ROLES for f in functions(conn) if f.definer}
    assert {name: callers for name, callers in strangers.items() if callers} == {}


def test_a_careless_function_is_found(conn: psycopg.Connection) -> None:
    conn.execute("CREATE FUNCTION peek() RETURNS SETOF incident LANGUAGE sql SECURITY DEFINER AS 'SELECT * FROM incident -- core_scope()'")
    conn.execute("CREATE FUNCTION wave() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    assert [fault.split(":")[0] for fault in faults(functions(conn))] == ["peek", "peek", "peek", "peek", "wave"]


def test_nobody_can_become_who_the_functions_run_as(conn: psycopg.Connection) -> None:
    rights = conn.execute(
        "SELECT rolname, rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = ANY (%s)",
        [list(ROLES)],
    ).fetchall()
    assert {row[0] for row in rights} == ROLES
    assert [row[0] for row in rights if row[1] or row[4] or row[5]] == []
    assert [row[0] for row in rights if row[2]] == ["merkez_geo"]
    assert [row[0] for row in rights if row[3]] == ["merkez_api"]
    members = conn.execute(
        "SELECT member::regrole::text FROM pg_auth_members WHERE roleid IN ('merkez_geo'::regrole, 'merkez_owner'::regrole)"
    ).fetchall()
    assert members == []


def test_only_the_owners_role_may_make_anything_in_the_schema(conn: psycopg.Connection) -> None:
    """Or a table of the caller's could take the place of one that a pinned search_path finds in `public`."""
    makers = conn.execute(
        "SELECT r FROM unnest(%s::text[] || '{public}'::text[]) AS r WHERE has_schema_privilege(r, 'public', 'CREATE')", [sorted(ROLES)]
    ).fetchall()
    assert makers == [("merkez_owner",)]


def test_no_role_of_the_running_house_owns_a_table_and_so_escapes_its_grants(conn: psycopg.Connection) -> None:
    owned = conn.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S', 'v')"
        " AND relowner::regrole::text = ANY (%s)",
        [sorted(ROLES - {"merkez_owner"})],
    ).fetchall()
    # REINDEX is the owner's alone, and the sweep does it each night; its rows hold no case, and FORCE binds the owner too.
    assert owned == [("team_position",)]
