"""What the PTS room says on the wire. No plate stands in a frame: the desk reads it by REST, with a face and a reason."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from geo.frames import Position
from pts.rules import Category, Outcome, Verdict


class PtsHit(BaseModel):
    """`pts.hit` to `desk:<province>`: a listed plate passed a gate, was compared, or has its outcome."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hit_id: UUID
    incident_id: UUID
    gate_id: UUID
    category: Category
    read_at: datetime
    verdict: Verdict | None
    outcome: Outcome | None
    position: Position
    late: bool
    drill: Literal[False] = False


#: Type name → data model, for AsyncAPI and the TypeScript types.
FRAMES = {"pts.hit": PtsHit}
