"""What a dispatcher and an operator do beside the main job, each by the page alone and on a real server (issue 2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import People, crew_on_duty, list_plate, press_by_rest, read_plate, sit_down, wait_until
from tests.live import LAT, LON, Live, execute, live_house

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

#: Farther from the incident than HERE_AT, so that who is asked first is no matter of chance.
FARTHER = (LON + 0.05, LAT + 0.03)
PLATE = "26 ABE 417"


@pytest.fixture
def live(fresh_url: str, tmp_path: Path) -> Iterator[Live]:
    """A house whose alarms sound again every second: an acknowledgement is worth what it does to the next sounding."""
    with live_house(fresh_url, tmp_path, {"DISPATCH_ALARM_AGAIN_S": "1"}) as house:
        yield house


def dispatch_of(desk: Page, team: str) -> Locator:
    """The line of a team's latest dispatch in the chain of the incident that is open at the desk."""
    return desk.locator(f"[data-testid=dispatch][data-team={team}]").first


def rings(page: Page, tone: str) -> None:
    """The page rings so, or not at all ("")."""
    expect(page.locator("html")).to_have_attribute("data-ringing", tone)


def at_desk(people: People, live: Live, username: str = "dispatcher") -> Page:
    """Somebody at the desk."""
    desk = people.page()
    sit_down(desk, live.base_url, username)
    return desk


def taken_by_the_supervisor(dispatcher: Page, supervisor: Page) -> None:
    """One key takes it, and both desks are quiet."""
    supervisor.keyboard.press("t")
    for page in (dispatcher, supervisor):
        rings(page, "")
        expect(page.get_by_test_id("alarm")).to_have_count(0)
        expect(page.get_by_test_id("take")).to_contain_text("supervisor üstlendi")


@dataclass(frozen=True, slots=True)
class Scene:
    """A press, the nearest crew and the next one at their pages, and a dispatcher who has the incident open."""

    near: Page
    farther: Page
    desk: Page
    incident_id: str


def a_press(people: People, live: Live, *, near_says: str | None = "accept") -> Scene:
    """Set the scene; the nearest crew has said yes, unless told not to."""
    near, farther = crew_on_duty(people, live, "team"), crew_on_duty(people, live, "other-team", FARTHER)
    desk = at_desk(people, live)
    incident_id = press_by_rest(live)["incident_id"]
    if near_says is not None:
        near.get_by_test_id(near_says).click()
    desk.get_by_test_id("incident").click()
    return Scene(near, farther, desk, incident_id)


# --- withdraw ----------------------------------------------------------------------------------------------------------------


def test_a_team_that_is_withdrawn_is_told_so_and_free_again_and_the_next_nearest_is_asked(people: People, live: Live) -> None:
    scene = a_press(people, live)
    near, farther, desk = scene.near, scene.farther, scene.desk
    expect(dispatch_of(desk, "team")).to_have_attribute("data-state", "accepted")
    expect(dispatch_of(desk, "other_team")).to_have_count(0)

    dispatch_of(desk, "team").get_by_role("button", name="Geri çek").click()

    expect(dispatch_of(desk, "team")).to_have_attribute("data-state", "withdrawn")
    expect(dispatch_of(desk, "team")).to_contain_text("Merkez geri çağırdı")
    expect(near.get_by_test_id("told")).to_contain_text("Merkez görevi geri çekti")
    expect(near.get_by_test_id("job")).to_have_count(0)
    expect(farther.get_by_test_id("offer")).to_be_visible()
    expect(dispatch_of(desk, "other_team")).to_have_attribute("data-state", "acknowledged")
    near.get_by_role("button", name="Anladım").click()
    expect(near.get_by_test_id("told")).to_have_count(0)
    # Free again, and the desk may ask it anew by its name.
    desk.locator("[data-testid=candidate][data-team=team]").get_by_role("button", name="Gönder").click()
    expect(near.get_by_test_id("offer")).to_be_visible()


# --- hand over ---------------------------------------------------------------------------------------------------------------


def test_an_incident_handed_back_to_the_desk_rings_until_the_next_one_has_it_and_has_read_the_note(people: People, live: Live) -> None:
    dispatcher, supervisor = at_desk(people, live), at_desk(people, live, "supervisor")
    crew = crew_on_duty(people, live)
    press_by_rest(live)
    crew.get_by_test_id("accept").click()
    dispatcher.get_by_test_id("incident").click()
    dispatcher.keyboard.press("t")
    rings(supervisor, "")
    dispatcher.get_by_role("button", name="Devret").click()
    form = dispatcher.get_by_test_id("hand-over-form")

    form.locator("[type=submit]").click()
    # Nothing is handed over without a word.
    expect(form).to_be_visible()
    expect(dispatcher.get_by_test_id("take")).to_contain_text("dispatcher üstlendi")
    form.locator("[name=note]").fill("Vardiya bitti; arka kapıda bekliyor.")
    form.locator("[type=submit]").click()

    expect(form).to_have_count(0)
    for page in (dispatcher, supervisor):
        rings(page, "kades")
        expect(page.locator("[data-testid=alarm][data-kind=unowned]")).to_be_visible()
    supervisor.get_by_test_id("incident").click()
    expect(supervisor.get_by_test_id("hand-over-note")).to_contain_text("Vardiya bitti; arka kapıda bekliyor.")
    expect(supervisor.get_by_test_id("hand-over-note")).to_contain_text("dispatcher")
    taken_by_the_supervisor(dispatcher, supervisor)
    expect(crew.get_by_test_id("job")).to_have_attribute("data-state", "accepted")


def test_an_incident_handed_to_a_colleague_by_name_rings_until_that_one_has_taken_it(people: People, live: Live) -> None:
    dispatcher, supervisor = at_desk(people, live), at_desk(people, live, "supervisor")
    press_by_rest(live)
    dispatcher.get_by_test_id("incident").click()
    dispatcher.keyboard.press("t")
    rings(supervisor, "")
    hand_over = dispatcher.get_by_role("button", name="Devret")
    hand_over.focus()
    hand_over.press("Enter")
    form = dispatcher.get_by_test_id("hand-over-form")
    whom = form.get_by_label("Kime")

    # By keys alone: the choice has the focus, stands at the desk, and goes to a colleague by the first letters of the name.
    expect(whom).to_be_focused()
    expect(whom.locator("option:checked")).to_have_text("Masaya bırak")
    expect(whom.locator("option", has_text=re.compile(r"^supervisor · Vardiya amiri · son görülme \d"))).to_have_count(1)
    expect(whom.locator("option", has_text=re.compile("^(dispatcher|operator|other_)"))).to_have_count(0)
    dispatcher.keyboard.type("supervisor")
    dispatcher.keyboard.press("Tab")
    dispatcher.keyboard.type("Arka kapıda bekliyor.")
    expect(whom.locator("option:checked")).to_contain_text("supervisor ·")
    dispatcher.keyboard.press("Tab")
    dispatcher.keyboard.press("Enter")

    expect(form).to_have_count(0)
    for page in (dispatcher, supervisor):
        rings(page, "kades")
        expect(page.get_by_test_id("incident")).to_contain_text("supervisor kişisine devredildi, henüz almadı")
    supervisor.get_by_test_id("incident").click()
    expect(supervisor.get_by_test_id("hand-over-note")).to_contain_text("Arka kapıda bekliyor.")
    taken_by_the_supervisor(dispatcher, supervisor)


# --- alarms ------------------------------------------------------------------------------------------------------------------


def test_an_alarm_rings_every_desk_until_one_acknowledges_it_and_stays_quiet_after_that(people: People, live: Live) -> None:
    live.made(f"/api/v1/teams/{live.ids['team']}/roster", live.token["team"], state="off_duty")
    live.made(f"/api/v1/teams/{live.ids['other_team']}/roster", live.token["other_team"], state="off_duty")
    dispatcher, supervisor = at_desk(people, live), at_desk(people, live, "supervisor")
    press_by_rest(live)
    expect(supervisor.locator("[data-testid=alarm][data-kind=nobody_free]")).to_contain_text("Boşta ekip yok")
    dispatcher.get_by_test_id("incident").click()
    dispatcher.keyboard.press("t")
    # That somebody has the incident is no answer to the alarm.
    rings(dispatcher, "alarm")
    rings(supervisor, "alarm")

    dispatcher.keyboard.press("m")
    rings(dispatcher, "")
    rings(supervisor, "alarm")
    supervisor.get_by_test_id("alarm").get_by_role("button", name="Gördüm").click()

    for page in (dispatcher, supervisor):
        rings(page, "")
        expect(page.get_by_test_id("alarm")).to_have_count(0)
    again = "SELECT count(*) FROM timer WHERE kind = 'dispatch.alarm_again'"
    wait_until(supervisor, lambda: execute(live.url, again) == [(0,)], "the time of the next sounding")
    rings(supervisor, "")
    with dispatcher.expect_response(re.compile("/api/v1/alarms")) as listed:
        dispatcher.reload()
        dispatcher.get_by_test_id("start-shift").click()
    listed.value.finished()
    # What comes by frame after that list has come is drawn after it.
    place = {"position": {"lon": LON, "lat": LAT}, "automatic": False}
    live.made("/api/v1/incidents", live.token["dispatcher"], kind="kavga", place_text="Deneme", **place)
    expect(dispatcher.get_by_test_id("incident")).to_have_count(2)
    rings(dispatcher, "")
    assert execute(live.url, "SELECT kind, acked_at IS NOT NULL FROM alarm") == [("nobody_free", True)]


# --- hits --------------------------------------------------------------------------------------------------------------------


def a_picture(page: Page) -> str:
    """A JPEG of 160 by 48, base64."""
    return page.evaluate(
        "() => { const c = document.createElement('canvas'); c.width = 160; c.height = 48; const g = c.getContext('2d');"
        " g.fillStyle = '#ddd'; g.fillRect(0, 0, 160, 48); g.fillStyle = '#111'; g.font = '28px sans-serif';"
        " g.fillText('26 ABE 417', 6, 34); return c.toDataURL('image/jpeg').split(',')[1]; }"
    )


def a_hit_with_a_crew_behind_it(people: People, live: Live) -> tuple[Page, Page]:
    """A hit with a picture, its crew on the way and an operator who has it open: the operator's page and the crew's."""
    list_plate(live, PLATE)
    crew = crew_on_duty(people, live)
    crew_on_duty(people, live, "other-team", FARTHER)  # a hit never takes a district's last free team
    operator = at_desk(people, live, "operator")
    read_plate(live, PLATE, image=a_picture(crew))
    operator.get_by_test_id("incident").click()
    crew.get_by_test_id("accept").click()
    expect(crew.get_by_test_id("instruction")).to_have_attribute("data-instruction", "observe")
    return operator, crew


def test_an_operator_compares_the_picture_with_the_entry_and_a_misread_plate_calls_the_crew_off(people: People, live: Live) -> None:
    operator, crew = a_hit_with_a_crew_behind_it(people, live)
    rings(operator, "pts")
    picture = operator.locator("img.picture")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])") == [160, 48]
    expect(operator.get_by_test_id("detail")).to_contain_text("Deneme Birimi · 2026/1")
    expect(operator.get_by_test_id("detail")).to_contain_text("%97")

    operator.get_by_test_id("verdict-misread").click()

    expect(operator.get_by_test_id("hit-verdict")).to_have_attribute("data-verdict", "misread")
    expect(operator.get_by_test_id("hit-outcome")).to_have_text("Yanlış okuma")
    expect(operator.get_by_test_id("detail")).to_have_attribute("data-state", "closed")
    expect(operator.locator("[data-testid^=hit-outcome-]")).to_have_count(0)
    expect(operator.get_by_test_id("incident")).to_have_count(0)
    rings(operator, "")
    expect(crew.get_by_test_id("job")).to_have_count(0)
    expect(crew.get_by_test_id("told")).to_contain_text("DURDURMAYIN")


def test_a_stop_that_was_confirmed_by_mistake_is_taken_back_while_the_hit_is_open(people: People, live: Live) -> None:
    operator, crew = a_hit_with_a_crew_behind_it(people, live)
    operator.keyboard.press("1")
    expect(crew.get_by_test_id("instruction")).to_have_attribute("data-instruction", "stop")
    rings(operator, "")

    operator.get_by_test_id("verdict-not_active").click()

    expect(crew.get_by_test_id("job")).to_have_count(0)
    expect(crew.get_by_test_id("told")).to_contain_text("DURDURMAYIN")
    expect(operator.get_by_test_id("hit-verdict")).to_have_attribute("data-verdict", "not_active")
    expect(operator.get_by_test_id("hit-outcome")).to_have_text("Kayıt geçerli değil")


def test_a_hit_stays_at_the_operators_desk_until_its_outcome_whatever_became_of_the_incident(people: People, live: Live) -> None:
    operator, crew = a_hit_with_a_crew_behind_it(people, live)
    operator.keyboard.press("1")
    expect(crew.get_by_test_id("instruction")).to_have_attribute("data-instruction", "stop")
    dispatcher = at_desk(people, live)
    dispatcher.get_by_test_id("incident").click()
    dispatcher.keyboard.press("c")
    dispatcher.locator("[name=outcome]").select_option("vehicle_taken")
    dispatcher.get_by_test_id("close-form").locator("[type=submit]").click()
    expect(operator.get_by_test_id("incident")).to_have_count(0)
    operator.reload()
    operator.get_by_test_id("start-shift").click()

    operator.get_by_test_id("open-hit").click()

    expect(operator.get_by_test_id("plate")).to_contain_text("26")
    operator.get_by_test_id("hit-outcome-vehicle_taken").click()
    expect(operator.get_by_test_id("hit-outcome")).to_have_text("Araç ele geçirildi")
    expect(operator.get_by_test_id("open-hit")).to_have_count(0)
    assert live.get("/api/v1/pts/hits", live.token["operator"], open=True).json()["items"] == []


# --- reinforce, radio --------------------------------------------------------------------------------------------------------


def test_one_key_asks_the_next_nearest_for_help_and_both_teams_go(people: People, live: Live) -> None:
    scene = a_press(people, live)
    first, second, desk = scene.near, scene.farther, scene.desk
    expect(desk.get_by_test_id("dispatch-nearest")).to_contain_text("Destek gönder")

    desk.keyboard.press("d")

    second.get_by_test_id("accept").click()
    for team in ("team", "other_team"):
        expect(dispatch_of(desk, team)).to_have_attribute("data-state", "accepted")
    expect(desk.get_by_text("sorumlu ekip")).to_have_count(1)
    expect(dispatch_of(desk, "team")).to_contain_text("sorumlu ekip")
    expect(first.get_by_test_id("job")).to_be_visible()
    expect(second.get_by_test_id("job")).to_be_visible()


def test_a_second_team_is_sent_by_name_and_what_it_says_over_the_radio_is_recorded_to_its_end(people: People, live: Live) -> None:
    scene = a_press(people, live)
    first, second, desk = scene.near, scene.farther, scene.desk
    desk.keyboard.press("t")
    expect(dispatch_of(desk, "team")).to_contain_text("sorumlu ekip")
    radio = dispatch_of(desk, "other_team").get_by_label("Telsizle bildirdi…")

    desk.locator("[data-testid=candidate][data-team=other_team]").get_by_role("button", name="Gönder").click()

    expect(second.get_by_test_id("offer")).to_be_visible()
    radio.select_option("accepted")
    expect(dispatch_of(desk, "other_team")).to_have_attribute("data-state", "accepted")
    expect(dispatch_of(desk, "other_team")).to_contain_text("Telsiz")
    expect(dispatch_of(desk, "other_team")).not_to_contain_text("sorumlu ekip")
    expect(dispatch_of(desk, "team")).to_have_attribute("data-state", "accepted")
    expect(desk.get_by_test_id("incident")).to_contain_text("+1")
    # The crew's own screen follows what its radio said.
    expect(second.get_by_test_id("offer")).to_have_count(0)
    expect(second.get_by_test_id("job")).to_have_attribute("data-state", "accepted")
    dispatch_of(desk, "other_team").get_by_role("button", name="Adresi aç").click()
    expect(dispatch_of(desk, "other_team")).to_contain_text("Deneme adresi")
    for state in ("en_route", "on_scene", "clear"):
        radio.select_option(state)
        expect(dispatch_of(desk, "other_team")).to_have_attribute("data-state", state)
    expect(second.get_by_test_id("job")).to_have_count(0)
    expect(first.get_by_test_id("job")).to_be_visible()
    incident = live.get(f"/api/v1/incidents/{scene.incident_id}", live.token["dispatcher"]).json()
    assert {one["team_code"]: (one["by"], one["state"]) for one in incident["dispatches"]} == {
        "team": ("app", "accepted"),
        "other_team": ("radio", "clear"),
    }
    assert incident["needed_teams"] == 2


def test_a_team_that_can_only_be_heard_over_the_radio_gives_the_job_back_and_the_next_one_is_asked(people: People, live: Live) -> None:
    scene = a_press(people, live, near_says=None)
    first, second, desk = scene.near, scene.farther, scene.desk
    radio = dispatch_of(desk, "team").get_by_label("Telsizle bildirdi…")
    radio.select_option("accepted")
    expect(first.get_by_test_id("job")).to_be_visible()

    radio.select_option("declined")

    expect(dispatch_of(desk, "team")).to_have_attribute("data-state", "declined")
    expect(dispatch_of(desk, "other_team")).to_have_attribute("data-state", "acknowledged")
    expect(second.get_by_test_id("offer")).to_be_visible()
    expect(desk.locator("[data-testid=alarm][data-kind=declined_after_accept]")).to_be_visible()
    rings(desk, "kades")
    expect(first.get_by_test_id("job")).to_have_count(0)
    expect(desk.get_by_test_id("detail")).to_have_attribute("data-state", re.compile("offered"))
