"""Identity's rows; the only file of it that touches SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.identity.rules import Family, Principal, Role, Tries
from core.sql import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from core.db import Tx

_SQL = load("core.identity")


@dataclass(frozen=True, slots=True)
class SignInFacts:
    """What a sign-in is checked against."""

    account_id: UUID
    role: Role
    provinces: frozenset[int]
    password_hash: str
    disabled: bool


@dataclass(frozen=True, slots=True)
class Presented:
    """A refresh token that was issued once, locked with its session until COMMIT."""

    session_id: UUID
    account_id: UUID
    nonce: bytes
    family: Family


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be; `username` is canonical, the password hashed."""

    id: UUID
    username: str
    name: str
    role: Role
    provinces: frozenset[int]
    team_id: UUID | None
    password_hash: str


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A device to be, its token hashed."""

    id: UUID
    kind: Role
    name: str
    provinces: frozenset[int]
    subject_id: UUID | None
    hash: bytes
    nonce: bytes


async def principal(tx: Tx, hash_: bytes, at: datetime) -> Principal | None:
    """Return whose token this is and set the transaction's provinces, in one statement."""
    row = await tx.row(_SQL["authenticate"], {"hash": hash_, "at": at})
    if row is None:
        return None
    return Principal(
        kind=row["kind"], id=row["id"], session_id=row["session_id"], role=Role(row["role"]),
        provinces=frozenset(row["provinces"]), team_id=row["team_id"], subject_id=row["subject_id"], name=row["name"],
        expires_at=row["expires_at"], revoked=row["revoked"],
    )  # fmt: skip


# --- sign-in -----------------------------------------------------------------------------------------------------------------


async def sign_in_facts(tx: Tx, username: str) -> SignInFacts | None:
    """Return what to check a password against, None when there is no such account."""
    row = await tx.row(_SQL["sign_in_facts"], {"username": username})
    if row is None:
        return None
    return SignInFacts(row["id"], Role(row["role"]), frozenset(row["provinces"]), row["password_hash"], row["disabled"])


async def hold_tries(tx: Tx, key: bytes, at: datetime) -> Tries | None:
    """Return this key's failures and keep the row locked until COMMIT."""
    return _tries(await tx.row(_SQL["hold_failures"], {"key": key, "at": at}))


async def see_tries(tx: Tx, key: bytes) -> Tries | None:
    """Return this key's failures without waiting for anybody."""
    return _tries(await tx.row(_SQL["see_failures"], {"key": key}))


def _tries(row: dict[str, Any] | None) -> Tries | None:
    return Tries(row["failures"], row["last_at"]) if row and row["failures"] > 0 else None


async def set_tries(tx: Tx, key: bytes, tries: Tries) -> None:
    """Write a held key's failures."""
    await tx.execute(_SQL["set_failures"], {"key": key, "failures": tries.failures, "last_at": tries.last_at})


async def give_back_try(tx: Tx, key: bytes) -> None:
    """Take back one counted try that was never checked."""
    await tx.execute(_SQL["give_back_failure"], {"key": key})


async def forget_tries(tx: Tx, key: bytes) -> None:
    """Forget a key after a success."""
    await tx.execute(_SQL["forget_failures"], {"key": key})


async def known_pair(tx: Tx, account_id: UUID, source_hash: bytes, since: datetime) -> bool:
    """Whether this account signed in from this source since then."""
    params = {"account_id": account_id, "source_hash": source_hash, "since": since}
    return bool(await tx.value(_SQL["known_pair"], params))


async def still_holds(tx: Tx, account_id: UUID, password_hash: str) -> bool:
    """Whether the account is enabled and this still its password; nobody changes either until COMMIT."""
    return bool(await tx.value(_SQL["still_holds"], {"account_id": account_id, "hash": password_hash}))


async def set_office(tx: Tx, provinces: Iterable[int]) -> None:
    """Let this transaction make accounts and devices for `provinces`."""
    await tx.execute(_SQL["set_office"], {"codes": ",".join(str(code) for code in sorted(provinces))})


async def rehash(tx: Tx, account_id: UUID, old: str, new: str) -> None:
    """Replace a hash made with older parameters, unless the password was reset meanwhile."""
    await tx.execute(_SQL["rehash"], {"account_id": account_id, "old": old, "new": new})


# --- sessions and tokens -----------------------------------------------------------------------------------------------------


async def open_session(
    tx: Tx, session_id: UUID, account_id: UUID, *, device_hash: bytes, source_hash: bytes, at: datetime, expires_at: datetime
) -> None:
    """Begin a refresh family."""
    params = {
        "id": session_id, "account_id": account_id, "device_hash": device_hash, "source_hash": source_hash, "at": at,
        "expires_at": expires_at,
    }  # fmt: skip
    await tx.execute(_SQL["open_session"], params)


async def add_access_token(tx: Tx, session_id: UUID, hash_: bytes, expires_at: datetime) -> None:
    """Keep a new access token's hash."""
    await tx.execute(_SQL["add_access_token"], {"hash": hash_, "session_id": session_id, "expires_at": expires_at})


async def add_refresh_token(tx: Tx, session_id: UUID, hash_: bytes, nonce: bytes, *, at: datetime, expires_at: datetime) -> None:
    """Keep a new refresh token's hash and the nonce its successor is derived with."""
    params = {"hash": hash_, "session_id": session_id, "nonce": nonce, "at": at, "expires_at": expires_at}
    await tx.execute(_SQL["add_refresh_token"], params)


async def presented(tx: Tx, hash_: bytes, device_hash: bytes) -> Presented | None:
    """Return a refresh token's family, locked; None when it was never issued."""
    row = await tx.row(_SQL["family_of"], {"hash": hash_})
    if row is None:
        return None
    family = Family(
        used_at=row["used_at"],
        token_expires_at=row["token_expires_at"],
        family_expires_at=row["family_expires_at"],
        ended=row["ended"],
        disabled=row["disabled"],
        same_device=bytes(row["device_hash"]) == device_hash,
    )
    return Presented(row["session_id"], row["account_id"], bytes(row["nonce"]), family)


async def use_refresh_token(tx: Tx, hash_: bytes, at: datetime) -> None:
    """Mark its first use."""
    await tx.execute(_SQL["use_refresh_token"], {"hash": hash_, "at": at})


async def end_session(tx: Tx, session_id: UUID, reason: str, at: datetime) -> bool:
    """End one family; False when it was over already."""
    cursor = await tx.execute(_SQL["end_session"], {"session_id": session_id, "reason": reason, "at": at})
    return cursor.rowcount == 1


async def end_sessions_of(tx: Tx, account_id: UUID, reason: str, at: datetime) -> int:
    """End every family of an account; how many there were."""
    cursor = await tx.execute(_SQL["end_sessions_of"], {"account_id": account_id, "reason": reason, "at": at})
    return cursor.rowcount


async def no_longer_good(tx: Tx, ids: Sequence[UUID]) -> frozenset[UUID]:
    """Of these sessions and devices, those that are over."""
    return frozenset(row["id"] for row in await tx.rows(_SQL["no_longer_good"], {"ids": list(ids)}))


async def revoked_since(tx: Tx, since: datetime) -> frozenset[UUID]:
    """Sessions ended and devices revoked after `since`."""
    return frozenset(row["id"] for row in await tx.rows(_SQL["revoked_since"], {"since": since}))


async def names_of(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return shown names of accounts by id."""
    return {row["id"]: row["name"] for row in await tx.rows(_SQL["names_of"], {"ids": list(ids)})}


async def colleagues(tx: Tx, roles: Iterable[Role], at: datetime) -> list[dict[str, Any]]:
    """Return who of `roles` is signed in and shares a province of this transaction's scope, last seen first."""
    return await tx.rows(_SQL["colleagues"], {"roles": sorted(role.value for role in roles), "at": at})


# --- accounts and devices ----------------------------------------------------------------------------------------------------


async def add_account(tx: Tx, new: NewAccount, *, at: datetime, created_by: UUID | None) -> bool:
    """Insert an account; False when its user name is taken."""
    params = {
        "id": new.id, "username": new.username, "name": new.name, "role": new.role, "provinces": sorted(new.provinces),
        "team_id": new.team_id, "password_hash": new.password_hash, "at": at, "created_by": created_by,
    }  # fmt: skip
    cursor = await tx.execute(_SQL["add_account"], params)
    return cursor.rowcount == 1


async def any_admin(tx: Tx) -> bool:
    """Whether an admin exists; whoever asks holds the bootstrap lock until COMMIT, so that two at once cannot both see none."""
    await tx.execute(_SQL["lock_bootstrap"])
    return bool(await tx.value(_SQL["any_admin"]))


async def managed_account(tx: Tx, account_id: UUID) -> dict[str, Any] | None:
    """Return an account within this transaction's office."""
    return await tx.row(_SQL["managed_account"], {"id": account_id})


async def managed_account_named(tx: Tx, username: str) -> dict[str, Any] | None:
    """Return the same by its canonical user name."""
    return await tx.row(_SQL["managed_account_named"], {"username": username})


async def managed_accounts(tx: Tx, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Return accounts within this transaction's office, oldest first."""
    return await tx.rows(_SQL["managed_accounts"], {"after": after, "limit": limit})


async def disable_account(tx: Tx, account_id: UUID, at: datetime) -> bool:
    """Disable an account; False when it was already."""
    return (await tx.execute(_SQL["disable_account"], {"id": account_id, "at": at})).rowcount == 1


async def set_password(tx: Tx, account_id: UUID, password_hash: str) -> None:
    """Replace a password."""
    await tx.execute(_SQL["set_password"], {"id": account_id, "password_hash": password_hash})


async def add_device(tx: Tx, new: NewDevice, *, at: datetime, issued_by: UUID | None) -> None:
    """Insert a device."""
    params = {
        "id": new.id, "kind": new.kind, "name": new.name, "provinces": sorted(new.provinces), "subject_id": new.subject_id,
        "hash": new.hash, "nonce": new.nonce, "at": at, "issued_by": issued_by,
    }  # fmt: skip
    await tx.execute(_SQL["add_device"], params)


async def device_nonce(tx: Tx, device_id: UUID) -> bytes | None:
    """Return the nonce of a device's token while it is kept."""
    nonce = await tx.value(_SQL["device_nonce"], {"id": device_id})
    return None if nonce is None else bytes(nonce)


async def managed_device(tx: Tx, device_id: UUID) -> dict[str, Any] | None:
    """Return a device within this transaction's office; never a caller's phone."""
    return await tx.row(_SQL["managed_device"], {"id": device_id})


async def managed_devices(tx: Tx, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Return devices within this transaction's office, oldest first; no callers' phones."""
    return await tx.rows(_SQL["managed_devices"], {"after": after, "limit": limit})


async def revoke_device(tx: Tx, device_id: UUID, at: datetime) -> bool:
    """Revoke a device; False when it was already, or never was."""
    return (await tx.execute(_SQL["revoke_device"], {"id": device_id, "at": at})).rowcount == 1


# --- pruning -----------------------------------------------------------------------------------------------------------------


async def prune(tx: Tx, *, tokens_before: datetime, sessions_before: datetime, failures_before: datetime, nonces_before: datetime) -> None:
    """Delete what has lapsed and may be forgotten."""
    await tx.execute(_SQL["prune_access_tokens"], {"before": tokens_before})
    await tx.execute(_SQL["prune_sessions"], {"before": sessions_before})
    await tx.execute(_SQL["prune_failures"], {"before": failures_before})
    await tx.execute(_SQL["prune_nonces"], {"before": nonces_before})
