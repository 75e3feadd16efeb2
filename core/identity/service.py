"""Identity's story: a sign-in counted and checked, a family renewed or ended, accounts and devices made, revoked.

Everything here runs in the caller's transaction and never commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any

from core.audit import record
from core.errors import NotFound
from core.identity import store
from core.identity.passwords import Passwords
from core.identity.problems import NotYourself, OutsideOffice, TooManyTries, UsernameTaken
from core.identity.rules import PAIR, SOURCE, Principal, Refresh, Role, canonical_username, may_manage, refresh_verdict
from core.identity.tokens import device_token, key_of, new_nonce, new_token, successor, token_hash
from core.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from uuid import UUID

    from core.db import Tx
    from core.identity.settings import IdentitySettings

#: A pair that signed in this lately is never bound by its source's cap: nobody locks out the night shift.
KNOWN_FOR = timedelta(days=30)
#: How long the answer that carried a device's token can be given again (law 3).
TOKEN_AGAIN_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a sign-in comes from: the network and the device, both as keys that cannot be read back."""

    source: bytes
    device: bytes


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that may be checked; it counts as failed until it is concluded as right."""

    facts: store.SignInFacts | None
    pair: bytes
    caller: Caller


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sign-in or a refresh answers."""

    access_token: str
    refresh_token: str
    expires_in: int  #: Seconds.


@dataclass(frozen=True, slots=True)
class Issued:
    """A new device and its token, which is shown once."""

    device_id: UUID
    token: str


async def authenticate(tx: Tx, token: str, now: datetime) -> Principal | None:
    """Return whose token this is and set this transaction's provinces to theirs; None when it is nobody's.

    A revoked KADES token gives a principal with `revoked`: its press rings (law 1), every other door must refuse that one.
    """
    return await store.principal(tx, token_hash(token), now)


async def cut_sessions(tx: Tx, principals: Sequence[Principal]) -> frozenset[UUID]:
    """Of these callers' sessions (a device's is its own id), those that are over: their sockets must be cut."""
    return await store.no_longer_good(tx, [who.session_id for who in principals])


async def still_good(tx: Tx, session_ids: Sequence[UUID], now: datetime) -> frozenset[UUID]:  # noqa: ARG001 - ends are instants already past
    """Return those of the sessions that are not over."""
    return frozenset(session_ids) - await store.no_longer_good(tx, session_ids)


async def revoked_since(tx: Tx, instant: datetime) -> frozenset[UUID]:
    """Sessions and devices that ended after `instant`. Ask with 20 s of overlap: a COMMIT comes after the instant in it."""
    return await store.revoked_since(tx, instant)


async def names_of(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Shown names of accounts by id."""
    return await store.names_of(tx, list(ids))


async def colleagues_of(tx: Tx, who: Principal, roles: Iterable[Role], now: datetime) -> list[dict[str, Any]]:
    """Return who else of `roles` is signed in and shares a province of this transaction's scope: id, name, role, provinces, last_seen_at.

    `last_seen_at` is the last sign-in or refresh, which an open page makes every few minutes; nobody knows more than that.
    `provinces` are the shared ones.
    """
    return [row for row in await store.colleagues(tx, roles, now) if row["id"] != who.id]


class Identity:
    """What one process knows of identity: its settings, its hashing threads, its key."""

    def __init__(
        self, settings: IdentitySettings, *, demo: bool = False, centre_of: Callable[[int], dict[str, float] | None] | None = None
    ) -> None:
        """Start the hashing threads. `demo` and `centre_of` (province code → {"lon", "lat"}) only show in `GET /api/v1/me`."""
        self.settings = settings
        self.passwords = Passwords(settings.passwords)
        self.demo = demo
        self.centre_of = centre_of or _nowhere

    def close(self) -> None:
        """Let the hashing threads go."""
        self.passwords.close()

    # --- sign-in: begin, check the password outside any transaction, conclude -------------------------------------------------

    async def begin_sign_in(self, tx: Tx, username: str, caller: Caller, now: datetime) -> Attempt:
        """Count a try before it is checked, so that a hundred at once are still counted. Raises `TooManyTries`."""
        name = canonical_username(username)
        facts = await store.sign_in_facts(tx, name)
        pair = key_of("pair", name, caller.source.hex())
        tries = await store.hold_tries(tx, pair, now)
        _refuse_until(PAIR.locked_until(tries, now), now)
        if until := SOURCE.locked_until(await store.see_tries(tx, caller.source), now):
            known = facts is not None and await store.known_pair(tx, facts.account_id, caller.source, now - KNOWN_FOR)
            _refuse_until(None if known else until, now)
        await store.set_tries(tx, pair, PAIR.counted(tries, now))
        return Attempt(facts, pair, caller)

    async def forget_attempt(self, tx: Tx, attempt: Attempt) -> None:
        """Take back an attempt that was never checked."""
        await store.give_back_try(tx, attempt.pair)

    async def refuse_sign_in(self, tx: Tx, attempt: Attempt, now: datetime) -> None:
        """Keep a failed attempt: its pair is counted already, now its source and the audit."""
        tries = SOURCE.counted(await store.hold_tries(tx, attempt.caller.source, now), now)
        await store.set_tries(tx, attempt.caller.source, tries)
        locked = PAIR.locked_until(await store.see_tries(tx, attempt.pair), now)
        facts = attempt.facts
        await record(
            tx, at=now, actor=None, action="sign_in.refused", subject_kind="account",
            subject_id=facts.account_id if facts else None, provinces=facts.provinces if facts else frozenset(),
            detail={"source": attempt.caller.source.hex()[:16], "locked_s": _seconds(locked, now), "method": "password"},
        )  # fmt: skip

    async def conclude_sign_in(self, tx: Tx, attempt: Attempt, now: datetime, *, better_hash: str | None = None) -> Tokens | None:
        """Open a family for a password that was right; None when it was changed or the account disabled meanwhile."""
        facts = attempt.facts
        if facts is None or not await store.still_holds(tx, facts.account_id, facts.password_hash):
            return None
        await store.forget_tries(tx, attempt.pair)
        if better_hash is not None:
            await store.rehash(tx, facts.account_id, facts.password_hash, better_hash)
        return await self.open_session(tx, new_id(), facts, attempt.caller, now, method="password", refresh=new_token(), access=new_token())

    async def open_session(
        self, tx: Tx, session_id: UUID, facts: store.SignInFacts, caller: Caller, now: datetime, *, method: str, refresh: str, access: str
    ) -> Tokens:
        """Begin a family for somebody who proved by `method` who they are; the tokens are made by the caller."""
        expires_at = now + self.settings.family_ttl
        await store.open_session(
            tx, session_id, facts.account_id, device_hash=caller.device, source_hash=caller.source, at=now, expires_at=expires_at
        )
        await self._keep_refresh(tx, session_id, refresh, now, expires_at)
        await record(
            tx, at=now, actor=None, action="sign_in.done", subject_kind="account", subject_id=facts.account_id,
            provinces=facts.provinces, detail={"source": caller.source.hex()[:16], "session_id": str(session_id), "method": method},
        )  # fmt: skip
        return await self._with_access(tx, session_id, refresh, now, expires_at, access=access)

    # --- refresh families -----------------------------------------------------------------------------------------------------

    async def refresh(self, tx: Tx, token: str, device: bytes, now: datetime) -> Tokens | None:
        """Give a refresh token its successor, or None: the caller commits either way, since a reuse ends the family."""
        hash_ = token_hash(token)
        shown = await store.presented(tx, hash_, device)
        if shown is None:
            return None
        match refresh_verdict(shown.family, now):
            case Refresh.ROTATE:
                await store.use_refresh_token(tx, hash_, now)
                next_ = successor(token, shown.nonce)
                await self._keep_refresh(tx, shown.session_id, next_, now, shown.family.family_expires_at)
            case Refresh.REPEAT:
                next_ = successor(token, shown.nonce)
            case Refresh.LAPSED:
                return None
            case Refresh.END_REUSE | Refresh.END_OTHER_DEVICE as why:
                await self._end_stolen(tx, shown, why, now)
                return None
        return await self._with_access(tx, shown.session_id, next_, now, shown.family.family_expires_at)

    async def sign_out(self, tx: Tx, who: Principal, now: datetime) -> None:
        """End the caller's own session; a device keeps its token."""
        if who.kind == "account" and await store.end_session(tx, who.session_id, "signed_out", now):
            await record(tx, at=now, actor=who, action="sign_out.done", subject_kind="account", subject_id=who.id, provinces=who.provinces)

    async def _end_stolen(self, tx: Tx, shown: store.Presented, why: Refresh, now: datetime) -> None:
        await store.end_session(tx, shown.session_id, why.value, now)
        await record(
            tx, at=now, actor=None, action="session.ended", subject_kind="account", subject_id=shown.account_id, reason=why.value,
            detail={"session_id": str(shown.session_id)},
        )  # fmt: skip

    async def _keep_refresh(self, tx: Tx, session_id: UUID, token: str, now: datetime, family_ends: datetime) -> None:
        ends = min(now + self.settings.refresh_ttl, family_ends)
        await store.add_refresh_token(tx, session_id, token_hash(token), new_nonce(), at=now, expires_at=ends)

    async def _with_access(
        self, tx: Tx, session_id: UUID, refresh: str, now: datetime, family_ends: datetime, *, access: str | None = None
    ) -> Tokens:
        access, ends = access or new_token(), min(now + self.settings.access_ttl, family_ends)
        await store.add_access_token(tx, session_id, token_hash(access), ends)
        return Tokens(access, refresh, int((ends - now).total_seconds()))

    # --- devices --------------------------------------------------------------------------------------------------------------

    async def issue_device(
        self,
        tx: Tx,
        *,
        kind: Role,
        name: str,
        provinces: Iterable[int],
        subject_id: UUID | None,
        now: datetime,
        by: Principal | None,
    ) -> Issued:
        """Make a device and its token. `name` is equipment's; a caller's phone has none of hers.

        The answer must not be kept with the token in it: keep `device_id` (`Call.once`) and add `token_again(device_id)` outside.
        """
        device_id, nonce = new_id(), new_nonce()
        token = device_token(self.settings.token_key.get_secret_value(), device_id, nonce)
        codes = frozenset(provinces)
        new = store.NewDevice(device_id, kind, name, codes, subject_id, token_hash(token), nonce)
        await store.add_device(tx, new, at=now, issued_by=by.id if by else None)
        await record(
            tx, at=now, actor=by, action="device.issued", subject_kind="device", subject_id=device_id, provinces=codes,
            detail={"kind": kind.value, "subject_id": None if subject_id is None else str(subject_id)},
        )  # fmt: skip
        return Issued(device_id, token)

    async def token_again(self, tx: Tx, device_id: UUID) -> str | None:
        """Return the token a device was issued with, for the repeat of a lost answer; None after a day."""
        nonce = await store.device_nonce(tx, device_id)
        return None if nonce is None else device_token(self.settings.token_key.get_secret_value(), device_id, nonce)


async def revoke_device(tx: Tx, device_id: UUID, now: datetime, by: Principal | None, reason: str | None = None) -> bool:
    """Revoke a device: its sockets are cut within 5 s, its KADES press still rings (law 1). False when it was already."""
    if not await store.revoke_device(tx, device_id, now):
        return False
    await record(tx, at=now, actor=by, action="device.revoked", subject_kind="device", subject_id=device_id, reason=reason)
    return True


# --- accounts ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """An account somebody asks for; the password is hashed already."""

    username: str
    name: str
    role: Role
    provinces: frozenset[int]
    team_id: UUID | None
    password_hash: str


async def create_account(tx: Tx, wanted: Wanted, office: Iterable[int], now: datetime, by: Principal | None) -> UUID:
    """Make an account within `office`. Raises `OutsideOffice`, `UsernameTaken`."""
    if not may_manage(office, wanted.provinces):
        raise OutsideOffice
    account_id = new_id()
    new = store.NewAccount(
        account_id,
        canonical_username(wanted.username),
        wanted.name,
        wanted.role,
        wanted.provinces,
        wanted.team_id,
        wanted.password_hash,
    )
    if not await store.add_account(tx, new, at=now, created_by=by.id if by else None):
        raise UsernameTaken
    await record(
        tx, at=now, actor=by, action="account.created", subject_kind="account", subject_id=account_id, provinces=wanted.provinces,
        detail={"role": wanted.role.value, "team_id": None if wanted.team_id is None else str(wanted.team_id)},
    )  # fmt: skip
    return account_id


async def disable_account(tx: Tx, account_id: UUID, now: datetime, by: Principal | None) -> None:
    """Disable an account and end its sessions. Raises `NotFound`, `NotYourself`."""
    found = await store.managed_account(tx, account_id)
    if found is None:
        raise NotFound
    if by is not None and by.id == account_id:
        raise NotYourself
    if await store.disable_account(tx, account_id, now):
        ended = await store.end_sessions_of(tx, account_id, "disabled", now)
        await _of_account(tx, found, "account.disabled", now, by, sessions=ended)


async def revoke_sessions(tx: Tx, account_id: UUID, now: datetime, by: Principal | None) -> int:
    """Sign an account out everywhere; how many sessions ended. Raises `NotFound`."""
    found = await store.managed_account(tx, account_id)
    if found is None:
        raise NotFound
    ended = await store.end_sessions_of(tx, account_id, "revoked", now)
    await _of_account(tx, found, "account.sessions_revoked", now, by, sessions=ended)
    return ended


async def reset_password(tx: Tx, account_id: UUID, password_hash: str, now: datetime, by: Principal | None) -> None:
    """Replace a password and end every session that was opened with the old one. Raises `NotFound`."""
    found = await store.managed_account(tx, account_id)
    if found is None:
        raise NotFound
    await store.set_password(tx, account_id, password_hash)
    ended = await store.end_sessions_of(tx, account_id, "password_reset", now)
    await _of_account(tx, found, "account.password_reset", now, by, sessions=ended)


async def _of_account(tx: Tx, found: dict[str, object], action: str, now: datetime, by: Principal | None, *, sessions: int) -> None:
    provinces = frozenset(found["provinces"])  # pyright: ignore[reportArgumentType] - the column is smallint[]
    await record(
        tx, at=now, actor=by, action=action, subject_kind="account", subject_id=found["id"],  # pyright: ignore[reportArgumentType] - uuid
        provinces=provinces, detail={"sessions": sessions},
    )  # fmt: skip


def _nowhere(_province: int) -> None:
    return None


def _refuse_until(until: datetime | None, now: datetime) -> None:
    if until is not None:
        raise TooManyTries(_seconds(until, now))


def _seconds(until: datetime | None, now: datetime) -> int:
    return 0 if until is None else max(1, ceil((until - now).total_seconds()))
