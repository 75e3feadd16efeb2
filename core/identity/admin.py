"""Accounts by the machine's own hand: `./merkez accounts`, the demo city, tests. No principal acts, so the audit shows none.

Whoever may run these holds the database; within the house only an admin of the provinces may do the same (api.py).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.db import EVERY
from core.errors import NotFound
from core.identity import service, store
from core.identity.rules import Role, canonical_username

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from core.db import Tx
    from core.identity.service import Identity, Issued

#: Words of 20 letters and digits without look-alikes: 99 bits, and can be read out over a telephone.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_PASSWORD_LENGTH = 20
#: What a person may choose (api.py asks the same).
SHORTEST_PASSWORD = 12


@dataclass(frozen=True, slots=True)
class NewSignIn:
    """An account and the password it was made with, which is shown once."""

    account_id: UUID
    username: str
    password: str


def new_password() -> str:
    """Return a password nobody chose."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_PASSWORD_LENGTH))


async def bootstrap(tx: Tx, identity: Identity, *, username: str, now: datetime) -> NewSignIn | None:
    """Make the first admin, of every province; None when there is one already."""
    if await store.any_admin(tx):
        return None
    return await create(tx, identity, username=username, name="Yönetici", role=Role.ADMIN, provinces=EVERY, now=now)


async def create(
    tx: Tx,
    identity: Identity,
    *,
    username: str,
    name: str,
    role: Role,
    provinces: Iterable[int],
    now: datetime,
    team_id: UUID | None = None,
    password: str | None = None,
) -> NewSignIn:
    """Make an account; without a password it gets one nobody chose. Raises `UsernameTaken`."""
    await store.set_office(tx, EVERY)
    secret = password or new_password()
    hashed = await identity.passwords.hash(secret)
    wanted = service.Wanted(username, name, role, frozenset(provinces), team_id, hashed)
    account_id = await service.create_account(tx, wanted, EVERY, now, None)
    return NewSignIn(account_id, canonical_username(username), secret)


async def disable(tx: Tx, username: str, now: datetime) -> None:
    """Disable an account and end its sessions. Raises `NotFound`."""
    await service.disable_account(tx, await _id_of(tx, username), now, None)


async def reset(tx: Tx, identity: Identity, username: str, now: datetime) -> NewSignIn:
    """Give an account a password nobody chose and end its sessions. Raises `NotFound`."""
    account_id = await _id_of(tx, username)
    secret = new_password()
    await service.reset_password(tx, account_id, await identity.passwords.hash(secret), now, None)
    return NewSignIn(account_id, canonical_username(username), secret)


async def everybody(tx: Tx) -> list[dict[str, Any]]:
    """Return every account, oldest first."""
    await store.set_office(tx, EVERY)
    return await store.managed_accounts(tx, None, 1_000_000)


async def issue_device(
    tx: Tx, identity: Identity, *, kind: Role, name: str, provinces: Iterable[int], subject_id: UUID | None, now: datetime
) -> Issued:
    """Make a device and its token."""
    await store.set_office(tx, EVERY)
    return await identity.issue_device(tx, kind=kind, name=name, provinces=provinces, subject_id=subject_id, now=now, by=None)


async def _id_of(tx: Tx, username: str) -> UUID:
    await store.set_office(tx, EVERY)
    found = await store.managed_account_named(tx, canonical_username(username))
    if found is None:
        raise NotFound
    account_id: UUID = found["id"]
    return account_id
