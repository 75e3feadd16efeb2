"""Doors of identity: tokens, who am I, and an admin's accounts and devices (contract.md, Who may what)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from core.errors import NotFound, NotSignedIn, WrongBody
from core.identity import service, store
from core.identity.problems import OutsideOffice, RefreshRefused, TooBusy, TooManyTries, WrongCredentials
from core.identity.rules import Role, may_manage
from core.identity.sign_in import caller_of, device_key, sign_in
from core.problems import field_errors, told
from core.web import Call, Write, allow, bearer, house_of, language, page

if TYPE_CHECKING:
    from datetime import datetime

    from core.identity.service import Identity, Tokens

router = APIRouter(prefix="/api/v1", tags=["identity"])

PAGE = 200
Provinces = Annotated[frozenset[Annotated[int, Field(ge=1, le=81)]], Field(min_length=1)]
Device = Annotated[str | None, Form(max_length=200)]
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def identity_of(request: Request) -> Identity:
    """Return this process's identity (the composition root puts it on `app.state.identity`)."""
    return cast("Identity", request.app.state.identity)


# --- tokens ------------------------------------------------------------------------------------------------------------------


class TokenAnswer(BaseModel):
    """RFC 6749, 5.1."""

    access_token: str
    token_type: Literal["bearer"]
    expires_in: int
    refresh_token: str


def answer_of(response: Response, tokens: Tokens) -> TokenAnswer:
    """Put tokens into an answer that no cache keeps."""
    response.headers.update(NO_STORE)
    return TokenAnswer(
        access_token=tokens.access_token,
        token_type="bearer",  # noqa: S106 - RFC 6749's word
        expires_in=tokens.expires_in,
        refresh_token=tokens.refresh_token,
    )


@router.post("/token", responses=told(WrongCredentials, TooManyTries, TooBusy))
async def sign_in_by_password(
    *,
    request: Request,
    response: Response,
    username: Annotated[str, Form(max_length=200)],
    password: Annotated[SecretStr, Form(max_length=1_000)],
    grant_type: Annotated[Literal["password"], Form()] = "password",  # noqa: ARG001 - RFC 6749 sends it; there is only one here
    device: Device = None,
) -> TokenAnswer:
    """Sign in (OAuth 2 password form). `device` is an id the client made once and keeps: its refresh family is bound to it."""
    house = house_of(request.app)
    caller = caller_of(request.client.host if request.client else None, device, request.headers.get("user-agent"))
    tokens = await sign_in(
        house.db, identity_of(request), house.clock, username=username, password=password.get_secret_value(), caller=caller
    )
    return answer_of(response, tokens)


class RefreshBody(BaseModel):
    """A refresh token and the device it was given to."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    refresh_token: str = Field(max_length=200)
    device: str | None = Field(default=None, max_length=200)
    grant_type: Literal["refresh_token"] = "refresh_token"  # RFC 6749's word


_REFRESH_DOC = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": RefreshBody.model_json_schema()} for kind in ("application/json", "application/x-www-form-urlencoded")
        },
    }
}


async def _refresh_body(request: Request) -> RefreshBody:
    """Read JSON or a form: RFC 6749's clients send one, our pages the other."""
    try:
        if request.headers.get("content-type", "").startswith("application/json"):
            return RefreshBody.model_validate_json(await request.body())
        async with request.form() as form:
            return RefreshBody.model_validate(dict(form))
    except ValidationError as fault:
        raise WrongBody(extra={"errors": field_errors(list(fault.errors()), language(request))}) from None


@router.post("/token/refresh", openapi_extra=_REFRESH_DOC, responses=told(RefreshRefused, WrongBody))
async def renew(request: Request, response: Response, body: Annotated[RefreshBody, Depends(_refresh_body)]) -> TokenAnswer:
    """Rotate a refresh token; the same one within 60 s from the same device gets the same successor, later its family ends."""
    house = house_of(request.app)
    device = device_key(body.device, request.headers.get("user-agent"))
    async with house.db.tx() as tx:
        tokens = await identity_of(request).refresh(tx, body.refresh_token, device, house.clock.now())
    if tokens is None:
        raise RefreshRefused
    return answer_of(response, tokens)


@router.post("/token/revoke", status_code=204, responses=told(NotSignedIn))
async def sign_out(request: Request) -> Response:
    """End the caller's session; an access token that is over already answers the same."""
    house = house_of(request.app)
    token = bearer(request)
    async with house.db.tx() as tx:
        now = house.clock.now()
        who = await service.authenticate(tx, token, now)
        if who is not None and not who.revoked:
            await identity_of(request).sign_out(tx, who, now)
    return Response(status_code=204)


@router.get("/me")
async def me(request: Request, call: Annotated[Call, allow(*Role)]) -> dict[str, Any]:
    """Who the caller is."""
    identity, who = identity_of(request), call.who
    first = min(who.provinces, default=None)
    return {
        "id": str(who.id), "kind": who.kind, "role": who.role.value, "name": who.name, "provinces": sorted(who.provinces),
        "team_id": _text(who.team_id), "subject_id": _text(who.subject_id), "expires_at": _instant(who.expires_at),
        "demo": identity.demo, "centre": None if first is None else identity.centre_of(first),
    }  # fmt: skip


# --- an admin's accounts -----------------------------------------------------------------------------------------------------

Admin = Annotated[Call, allow(Role.ADMIN)]
After = Annotated[UUID | None, Query()]


class NewAccountBody(Write):
    """An account to make. `client_id` does not compare passwords: nothing derived from one is stored but argon2id."""

    username: str = Field(pattern=r"^[A-Za-zİı0-9][A-Za-zİı0-9._-]{1,62}[A-Za-zİı0-9]$")
    name: str = Field(min_length=1, max_length=200)
    role: Literal["operator", "dispatcher", "supervisor", "team", "judicial", "auditor", "admin"]
    provinces: Provinces
    team_id: UUID | None = None
    password: SecretStr = Field(min_length=12, max_length=1_000)

    @model_validator(mode="after")
    def _a_crew_has_a_team(self) -> NewAccountBody:
        if (self.role == Role.TEAM) != (self.team_id is not None):
            message = "team_id belongs to role team, and to it alone"
            raise ValueError(message)
        return self


class PlainWrite(Write):
    """A write that needs no more than its `client_id`."""


class PasswordBody(Write):
    """A new password."""

    password: SecretStr = Field(min_length=12, max_length=1_000)


async def _hashed(request: Request, password: SecretStr) -> str:
    return await identity_of(request).passwords.hash(password.get_secret_value())


@router.post("/accounts", status_code=201)
async def create_account(request: Request, call: Admin, body: NewAccountBody) -> dict[str, Any]:
    """Make an account within the admin's own provinces."""

    async def do() -> dict[str, Any]:
        wanted = service.Wanted(
            body.username, body.name, Role(body.role), body.provinces, body.team_id, await _hashed(request, body.password)
        )
        account_id = await service.create_account(call.tx, wanted, call.who.provinces, call.now, call.who)
        return await _account(call, account_id)

    return await call.once(body, do)


@router.get("/accounts")
async def accounts(call: Admin, after: After = None) -> dict[str, Any]:
    """List the accounts of the admin's provinces, oldest first."""
    return _page(await store.managed_accounts(call.tx, after, PAGE + 1), _account_shape)


@router.post("/accounts/{account_id}/disable")
async def disable_account(call: Admin, account_id: UUID, body: PlainWrite) -> dict[str, Any]:
    """Disable an account; its sessions end and its sockets are cut within 5 s."""

    async def do() -> dict[str, Any]:
        await service.disable_account(call.tx, account_id, call.now, call.who)
        return await _account(call, account_id)

    return await call.once(body, do)


@router.post("/accounts/{account_id}/revoke-sessions")
async def revoke_sessions(call: Admin, account_id: UUID, body: PlainWrite) -> dict[str, Any]:
    """Sign an account out everywhere."""

    async def do() -> dict[str, Any]:
        return {"sessions": await service.revoke_sessions(call.tx, account_id, call.now, call.who)}

    return await call.once(body, do)


@router.post("/accounts/{account_id}/password")
async def reset_password(request: Request, call: Admin, account_id: UUID, body: PasswordBody) -> dict[str, Any]:
    """Give an account another password; every session opened with the old one ends."""

    async def do() -> dict[str, Any]:
        await service.reset_password(call.tx, account_id, await _hashed(request, body.password), call.now, call.who)
        return await _account(call, account_id)

    return await call.once(body, do)


async def _account(call: Call, account_id: UUID) -> dict[str, Any]:
    found = await store.managed_account(call.tx, account_id)
    if found is None:
        raise NotFound
    return _account_shape(found)


# --- an admin's devices ------------------------------------------------------------------------------------------------------


class NewDeviceBody(Write):
    """Equipment to let in; callers' phones come by registration only."""

    kind: Literal["camera", "gate", "gateway"]
    name: str = Field(min_length=1, max_length=200)
    provinces: Provinces
    subject_id: UUID | None = None

    @model_validator(mode="after")
    def _stands_for_something(self) -> NewDeviceBody:
        if (self.kind == Role.GATEWAY) != (self.subject_id is None):
            message = "a camera or gate names its subject_id, a gateway has none"
            raise ValueError(message)
        return self


@router.post("/devices", status_code=201)
async def issue_device(request: Request, response: Response, call: Admin, body: NewDeviceBody) -> dict[str, Any]:
    """Make a device; the answer carries its token, and so does its repeat for a day."""
    identity = identity_of(request)

    async def do() -> dict[str, Any]:
        if not may_manage(call.who.provinces, body.provinces):
            raise OutsideOffice
        issued = await identity.issue_device(
            call.tx,
            kind=Role(body.kind),
            name=body.name,
            provinces=body.provinces,
            subject_id=body.subject_id,
            now=call.now,
            by=call.who,
        )
        return await _device(call, issued.device_id)

    kept = await call.once(body, do)
    response.headers.update(NO_STORE)
    return {**kept, "token": await identity.token_again(call.tx, UUID(str(kept["id"])))}


@router.get("/devices")
async def devices(call: Admin, after: After = None) -> dict[str, Any]:
    """List the equipment of the admin's provinces, oldest first; callers' phones are no equipment."""
    return _page(await store.managed_devices(call.tx, after, PAGE + 1), _device_shape)


@router.post("/devices/{device_id}/revoke")
async def revoke_device(call: Admin, device_id: UUID, body: PlainWrite) -> dict[str, Any]:
    """Revoke a device; its sockets are cut within 5 s."""

    async def do() -> dict[str, Any]:
        await _device(call, device_id)
        await service.revoke_device(call.tx, device_id, call.now, call.who)
        return await _device(call, device_id)

    return await call.once(body, do)


async def _device(call: Call, device_id: UUID) -> dict[str, Any]:
    found = await store.managed_device(call.tx, device_id)
    if found is None:
        raise NotFound
    return _device_shape(found)


# --- shapes ------------------------------------------------------------------------------------------------------------------


def _account_shape(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(row["id"]), "username": row["username"], "name": row["name"], "role": row["role"],
        "provinces": row["provinces"], "team_id": _text(row["team_id"]), "created_at": _instant(row["created_at"]),
        "disabled_at": _instant(row["disabled_at"]),
    }  # fmt: skip


def _device_shape(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(row["id"]), "kind": row["kind"], "name": row["name"], "provinces": row["provinces"],
        "subject_id": _text(row["subject_id"]), "issued_at": _instant(row["issued_at"]),
        "revoked_at": _instant(row["revoked_at"]),
    }  # fmt: skip


def _page(rows: list[dict[str, Any]], shape: Any) -> dict[str, Any]:  # noqa: ANN401 - a shape takes a row and gives an item
    items = [shape(row) for row in rows[:PAGE]]
    return page(items, items[-1]["id"] if len(rows) > PAGE else None)


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _instant(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
