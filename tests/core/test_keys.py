"""Keys on disk: made once, closed to others, the same for everybody who asks at the same moment."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.identity import IdentitySettings
from core.keys import secret_file


def test_a_key_is_made_once_and_open_to_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "token.key"

    key = secret_file(path)

    assert len(key) == 32
    assert secret_file(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["token.key"]


def test_many_at_once_end_with_one_key(tmp_path: Path) -> None:
    path = tmp_path / "token.key"
    with ThreadPoolExecutor(16) as threads:
        keys = set(threads.map(lambda _: secret_file(path), range(64)))

    assert len(keys) == 1


def test_a_key_that_others_could_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "token.key"
    secret_file(path)
    path.chmod(0o640)

    with pytest.raises(PermissionError, match="0600"):
        secret_file(path)


def test_half_a_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "token.key"
    path.write_bytes(b"short")
    path.chmod(0o600)

    with pytest.raises(ValueError, match="5 bytes"):
        secret_file(path)


def test_identity_reads_its_key_beside_the_state_or_where_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_home = IdentitySettings.at(tmp_path)
    assert at_home.token_key.get_secret_value() == (tmp_path / "keys" / "token.key").read_bytes()

    shared = tmp_path / "shared" / "token.key"
    monkeypatch.setenv("IDENTITY_TOKEN_KEY_FILE", str(shared))
    monkeypatch.setenv("IDENTITY_PASSWORDS__TIME_COST", "5")
    told = IdentitySettings.at(tmp_path)

    assert told.token_key.get_secret_value() == shared.read_bytes() != at_home.token_key.get_secret_value()
    assert told.passwords.time_cost == 5
    assert shared.read_bytes().hex() not in repr(told)
