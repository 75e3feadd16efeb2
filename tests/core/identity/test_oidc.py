"""Signing in with the organisation's account (contract.md, Who may what; docs/decisions/0016)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI
from pydantic import SecretStr, ValidationError

from core.clock import HeldClock
from core.db import Database
from core.identity import Identity, Role
from core.identity.api import router
from core.identity.oidc import KEYS_AGAIN, LARGEST, LEFT_ALONE, Oidc
from core.identity.oidc_api import router as oidc_router
from core.identity.rules import SAME_SIGN_IN_WITHIN, SOURCE
from core.identity.settings import OidcSettings
from tests.core.identity.conftest import ESKISEHIR, Make, bearing, client_from, signed_in, small_app
from tests.core.identity.provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    EC_KEY,
    ED_KEY,
    OTHER_RSA_KEY,
    RSA_KEY,
    SHORT_RSA_KEY,
    Idp,
    jwk_of,
    providing,
)  # fmt: skip

PAGE = "http://merkez/"
DOOR = "/api/v1/auth/oidc"


@pytest.fixture
def idp(clock: HeldClock) -> Iterator[Idp]:
    with providing() as made:
        made.now = clock.now
        yield made


@pytest.fixture
def settings(idp: Idp) -> OidcSettings:
    return OidcSettings(issuer=idp.url, client_id=CLIENT_ID)


@pytest.fixture
async def oidc(settings: OidcSettings, clock: HeldClock) -> AsyncIterator[Oidc]:
    made = Oidc(settings, clock)
    yield made
    await made.close()


@pytest.fixture
def app(db: Database, clock: HeldClock, identity: Identity, oidc: Oidc) -> FastAPI:
    made = small_app(db, clock, identity, router, oidc_router)
    made.state.oidc = oidc
    return made


def back_from(idp: Idp, **change: Any) -> dict[str, Any]:
    """What a page posts once the provider sent its person back."""
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    code = idp.code_for(verifier=verifier, nonce=nonce, redirect_uri=PAGE)
    return {
        "client_id": str(uuid4()), "code": code, "verifier": verifier, "nonce": nonce, "redirect_uri": PAGE, "device": "desk-1", **change,
    }  # fmt: skip


async def come_back(http: httpx.AsyncClient, idp: Idp, **change: Any) -> httpx.Response:
    return await http.post(DOOR, json=back_from(idp, **change))


def refusals(url: str) -> list[dict[str, Any]]:
    """What the audit says of refused sign-ins, oldest first."""
    with psycopg.connect(url) as owner:
        return [row[0] for row in owner.execute("SELECT detail FROM audit_entry WHERE action = 'sign_in.refused' ORDER BY id")]


def tries(url: str) -> int:
    with psycopg.connect(url) as owner:
        row = owner.execute("SELECT coalesce(sum(failures), 0) FROM login_failure").fetchone()
        assert row is not None
        return int(row[0])


# --- who is let in -----------------------------------------------------------------------------------------------------------


async def test_somebody_the_organisation_vouches_for_gets_the_role_and_provinces_of_the_account_here(
    http: httpx.AsyncClient, make: Make, idp: Idp, fresh_url: str
) -> None:
    who = await make("nobetci")

    answer = await come_back(http, idp)

    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    me = (await http.get("/api/v1/me", headers=bearing(tokens["access_token"]))).json()
    # The token said "admin" of all 81 provinces.
    assert (me["id"], me["role"], me["provinces"]) == (str(who.account_id), "dispatcher", [ESKISEHIR])
    assert tokens["expires_in"] == 12 * 60
    renewed = await http.post("/api/v1/token/refresh", json={"refresh_token": tokens["refresh_token"], "device": "desk-1"})
    assert renewed.status_code == 200
    with psycopg.connect(fresh_url) as owner:
        row = owner.execute(
            "SELECT detail ->> 'method', provinces FROM audit_entry WHERE action = 'sign_in.done' AND subject_id = %s", [who.account_id]
        ).fetchone()
        assert row == ("oidc", [ESKISEHIR])
    assert tries(fresh_url) == 0


async def test_the_page_is_told_where_to_send_its_person(http: httpx.AsyncClient, idp: Idp) -> None:
    answer = await http.get(DOOR)

    assert answer.json() == {
        "authorization_endpoint": f"{idp.url}/authorize", "client_id": CLIENT_ID, "scope": "openid profile", "response_mode": "fragment",
    }  # fmt: skip


@pytest.mark.parametrize(("alg", "key", "kid"), [("PS256", RSA_KEY, "k1"), ("ES256", EC_KEY, "k2"), ("EdDSA", ED_KEY, "k3")])
async def test_every_signature_that_only_the_provider_can_make_is_taken(
    http: httpx.AsyncClient, make: Make, idp: Idp, alg: str, key: Any, kid: str
) -> None:
    await make("nobetci")
    idp.alg, idp.key, idp.kid = alg, key, kid

    assert (await come_back(http, idp)).status_code == 200


@pytest.mark.parametrize("ways", [None, ["client_secret_post"], ["client_secret_basic", "client_secret_post"]])
async def test_a_confidential_client_shows_its_secret_in_the_way_the_provider_takes(
    http: httpx.AsyncClient, make: Make, idp: Idp, oidc: Oidc, ways: list[str] | None
) -> None:
    await make("nobetci")
    idp.secret = CLIENT_SECRET
    oidc.settings = oidc.settings.model_copy(update={"client_secret": SecretStr(CLIENT_SECRET)})
    if ways is not None:
        idp.says = {"token_endpoint_auth_methods_supported": ways}

    assert (await come_back(http, idp)).status_code == 200
    assert ("client_secret" in idp.forms[-1]) == (ways == ["client_secret_post"])


async def test_a_session_of_the_organisation_ends_when_the_account_is_disabled(http: httpx.AsyncClient, make: Make, idp: Idp) -> None:
    who = await make("nobetci")
    boss = bearing((await signed_in(http, await make("yonetici", Role.ADMIN, range(1, 82))))["access_token"])
    tokens = (await come_back(http, idp)).json()

    await http.post(f"/api/v1/accounts/{who.account_id}/disable", json={"client_id": str(uuid4())}, headers=boss)

    assert (await http.get("/api/v1/me", headers=bearing(tokens["access_token"]))).status_code == 401


# --- who is not --------------------------------------------------------------------------------------------------------------


def public_pem() -> bytes:
    return RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def hs256(claims: dict[str, Any]) -> str:
    """Signed with the provider's public key as if it were a shared secret. PyJWT refuses to, so it is made by hand."""
    import hmac
    import json
    from base64 import urlsafe_b64encode

    def part(value: bytes) -> str:
        return urlsafe_b64encode(value).rstrip(b"=").decode()

    text = f"{part(json.dumps({'alg': 'HS256', 'kid': 'k1'}).encode())}.{part(json.dumps(claims).encode())}"
    return f"{text}.{part(hmac.digest(public_pem(), text.encode(), 'sha256'))}"


def spoilt(claims: dict[str, Any]) -> str:
    """Signed, and changed afterwards."""
    head, body, _ = jwt.encode(claims, RSA_KEY, "RS256", {"kid": "k1"}).split(".")
    other = jwt.encode({**claims, "x": 1}, RSA_KEY, "RS256", {"kid": "k1"}).split(".")[2]
    return f"{head}.{body}.{other}"


NOW_S = 1_795_510_800  # tests.conftest.NOON
CLAIMS: dict[str, tuple[dict[str, Any], str]] = {
    "another nonce": ({"nonce": "of another page"}, "nonce"),
    "no nonce": ({"nonce": None}, "nonce"),
    "another audience": ({"aud": "another house"}, "aud"),
    "two audiences and no azp": ({"aud": [CLIENT_ID, "another house"]}, "azp"),
    "an azp that is not us": ({"aud": [CLIENT_ID], "azp": "another house"}, "azp"),
    "another issuer": ({"iss": "https://elsewhere.example"}, "iss"),
    "expired": ({"exp": NOW_S - 61}, "exp"),
    "no end": ({"exp": None}, "exp"),
    "an end beyond all time": ({"exp": 10**400}, "exp"),
    "a beginning before all time": ({"iat": -1}, "iat"),
    "an end that is true": ({"exp": True}, "exp"),
    "made in the future": ({"iat": NOW_S + 61}, "iat"),
    "not yet valid": ({"nbf": NOW_S + 61}, "nbf"),
    "nobody": ({"sub": ""}, "sub"),
    "a name that is not here": ({"preferred_username": "someone.else"}, "account"),
    "no name": ({"preferred_username": None}, "account"),
    "a list for a name": ({"preferred_username": ["nobetci"]}, "account"),
}
FORGED: dict[str, tuple[Callable[[dict[str, Any]], str], str]] = {
    "alg none": (lambda claims: jwt.encode(claims, None, "none"), "alg"),
    "HS256 with the public key": (hs256, "alg"),
    "another key under the same id": (lambda claims: jwt.encode(claims, OTHER_RSA_KEY, "RS256", {"kid": "k1"}), "signature"),
    "an unknown key": (lambda claims: jwt.encode(claims, OTHER_RSA_KEY, "RS256", {"kid": "k9"}), "kid"),
    "a key of another kind": (lambda claims: jwt.encode(claims, EC_KEY, "ES256", {"kid": "k1"}), "kid"),
    "a critical header": (lambda claims: jwt.encode(claims, RSA_KEY, "RS256", {"kid": "k1", "crit": ["x"], "x": 1}), "token"),
    "changed afterwards": (spoilt, "signature"),
    "no token": (lambda _claims: "not.a.token", "token"),
}


def test_the_clock_of_these_tests_stands_where_the_claims_think(clock: HeldClock) -> None:
    assert clock.now().timestamp() == NOW_S


@pytest.mark.parametrize("case", CLAIMS)
async def test_a_token_that_claims_anything_else_signs_nobody_in(
    http: httpx.AsyncClient, make: Make, idp: Idp, fresh_url: str, case: str
) -> None:
    await make("nobetci")
    idp.claims, why = CLAIMS[case]

    await _refused(await come_back(http, idp), fresh_url, why)


@pytest.mark.parametrize("case", FORGED)
async def test_a_token_that_the_provider_did_not_sign_signs_nobody_in(
    http: httpx.AsyncClient, make: Make, idp: Idp, fresh_url: str, case: str
) -> None:
    await make("nobetci")
    idp.forge, why = FORGED[case]

    await _refused(await come_back(http, idp), fresh_url, why)


async def _refused(answer: httpx.Response, url: str, why: str) -> None:
    assert (answer.status_code, answer.json()["slug"], answer.json()["error"]) == (401, "oidc-refused", "invalid_grant"), answer.text
    assert refusals(url)[-1] | {"source": ""} == {"method": "oidc", "why": why, "source": ""}
    assert tries(url) == 1
    with psycopg.connect(url) as owner:
        assert owner.execute("SELECT count(*) FROM session").fetchone() == (0,)


async def test_within_a_minute_of_difference_two_clocks_agree(http: httpx.AsyncClient, make: Make, idp: Idp) -> None:
    await make("nobetci")
    idp.claims = {"iat": NOW_S + 59, "exp": NOW_S - 59}

    assert (await come_back(http, idp)).status_code == 200


async def test_a_key_too_short_to_trust_signs_nobody_in(http: httpx.AsyncClient, make: Make, idp: Idp, fresh_url: str) -> None:
    await make("nobetci")
    idp.keys = [jwk_of(SHORT_RSA_KEY, "short")]
    idp.forge = lambda _claims: _signed_by_the_short_key()

    await _refused(await come_back(http, idp), fresh_url, "key")


def _signed_by_the_short_key() -> str:
    """Its key is looked at before its signature, which is therefore left out."""
    head = jwt.encode({}, RSA_KEY, "RS256", {"kid": "short"}).split(".")[0]
    return f"{head}.e30.AA"


async def test_a_code_works_once_and_only_with_its_own_verifier(http: httpx.AsyncClient, make: Make, idp: Idp, fresh_url: str) -> None:
    await make("nobetci")
    first = back_from(idp)
    stolen = back_from(idp)
    assert (await http.post(DOOR, json=first)).status_code == 200

    again = await http.post(DOOR, json={**first, "client_id": str(uuid4())})
    mismatch = await http.post(DOOR, json={**stolen, "verifier": "v" * 43})

    assert [again.status_code, mismatch.status_code] == [401, 401]
    assert [one["why"] for one in refusals(fresh_url)[-2:]] == ["code", "code"]
    assert again.text == mismatch.text


async def test_a_disabled_account_is_refused_like_one_that_never_was(http: httpx.AsyncClient, make: Make, idp: Idp) -> None:
    who = await make("nobetci")
    boss = bearing((await signed_in(http, await make("yonetici", Role.ADMIN, range(1, 82))))["access_token"])
    await http.post(f"/api/v1/accounts/{who.account_id}/disable", json={"client_id": str(uuid4())}, headers=boss)

    disabled = await come_back(http, idp)
    idp.person = "nobody-here"
    unknown = await come_back(http, idp)

    assert disabled.status_code == unknown.status_code == 401
    assert disabled.text == unknown.text


@pytest.mark.parametrize("person", ["ali\u0131", "\u0130ali", "nobet\u212ai", " nobetci", "nobetci@kurum.example"])
async def test_two_people_whom_the_organisation_tells_apart_do_not_become_one_here(
    http: httpx.AsyncClient, make: Make, idp: Idp, person: str
) -> None:
    for name in ("alii", "iali", "nobetki", "nobetci"):
        await make(name)
    idp.person = person

    assert (await come_back(http, idp)).status_code == 401


async def test_an_address_that_was_not_verified_names_nobody(http: httpx.AsyncClient, make: Make, idp: Idp, oidc: Oidc) -> None:
    await make("nobetci")
    oidc.settings = oidc.settings.model_copy(update={"username_claim": "email"})
    idp.claims = {"email": "nobetci", "email_verified": False}
    assert (await come_back(http, idp)).status_code == 401
    idp.claims["email_verified"] = True
    assert (await come_back(http, idp)).status_code == 200


@pytest.mark.parametrize("uri", ["https://elsewhere.example/", "http://merkez/api/v1/me", "http://merkez", "http://merkez/#", "//merkez/"])
async def test_nobody_is_sent_back_to_a_page_that_is_not_ours(http: httpx.AsyncClient, idp: Idp, uri: str) -> None:
    answer = await come_back(http, idp, redirect_uri=uri)

    assert (answer.status_code, answer.json()["slug"]) == (422, "wrong-body")
    assert idp.asked == []


@pytest.mark.parametrize(
    "change", [{"code": "a\u0000"}, {"code": "\u0131"}, {"verifier": "\u0131" * 43}, {"nonce": "\n" * 16}, {"x": 1}, {"code": ""}]
)
async def test_what_no_page_of_ours_sends_is_said_so_and_not_repeated(http: httpx.AsyncClient, idp: Idp, change: dict[str, Any]) -> None:
    answer = await come_back(http, idp, **change)
    halved = await http.post(DOOR, content=b'{"code": "\\ud800", "client_id": 3}', headers={"Content-Type": "application/json"})

    assert {answer.status_code, halved.status_code} == {422}
    assert "\u0131" not in answer.text
    assert idp.asked == []


@pytest.mark.parametrize("text", ["\ud800.a.b", "a" * 100_000, "", ".", "e30.e30.e30", "bnVsbA.bnVsbA."])
async def test_a_provider_may_call_anything_a_token(http: httpx.AsyncClient, make: Make, idp: Idp, text: str) -> None:
    await make("nobetci")
    idp.forge = lambda _claims: text

    assert (await come_back(http, idp)).status_code == 401


async def test_where_origins_are_named_the_host_header_counts_for_nothing(http: httpx.AsyncClient, idp: Idp, oidc: Oidc) -> None:
    oidc.settings = oidc.settings.model_copy(update={"origins": ["https://merkez.example"]})

    assert (await come_back(http, idp)).status_code == 422


# --- rotation, faults of the provider ----------------------------------------------------------------------------------------


async def test_new_keys_are_fetched_for_a_key_nobody_knows_and_at_most_once_a_minute(
    http: httpx.AsyncClient, make: Make, idp: Idp, clock: HeldClock
) -> None:
    await make("nobetci")
    assert (await come_back(http, idp)).status_code == 200
    idp.key, idp.kid, idp.keys = OTHER_RSA_KEY, "k9", [jwk_of(OTHER_RSA_KEY, "k9")]

    assert (await come_back(http, idp)).status_code == 401
    assert idp.times("/keys") == 1
    clock.move(KEYS_AGAIN)
    assert (await come_back(http, idp)).status_code == 200
    assert idp.times("/keys") == 2
    for made_up in ("x1", "x2", "x3"):
        idp.kid = made_up
        assert (await come_back(http, idp)).status_code == 401
    assert idp.times("/keys") == 2


async def test_a_key_without_an_id_is_found_when_there_is_only_one(http: httpx.AsyncClient, make: Make, idp: Idp) -> None:
    await make("nobetci")
    idp.kid = None
    assert (await come_back(http, idp)).status_code == 200


async def test_a_provider_that_is_down_keeps_nobody_from_signing_in_by_password(
    db: Database, clock: HeldClock, identity: Identity, make: Make, fresh_url: str
) -> None:
    with providing() as gone:
        url = gone.url
    down = Oidc(OidcSettings(issuer=url, client_id=CLIENT_ID), clock)
    app = small_app(db, clock, identity, router, oidc_router)
    app.state.oidc = down
    who = await make("nobetci")
    async with client_from(app) as http:
        offered = await http.get(DOOR)
        sent = {"client_id": str(uuid4()), "code": "c", "verifier": "v" * 43, "nonce": "n" * 16, "redirect_uri": PAGE}
        posted = await http.post(DOOR, json=sent)
        turkish = await http.get(DOOR, headers={"Accept-Language": "tr"})

        assert {offered.status_code, posted.status_code} == {503}
        assert offered.json()["slug"] == "oidc-unreachable"
        assert offered.headers["retry-after"] == "10"
        assert "parola" in turkish.json()["detail"]
        assert tries(fresh_url) == 0
        assert (await signed_in(http, who))["access_token"]
    await down.close()


async def test_a_provider_that_came_back_is_asked_again_after_ten_seconds(http: httpx.AsyncClient, idp: Idp, clock: HeldClock) -> None:
    path = "/.well-known/openid-configuration"
    idp.instead[path] = (500, b"{}")
    assert [(await http.get(DOOR)).status_code for _ in range(5)] == [503] * 5
    assert idp.times(path) == 1
    idp.instead.clear()

    clock.move(LEFT_ALONE)

    assert [(await http.get(DOOR)).status_code for _ in range(5)] == [200] * 5
    assert idp.times(path) == 2


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/token", 500, b"{}"), ("/token", 200, b"no json"), ("/token", 200, b"[]"), ("/token", 200, b"{}"),
        ("/token", 200, b"[" * 100_000),
        ("/token", 401, b'{"error": "invalid_client"}'), ("/token", 307, b"/elsewhere"), ("/token", 200, b" " * (LARGEST + 1)),
        ("/keys", 404, b"{}"), ("/keys", 200, b'{"keys": 3}'), ("/.well-known/openid-configuration", 302, b"/elsewhere"),
    ],
)  # fmt: skip
async def test_a_provider_that_answers_nonsense_is_unreachable_and_nobodys_fault(
    http: httpx.AsyncClient, make: Make, idp: Idp, fresh_url: str, path: str, status: int, body: bytes
) -> None:
    await make("nobetci")
    idp.instead[path] = (status, body)

    answer = await come_back(http, idp)

    assert (answer.status_code, answer.json()["slug"]) == (503, "oidc-unreachable"), answer.text
    assert tries(fresh_url) == 0
    assert "/elsewhere" not in idp.asked


@pytest.mark.parametrize(
    "says",
    [{"issuer": "https://elsewhere.example"}, {"token_endpoint": "http://elsewhere.example/t"}, {"jwks_uri": None},
     {"authorization_endpoint": "javascript:alert(1)"}, {"response_modes_supported": ["query"]}],
)  # fmt: skip
async def test_a_provider_that_says_what_cannot_be_is_not_used(http: httpx.AsyncClient, idp: Idp, says: dict[str, Any]) -> None:
    idp.says = says

    assert (await http.get(DOOR)).status_code == 503


# --- law 3, counting, secrets ------------------------------------------------------------------------------------------------


async def test_the_same_request_again_opens_no_second_session_and_answers_the_same(
    http: httpx.AsyncClient, make: Make, idp: Idp, fresh_url: str, clock: HeldClock
) -> None:
    await make("nobetci")
    sent = back_from(idp)

    at_once = await asyncio.gather(*(http.post(DOOR, json=sent) for _ in range(4)))
    clock.move(SAME_SIGN_IN_WITHIN - timedelta(seconds=1))
    later = await http.post(DOOR, json=sent)

    answers = [*at_once, later]
    assert {answer.status_code for answer in answers} == {200}
    assert len({(one.json()["access_token"], one.json()["refresh_token"]) for one in answers}) == 1
    assert later.json()["expires_in"] == 12 * 60 - 59
    assert idp.times("/token") == 1
    with psycopg.connect(fresh_url) as owner:
        assert owner.execute("SELECT count(*) FROM session").fetchone() == (1,)
    clock.move(timedelta(seconds=1))
    assert (await http.post(DOOR, json=sent)).status_code == 401
    assert (await http.get("/api/v1/me", headers=bearing(later.json()["access_token"]))).status_code == 200


@pytest.mark.parametrize("change", [{"device": "desk-2"}, {"code": "another"}, {"verifier": "v" * 43}, {"nonce": "n" * 16}])
async def test_the_same_id_with_other_secrets_or_from_another_device_gets_nothing(
    http: httpx.AsyncClient, make: Make, idp: Idp, change: dict[str, str]
) -> None:
    await make("nobetci")
    sent = back_from(idp)
    assert (await http.post(DOOR, json=sent)).status_code == 200

    answer = await http.post(DOOR, json={**sent, **change})

    assert (answer.status_code, answer.json()["slug"]) == (409, "client-id-reused")


async def test_a_source_that_keeps_failing_is_slowed_and_passwords_from_there_are_not(
    http: httpx.AsyncClient, app: FastAPI, make: Make, idp: Idp, clock: HeldClock
) -> None:
    who = await make("nobetci")
    idp.person = "nobody-here"
    for _ in range(SOURCE.allowed):
        assert (await come_back(http, idp)).status_code == 401
    idp.person = "nobetci"

    slowed = await come_back(http, idp)
    async with client_from(app, "10.0.0.2") as elsewhere:
        assert (await come_back(elsewhere, idp)).status_code == 200

    assert (slowed.status_code, slowed.headers["retry-after"]) == (429, "60")
    assert (await signed_in(http, who))["access_token"]
    clock.move(timedelta(seconds=60))
    assert (await come_back(http, idp)).status_code == 200


async def test_a_shift_that_signs_in_from_one_address_in_the_same_second_is_not_slowed(
    http: httpx.AsyncClient, make: Make, idp: Idp
) -> None:
    await make("nobetci")

    answers = await asyncio.gather(*(come_back(http, idp, device=f"desk-{n}") for n in range(SOURCE.allowed + 10)))

    assert {answer.status_code for answer in answers} == {200}


async def test_no_secret_of_a_sign_in_lies_in_the_database_or_the_log(
    http: httpx.AsyncClient, make: Make, idp: Idp, fresh_url: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    who = await make("nobetci")
    right, wrong = back_from(idp), back_from(idp, nonce="n" * 16)
    tokens = (await http.post(DOOR, json=right)).json()
    refused = await http.post(DOOR, json=wrong)
    short = await http.post(DOOR, json={**wrong, "verifier": "short-verifier"})

    secrets_of = [one[name] for one in (right, wrong) for name in ("code", "verifier", "nonce")]
    told = capfd.readouterr()
    text = told.out + told.err + caplog.text + refused.text + short.text
    with psycopg.connect(fresh_url) as owner:
        tables = owner.execute("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        for (table,) in tables.fetchall():
            text += "\n".join(str(row) for row in owner.execute(f"SELECT t::text FROM {table} t").fetchall())
    assert str(who.account_id) in text
    assert (refused.status_code, short.status_code) == (401, 422)
    for secret in (*secrets_of, tokens["access_token"], tokens["refresh_token"], "short-verifier"):
        assert secret not in text


# --- settings ----------------------------------------------------------------------------------------------------------------


async def test_a_house_without_a_provider_has_no_such_door_and_passwords_as_ever(
    db: Database, clock: HeldClock, identity: Identity, make: Make
) -> None:
    app = small_app(db, clock, identity, router, oidc_router)
    app.state.oidc = Oidc(OidcSettings(), clock)
    who = await make("nobetci")
    async with client_from(app) as http:
        sent = {"client_id": str(uuid4()), "code": "c", "verifier": "v" * 43, "nonce": "n" * 16, "redirect_uri": PAGE}
        answers = [await http.get(DOOR), await http.post(DOOR, json=sent)]

        assert [(one.status_code, one.json()["slug"]) for one in answers] == [(404, "not-found")] * 2
        assert (await signed_in(http, who))["access_token"]


@pytest.mark.parametrize(
    "told",
    [
        {"issuer": "http://kimlik.example", "client_id": "m"}, {"issuer": "https://u:p@kimlik.example", "client_id": "m"},
        {"issuer": "ftp://kimlik.example", "client_id": "m"}, {"issuer": "https://", "client_id": "m"}, {"issuer": "https://kimlik.example"},
        {"client_id": "m"}, {"issuer": "http://localhost.example", "client_id": "m"}, {"scopes": "profile"}, {"origins": "https://m/desk"},
    ],
)  # fmt: skip
def test_settings_that_would_send_secrets_in_the_clear_or_make_no_sense_are_refused(told: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OidcSettings(**told)


def test_variables_that_are_there_and_empty_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "ORIGINS"):
        monkeypatch.setenv(f"OIDC_{name}", "")
    assert OidcSettings().issuer is None
    monkeypatch.setenv("OIDC_ISSUER", "https://kimlik.example/realms/merkez")
    monkeypatch.setenv("OIDC_CLIENT_ID", "merkez")
    monkeypatch.setenv("OIDC_ORIGINS", "https://a.example, https://b.example:8443")
    assert OidcSettings().origins == ["https://a.example", "https://b.example:8443"]
