"""HTTP of cameras: the registry, and which cameras saw a place at a time."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field, StringConstraints

from core.audit import record
from core.errors import NotFound
from core.identity import Role
from core.web import Body, Call, Write, allow, page
from geo.places import place_index
from geo.point import Point
from kgys import service, store
from kgys.errors import OutsideOffice
from kgys.paging import after_name, name_cursor
from kgys.rules import CameraState, Owner, View

if TYPE_CHECKING:
    from core.db import Row

Sees = Annotated[Call, allow(Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR, Role.ADMIN)]
Desk = Annotated[Call, allow(Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR)]
Admin = Annotated[Call, allow(Role.ADMIN)]
Limit = Annotated[int, Query(ge=1, le=2_000)]


class ViewBody(Body):
    """Where a camera stands and what it looks over: degrees clockwise from north, metres."""

    lon: float
    lat: float
    bearing_deg: Annotated[float, Field(ge=0, lt=360, allow_inf_nan=False)]
    fov_deg: Annotated[float, Field(gt=0, le=360, allow_inf_nan=False)]
    range_m: Annotated[float, Field(gt=0, le=5_000, allow_inf_nan=False)]

    def view(self) -> View:
        """Return it as the rules know it. Raises BadPosition."""
        return View(point=Point(lon=self.lon, lat=self.lat), bearing_deg=self.bearing_deg, fov_deg=self.fov_deg, range_m=self.range_m)


class NewCamera(Write):
    """A camera to set up."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    owner: Owner = Owner.POLICE
    view: ViewBody


class Aimed(Write):
    """A camera looks elsewhere from `at` on (now, when left out)."""

    view: ViewBody
    at: AwareDatetime | None = None


class Switched(Write):
    """A camera's new state."""

    state: CameraState


def router() -> APIRouter:
    """Return the room's routes under `/api/v1/kgys/cameras`."""
    routes = APIRouter(prefix="/api/v1/kgys/cameras", tags=["kgys"])
    _looking(routes)
    _changing(routes)
    return routes


def _looking(routes: APIRouter) -> None:
    @routes.get("")
    async def cameras(call: Sees, *, at: AwareDatetime | None = None, cursor: str | None = None, limit: Limit = 500) -> dict[str, Any]:
        """List the cameras of the caller's provinces with the view each had at `at` (now, when left out)."""
        rows = await store.cameras(call.tx, at=at or call.now, after=after_name(cursor), limit=limit)
        following = name_cursor(rows[-1]["name"], rows[-1]["id"]) if len(rows) == limit else None
        return page([_shown(row) for row in rows], following)

    @routes.get("/near")
    async def near(
        call: Desk, lon: float, lat: float, limit: Annotated[int, Query(ge=1, le=100)] = 10, at: AwareDatetime | None = None
    ) -> dict[str, Any]:
        """Tell which cameras see a point, or saw it at `at`: the working one with the point best in view first."""
        rows = await store.near(call.tx, Point(lon=lon, lat=lat), at or call.now, limit)
        return page(
            [{**_shown(row), "distance_m": round(row["distance_m"], 1), "off_axis_deg": round(row["off_axis_deg"], 1)} for row in rows]
        )

    @routes.get("/{camera_id}")
    async def camera(call: Sees, camera_id: UUID, at: AwareDatetime | None = None) -> dict[str, Any]:
        """Tell one camera with the view it had at `at` (now, when left out); a retired one is found only by its time."""
        rows = await store.cameras(call.tx, at=at or call.now, camera_id=camera_id, limit=1)
        if not rows:
            raise NotFound
        return _shown(rows[0])


def _changing(routes: APIRouter) -> None:
    @routes.post("", status_code=201)
    async def add(call: Admin, body: NewCamera) -> dict[str, Any]:
        """Set up a camera in a province the admin manages."""
        view = body.view.view()
        province = _province(call, view.point)

        async def do() -> dict[str, Any]:
            camera_id = await service.add_camera(call.tx, name=body.name, province=province, owner=body.owner, view=view, now=call.now)
            await _recorded(call, "camera.added", camera_id, province)
            return {"id": str(camera_id), "province": province, "state": CameraState.ONLINE.value}

        return await call.once(body, do)

    @routes.post("/{camera_id}/views")
    async def aim(call: Admin, camera_id: UUID, body: Aimed) -> dict[str, Any]:
        """Let a camera look elsewhere; the view it had stays for the time it had it."""
        view = body.view.view()
        _province(call, view.point)

        async def do() -> dict[str, Any]:
            at: datetime = body.at or call.now
            await service.aim(call.tx, camera_id, view, at, call.now)
            await _recorded(call, "camera.aimed", camera_id, None)
            return {"id": str(camera_id), "valid_from": at.isoformat()}

        return await call.once(body, do)

    @routes.post("/{camera_id}/state")
    async def switch(call: Admin, camera_id: UUID, body: Switched) -> dict[str, Any]:
        """Say that a camera works, failed, or is gone for good."""

        async def do() -> dict[str, Any]:
            await service.switch(call.tx, camera_id, body.state, call.now)
            await _recorded(call, "camera.switched", camera_id, None, state=body.state.value)
            return {"id": str(camera_id), "state": body.state.value}

        return await call.once(body, do)


def _province(call: Call, point: Point) -> int:
    place = place_index().place_of(point)
    if place is None or place.province_code not in call.who.provinces:
        raise OutsideOffice
    return place.province_code


async def _recorded(call: Call, action: str, camera_id: UUID, province: int | None, **detail: str) -> None:
    provinces = call.who.provinces if province is None else frozenset({province})
    await record(
        call.tx, at=call.now, actor=call.who, action=action, subject_kind="camera", subject_id=camera_id, provinces=provinces, detail=detail
    )


def _shown(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "province": row["province"],
        "owner": row["owner"],
        "state": row["state"],
        "position": {"lon": row["lon"], "lat": row["lat"]},
        "bearing_deg": row["bearing_deg"],
        "fov_deg": row["fov_deg"],
        "range_m": row["range_m"],
        "sector": json.loads(row["sector"]),
        "valid_from": row["valid_from"],
        "valid_to": row["valid_to"],
    }
