"""Every route and every socket against every role, no token, another province and another device's token (issue 2, "must show" 6).

Only 401 and 403 count as a refusal, or, for an id of another province or device, the same 404 as for an id that never was. A route or frame
that is not in the table of `doors.py` fails the test.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect

from core.ids import new_id
from tests.controlroom.doors import DOORS, EVERYBODY, PUBLIC, SAID, SOCKETS, SPELT, Door, World
from tests.live import LAT, LON, Live, fix, sign_in
from tests.waiting import until

REFUSALS = {401, 403}
#: Who has the same role in another province, or another device of the same kind.
FOREIGN = {
    "operator": "other_operator", "dispatcher": "other_dispatcher", "supervisor": "other_supervisor", "admin": "other_admin",
    "team": "far_team", "kades": "other_kades",
}  # fmt: skip
#: Ends the caller's session; its refusals are asked with a token that is no longer needed.
SIGN_OUT = "/api/v1/token/revoke"


@pytest.fixture(scope="module")
def world(shared_live: Live) -> World:
    """A world that is only looked at, and asked for what it refuses."""
    return people(shared_live)


def people(live: Live) -> World:
    """A press with a team on its way, a hit, an alarm, and an id of everything."""
    token, ids = live.token, dict(live.ids)
    ids["team_id"], ids["camera_id"], ids["gate_id"] = ids["team"], ids["camera"], ids["gate"]
    ids["account_id"], ids["sweep_id"] = str(live.accounts["victim"]), str(new_id())
    where = {"positions": [{"team_id": ids["team"], **fix()}]}
    assert live.call("POST", "/api/v1/teams/positions", token["gateway"], json=where).json()["stored"] == 1
    press = {"pressed_at": fix()["fixed_at"], "position": fix(), "trigger": "button"}
    alert = live.made("/api/v1/kades/alerts", token["kades"], **press)
    ids["alert_id"], ids["incident_id"] = alert["alert_id"], alert["incident_id"]
    ids["dispatch_id"] = until(lambda: dispatches(live, alert["incident_id"]))[0]["id"]
    live.made(f"/api/v1/dispatches/{ids['dispatch_id']}/status", token["team"], state="accepted", by="app")
    caller = live.get("/api/v1/kades/alerts", token["operator"], incident_id=alert["incident_id"]).json()["items"][0]
    ids["caller_id"], ids["kades_device_id"] = caller["caller"]["caller_id"], caller["device_id"]
    ids["entry_id"] = live.made(
        "/api/v1/pts/hotlist", token["supervisor"], plate="26 AB 123", category="stolen", authority="Deneme", document="D-1"
    )["entry_id"]  # fmt: skip
    read = {"client_id": str(uuid4()), "plate": "26AB123", "confidence": 0.99, "read_at": fix()["fixed_at"]}
    answer = live.call("POST", "/api/v1/pts/reads", token["gate"], json={"reads": [read]})
    assert answer.json()["accepted"] == 1
    hit = until(lambda: live.get("/api/v1/pts/hits", token["operator"]).json()["items"])[0]
    ids["hit_id"], ids["hit_incident_id"] = hit["hit_id"], hit["incident_id"]
    live.made("/api/v1/kades/alerts", token["other_kades"], pressed_at=fix()["fixed_at"], position=None, trigger="button")
    ids["alarm_id"] = until(lambda: live.get("/api/v1/alarms", token["operator"]).json()["items"])[0]["alarm_id"]
    device = live.made("/api/v1/devices", token["admin"], kind="camera", name="x", provinces=[26], subject_id=ids["camera"])
    ids["device_id"] = device["id"]
    return World(live, ids)


def dispatches(live: Live, incident_id: str) -> list[dict[str, Any]]:
    """The dispatches of an incident."""
    return live.get(f"/api/v1/incidents/{incident_id}", live.token["dispatcher"]).json()["dispatches"]


def name(door: Door) -> str:
    """How a door is called in a message."""
    return f"{door.method} {door.path}"


def guarded() -> list[Door]:
    """The doors but the one that ends the session."""
    return [door for door in DOORS if door.path != SIGN_OUT]


# --- the table is whole ----------------------------------------------------------------------------------------------------------


def test_every_route_of_the_house_stands_in_the_table(world: World) -> None:
    document = world.live.get("/openapi.json").json()
    routes = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}

    table = {(door.method, SPELT.get(door.path, door.path)) for door in DOORS}

    assert routes - table - PUBLIC == set(), "routes that no row of the table covers"
    assert table - routes == set(), "rows of the table whose route is gone"
    assert routes >= PUBLIC


def test_every_socket_and_every_frame_that_may_be_said_stands_in_the_table(world: World) -> None:
    document = world.live.get("/asyncapi.json").json()
    doors = {channel["address"]: channel for channel in document["channels"].values()}

    assert doors.keys() == SOCKETS.keys()
    for path, channel in doors.items():
        said = {document["components"]["messages"][key]["payload"]["properties"]["type"]["const"]
                for key in channel["messages"] if key.startswith("client.")}  # fmt: skip
        assert said - {"hello"} == SAID[path], path
        assert set(channel["x-roles"]) == SOCKETS[path]


# --- refusals --------------------------------------------------------------------------------------------------------------------


def test_nobody_without_a_token_passes_any_door(world: World) -> None:
    passed = [f"{name(door)}: {status}" for door in DOORS if (status := world.ask(door, None).status_code) != 401]

    assert passed == []


def test_a_token_that_was_never_issued_passes_no_door(world: World) -> None:
    passed = [f"{name(door)}: {status}" for door in guarded() if (status := world.ask(door, "never-issued").status_code) != 401]

    assert passed == []


def test_every_role_is_refused_at_every_door_that_is_not_its_own(world: World) -> None:
    passed = [
        f"{name(door)} as {role}: {status}"
        for door in guarded()
        for role in sorted(EVERYBODY - door.may)
        if (status := world.ask(door, world.live.token[role]).status_code) not in REFUSALS
    ]

    assert passed == []


def test_the_other_province_sees_of_an_id_what_it_sees_of_one_that_never_was(world: World) -> None:
    told: list[str] = []
    asked = 0
    for door in guarded():
        if "{" not in door.path or not door.ids:
            continue
        for role in sorted(door.may & FOREIGN.keys()):
            token = world.live.token[FOREIGN[role]]
            real = world.ask(door, token)
            never = world.ask(door, token, **{key: str(new_id()) for key in world.ids})
            asked += 1
            if real.status_code in REFUSALS:
                continue
            if (real.status_code, said(real)) != (404, said(never)) or never.status_code != 404:
                told.append(f"{name(door)} as {FOREIGN[role]}: {real.status_code} {said(real)}, not {never.status_code} {said(never)}")

    assert told == []
    assert asked > 40


def said(answer: Any) -> dict[str, Any]:
    """What an answer says beside its status."""
    body = answer.json()
    return {key: body.get(key) for key in ("slug", "title", "detail")}


def test_lists_of_another_province_hold_none_of_our_rows(world: World) -> None:
    theirs = {"far_team", "sweep_id", "serial"}
    ours = {value for key, value in world.ids.items() if key not in theirs}
    shown: list[str] = []
    for door in guarded():
        if door.method != "GET" or "{" in door.path:
            continue
        for role in sorted(door.may & (FOREIGN.keys() | {"auditor"})):
            answer = world.ask(door, world.live.token["other_auditor" if role == "auditor" else FOREIGN[role]])
            assert answer.status_code == 200, f"{name(door)}: {answer.text}"
            shown += [f"{name(door)} as {role} of another province shows {one}" for one in ours if one in answer.text]

    assert shown == []


def test_an_admin_makes_nothing_in_another_province(world: World) -> None:
    makes = [door for door in guarded() if door.may == frozenset({"admin"}) and door.method == "POST" and "{" not in door.path]
    passed = [
        f"{name(door)}: {answer.status_code} {answer.text}"
        for door in makes
        if door.path != "/api/v1/retention/sweeps"
        and (answer := world.ask(door, world.live.token["other_admin"])).status_code not in REFUSALS
    ]

    assert len(makes) == 6
    assert passed == []


def test_positions_of_a_team_are_taken_from_itself_and_its_own_gateway_alone(world: World) -> None:
    live, team = world.live, world.ids["team"]
    far = live.made("/api/v1/devices", live.token["admin"], kind="gateway", name="uzak", provinces=[43])["token"]
    body = {"positions": [{"team_id": team, **fix(lon=29.9, lat=39.4)}, {"team_id": world.ids["far_team"], **fix()}]}

    as_other_team = live.call("POST", "/api/v1/teams/positions", live.token["other_team"], json=body)
    as_far_gateway = live.call("POST", "/api/v1/teams/positions", far, json=body)

    assert as_other_team.status_code == 403
    assert [one["index"] for one in as_far_gateway.json()["refused"]] == [0]
    where = next(one for one in live.get("/api/v1/teams", live.token["operator"]).json()["items"] if one["team_id"] == team)
    assert where["position"]["lon"] == pytest.approx(LON)


def test_another_team_of_the_same_province_cannot_touch_a_dispatch(world: World) -> None:
    live, token = world.live, world.live.token["other_team"]
    path = f"/api/v1/dispatches/{world.ids['dispatch_id']}"

    answers = [
        live.get(path, token), live.get(f"{path}/address", token), live.get(f"{path}/vehicle", token),
        live.post(f"{path}/status", token, state="declined", by="app"),
    ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [404] * 4


def test_a_phone_learns_nothing_of_another_phones_alert(world: World) -> None:
    live, token = world.live, world.live.token["other_kades"]
    path = f"/api/v1/kades/alerts/{world.ids['alert_id']}"

    answers = [
        live.get(path, token), live.post(f"{path}/positions", token, position=fix()), live.post(f"{path}/cancel", token, code="1234"),
    ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [404] * 3


# --- sockets ---------------------------------------------------------------------------------------------------------------------


async def hello(live: Live, path: str, token: str) -> tuple[str, int | None, int | None]:
    """Say hello; return the first frame's type, the status of an error, and the closing code."""
    async with connect(live.socket_url(path), proxy=None) as socket:
        await socket.send(json.dumps({"type": "hello", "token": token}))
        first = json.loads(await asyncio.wait_for(socket.recv(), 5))
        if first["type"] == "welcome":
            return "welcome", None, None
        await asyncio.wait_for(socket.wait_closed(), 5)
        return first["type"], first["data"]["status"], socket.close_code


async def test_every_socket_lets_in_its_own_roles_and_refuses_all_others(world: World) -> None:
    wrong: list[str] = []
    for path, may in SOCKETS.items():
        for role in sorted(EVERYBODY):
            got = await hello(world.live, path, world.live.token[role])
            due = ("welcome", None, None) if role in may else ("error", 403, 4403)
            wrong += [] if got == due else [f"{path} as {role}: {got}"]
        got = await hello(world.live, path, "never-issued")
        wrong += [] if got == ("error", 401, 4401) else [f"{path} without a token: {got}"]

    assert wrong == []


def frame(world: World, kind: str) -> dict[str, Any]:
    """A frame that its own door takes, about our incident."""
    bodies: dict[str, dict[str, Any]] = {
        "ping": {},
        "renew": {"token": world.live.token["operator"]},
        "shown": {"seq": 1},
        "ack": {"seq": 1},
        "dispatch.status": {"dispatch_id": world.ids["dispatch_id"], "client_id": str(uuid4()), "state": "declined"},
        "position": {"lon": LON, "lat": LAT, "fixed_at": fix()["fixed_at"]},
        "viewport": {"bbox": [LON - 1, LAT - 1, LON + 1, LAT + 1]},
    }
    return {"type": kind, **bodies[kind]}


async def answer_to(live: Live, path: str, token: str, spoken: dict[str, Any]) -> dict[str, Any] | None:
    """Say one frame and a ping after it; return the error it got, None when there was none before the pong."""
    async with connect(live.socket_url(path), proxy=None) as socket:
        await socket.send(json.dumps({"type": "hello", "token": token}))
        await socket.send(json.dumps(spoken))
        await socket.send(json.dumps({"type": "ping"}))
        while True:
            got = json.loads(await asyncio.wait_for(socket.recv(), 5))
            if got["type"] == "error":
                return got["data"]
            if got["type"] == "pong":
                return None


async def test_a_frame_is_taken_at_its_own_door_and_nowhere_else(world: World) -> None:
    owner = {"/ws/team": "team", "/ws/operator": "operator", "/ws/kades": "kades"}
    every = frozenset[str]().union(*SAID.values())
    wrong: list[str] = []
    for path, takes in SAID.items():
        for kind in sorted(every - takes):
            error = await answer_to(world.live, path, world.live.token[owner[path]], frame(world, kind))
            wrong += [] if error and error["slug"] == "wrong-frame" else [f"{path} {kind}: {error}"]
        for kind in ("welcome", "dispatch.offered", "no-such-frame"):
            error = await answer_to(world.live, path, world.live.token[owner[path]], {"type": kind, "data": {}})
            wrong += [] if error and error["slug"] == "wrong-frame" else [f"{path} {kind}: {error}"]

    assert wrong == []


async def test_another_team_can_answer_nothing_over_its_socket_that_is_not_its_own(world: World) -> None:
    before = dispatches(world.live, world.ids["incident_id"])
    for key in ("other_team", "far_team"):
        for kind in ("dispatch.status", "ack"):
            error = await answer_to(world.live, "/ws/team", world.live.token[key], frame(world, kind))
            assert error is not None, f"{kind} as {key}"
            assert (error["status"], error["slug"]) == (404, "not-found")

    assert dispatches(world.live, world.ids["incident_id"]) == before


async def test_a_socket_cannot_be_renewed_with_somebody_elses_token(world: World) -> None:
    error = await answer_to(world.live, "/ws/team", world.live.token["team"], frame(world, "renew"))

    assert error is not None
    assert error["status"] == 401


# --- and those it is for ---------------------------------------------------------------------------------------------------------


def test_every_door_lets_in_everybody_it_is_for(live: Live) -> None:
    """In a house of its own: it closes, revokes and ends. What a role may do may still be too late (409) or not there (404)."""
    world = people(live)
    kept_out: list[str] = []
    # Phones are revoked and the incident closed at the end, so that the doors before still have something to open.
    for door in sorted(guarded(), key=lambda one: ("revoke" in one.path or "disable" in one.path, "close" in one.path)):
        for role in sorted(door.may):
            answer = world.ask(door, world.live.token[role])
            if answer.status_code in REFUSALS or answer.status_code >= 500:
                kept_out.append(f"{name(door)} as {role}: {answer.status_code} {answer.text}")

    assert kept_out == []


def test_signing_out_ends_the_session_of_a_person_and_leaves_a_device_alone(world: World) -> None:
    person, device = sign_in(world.live, "victim"), world.live.token["gate"]

    for token in (person, device):
        assert world.live.call("POST", SIGN_OUT, token).status_code == 204

    assert world.live.get("/api/v1/me", person).status_code == 401
    assert world.live.get("/api/v1/me", device).status_code == 200
