"""What may be wrong with what a phone says. It is kept beside the press and shown to the desk; it never stops a press (law 1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

#: Longer values are cut: a fault is a hint for a person, and the body may be 64 kB of one string.
SAID_LIMIT: Final = 200
NAME_LIMIT: Final = 64
#: A body may hold thousands of unknown fields; what comes after these is counted in one last fault.
KEPT_LIMIT: Final = 24


class FaultKind(StrEnum):
    """Why part of a body was not used as it stands."""

    BROKEN_TEXT = "broken_text"  #: Not UTF-8 throughout; unreadable bytes were replaced.
    LOOSE_TEXT = "loose_text"  #: Bare control characters inside a string.
    TOO_DEEP = "too_deep"  #: Nested deeper than anybody needs; that field was not read.
    REPEATED_FIELD = "repeated_field"  #: A name twice in one object; the last value was read.
    UNKNOWN_FIELD = "unknown_field"  #: A field the contract does not know.
    CLIENT_ID_NOT_UUID = "client_id_not_uuid"  #: A UUID was derived from what was sent.
    PRESSED_AT_MISSING = "pressed_at_missing"  #: The phone did not say when.
    PRESSED_AT_UNREADABLE = "pressed_at_unreadable"  #: No RFC 3339 time with an offset.
    CLOCK_OFF = "clock_off"  #: Told and received differ: a wrong clock, or a press that was long under way.
    TRIGGER_UNKNOWN = "trigger_unknown"  #: Read as a button.
    PHONE_UNREADABLE = "phone_unreadable"  #: No telephone number.
    PHONE_UNEXPECTED = "phone_unexpected"  #: A phone tells its own number: only a gateway may name a caller.
    POSITION_UNREADABLE = "position_unreadable"  #: No two numbers.
    NUMBER_AS_TEXT = "number_as_text"  #: A number inside quotes, used.
    POSITION_NOT_FINITE = "position_not_finite"  #: NaN or infinite.
    POSITION_OUT_OF_RANGE = "position_out_of_range"  #: Nowhere on earth.
    POSITION_OUTSIDE_AREA = "position_outside_area"  #: Outside the area served.
    POSITION_LOOKS_SWAPPED = "position_looks_swapped"  #: Inside with its numbers exchanged: never corrected by a guess.
    ACCURACY_UNREADABLE = "accuracy_unreadable"  #: Negative, NaN or no number; taken as unknown.
    FIX_TIME_MISSING = "fix_time_missing"  #: Taken as measured at receipt.
    FIX_TIME_UNREADABLE = "fix_time_unreadable"  #: Taken as measured at receipt.
    FIX_IN_FUTURE = "fix_in_future"  #: Later than the phone's own now; taken as measured at receipt.
    FIX_OLD = "fix_old"  #: Usable as the last known position only.
    ANOTHER_BODY = "another_body"  #: The same client_id with another body.
    CLIENT_ID_REUSED = "client_id_reused"  #: Of an incident long closed: rings anew.
    REVOKED_DEVICE = "revoked_device"  #: Rings the desk, sends nobody by itself.
    FLOOD = "flood"  #: More presses in a minute than a person makes.
    CALLER_UNKNOWN = "caller_unknown"  #: Nobody registered with this phone.
    DETAILS_LOST = "details_lost"  #: The database refused to keep the faults; the press rang without them.
    MORE = "more"  #: There were more faults than are kept; how many.


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that was wrong."""

    kind: FaultKind
    field: str  #: Where in the body, "" for all of it.
    said: str | None = None  #: What stood there, cleaned and cut; personal data of the caller.


def fault(kind: FaultKind, field: str = "", said: object = None) -> Fault:
    """Make one, with names and values cut and cleaned so that the database takes them."""
    return Fault(kind, clean(field)[:NAME_LIMIT], None if said is None else short(said))


#: What a body can be stuffed with; kept after everything else, so that it crowds nothing out.
_STUFFING: Final = frozenset({FaultKind.UNKNOWN_FIELD, FaultKind.REPEATED_FIELD})


def kept(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return the first so many, and a last one that counts the rest."""
    found = sorted(dict.fromkeys(faults), key=lambda one: one.kind in _STUFFING)
    if len(found) <= KEPT_LIMIT:
        return tuple(found)
    return (*found[: KEPT_LIMIT - 1], Fault(FaultKind.MORE, "", str(len(found) - KEPT_LIMIT + 1)))


def clean(text: str) -> str:
    """Return it without NUL and lone surrogates, which PostgreSQL refuses: a press must not fail for a letter."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def short(value: object) -> str:
    """Return a value as text of at most SAID_LIMIT characters; never raises."""
    if isinstance(value, str):
        return clean(value[:SAID_LIMIT])
    if isinstance(value, (dict, list)):
        # Not its content: it may be nested to the edge of the stack, and it may hold anything.
        return f"{type(value).__name__} of {len(value)}"
    return clean(repr(value)[:SAID_LIMIT])
