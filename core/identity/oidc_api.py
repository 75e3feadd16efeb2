"""Doors of the organisation's sign-in: what a page needs to send its person there, and what it comes back with (docs/decisions/0016)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, cast

from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, BaseModel, Field, SecretStr

from core.errors import NotFound, WrongBody
from core.identity.api import NO_STORE, TokenAnswer, answer_of, identity_of
from core.identity.oidc import Returned
from core.identity.oidc_sign_in import SignIn, sign_in_by_oidc
from core.identity.problems import OidcRefused, OidcUnreachable, TooManyTries
from core.identity.sign_in import caller_of
from core.problems import told
from core.web import Write, house_of

if TYPE_CHECKING:
    from core.identity.oidc import Oidc

router = APIRouter(prefix="/api/v1/auth", tags=["identity"])

#: The pages where people sign in; the provider sends them back to the page itself.
PAGES: Final = ("/", "/team/")


class Offer(BaseModel):
    """What a page puts into the address of the provider, beside its own state, nonce and challenge."""

    authorization_endpoint: str
    client_id: str
    scope: str
    response_mode: str  #: Always `fragment`: what stands behind `#` reaches no server and no log.


def _plain(told: SecretStr) -> SecretStr:
    text = told.get_secret_value()
    if not text.isascii() or not text.isprintable():
        message = "only printable ASCII (RFC 6749, appendix A)"
        raise ValueError(message)
    return told


Plain = Annotated[SecretStr, AfterValidator(_plain)]


class Back(Write):
    """What the page came back with. Everything here is a secret for a minute and stands in no error and no log."""

    code: Plain = Field(min_length=1, max_length=4_000)
    verifier: Plain = Field(min_length=43, max_length=128)
    nonce: Plain = Field(min_length=16, max_length=200)
    redirect_uri: Annotated[str, Field(max_length=400)]
    device: str | None = Field(default=None, max_length=200)


def oidc_of(request: Request) -> Oidc:
    """Return this process's knowledge of the provider. Raises `NotFound` where the house has none."""
    oidc = cast("Oidc", request.app.state.oidc)
    if not oidc.configured:
        raise NotFound
    return oidc


@router.get("/oidc", responses=told(NotFound, OidcUnreachable))
async def offer(request: Request, response: Response) -> Offer:
    """Say where the organisation signs its people in; 404 where it does not."""
    oidc = oidc_of(request)
    provider = await oidc.provider()
    response.headers.update(NO_STORE)
    return Offer(
        authorization_endpoint=provider.authorization,
        client_id=str(oidc.settings.client_id),
        scope=oidc.settings.scopes,
        response_mode="fragment",
    )


@router.post("/oidc", responses=told(NotFound, OidcRefused, TooManyTries, OidcUnreachable))
async def come_back(request: Request, response: Response, body: Back) -> TokenAnswer:
    """Sign in with what the provider gave the page; the same request within a minute gets the same tokens."""
    oidc, house = oidc_of(request), house_of(request.app)
    if body.redirect_uri not in _pages(request, oidc):
        raise WrongBody(extra=_NOT_OURS)
    back = Returned(
        code=body.code.get_secret_value(),
        verifier=body.verifier.get_secret_value(),
        nonce=body.nonce.get_secret_value(),
        redirect_uri=body.redirect_uri,
    )
    caller = caller_of(request.client.host if request.client else None, body.device, request.headers.get("user-agent"))
    tokens = await sign_in_by_oidc(house.db, identity_of(request), oidc, house.clock, SignIn(body.client_id, back, caller))
    return answer_of(response, tokens)


_NOT_OURS: dict[str, Any] = {"errors": [{"field": "body.redirect_uri", "type": "not_ours"}]}


def _pages(request: Request, oidc: Oidc) -> frozenset[str]:
    """Return the addresses people may be sent back to."""
    origins = oidc.settings.origins or [f"{request.url.scheme}://{request.url.netloc}"]
    return frozenset(origin + page for origin in origins for page in PAGES)
