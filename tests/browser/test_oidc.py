"""Signing in through the organisation's own page, in Chromium, on a real house and a real provider (docs/decisions/0016)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.core.identity.provider import CLIENT_ID, CLIENT_SECRET, Idp, providing
from tests.live import Live, live_house

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.conftest import People

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture
def idp() -> Iterator[Idp]:
    with providing() as made:
        made.secret, made.shows = CLIENT_SECRET, True
        # Another site than the house's, as in life: what its page is touched for counts for nothing here.
        made.url = made.url.replace("127.0.0.1", "localhost")
        yield made


@pytest.fixture
def live(fresh_url: str, tmp_path: Path, idp: Idp) -> Iterator[Live]:
    """A house whose people may sign in with their organisation's account."""
    told = {"OIDC_ISSUER": idp.url, "OIDC_CLIENT_ID": CLIENT_ID, "OIDC_CLIENT_SECRET": CLIENT_SECRET}
    with live_house(fresh_url, tmp_path, told) as house:
        yield house


def go(page: Page) -> None:
    """To the provider, press its button, and back."""
    page.get_by_test_id("organisation").click()
    page.get_by_role("link").click()


def on_shift(page: Page) -> None:
    """Signed in and live. Whether the browser lets the siren sound after such a journey is its own business: if not, start the shift."""
    start, link = page.get_by_test_id("start-shift"), page.get_by_test_id("link")
    expect(start.or_(link).first).to_be_visible()
    if start.is_visible():
        start.click()
    expect(link).to_have_attribute("data-phase", "live")


def at(page: Page, live: Live, where: str) -> None:
    page.goto(live.base_url + where)
    page.get_by_test_id("organisation").wait_for()


def test_a_dispatcher_and_a_crew_sign_in_with_the_account_of_their_organisation(
    people: People, live: Live, idp: Idp, tmp_path: Path
) -> None:
    idp.person = "dispatcher"
    desk = people.page()
    seen: list[str] = []
    desk.on("request", lambda request: seen.append(request.url))
    at(desk, live, "/")
    expect(desk.get_by_test_id("organisation")).to_have_text("Kurumsal hesapla gir")

    go(desk)
    on_shift(desk)
    assert desk.url == f"{live.base_url}/"
    assert desk.evaluate("sessionStorage.getItem('merkez.oidc')") is None
    # The same tab, reloaded, is still signed in, as after a password.
    desk.reload()
    on_shift(desk)

    idp.person = "team"
    crew = people.page(phone=True, at=(30.52, 39.77))
    at(crew, live, "/team/")
    go(crew)
    on_shift(crew)
    assert crew.url == f"{live.base_url}/team/"

    # No code went to the house in an address, and none stands in its log.
    assert any("/authorize?" in url for url in seen)
    ours = " ".join(url.partition("#")[0] for url in seen if url.startswith(live.base_url))
    log = (tmp_path / "server.jsonl").read_text(encoding="utf-8")
    assert "/api/v1/auth/oidc" in log
    assert len(idp.forms) == 2
    for form in idp.forms:
        assert form["code"] not in ours
        assert form["code"] not in log
        assert form["code_verifier"] not in log


def test_who_is_not_known_here_is_told_so_and_may_still_type_a_password(people: People, live: Live, idp: Idp) -> None:
    idp.person = "nobody-here"
    desk = people.page()
    at(desk, live, "/")
    go(desk)
    expect(desk.get_by_role("alert")).to_contain_text("Kurumsal hesapla giriş yapılamadı")

    idp.person = ""
    go(desk)
    expect(desk.get_by_role("alert")).to_contain_text("Kurumunuz girişi onaylamadı")

    desk.goto(f"{live.base_url}/#code=slipped-in&state=of-somebody-else")
    desk.reload()
    desk.locator("[name=username]").fill("dispatcher")
    desk.locator("[name=password]").fill("a password of the tests")
    desk.locator("[type=submit]").click()
    on_shift(desk)
