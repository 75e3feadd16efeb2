"""The main job on real parts: her phone, the desk, the crew's phone, and a real server between them (issue 2)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    HERE_AT,
    People,
    crew_on_duty,
    drive,
    list_plate,
    press_by_rest,
    read_plate,
    sign_in,
    sit_down,
    wait_until,
)
from tests.live import LAT, LON, Live, tc_no

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

AT_HOME = (LON, LAT)


def register_by_page(page: Page, live: Live, folder: Path, number: int) -> tuple[str, str]:
    """Register on the page as she would; returns her cancel and her duress code."""
    phone = f"+90532{4_100_000 + number}"
    page.goto(live.base_url + "/kades/")
    page.locator("[name=tc_no]").fill(tc_no(40 + number))
    page.locator("[name=phone]").fill(phone)
    page.locator("[name=address]").fill("Deneme Mahallesi 1")
    page.locator("[name=province]").fill("26")
    page.locator("[type=submit]").click()
    page.get_by_test_id("verify").wait_for()
    page.locator("[name=code]").fill(code_sent_to(folder, phone))
    page.locator("[type=submit]").click()
    codes = page.get_by_test_id("cancel-code").inner_text(), page.get_by_test_id("duress-code").inner_text()
    page.get_by_test_id("codes-read").click()
    return codes


def code_sent_to(folder: Path, phone: str) -> str:
    """The code in the SMS spool, read as a modem would."""
    sent = (json.loads(file.read_text(encoding="utf-8")) for file in (folder / "sms").glob("*.json"))
    text = next(message["text"] for message in sent if message["to"] == phone)
    found = re.search(r"\d{6}", text)
    assert found is not None
    return found[0]


def test_a_press_rings_the_desk_reaches_the_crew_and_ends_with_an_outcome(people: People, live: Live, tmp_path: Path) -> None:
    crew = crew_on_duty(people, live)
    desk = people.page()
    sit_down(desk, live.base_url, "dispatcher")
    expect(desk.locator("html")).to_have_attribute("data-ringing", "")
    her = people.page(phone=True, at=AT_HOME)
    register_by_page(her, live, tmp_path, 1)

    her.get_by_test_id("press").click()

    expect(her.get_by_test_id("called")).to_have_attribute("data-stage", re.compile("received|team_on_the_way"))
    incident = desk.get_by_test_id("incident")
    expect(incident).to_have_count(1)
    expect(desk.locator("html")).to_have_attribute("data-ringing", "kades")
    expect(crew.get_by_test_id("offer")).to_be_visible()
    expect(crew.locator("html")).to_have_attribute("data-ringing", "yes")
    expect(crew.get_by_test_id("way")).to_contain_text("km")

    incident.click()
    dispatch = desk.get_by_test_id("dispatch").first
    expect(dispatch).to_have_attribute("data-state", "acknowledged")
    desk.keyboard.press("t")
    expect(desk.locator("html")).to_have_attribute("data-ringing", "")

    crew.get_by_test_id("accept").click()
    expect(dispatch).to_have_attribute("data-state", "accepted")
    expect(her.get_by_test_id("called")).to_have_attribute("data-stage", "team_on_the_way")
    crew.get_by_test_id("open-address").click()
    expect(crew.get_by_test_id("address")).to_contain_text("Deneme Mahallesi 1")
    crew.get_by_test_id("say-en_route").click()
    expect(dispatch).to_have_attribute("data-state", "en_route")
    crew.get_by_test_id("say-on_scene").click()
    expect(dispatch).to_have_attribute("data-state", "on_scene")
    expect(her.get_by_test_id("called")).to_have_attribute("data-stage", "arrived")

    desk.keyboard.press("c")
    desk.locator("[name=outcome]").select_option("resolved")
    desk.get_by_test_id("close-form").locator("[type=submit]").click()
    expect(desk.get_by_test_id("detail")).to_have_attribute("data-state", "closed")
    expect(incident).to_have_count(0)
    expect(crew.get_by_test_id("job")).to_have_count(0)
    expect(her.get_by_test_id("called")).to_have_attribute("data-stage", "closed")


def test_a_cancel_code_informs_the_desk_and_recalls_nobody_and_both_codes_look_alike(people: People, live: Live, tmp_path: Path) -> None:
    crew = crew_on_duty(people, live)
    desk = people.page()
    sit_down(desk, live.base_url, "dispatcher")
    her = people.page(phone=True, at=AT_HOME)
    _, duress = register_by_page(her, live, tmp_path, 2)
    her.get_by_test_id("press").click()
    crew.get_by_test_id("accept").click()
    desk.get_by_test_id("incident").click()

    her.get_by_test_id("cancel").locator("[name=code]").fill(duress)
    her.get_by_test_id("cancel").locator("[type=submit]").click()

    expect(her.get_by_test_id("called")).to_have_attribute("data-stage", "closed")
    expect(desk.get_by_test_id("detail")).to_contain_text("BASKI ALTINDA")
    expect(desk.get_by_test_id("dispatch").first).to_have_attribute("data-state", "accepted")
    expect(crew.get_by_test_id("job")).to_be_visible()


def test_a_silent_press_without_a_position_rings_the_desk_and_not_her_screen(people: People, live: Live, tmp_path: Path) -> None:
    desk = people.page()
    sit_down(desk, live.base_url, "dispatcher")
    her = people.page(phone=True)
    register_by_page(her, live, tmp_path, 3)

    her.get_by_test_id("press-silent").click()

    expect(her.get_by_test_id("quiet")).to_have_attribute("data-stage", "received")
    # Whoever stands beside her must not read that help is on its way.
    expect(her.get_by_test_id("quiet")).not_to_contain_text(re.compile("al[ıi]nd[ıi]|ekip|yard[ıi]m", re.IGNORECASE))
    desk.get_by_test_id("incident").click()
    expect(desk.get_by_test_id("detail")).to_contain_text("SESSİZ BASIŞ")
    expect(desk.get_by_test_id("detail")).to_contain_text("Konumsuz")


def test_an_operator_evaluates_a_press_with_one_key_and_the_desk_stops_ringing_there_only(people: People, live: Live) -> None:
    operator, dispatcher = people.page(), people.page()
    sit_down(operator, live.base_url, "operator")
    sit_down(dispatcher, live.base_url, "dispatcher")
    press_by_rest(live)
    operator.get_by_test_id("incident").click()
    expect(operator.get_by_test_id("evaluate-genuine")).to_be_visible()
    expect(operator.get_by_test_id("take")).to_have_count(0)

    operator.keyboard.press("1")

    expect(operator.get_by_test_id("evaluation")).to_contain_text("Gerçek")
    dispatcher.get_by_test_id("incident").click()
    expect(dispatcher.get_by_test_id("evaluation")).to_contain_text("Gerçek")
    expect(dispatcher.locator("html")).to_have_attribute("data-ringing", re.compile("kades|alarm"))


def test_a_hit_is_compared_and_the_crew_is_told_to_stop_and_the_hit_ends_with_its_outcome(people: People, live: Live) -> None:
    plate = "26 ABE 417"
    list_plate(live, plate)
    crews = {name: crew_on_duty(people, live, name) for name in ("team", "other-team")}
    supervisor = people.page()
    sit_down(supervisor, live.base_url, "supervisor")
    read_plate(live, plate)

    supervisor.get_by_test_id("incident").click()
    expect(supervisor.get_by_test_id("plate")).to_contain_text("26")
    expect(supervisor.get_by_test_id("instruction")).to_have_text(re.compile("Gözle"))
    asked = supervisor.get_by_test_id("dispatch").first
    expect(asked).to_have_attribute("data-state", re.compile("offered|acknowledged"))
    crew = crews["team" if asked.get_attribute("data-team") == "team" else "other-team"]
    crew.get_by_test_id("accept").click()
    expect(crew.get_by_test_id("instruction")).to_have_attribute("data-instruction", "observe")
    expect(crew.get_by_test_id("plate")).to_contain_text("26")

    supervisor.keyboard.press("1")

    expect(crew.get_by_test_id("instruction")).to_have_attribute("data-instruction", "stop")
    expect(supervisor.get_by_test_id("hit-verdict")).to_have_attribute("data-verdict", "confirmed")
    supervisor.get_by_test_id("hit-outcome-vehicle_taken").click()
    expect(supervisor.get_by_test_id("hit-outcome")).to_have_text("Araç ele geçirildi")


def test_a_drill_opened_by_hand_is_marked_on_every_screen(people: People, live: Live) -> None:
    crew = crew_on_duty(people, live)
    desk = people.page()
    sit_down(desk, live.base_url, "dispatcher")
    expect(desk.get_by_test_id("map")).to_have_attribute("data-dressed", re.compile("day|night"))

    desk.keyboard.press("n")
    form = desk.get_by_test_id("new-incident")
    form.locator("[name=kind]").select_option("kavga")
    form.locator("[name=place]").fill("Deneme Sokak, park girişi")
    form.locator("[type=checkbox]").check()
    form.get_by_text("Haritadan seç").click()
    desk.get_by_test_id("map").click(position={"x": 560, "y": 400})
    expect(form).to_contain_text("Haritada seçildi")
    form.locator("[type=submit]").click()

    expect(desk.get_by_test_id("drill-band")).to_be_visible()
    expect(desk.get_by_test_id("incident").get_by_test_id("drill")).to_be_visible()
    expect(desk.get_by_test_id("standard").first).to_contain_text("10 dk")
    expect(crew.get_by_test_id("offer").get_by_test_id("drill-band")).to_be_visible()


def test_a_crew_calls_for_help_and_every_desk_hears_it(people: People, live: Live) -> None:
    desk = people.page()
    sit_down(desk, live.base_url, "dispatcher")
    crew = people.page(phone=True, at=HERE_AT)
    drive(crew, live.base_url)
    button = crew.get_by_test_id("panic").bounding_box()
    assert button is not None
    crew.mouse.move(button["x"] + 40, button["y"] + 20)

    crew.mouse.down()
    expect(crew.get_by_test_id("panic")).to_have_attribute("data-state", "sent")
    crew.mouse.up()

    expect(desk.locator("html")).to_have_attribute("data-ringing", "panic")


def test_a_desk_that_is_reloaded_finds_its_session_and_its_incidents_again(people: People, live: Live) -> None:
    desk = people.page()
    sit_down(desk, live.base_url, "dispatcher")
    press_by_rest(live)
    expect(desk.get_by_test_id("incident")).to_have_count(1)

    desk.reload()

    expect(desk.get_by_test_id("start-gate")).to_be_visible()
    desk.get_by_test_id("start-shift").click()
    expect(desk.get_by_test_id("incident")).to_have_count(1)
    expect(desk.locator("html")).to_have_attribute("data-ringing", re.compile("kades|alarm"))


def test_a_dispatcher_sends_a_team_records_the_radio_moves_the_place_and_merges_a_duplicate(people: People, live: Live) -> None:
    for name in ("team", "other-team"):
        crew_on_duty(people, live, name)
    desk = people.page()
    sit_down(desk, live.base_url, "dispatcher")
    expect(desk.get_by_test_id("map")).to_have_attribute("data-dressed", re.compile("day|night"))
    head = live.token["dispatcher"]
    place = {"position": {"lon": LON, "lat": LAT}, "automatic": False}
    first = live.made("/api/v1/incidents", head, kind="kavga", place_text="Birinci yer", **place)
    second = live.made("/api/v1/incidents", head, kind="gurultu", place_text="İkinci yer", **place)

    desk.locator(f"[data-id='{first['id']}'][data-testid=incident]").click()
    expect(desk.get_by_test_id("take")).to_contain_text("dispatcher")
    desk.keyboard.press("d")
    asked = desk.get_by_test_id("dispatch").first
    expect(asked).to_have_attribute("data-state", "acknowledged")
    asked.get_by_label("Telsizle bildirdi…").select_option("accepted")
    expect(asked).to_have_attribute("data-state", "accepted")
    expect(asked).to_contain_text("Telsiz")

    desk.keyboard.press("r")
    desk.get_by_test_id("map").click(position={"x": 560, "y": 300})
    wait_until(desk, lambda: place_of(live, first["id"]) != (LON, LAT), "a move of the incident")

    desk.get_by_text("Birleştir", exact=True).click()
    desk.locator("[name=into]").select_option(second["id"])
    desk.get_by_test_id("merge-form").locator("[type=submit]").click()
    expect(desk.locator(f"[data-id='{first['id']}'][data-testid=incident]")).to_have_count(0)
    expect(desk.locator(f"[data-id='{second['id']}'][data-testid=incident]")).to_have_count(1)


def place_of(live: Live, incident_id: str) -> tuple[float, float]:
    """Where an incident is."""
    found = live.get(f"/api/v1/incidents/{incident_id}", live.token["dispatcher"]).json()["position"]
    return found["lon"], found["lat"]


def test_a_desk_is_shut_to_whoever_has_no_business_there(people: People, live: Live) -> None:
    for username in ("auditor", "team"):
        page = people.page()
        sign_in(page, live.base_url, "/", username)
        expect(page.get_by_text("Bu hesap bu sayfayı kullanamaz.")).to_be_visible()
        expect(page.get_by_test_id("map")).to_have_count(0)


def test_a_wrong_password_is_told_in_words(people: People, live: Live) -> None:
    page = people.page()

    sign_in(page, live.base_url, "/", "dispatcher", "not the password")

    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_test_id("sign-in")).to_be_visible()
