"""KADES over real sockets: bodies no phone would send, and her phone hearing how far help has got (law 1; contract, `/ws/kades`)."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.live import Live, fix, shared_live  # noqa: F401 - a fixture

pytestmark = pytest.mark.usefixtures("shared_live")
MEGABYTE = b"x" * 1_000_000


def raw(live: Live, head: str, chunks: Iterator[bytes]) -> bytes:
    """Send a request byte by byte as given, whatever the server says meanwhile; return its answer."""
    where = urlsplit(live.base_url)
    assert where.hostname is not None
    with socket.create_connection((where.hostname, where.port or 80), timeout=20) as wire:
        wire.sendall(
            f"POST /api/v1/kades/alerts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {live.token['kades']}\r\n{head}\r\n\r\n".encode()
        )
        try:
            for chunk in chunks:
                wire.sendall(chunk)
        except (BrokenPipeError, ConnectionResetError):
            pass
        wire.settimeout(10)
        answer = b""
        try:
            while b"\r\n\r\n" not in answer and (got := wire.recv(65_536)):
                answer += got
        except ConnectionResetError:
            pass
        return answer


def test_ten_megabytes_with_their_length_told_are_refused_and_the_next_press_rings(shared_live: Live) -> None:  # noqa: F811
    answer = raw(shared_live, "Content-Length: 10000000", iter([MEGABYTE] * 10))

    assert answer.startswith(b"HTTP/1.1 413")
    assert press(shared_live)["alert_id"]


def test_ten_megabytes_in_chunks_are_refused_and_the_next_press_rings(shared_live: Live) -> None:  # noqa: F811
    chunk = b"%x\r\n%s\r\n" % (len(MEGABYTE), MEGABYTE)
    answer = raw(shared_live, "Transfer-Encoding: chunked", iter([chunk] * 10 + [b"0\r\n\r\n"]))

    assert answer.startswith(b"HTTP/1.1 413")
    assert press(shared_live)["alert_id"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense", ""])
def test_a_press_rings_whatever_it_says_it_is(shared_live: Live, content_type: str) -> None:  # noqa: F811
    body = json.dumps({"client_id": str(uuid4())}).encode()

    answer = shared_live.call(
        "POST", "/api/v1/kades/alerts", shared_live.token["kades"], content=body, headers={"Content-Type": content_type}
    )

    assert answer.status_code == 202


def press(live: Live, key: str = "kades", **more: Any) -> dict[str, Any]:
    return live.made("/api/v1/kades/alerts", live.token[key], position=fix(), trigger="button", **more)


def hear(phone: ClientConnection, wanted: str) -> dict[str, Any]:
    """The next frame of that type; fails when none comes in time."""
    while True:
        frame = json.loads(phone.recv(timeout=10))
        if frame["type"] == wanted:
            return dict(frame)


def test_her_phone_hears_that_a_team_is_on_the_way_there_and_done(shared_live: Live) -> None:  # noqa: F811
    live = shared_live
    for key, lon in (("team", 30.5206), ("other_team", 30.9)):
        body = {"positions": [{"team_id": live.ids[key], **fix(lon=lon)}]}
        assert live.call("POST", "/api/v1/teams/positions", live.token[key], json=body).is_success

    with connect(live.socket_url("/ws/kades")) as phone:
        phone.send(json.dumps({"type": "hello", "token": live.token["other_kades"]}))
        assert hear(phone, "welcome")["data"]["replay"] == "snapshot"
        alert = press(live, "other_kades")
        offer = offered(live, alert["incident_id"])
        stages = []
        for state in ("accepted", "en_route", "on_scene"):
            live.made(f"/api/v1/dispatches/{offer['id']}/status", live.token[offer["key"]], state=state, by="app")
            if state != "en_route":
                stages.append(hear(phone, "kades.status")["data"])
        address = live.get(f"/api/v1/dispatches/{offer['id']}/address", live.token[offer["key"]])
        live.made(f"/api/v1/dispatches/{offer['id']}/status", live.token[offer["key"]], state="clear", by="app")
        live.made(f"/api/v1/incidents/{alert['incident_id']}/close", live.token["dispatcher"], outcome="resolved", note="")
        stages.append(hear(phone, "kades.status")["data"])

    assert [stage["stage"] for stage in stages] == ["team_on_the_way", "arrived", "closed"]
    assert {stage["alert_id"] for stage in stages} == {alert["alert_id"]}
    assert address.json()["address"] == "Deneme adresi"


def offered(live: Live, incident_id: str) -> dict[str, str]:
    """The open offer of an incident, and which of the two crews it went to."""
    for _ in range(200):
        incident = live.get(f"/api/v1/incidents/{incident_id}", live.token["dispatcher"]).json()
        for dispatch in incident["dispatches"]:
            if dispatch["state"] in {"offered", "acknowledged"}:
                key = next(key for key in ("team", "other_team") if live.ids[key] == dispatch["team_id"])
                return {"id": dispatch["id"], "key": key}
    message = "no team was offered the incident"
    raise AssertionError(message)
