"""Migrating: step by step, again, and with Alembic's own command line for whoever writes the next revision (decision 0001)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from controlroom import migrate as migrating
from controlroom.migrate import current, fingerprint, migrate, newest
from tests.conftest import clone_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def empty_url(server: str) -> Iterator[str]:
    with clone_of(server, "template0") as url:
        yield url


def alembic(url: str, *command: str, config: Path = ROOT / "pyproject.toml") -> subprocess.CompletedProcess[str]:
    called = [str(Path(sys.executable).parent / "alembic"), "-c", str(config), "-x", f"url={url}", *command]
    return subprocess.run(called, cwd=ROOT, capture_output=True, text=True, check=False)


def districts(url: str) -> int:
    with psycopg.connect(url) as conn:
        row = conn.execute("SELECT count(*) FROM district").fetchone()
    assert row is not None
    return row[0]


def test_a_database_is_brought_to_an_early_revision_and_later_all_the_way(empty_url: str) -> None:
    assert migrate(empty_url, "0001_core") == ["0001_core"]
    assert current(empty_url) == "0001_core"
    later = migrate(empty_url)
    assert later[0] == "0002_geo"
    assert later[-1] == newest() == current(empty_url)
    assert districts(empty_url) == 973
    assert migrate(empty_url) == []


def test_a_template_is_remade_when_its_boundaries_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint()
    newer = tmp_path / migrating.BOUNDARIES.name
    newer.write_bytes(migrating.BOUNDARIES.read_bytes() + b"another border")
    monkeypatch.setattr(migrating, "BOUNDARIES", newer)
    assert fingerprint() != before


def test_alembics_own_check_finds_nothing_to_do_and_finds_what_there_is(fresh_url: str) -> None:
    clean = alembic(fresh_url, "check")
    assert clean.returncode == 0, clean.stdout + clean.stderr
    with psycopg.connect(fresh_url) as conn:
        conn.execute("ALTER TABLE alarm DROP COLUMN note")
    assert alembic(fresh_url, "check").returncode != 0


def test_autogenerate_drafts_the_sql_that_makes_the_database_what_the_models_say(fresh_url: str, tmp_path: Path) -> None:
    """The draft is a file beside the others, and its revision does nothing but run it."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(migrating.FOLDER, tmp_path / "controlroom" / "migrations")
    with psycopg.connect(fresh_url) as conn:
        conn.execute("ALTER TABLE alarm DROP COLUMN note")
        conn.execute("ALTER TABLE team_position DROP COLUMN position")
        conn.execute("DROP TABLE pts_hit_entry")
    told = ("revision", "--autogenerate", "--rev-id", "9999_draft", "-m", "what the models have and the database lacks")
    made = alembic(fresh_url, *told, config=tmp_path / "pyproject.toml")
    assert made.returncode == 0, made.stdout + made.stderr
    revision = (tmp_path / "controlroom" / "migrations" / "versions" / "9999_draft.py").read_text(encoding="utf-8")
    assert "run_sql(revision)" in revision
    assert "op." not in revision
    with psycopg.connect(fresh_url) as conn:
        conn.execute((tmp_path / "controlroom" / "migrations" / "sql" / "9999_draft.sql").read_bytes())
    assert alembic(fresh_url, "check").returncode == 0
