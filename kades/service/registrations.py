"""Registering a phone: T.C. number and phone number checked, a code by SMS, then a device token and two codes of her own.

The same phone registering again gets a new device. Its old one stays good (she may have two phones, or have lost none) until a
supervisor revokes it; a press of a revoked one still rings (law 1).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import phonenumbers
from pydantic import BaseModel
from stdnum.tr import tckimlik

from core.db import Tx
from core.errors import AnotherBody, NotFound
from core.identity import Role
from core.ids import new_id
from core.once import once
from core.web import Write
from geo.point import Point
from kades.parts import Kades
from kades.press import read_phone
from kades.problems import CodesAlike, TooManyCodes, WrongCode, WrongPhone, WrongTcNo
from kades.rules import ASKED_WITHIN, SMS_CODE_FOR, may_ask_for_code, may_try_code
from kades.store import alerts, registrations


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What she fills in."""

    client_id: UUID
    tc_no: str
    phone: str
    language: str
    safe_channel: str
    name: str | None
    protected_address: str | None
    province: int | None
    place: Point | None


class Blind(BaseModel):
    """Stands for a body that holds codes."""

    digest: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A registration that waits for its code."""

    registration_id: UUID
    phone: str
    expires_at: datetime
    province: int  #: Where she is registered; she may say another one in a new request.
    code: str | None  #: To be sent now; None when the gateway has taken one for this very request before.


@dataclass(frozen=True, slots=True)
class Verified:
    """What she is told once."""

    device_id: UUID
    device_token: str | None  #: None when the answer is asked for again after a day.
    cancel_code: str
    duress_code: str


async def begin(tx: Tx, form: Form, source: str, kades: Kades, now: datetime) -> Begun:
    """Check the form and keep it with a fresh code. Raises WrongTcNo, WrongPhone, TooManyCodes, AnotherBody.

    The code is sent after COMMIT, outside of any transaction: a slow gateway must not hold a connection that a press needs.
    """
    tc_no, phone = _tc_no(form.tc_no), _mobile(form.phone)
    here = form.province or (kades.province_of(form.place) if form.place else None)
    province = here or kades.default_province
    fingerprint = kades.codes.blind("form", tc_no, phone, repr(form))
    await registrations.lock(tx, form.client_id.bytes)
    seen = await registrations.by_client(tx, form.client_id)
    if seen is None:
        registration_id = await _add(tx, form, tc_no, phone, here, fingerprint, source, kades, now)
    elif bytes(seen["fingerprint"]) != fingerprint:
        raise AnotherBody
    elif seen["sent_at"] is not None:
        return Begun(seen["id"], phone, seen["code_expires_at"] or now, seen["province"], None)
    else:
        registration_id = seen["id"]
    code = kades.codes.new_sms_code()
    expires_at = now + SMS_CODE_FOR
    await registrations.set_sms_code(tx, registration_id, kades.codes.sms_hash(registration_id, code), expires_at)
    return Begun(registration_id, phone, expires_at, province, code)


async def _add(
    tx: Tx, form: Form, tc_no: str, phone: str, here: int | None, fingerprint: bytes, source: str, kades: Kades, now: datetime
) -> UUID:
    phone_hash, source_hash = kades.codes.blind("phone", phone), kades.codes.blind("source", source)
    for key in sorted((phone_hash, source_hash)):
        await registrations.lock(tx, key)
    by_phone, by_source = await registrations.asked_lately(tx, phone_hash, source_hash, now - ASKED_WITHIN)
    if not may_ask_for_code(by_phone=by_phone, by_source=by_source):
        raise TooManyCodes(int(ASKED_WITHIN / timedelta(seconds=1)))
    new = registrations.NewRegistration(
        id=new_id(),
        client_id=form.client_id,
        fingerprint=fingerprint,
        tc_no=tc_no,
        phone=phone,
        name=form.name,
        protected_address=form.protected_address,
        language=form.language,
        safe_channel=form.safe_channel,
        province=here or kades.default_province,
        province_told=here is not None,
        phone_hash=phone_hash,
        source_hash=source_hash,
    )
    await registrations.add(tx, new, now)
    return new.id


async def sent(tx: Tx, registration_id: UUID, now: datetime) -> None:
    """Remember that the gateway took the code."""
    await registrations.sms_sent(tx, registration_id, now)


def sms_text(code: str, language: str) -> str:
    """Return the message, in letters every phone and gateway takes."""
    if language.lower().startswith("tr"):
        return f"KADES dogrulama kodunuz {code}. 10 dakika gecerlidir, kimseyle paylasmayin."
    return f"Your KADES code is {code}. It is good for 10 minutes; share it with nobody."


async def verify(
    tx: Tx, registration_id: UUID, body: Write, *, code: str, cancel_code: str | None, duress_code: str | None, kades: Kades, now: datetime
) -> Verified | None:
    """Compare the SMS code and make the device. None for a wrong code: its count must be committed, so nothing is raised.

    Raises NotFound, CodesAlike, AnotherBody, WrongCode (another request for a registration that is verified).
    """
    row = await registrations.hold(tx, registration_id)
    if row is None:
        raise NotFound
    if cancel_code is not None and cancel_code == duress_code:
        raise CodesAlike
    if row["verified_at"] is None:
        wrong = await registrations.wrong_lately(tx, bytes(row["source_hash"]), now - ASKED_WITHIN)
        may = may_try_code(wrong_codes=row["wrong_codes"], wrong_by_source=wrong, expires_at=row["code_expires_at"], now=now)
        if not kades.codes.same_sms(registration_id, code, row["code_hash"]) or not may:
            await registrations.count_wrong_code(tx, registration_id)
            return None

    async def make() -> dict[str, object]:
        if row["verified_at"] is not None:
            raise WrongCode
        return {"device_id": str(await _make_device(tx, registration_id, cancel_code, duress_code, kades, now))}

    # Keyed: a plain hash of a body of some digits would give the digits away to whoever reads the table.
    blind = Blind(digest=kades.codes.blind("verify", body.model_dump_json()).hex())
    answer = await once(tx, registration_id, body.client_id, "kades verify", blind, now, make)
    device_id = UUID(str(answer["device_id"]))
    cancel, duress = _own_codes(kades, device_id, cancel_code, duress_code)
    return Verified(device_id, await kades.identity.token_again(tx, device_id), cancel, duress)


async def _make_device(
    tx: Tx, registration_id: UUID, cancel_code: str | None, duress_code: str | None, kades: Kades, now: datetime
) -> UUID:
    # Nobody is signed in here, and the caller may have registered before in another province.
    await alerts.every_province(tx)
    caller_id, province = await registrations.take_caller(tx, registration_id, now)
    issued = await kades.identity.issue_device(
        tx, kind=Role.KADES, name="KADES", provinces={province}, subject_id=caller_id, now=now, by=None
    )
    cancel, duress = _own_codes(kades, issued.device_id, cancel_code, duress_code)
    own = kades.codes.own_hash
    await alerts.set_codes(tx, issued.device_id, own(issued.device_id, cancel), own(issued.device_id, duress))
    await registrations.verified(tx, registration_id, issued.device_id, now)
    return issued.device_id


def _own_codes(kades: Kades, device_id: UUID, cancel_code: str | None, duress_code: str | None) -> tuple[str, str]:
    """Return the codes she chose, or derived ones; never the same twice."""
    cancel = cancel_code or kades.codes.derived(device_id, "cancel", other_than=duress_code)
    return cancel, duress_code or kades.codes.derived(device_id, "duress", other_than=cancel)


def _tc_no(typed: str) -> str:
    try:
        return str(tckimlik.validate(typed))
    except tckimlik.ValidationError as fault:
        raise WrongTcNo from fault


def _mobile(typed: str) -> str:
    """Return a number an SMS can reach, as E.164."""
    phone = read_phone(typed)
    if phone is None:
        raise WrongPhone
    kind = phonenumbers.number_type(phonenumbers.parse(phone))
    # Some countries do not tell mobile from fixed numbers.
    if kind not in {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}:
        raise WrongPhone
    return phone
