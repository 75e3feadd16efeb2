"""The commands' outside: help, exit codes, languages, who holds the folder (contract.md, front door)."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from controlroom.cli import COMMANDS
from controlroom.cluster import CLONE
from tests.frontdoor.conftest import Command

pytestmark = [pytest.mark.frontdoor, pytest.mark.timeout(300)]
CONTRACT = {
    "demo", "up", "test", "migrate", "accounts", "audit", "sweep", "footage", "read", "backup", "restore", "bench", "doctor",
}  # fmt: skip


def test_help_names_every_command_of_the_contract(merkez: Command) -> None:
    told = merkez("--help")

    assert told.returncode == 0
    assert set(COMMANDS) == CONTRACT
    for name, entry in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(entry.does.en)}", told.stdout, re.MULTILINE)


def test_help_before_anything_is_installed_names_the_same_commands(clone: Path, merkez: Command) -> None:
    (clone / ".venv").unlink()
    told = merkez("--help")

    assert told.returncode == 0
    assert set(re.findall(r"^  ([a-z]+) {2,}", told.stdout, re.MULTILINE)) == CONTRACT
    assert not (clone / ".venv").exists()


@pytest.mark.parametrize(("words", "code"), [
    ((), 2), (("nonsense",), 2), (("doctor", "--nonsense"), 2), (("backup",), 2),
    (("sweep",), 4), (("footage", "verify", "--json"), 4), (("read", "a.jpg", "--json"), 4),
    (("restore", "/nowhere/b.dump"), 1), (("doctor", "--help"), 0), (("sweep", "--help"), 0),
])  # fmt: skip
def test_each_ending_has_its_exit_code(merkez: Command, words: tuple[str, ...], code: int) -> None:
    told = merkez(*words)

    assert told.returncode == code, told.stderr
    assert "Traceback" not in told.stderr


def test_what_is_not_in_this_build_is_said_in_turkish_and_in_english_in_one_line_each(merkez: Command) -> None:
    assert merkez("sweep", MERKEZ_LANG="tr").stderr.count("\n") == 1
    assert "bu sürümde yok" in merkez("sweep", MERKEZ_LANG="tr").stderr
    assert "not in this build" in merkez("sweep", MERKEZ_LANG="en").stderr
    both = merkez("sweep", MERKEZ_LANG="", LC_ALL="C.UTF-8").stderr.splitlines()
    assert len(both) == 2


def test_a_failure_under_json_is_json_with_its_exit_code(merkez: Command) -> None:
    told = merkez("restore", "/nowhere/b.dump", "--json")

    answer = json.loads(told.stdout)
    assert answer["exit"] == told.returncode == 1
    assert answer["error"]["tr"]
    assert answer["error"]["en"]


def test_a_python_that_is_too_old_is_named_with_its_version_and_the_way_out(clone: Path, tmp_path: Path) -> None:
    (clone / ".venv").unlink()
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        fake = tmp_path / name
        fake.write_text("#!/bin/sh\necho 3.9 False\n", encoding="ascii")
        fake.chmod(0o755)
    for tool in ("sh", "dirname", "cmp", "cat", "readlink"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    told = subprocess.run(
        [clone / "merkez", "doctor"], env={"PATH": str(tmp_path), "LANG": "en_GB.UTF-8"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert told.returncode == 3
    assert "python3 3.9" in told.stderr
    assert "apt-get install" in told.stderr


def test_no_python_at_all_is_said_before_anything_is_tried(clone: Path, tmp_path: Path) -> None:
    (clone / ".venv").unlink()
    for tool in ("sh", "dirname", "cmp", "cat", "readlink"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    told = subprocess.run(
        [clone / "merkez", "demo"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert told.returncode == 3
    assert "python3" in told.stderr


def test_a_link_to_merkez_in_another_folder_finds_its_own_clone(clone: Path, tmp_path: Path) -> None:
    link = tmp_path / "merkez"
    link.symlink_to(clone / "merkez")
    told = subprocess.run([link, "doctor", "--json"], capture_output=True, text=True, check=False, cwd=tmp_path)

    rows = {row["name"]: row for row in json.loads(told.stdout)["rows"]}
    assert rows["holder"]["state"] == "ok"
    assert not (tmp_path / "var").exists()


def test_a_folder_named_core_where_the_caller_stands_is_not_taken_for_ours(clone: Path) -> None:
    trap = clone / "elsewhere" / "core"
    trap.mkdir(parents=True)
    (trap / "__init__.py").write_text("raise SystemExit(99)\n", encoding="ascii")
    told = subprocess.run([clone / "merkez", "doctor"], cwd=trap.parent, capture_output=True, text=True, check=False)

    assert told.returncode in {0, 3}


def test_the_second_on_one_folder_is_told_who_holds_it_and_a_killed_holder_holds_nothing(
    clone: Path, merkez: Command
) -> None:
    program = (
        "import sys, time; from pathlib import Path; from controlroom.lock import folder_lock\n"
        "with folder_lock(Path(sys.argv[1]) / 'var', 'test', './merkez test -k storm') as lock:\n"
        "    lock.serving_at('http://127.0.0.1:1234'); print('held', flush=True); time.sleep(60)"
    )
    # It would hold for a minute; it is killed as soon as the other has been told.
    holder = subprocess.Popen([sys.executable, "-c", program, str(clone)], cwd=CLONE, stdout=subprocess.PIPE)
    assert holder.stdout
    assert holder.stdout.readline() == b"held\n"
    try:
        told = merkez("test", "--version")
        assert told.returncode == 1
        for part in ("./merkez test -k storm", str(holder.pid), "http://127.0.0.1:1234"):
            assert part in told.stderr
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        holder.stdout.close()

    assert merkez("test", "--version").returncode == 0


def test_a_making_of_the_venv_that_was_cut_off_is_done_again(clone: Path) -> None:
    """Its three outside words (venv, pip, python) are stood in for; the real ones run in every bare clone and in CI."""
    from controlroom import venv_build

    (clone / ".venv").unlink()
    half = clone / ".venv" / "lib"
    half.mkdir(parents=True)
    (clone / ".venv" / ".making").touch()
    (half / "half-written.py").touch()
    did: list[str] = []
    venv_build.VENV, venv_build.ROOT = clone / ".venv", clone
    venv_build.MAKING, venv_build.PYTHON = clone / ".venv" / ".making", clone / ".venv" / "bin" / "python"

    def stand_in(words: list[str | Path], **_more: str) -> subprocess.CompletedProcess[str]:
        did.append(" ".join(str(word) for word in words))
        return subprocess.CompletedProcess([], 0, stdout="")

    original = venv_build._run
    venv_build._run = stand_in
    try:
        assert venv_build.main("run") == 0
        assert not half.exists()
        assert any("--require-hashes" in line for line in did)
        assert not (clone / ".venv" / ".making").exists()
        stamp = clone / ".venv" / ".requirements.lock"
        assert stamp.read_bytes() == (clone / "requirements.lock").read_bytes()
        did.clear()
        assert venv_build.main("run") == 0
        assert not any("pip" in line for line in did)
    finally:
        venv_build._run = original
        venv_build.VENV, venv_build.ROOT = CLONE / ".venv", CLONE
        venv_build.MAKING, venv_build.PYTHON = CLONE / ".venv" / ".making", CLONE / ".venv" / "bin" / "python"


def test_a_bare_machine_without_ensurepip_is_told_the_exact_command(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from controlroom import venv_build

    monkeypatch.setattr(venv_build, "VENV", clone / "new-venv")
    monkeypatch.setattr(venv_build, "MAKING", clone / "new-venv" / ".making")
    monkeypatch.setattr(venv_build, "_has_venv", lambda: False)
    monkeypatch.setattr(venv_build, "_may_install", lambda: False)
    monkeypatch.setattr(venv_build.importlib.util, "find_spec", lambda _name: None)

    with pytest.raises(venv_build.StoppedError) as stopped:
        venv_build._create()
    assert stopped.value.code == 3
    assert stopped.value.mend == f"sudo apt-get install -y python3.{sys.version_info.minor}-venv"


def test_doctor_names_a_cluster_of_another_major_version_and_says_how_to_mend_it(merkez: Command, clone: Path) -> None:
    data = clone / "var" / "pg-up" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n", encoding="ascii")
    told = merkez("doctor", "--json")

    row = next(row for row in json.loads(told.stdout)["rows"] if row["name"] == "cluster-up")
    assert told.returncode == 3
    assert row["state"] == "missing"
    assert "PostgreSQL 9" in row["found"]["en"]
    assert str(data.parent) in row["found"]["en"]
    assert "postgresql-9-postgis-3" in row["mend"]


def test_doctor_starts_and_makes_nothing(merkez: Command, clone: Path) -> None:
    before = sorted(clone.iterdir())
    merkez("doctor")

    assert sorted(clone.iterdir()) == before
