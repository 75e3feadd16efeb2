"""Every frame the server may send, by type: the one source of `/asyncapi.json` and of the pages' TypeScript types (law 11)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

import dispatch.frames
import kades.frames
import kgys.frames
import pts.frames

if TYPE_CHECKING:
    from collections.abc import Mapping


class Welcome(BaseModel):
    """`welcome`: the door is open; the gap or a snapshot follows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    log: UUID  #: Which log the numbers belong to; another one means that all numbers begin anew.
    replay: Literal["complete", "snapshot"]
    seq: int


class Renewed(BaseModel):
    """`renewed`: the newer token was taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    expires_at: datetime | None


class Nothing(BaseModel):
    """`pong` and `heartbeat` say all they have to by coming."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Error(BaseModel):
    """`error`: one problem (RFC 9457) with both languages, and the ids of the frame it answers; a problem may tell more."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str
    slug: str
    title: str
    status: int
    detail: str
    detail_en: str


#: What every door says of itself.
COMMON: Final[Mapping[str, type[BaseModel]]] = {
    "welcome": Welcome,
    "renewed": Renewed,
    "pong": Nothing,
    "heartbeat": Nothing,
    "error": Error,
}
ROOMS: Final[tuple[Mapping[str, type[BaseModel]], ...]] = (
    dispatch.frames.FRAMES,
    kades.frames.FRAMES,
    pts.frames.FRAMES,
    kgys.frames.FRAMES,
)


def _collected() -> dict[str, type[BaseModel]]:
    found: dict[str, type[BaseModel]] = dict(COMMON)
    for room in ROOMS:
        if twice := found.keys() & room.keys():
            message = f"two rooms send {', '.join(sorted(twice))}"
            raise ValueError(message)
        found.update(room)
    return found


SERVER_FRAMES: Final[Mapping[str, type[BaseModel]]] = _collected()
