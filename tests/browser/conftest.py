"""Chromium as Debian ships it, people in front of it, and pages that must not complain."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from controlroom.ui_build import build, is_built
from tests.browser.stand_in import StandIn, standing_in
from tests.live import LAT, LON, PASSWORD, Live, live

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def seen_positions(house: Live) -> int:
    """Teams whose position the house knows."""
    teams = house.get("/api/v1/teams", house.token["dispatcher"]).json()["items"]
    return sum(team["position"] is not None for team in teams)


HERE_AT = (LON + 0.01, LAT + 0.006)
