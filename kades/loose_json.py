"""Read a JSON object from a frightened phone's body: whatever can be read is read, what cannot is named.

Two readings. Python's own parser takes nearly everything. Where it gives up for depth (64 kB hold 32,000 brackets) the top level
is cut into its members without recursion and each is read alone, so that one absurd field cannot hide the others.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, cast

from kades.faults import Fault, FaultKind, fault

#: More digits than any double has a use for (Python refuses 4,300); a longer integer becomes a float, which may be infinite.
DIGITS: Final = 400
#: The lone quote at the end is a string that never closes: seen once and given up, where looking on would take the square of its length.
_TOKEN: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{},:]|[^\s"\[\]{},:]++|"', re.DOTALL)
_CLOSES: Final = {"{": "}", "[": "]"}
#: What must stand between an object's names and values.
_SHAPE: Final = re.compile(r"\{(:(,:)*)?\}")


@dataclass(frozen=True, slots=True)
class Unread:
    """A value that was too deep to read, as it stood in the body."""

    text: str


@dataclass(slots=True)
class LooseObject:
    """The members of the object, and what was wrong on the way."""

    members: dict[str, Any]
    faults: list[Fault] = field(default_factory=list)


def read_object(raw: bytes) -> LooseObject | None:
    """Return the object in `raw`, None when there is none. Raises nothing."""
    faults: list[Fault] = []
    text = _text(raw, faults)
    try:
        value = _loads(text, faults)
    except RecursionError:
        members = _read_members(text, faults)
        return None if members is None else LooseObject(members, faults)
    except ValueError:
        return None
    return LooseObject(cast("dict[str, Any]", value), faults) if isinstance(value, dict) else None


def _text(raw: bytes, faults: list[Fault]) -> str:
    encoding = json.detect_encoding(raw)
    text = raw.decode(encoding, "replace")
    # A replacement character that really was sent is no fault, so compare the way back and not the letter.
    if "\ufffd" in text and text.encode(encoding, "replace") != raw:
        faults.append(fault(FaultKind.BROKEN_TEXT))
    return text.removeprefix("\ufeff")


def _loads(text: str, faults: list[Fault]) -> object:
    """Read with the standard parser; raises ValueError, RecursionError. NaN is a float here, for the position to judge."""
    strict = True
    try:
        return _decode(text, faults, strict=strict)
    except json.JSONDecodeError as why:
        if not why.msg.startswith("Invalid control character"):
            raise
    value = _decode(text, faults, strict=False)
    faults.append(fault(FaultKind.LOOSE_TEXT))
    return value


def _decode(text: str, faults: list[Fault], *, strict: bool) -> object:
    repeated: list[str] = []

    def pairs(found: list[tuple[str, object]]) -> dict[str, object]:
        members = dict(found)
        if len(members) != len(found):
            repeated.extend(_twice([name for name, _ in found]))
        return members

    value: object = json.loads(text, strict=strict, parse_int=_integer, object_pairs_hook=pairs)
    faults.extend(fault(FaultKind.REPEATED_FIELD, name) for name in repeated)
    return value


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= DIGITS else float(digits)


def _twice(names: Sequence[str]) -> list[str]:
    seen: set[str] = set()
    return [name for name in names if name in seen or seen.add(name)]


def _read_members(text: str, faults: list[Fault]) -> dict[str, Any] | None:
    parts = _cut(text)
    if parts is None:
        return None
    members: dict[str, Any] = {}
    for name_text, value_text in parts:
        try:
            name = _loads(name_text, faults)
            if not isinstance(name, str):
                return None
            if name in members:
                faults.append(fault(FaultKind.REPEATED_FIELD, name))
            members[name] = _read_value(name, value_text, faults)
        except (ValueError, RecursionError):
            return None
    return members


def _read_value(name: str, text: str, faults: list[Fault]) -> object:
    try:
        return _loads(text, faults)
    except RecursionError:
        faults.append(fault(FaultKind.TOO_DEEP, name))
        return Unread(text)


def _cut(text: str) -> list[tuple[str, str]] | None:
    """Return the top level's names and values as they stand; None when a bracket, colon or comma is out of place there."""
    stack: list[str] = []
    marks: list[tuple[str, int, int]] = []
    for token in _TOKEN.finditer(text):
        word = token.group()
        if (not stack and marks) or word == '"':
            return None
        if word in _CLOSES:
            stack.append(_CLOSES[word])
        elif word in _CLOSES.values() and (not stack or stack.pop() != word):
            return None
        if (len(stack) == 1 and (word in ",:" or not marks)) or not stack:
            marks.append((word, token.start(), token.end()))
    pieces = [text[here[2] : after[1]] for here, after in pairwise(marks)]
    shape = "".join(word for word, _, _ in marks)
    if stack or not _SHAPE.fullmatch(shape) or (shape == "{}" and pieces[0].strip()):
        return None
    return list(zip(pieces[::2], pieces[1::2], strict=False)) if shape != "{}" else []
