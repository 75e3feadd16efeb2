"""What the pages do when the wire is not what it should be. A real house cannot be made to fail like this."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import HERE_AT, People, drive, sign_in, sit_down, wait_until
from tests.browser.stand_in import LAT, LON, StandIn, a_dispatch, a_move, an_incident, now_text, standing_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Position

RUNG = {"alert_id": "a1", "incident_id": "i1"}

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture
def crew_house(pages: None) -> Iterator[StandIn]:  # noqa: ARG001
    """A stand-in with a crew."""
    with standing_in("team") as found:
        yield found


def offer(**change: object) -> dict[str, object]:
    """A whole offer."""
    whole = an_incident()
    brief = {name: whole[name] for name in (
        "id", "olay_no", "kind", "source", "priority", "state", "position", "position_kind", "place_text", "instruction", "silent", "drill",
    )}  # fmt: skip
    return {**a_dispatch(id="d1"), "incident": brief, **change}


def test_an_operator_who_has_not_clicked_yet_is_made_to_and_then_the_alarm_is_heard(people: People, stand_in: StandIn) -> None:
    stand_in.incidents["i1"] = an_incident()
    desk = people.page()
    sign_in(desk, stand_in.base_url, "/", "x")

    expect(desk.get_by_test_id("start-gate")).to_be_visible()
    expect(desk.locator("html")).to_have_attribute("data-audio", "suspended")
    expect(desk.get_by_test_id("no-sound")).to_be_visible()
    desk.keyboard.press("t")

    desk.get_by_test_id("start-shift").click()

    expect(desk.get_by_test_id("start-gate")).to_have_count(0)
    expect(desk.locator("html")).to_have_attribute("data-audio", "running")
    expect(desk.locator("html")).to_have_attribute("data-ringing", "kades")
    # Not silence: the loudest sample that left the page.
    expect(desk.locator("html")).to_have_attribute("data-level", re.compile(r"0\.[1-9]"))
    # The key acts now and did not before.
    desk.get_by_test_id("incident").click()
    desk.keyboard.press("t")
    wait_until(desk, lambda: any(path == "/incidents/i1/take" for path, _ in stand_in.posts), "the taking")
    assert [path for path, _ in stand_in.posts if path.endswith("/take")] == ["/incidents/i1/take"]


def test_a_hole_in_the_wire_is_healed_by_asking_for_what_is_missing(people: People, stand_in: StandIn) -> None:
    desk = people.page()
    sit_down(desk, stand_in.base_url, "x")
    stand_in.tell("incident.opened", an_incident(id="i1"))
    expect(desk.get_by_test_id("incident")).to_have_count(1)
    before = stand_in.seq

    stand_in.lose("incident.opened", an_incident(id="i2", olay_no="26-2026-000124"))
    stand_in.tell("incident.opened", an_incident(id="i3", olay_no="26-2026-000125"))

    expect(desk.get_by_test_id("incident")).to_have_count(3)
    assert stand_in.hellos[-1]["after"] == before
    assert stand_in.hellos[-1]["log"] == "the-log"


def test_a_cut_line_is_shown_and_what_was_missed_is_told(people: People, stand_in: StandIn) -> None:
    desk = people.page()
    sit_down(desk, stand_in.base_url, "x")
    stand_in.tell("incident.opened", an_incident())
    expect(desk.get_by_test_id("incident")).to_have_count(1)

    stand_in.lose("incident.opened", an_incident(id="i2"))
    stand_in.cut()

    expect(desk.get_by_test_id("incident")).to_have_count(2)
    expect(desk.get_by_test_id("link")).to_have_text("Canlı · 1 olay yeniden alındı")


def test_a_desk_without_a_line_marks_its_list_and_its_map_as_the_last_state_until_it_is_back(people: People, stand_in: StandIn) -> None:
    stand_in.incidents["i1"] = an_incident()
    desk = people.page()
    sit_down(desk, stand_in.base_url, "x")
    stand_in.tell("team.moved", a_move(), numbered=False)
    free = desk.get_by_test_id("teams-free")
    expect(free).to_contain_text("1")
    expect(desk.get_by_test_id("map")).to_have_attribute("data-dressed", re.compile("day|night"))
    expect(desk.get_by_test_id("room")).to_have_attribute("data-stale", "no")
    said = desk.get_by_test_id("stale")
    expect(said).to_have_role("status")
    expect(said).to_be_empty()
    live_green = colour_of(free)

    stand_in.shut = True
    stand_in.cut()

    expect(desk.get_by_test_id("room")).to_have_attribute("data-stale", "yes")
    expect(said).to_have_text(re.compile(r"^bağlantı yok · son durum \d\d:\d\d:\d\d$"))
    expect(desk.locator(".list .stale-line")).to_be_visible()
    expect(desk.locator(".stale-veil")).to_be_visible()
    assert colour_of(free) != live_green
    expect(desk.get_by_test_id("incident")).to_have_count(1)

    stand_in.shut = False

    expect(desk.get_by_test_id("room")).to_have_attribute("data-stale", "no")
    expect(said).to_be_empty()
    expect(desk.locator(".list .stale-line")).to_have_count(0)
    expect(desk.locator(".stale-veil")).to_be_hidden()
    assert colour_of(free) == live_green


def colour_of(thing: Locator) -> str:
    """The colour behind something."""
    found: str = thing.evaluate("element => getComputedStyle(element).backgroundColor")
    return found


def test_the_scale_of_the_map_stands_beside_the_list_and_not_under_it(people: People, stand_in: StandIn) -> None:
    desk = people.page()
    sit_down(desk, stand_in.base_url, "x")

    scale, listed = desk.locator(".maplibregl-ctrl-scale").bounding_box(), desk.locator(".list").bounding_box()

    assert scale is not None
    assert listed is not None
    assert scale["x"] >= listed["x"] + listed["width"]


#: A phone on a dashboard that does not move: the watch tells once and is silent then; asked, it has a new fix, the same, or none.
STANDING = """
    const often = () => { document.getElementById("app").dataset.standingEveryMs = "100"; };
    document.addEventListener("readystatechange", often, { once: true });
    let fixed = Date.now() - 60_000;
    window.gps = "new";
    window.asked = 0;
    const fix = () => ({ coords: { longitude: %f, latitude: %f, accuracy: 8, heading: null, speed: null }, timestamp: fixed });
    navigator.geolocation.watchPosition = (told) => { setTimeout(() => told(fix()), 0); return 1; };
    navigator.geolocation.clearWatch = () => undefined;
    navigator.geolocation.getCurrentPosition = (told, failed) => {
      window.asked += 1;
      if (window.gps === "new") fixed = Date.now();
      if (window.gps === "none") failed({ code: 2 }); else told(fix());
    };
"""


def standing_crew(people: People, house: StandIn) -> Page:
    """A crew at its page that stands still; the page asks where it is every 100 ms."""
    crew = people.page(phone=True)
    crew.add_init_script(STANDING % (LON, LAT))
    drive(crew, house.base_url, "x")
    return crew


def fixes(house: StandIn) -> list[str]:
    """When the positions that were sent were fixed."""
    return [frame["fixed_at"] for frame in house.heard if frame["type"] == "position"]


def asked_again(crew: Page) -> None:
    """The page asked the phone where it is, and had its answer."""
    before = crew.evaluate("window.asked")
    wait_until(crew, lambda: crew.evaluate("window.asked") > before + 2, "a question where the crew is")


def test_a_crew_that_stands_still_goes_on_telling_where_it_is_and_never_an_old_fix_as_a_new_one(
    people: People, crew_house: StandIn
) -> None:
    crew = standing_crew(people, crew_house)
    wait_until(crew, lambda: len(fixes(crew_house)) >= 3, "a third position")
    assert sorted(set(fixes(crew_house))) == fixes(crew_house)

    for gps in ("same", "none"):
        crew.evaluate("how => { window.gps = how; }", gps)
        asked_again(crew)
        sent = fixes(crew_house)
        # Longer than the pause between two positions: what must not be sent would have been.
        crew.wait_for_timeout(3_000)
        asked_again(crew)
        assert fixes(crew_house) == sent, gps
    expect(crew.locator(".idle .stale")).to_be_visible()

    crew.evaluate("window.gps = 'new'")
    wait_until(crew, lambda: len(fixes(crew_house)) > len(sent), "a position after the phone found itself again")
    expect(crew.locator(".idle .stale")).to_have_count(0)


def test_a_crew_off_duty_is_not_asked_and_one_that_signs_in_again_is_seen_without_another_touch(
    people: People, crew_house: StandIn
) -> None:
    crew = standing_crew(people, crew_house)
    wait_until(crew, lambda: len(fixes(crew_house)) >= 2, "a second position")
    off = {"team_id": "t1", "code": "26-101", "kind": "patrol", "force": "police", "province": 26, "roster": "off_duty", "free": False}
    crew_house.tell("team.changed", off)
    expect(crew.get_by_test_id("roster-off_duty")).to_have_attribute("aria-pressed", "true")
    asked = crew.evaluate("window.asked")
    crew.wait_for_timeout(1_000)
    assert crew.evaluate("window.asked") == asked

    crew_house.tell("team.changed", {**off, "roster": "available", "free": True})
    asked_again(crew)
    crew.get_by_text("Çıkış", exact=True).click()
    crew.get_by_test_id("sign-in").wait_for()
    sent = len(fixes(crew_house))
    crew.locator("[name=username]").fill("x")
    crew.locator("[name=password]").fill("x")
    crew.locator("[type=submit]").click()

    wait_until(crew, lambda: len(fixes(crew_house)) > sent, "a position of the next shift")


def test_a_frame_that_no_page_knows_is_shown_and_survived(people: People, stand_in: StandIn) -> None:
    desk = people.page()
    sit_down(desk, stand_in.base_url, "x")
    stand_in.tell("weather.changed", {"rain": True})
    stand_in.say("{ not json")
    stand_in.tell("incident.opened", {"olay_no": "no id"})

    stand_in.tell("incident.opened", an_incident())

    expect(desk.get_by_test_id("incident")).to_have_count(1)
    expect(desk.get_by_test_id("notice").first).to_contain_text("weather.changed")
    assert len(stand_in.hellos) == 1


def test_what_a_crew_says_without_a_line_is_marked_kept_over_a_reload_and_sent_once(people: People, crew_house: StandIn) -> None:
    crew = people.page(phone=True, at=HERE_AT)
    drive(crew, crew_house.base_url, "x")
    crew_house.lists["/dispatches/mine"] = [offer()]
    crew_house.tell("dispatch.offered", offer())
    crew_house.refuse["/status"] = 503

    crew.get_by_test_id("accept").click()

    expect(crew.get_by_test_id("unsent")).to_contain_text("bağlantı bekleniyor")
    assert {"type": "ack", "seq": crew_house.seq} in crew_house.heard
    crew.reload()
    crew.get_by_test_id("start-shift").click()
    expect(crew.get_by_test_id("unsent")).to_be_visible()
    crew_house.answers["/dispatches/d1/status"] = {**offer(state="accepted"), "applied": True}
    crew_house.refuse.clear()
    expect(crew.get_by_test_id("unsent")).to_have_count(0)
    said = [body for path, body in crew_house.posts if path == "/dispatches/d1/status"]
    assert len({body["client_id"] for body in said}) == 1
    assert said[0]["state"] == "accepted"


def test_a_crew_is_told_why_its_job_was_taken_away(people: People, crew_house: StandIn) -> None:
    crew = people.page(phone=True, at=HERE_AT)
    drive(crew, crew_house.base_url, "x")
    crew_house.tell("dispatch.offered", offer())
    expect(crew.get_by_test_id("offer")).to_be_visible()

    crew_house.tell("dispatch.changed", offer(state="withdrawn", reason="covered"))

    expect(crew.get_by_test_id("offer")).to_have_count(0)
    expect(crew.get_by_test_id("told")).to_contain_text("Başka ekip gidiyor")
    expect(crew.locator("html")).to_have_attribute("data-ringing", "")


def registered(page: Page, house: StandIn) -> None:
    """Register at the stand-in."""
    house.answers["/kades/registrations"] = {"registration_id": "r1", "shown_code": "123456"}
    codes = {"cancel_code": "1111", "duress_code": "2222"}
    house.answers["/kades/registrations/r1/verify"] = {"device_id": "x", "device_token": "a-token", **codes}
    page.goto(house.base_url + "/kades/")
    page.locator("[name=tc_no]").fill("10000000146")
    page.locator("[name=phone]").fill("+905320000001")
    page.locator("[type=submit]").click()
    page.locator("[name=code]").fill("123456")
    page.locator("[type=submit]").click()
    page.get_by_test_id("codes-read").click()


def test_a_press_that_nobody_answers_shows_112_and_is_repeated_as_the_same_until_it_is_heard(people: People, stand_in: StandIn) -> None:
    her = people.page(phone=True)
    registered(her, stand_in)
    stand_in.refuse["/kades/alerts"] = 503

    her.get_by_test_id("press").click()

    expect(her.get_by_test_id("overdue")).to_be_visible()
    expect(her.get_by_test_id("call-112")).to_have_attribute("href", "tel:112")
    her.reload()
    expect(her.get_by_test_id("overdue")).to_be_visible()
    stand_in.answers["/kades/alerts"] = RUNG
    stand_in.answers["/kades/alerts/a1"] = {**RUNG, "received_at": now_text(), "stage": "received", "silent": False}
    stand_in.refuse.clear()
    expect(her.get_by_test_id("called")).to_have_attribute("data-stage", "received")
    presses = [body for path, body in stand_in.posts if path == "/kades/alerts"]
    assert len(presses) > 1
    assert len({body["client_id"] for body in presses}) == 1


def test_a_press_does_not_wait_for_a_position_and_the_first_fix_follows_it(people: People, stand_in: StandIn) -> None:
    her = people.page(phone=True)
    registered(her, stand_in)
    stand_in.answers["/kades/alerts"] = RUNG
    stand_in.answers["/kades/alerts/a1"] = {**RUNG, "received_at": now_text(), "stage": "received", "silent": False}

    her.get_by_test_id("press").click()

    expect(her.get_by_test_id("called")).to_have_attribute("data-stage", "received")
    assert [body["position"] for path, body in stand_in.posts if path == "/kades/alerts"] == [None]
    her.context.grant_permissions(["geolocation"])
    her.context.set_geolocation({"longitude": LON, "latitude": LAT, "accuracy": 9})
    her.reload()
    expect(her.get_by_test_id("called")).to_contain_text("Konumunuz gönderiliyor")
    wait_until(her, lambda: any(path == "/kades/alerts/a1/positions" for path, _ in stand_in.posts), "a point of her trail")
    trail = next(body for path, body in stand_in.posts if path == "/kades/alerts/a1/positions")
    assert trail["positions"][0]["lon"] == pytest.approx(LON)


def test_things_are_drawn_where_they_are_and_can_be_picked_there(people: People, stand_in: StandIn) -> None:
    stand_in.incidents["i1"] = an_incident()
    desk = people.page()
    sit_down(desk, stand_in.base_url, "x")
    expect(desk.get_by_test_id("map")).to_have_attribute("data-dressed", re.compile("day|night"))
    stand_in.tell("team.moved", a_move(), numbered=False)
    desk.get_by_test_id("incident").click()
    box = desk.get_by_test_id("map").bounding_box()
    assert box is not None
    middle: Position = {"x": box["width"] / 2 - 28, "y": box["height"] / 2}
    desk.keyboard.press("Escape")
    expect(desk.get_by_test_id("detail")).to_have_count(0)

    pick_until(desk, middle, lambda: desk.get_by_test_id("detail").count() == 1)

    expect(desk.get_by_test_id("detail")).to_have_attribute("data-id", "i1")


def test_a_desk_without_its_base_map_still_draws_what_matters_and_says_so(people: People, stand_in: StandIn) -> None:
    stand_in.incidents["i1"] = an_incident()
    desk = people.page()
    desk.route("**/basemap/**", lambda route: route.abort())
    sit_down(desk, stand_in.base_url, "x")

    expect(desk.get_by_test_id("notice").first).to_contain_text("Altlık harita")
    desk.get_by_test_id("incident").click()
    desk.keyboard.press("Escape")
    expect(desk.get_by_test_id("detail")).to_have_count(0)
    box = desk.get_by_test_id("map").bounding_box()
    assert box is not None
    middle: Position = {"x": box["width"] / 2 - 28, "y": box["height"] / 2}
    pick_until(desk, middle, lambda: desk.get_by_test_id("detail").count() == 1)


def test_the_desk_speaks_english_when_asked_and_remembers_it(people: People, stand_in: StandIn) -> None:
    stand_in.incidents["i1"] = an_incident()
    desk = people.page()
    sit_down(desk, stand_in.base_url, "x")
    desk.get_by_test_id("language").click()
    expect(desk.get_by_test_id("incident")).to_contain_text("Nobody has taken it")
    desk.keyboard.press("?")
    expect(desk.get_by_test_id("help")).to_contain_text("Send nearest team")

    desk.reload()

    expect(desk.get_by_test_id("start-shift")).to_contain_text("Start shift")


def test_no_page_asks_anything_of_another_host(people: People, stand_in: StandIn) -> None:
    asked: set[str] = set()
    for path in ("/", "/team/", "/kades/"):
        page = people.page()
        page.on("request", lambda request: asked.add(request.url))
        page.goto(stand_in.base_url + path)
        page.locator("form").wait_for()

    assert any("/assets/" in url for url in asked)
    strangers = {url for url in asked if not url.startswith((stand_in.base_url, "data:", "blob:"))}
    assert strangers == set()


def test_no_token_stands_in_any_address_a_page_asks_for(people: People, stand_in: StandIn) -> None:
    urls: list[str] = []
    desk = people.page()
    desk.on("request", lambda request: urls.append(request.url))
    desk.on("websocket", lambda socket: urls.append(socket.url))

    sit_down(desk, stand_in.base_url, "x")

    assert any("/ws/operator" in url for url in urls)
    assert not [url for url in urls if "an-access" in url or "a-refresh" in url or "token=" in url]


def pick_until(page: Page, at: Position, true: Callable[[], bool]) -> None:
    """Click a place on the map until what is drawn there answers: the drawing follows the frames at its own pace."""
    for _ in range(60):
        page.get_by_test_id("map").click(position=at)
        page.wait_for_timeout(250)
        if true():
            return
    message = "nothing is drawn there"
    raise AssertionError(message)
