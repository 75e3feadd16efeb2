"""Cameras over HTTP: who may look, who may set them up, and what is refused clearly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from core.clock import HeldClock
from core.db import Database
from core.identity import Role
from core.ids import new_id
from kgys import api
from tests.conftest import NOON
from tests.pts.conftest import Client, Small, small_house

CAMERAS = "/kgys/cameras"
VIEW = {"lon": 30.52, "lat": 39.77, "bearing_deg": 90, "fov_deg": 60, "range_m": 100}


@pytest.fixture
async def house(db: Database, fresh_url: str, clock: HeldClock) -> AsyncIterator[Small]:
    with small_house(db, clock, fresh_url, api.router()) as small:
        yield small


@pytest.fixture
async def chief(house: Small) -> Client:
    return await house.person(Role.ADMIN, 26)


async def a_camera(chief: Client, **view: Any) -> str:
    made = await chief.post(CAMERAS, 201, name="Köprübaşı 1", view={**VIEW, **view})
    return str(made["id"])


async def test_a_camera_is_set_up_once_turned_and_found_by_the_time_of_its_view(house: Small, chief: Client) -> None:
    body = {"name": "Köprübaşı 1", "owner": "municipality", "view": VIEW, "client_id": str(new_id())}
    made = await chief.post(CAMERAS, 201, **body)
    assert await chief.post(CAMERAS, 201, **body) == made
    house.clock.move(timedelta(minutes=5))
    await chief.post(f"{CAMERAS}/{made['id']}/views", view={**VIEW, "bearing_deg": 270})
    operator = await house.person(Role.OPERATOR, 26)
    east = {"lon": 30.5206, "lat": 39.77}
    assert (await operator.get(f"{CAMERAS}/near", **east))["items"] == []
    [then] = (await operator.get(f"{CAMERAS}/near", **east, at=NOON.isoformat()))["items"]
    assert (then["id"], then["bearing_deg"], then["owner"], then["sector"]["type"]) == (made["id"], 90, "municipality", "Polygon")
    assert then["distance_m"] == pytest.approx(51.4, abs=0.5)
    [now] = (await operator.get(CAMERAS))["items"]
    assert (now["bearing_deg"], now["state"], now["position"]) == (270, "online", {"lon": 30.52, "lat": 39.77})
    actions = house.rows("SELECT action, actor_id FROM audit_entry WHERE subject_kind = 'camera' ORDER BY id")
    assert actions == [("camera.added", chief.id), ("camera.aimed", chief.id)]


async def test_a_failed_camera_is_shown_as_such(house: Small, chief: Client) -> None:
    camera = await a_camera(chief)
    await chief.post(f"{CAMERAS}/{camera}/state", state="fault")
    operator = await house.person(Role.OPERATOR, 26)
    assert (await operator.get(f"{CAMERAS}/{camera}"))["state"] == "fault"


@pytest.mark.parametrize(
    ("view", "slug"),
    [
        ({"lon": 39.77, "lat": 30.52}, "position-looks-swapped"),
        ({"lon": float("nan")}, "position-not-finite"),
        ({"lon": 32.85, "lat": 39.92}, "outside-office"),
        ({"fov_deg": 0}, "wrong-body"),
        ({"range_m": float("inf")}, "wrong-body"),
        ({"bearing_deg": 360}, "wrong-body"),
    ],
)
async def test_a_view_that_cannot_be_is_refused_with_its_reason(house: Small, chief: Client, view: dict[str, float], slug: str) -> None:
    answer = await chief.post(CAMERAS, 403 if slug == "outside-office" else 422, name="x", view={**VIEW, **view})
    assert answer["slug"] == slug
    assert house.rows("SELECT 1 FROM camera") == []


async def test_another_provinces_camera_reads_as_one_that_never_was(house: Small, chief: Client) -> None:
    camera = await a_camera(chief)
    other = await house.person(Role.OPERATOR, 43)
    assert await other.get(f"{CAMERAS}/{camera}", 404) == await other.get(f"{CAMERAS}/{new_id()}", 404)
    assert (await other.get(CAMERAS))["items"] == []
    there = await house.person(Role.ADMIN, 43)
    await there.post(f"{CAMERAS}/{camera}/state", 404, state="fault")


async def test_each_door_opens_to_its_roles_only(house: Small) -> None:
    desk = {Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR}
    may = {
        ("GET", CAMERAS): {*desk, Role.ADMIN},
        ("GET", f"{CAMERAS}/{new_id()}"): {*desk, Role.ADMIN},
        ("GET", f"{CAMERAS}/near?lon=30&lat=39"): desk,
        ("POST", CAMERAS): {Role.ADMIN},
        ("POST", f"{CAMERAS}/{new_id()}/views"): {Role.ADMIN},
        ("POST", f"{CAMERAS}/{new_id()}/state"): {Role.ADMIN},
    }
    for role in (role for role in Role if role not in {Role.KADES, Role.CAMERA, Role.GATE, Role.GATEWAY}):
        who = await house.person(role, 26)
        for (method, path), allowed in may.items():
            if role not in allowed:
                await who.call(method, path, 403, json={"client_id": str(new_id())})
