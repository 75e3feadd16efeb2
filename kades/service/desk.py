"""What the desk sees and says: the alerts of an incident with their caller, verdicts, protection orders, revoked phones."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from core import audit
from core.db import Row, Tx
from core.errors import NotFound
from core.identity import Principal, revoke_device
from dispatch import inbox
from geo.frames import Position
from kades.store import alerts, callers

TRAIL_LIMIT = 500


async def caller_brief(tx: Tx, incident_id: UUID, who: Principal, now: datetime) -> dict[str, Any] | None:
    """Return who pressed, None when no press belongs to the incident; the look is audited (law 9)."""
    row = await callers.caller_of_incident(tx, incident_id, now)
    if row is None:
        return None
    await _audit(tx, who, "view.caller", "incident", incident_id, now)
    return _brief(row)


async def alerts_of(tx: Tx, incident_id: UUID, who: Principal, now: datetime) -> list[dict[str, Any]]:
    """Return an incident's presses, oldest first, each with the caller's brief; the look is audited."""
    rows = await alerts.alerts_of_incident(tx, incident_id)
    if not rows:
        return []
    caller = await callers.caller_of_incident(tx, incident_id, now)
    await _audit(tx, who, "view.caller", "incident", incident_id, now)
    return [{**_shown(row), "caller": None if caller is None else _brief(caller)} for row in rows]


async def trail_of(tx: Tx, incident_id: UUID, who: Principal, now: datetime) -> list[dict[str, Any]]:
    """Return the newest points of an incident's trails, newest first; the look is audited."""
    rows = await alerts.trail_of_incident(tx, incident_id, TRAIL_LIMIT)
    if rows:
        await _audit(tx, who, "view.trail", "incident", incident_id, now)
    return [
        {"alert_id": row["alert_id"], "position": _position(row), "received_at": row["received_at"], "skew_s": row["skew_s"]}
        for row in rows
    ]


async def evaluate(tx: Tx, alert_id: UUID, verdict: inbox.Verdict, note: str, who: Principal, now: datetime) -> dict[str, Any]:
    """Keep an operator's verdict (E10). It delays nothing, recalls nobody, and no later press ever looks at it. Raises NotFound."""
    row = await alerts.alert(tx, alert_id)
    if row is None:
        raise NotFound
    await alerts.add_evaluation(tx, alert_id, verdict=verdict, note=note, by_id=who.id, by_name=who.name, at=now)
    await inbox.evaluated(tx, row["case_id"], verdict, who, now)
    await _audit(tx, who, "kades.evaluated", "kades_alert", alert_id, now, provinces=row["provinces"], detail={"verdict": verdict})
    return {"alert_id": str(alert_id), "verdict": verdict, "by": who.name, "at": now.isoformat()}


@dataclass(frozen=True, slots=True)
class Order:
    """A protection order: who gave it, its number, its days."""

    authority: str
    document: str
    valid_from: date
    valid_to: date | None


async def add_order(tx: Tx, caller_id: UUID, order: Order, who: Principal, now: datetime) -> dict[str, Any]:
    """Keep a protection order (E12): context and priority of her next press, never a condition of it. Raises NotFound."""
    row = await callers.caller(tx, caller_id)
    if row is None:
        raise NotFound
    order_id = await callers.add_protection_order(
        tx, caller_id, authority=order.authority, document=order.document, valid_from=order.valid_from, valid_to=order.valid_to,
        by=who.id, at=now,
    )  # fmt: skip
    provinces = [row["registered_province"]]
    await _audit(tx, who, "kades.order_added", "kades_caller", caller_id, now, provinces=provinces, detail={"order_id": str(order_id)})
    return {"order_id": str(order_id)}


async def revoke(tx: Tx, device_id: UUID, reason: str, who: Principal, now: datetime) -> dict[str, Any]:
    """Revoke a caller's phone: lost, sold, or in other hands. Its press still rings the desk (law 1). Raises NotFound."""
    if await callers.caller_of_device(tx, device_id) is None:
        raise NotFound
    revoked = await revoke_device(tx, device_id, now, who, reason)
    return {"device_id": str(device_id), "revoked": revoked}


async def identity_of(tx: Tx, caller_id: UUID, reason: str, who: Principal, now: datetime) -> dict[str, Any]:
    """Return a caller's T.C. number; the look and its reason are audited. Raises NotFound."""
    row = await callers.caller(tx, caller_id)
    if row is None:
        raise NotFound
    provinces = [row["registered_province"]]
    await _audit(tx, who, "view.tc_no", "kades_caller", caller_id, now, reason=reason, provinces=provinces)
    return {"caller_id": str(caller_id), "tc_no": await callers.tc_no_of(tx, caller_id)}


async def _audit(
    tx: Tx,
    who: Principal,
    action: str,
    subject_kind: str,
    subject_id: UUID,
    now: datetime,
    *,
    reason: str | None = None,
    provinces: list[int] | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    await audit.record(
        tx, at=now, actor=who, action=action, subject_kind=subject_kind, subject_id=subject_id, reason=reason,
        provinces=frozenset(provinces) if provinces else who.provinces, detail=detail or {},
    )  # fmt: skip


def _position(row: Row) -> dict[str, Any] | None:
    fix = alerts.fix_of(row)
    return None if fix is None else Position.of(fix).model_dump(mode="json")


def _brief(row: Row) -> dict[str, Any]:
    order = None
    if row["document"] is not None:
        order = {name: row[name] for name in ("authority", "document", "valid_from", "valid_to")}
    return {
        "caller_id": row["id"],
        "name": row["name"],
        "phone": row["phone"],
        "language": row["language"],
        "safe_channel": row["safe_channel"],
        "protection_order": order is not None,
        "order": order,
        "device_revoked": row["device_revoked"],
    }


def _shown(row: Row) -> dict[str, Any]:
    verdict = None
    if row["verdict"] is not None:
        verdict = {"verdict": row["verdict"], "by": row["by_name"], "at": row["evaluated_at"], "note": row["note"]}
    plain = ("incident_id", "device_id", "trigger", "silent", "duress", "pressed_at", "received_at", "skew_s", "position_kind", "faults")
    return {
        "alert_id": row["id"],
        **{name: row[name] for name in plain},
        "position": _position(row),
        "evaluation": verdict,
        "code": row["code"],
        "cancelled_at": row["cancelled_at"],
        "further": row["joined"],
        "device_revoked": row["device_revoked"],
    }
