"""The organisation's own sign-in: OpenID Connect, authorization code with PKCE (docs/decisions/0016; contract.md, Who may what).

The provider only says who somebody is. What they may do here is ours: role and provinces never come from a token.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote_plus
from weakref import WeakValueDictionary

import httpx
import jwt
import structlog

from core.identity.problems import OidcUnreachable
from core.identity.rules import ALGORITHMS, id_token_fault, vouched_username
from core.identity.settings import is_loopback, is_safe

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from datetime import datetime
    from uuid import UUID

    from core.clock import Clock
    from core.identity.settings import OidcSettings

_log = structlog.get_logger("oidc")

#: All of a sign-in's talk with the provider; the page gives up at eight seconds.
WHOLE_S = 6.0
STEP_S = 4.0
#: The largest document of theirs that is read, in bytes.
LARGEST = 262_144
#: A provider that did not answer is left alone for so long: a room full of desks must not wait four seconds each.
LEFT_ALONE = timedelta(seconds=10)
#: What it said of itself is asked anew after so long.
KNOWN_FOR = timedelta(hours=1)
#: Keys are fetched for an unknown `kid` at most this often: anybody can make one up.
KEYS_AGAIN = timedelta(minutes=1)
#: RSA below this is broken within reach.
SHORTEST_RSA_BITS = 2048


class Why(StrEnum):
    """Why a token vouches for nobody, beside the claims that rules.id_token_fault names."""

    CODE = "code"  #: The provider knows no such code, or another verifier belongs to it.
    #: No ID token at all.
    TOKEN = "token"  # noqa: S105 - a word for the audit
    ALG = "alg"  #: Signed in a way that proves nothing.
    KID = "kid"  #: With a key that the provider does not have.
    KEY = "key"  #: With a key that is none, or too short.
    SIGNATURE = "signature"  #: Not with that key.


class Unvouched(Exception):  # noqa: N818 - a verdict inside identity; the caller sees `OidcRefused`
    """The provider's answer does not vouch for anybody; its text is the reason in one word, for log and audit."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What a page came back with from the provider."""

    code: str
    verifier: str
    nonce: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Provider:
    """What the provider says of itself (OpenID Connect Discovery 1.0)."""

    authorization: str
    token: str
    keys: str
    basic: bool  #: It takes the client's secret as HTTP Basic.


class Oidc:
    """One process's knowledge of the provider, fetched when first asked for: one that is down stops nobody from starting."""

    def __init__(self, settings: OidcSettings, clock: Clock) -> None:
        """Take the settings; nothing is sent yet."""
        self.settings = settings
        self._clock = clock
        self._client: httpx.AsyncClient | None = None
        self._provider: Provider | None = None
        self._asked_at: datetime | None = None
        self._failed_at: datetime | None = None
        self._keys: list[dict[str, Any]] | None = None
        self._keys_at: datetime | None = None
        self._one = asyncio.Lock()
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    @property
    def configured(self) -> bool:
        """Whether this house has such a sign-in at all."""
        return self.settings.issuer is not None

    async def close(self) -> None:
        """Let the connections go."""
        if self._client is not None:
            await self._client.aclose()

    @asynccontextmanager
    async def turn(self, client_id: UUID) -> AsyncGenerator[None]:
        """Let the same request sent twice wait for itself: its code works once, and the second must find the first one's answer."""
        async with self._turns.setdefault(client_id, asyncio.Lock()):
            yield

    async def provider(self) -> Provider:
        """Return what the provider says of itself. Raises `OidcUnreachable`."""
        async with self._one:
            now = self._clock.now()
            if self._provider is not None and _within(self._asked_at, now, KNOWN_FOR):
                return self._provider
            if _within(self._failed_at, now, LEFT_ALONE):
                raise OidcUnreachable
            try:
                self._provider = self._described(
                    await self._get(f"{str(self.settings.issuer).rstrip('/')}/.well-known/openid-configuration")
                )
            except OidcUnreachable:
                self._failed_at = now
                raise
            self._asked_at, self._failed_at = now, None
            return self._provider

    async def username_of(self, returned: Returned) -> str | None:
        """Return the user name the provider vouches for, None when it is no name of ours. Raises `Unvouched`, `OidcUnreachable`."""
        try:
            async with asyncio.timeout(WHOLE_S):
                provider = await self.provider()
                claims = await self._verified(provider, await self._exchange(provider, returned))
        except TimeoutError:
            _log.warning("the provider is too slow")
            raise OidcUnreachable from None
        fault = id_token_fault(
            claims, issuer=str(self.settings.issuer), client_id=str(self.settings.client_id), nonce=returned.nonce, now=self._clock.now()
        )
        if fault is not None:
            raise Unvouched(fault)
        return vouched_username(claims, self.settings.username_claim)

    # --- discovery and keys ---------------------------------------------------------------------------------------------------

    def _described(self, document: Mapping[str, Any]) -> Provider:
        places = [str(document.get(name)) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        # The default of both lists stands in the standard; a code in the fragment reaches no server and no log of ours.
        modes = document.get("response_modes_supported", ["query", "fragment"])
        ways = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        wrong = (
            "issuer" if document.get("issuer") != self.settings.issuer
            else "endpoints" if not all(is_safe(place) for place in places)
            else "response_modes" if not isinstance(modes, list) or "fragment" not in modes
            else None
        )  # fmt: skip
        if wrong is not None:
            _log.error("the provider's discovery document does not fit", what=wrong)
            raise OidcUnreachable
        return Provider(*places, basic=not isinstance(ways, list) or "client_secret_basic" in ways or "client_secret_post" not in ways)

    async def _key_for(self, provider: Provider, kid: object, algorithm: str) -> jwt.PyJWK:
        """Return the key with this id, fetching the keys anew when there is none: providers change them without a word."""
        async with self._one:
            now = self._clock.now()
            if self._keys is None:
                await self._fetch_keys(provider, now)
            found = self._known(kid, algorithm)
            if found is None and not _within(self._keys_at, now, KEYS_AGAIN):
                await self._fetch_keys(provider, now)
                found = self._known(kid, algorithm)
        if found is None:
            raise Unvouched(Why.KID)
        try:
            key = jwt.PyJWK.from_dict(found, algorithm)
        except (jwt.PyJWTError, ValueError, TypeError):
            raise Unvouched(Why.KEY) from None
        if found["kty"] == "RSA" and key.key.key_size < SHORTEST_RSA_BITS:
            raise Unvouched(Why.KEY)
        return key

    def _known(self, kid: object, algorithm: str) -> dict[str, Any] | None:
        usable = [
            key
            for key in self._keys or []
            if key.get("use", "sig") == "sig"
            and key.get("alg", algorithm) == algorithm
            and (key.get("kty"), key.get("crv")) == _KINDS[algorithm]
        ]
        if kid is None:
            return usable[0] if len(usable) == 1 else None
        return next((key for key in usable if key.get("kid") == kid), None)

    async def _fetch_keys(self, provider: Provider, now: datetime) -> None:
        self._keys_at = now
        told = (await self._get(provider.keys)).get("keys")
        if not isinstance(told, list):
            _log.error("the provider's keys are no list")
            raise OidcUnreachable
        self._keys = [cast("dict[str, Any]", key) for key in told if isinstance(key, dict)]

    # --- code to token, token to claims ---------------------------------------------------------------------------------------

    async def _exchange(self, provider: Provider, returned: Returned) -> str:
        """Give the code for an ID token."""
        form = {
            "grant_type": "authorization_code", "code": returned.code, "redirect_uri": returned.redirect_uri,
            "code_verifier": returned.verifier, "client_id": str(self.settings.client_id),
        }  # fmt: skip
        headers: dict[str, str] = {}
        if self.settings.client_secret is not None:
            secret = self.settings.client_secret.get_secret_value()
            if provider.basic:
                pair = f"{quote_plus(form.pop('client_id'))}:{quote_plus(secret)}"  # RFC 6749, 2.3.1
                headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
            else:
                form["client_secret"] = secret
        status, body = await self._ask("POST", provider.token, data=form, headers=headers)
        if status == HTTPStatus.OK and isinstance(token := body.get("id_token"), str):
            return token
        error = body.get("error")
        if status in _REFUSALS and error not in _OUR_FAULT:
            raise Unvouched(Why.CODE)
        _log.error("the provider gives no token for a code", status=status, error=error if error in _OUR_FAULT else None)
        raise OidcUnreachable

    async def _verified(self, provider: Provider, token: str) -> dict[str, Any]:
        """Return the claims of a token whose signature is the provider's."""
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError):
            raise Unvouched(Why.TOKEN) from None
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS or "crit" in header:
            raise Unvouched(Why.ALG)
        key = await self._key_for(provider, header.get("kid"), str(algorithm))
        try:
            # The signature alone; times run on the house's clock (law 7), so every claim is checked by rules.id_token_fault.
            text = jwt.PyJWS().decode(token, key, algorithms=[str(algorithm)])
            claims = json.loads(text)
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise Unvouched(Why.SIGNATURE) from None
        if not isinstance(claims, dict):
            raise Unvouched(Why.TOKEN)
        return cast("dict[str, Any]", claims)

    # --- the wire -------------------------------------------------------------------------------------------------------------

    async def _get(self, url: str) -> dict[str, Any]:
        status, body = await self._ask("GET", url)
        if status != HTTPStatus.OK:
            _log.warning("the provider answers no document", status=status)
            raise OidcUnreachable
        return body

    async def _ask(self, method: str, url: str, **more: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401 - httpx's own words
        """Return status and JSON object; an answer that is none counts as empty. Redirects are not followed: our secret stays here."""
        if self._client is None:
            # What lies on this machine is not looked for behind a proxy.
            self._client = httpx.AsyncClient(timeout=STEP_S, follow_redirects=False, trust_env=not is_loopback(str(self.settings.issuer)))
        whole = bytearray()
        try:
            async with asyncio.timeout(STEP_S), self._client.stream(method, url, **more) as answer:
                async for part in answer.aiter_bytes():
                    whole += part
                    if len(whole) > LARGEST:
                        _log.warning("the provider's answer is too large")
                        raise OidcUnreachable
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as fault:  # TimeoutError is an OSError
            # The kind alone: an address or a header of the fault may hold a secret.
            _log.warning("the provider does not answer", error=type(fault).__name__)
            raise OidcUnreachable from None
        try:
            body = json.loads(whole)
        except (ValueError, RecursionError):
            body = None
        return answer.status_code, cast("dict[str, Any]", body) if isinstance(body, dict) else {}


#: Which keys make which signatures.
_KINDS = {"RS256": ("RSA", None), "PS256": ("RSA", None), "ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519")}
_REFUSALS = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
#: RFC 6749, 5.2: what a provider says when our settings are wrong, not the person.
_OUR_FAULT = ("invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope")


def _within(at: datetime | None, now: datetime, span: timedelta) -> bool:
    """Whether `at` lies less than `span` back; a clock that was set back forgets it."""
    return at is not None and timedelta() <= now - at < span
