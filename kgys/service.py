"""Cameras set up, re-aimed, switched. Runs in the caller's transaction and never commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import outbox
from core.errors import NotFound
from core.ids import new_id
from kgys import store
from kgys.errors import CameraRetired, ViewNotLater
from kgys.frames import CameraChanged
from kgys.rules import CameraState

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from core.db import Tx
    from kgys.rules import Owner, View


async def add_camera(tx: Tx, *, name: str, province: int, owner: Owner, view: View, now: datetime) -> UUID:
    """Set up a camera with its first view; returns its id. Raises BadSector."""
    camera_id = new_id()
    await store.add_camera(tx, camera_id, name=name, province=province, owner=owner, state=CameraState.ONLINE, now=now)
    await store.add_view(tx, new_id(), camera_id, province, view, now)
    await _tell(tx, camera_id, province, CameraState.ONLINE, now)
    return camera_id


async def aim(tx: Tx, camera_id: UUID, view: View, at: datetime, now: datetime) -> None:
    """Let a camera look elsewhere from `at` on; what it saw before stays found by its time.

    Raises NotFound, CameraRetired, ViewNotLater, BadSector.
    """
    camera = await _standing(tx, camera_id)
    if at > now or not await store.end_view(tx, camera_id, at):
        raise ViewNotLater
    await store.add_view(tx, new_id(), camera_id, camera.province, view, at)
    await _tell(tx, camera_id, camera.province, camera.state, now)


async def switch(tx: Tx, camera_id: UUID, state: CameraState, now: datetime) -> None:
    """Set a camera's state; the same again tells nobody. Raises NotFound, CameraRetired."""
    camera = await _standing(tx, camera_id)
    if camera.state is state:
        return
    await store.set_state(tx, camera_id, state, now)
    if state is CameraState.RETIRED:
        await store.end_view(tx, camera_id, now)
    await _tell(tx, camera_id, camera.province, state, now)


async def _standing(tx: Tx, camera_id: UUID) -> store.Camera:
    camera = await store.lock_camera(tx, camera_id)
    if camera is None:
        raise NotFound
    if camera.state is CameraState.RETIRED:
        raise CameraRetired
    return camera


async def _tell(tx: Tx, camera_id: UUID, province: int, state: CameraState, now: datetime) -> None:
    data = CameraChanged(camera_id=camera_id, state=state).model_dump(mode="json")
    await outbox.emit(tx, "camera.changed", at=now, channels=[f"desk:{province}"], subject_id=camera_id, data=data)
