"""Alerts, trails, faults, codes, verdicts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core.db import Row, Tx
from core.ids import new_id
from core.sql import load
from geo.point import Fix, Point
from kades.faults import Fault
from kades.fixes import ReadFix
from kades.rules import CodeOutcome, PositionKind, Stage
from kades.store.callers import today

_SQL = load("kades")


@dataclass(frozen=True, slots=True)
class Earlier:
    """An alert that came under the same client_id."""

    alert_id: UUID
    incident_id: UUID
    case_id: UUID
    turn: int
    digest: bytes
    phone: str | None  #: As a gateway named the caller.


@dataclass(frozen=True, slots=True)
class PressFacts:
    """All that a press asks of the database."""

    caller_id: UUID | None
    registered_province: int | None
    protection_order: bool
    last_fix: Fix | None
    recent: int  #: Presses of this device within the last minute.
    earlier: Earlier | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAlert:
    """An alert to be, and what comes with it."""

    id: UUID
    device_id: UUID
    client_id: UUID
    turn: int
    caller_id: UUID | None
    incident_id: UUID
    provinces: frozenset[int]
    trigger: str
    silent: bool
    pressed_at: datetime | None
    skew_s: float | None
    received_at: datetime
    position_kind: PositionKind
    fix: Fix | None
    read: ReadFix | None
    phone: str | None
    joined: bool
    revoked: bool
    digest: bytes
    faults: Sequence[Fault]


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as its phone's doors see it."""

    id: UUID
    incident_id: UUID  #: As the phone was answered.
    case_id: UUID  #: The incident it is worked on in: the same, or what that one was merged into.
    provinces: frozenset[int]
    trigger: str
    silent: bool
    received_at: datetime
    cancelled: bool
    stage: Stage
    duress: bool


async def every_province(tx: Tx) -> None:
    """Let the rest of this transaction see every province: its statements are keyed by a phone's own device."""
    await tx.execute(_SQL["every_province"])


async def press_facts(tx: Tx, *, device_id: UUID, client_id: UUID, caller_id: UUID | None, phone: str | None, now: datetime) -> PressFacts:
    """Queue behind presses of the same client_id, set every province, and return what is known."""
    params = {
        "device_id": device_id, "client_id": client_id, "caller_id": caller_id, "phone": phone,
        "minute_ago": now - timedelta(minutes=1), "today": today(now),
    }  # fmt: skip
    row = await tx.row(_SQL["press_facts"], params)
    assert row is not None  # noqa: S101 - the function returns one row, whatever it finds
    return PressFacts(
        caller_id=row["caller_id"],
        registered_province=row["registered_province"] if row["province_told"] else None,
        protection_order=bool(row["protection_order"]),
        last_fix=fix_of(row),
        recent=row["recent"],
        earlier=None if row["alert_id"] is None else _earlier(row),
    )


async def add_alert(tx: Tx, new: NewAlert) -> int:
    """Insert an alert with its first point and its faults; how many alerts its incident had before."""
    point = new.read
    params: dict[str, object] = {
        "id": new.id, "device_id": new.device_id, "client_id": new.client_id, "turn": new.turn, "caller_id": new.caller_id,
        "incident_id": new.incident_id, "provinces": sorted(new.provinces), "trigger": new.trigger, "silent": new.silent,
        "pressed_at": new.pressed_at, "skew_s": new.skew_s, "received_at": new.received_at, "position_kind": new.position_kind.value,
        "phone": new.phone, "joined": new.joined, "device_revoked": new.revoked, "body_digest": new.digest,
        "point_id": new_id(), "point_told_at": point.told_at if point else None,
        **_fix_params("", new.fix), **_fix_params("point_", point.fix if point else None), **_fault_params(new.faults),
    }  # fmt: skip
    found: int = await tx.value(_SQL["add_alert"], params)
    return found


async def add_faults(tx: Tx, alert_id: UUID, faults: Sequence[Fault], at: datetime) -> None:
    """Keep further faults of an alert."""
    if faults:
        await tx.execute(_SQL["add_faults"], {"alert_id": alert_id, "at": at, **_fault_params(faults)})


async def add_positions(tx: Tx, alert_id: UUID, read: Sequence[ReadFix], skew_s: float | None, at: datetime) -> None:
    """Keep points of the trail."""
    params = {
        "alert_id": alert_id, "at": at, "skew_s": skew_s, "ids": [new_id() for _ in read],
        "lons": [one.fix.point.lon for one in read], "lats": [one.fix.point.lat for one in read],
        "accuracies": [one.fix.accuracy_m for one in read], "fixed": [one.fix.fixed_at for one in read],
        "told": [one.told_at for one in read],
    }  # fmt: skip
    await tx.execute(_SQL["add_positions"], params)


async def alert_of_device(tx: Tx, alert_id: UUID, device_id: UUID) -> Alert | None:
    """Return an alert of this phone; None for another's, as for one that never was."""
    row = await tx.row(_SQL["alert_of_device"], {"id": alert_id, "device_id": device_id})
    return None if row is None else _alert(row)


async def open_alerts_of_device(tx: Tx, device_id: UUID) -> list[Alert]:
    """Return this phone's alerts that are not over on its screen, newest first."""
    return [_alert(row) for row in await tx.rows(_SQL["open_alerts_of_device"], {"device_id": device_id})]


async def alert(tx: Tx, alert_id: UUID) -> Row | None:
    """Return id, incident, provinces, device and caller of an alert within the scope."""
    return await tx.row(_SQL["alert"], {"id": alert_id})


async def set_provinces(tx: Tx, incident_id: UUID, provinces: Iterable[int]) -> None:
    """Let an incident's alerts be seen where the incident is."""
    await tx.execute(_SQL["set_provinces"], {"incident_id": incident_id, "provinces": sorted(provinces)})


async def merge(tx: Tx, incident_id: UUID, into: UUID) -> None:
    """Let the alerts of an incident be worked on in the one it was merged into."""
    await tx.execute(_SQL["merge"], {"incident_id": incident_id, "into": into})


async def alerts_to_tell(tx: Tx, incident_ids: Collection[UUID]) -> list[Row]:
    """Return these incidents' alerts with what their phones were last told, locked."""
    return await tx.rows(_SQL["alerts_to_tell"], {"incident_ids": list(incident_ids)})


async def set_stages(tx: Tx, stages: Mapping[UUID, Stage]) -> None:
    """Remember what the phones were told, by alert."""
    await tx.execute(_SQL["set_stages"], {"ids": list(stages), "stages": list(stages.values())})


async def codes_of(tx: Tx, device_id: UUID) -> tuple[bytes, bytes] | None:
    """Return the hashes of a phone's normal and duress code."""
    row = await tx.row(_SQL["codes_of"], {"device_id": device_id})
    return None if row is None else (bytes(row["cancel_hash"]), bytes(row["duress_hash"]))


async def set_codes(tx: Tx, device_id: UUID, cancel_hash: bytes, duress_hash: bytes) -> None:
    """Keep a new phone's codes."""
    await tx.execute(_SQL["set_codes"], {"device_id": device_id, "cancel_hash": cancel_hash, "duress_hash": duress_hash})


async def add_cancellation(tx: Tx, alert_id: UUID, client_id: UUID, outcome: CodeOutcome, at: datetime) -> None:
    """Keep that a code came in and mark the alert; the same two statements for every code, so that none takes longer."""
    params = {"id": new_id(), "alert_id": alert_id, "client_id": client_id, "outcome": outcome.value, "at": at}
    await tx.execute(_SQL["add_cancellation"], params)
    await tx.execute(_SQL["cancelled"], {"id": alert_id, "at": at, "duress": outcome is CodeOutcome.DURESS})


async def untold_codes(tx: Tx, alert_id: UUID) -> list[Row]:
    """Return the codes of an alert that the desk was not told of, with what it must know of the alert."""
    return await tx.rows(_SQL["untold_codes"], {"alert_id": alert_id})


async def code_told(tx: Tx, cancellation_id: UUID, at: datetime) -> None:
    """Remember that the desk was told of a code."""
    await tx.execute(_SQL["code_told"], {"id": cancellation_id, "at": at})


async def newest_fix(tx: Tx, alert_id: UUID) -> Fix | None:
    """Return the newest point of an alert's trail."""
    row = await tx.row(_SQL["newest_fix"], {"alert_id": alert_id})
    return None if row is None else fix_of(row)


async def add_evaluation(tx: Tx, alert_id: UUID, *, verdict: str, note: str, by_id: UUID, by_name: str, at: datetime) -> None:
    """Keep a verdict (E10)."""
    params = {"id": new_id(), "alert_id": alert_id, "verdict": verdict, "note": note, "by_id": by_id, "by_name": by_name, "at": at}
    await tx.execute(_SQL["add_evaluation"], params)


async def alerts_of_incident(tx: Tx, incident_id: UUID) -> list[Row]:
    """Return an incident's alerts for the desk, each with its newest verdict, its faults and its last code."""
    return await tx.rows(_SQL["alerts_of_incident"], {"incident_id": incident_id})


async def trail_of_incident(tx: Tx, incident_id: UUID, limit: int) -> list[Row]:
    """Return the newest points of an incident's trails, newest first."""
    return await tx.rows(_SQL["trail_of_incident"], {"incident_id": incident_id, "limit": limit})


def fix_of(row: Row) -> Fix | None:
    """Return the fix in a row's lon, lat, accuracy_m and fixed_at."""
    if row["lon"] is None:
        return None
    return Fix(point=Point(lon=row["lon"], lat=row["lat"]), accuracy_m=row["accuracy_m"], fixed_at=row["fixed_at"])


def _earlier(row: Row) -> Earlier:
    return Earlier(row["alert_id"], row["incident_id"], row["case_id"], row["turn"], bytes(row["body_digest"]), row["phone"])


def _alert(row: Row) -> Alert:
    return Alert(
        row["id"], row["incident_id"], row["case_id"], frozenset(row["provinces"]), row["trigger"], row["silent"], row["received_at"],
        row["cancelled_at"] is not None, row["stage"], row["duress"],
    )  # fmt: skip


def _fix_params(prefix: str, fix: Fix | None) -> dict[str, Any]:
    return {
        f"{prefix}lon": fix.point.lon if fix else None,
        f"{prefix}lat": fix.point.lat if fix else None,
        f"{prefix}accuracy_m": fix.accuracy_m if fix else None,
        f"{prefix}fixed_at": fix.fixed_at if fix else None,
    }


def _fault_params(faults: Sequence[Fault]) -> dict[str, Any]:
    return {
        "fault_ids": [new_id() for _ in faults],
        "kinds": [fault.kind.value for fault in faults],
        "fields": [fault.field for fault in faults],
        "saids": [fault.said for fault in faults],
    }
