"""Codes a woman keeps in her head: the SMS code, and the two of the one cancel field (normal, duress).

Four digits can be tried in no time by whoever has their hashes, so the hashes are keyed, and the key lies outside the database.
A keyed hash also takes the same time for every code, right or wrong.
"""

import hmac
import re
import secrets
from dataclasses import dataclass, field
from itertools import count
from typing import Final
from uuid import UUID

from kades.rules import CodeOutcome

SMS_DIGITS: Final = 6
OWN_DIGITS: Final = 4
_CODE: Final = re.compile(r"\d{4,6}")
_KEY_BYTES: Final = 32


def is_code(text: str) -> bool:
    """Whether somebody may choose this as her code: four to six digits."""
    return _CODE.fullmatch(text) is not None and text.isascii()


@dataclass(frozen=True, slots=True)
class Codes:
    """Makes, hashes and compares codes with one key."""

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key) < _KEY_BYTES:
            message = f"the key of the codes needs {_KEY_BYTES} bytes"
            raise ValueError(message)

    def new_sms_code(self) -> str:
        """Return six random digits."""
        return f"{secrets.randbelow(10**SMS_DIGITS):0{SMS_DIGITS}d}"

    def sms_hash(self, registration_id: UUID, code: str) -> bytes:
        """Return what is stored of an SMS code."""
        return self._hash("sms", registration_id, code)

    def own_hash(self, device_id: UUID, code: str) -> bytes:
        """Return what is stored of a cancel or duress code; the two look alike in the database."""
        return self._hash("own", device_id, code)

    def same_sms(self, registration_id: UUID, code: str, stored: bytes | None) -> bool:
        """Compare an SMS code in constant time."""
        return hmac.compare_digest(self.sms_hash(registration_id, code), stored or b"")

    def derived(self, device_id: UUID, what: str, *, other_than: str | None) -> str:
        """Return four digits for a phone whose owner chose none; the same again for the repeat of a lost answer (law 3)."""
        numbers = (int.from_bytes(self._hash(f"choose {what} {turn}", device_id, ""), "big") for turn in count())
        codes = (f"{number % 10**OWN_DIGITS:0{OWN_DIGITS}d}" for number in numbers)
        return next(code for code in codes if code != other_than)

    def compare(self, device_id: UUID, code: str, *, cancel_hash: bytes, duress_hash: bytes) -> CodeOutcome:
        """Say which code this is. Both are always compared, each in constant time."""
        given = self.own_hash(device_id, code)
        normal = hmac.compare_digest(given, cancel_hash)
        duress = hmac.compare_digest(given, duress_hash)
        if duress:
            return CodeOutcome.DURESS
        return CodeOutcome.NORMAL if normal else CodeOutcome.WRONG

    def blind(self, *parts: str) -> bytes:
        """Return a key for something that must be recognised again but never read back, such as a phone that asks for too many codes."""
        return self._hash("blind", UUID(int=0), "\0".join(parts))

    def _hash(self, what: str, subject: UUID, code: str) -> bytes:
        return hmac.digest(self.key, f"{what}\0{subject}\0{code}".encode("utf-8", "surrogatepass"), "sha256")


def code_key(house_key: bytes) -> bytes:
    """Return the key for codes, derived from the key the house keeps outside the database."""
    return hmac.digest(house_key, b"kades codes", "sha256")
