"""What the distribution must give: said exactly where we may not install, installed without side effects where we may."""

from __future__ import annotations

from pathlib import Path

import pytest

from controlroom import packages, pg_server
from controlroom.doctor import PORT
from controlroom.failures import Exit, Missing
from controlroom.programs import Done
from controlroom.settings import WebSettings


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with no server programs."""
    monkeypatch.setattr(pg_server, "installed", list[pg_server.Server])


@pytest.mark.usefixtures("bare")
def test_who_may_not_install_is_told_the_exact_command_and_gets_3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "may_install", lambda: False)

    with pytest.raises(Missing) as missing:
        packages.ensure_server()
    assert missing.value.code == Exit.MISSING
    assert missing.value.mend == "sudo apt-get update && sudo apt-get install -y postgresql postgresql-postgis"


def test_a_server_without_postgis_is_told_which_package_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    half = pg_server.Server(major=16, bin=Path("/usr/lib/postgresql/16/bin"), has_postgis=False)
    monkeypatch.setattr(pg_server, "installed", lambda: [half])

    with pytest.raises(Missing, match="PostGIS is not") as missing:
        pg_server.choose()
    assert missing.value.mend
    assert "postgresql-16-postgis-3" in missing.value.mend


def test_a_cluster_keeps_its_major_version_though_a_newer_one_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [pg_server.Server(major, Path(f"/{major}"), has_postgis=True) for major in (17, 15)]
    monkeypatch.setattr(pg_server, "installed", lambda: both)

    assert pg_server.choose().major == 17
    assert pg_server.choose(15).major == 15


def test_installing_asks_for_the_newest_postgis_that_the_distribution_has_and_makes_no_cluster_of_debians_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said: list[str] = []
    maker = tmp_path / "createcluster.d" / "ours.conf"
    servers: list[pg_server.Server] = []

    def stand_in(*words: str | Path, **_more: object) -> Done:
        line = " ".join(str(word) for word in words)
        said.append(line)
        if line.startswith("apt-cache"):
            return Done(0, "postgresql-15-postgis-3\npostgresql-9-postgis-3\npostgresql-15-postgis-3-scripts\npostgresql-common")
        if "postgresql-15-postgis-3" in line:
            assert maker.read_text(encoding="ascii") == "create_main_cluster = false\n"
            servers.append(pg_server.Server(15, Path("/15"), has_postgis=True))
        return Done(0, "")

    monkeypatch.setattr(packages, "run", stand_in)
    monkeypatch.setattr(packages, "may_install", lambda: True)
    monkeypatch.setattr(packages, "CLUSTER_MAKER", maker)
    monkeypatch.setattr(packages.shutil, "which", lambda _name: None)
    monkeypatch.setattr(pg_server, "installed", lambda: servers)

    assert packages.ensure_server().major == 15
    assert [line.split()[-1] for line in said] == ["update", "postgresql-", "postgresql-common", "postgresql-15-postgis-3"]
    assert all("DPkg::Lock::Timeout=300" in line for line in said if line.startswith("apt-get"))
    assert not maker.exists()


def test_a_major_version_that_the_distribution_does_not_have_is_named_as_before_and_nothing_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []

    def stand_in(*words: str | Path, **_more: object) -> Done:
        said.append(" ".join(str(word) for word in words))
        return Done(0, "postgresql-15-postgis-3" if words[0] == "apt-cache" else "")

    monkeypatch.setattr(packages, "run", stand_in)
    monkeypatch.setattr(packages, "may_install", lambda: True)

    with pytest.raises(Missing, match="made with PostgreSQL 9"):
        packages.ensure_server(9)
    assert not any(" install " in line for line in said)


def test_a_machine_that_cannot_reach_its_packages_answers_3_with_the_line_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "run", lambda *_words, **_more: Done(100, "Could not resolve host"))
    monkeypatch.setattr(packages, "may_install", lambda: True)
    monkeypatch.setattr(pg_server, "installed", list[pg_server.Server])

    with pytest.raises(Missing, match="Could not resolve") as missing:
        packages.ensure_server()
    assert missing.value.mend == "sudo apt-get update"


def test_doctor_looks_at_the_port_that_up_listens_at() -> None:
    assert WebSettings.model_fields["port"].default == PORT
