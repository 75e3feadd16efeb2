"""A sign-in with the organisation's account: let in by one transaction, vouched for outside any, concluded in a second.

It opens a session exactly as a password does (docs/decisions/0016). The tokens are derived from the request's own secrets, so that the
same request within a minute gets the same ones (law 3) although none is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import structlog
from pydantic import BaseModel

from core.audit import record
from core.identity import store
from core.identity.oidc import Unvouched
from core.identity.problems import OidcRefused, TooManyTries
from core.identity.rules import SAME_SIGN_IN_WITHIN, SOURCE
from core.identity.service import Tokens
from core.identity.tokens import key_of, oidc_token
from core.ids import new_id
from core.once import answered, once

if TYPE_CHECKING:
    from core.clock import Clock
    from core.db import Database, Tx
    from core.identity.oidc import Oidc, Returned
    from core.identity.service import Caller, Identity

_log = structlog.get_logger("oidc")

#: Nobody is signed in yet, so all of these requests have one sender: the door itself.
SENDER: Final = UUID("0b1dc000-0016-8000-8000-000000000016")
DOOR: Final = "POST /api/v1/auth/oidc"


class Proof(BaseModel):
    """What makes two requests the same: a hash of everything secret in them and of the device they came from."""

    proof: str


@dataclass(frozen=True, slots=True)
class SignIn:
    """One request."""

    client_id: UUID
    returned: Returned
    caller: Caller

    @property
    def key(self) -> bytes:
        """A key that only whoever has the request's secrets can make."""
        back = self.returned
        return key_of("oidc-proof", back.code, back.verifier, back.nonce, back.redirect_uri, self.caller.device.hex())

    @property
    def proof(self) -> Proof:
        """What is compared; the key itself, which tokens are derived from, is kept nowhere."""
        return Proof(proof=key_of("oidc-same", self.key.hex()).hex())


async def sign_in_by_oidc(db: Database, identity: Identity, oidc: Oidc, clock: Clock, ask: SignIn) -> Tokens:
    """Return the tokens of a new session. Raises `OidcRefused`, `OidcUnreachable`, `TooManyTries`, `AnotherBody`."""
    async with oidc.turn(ask.client_id):
        async with db.tx() as tx:
            if (first := await answered(tx, SENDER, ask.client_id, DOOR, ask.proof)) is not None:
                return _again(identity, ask, first, clock.now())
            await _refuse_locked(tx, ask.caller, clock.now())
        username, why = None, "account"
        try:
            username = await oidc.username_of(ask.returned)
        except Unvouched as fault:
            why = str(fault)
        tokens = None
        if username is not None:
            async with db.tx() as tx:
                tokens = await _conclude(tx, identity, username, ask, clock.now())
        if tokens is None:
            async with db.tx() as tx:
                await _refuse(tx, username, why, ask.caller, clock.now())
            raise OidcRefused
        return tokens


def _tries_of(caller: Caller) -> bytes:
    """Passwords guessed from the same network must not close this door, nor may this one close theirs."""
    return key_of("oidc", caller.source.hex())


async def _refuse_locked(tx: Tx, caller: Caller, now: datetime) -> None:
    """Raise `TooManyTries` for a source that failed too often.

    Nothing is counted beforehand, unlike a password: there is nothing to guess here, and a whole shift that signs in from one address in
    the same second is no attack.
    """
    if until := SOURCE.locked_until(await store.see_tries(tx, _tries_of(caller)), now):
        raise TooManyTries(ceil((until - now).total_seconds()))


async def _conclude(tx: Tx, identity: Identity, username: str, ask: SignIn, now: datetime) -> Tokens | None:
    """Open a session for an enabled account; None when there is none of this name."""
    facts = await store.sign_in_facts(tx, username)
    # Locks the account until COMMIT, so that one disabled in this moment has this session ended too.
    if facts is None or not await store.still_holds(tx, facts.account_id, facts.password_hash):
        return None

    async def do() -> dict[str, Any]:
        session_id = new_id()
        refresh, access = _tokens(identity, session_id, ask.key)
        await identity.open_session(tx, session_id, facts, ask.caller, now, method="oidc", refresh=refresh, access=access)
        return {"session_id": str(session_id), "at": now.isoformat()}

    return _again(identity, ask, await once(tx, SENDER, ask.client_id, DOOR, ask.proof, now, do), now)


def _again(identity: Identity, ask: SignIn, first: dict[str, Any], now: datetime) -> Tokens:
    """Return the tokens of an answer that was given. Raises `OidcRefused` once a minute has passed: the session is theirs already."""
    began = datetime.fromisoformat(first["at"])
    if now - began >= SAME_SIGN_IN_WITHIN:
        raise OidcRefused
    refresh, access = _tokens(identity, UUID(first["session_id"]), ask.key)
    return Tokens(access, refresh, int((began + min(identity.settings.access_ttl, identity.settings.family_ttl) - now).total_seconds()))


def _tokens(identity: Identity, session_id: UUID, key: bytes) -> tuple[str, str]:
    secret = identity.settings.token_key.get_secret_value()
    return oidc_token(secret, "refresh", session_id, key), oidc_token(secret, "access", session_id, key)


async def _refuse(tx: Tx, username: str | None, why: str, caller: Caller, now: datetime) -> None:
    """Count and keep a failure; the name in the token is kept nowhere, as it need not be one of ours."""
    key = _tries_of(caller)
    await store.set_tries(tx, key, SOURCE.counted(await store.hold_tries(tx, key, now), now))
    facts = await store.sign_in_facts(tx, username) if username else None
    _log.warning("nobody was signed in", why=why)
    await record(
        tx, at=now, actor=None, action="sign_in.refused", subject_kind="account", subject_id=facts.account_id if facts else None,
        provinces=facts.provinces if facts else frozenset(),
        detail={"source": caller.source.hex()[:16], "method": "oidc", "why": why},
    )  # fmt: skip
