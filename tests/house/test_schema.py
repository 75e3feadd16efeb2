"""The models mirror the migrated database (decision 0001), and every table of people or cases is under row level security (law 10)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from geoalchemy2 import Geography, Geometry
from sqlalchemy import Integer, MetaData, Text, create_engine
from sqlalchemy.orm import configure_mappers

from controlroom.migrations.compare import options
from controlroom.models import METADATA
from core.db import sa_url
from core.models import Base
from tests.conftest import clone_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Tables without row level security, and why none of their rows need it.
OPEN_TABLES = {
    "alembic_version": "the schema's own revision",
    "meta": "facts of the database itself",
    "province": "public reference data",
    "district": "public reference data",
    "outbox": "the API may only insert; read by the relay, which serves channels and not provinces",
    "event_log": "ids and positions for the relay's roles, which serve channels; names and plates never stand in it",
    "relay_head": "one number",
    "frame_shown": "which session was shown which number",
    "timer": "ids and times; worked off by the timers' role with every province",
    "request_once": "read by the sender's own id only, which is its key",
    "follower": "how far a follower has read",
    "follower_fault": "numbers and errors for the timers' role",
    "job_run": "when a job last began",
    "session": "hashes of who signed in from where; no case, found by its id or its account's",
    "access_token": "hashes",
    "refresh_token": "hashes",
    "login_failure": "hashes and counts",
    "audit_pending": "ids",
    "audit_seal": "hashes",
    "audit_head": "hashes and signatures",
    "kades_registration": "before it is verified she belongs to no desk; what names her is written by the API and not readable to it",
    "kades_code": "keyed hashes, found by the phone's own id",
    "data_period": "the data register: names of columns, no person",
    "deletion_run": "counts and times",
    "sweep_mark": "times",
}

#: Everything of a table that a model can say, as the database itself spells it.
CATALOGUE = """
WITH ours AS (
    SELECT c.oid, c.relname, c.reloptions, pg_get_partkeydef(c.oid) AS parts FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'alembic_version'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
)
SELECT relname, 'table', concat_ws(' ', array_to_string(reloptions, ', '), parts, obj_description(oid)) FROM ours
UNION ALL
SELECT o.relname, 'column ' || a.attname, concat_ws(' ',
       format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL' END,
       'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), 'IDENTITY ' || nullif(a.attidentity::text, ''),
       'GENERATED ' || nullif(a.attgenerated::text, ''), col_description(o.oid, a.attnum))
FROM ours o JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = o.oid AND d.adnum = a.attnum
UNION ALL
SELECT o.relname, 'constraint ' || k.conname, pg_get_constraintdef(k.oid) FROM ours o JOIN pg_constraint k ON k.conrelid = o.oid
UNION ALL
SELECT o.relname, 'index ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid) FROM ours o JOIN pg_index i ON i.indrelid = o.oid
"""


def drift(url: str, metadata: MetaData) -> list[Any]:
    """What Alembic would change in the database at `url` to make it `metadata`."""
    engine = create_engine(sa_url(url))
    try:
        with engine.connect() as connection:
            told = options(connection)
            return list(compare_metadata(MigrationContext.configure(connection, opts=told | {"target_metadata": metadata}), metadata))
    finally:
        engine.dispose()


def catalogue(url: str) -> dict[tuple[str, str], str]:
    with psycopg.connect(url) as conn:
        return {(table, what): how for table, what, how in conn.execute(CATALOGUE).fetchall()}


def a_copy() -> MetaData:
    copy = MetaData(naming_convention=METADATA.naming_convention)
    for table in METADATA.tables.values():
        table.to_metadata(copy)
    return copy


@contextmanager
def made_from_models(server: str) -> Iterator[str]:
    """A database that has no other tables than `create_all` of the models gives it."""
    with clone_of(server, "template0") as url:
        with psycopg.connect(url) as conn:
            conn.execute("CREATE EXTENSION postgis")
        engine = create_engine(sa_url(url))
        METADATA.create_all(engine)
        engine.dispose()
        yield url


def test_alembic_finds_nothing_to_change_between_the_migrations_and_the_models(migrated_url: str) -> None:
    assert drift(migrated_url, METADATA) == []


def test_the_models_build_the_same_tables_constraints_and_indexes_as_the_migrations(server: str, migrated_url: str) -> None:
    # Alembic compares no check, no primary key, no partial index's condition and no index's method, so the catalogues are held together.
    migrated = catalogue(migrated_url)
    with made_from_models(server) as url:
        modelled = catalogue(url)
    assert {key: (modelled.get(key), how) for key, how in migrated.items() if modelled.get(key) != how} == {}
    assert modelled.keys() - migrated.keys() == set()


def _retyped(copy: MetaData) -> None:
    copy.tables["incident"].c.priority.type = Integer()


def _nullable(copy: MetaData) -> None:
    copy.tables["kades_alert"].c.received_at.nullable = True


def _another_srid(copy: MetaData) -> None:
    copy.tables["camera_sector"].c.sector.type = Geometry("POLYGON", 3857, spatial_index=False)


def _another_shape(copy: MetaData) -> None:
    copy.tables["team_position"].c.position.type = Geography("POLYGON", 4326, spatial_index=False)


def _another_default(copy: MetaData) -> None:
    copy.tables["team"].c.vehicle.server_default = None


def _no_index(copy: MetaData) -> None:
    table = copy.tables["team_position"]
    table.indexes.remove(next(index for index in table.indexes if index.name == "team_position_gist"))


def _no_table(copy: MetaData) -> None:
    copy.remove(copy.tables["pts_hit_entry"])


@pytest.mark.parametrize("change", [_retyped, _nullable, _another_srid, _another_shape, _another_default, _no_index, _no_table])
def test_the_comparison_sees_a_model_that_says_something_else(migrated_url: str, change: Callable[[MetaData], None]) -> None:
    copy = a_copy()
    change(copy)
    assert drift(migrated_url, copy) != []


def test_a_column_that_the_database_alone_has_is_seen(fresh_url: str) -> None:
    with psycopg.connect(fresh_url) as conn:
        conn.execute("ALTER TABLE alarm ADD COLUMN colour text")
        conn.execute("ALTER TABLE incident DROP CONSTRAINT incident_priority_check")
        conn.execute("DROP INDEX team_free")
        conn.execute("CREATE INDEX team_free ON team (province, id) WHERE roster = 'available'")
    found = drift(fresh_url, METADATA)
    assert [(what, table, column.name) for what, _, table, column in found] == [("remove_column", "alarm", "colour")]
    assert ("incident", "constraint incident_priority_check") not in catalogue(fresh_url)
    assert "engaged_dispatch" not in catalogue(fresh_url)["team", "index team_free"]


def test_every_table_has_one_model_and_every_model_can_be_mapped() -> None:
    configure_mappers()
    mapped = sorted(mapper.local_table.fullname for mapper in Base.registry.mappers)
    assert mapped == sorted(METADATA.tables)


def test_every_table_of_people_or_cases_is_under_forced_row_level_security(migrated_url: str) -> None:
    with psycopg.connect(migrated_url) as conn:
        tables = conn.execute(
            """
            SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity, EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)
            FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
              AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
            """
        ).fetchall()
    unforced = {name for name, forced, _ in tables if not forced}
    assert unforced == OPEN_TABLES.keys()
    assert [name for name, forced, ruled in tables if forced and not ruled] == []


def test_a_partition_is_reached_through_its_parent_and_its_policies_alone(fresh_url: str) -> None:
    # A policy on the parent does not hold for who names the partition itself.
    with psycopg.connect(fresh_url) as conn:
        conn.execute("SELECT dispatch_track_days(current_date, current_date), pts_read_make_days(current_date, 1)")
        partitions = conn.execute(
            """
            SELECT c.relname, array(SELECT DISTINCT g.grantee::regrole::text FROM aclexplode(c.relacl) g WHERE g.grantee <> c.relowner)
            FROM pg_class c WHERE c.relispartition AND c.relkind = 'r'
            """
        ).fetchall()
    assert len(partitions) >= 3
    assert [(name, grantees) for name, grantees in partitions if grantees] == []


@pytest.mark.parametrize("role", ["merkez_api", "merkez_timers"])
def test_the_api_reads_no_stream_and_no_registrations_names(migrated_url: str, role: str) -> None:
    """The reasons in OPEN_TABLES that lean on a missing grant."""
    with psycopg.connect(migrated_url) as conn:
        readable = conn.execute(
            """
            SELECT has_table_privilege(%(role)s, 'outbox', 'SELECT'),
                   has_column_privilege(%(role)s, 'kades_registration', 'tc_no', 'SELECT'),
                   has_column_privilege(%(role)s, 'kades_registration', 'name', 'SELECT'),
                   has_column_privilege(%(role)s, 'kades_registration', 'protected_address', 'SELECT'),
                   has_column_privilege(%(role)s, 'kades_caller', 'tc_no', 'SELECT'),
                   has_column_privilege(%(role)s, 'kades_caller', 'protected_address', 'SELECT'),
                   has_column_privilege(%(role)s, 'account', 'password_hash', 'SELECT')
            """,
            {"role": role},
        ).fetchone()
    assert readable == (False,) * 7


def test_every_text_of_a_model_is_unbounded_text_and_every_time_has_a_zone() -> None:
    """Law 7; and a length limit in a column would refuse a press for its content (law 1)."""
    for table in METADATA.tables.values():
        for column in table.columns:
            if isinstance(column.type, Text):
                assert column.type.length is None, column
            assert getattr(column.type, "timezone", True), column


def test_a_foreign_key_into_a_table_that_rows_are_deleted_from_has_its_index(migrated_url: str) -> None:
    """Or each deleted row reads the whole of the table that might name it."""
    with psycopg.connect(migrated_url) as conn:
        keys = conn.execute(
            """
            SELECT k.conrelid::regclass::text, k.conname, EXISTS (
                SELECT FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indkey[0] = k.conkey[1]
                AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) = format('(%%I IS NOT NULL)', a.attname)))
            FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
            WHERE k.contype = 'f' AND k.conparentid = 0 AND EXISTS (
                SELECT FROM unnest(%(roles)s::text[]) AS r WHERE has_table_privilege(r, k.confrelid, 'DELETE'))
            """,
            {"roles": ["merkez_api", "merkez_timers", "merkez_sweep", "merkez_relay", "merkez_sealer"]},
        ).fetchall()
    assert len(keys) >= 8
    assert [(table, name) for table, name, indexed in keys if not indexed] == []
