"""What a press says (law 1): read from the raw body by one pure function that refuses three things and keeps every other fault.

Refused: no JSON object, over 64 kB (counted while it streams in, see `api.py`), no `client_id`. A token that was never issued is
the door's business. All else rings, with what was wrong in `faults`.
"""

import hashlib
import re
import string
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

import phonenumbers

from geo.point import TURKIYE, Area
from kades.faults import Fault, FaultKind, fault, kept
from kades.fixes import CLOCK_TOLERANCE, ReadFix, read_fix, read_time
from kades.loose_json import LooseObject, Unread, read_object

#: Law 1: a larger body is no press.
LIMIT: Final = 64 * 1024
FIELDS: Final = frozenset({"client_id", "pressed_at", "position", "trigger", "phone"})
#: Names in which a UUID is derived from a client_id that is none, and a person from a phone nobody registered.
CLIENT_IDS: Final = UUID("6f1c0d52-6f0e-5f43-9a6c-3f5d6f0a4b11")
PHONES: Final = UUID("b1f0a7d4-3c55-5d0b-8a57-2e4c6a9d7f22")
_UUID: Final = re.compile(r"(urn:uuid:)?\{?[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\}?", re.IGNORECASE)
#: What a broken phone sends every time: all bits unset, all bits set.
_NO_UUIDS: Final = frozenset({UUID(int=0), UUID(int=(1 << 128) - 1)})
_DIGITS: Final = frozenset(string.digits + "+")


class Trigger(StrEnum):
    """How she called."""

    BUTTON = "button"
    SILENT = "silent"  #: Her phone must show nothing.
    SMS = "sms"  #: Through the operator's gateway: no data connection.


class Refusal(StrEnum):
    """The only reasons for which a body is no press."""

    TOO_LARGE = "too_large"
    NO_OBJECT = "no_object"
    NO_CLIENT_ID = "no_client_id"


@dataclass(frozen=True, slots=True)
class Refused:
    """Not a press."""

    why: Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A press as it was understood."""

    client_id: UUID
    sound_id: bool  #: False: the phone sent no UUID (or always the same), so the id may come again with another emergency.
    pressed_at: datetime | None  #: Told by the phone: evidence, not a deadline (law 7).
    skew_s: float | None  #: Seconds from the told to the received time.
    trigger: Trigger
    read: ReadFix | None  #: Her position, where it can be used.
    phone: str | None  #: E.164, as a gateway names the caller.
    faults: tuple[Fault, ...]
    digest: bytes  #: SHA-256 of the body: is the same client_id also the same press?


def read_press(raw: bytes, now: datetime, area: Area = TURKIYE) -> Press | Refused:
    """Read a body received at `now`. Raises nothing, whatever is in it."""
    if len(raw) > LIMIT:
        return Refused(Refusal.TOO_LARGE)
    body = read_object(raw)
    if body is None:
        return Refused(Refusal.NO_OBJECT)
    said = body.members.get("client_id")
    if said is None:
        return Refused(Refusal.NO_CLIENT_ID)
    return _press(body, said, raw, now, area)


def _press(body: LooseObject, said_id: object, raw: bytes, now: datetime, area: Area) -> Press:
    said, faults = body.members, body.faults
    client_id, sound = _client_id(said_id, faults)
    pressed_at = _pressed_at(said.get("pressed_at"), now, faults)
    read, wrong = read_fix(_shallow(said.get("position")), now=now, phone_now=pressed_at, area=area)
    faults += wrong
    trigger = _trigger(said.get("trigger"), faults)
    phone = _phone(said.get("phone"), faults)
    faults += [fault(FaultKind.UNKNOWN_FIELD, name, _told(said[name])) for name in said if name not in FIELDS]
    return Press(
        client_id=client_id,
        sound_id=sound,
        pressed_at=pressed_at,
        skew_s=None if pressed_at is None else (now - pressed_at).total_seconds(),
        trigger=trigger,
        read=read,
        phone=phone,
        faults=kept(faults),
        digest=hashlib.sha256(raw).digest(),
    )


def _client_id(said: object, faults: list[Fault]) -> tuple[UUID, bool]:
    """Return a UUID for whatever was sent, the same for the same; and whether the phone meant one."""
    if isinstance(said, str) and _UUID.fullmatch(said.strip()):
        found = UUID(said.strip())
        if found not in _NO_UUIDS:
            return found, True
    faults.append(fault(FaultKind.CLIENT_ID_NOT_UUID, "client_id", _told(said)))
    return uuid5(CLIENT_IDS, f"{type(said).__name__} {_stable(said)}"), False


def _shallow(said: object) -> object:
    """Return a position's top level: nonsense inside that is too deep to read must not hide its two numbers."""
    if not isinstance(said, Unread):
        return said
    inner = read_object(said.text.encode("utf-8", "replace"))
    return said.text if inner is None else inner.members


def _told(said: object) -> object:
    return said.text if isinstance(said, Unread) else said


def _stable(said: object) -> str:
    """Return the same text for the same value, of letters that can be encoded."""
    if isinstance(said, Unread):
        return said.text.encode("utf-8", "backslashreplace").decode("utf-8")
    try:
        return repr(said).encode("utf-8", "backslashreplace").decode("utf-8")
    except RecursionError:
        return "deep"


def _pressed_at(said: object, now: datetime, faults: list[Fault]) -> datetime | None:
    if said is None:
        faults.append(fault(FaultKind.PRESSED_AT_MISSING, "pressed_at"))
        return None
    at = read_time(said)
    if at is None:
        faults.append(fault(FaultKind.PRESSED_AT_UNREADABLE, "pressed_at", _told(said)))
    elif abs(now - at) > CLOCK_TOLERANCE:
        faults.append(fault(FaultKind.CLOCK_OFF, "pressed_at", said))
    return at


def _trigger(said: object, faults: list[Fault]) -> Trigger:
    if isinstance(said, str):
        word = said.strip().lower()
        if word in set(Trigger):
            if word != said:
                faults.append(fault(FaultKind.TRIGGER_UNKNOWN, "trigger", said))
            return Trigger(word)
    faults.append(fault(FaultKind.TRIGGER_UNKNOWN, "trigger", _told(said)))
    return Trigger.BUTTON


def _phone(said: object, faults: list[Fault]) -> str | None:
    if said is None:
        return None
    found = read_phone(str(said) if isinstance(said, int) and not isinstance(said, bool) else said)
    if found is None:
        faults.append(fault(FaultKind.PHONE_UNREADABLE, "phone", _told(said)))
    return found


def read_phone(said: object) -> str | None:
    """Return a telephone number as E.164, Turkish where no country stands before it; None for anything else."""
    if not isinstance(said, str) or not _DIGITS.intersection(said):
        return None
    try:
        number = phonenumbers.parse(said, "TR")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def person_of_phone(phone: str) -> UUID:
    """Return who an unregistered phone is: the same number joins its own open incident."""
    return uuid5(PHONES, phone)
