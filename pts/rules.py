"""Plates, and what a match may set in motion. Pure: values in, a decision with its reason out."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from uuid import UUID

#: Stands for a character that was on the plate but could not be read: such a plate never equals a listed one.
UNREAD: Final = "?"
#: Longer than any plate of any country (the longest have ten characters); more text is a sign, not a plate.
LONGEST: Final = 12

_SEPARATORS: Final = frozenset(" .,-_:;/\\|'\"`()[]{}\u00b7\u2022\u2027\u2219\u2010\u2011\u2012\u2013\u2014\u2015\u2212")
# Neighbours' plates use letters that look Latin and are stamped so on purpose (Vienna Convention, annex 2): one plate, one spelling.
_CYRILLIC: Final = dict(
    zip("\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0406\u0408", "ABEKMHOPCTYXIJ", strict=True)
)
_GREEK: Final = dict(
    zip("\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7", "ABEZHIKMNOPTYX", strict=True)
)
# Latin letters with a bar have no decomposition, and Đ is on Balkan plates.
_BARRED: Final = {"Đ": "D", "Ø": "O", "Ł": "L"}
_LOOKALIKES: Final = _CYRILLIC | _GREEK | _BARRED

_TURKISH: Final = re.compile(r"(?P<province>\d{2})(?P<letters>[A-Z]{1,3})(?P<digits>\d{2,5})")
#: How many digits may follow so many letters.
DIGITS_AFTER: Final = {1: (4, 5), 2: (3, 4), 3: (2, 3)}
#: Not in the Turkish alphabet, so on no Turkish plate.
FOREIGN_LETTERS: Final = frozenset("QWX")
PROVINCES: Final = 81


@dataclass(frozen=True, slots=True)
class Grammar:
    """How well a plate fits the Turkish form. It flags and ranks; it never decides whether a plate may match."""

    legal: bool  #: True for a plate that Türkiye issues.
    score: float  #: 1 legal Turkish, 0.5 plausible abroad, 0.2 hardly a plate, 0 has an unread character.
    why: str  #: "turkish", or the first thing that does not fit: unread, length, form, province, letters, digits.


def normalise(text: str) -> str:
    """Bring a plate to A–Z, 0–9 and `?`; empty when there is nothing of a plate in it.

    `str.upper` alone is wrong twice: dotless ı gives I by luck, but İ stays İ and a decomposed i̇ keeps its dot as a character of
    its own. Every combining mark goes, digits of other scripts become ours, look-alike letters become Latin. A letter that has no Latin
    reading becomes `?`: dropping it would turn one plate into another one's.
    """
    out: list[str] = []
    # Taken apart before and after: ª gives a only then, and upper() itself may give a letter with a mark.
    upper = unicodedata.normalize("NFKD", text.replace("ı", "I")).upper()
    for char in unicodedata.normalize("NFKD", upper):
        if char in _SEPARATORS or unicodedata.category(char) in {"Mn", "Cf", "Cc", "Zs"}:
            continue
        if char.isascii() and char.isalnum():
            out.append(char)
        elif (digit := unicodedata.decimal(char, None)) is not None:
            out.append(str(digit))
        else:
            out.append(_LOOKALIKES.get(char, UNREAD))
    plate = "".join(out)
    return plate if plate.strip(UNREAD) else ""


def score(plate: str) -> Grammar:
    """Judge a normalised plate: one letter + 4–5 digits, two + 3–4, three + 2–3, after one of 81 province codes, without Q, W, X."""
    if UNREAD in plate:
        return Grammar(legal=False, score=0.0, why="unread")
    why = _misfit(plate)
    if why is None:
        return Grammar(legal=True, score=1.0, why="turkish")
    plausible = 4 <= len(plate) <= 10 and any(c.isdigit() for c in plate)  # noqa: PLR2004 - shortest and longest plates in use abroad
    return Grammar(legal=False, score=0.5 if plausible else 0.2, why=why if plausible else "length")


def _misfit(plate: str) -> str | None:
    found = _TURKISH.fullmatch(plate)
    if found is None:
        return "form"
    if not 1 <= int(found["province"]) <= PROVINCES:
        return "province"
    if FOREIGN_LETTERS & set(found["letters"]):
        return "letters"
    if len(found["digits"]) not in DIGITS_AFTER[len(found["letters"])]:
        return "digits"
    return None


#: Times outside are no clock's error but nonsense, and reach the ends of what can be calculated with. A dead clock says 1970.
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)


def possible(at: datetime) -> bool:
    """Whether a time may be calculated with and stored."""
    return EARLIEST <= at < LATEST


class Category(StrEnum):
    """Why a plate is listed, in the order of rank (E15: terror and stolen first; other lists are a site's choice and rank below)."""

    TERROR = "terror"
    STOLEN = "stolen"
    WANTED = "wanted"
    OTHER = "other"

    @property
    def rank(self) -> int:
        """1 is looked at first."""
        return list(Category).index(self) + 1

    @property
    def priority(self) -> int:
        """The incident's priority: a press for help (1) comes before any plate, liens and the like come last."""
        return {Category.TERROR: 2, Category.STOLEN: 3, Category.WANTED: 4, Category.OTHER: 7}[self]


class Verdict(StrEnum):
    """What a person saw who compared the hit with the list."""

    CONFIRMED = "confirmed"  #: The plate is the listed one and the entry stands: the team may stop the vehicle.
    MISREAD = "misread"  #: The plate is another one.
    NOT_ACTIVE = "not_active"  #: The plate is right, the entry no longer holds (or names another, twin vehicle).


class Outcome(StrEnum):
    """How a hit ended; without one it stays open (E15)."""

    VEHICLE_TAKEN = "vehicle_taken"  #: Araç ele geçirildi.
    PERSON_TAKEN = "person_taken"  #: Kişi yakalandı.
    CHECKED_RELEASED = "checked_released"  #: Stopped, checked, let go.
    NOT_FOUND = "not_found"  #: The team did not meet the vehicle.
    MISREAD = "misread"  #: Nobody to stop: the plate was read wrongly.
    NOT_ACTIVE = "not_active"  #: Nobody to stop: the entry no longer held.


#: A verdict that leaves nothing to stop is its own outcome.
ENDS_WITH: Final = {Verdict.MISREAD: Outcome.MISREAD, Verdict.NOT_ACTIVE: Outcome.NOT_ACTIVE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When a read happened, as far as two clocks can tell."""

    late: bool
    age: timedelta  #: From the read to its receipt; negative when the gate's clock runs ahead.
    skew_ms: int | None  #: Gate's clock minus ours, where the gate told when it sent; else unknown.


def timing(*, read_at: datetime, sent_at: datetime | None, received_at: datetime, late_after: timedelta) -> Timing:
    """Tell a late read from a gate whose clock is off.

    With `sent_at` both times are the gate's own, so its error cancels out and a clock an hour slow does not mark every read late.
    """
    age = (sent_at or received_at) - read_at
    skew = None if sent_at is None else round((sent_at - received_at) / timedelta(milliseconds=1))
    return Timing(late=age > late_after, age=age, skew_ms=skew)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One list entry as it stood when it matched."""

    id: UUID
    category: Category
    authority: str
    document: str
    recorded_at: datetime
    valid_from: datetime
    valid_to: datetime | None


def ranked(entries: Iterable[Entry]) -> list[Entry]:
    """All entries of one plate, the weightiest first, the freshest first among equals."""
    return sorted(entries, key=lambda entry: (entry.category.rank, -entry.recorded_at.timestamp(), entry.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHit:
    """A hit that a further read may belong to."""

    id: UUID
    plate: str
    first_read_at: datetime
    last_read_at: datetime
    late: bool
    concluded: bool
    entry_ids: frozenset[UUID]


def belongs_to(
    hits: Sequence[KnownHit], *, plate: str, read_at: datetime, late: bool, entry_ids: Collection[UUID], window: timedelta
) -> KnownHit | None:
    """Find the hit of the same gate that this read only repeats; None makes a new one.

    Another plate never hides behind a hit. Neither does a live read behind a late hit (nobody was sent for that one), nor an entry made
    since behind a hit that is over already.
    """
    for hit in hits:
        near = hit.first_read_at - window <= read_at <= hit.last_read_at + window
        sent_nobody = hit.late and not late
        news = hit.concluded and not set(entry_ids) <= hit.entry_ids
        if hit.plate == plate and near and not sent_nobody and not news:
            return hit
    return None


def repeated(hit: KnownHit, read_at: datetime, entry_ids: Collection[UUID]) -> KnownHit:
    """Return the hit with one more read."""
    return replace(
        hit,
        first_read_at=min(hit.first_read_at, read_at),
        last_read_at=max(hit.last_read_at, read_at),
        entry_ids=hit.entry_ids | set(entry_ids),
    )


# "6284 sayılı", "6284 s. K."; but not the running number in "2026/6284" or "Değişik İş 2026-6284".
_LAW_6284: Final = re.compile(r"(?<![\d/.-])6284(?![\d/])")
_PROTECTION_WORDS: Final = re.compile(
    r"koruma\s+(?:karar|tedbir)|(?:koruyucu|onleyici)\s+tedbir|uzaklastirma|(?:protection|restraining)\s+order"
)


def names_protection_order(*texts: str) -> bool:
    """True when a listing rests on a protection order (Law 6284).

    Its article 12 lets technical means follow a person only by a judge's decision and never watch or record her; whether such a match may
    even warn is for counsel. Until that is settled no such document may list a plate.
    """
    return any(_LAW_6284.search(text) or _PROTECTION_WORDS.search(_folded(text)) for text in texts)


def _folded(text: str) -> str:
    """Lower case without marks, ı and İ both as i: so that KARARI, kararı and KARARİ are one word."""
    plain = unicodedata.normalize("NFKD", text.replace("İ", "i").replace("I", "i").replace("ı", "i").lower())
    return "".join(c for c in plain if unicodedata.category(c) != "Mn")
