"""What the KGYS room says on the wire."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from kgys.rules import CameraState


class CameraChanged(BaseModel):
    """`camera.changed` to `desk:<province>`: a camera came, went, failed, or looks elsewhere now; the desk fetches it again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    camera_id: UUID
    state: CameraState


#: Type name → data model, for AsyncAPI and the TypeScript types.
FRAMES = {"camera.changed": CameraChanged}
