"""What KADES says on the wire. No name, phone or address stands in a frame; the desk reads those by REST, with a face and a reason."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from geo.frames import Position
from kades.press import Trigger
from kades.rules import PositionKind


class KadesAlert(BaseModel):
    """`kades.alert` to `desk:<province>`: a press came in, or what is known of it changed (duress)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alert_id: UUID
    incident_id: UUID
    trigger: Trigger
    received_at: datetime
    position: Position | None
    position_kind: PositionKind
    silent: bool
    duress: bool
    further: int  #: Presses of her that came into this incident before.
    drill: Literal[False] = False


class KadesTrail(BaseModel):
    """`kades.trail` to the desk and to the teams assigned: where she is now."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alert_id: UUID
    incident_id: UUID
    position: Position


class KadesStatus(BaseModel):
    """`kades.status` to her phone, never for a silent press."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alert_id: UUID
    stage: Literal["received", "team_on_the_way", "arrived", "closed"]
    at: datetime


#: Type name → data model, for AsyncAPI and the TypeScript types.
FRAMES = {"kades.alert": KadesAlert, "kades.trail": KadesTrail, "kades.status": KadesStatus}
