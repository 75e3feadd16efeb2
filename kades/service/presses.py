"""A press: from what was read to the incident, in one transaction (law 1, E9, E11, E12)."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from core.db import Tx
from core.identity import Principal, Role
from core.ids import new_id
from dispatch import board, inbox
from geo.frames import Position
from kades import rules
from kades.faults import Fault, FaultKind, fault, kept
from kades.frames import KadesAlert
from kades.parts import Kades
from kades.press import Press, Trigger, person_of_phone
from kades.service import places, telling
from kades.store import alerts


@dataclass(frozen=True, slots=True)
class Rung:
    """What the phone is answered."""

    alert_id: UUID
    incident_id: UUID


async def ring(tx: Tx, press: Press, who: Principal, kades: Kades, now: datetime) -> Rung:
    """Raise the press's incident or join her open one; the same client_id again gets its first answer."""
    gateway = who.role is Role.GATEWAY
    phone = press.phone if gateway else None
    facts = await alerts.press_facts(
        tx, device_id=who.id, client_id=press.client_id, caller_id=None if gateway else who.subject_id, phone=phone, now=now
    )
    faults = [*_faults(press, who, facts)]
    turn = 0
    if facts.earlier is not None:
        if not await _rings_anew(tx, press, phone, who, facts.earlier):
            return await _again(tx, press, facts.earlier, kades, now)
        faults.append(fault(FaultKind.CLIENT_ID_REUSED, "client_id"))
        turn = facts.earlier.turn + 1
    known = rules.Known(
        registered_province=facts.registered_province,
        protection_order=facts.protection_order,
        last_fix=facts.last_fix,
        gateway_provinces=who.provinces if gateway else frozenset(),
        revoked=who.revoked,
    )
    routing = rules.route(press.read, known, province_of=kades.province_of, default_province=kades.default_province, now=now)
    alert_id = new_id()
    person = facts.caller_id or (None if gateway else who.subject_id) or (person_of_phone(phone) if phone else None)
    raised = await inbox.raise_alert(tx, _alert(alert_id, press, routing, person, kades, now))
    provinces = await places.bring(tx, raised.incident_id, press.read, kades, now) if raised.joined else routing.provinces
    further = await alerts.add_alert(
        tx,
        alerts.NewAlert(
            id=alert_id,
            device_id=who.id,
            client_id=press.client_id,
            turn=turn,
            caller_id=facts.caller_id,
            incident_id=raised.incident_id,
            provinces=provinces,
            trigger=press.trigger,
            silent=press.trigger is Trigger.SILENT,
            pressed_at=press.pressed_at,
            skew_s=press.skew_s,
            received_at=now,
            position_kind=routing.position_kind,
            fix=routing.fix,
            read=press.read,
            phone=phone,
            joined=raised.joined,
            revoked=who.revoked,
            digest=press.digest,
            faults=kept(faults),
        ),
    )
    await _alarms(tx, raised.incident_id, provinces, routing, who, now)
    frame = KadesAlert(
        alert_id=alert_id,
        incident_id=raised.incident_id,
        trigger=press.trigger,
        received_at=now,
        position=Position.of(routing.fix) if routing.fix else None,
        position_kind=routing.position_kind,
        silent=press.trigger is Trigger.SILENT,
        duress=False,
        further=further,
    )
    await telling.alert(tx, frame, provinces, now)
    return Rung(alert_id, raised.incident_id)


async def _alarms(tx: Tx, incident_id: UUID, provinces: frozenset[int], routing: rules.Routing, who: Principal, now: datetime) -> None:
    """Ring the desk loudly where nothing happens by itself."""
    if who.revoked:
        await inbox.alarm(tx, "revoked_device", now, provinces=provinces, incident_id=incident_id)
    elif not routing.automatic:
        # Dispatch itself rings for an incident without any place; this one has a place, too old to send a team to unasked.
        await inbox.alarm(tx, "konumsuz", now, provinces=provinces, incident_id=incident_id)


def _faults(press: Press, who: Principal, facts: alerts.PressFacts) -> list[Fault]:
    """Return what was wrong with the press, its phone included."""
    found = [*press.faults]
    gateway = who.role is Role.GATEWAY
    if press.phone is not None and not gateway:
        found.append(fault(FaultKind.PHONE_UNEXPECTED, "phone", press.phone))
    if gateway and facts.caller_id is None:
        found.append(fault(FaultKind.CALLER_UNKNOWN, "phone"))
    if who.revoked:
        found.append(fault(FaultKind.REVOKED_DEVICE))
    if facts.recent >= rules.FLOOD_PER_MINUTE and not gateway:
        found.append(fault(FaultKind.FLOOD, "", f"{facts.recent} within a minute"))
    return found


def _alert(alert_id: UUID, press: Press, routing: rules.Routing, person: UUID | None, kades: Kades, now: datetime) -> inbox.Alert:
    return inbox.Alert(
        source="kades",
        source_id=alert_id,
        kind="kades",
        priority=routing.priority,
        provinces=routing.provinces,
        fix=routing.fix,
        position_kind=routing.position_kind.value,
        person_id=person,
        received_at=now,
        instruction=None,
        silent=press.trigger is Trigger.SILENT,
        drill=False,
        place_text=None,
        automatic=routing.automatic,
        may_take_last=True,
        hold_back_s=min(kades.hold_back_s.get(province, 0.0) for province in routing.provinces),
    )


async def _rings_anew(tx: Tx, press: Press, phone: str | None, who: Principal, earlier: alerts.Earlier) -> bool:
    same = press.digest == earlier.digest
    person = rules.same_person(
        gateway=who.role is Role.GATEWAY, told_phone=phone, earlier_phone=earlier.phone, same_body=same, sound_id=press.sound_id
    )
    if person and same and press.sound_id:
        return False
    closed = await board.stage_for_caller(tx, earlier.case_id) == "closed"
    return rules.rings_anew(incident_closed=closed, same_body=same, sound_id=press.sound_id, same_person=person)


async def _again(tx: Tx, press: Press, earlier: alerts.Earlier, kades: Kades, now: datetime) -> Rung:
    """Answer as the first time; what differs is kept, and a further fix used (law 1)."""
    if press.digest != earlier.digest:
        faults = kept([fault(FaultKind.ANOTHER_BODY, "", press.trigger), *press.faults])
        await alerts.add_faults(tx, earlier.alert_id, faults, now)
        if press.read is not None:
            await alerts.add_positions(tx, earlier.alert_id, [press.read], press.skew_s, now)
            await places.bring(tx, earlier.case_id, press.read, kades, now)
    return Rung(earlier.alert_id, earlier.incident_id)


def without_faults(press: Press) -> Press:
    """Return the press without what was wrong with it, for a database that refuses to keep that."""
    return replace(press, faults=(fault(FaultKind.DETAILS_LOST),))


def bare(press: Press) -> Press:
    """Return nothing but the press."""
    return replace(without_faults(press), pressed_at=None, skew_s=None, read=None, phone=None)
