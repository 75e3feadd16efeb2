"""A backup that comes back equal, and refuses to do harm where it can not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from controlroom import backup
from controlroom.cluster import Cluster
from controlroom.failures import Failure
from tests.conftest import clone_of

pytestmark = [pytest.mark.frontdoor, pytest.mark.timeout(300)]


@pytest.fixture
def empty_url(server: str) -> Iterator[str]:
    with clone_of(server, "template0") as url:
        yield url


def contents(url: str) -> dict[str, tuple[object, ...]]:
    """Owner, grants, row count and a hash over all rows of each table."""
    with psycopg.connect(url) as conn:
        conn.execute("set row_security = off")
        tables = conn.execute(
            "select c.relname::text, c.relowner::regrole::text, c.relacl::text, c.relrowsecurity, c.relforcerowsecurity"
            " from pg_class c where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and not exists"
            " (select from pg_depend d where d.objid = c.oid and d.deptype = 'e') order by 1"
        ).fetchall()
        found: dict[str, tuple[object, ...]] = {}
        for name, *rest in tables:
            rows = conn.execute(sql.SQL("select t::text from {} t order by 1").format(sql.Identifier(name))).fetchall()
            if name == "relay_head":
                rows = []
            found[name] = (*rest, len(rows), hashlib.sha256(repr(rows).encode()).hexdigest())
    return found


def log_id(url: str) -> object:
    with psycopg.connect(url) as conn:
        row = conn.execute("select log from relay_head").fetchone()
    return row and row[0]


def test_a_restored_backup_equals_what_was_saved_and_begins_a_new_log(
    fresh_url: str, empty_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(fresh_url) as conn:
        conn.execute("insert into meta (key, value) values ('a', 'ığüşöç İ')")
    dump = tmp_path / "b.dump"
    made = backup.back_up(fresh_url, dump)

    restored = backup.restore(empty_url, dump)

    assert restored == made
    before, after = contents(fresh_url), contents(empty_url)
    assert len(before) > 10
    assert after == before
    assert log_id(empty_url) != log_id(fresh_url)
    assert dump.stat().st_mode & 0o777 == 0o600
    assert backup.manifest_path(dump).stat().st_mode & 0o777 == 0o600


def test_a_damaged_backup_is_refused_before_anything_is_touched(fresh_url: str, empty_url: str, tmp_path: Path) -> None:
    dump = tmp_path / "b.dump"
    backup.back_up(fresh_url, dump)
    whole = bytearray(dump.read_bytes())
    whole[len(whole) // 2] ^= 1
    dump.write_bytes(whole)

    with pytest.raises(Failure, match="damaged"):
        backup.restore(empty_url, dump)
    assert contents(empty_url) == {}


def test_a_backup_is_restored_into_an_empty_database_only(fresh_url: str, tmp_path: Path) -> None:
    dump = tmp_path / "b.dump"
    backup.back_up(fresh_url, dump)
    before = contents(fresh_url)

    with pytest.raises(Failure, match="not empty"):
        backup.restore(fresh_url, dump)
    assert contents(fresh_url) == before


def test_a_backup_does_not_overwrite_an_older_one(fresh_url: str, tmp_path: Path) -> None:
    dump = tmp_path / "b.dump"
    dump.write_bytes(b"yesterday's")

    with pytest.raises(Failure, match="not overwritten"):
        backup.back_up(fresh_url, dump)
    assert dump.read_bytes() == b"yesterday's"


def test_an_empty_database_is_not_taken_for_a_backup(empty_url: str, tmp_path: Path) -> None:
    with pytest.raises(Failure, match="nothing to save"):
        backup.back_up(empty_url, tmp_path / "b.dump")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_never_saw_our_roles_takes_a_backup(
    fresh_url: str, tmp_path: Path, folder: Path, cluster_in: Callable[[Path], Cluster]
) -> None:
    dump = tmp_path / "b.dump"
    backup.back_up(fresh_url, dump)
    elsewhere = cluster_in(folder).ensure()

    backup.restore(elsewhere, dump)

    assert contents(elsewhere) == contents(fresh_url)
    with psycopg.connect(elsewhere) as conn:
        conn.execute("set role merkez_api")
        conn.execute("set role merkez_relay")


def test_a_dump_without_its_manifest_is_not_restored(fresh_url: str, empty_url: str, tmp_path: Path) -> None:
    dump = tmp_path / "b.dump"
    backup.back_up(fresh_url, dump)
    backup.manifest_path(dump).unlink()

    with pytest.raises(Failure, match="not there"):
        backup.restore(empty_url, dump)


def test_the_manifest_says_what_it_belongs_to(fresh_url: str, tmp_path: Path) -> None:
    dump = tmp_path / "b.dump"
    backup.back_up(fresh_url, dump)
    told = json.loads(backup.manifest_path(dump).read_text(encoding="utf-8"))

    assert told["bytes"] == dump.stat().st_size
    assert told["sha256"] == hashlib.sha256(dump.read_bytes()).hexdigest()
    assert told["schema"]
    assert {"merkez_api", "merkez_relay", "merkez_owner"} <= {role["name"] for role in told["roles"]}
