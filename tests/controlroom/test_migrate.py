"""A start that finds today's schema does nothing; one that does not brings it there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from controlroom import migrate as migrating
from controlroom.migrate import is_current, migrate
from geo.boundaries import SOURCE

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_migrated_database_is_known_as_this_builds(fresh_url: str) -> None:
    migrate(fresh_url)

    assert is_current(fresh_url)


def test_a_database_of_another_build_is_migrated_and_then_known(fresh_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    newer = tmp_path / SOURCE.name
    newer.write_bytes(SOURCE.read_bytes() + b"another border")
    monkeypatch.setattr(migrating, "BOUNDARIES", newer)
    assert not is_current(fresh_url)

    migrate(fresh_url)

    assert is_current(fresh_url)


def test_a_database_without_a_schema_is_not_taken_for_a_whole_one(fresh_url: str) -> None:
    with psycopg.connect(fresh_url) as conn:
        conn.execute("DROP TABLE meta")

    assert not is_current(fresh_url)


def test_the_boundaries_a_migration_loads_are_those_the_fingerprint_is_made_of() -> None:
    assert migrating.BOUNDARIES == SOURCE
