"""The house as it stands: it describes itself, says when it cannot take a press, and never accepts what was not committed (law 1)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import psycopg
from psycopg import sql

from controlroom.frames import SERVER_FRAMES
from controlroom.server import Server, listen_at
from core.clock import SystemClock
from tests.live import HERE, THERE, Live, environment_of, execute, fix, live_house
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: What the contract promises to send (contract.md, "Sockets"); footage and holds come with their issues.
PROMISED = {
    "dispatch.offered", "dispatch.changed", "incident.opened", "incident.changed", "kades.alert", "kades.trail", "kades.status", "pts.hit",
    "team.moved", "camera.changed", "desk.alarm", "standard.warned", "standard.breached", "welcome", "error", "pong",
}  # fmt: skip
FAILING_COMMIT = """
CREATE FUNCTION refuse_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$;
CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON incident DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_commit();
"""


def pressed(client_id: str | None = None) -> dict[str, Any]:
    """The body of a press."""
    return {"client_id": client_id or str(uuid4()), "pressed_at": SystemClock().now().isoformat(), "position": fix(), "trigger": "button"}


def test_the_house_describes_its_routes_and_says_who_may_use_them(shared_live: Live) -> None:
    document = shared_live.get("/openapi.json").json()

    assert document["openapi"].startswith("3.1")
    assert {"/api/v1/kades/alerts", "/api/v1/incidents", "/api/v1/pts/reads", "/api/v1/token"} <= document["paths"].keys()
    assert unresolved(document) == []


def test_the_house_describes_its_sockets_from_the_frames_it_sends(shared_live: Live) -> None:
    document = shared_live.get("/asyncapi.json").json()

    assert document["asyncapi"] == "3.0.0"
    assert set(SERVER_FRAMES) <= document["components"]["messages"].keys()
    assert set(SERVER_FRAMES) >= PROMISED
    assert unresolved(document) == []
    channels = {channel["address"]: channel for channel in document["channels"].values()}
    assert channels["/ws/team"]["x-roles"] == ["team"]
    assert channels["/ws/operator"]["x-roles"] == ["dispatcher", "operator", "supervisor"]


def test_readiness_goes_when_the_database_goes_and_comes_back_with_it(live: Live) -> None:
    assert live.get("/readyz").status_code == 200

    with away(live.url):
        until(lambda: live.get("/readyz").status_code == 503)
        answer = live.call("POST", "/api/v1/kades/alerts", live.token["kades"], json=pressed())
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert live.get("/healthz").status_code == 200

    until(lambda: live.get("/readyz").status_code == 200)
    assert live.call("POST", "/api/v1/kades/alerts", live.token["kades"], json=pressed()).status_code == 202


def test_a_commit_that_fails_is_never_answered_as_accepted(live: Live) -> None:
    with psycopg.connect(live.url) as conn:
        conn.execute(FAILING_COMMIT)
    body = pressed()

    press = live.call("POST", "/api/v1/kades/alerts", live.token["kades"], json=body)
    by_hand = live.post("/api/v1/incidents", live.token["dispatcher"], kind="kavga", place_text="Çarşı")

    assert press.status_code == 503
    assert press.headers["retry-after"] == "1"
    assert by_hand.status_code == 503
    assert execute(live.url, "SELECT count(*) FROM incident") == [(0,)]
    assert execute(live.url, "SELECT count(*) FROM kades_alert") == [(0,)]
    assert execute(live.url, "SELECT count(*) FROM outbox") == [(0,)]
    execute(live.url, "DROP TRIGGER refuse ON incident")
    again = live.call("POST", "/api/v1/kades/alerts", live.token["kades"], json=body)
    assert again.status_code == 202
    assert execute(live.url, "SELECT count(*) FROM incident") == [(1,)]


def test_the_jobs_process_takes_its_part_and_has_no_route_but_its_health(fresh_url: str, tmp_path: Path) -> None:
    execute(fresh_url, "DELETE FROM job_run")
    with listen_at("127.0.0.1", 0) as sock:
        server = Server("controlroom.serve", sock, environment_of(fresh_url, tmp_path), tmp_path / "jobs.jsonl", ("jobs",))
        try:
            server.start()
            server.await_ready()
            paths = ("/readyz", "/openapi.json", "/api/v1/me", "/")
            told = {path: httpx.get(server.base_url + path, trust_env=False).status_code for path in paths}
            until(lambda: execute(fresh_url, "SELECT count(*) > 8 FROM job_run") == [(True,)])
        finally:
            server.stop()

    assert told == {"/readyz": 200, "/openapi.json": 404, "/api/v1/me": 404, "/": 404}


def test_an_api_process_leaves_the_standing_jobs_to_the_jobs_process(fresh_url: str, tmp_path: Path) -> None:
    with live_house(fresh_url, tmp_path, words=("api",)) as house:
        alert = house.call("POST", "/api/v1/kades/alerts", house.token["kades"], json=pressed()).json()
        # Relay and timers are everybody's: without them the press would not be offered while the jobs process is away.
        until(lambda: execute(fresh_url, "SELECT round FROM incident WHERE id = %s AND round > 0", alert["incident_id"]))

    assert execute(fresh_url, "SELECT name FROM job_run") == []


def test_a_province_that_holds_back_rings_its_desk_at_once_and_asks_a_team_later(fresh_url: str, tmp_path: Path) -> None:
    held = {"KADES_HOLD_BACK_S": f"{HERE}:45"}
    with live_house(fresh_url, tmp_path, held) as house:
        alert = house.call("POST", "/api/v1/kades/alerts", house.token["kades"], json=pressed()).json()
        shown = house.get(f"/api/v1/incidents/{alert['incident_id']}", house.token["dispatcher"])
        [(waits,)] = execute(
            fresh_url,
            "SELECT t.due_at - i.received_at FROM timer t JOIN incident i ON i.id = t.subject_id WHERE t.kind = 'dispatch.choose'",
        )

    assert shown.json()["state"] == "raised"
    assert waits.total_seconds() == 45


def test_an_error_speaks_the_callers_language(shared_live: Live) -> None:
    turkish = shared_live.call("GET", "/api/v1/me", headers={"Accept-Language": "tr-TR,tr;q=0.9"})
    english = shared_live.call("GET", "/api/v1/me", headers={"Accept-Language": "en"})

    assert (turkish.status_code, english.status_code) == (401, 401)
    assert turkish.json()["title"] == "Oturum yok"
    assert english.json()["title"] == "Not signed in"
    assert turkish.headers["content-language"] == "tr"


def test_what_the_pages_ask_first_tells_that_this_is_no_demo(shared_live: Live) -> None:
    assert shared_live.get("/api/v1/config").json()["demo"] is False
    assert shared_live.get("/api/v1/me", shared_live.token["other_dispatcher"]).json()["provinces"] == [THERE]


def test_metrics_name_routes_by_their_template_and_nobody(shared_live: Live) -> None:
    shared_live.get(f"/api/v1/incidents/{uuid4()}", shared_live.token["operator"])

    told = shared_live.get("/metrics").text

    assert 'route="/api/v1/incidents/{incident_id}"' in told
    assert "operator" not in told


def unresolved(document: dict[str, Any]) -> list[str]:
    """References that lead nowhere."""
    lost: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            ref = node.get("$ref")
            if isinstance(ref, str) and not leads_somewhere(ref):
                lost.append(ref)
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    def leads_somewhere(ref: str) -> bool:
        node: Any = document
        for step in ref.removeprefix("#/").split("/"):
            node = node.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(node, dict) else None
        return node is not None

    walk(document)
    return lost


@contextmanager
def away(url: str) -> Iterator[None]:
    """The database lets nobody in, and throws out who is in."""
    name = url.partition("?")[0].rpartition("/")[2]
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(url.replace(f"/{name}", "/postgres"), autocommit=True) as conn:
        conn.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        try:
            yield
        finally:
            conn.execute(allow.format(sql.Identifier(name), sql.SQL("true")))
