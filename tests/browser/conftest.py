"""Chromium as Debian ships it, people in front of it, and pages that must not complain."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from controlroom.ui_build import build, is_built
from core.clock import SystemClock
from tests.browser.stand_in import StandIn, standing_in
from tests.live import LAT, LON, PASSWORD, Live, fix, live

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import ViewportSize

__all__ = ["live"]

ROOT = Path(__file__).resolve().parents[2]
#: findings.md, "Map in the browser". Autoplay is left as it is: whether an alarm can be heard is one of the things tested.
FLAGS = [
    "--headless", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist", "--disable-quic",
    "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--disable-domain-reliability",
]  # fmt: skip
#: Two cores, software rendering and a house beside it: patience, never a sleep.
PATIENCE_MS = 30_000


@pytest.fixture(scope="session")
def pages() -> None:
    """The built pages."""
    if not os.environ.get("PAGES_DIST") and not is_built(ROOT):
        build(ROOT)


@pytest.fixture
def chromium(request: pytest.FixtureRequest, pages: None) -> Iterator[Browser]:  # noqa: ARG001 - the pages must be there first
    """A browser for one test, opened after its server and closed before it.

    Playwright's own event loop runs for as long as it is open, and a house cannot be started under it.
    """
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed")
    for server in ("live", "stand_in", "crew_house"):
        if server in request.fixturenames:
            request.getfixturevalue(server)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS, ignore_default_args=["--mute-audio"])
        yield browser
        browser.close()


@dataclass
class People:
    """Opens a page for each person of a test and keeps what their browsers complained of."""

    browser: Browser
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def page(self, *, phone: bool = False, at: tuple[float, float] | None = None, **options: Any) -> Page:
        """A fresh profile with one page; `at` is (lon, lat), None a phone that tells no position."""
        size: ViewportSize = {"width": 400, "height": 820} if phone else {"width": 1180, "height": 760}
        where: dict[str, Any] = {}
        if at is not None:
            where = {"geolocation": {"longitude": at[0], "latitude": at[1], "accuracy": 8}, "permissions": ["geolocation"]}
        context = self.browser.new_context(viewport=size, locale="tr-TR", **where, **options)
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("console", self._hear)
        return page

    def _hear(self, message: Any) -> None:
        # A refused request is a test's own doing; a breach of the policy or a failing worker is a fault of the page.
        if message.type == "error" and "Failed to load resource" not in message.text and "WebSocket" not in message.text:
            self.complaints.append(f"{message.text} {message.location}")


@pytest.fixture
def people(chromium: Browser) -> Iterator[People]:
    """Somebody to sit at the pages. No page may have raised an error or broken the content security policy."""
    found = People(chromium)
    yield found
    # What a page says while it is being closed under its own requests is no complaint.
    complaints = list(found.complaints)
    for context in found.contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def stand_in(pages: None) -> Iterator[StandIn]:  # noqa: ARG001
    """A server that can be made to fail, with a dispatcher signed in at its desk."""
    with standing_in() as found:
        yield found


def sign_in(page: Page, base_url: str, where: str, username: str, password: str = PASSWORD) -> None:
    """Open a page and sign in."""
    page.goto(base_url + where)
    page.get_by_test_id("sign-in").wait_for()
    page.locator("[name=username]").fill(username)
    page.locator("[name=password]").fill(password)
    page.locator("[type=submit]").click()


def sit_down(page: Page, base_url: str, username: str) -> None:
    """Sign in at the desk and start the shift."""
    sign_in(page, base_url, "/", username)
    page.get_by_test_id("start-shift").click()
    expect(page.get_by_test_id("start-gate")).to_have_count(0)
    expect(page.get_by_test_id("link")).to_have_attribute("data-phase", "live")


def drive(page: Page, base_url: str, username: str = "team") -> None:
    """Sign in as a crew, start the shift, and have been seen by the desk once."""
    sign_in(page, base_url, "/team/", username)
    page.get_by_test_id("start-shift").click()
    expect(page.get_by_test_id("link")).to_have_attribute("data-phase", "live")


def wait_until(page: Page, true: Callable[[], object], what: str, within_s: float = 30) -> None:
    """Wait for something that no page shows; the page lives on meanwhile."""
    give_up = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < give_up, f"never came: {what}"
        page.wait_for_timeout(100)


def crew_on_duty(people: People, house: Live, username: str = "team", at: tuple[float, float] | None = None) -> Page:
    """A crew at its page whose position the house has: a team nobody has a position of ranks last."""
    page = people.page(phone=True, at=at or HERE_AT)
    drive(page, house.base_url, username)
    wait_until(page, lambda: position_of(house, username.replace("-", "_")), f"a position of {username}")
    return page


def position_of(house: Live, code: str) -> dict[str, float] | None:
    """Where the house thinks a team is."""
    teams = house.get("/api/v1/teams", house.token["dispatcher"]).json()["items"]
    return next(team["position"] for team in teams if team["code"] == code)


def press_by_rest(house: Live, **change: object) -> dict[str, str]:
    """A press of the fixture's phone."""
    body = {"client_id": str(uuid4()), "trigger": "button", "position": fix(), **change}
    answer = house.call("POST", "/api/v1/kades/alerts", house.token["kades"], json=body)
    assert answer.status_code == 202, answer.text
    return answer.json()


def list_plate(house: Live, plate: str) -> None:
    """Put a plate on the hotlist."""
    house.made(
        "/api/v1/pts/hotlist", house.token["supervisor"], plate=plate, category="stolen", authority="Deneme Birimi", document="2026/1",
        valid_from="2026-01-01T00:00:00+03:00", note="",
    )  # fmt: skip


def read_plate(house: Live, plate: str, **more: object) -> None:
    """The fixture's gate reads a plate now."""
    read = {"client_id": str(uuid4()), "plate": plate, "confidence": 0.97, "read_at": SystemClock().now().isoformat(), **more}
    answer = house.call("POST", "/api/v1/pts/reads", house.token["gate"], json={"reads": [read]})
    assert answer.is_success, answer.text
    assert answer.json()["faults"] == []


HERE_AT = (LON + 0.01, LAT + 0.006)
