"""Turns what a gate sent into reads, one by one: a bad one is told by its index and never takes the others with it."""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from pts import rules
from pts.errors import BadPicture, BadRead, NoPlate, ReadChanged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pts.settings import PtsSettings

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
JPEG = b"\xff\xd8\xff"


def _possible(at: datetime) -> datetime:
    """Refuse a time nobody can calculate with. Raises ValueError."""
    if not rules.possible(at):
        message = "no clock shows this"
        raise ValueError(message)
    return at


Instant = Annotated[AwareDatetime, AfterValidator(_possible)]


class SentRead(BaseModel):
    """One read as gates send it (contract, PTS)."""

    model_config = ConfigDict(extra="forbid")

    client_id: UUID
    plate: Words  #: As the engine read it, in any spelling.
    confidence: Share
    char_confidence: Annotated[list[Share], Field(max_length=32)] | None = None
    read_at: Instant  #: By the gate's clock.
    direction: Words | None = None
    image: str | None = None  #: base64 JPEG, a small crop.


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One usable read."""

    index: int  #: Its place in the batch.
    client_id: UUID
    plate: str  #: Normalised.
    plate_read: str  #: As sent.
    grammar: rules.Grammar
    confidence: float
    char_confidence: tuple[float, ...] | None
    read_at: datetime  #: The gate's clock, UTC.
    timing: rules.Timing
    direction: str | None
    jpeg: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with one read."""

    index: int
    problem: BadRead
    stored: bool = False  #: The read counts, only its picture does not.
    fields: tuple[str, ...] = ()  #: Which fields of it; never their content.


@dataclass(slots=True, kw_only=True)
class Batch:
    """A batch, sorted out."""

    reads: list[Read] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def sort_out(sent: Sequence[object], *, sent_at: datetime | None, received_at: datetime, settings: PtsSettings) -> Batch:
    """Read every element; never raises for the content of one."""
    batch = Batch()
    seen: dict[UUID, SentRead] = {}
    for index, element in enumerate(sent):
        try:
            told = SentRead.model_validate(element)
        except ValidationError as fault:
            fields = tuple(sorted({str(step["loc"][0]) for step in fault.errors(include_input=False) if step["loc"]}))
            batch.faults.append(Fault(index=index, problem=BadRead(), fields=fields))
            continue
        before = seen.setdefault(told.client_id, told)
        if before is not told:
            if before != told:
                batch.faults.append(Fault(index=index, problem=ReadChanged()))
            continue
        _add(
            batch,
            index,
            told,
            rules.timing(read_at=told.read_at, sent_at=sent_at, received_at=received_at, late_after=settings.late_after),
            settings.image_limit,
        )
    return batch


def _add(batch: Batch, index: int, told: SentRead, timing: rules.Timing, image_limit: int) -> None:
    plate = rules.normalise(told.plate)
    if not 1 < len(plate) <= rules.LONGEST:
        batch.faults.append(Fault(index=index, problem=NoPlate(most=rules.LONGEST), fields=("plate",)))
        return
    jpeg = _jpeg(told.image, image_limit)
    if told.image is not None and jpeg is None:
        batch.faults.append(Fault(index=index, problem=BadPicture(most=image_limit), stored=True, fields=("image",)))
    batch.reads.append(
        Read(
            index=index,
            client_id=told.client_id,
            plate=plate,
            plate_read=told.plate,
            grammar=rules.score(plate),
            confidence=told.confidence,
            char_confidence=None if told.char_confidence is None else tuple(told.char_confidence),
            read_at=told.read_at.astimezone(UTC),
            timing=timing,
            direction=told.direction,
            jpeg=jpeg,
        )
    )


def _jpeg(image: str | None, limit: int) -> bytes | None:
    """Decode a picture; None for what is none, or too large (four characters of base64 carry three bytes)."""
    if image is None or len(image) > limit * 4 // 3 + 4:
        return None
    try:
        jpeg = b64decode(image, validate=True)
    except (binascii.Error, ValueError):
        return None
    return jpeg if jpeg.startswith(JPEG) and len(jpeg) <= limit else None
