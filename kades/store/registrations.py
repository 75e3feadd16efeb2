"""Registrations on their way from a form to a verified phone."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.db import Row, Tx
from core.ids import new_id
from core.sql import load

_SQL = load("kades")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRegistration:
    """A registration to be."""

    id: UUID
    client_id: UUID
    fingerprint: bytes
    tc_no: str
    phone: str
    name: str | None
    protected_address: str | None
    language: str
    safe_channel: str
    province: int
    province_told: bool
    phone_hash: bytes
    source_hash: bytes


async def lock(tx: Tx, key: bytes) -> None:
    """Count this phone's or connection's requests one after the other."""
    await tx.execute(_SQL["lock_registering"], {"key": key})


async def by_client(tx: Tx, client_id: UUID) -> Row | None:
    """Return what came under this client_id before."""
    return await tx.row(_SQL["registration_by_client"], {"client_id": client_id})


async def asked_lately(tx: Tx, phone_hash: bytes, source_hash: bytes, since: datetime) -> tuple[int, int]:
    """Return how many registrations this phone and this connection began since then."""
    row = await tx.row(_SQL["asked_lately"], {"phone_hash": phone_hash, "source_hash": source_hash, "since": since})
    return (row["by_phone"], row["by_source"]) if row else (0, 0)


async def add(tx: Tx, new: NewRegistration, at: datetime) -> None:
    """Keep a registration until its code is verified."""
    params = {
        "id": new.id, "client_id": new.client_id, "fingerprint": new.fingerprint, "tc_no": new.tc_no, "phone": new.phone,
        "name": new.name, "protected_address": new.protected_address, "language": new.language, "safe_channel": new.safe_channel,
        "province": new.province, "province_told": new.province_told, "phone_hash": new.phone_hash, "source_hash": new.source_hash,
        "at": at,
    }  # fmt: skip
    await tx.execute(_SQL["add_registration"], params)


async def set_sms_code(tx: Tx, registration_id: UUID, code_hash: bytes, expires_at: datetime) -> None:
    """Keep the hash of the code that is about to be sent; an earlier one is void."""
    await tx.execute(_SQL["set_sms_code"], {"id": registration_id, "code_hash": code_hash, "expires_at": expires_at})


async def sms_sent(tx: Tx, registration_id: UUID, at: datetime) -> None:
    """Remember that the gateway took it, so that a repeat of the request sends no second one."""
    await tx.execute(_SQL["sms_sent"], {"id": registration_id, "at": at})


async def hold(tx: Tx, registration_id: UUID) -> Row | None:
    """Return a registration, locked until COMMIT: one try at a time."""
    return await tx.row(_SQL["hold_registration"], {"id": registration_id})


async def wrong_lately(tx: Tx, source_hash: bytes, since: datetime) -> int:
    """Return how many wrong codes came for registrations begun over this connection."""
    found: int = await tx.value(_SQL["wrong_lately"], {"source_hash": source_hash, "since": since})
    return found


async def count_wrong_code(tx: Tx, registration_id: UUID) -> None:
    """Count a wrong code."""
    await tx.execute(_SQL["count_wrong_code"], {"id": registration_id})


async def take_caller(tx: Tx, registration_id: UUID, at: datetime) -> tuple[UUID, int]:
    """Make or update the caller; her id and registered province."""
    row = await tx.row(_SQL["take_caller"], {"id": registration_id, "fresh": new_id(), "at": at})
    assert row is not None  # noqa: S101 - a registration that is not verified has its phone and T.C. number
    return row["caller_id"], row["registered_province"]


async def verified(tx: Tx, registration_id: UUID, device_id: UUID, at: datetime) -> None:
    """Close a registration and empty it of everything personal."""
    await tx.execute(_SQL["verified"], {"id": registration_id, "device_id": device_id, "at": at})
