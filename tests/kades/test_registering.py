"""Registering a phone: checks, the SMS code, the token and the two codes (contract, KADES)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from core.ids import new_id
from kades import rules
from kades.parts import Kades
from kades.problems import SmsNotSent
from kades.sms import ShownSms, SmsPort
from tests.kades.conftest import ANKARA, BURSA, ESKISEHIR, House, a_tc_no

NUMBER = "+905551234567"


class CountingSms:
    """Keeps what was sent; refuses the first so many."""

    def __init__(self, refuse: int = 0) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self.refuse = refuse

    async def send(self, phone: str, text: str, *, code: str) -> None:
        if self.refuse > 0:
            self.refuse -= 1
            raise SmsNotSent
        self.sent.append((phone, text, code))

    async def close(self) -> None:
        pass


def with_sms(house: House, sms: SmsPort) -> Kades:
    house.app.state.kades = house.kades = replace(house.kades, sms=sms)
    return house.kades


async def register(house: House, **changes: Any) -> httpx.Response:
    said = {
        "client_id": str(new_id()), "tc_no": a_tc_no(7), "phone": NUMBER, "language": "tr", "safe_channel": "yalnız SMS", "province": BURSA,
        **changes,
    }  # fmt: skip
    return await house.http.post("/api/v1/kades/registrations", json={name: value for name, value in said.items() if value is not ...})


async def verify(house: House, registration_id: str, code: str, **more: Any) -> httpx.Response:
    said = {"client_id": str(new_id()), "code": code, **more}
    return await house.http.post(f"/api/v1/kades/registrations/{registration_id}/verify", json=said)


async def registered(house: House, **changes: Any) -> dict[str, Any]:
    begun = (await register(house, **changes)).json()
    done = await verify(house, begun["registration_id"], begun["shown_code"])
    assert done.status_code == 201, done.text
    return dict(done.json())


async def test_from_the_form_to_a_phone_that_presses(house: House) -> None:
    begun = await register(house, name="A. B.", protected_address="Gizli Sokak 7")
    assert begun.status_code == 201
    done = await verify(house, begun.json()["registration_id"], begun.json()["shown_code"], cancel_code="2580", duress_code="0852")

    assert done.status_code == 201
    assert (done.json()["cancel_code"], done.json()["duress_code"]) == ("2580", "0852")
    pressed = await house.http.post(
        "/api/v1/kades/alerts", json={"client_id": str(new_id())}, headers={"Authorization": f"Bearer {done.json()['device_token']}"}
    )
    assert pressed.status_code == 202
    assert (await house.row("SELECT provinces FROM incident"))["provinces"] == [BURSA]


async def test_codes_she_does_not_choose_are_chosen_for_her_and_differ(house: House) -> None:
    for _ in range(3):
        done = await registered(house, phone=f"+9055512345{next(house.made) % 90 + 10}")
        assert len({done["cancel_code"], done["duress_code"]}) == 2
        assert all(len(done[name]) == 4 for name in ("cancel_code", "duress_code"))


async def test_nothing_of_her_stays_in_the_registration_once_it_is_verified(house: House) -> None:
    await registered(house, name="A. B.", protected_address="Gizli Sokak 7")

    import psycopg

    with psycopg.connect(house.url) as admin:
        row = admin.execute("SELECT tc_no, phone, name, protected_address, code_hash FROM kades_registration").fetchone()
        kept = admin.execute("SELECT tc_no, phone, name, protected_address FROM kades_caller").fetchone()
        everything = str(admin.execute("SELECT r FROM kades_registration r").fetchall())
    assert row == (None, None, None, None, None)
    assert kept == (a_tc_no(7), NUMBER, "A. B.", "Gizli Sokak 7")
    assert NUMBER not in everything


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        ({"tc_no": a_tc_no(7)[:-1] + str((int(a_tc_no(7)[-1]) + 1) % 10)}, "wrong-tc-no"),
        ({"tc_no": "01234567890"}, "wrong-tc-no"),
        ({"tc_no": "abcdefghijk"}, "wrong-tc-no"),
        ({"phone": "155-0"}, "wrong-phone"),
        ({"phone": "+90 222 230 00 00"}, "wrong-phone"),
        ({"phone": "not a phone"}, "wrong-phone"),
        ({"safe_channel": ...}, "wrong-body"),
        ({"unknown": 1}, "wrong-body"),
        ({"province": 82}, "wrong-body"),
        ({"client_id": "x"}, "wrong-body"),
        ({"position": {"lon": "x", "lat": 30.52, "fixed_at": "2026-11-24T09:00:00Z"}}, "wrong-body"),
    ],
)
async def test_a_form_that_is_wrong_gets_one_clear_problem(house: House, change: dict[str, Any], slug: str) -> None:
    answer = await register(house, **change)

    assert (answer.status_code, answer.json()["slug"]) == (422, slug)
    assert await house.rows("SELECT 1 FROM device") == []


async def test_she_is_registered_where_she_says_else_where_she_is_else_in_the_default_province(house: House) -> None:
    here = {"lon": 30.52, "lat": 39.77, "fixed_at": house.clock.now().isoformat()}
    await registered(house, phone="+905551230001", position=here)
    await registered(house, phone="+905551230002", position=here, province=...)
    await registered(house, phone="+905551230003", province=...)
    abroad = await register(house, phone="+905551230004", province=..., position={**here, "lon": 2.35, "lat": 48.85})
    assert (abroad.status_code, abroad.json()["province"]) == (201, ANKARA)

    rows = await house.rows("SELECT registered_province, province_told FROM kades_caller ORDER BY phone")
    assert [(row["registered_province"], row["province_told"]) for row in rows] == [(BURSA, True), (ESKISEHIR, True), (ANKARA, False)]


async def test_the_same_form_again_sends_no_second_code_and_another_under_its_id_is_409(house: House) -> None:
    sms = CountingSms()
    with_sms(house, sms)
    client_id = str(new_id())

    first = await register(house, client_id=client_id)
    again = await register(house, client_id=client_id)
    other = await register(house, client_id=client_id, name="another")

    assert first.json() == again.json()
    assert other.status_code == 409
    assert len(sms.sent) == 1
    phone, text, code = sms.sent[0]
    assert phone == NUMBER
    assert code in text
    assert text.isascii()
    assert "shown_code" not in first.json()


async def test_a_code_the_gateway_did_not_take_is_sent_by_the_same_request_again(house: House) -> None:
    sms = CountingSms(refuse=1)
    with_sms(house, sms)
    client_id = str(new_id())

    refused = await register(house, client_id=client_id)
    again = await register(house, client_id=client_id)

    assert (refused.status_code, refused.json()["slug"]) == (503, "sms-not-sent")
    assert again.status_code == 201
    assert (await verify(house, again.json()["registration_id"], sms.sent[0][2])).status_code == 201


async def test_a_message_in_another_language_is_english() -> None:
    from kades.service.registrations import sms_text

    assert "dogrulama" in sms_text("123456", "tr-TR")
    assert sms_text("123456", "ar") == sms_text("123456", "en")


async def test_a_slow_gateway_holds_no_connection_that_a_press_needs(house: House) -> None:
    entered, go = asyncio.Event(), asyncio.Event()

    class Slow(CountingSms):
        async def send(self, phone: str, text: str, *, code: str) -> None:
            del phone, text, code
            entered.set()
            await go.wait()

    with_sms(house, Slow())
    waiting = asyncio.create_task(register(house))
    await entered.wait()
    assert house.db.lent == 0
    go.set()
    assert (await waiting).status_code == 201


async def test_a_wrong_code_is_counted_and_the_right_one_comes_too_late_after_five(house: House) -> None:
    begun = (await register(house)).json()
    right = begun["shown_code"]
    wrong = f"{(int(right) + 1) % 10**6:06d}"

    for _ in range(rules.WRONG_CODES):
        answer = await verify(house, begun["registration_id"], wrong)
        assert (answer.status_code, answer.json()["slug"]) == (422, "wrong-code")

    assert (await verify(house, begun["registration_id"], right)).json()["slug"] == "wrong-code"
    assert await house.rows("SELECT 1 FROM device") == []


async def test_many_guesses_at_once_are_counted_one_by_one(house: House) -> None:
    begun = (await register(house)).json()
    right = begun["shown_code"]
    guesses = [f"{(int(right) + 1 + turn) % 10**6:06d}" for turn in range(12)]

    await asyncio.gather(*(verify(house, begun["registration_id"], guess) for guess in guesses))

    assert (await house.row("SELECT wrong_codes FROM kades_registration"))["wrong_codes"] == 12
    assert (await verify(house, begun["registration_id"], right)).status_code == 422


async def test_a_code_expires(house: House) -> None:
    begun = (await register(house)).json()
    house.clock.move(rules.SMS_CODE_FOR)

    assert (await verify(house, begun["registration_id"], begun["shown_code"])).json()["slug"] == "wrong-code"


async def test_a_registration_that_never_was_is_404(house: House) -> None:
    assert (await verify(house, str(new_id()), "123456")).status_code == 404


async def test_two_codes_alike_are_refused_and_the_sms_code_is_not_used_up(house: House) -> None:
    begun = (await register(house)).json()

    alike = await verify(house, begun["registration_id"], begun["shown_code"], cancel_code="1234", duress_code="1234")
    done = await verify(house, begun["registration_id"], begun["shown_code"], cancel_code="1234", duress_code="4321")

    assert alike.json()["slug"] == "codes-alike"
    assert done.status_code == 201


@pytest.mark.parametrize("code", ["12", "1234567", "abcd", "١٢٣٤"])
async def test_a_code_of_her_own_has_four_to_six_digits(house: House, code: str) -> None:
    begun = (await register(house)).json()

    assert (await verify(house, begun["registration_id"], begun["shown_code"], cancel_code=code)).json()["slug"] == "wrong-body"


async def test_a_lost_answer_is_given_again_the_same_and_makes_no_second_phone(house: House) -> None:
    begun = (await register(house)).json()
    client_id = str(new_id())

    first = await verify(house, begun["registration_id"], begun["shown_code"], client_id=client_id)
    again = await verify(house, begun["registration_id"], begun["shown_code"], client_id=client_id)
    other = await verify(house, begun["registration_id"], begun["shown_code"])

    assert first.json() == again.json()
    assert first.json()["device_token"]
    assert (other.status_code, other.json()["slug"]) == (422, "wrong-code")
    assert len(await house.rows("SELECT 1 FROM device")) == 1
    kept = await house.rows("SELECT answer::text FROM request_once")
    assert first.json()["device_token"] not in str(kept)
    assert "cancel" not in str(kept)


async def test_the_right_code_from_many_sides_at_once_makes_one_phone(house: House) -> None:
    begun = (await register(house)).json()

    answers = await asyncio.gather(*(verify(house, begun["registration_id"], begun["shown_code"]) for _ in range(6)))

    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422, 422, 422]
    assert len(await house.rows("SELECT 1 FROM device")) == 1


async def test_the_same_phone_again_is_another_device_and_the_old_one_stays_good(house: House) -> None:
    old = await registered(house, name="A. B.", protected_address="Gizli Sokak 7")
    new = await registered(house, name=..., protected_address=..., safe_channel="eski komşu")

    assert old["device_id"] != new["device_id"]
    assert len(await house.rows("SELECT id FROM kades_caller")) == 1
    assert (await house.row("SELECT name, safe_channel FROM kades_caller")) == {"name": "A. B.", "safe_channel": "eski komşu"}
    for done in (old, new):
        answer = await house.http.post(
            "/api/v1/kades/alerts", json={"client_id": str(new_id())}, headers={"Authorization": f"Bearer {done['device_token']}"}
        )
        assert answer.status_code == 202


async def test_another_phone_with_her_tc_number_is_another_caller_and_cannot_touch_her_address(house: House) -> None:
    await registered(house, protected_address="Gizli Sokak 7")
    await registered(house, phone="+905557654321", protected_address="Yanlış Sokak 1")

    import psycopg

    with psycopg.connect(house.url) as admin:
        rows = admin.execute("SELECT phone, protected_address FROM kades_caller ORDER BY phone").fetchall()
    assert rows == [(NUMBER, "Gizli Sokak 7"), ("+905557654321", "Yanlış Sokak 1")]


async def test_one_phone_may_not_ask_for_codes_without_end_and_a_press_is_never_limited(house: House) -> None:
    done = await registered(house)
    for _ in range(rules.ASKED_BY_PHONE - 1):
        assert (await register(house)).status_code == 201

    limited = await register(house)
    pressed = await house.http.post(
        "/api/v1/kades/alerts", json={"client_id": str(new_id())}, headers={"Authorization": f"Bearer {done['device_token']}"}
    )

    assert (limited.status_code, limited.json()["slug"]) == (429, "too-many-codes")
    assert "Retry-After" in limited.headers
    assert pressed.status_code == 202
    house.clock.move(rules.ASKED_WITHIN + timedelta(seconds=1))
    assert (await register(house)).status_code == 201


async def test_codes_asked_for_at_once_are_counted_one_by_one(house: House) -> None:
    answers = await asyncio.gather(*(register(house) for _ in range(rules.ASKED_BY_PHONE + 5)))

    assert sorted(answer.status_code for answer in answers) == [201] * rules.ASKED_BY_PHONE + [429] * 5


async def test_one_connection_may_not_ask_for_codes_without_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "ASKED_BY_SOURCE", 3)
    for turn in range(3):
        assert (await register(house, phone=f"+90555123000{turn}")).status_code == 201

    assert (await register(house, phone="+905551230009")).status_code == 429
    assert isinstance(house.kades.sms, ShownSms)
