"""Every field of every body and query, and what nobody sane puts there: one clear refusal or an honest answer, never a fault of ours.

Where schemathesis draws by chance, this walks the whole table of doors: text PostgreSQL cannot hold, numbers no column holds, times no
calendar holds, cursors nobody gave out (issue 2, "must show" 6 and 7; law 12).
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.controlroom.doors import DOORS, Door, World, says
from tests.controlroom.test_roles import SIGN_OUT
from tests.doors.wire import problem_of
from tests.live import tc_no

if TYPE_CHECKING:
    from collections.abc import Iterator

UNKNOWN = "01890000-0000-7000-8000-000000000000"
STRANGE_TEXT: tuple[Any, ...] = (
    "", "\x00", "a\x00b", "\ud800", "İ" * 5_000, UNKNOWN, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00",
    "2026-02-30T00:00:00Z", "9999-12-31", "٣٤", "1e400", 7, True, None, [], {"a": 1},
)  # fmt: skip
STRANGE_NUMBERS: tuple[Any, ...] = (
    float("nan"), float("inf"), -float("inf"), 10**30, -(10**30), 2**31, 2**63, 1e308, -1, 0, 0.5, "٣٤", "x", True, None, [],
)  # fmt: skip
STRANGE_ELSE: tuple[Any, ...] = (None, [], {}, "", 1, [None], [[[]]], {"\x00": "\x00"})
STRANGE_QUERY: tuple[str, ...] = (
    "", "\x00", "%ff", "x", "-1", "0", "1" * 30, "nan", "inf", "1e308", "null", UNKNOWN, "AAAA", "bm90IG91cnM", "W251bGxd", "ñ" * 2_000,
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "WyJcdTAwMDAiLCAiMDE4OTAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAwIl0",
    # A time and an id as a cursor of ours, in a year no column holds; and a name with NUL.
    "MDAwMS0wMS0wMVQwMDowMDowMCsxNDowMCAwMTg5MDAwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDA",
)  # fmt: skip


def leaves(body: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every value of a body and where it stands, the whole ones too."""
    yield at, body
    if isinstance(body, (dict, list)):
        for key, value in body.items() if isinstance(body, dict) else enumerate(body):
            yield from leaves(value, (*at, key))


def strange_for(value: Any) -> tuple[Any, ...]:
    """What to put in its place."""
    if isinstance(value, str):
        return STRANGE_TEXT
    return STRANGE_NUMBERS if isinstance(value, (int, float)) and not isinstance(value, bool) else STRANGE_ELSE


def spoilt(body: Any) -> Iterator[tuple[str, Any]]:
    """Copies of a body with one value strange in each."""
    for at, value in leaves(body):
        for strange in strange_for(value):
            if not at:
                yield "the whole", strange
                continue
            other = copy.deepcopy(body)
            holder = other
            for key in at[:-1]:
                holder = holder[key]
            holder[at[-1]] = strange
            yield ".".join(map(str, at)), other


def whole_body(door: Door, world: World) -> dict[str, Any]:
    """The right body of a door with the fields that may be left out."""
    more: dict[str, dict[str, Any]] = {
        "/api/v1/incidents": {
            "place_text": "Çarşı", "province": 26, "priority": 3, "needed_teams": 1, "automatic": False, "drill": True,
            "caller": {"name": "a", "phone": "b", "words": "c"},
            "position": {"lon": 30.52, "lat": 39.77, "accuracy_m": 5.0, "fixed_at": "2026-11-24T09:00:00+03:00"},
        },
        "/api/v1/accounts": {"role": "team", "team_id": world.ids["team_id"]},
        "/api/v1/teams": {"district": 26001},
        "/api/v1/teams/panic": {"position": {"lon": 30.52, "lat": 39.77, "fixed_at": "2026-11-24T09:00:00+03:00", "speed_mps": 1.0}},
        "/api/v1/incidents/{incident_id}/dispatches": {"team_id": world.ids["team_id"]},
        "/api/v1/incidents/{incident_id}/hand-over": {"to": str(world.live.accounts["dispatcher"])},
        "/api/v1/incidents/{incident_id}/re-route": {"position": {"lon": 30.52, "lat": 39.77}},
        "/api/v1/incidents/{incident_id}/close": {"note": "a"},
        "/api/v1/alarms/{alarm_id}/ack": {"note": "a"},
        "/api/v1/kades/alerts/{alert_id}/positions": {"sent_at": "2026-11-24T09:00:00+03:00"},
        "/api/v1/kades/alerts/{alert_id}/evaluation": {"note": "a"},
        "/api/v1/kades/callers/{caller_id}/protection-orders": {"valid_to": "2027-01-01"},
        "/api/v1/pts/reads": {"sent_at": "2026-11-24T09:00:00+03:00"},
        "/api/v1/pts/hotlist": {"valid_from": "2026-01-01T00:00:00+03:00", "valid_to": "2028-01-01T00:00:00+03:00", "note": "a"},
        "/api/v1/pts/hits/{hit_id}/verdict": {"note": "a"},
        "/api/v1/kgys/cameras/{camera_id}/state": {},
        "/api/v1/pts/gates": {"bearing_deg": 10.0},
    }  # fmt: skip
    body = {**door.sends(world), **more.get(door.path, {})}
    if "positions" in body and door.path.startswith("/api/v1/teams"):
        body["positions"] = [{**body["positions"][0], "heading_deg": 10.0, "speed_mps": 1.0}]
    if "reads" in body:
        body["reads"] = [{**body["reads"][0], "char_confidence": [0.9], "direction": "in", "image": "AAAA"}]
    return {"client_id": str(uuid4()), **body}


#: Doors that ask for no token.
OPEN = (
    Door(
        "POST", "/api/v1/kades/registrations", frozenset(),
        says(
            tc_no=tc_no(77), phone="+905324000077", language="tr", safe_channel="sms", name="a", protected_address="b", province=26,
            position={"lon": 30.52, "lat": 39.77, "accuracy_m": 5.0, "fixed_at": "2026-11-24T09:00:00+03:00"},
        ),
    ),
    Door(
        "POST", f"/api/v1/kades/registrations/{UNKNOWN}/verify", frozenset(),
        says(code="123456", cancel_code="1234", duress_code="4321"),
    ),
    Door("POST", "/api/v1/token/refresh", frozenset(), says(refresh_token="x", device="y", grant_type="refresh_token")),
)  # fmt: skip
#: What ends a session, or takes from the others what they need, gets its strange values last.
LAST = ("/revoke", "/disable", "/password", "/revoke-sessions", "/close", "/end", "/merge", "/cancel", "/outcome")


@pytest.mark.timeout(400)
def test_a_strange_value_in_any_field_of_any_body_is_refused_clearly_or_taken(world: World) -> None:
    faults, asked = [], 0
    doors = [door for door in (*DOORS, *OPEN) if door.method == "POST" and door.path != SIGN_OUT]
    for door in sorted(doors, key=lambda one: one.path.endswith(LAST)):
        token = world.live.token[min(door.may)] if door.may else None
        for field, body in spoilt(whole_body(door, world)):
            if isinstance(body, dict) and field != "client_id" and "client_id" in body:
                body["client_id"] = str(uuid4())
            asked += 1
            lang = ("tr", "en")[asked % 2]
            answer = world.live.call(
                "POST", world.path(door), token, content=json.dumps(body).encode(),
                headers={"Content-Type": "application/json", "Accept-Language": lang},
            )  # fmt: skip
            if answer.status_code >= 500:
                faults.append(f"{answer.status_code} {door.path} {field}: {json.dumps(body)[:300]}")
            elif answer.status_code >= 400:
                problem_of(answer, lang)
            if door.path == "/api/v1/kades/alerts" and isinstance(body, dict) and "client_id" in body and body["client_id"] is not None:
                faults += [] if answer.status_code == 202 else [f"{answer.status_code} a press with a strange {field}"]

    assert faults == [], f"{len(faults)} of {asked}"
    assert asked > 1_500


@pytest.mark.timeout(200)
def test_a_strange_value_in_any_query_is_refused_clearly_or_answered(world: World) -> None:
    faults, asked = [], 0
    paths = world.live.get("/openapi.json").json()["paths"]
    for door in (one for one in DOORS if one.method == "GET"):
        names = [one["name"] for one in paths[door.path]["get"].get("parameters", []) if one["in"] == "query"]
        for name in names:
            for strange in STRANGE_QUERY:
                asked += 1
                lang = ("tr", "en")[asked % 2]
                answer = world.live.call(
                    "GET", world.path(door), world.live.token[min(door.may)], params={**door.sends(world), name: strange},
                    headers={"Accept-Language": lang},
                )  # fmt: skip
                if answer.status_code >= 500:
                    faults.append(f"{answer.status_code} {door.path}?{name}={strange[:60]!r}")
                elif answer.status_code >= 400:
                    problem_of(answer, lang)

    assert faults == []
    assert asked > 500
