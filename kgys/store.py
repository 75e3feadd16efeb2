"""The only file of the KGYS room that touches SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.sql import load
from geo.areas import view_sector
from kgys.rules import CameraState

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from core.db import Row, Tx
    from geo.point import Point
    from kgys.rules import Owner, View

_SQL = load("kgys")


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """What a change of a camera needs to know."""

    province: int
    state: CameraState


async def near(tx: Tx, point: Point, at: datetime, limit: int) -> list[Row]:
    """Return the cameras of the caller's provinces whose view covered the point at `at`, the best view first."""
    return await tx.rows(_SQL["near"], {"lon": point.lon, "lat": point.lat, "at": at, "limit": limit})


async def cameras(
    tx: Tx, *, at: datetime, after: tuple[str, UUID] | None = None, camera_id: UUID | None = None, limit: int = 500
) -> list[Row]:
    """Return the cameras in scope by name, with the view they had at `at`."""
    name, last = after or (None, None)
    params = {"at": at, "after_name": name, "after_id": last, "camera_id": camera_id, "limit": limit}
    return await tx.rows(_SQL["cameras"], params)


async def add_camera(tx: Tx, camera_id: UUID, *, name: str, province: int, owner: Owner, state: CameraState, now: datetime) -> None:
    """Write a camera."""
    params = {"id": camera_id, "name": name, "province": province, "owner": owner.value, "state": state.value, "now": now}
    await tx.execute(_SQL["add_camera"], params)


async def add_view(tx: Tx, view_id: UUID, camera_id: UUID, province: int, view: View, at: datetime) -> None:
    """Write the view a camera has from `at` on."""
    sector = view_sector(view.point, bearing_deg=view.bearing_deg, fov_deg=view.fov_deg, range_m=view.range_m)
    params = {
        "id": view_id,
        "camera_id": camera_id,
        "province": province,
        "lon": view.point.lon,
        "lat": view.point.lat,
        "bearing_deg": view.bearing_deg,
        "fov_deg": view.fov_deg,
        "range_m": view.range_m,
        "sector": sector.wkb,
        "at": at,
    }
    await tx.execute(_SQL["add_view"], params)


async def end_view(tx: Tx, camera_id: UUID, at: datetime) -> bool:
    """End the present view at `at`; False when it began no earlier."""
    return await tx.value(_SQL["end_view"], {"camera_id": camera_id, "at": at}) is not None


async def lock_camera(tx: Tx, camera_id: UUID) -> Camera | None:
    """Return a camera and hold its row. None: none in scope."""
    row = await tx.row(_SQL["lock_camera"], {"camera_id": camera_id})
    return None if row is None else Camera(province=row["province"], state=CameraState(row["state"]))


async def set_state(tx: Tx, camera_id: UUID, state: CameraState, now: datetime) -> None:
    """Write the state."""
    await tx.execute(_SQL["set_state"], {"camera_id": camera_id, "state": state.value, "now": now})
