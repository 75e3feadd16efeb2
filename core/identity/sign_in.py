"""A sign-in: counted in one transaction, checked outside any, concluded in a second.

argon2 takes tens of milliseconds; a connection held meanwhile would be one that a press has to wait for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.identity.problems import TooBusy, WrongCredentials
from core.identity.rules import canonical_source, device_label
from core.identity.service import Caller
from core.identity.tokens import key_of

if TYPE_CHECKING:
    from core.clock import Clock
    from core.db import Database
    from core.identity.service import Attempt, Identity, Tokens


def caller_of(address: str | None, device: str | None, user_agent: str | None) -> Caller:
    """Return where a call comes from, as keys (rules.canonical_source, rules.device_label)."""
    return Caller(key_of("source", canonical_source(address)), device_key(device, user_agent))


def device_key(device: str | None, user_agent: str | None) -> bytes:
    """Return what a refresh family is bound to."""
    return key_of("device", device_label(device, user_agent))


async def sign_in(db: Database, identity: Identity, clock: Clock, *, username: str, password: str, caller: Caller) -> Tokens:
    """Return the tokens of a new session. Raises `TooManyTries`, `TooBusy`, `WrongCredentials`."""
    async with db.tx() as tx:
        attempt = await identity.begin_sign_in(tx, username, caller, clock.now())
    stored = attempt.facts.password_hash if attempt.facts else None
    try:
        right = await identity.passwords.matches(stored, password)
        better = await identity.passwords.hash(password) if right and stored and identity.passwords.outdated(stored) else None
    except TooBusy:
        async with db.tx() as tx:
            await identity.forget_attempt(tx, attempt)
        raise
    tokens = await _conclude(db, identity, clock, attempt, better) if right else None
    if tokens is None:
        async with db.tx() as tx:
            await identity.refuse_sign_in(tx, attempt, clock.now())
        raise WrongCredentials
    return tokens


async def _conclude(db: Database, identity: Identity, clock: Clock, attempt: Attempt, better: str | None) -> Tokens | None:
    async with db.tx() as tx:
        return await identity.conclude_sign_in(tx, attempt, clock.now(), better_hash=better)
