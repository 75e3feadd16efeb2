"""Accounts, audit, backup and restore by hand, as real commands on a real cluster of a copied clone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.frontdoor.conftest import Command

pytestmark = [pytest.mark.frontdoor, pytest.mark.timeout(900)]


def test_by_hand_from_an_empty_clone_to_a_first_admin_a_sound_audit_and_a_restored_backup(
    merkez: Command, clone: Path, tmp_path: Path
) -> None:
    """One story, for each command starts and stops a cluster of its own."""
    migrated = merkez("migrate", "--json")
    assert migrated.returncode == 0, migrated.stderr
    assert [step["name"] for step in json.loads(migrated.stdout)["steps"]] == ["server", "database", "schema"]

    first = merkez("accounts", "bootstrap", "--json")
    assert first.returncode == 0, first.stderr
    admin = json.loads(first.stdout)
    assert admin["username"] == "yonetici"
    assert len(admin["password"]) >= 20
    assert merkez("accounts", "bootstrap").returncode == 1

    who = ("accounts", "create", "nobetci", "--role", "dispatcher", "--name", "N. A.", "--provinces", "26")
    made = merkez(*who, "--json")
    assert made.returncode == 0, made.stderr
    twice = merkez(*who)
    assert twice.returncode == 1
    assert "Traceback" not in twice.stderr
    assert merkez(*who[:-1], "99").returncode == 2

    listed = json.loads(merkez("accounts", "list", "--json").stdout)["items"]
    assert {(row["username"], row["role"]) for row in listed} == {("yonetici", "admin"), ("nobetci", "dispatcher")}
    assert admin["password"] not in json.dumps(listed)

    audit = merkez("audit", "verify", "--json")
    assert audit.returncode == 0, audit.stderr
    assert json.loads(audit.stdout)["ok"] is True

    dump = tmp_path / "b.dump"
    saved = merkez("backup", str(dump))
    assert saved.returncode == 0, saved.stderr
    refused = merkez("restore", str(dump))
    assert refused.returncode == 1
    assert "not empty" in refused.stderr
    beside = merkez("restore", str(dump), "--into", "look_first", "--json")
    assert beside.returncode == 0, beside.stderr
    assert json.loads(beside.stdout)["manifest"]["schema"]
    elsewhere = merkez("restore", str(dump), "--of", "demo")
    assert elsewhere.returncode == 0, elsewhere.stderr
    again = json.loads(merkez("accounts", "list", "--of", "demo", "--json").stdout)["items"]
    assert [row["id"] for row in again] == [row["id"] for row in listed]
    assert sorted(path.name for path in (clone / "var").glob("pg-*") if path.is_dir()) == ["pg-demo", "pg-up"]
