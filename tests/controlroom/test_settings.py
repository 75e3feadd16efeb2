"""Settings: every variable is documented, a wrong one is named, and none of them makes a demo of a control room (law 13)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel

from controlroom.failures import Missing
from controlroom.fit import check_fit
from controlroom.rooms import centres, kades_parts
from controlroom.settings import SECTIONS, Settings
from core.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"
#: Read by the shell script and the language module, before any settings class exists.
FRONT_DOOR = {"MERKEZ_LANG", "MERKEZ_PYTHON"}


def variables() -> Iterator[str]:
    """Every variable the settings classes read."""
    for section in SECTIONS:
        prefix = str(section.model_config.get("env_prefix", ""))
        for name, field in section.model_fields.items():
            inner = field.annotation
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from (f"{prefix}{name}__{step}".upper() for step in inner.model_fields)
            else:
                yield f"{prefix}{name}".upper()


def documented() -> set[str]:
    """The variables the page has a row for."""
    return set(re.findall(r"^\| `([A-Z0-9_]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))


def test_every_setting_has_its_row_in_the_documentation() -> None:
    assert set(variables()) - documented() == set()


def test_the_documentation_names_no_setting_that_is_gone() -> None:
    assert documented() - set(variables()) - FRONT_DOOR == set()


def test_a_setting_that_cannot_be_used_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.setenv("DEFAULT_PROVINCE", "99")

    with pytest.raises(Missing) as refused:
        Settings.read()

    assert "DEFAULT_PROVINCE" in refused.value.words.en
    assert "99" not in refused.value.words.en


@pytest.mark.parametrize("lacking", ["SMS_URL", "DEFAULT_PROVINCE"])
def test_a_control_room_is_not_fit_without(lacking: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.setenv("SMS_URL", f"file://{tmp_path}/sms")
    monkeypatch.setenv("DEFAULT_PROVINCE", "26")
    check_fit(Settings.read())
    monkeypatch.delenv(lacking)

    with pytest.raises(Missing) as refused:
        check_fit(Settings.read())

    assert lacking in refused.value.words.tr
    assert lacking in (refused.value.mend or "")


def test_an_sms_address_of_no_kind_we_know_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.setenv("SMS_URL", "ftp://user:secret@host/")
    monkeypatch.setenv("DEFAULT_PROVINCE", "26")

    with pytest.raises(Missing) as refused:
        check_fit(Settings.read())

    assert "secret" not in str(refused.value)


def test_no_variable_makes_a_demo_of_a_control_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    for name in ("DEMO", "MERKEZ_DEMO", "HOUSE_DEMO"):
        monkeypatch.setenv(name, "true")

    assert Settings.read().demo is False
    assert not [name for name in variables() if "DEMO" in name or "CLOCK" in name]


def test_a_province_may_hold_its_offers_back_and_no_other_waits_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.setenv("SMS_URL", f"file://{tmp_path}/sms")
    monkeypatch.setenv("DEFAULT_PROVINCE", "26")
    assert Settings.read().kades.hold_back_s == {}
    monkeypatch.setenv("KADES_HOLD_BACK_S", " 26:20, 43:2.5")
    settings = Settings.read()

    parts = kades_parts(settings, Identity(settings.identity, demo=False, centre_of=centres(None)))

    assert parts.hold_back_s == {26: 20.0, 43: 2.5}


@pytest.mark.parametrize("told", ["82:5", "26:61", "26:-1", "26", "26:x", "x:5", "26:5,26:9", "26:nan"])
def test_a_hold_back_that_is_none_is_named(told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.setenv("KADES_HOLD_BACK_S", told)

    with pytest.raises(Missing) as refused:
        Settings.read()

    assert "KADES_HOLD_BACK_S" in refused.value.words.en
