"""At the door (issue 2, "must show" 7): what comes in wrong gets one clear problem in the caller's language, and nothing is lost.

A press rings whatever is wrong with it (law 1); its rules and its sizes are proved in `tests/kades`, here it goes over the wire.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from core.clock import SystemClock
from tests.doors.wire import JSON, MEGABYTE, problem_of, raw, rows
from tests.live import LAT, LON, execute, fix, tc_no
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.controlroom.doors import World

Body = dict[str, Any]


@dataclass(frozen=True)
class Way:
    """One way in that is not a press."""

    path: str
    role: str | None
    body: Callable[[World], Body]


def now(**off: float) -> str:
    """The time, or one so far off."""
    return (SystemClock().now() + timedelta(**off)).isoformat()


def a_read(**other: Any) -> Body:
    return {"client_id": str(uuid4()), "plate": "34 ABC 123", "confidence": 0.9, "read_at": now(), **other}


def a_form(_: World) -> Body:
    serial = int(uuid4().hex[:6], 16)
    return {"client_id": str(uuid4()), "tc_no": tc_no(serial), "phone": f"+90533{serial % 10_000_000:07d}", "safe_channel": "sms"}


WAYS = {
    "positions": Way("/api/v1/teams/positions", "gateway", lambda world: {"positions": [{"team_id": world.ids["team_id"], **fix()}]}),
    "reads": Way("/api/v1/pts/reads", "gate", lambda _: {"reads": [a_read()]}),
    "incident": Way(
        "/api/v1/incidents", "dispatcher",
        lambda _: {"client_id": str(uuid4()), "kind": "kavga", "position": {"lon": LON, "lat": LAT}, "automatic": False},
    ),
    "status": Way(
        "/api/v1/dispatches/{dispatch_id}/status", "dispatcher",
        lambda _: {"client_id": str(uuid4()), "state": "en_route", "by": "radio"},
    ),
    "evaluation": Way(
        "/api/v1/kades/alerts/{alert_id}/evaluation", "operator", lambda _: {"client_id": str(uuid4()), "verdict": "genuine", "note": "ş"}
    ),
    "registration": Way("/api/v1/kades/registrations", None, a_form),
}  # fmt: skip


def as_bytes(body: Any) -> bytes:
    return json.dumps(body).encode()


def deep(body: Body) -> bytes:
    return as_bytes(body)[:-1] + b', "deep": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"


#: What becomes of a right body, the status it gets, and the content type it comes as.
SPOILT: dict[str, tuple[Callable[[Body], bytes | Iterable[bytes]], int, str]] = {
    "nothing at all": (lambda _: b"", 422, JSON),
    "broken utf-8": (lambda body: as_bytes(body)[:-1] + b', "x": "\xc3\x28\xff"}', 422, JSON),
    "utf-16": (lambda body: json.dumps({**body, "x": 1}).encode("utf-16"), 422, JSON),
    "cut off": (lambda body: as_bytes(body)[:-3], 422, JSON),
    "no json": (lambda _: b"lon=1&lat=2", 422, JSON),
    "a list": (lambda body: as_bytes([body]), 422, JSON),
    "a text": (lambda body: as_bytes(json.dumps(body)), 422, JSON),
    "null": (lambda _: b"null", 422, JSON),
    "an unknown field": (lambda body: as_bytes({**body, "prioritiy": 1}), 422, JSON),
    "nested fifty thousand deep": (deep, 422, JSON),
    "as text": (as_bytes, 422, "text/plain"),
    "as a form": (as_bytes, 422, "application/x-www-form-urlencoded"),
    "as many parts without a boundary": (as_bytes, 422, "multipart/form-data"),
    "ten megabytes with their length told": (lambda _: MEGABYTE * 10, 413, JSON),
    "ten megabytes in chunks": (lambda _: [MEGABYTE] * 10, 413, JSON),
}


def token_of(world: World, role: str | None) -> str | None:
    return None if role is None else world.live.token[role]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_spoilt_body_gets_one_clear_problem_in_either_language_and_the_right_one_still_passes(world: World, way: Way) -> None:
    live, token, path = world.live, token_of(world, way.role), way.path.format(**world.ids)
    before = rows(live.url)
    said: dict[str, list[str]] = {"tr": [], "en": []}
    for how, (spoil, status, content_type) in SPOILT.items():
        for lang, texts in said.items():
            answer = raw(live, "POST", path, token, spoil(way.body(world)), content_type=content_type, lang=lang)
            assert answer.status == status, f"{how}: {answer.status} {answer.body[:300]!r}"
            texts.append(problem_of(answer, lang)["detail"])
    assert rows(live.url) == before, "a refused body left something behind"
    assert all(tr != en for tr, en in zip(said["tr"], said["en"], strict=True))

    right = raw(live, "POST", path, token, as_bytes(way.body(world)))

    assert right.status in {200, 201}, right.body
    assert rows(live.url) != before


def test_a_misspelt_field_is_named_and_its_value_is_not_repeated(world: World) -> None:
    way = WAYS["registration"]
    answer = raw(world.live, "POST", way.path, None, as_bytes({**way.body(world), "protected_adress": "Gizli Sokak 5"}), lang="tr")

    [error] = problem_of(answer, "tr")["errors"]
    assert error["field"] == "body.protected_adress"
    assert error["message"] == "Böyle bir alan yok"
    assert "Gizli" not in answer.body.decode()


# --- positions -------------------------------------------------------------------------------------------------------------------

BAD_FIXES: dict[str, tuple[Body, str]] = {
    "swapped": ({"lon": LAT, "lat": LON}, "position-looks-swapped"),
    "nowhere": ({"lon": 361.0}, "position-out-of-range"),
    "abroad": ({"lon": 2.35, "lat": 48.85}, "position-outside-area"),
    "nan": ({"lat": float("nan")}, "position-not-finite"),
    "infinite": ({"lon": float("inf")}, "position-not-finite"),
    "of the future": ({"fixed_at": (SystemClock().now() + timedelta(hours=5)).isoformat()}, "fix-ahead"),
    "negative accuracy": ({"accuracy_m": -1}, "bad-accuracy"),
}


@pytest.mark.parametrize(("change", "slug"), BAD_FIXES.values(), ids=BAD_FIXES)
@pytest.mark.parametrize("lang", ["tr", "en"])
def test_a_bad_position_alone_is_refused_and_in_a_batch_it_is_named_while_the_others_stand(
    world: World, change: Body, slug: str, lang: str
) -> None:
    live, headers = world.live, {"Accept-Language": lang, "Content-Type": JSON}
    good = {"team_id": world.ids["other_team"], **fix()}
    bad = {"team_id": world.ids["team_id"], **fix(), **change}
    before = rows(live.url)

    alone = live.call("POST", WAYS["positions"].path, live.token["gateway"], content=as_bytes({"positions": [bad]}), headers=headers)
    assert (alone.status_code, problem_of(alone, lang)["slug"]) == (422, slug)
    assert rows(live.url) == before

    batch = as_bytes({"positions": [bad, good, bad]})
    together = live.call("POST", WAYS["positions"].path, live.token["gateway"], content=batch, headers=headers).json()
    assert together["stored"] == 1
    assert [(one["index"], one["problem"]["slug"]) for one in together["refused"]] == [(0, slug), (2, slug)]
    assert together["refused"][0]["problem"]["detail"] == alone.json()["detail"]


@pytest.mark.parametrize(
    "bad",
    [{"heading_deg": -1}, {"speed_mps": float("nan")}, {"lon": "x"}, {"fixed_at": "yesterday"}, {"fixed_at": None}, {"colour": "red"}],
)
def test_one_unreadable_position_does_not_take_the_rest_of_its_batch_off_the_map(world: World, bad: Body) -> None:
    live = world.live
    where = {"lon": LON + int(uuid4().hex[:4], 16) / 1e6, "lat": LAT}
    batch = [{"team_id": world.ids["team_id"], **fix(), **bad}, "none", {"team_id": world.ids["other_team"], **fix(), **where}]

    answer = live.call(
        "POST", WAYS["positions"].path, live.token["gateway"], content=as_bytes({"positions": batch}), headers={"Content-Type": JSON}
    )

    told = answer.json()
    assert (answer.status_code, told["stored"]) == (200, 1)
    assert [(one["index"], one["problem"]["slug"]) for one in told["refused"]] == [(0, "wrong-body"), (1, "wrong-body")]
    assert told["refused"][0]["problem"]["errors"][0]["field"] == f"body.positions.0.{next(iter(bad))}"
    stored = execute(live.url, "SELECT st_x(position::geometry) FROM team_position WHERE team_id = %s", world.ids["other_team"])
    assert stored == [(pytest.approx(where["lon"]),)]


def test_a_fix_of_yesterday_is_kept_in_the_track_and_moves_no_team_back(world: World) -> None:
    live, team = world.live, world.ids["team_id"]
    where = "SELECT st_astext(position), fixed_at FROM team_position WHERE team_id = %s"
    live.call("POST", WAYS["positions"].path, live.token["gateway"], json={"positions": [{"team_id": team, **fix()}]})
    before, tracked = execute(live.url, where, team), execute(live.url, "SELECT count(*) FROM team_track")

    old = {"team_id": team, **fix(lon=LON + 0.2), "fixed_at": now(days=-1)}
    answer = live.call("POST", WAYS["positions"].path, live.token["gateway"], json={"positions": [old]})

    assert answer.json() == {"stored": 1, "refused": []}
    assert execute(live.url, where, team) == before
    assert execute(live.url, "SELECT count(*) FROM team_track") == [(tracked[0][0] + 1,)]


# --- by hand, by radio, by gate ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("change", "slug"), BAD_FIXES.values(), ids=BAD_FIXES)
def test_an_incident_by_hand_at_a_place_that_cannot_be_is_refused_and_leaves_nothing_behind(world: World, change: Body, slug: str) -> None:
    live, way = world.live, WAYS["incident"]
    before = rows(live.url)
    body = way.body(world)
    spoilt = {**body, "position": {**body["position"], **change}}

    answer = raw(live, "POST", way.path, live.token["dispatcher"], as_bytes(spoilt), lang="tr")

    assert (answer.status, problem_of(answer, "tr")["slug"]) == (422, slug)
    assert rows(live.url) == before
    again = raw(live, "POST", way.path, live.token["dispatcher"], as_bytes(body))
    assert again.status == 201, "the refused one used its client_id up"


def test_a_crews_call_for_help_is_refused_for_nothing_in_its_place(world: World) -> None:
    live = world.live
    for position in ({"lon": LAT, "lat": LON, "fixed_at": now()}, {"lon": "x"}, {**fix(), "heading_deg": -1}, "here", [], {}):
        answer = live.call(
            "POST", "/api/v1/teams/panic", live.token["far_team"],
            json={"client_id": str(uuid4()), "position": position, "battery": 3},
        )  # fmt: skip
        assert answer.status_code == 201, f"{position}: {answer.text}"
        assert answer.json()["incident_id"]


BAD_READS: dict[str, Body] = {
    "no plate": {"plate": ""}, "a plate of another kind": {"plate": 7}, "no confidence": {"confidence": float("nan")},
    "no time": {"read_at": "soon"}, "no id": {"client_id": "x"}, "nul": {"plate": "34\x00ABC"},
}  # fmt: skip


@pytest.mark.parametrize("change", BAD_READS.values(), ids=BAD_READS)
def test_a_bad_read_is_told_by_its_index_and_takes_no_other_with_it(world: World, change: Body) -> None:
    live, good = world.live, a_read(plate=f"34 ABD {int(uuid4().hex[:4], 16) % 900 + 100}")
    count = "SELECT count(*) FROM pts_read WHERE client_id = %s"

    answer = live.call(
        "POST", WAYS["reads"].path, live.token["gate"], content=as_bytes({"reads": [a_read(**change), good]}),
        headers={"Accept-Language": "tr", "Content-Type": JSON},
    )  # fmt: skip

    told = answer.json()
    assert answer.status_code == 200
    assert {fault["index"] for fault in told["faults"]} == {0}
    assert told["accepted"] >= 1
    assert told["faults"][0]["detail"]
    assert execute(live.url, count, good["client_id"]) == [(1,)]


@pytest.mark.parametrize("name", ["incident", "status", "evaluation", "registration"])
def test_a_client_id_under_another_body_is_409_and_under_the_same_the_first_answer_again(world: World, name: str) -> None:
    live, way = world.live, WAYS[name]
    token, path = token_of(world, way.role), way.path.format(**world.ids)
    body = way.body(world)
    change = {"incident": {"kind": "hirsizlik"}, "status": {"state": "on_scene"}, "evaluation": {"verdict": "mistaken"}}
    first = raw(live, "POST", path, token, as_bytes(body))
    before = rows(live.url)

    for lang in ("tr", "en"):
        other = raw(live, "POST", path, token, as_bytes({**body, **change.get(name, {"safe_channel": "hiç"})}), lang=lang)
        assert (other.status, problem_of(other, lang)["slug"]) == (409, "client-id-reused")
    same = raw(live, "POST", path, token, as_bytes(body))

    assert first.status in {200, 201}, first.body
    assert (same.status, same.json()) == (first.status, first.json())
    assert rows(live.url) == before


def test_a_method_or_an_address_that_is_none_is_told_in_either_language(world: World) -> None:
    for lang, method, path, status in (
        ("tr", "PUT", "/api/v1/incidents", 405), ("en", "DELETE", "/api/v1/kades/alerts", 405), ("tr", "GET", "/api/v1/nothing", 404),
        ("en", "GET", "/api/v1/incidents/x/y/z", 404),
    ):  # fmt: skip
        answer = raw(world.live, method, path, world.live.token["dispatcher"], b"{}", lang=lang)
        assert (answer.status, problem_of(answer, lang)["status"]) == (status, status), path


# --- the press -------------------------------------------------------------------------------------------------------------------

PLACED: Callable[[Body], Body] = lambda change: {**fix(), **change}  # noqa: E731 - read as a row of the table below
#: What is wrong, and the fault the desk is told of.
WRONG_PRESSES: dict[str, tuple[Body, str]] = {
    "swapped": ({"position": PLACED({"lon": LAT, "lat": LON})}, "position_looks_swapped"),
    "nan": ({"position": PLACED({"lon": float("nan")})}, "position_not_finite"),
    "a fix of yesterday": ({"position": PLACED({"fixed_at": (SystemClock().now() - timedelta(days=1)).isoformat()})}, "fix_old"),
    "a fix of the future": ({"position": PLACED({"fixed_at": (SystemClock().now() + timedelta(days=1)).isoformat()})}, "fix_in_future"),
    "a clock hours ahead": ({"pressed_at": (SystemClock().now() + timedelta(hours=7)).isoformat()}, "clock_off"),
    "a clock hours behind": ({"pressed_at": (SystemClock().now() - timedelta(hours=7)).isoformat()}, "clock_off"),
    "an unknown field": ({"mood": "bad"}, "unknown_field"),
    "half a letter": ({"trigger": "\ud800"}, "trigger_unknown"),
}


def test_a_press_with_anything_wrong_in_it_rings_and_the_desk_is_told_what_was_wrong(world: World) -> None:
    live = world.live
    before = execute(live.url, "SELECT count(*) FROM kades_alert")[0][0]
    bodies = [
        as_bytes({"client_id": str(uuid4()), "pressed_at": now(), "position": fix(), "trigger": "button", **change})
        for change, _ in WRONG_PRESSES.values()
    ]
    whole = as_bytes({"client_id": str(uuid4()), "pressed_at": now(), "position": fix(), "trigger": "button"})
    bodies += [whole[:-1] + b', "note": "\xc3\x28\xff"}', whole.replace(b'"client_id": "', b'"client_id": "x'), deep_press()]
    kinds = [kind for _, kind in WRONG_PRESSES.values()] + ["broken_text", "client_id_not_uuid", "too_deep"]

    for kind, body in zip(kinds, bodies, strict=True):
        answer = raw(live, "POST", "/api/v1/kades/alerts", live.token["kades"], body)
        assert answer.status == 202, f"{kind}: {answer.status} {answer.body!r}"
        alert = answer.json()
        assert execute(live.url, "SELECT count(*) FROM incident WHERE id = %s", alert["incident_id"]) == [(1,)]
        told = [fault["kind"] for fault in faults_of(world, alert)]
        assert kind in told, f"{kind}: {told}"

    assert execute(live.url, "SELECT count(*) FROM kades_alert") == [(before + len(bodies),)]


def deep_press() -> bytes:
    return as_bytes({"client_id": str(uuid4()), "position": fix()})[:-1] + b', "deep": ' + b"[" * 20_000 + b"]" * 20_000 + b"}"


def faults_of(world: World, alert: Body) -> list[Body]:
    listed = world.live.get("/api/v1/kades/alerts", world.live.token["operator"], incident_id=alert["incident_id"]).json()["items"]
    return next(one for one in listed if one["alert_id"] == alert["alert_id"])["faults"]


def test_a_press_under_a_used_client_id_gets_the_first_answer_and_what_differs_is_kept(world: World) -> None:
    live = world.live
    body = {"client_id": str(uuid4()), "pressed_at": now(), "position": None, "trigger": "button"}
    first = raw(live, "POST", "/api/v1/kades/alerts", live.token["kades"], as_bytes(body))

    again = raw(live, "POST", "/api/v1/kades/alerts", live.token["kades"], as_bytes({**body, "position": fix(lon=LON + 0.01)}))

    assert (first.status, again.status) == (202, 202)
    assert first.json() == again.json()
    assert "another_body" in [fault["kind"] for fault in faults_of(world, first.json())]
    until(lambda: execute(live.url, "SELECT 1 FROM kades_position WHERE alert_id = %s", first.json()["alert_id"]))


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"\xff\xfe", b"{}", b'{"client_id": null}', b'"client_id"'])
def test_what_is_no_press_at_all_is_refused_in_either_language_and_says_call_112(world: World, body: bytes) -> None:
    before = rows(world.live.url)
    for lang in ("tr", "en"):
        answer = raw(world.live, "POST", "/api/v1/kades/alerts", world.live.token["kades"], body, lang=lang)
        assert answer.status == 400
        assert "112" in problem_of(answer, lang)["detail"]
    assert rows(world.live.url) == before
