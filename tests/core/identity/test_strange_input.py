"""Whatever is sent to identity's doors, the answer is one clear error and never a 5xx (law 12; issue 2, 7)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from core.identity import Role
from tests.core.identity.conftest import ESKISEHIR, Make, bearing, signed_in

STRANGE = ["\x00", "a\x00b", "İ" * 150, "🚓", "\u202e", "' OR 1=1 --", "{}", "%s%(x)s", " ", "\ufeff", "a" * 100_000]


async def test_strange_names_and_passwords_at_the_sign_in(http: httpx.AsyncClient) -> None:
    for number, word in enumerate(STRANGE):
        for form in ({"username": word, "password": "x"}, {"username": f"n{number}", "password": word}, {"username": word}):
            answer = await http.post("/api/v1/token", data=form)
            assert answer.status_code in {401, 422}, (form, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
    for body, kind in (
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"--x", "multipart/form-data; boundary=x"),
        (b"{}", "application/json"),
    ):
        answer = await http.post("/api/v1/token", content=body, headers={"Content-Type": kind})
        assert answer.status_code == 422, (body, answer.text)


async def test_strange_refresh_tokens_in_either_form(http: httpx.AsyncClient) -> None:
    for word in STRANGE:
        for more in (
            {"json": {"refresh_token": word}},
            {"data": {"refresh_token": word}},
            {"json": {"refresh_token": "x", "device": word}},
        ):
            answer = await http.post("/api/v1/token/refresh", **more)  # type: ignore[arg-type]
            assert answer.status_code in {401, 422}, (more, answer.text)
    answer = await http.post("/api/v1/token/refresh", files={"refresh_token": ("x", b"x")})
    assert answer.status_code == 422
    answer = await http.post("/api/v1/token/refresh", content=b'{"refresh_token": "\\ud800"}', headers={"Content-Type": "application/json"})
    assert answer.status_code in {401, 422}


async def test_strange_bearers_are_nobody(http: httpx.AsyncClient) -> None:
    for head in (b"Bearer", b"Bearer ", b"Basic eDp5", b"Bearer \xff\xfe", b"bearer a b", b"Bearer " + b"x" * 5_000):
        for path in ("/api/v1/me", "/api/v1/accounts"):
            answer = await http.get(path, headers=[(b"Authorization", head)])
            assert answer.status_code == 401, (head, answer.text)
            assert answer.headers["www-authenticate"] == "Bearer"
    out = await http.post("/api/v1/token/revoke", headers=bearing("never issued"))
    assert out.status_code == 204


async def test_strange_accounts_and_devices(http: httpx.AsyncClient, make: Make) -> None:
    boss = bearing((await signed_in(http, await make("yonetici", Role.ADMIN)))["access_token"])
    for word in STRANGE:
        account: dict[str, Any] = {
            "username": f"u-{uuid4()}",
            "name": word,
            "role": "operator",
            "provinces": [ESKISEHIR],
            "password": word[:50] * 12,
        }
        device: dict[str, Any] = {"kind": "gateway", "name": word, "provinces": [ESKISEHIR]}
        for path, body in (("accounts", account), ("accounts", {**account, "username": word}), ("devices", device)):
            answer = await http.post(f"/api/v1/{path}", json={**body, "client_id": str(uuid4())}, headers=boss)
            assert answer.status_code in {201, 422}, (path, body, answer.text)
    for after in ("x", str(uuid4())):
        answer = await http.get("/api/v1/accounts", params={"after": after}, headers=boss)
        assert answer.status_code in {200, 422}
