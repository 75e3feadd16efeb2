"""Callers, their protection orders and addresses, and who looked at them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from core.db import Row, Tx
from core.ids import new_id
from core.sql import load

_SQL = load("kades")
#: Days of a protection order are days at the glass (law 7): the day in Türkiye, which is UTC+3 all year.
_GLASS: Final = timedelta(hours=3)


async def caller_of_incident(tx: Tx, incident_id: UUID, now: datetime) -> Row | None:
    """Return who pressed, as a desk may know it; None when no press belongs to the incident."""
    return await tx.row(_SQL["caller_of_incident"], {"incident_id": incident_id, "today": today(now)})


async def caller(tx: Tx, caller_id: UUID) -> Row | None:
    """Return a caller's id and registered province within the scope."""
    return await tx.row(_SQL["caller"], {"id": caller_id})


async def caller_of_device(tx: Tx, device_id: UUID) -> Row | None:
    """Return whose phone this is, within the scope."""
    return await tx.row(_SQL["caller_of_device"], {"device_id": device_id})


async def add_protection_order(
    tx: Tx, caller_id: UUID, *, authority: str, document: str, valid_from: date, valid_to: date | None, by: UUID, at: datetime
) -> UUID:
    """Keep a protection order."""
    order_id = new_id()
    params = {
        "id": order_id, "caller_id": caller_id, "authority": authority, "document": document, "valid_from": valid_from,
        "valid_to": valid_to, "recorded_by": by, "recorded_at": at,
    }  # fmt: skip
    await tx.execute(_SQL["add_protection_order"], params)
    return order_id


async def address_of(tx: Tx, incident_id: UUID) -> Row | None:
    """Return the protected address of an incident's caller. Whoever asks has checked the dispatch, and logs it."""
    return await tx.row(_SQL["address_of"], {"incident_id": incident_id})


async def tc_no_of(tx: Tx, caller_id: UUID) -> str | None:
    """Return a caller's T.C. number. Whoever asks logs it."""
    found: str | None = await tx.value(_SQL["tc_no_of"], {"caller_id": caller_id})
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One look at a protected address."""

    dispatch_id: UUID
    incident_id: UUID
    caller_id: UUID | None
    team_id: UUID
    actor_id: UUID
    actor_role: str
    by: str
    opened_at: datetime
    provinces: frozenset[int]


async def add_opening(tx: Tx, opening: Opening) -> None:
    """Log a look at an address."""
    params = {
        "id": new_id(), "dispatch_id": opening.dispatch_id, "incident_id": opening.incident_id, "caller_id": opening.caller_id,
        "team_id": opening.team_id, "actor_id": opening.actor_id, "actor_role": opening.actor_role, "by": opening.by,
        "opened_at": opening.opened_at, "provinces": sorted(opening.provinces),
    }  # fmt: skip
    await tx.execute(_SQL["add_opening"], params)


def today(now: datetime) -> date:
    """Return the day in Türkiye."""
    return (now + _GLASS).date()
