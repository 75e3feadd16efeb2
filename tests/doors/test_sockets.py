"""At the sockets' doors (issue 2, "must show" 7; contract.md, "Sockets"; law 11): too many, too late, too large, or not ours at all."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from controlroom.serve import WS_MAX_BYTES
from core.sockets import HELLO_WITHIN_S, SOCKETS_EACH
from tests.doors.sockets import Line, called, on_the_line, opened
from tests.live import HERE, LAT, LON, PASSWORD, Live, execute, fix, sign_in
from tests.waiting import comes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

TEAM, DESK, PHONE = "/ws/team", "/ws/operator", "/ws/kades"
CUT_WITHIN_S = 5.0
CROWD = 100


def press(live: Live) -> str:
    """A press beside the crew; its incident."""
    body = {"client_id": str(uuid4()), "pressed_at": fix()["fixed_at"], "position": fix(), "trigger": "button"}
    answer = live.call("POST", "/api/v1/kades/alerts", live.token["kades"], json=body)
    assert answer.status_code == 202
    return str(answer.json()["incident_id"])


def put(live: Live, key: str, lon: float) -> None:
    """Say where a crew is."""
    answer = live.call("POST", "/api/v1/teams/positions", live.token[key], json={"positions": [fix(lon=lon)]})
    assert answer.json()["stored"] == 1


def close(live: Live, incident_id: str) -> None:
    """End an incident, so that its crew is free for the next test."""
    live.made(f"/api/v1/incidents/{incident_id}/close", live.token["dispatcher"], outcome="resolved", note="")


# --- a hundred phones of one crew ------------------------------------------------------------------------------------------------


def offer_of(incident_id: str) -> Callable[[dict[str, Any]], bool]:
    return lambda frame: frame["data"]["incident_id"] == incident_id


async def acknowledged(line: Line, offer: dict[str, Any]) -> None:
    """Say that the app has it, and hear that it holds."""
    await line.say(type="ack", seq=offer["seq"])
    await line.frame("dispatch.changed", lambda one: one["data"]["id"] == offer["data"]["id"] and one["data"]["acknowledged_at"])


async def test_of_a_hundred_sockets_of_one_crew_the_newest_eight_stay_and_an_offer_made_meanwhile_is_acknowledged_once(
    shared_live: Live,
) -> None:
    live, url = shared_live, shared_live.socket_url(TEAM)
    put(live, "team", LON)
    put(live, "other_team", LON + 0.3)
    lines: list[Line] = []
    try:
        for number in range(CROWD):
            lines.append(await called(url, live.token["team"]))
            if number == CROWD // 2:
                incident_id = press(live)
                first = await lines[-1].frame("dispatch.offered", offer_of(incident_id))
                await acknowledged(lines[-1], first)
        cut, kept = lines[:-SOCKETS_EACH], lines[-SOCKETS_EACH:]
        codes = await asyncio.gather(*(line.closed() for line in cut))
        alive = await asyncio.gather(*(line.answers() for line in kept))
        # Every phone of the crew has the offer, live or in its snapshot, and says so as well.
        offers = [await line.frame("dispatch.offered", offer_of(incident_id)) for line in kept]
        for line, offer in zip(kept, offers, strict=True):
            await line.say(type="ack", seq=offer["seq"])
            await line.answers()
    finally:
        await asyncio.gather(*(line.leave() for line in lines))

    assert codes == [4409] * (CROWD - SOCKETS_EACH)
    assert alive == [True] * SOCKETS_EACH
    assert [[one["data"]["slug"] for one in line.of("error")] for line in cut] == [["too-many-sockets"]] * len(cut)
    assert all(one["data"]["detail"] and one["data"]["detail_en"] for line in cut for one in line.of("error"))
    assert [line.of("error") for line in kept] == [[]] * SOCKETS_EACH
    assert {offer["seq"] for offer in offers} == {first["seq"]}
    history = live.get(f"/api/v1/incidents/{incident_id}/history", live.token["dispatcher"]).json()["items"]
    assert [one["kind"] for one in history].count("dispatch.acknowledged") == 1
    assert execute(live.url, "SELECT count(*) FROM dispatch WHERE incident_id = %s AND acknowledged_at IS NOT NULL", incident_id) == [(1,)]
    close(live, incident_id)


async def test_of_a_hundred_sockets_at_once_eight_stay_and_each_other_is_told_why_once(shared_live: Live) -> None:
    live, url = shared_live, shared_live.socket_url(TEAM)
    hello = json.dumps({"type": "hello", "token": live.token["other_team"]})
    lines = await asyncio.gather(*(opened(url, hello) for _ in range(CROWD)))
    try:
        # Whose hello is answered last is the newest; who of the hundred that is, nobody can say.
        await asyncio.gather(*(line.until(lambda line=line: line.frames, "an answer to its hello") for line in lines))
        newest = await called(url, live.token["other_team"])
        lines.append(newest)
        await comes(lambda: sum(not line.ended for line in lines) <= SOCKETS_EACH, "the end of all but eight", within_s=30)
        stay = [line for line in lines if not line.ended]
        assert await asyncio.gather(*(line.answers() for line in stay)) == [True] * SOCKETS_EACH
        gone = [line for line in lines if line.ended]
    finally:
        await asyncio.gather(*(line.leave() for line in lines))

    assert newest in stay
    assert {line.wire.close_code for line in gone} == {4409}
    assert [[one["data"]["slug"] for one in line.of("error")] for line in gone] == [["too-many-sockets"]] * len(gone)


# --- the hello -------------------------------------------------------------------------------------------------------------------


async def test_who_says_no_hello_is_shown_out_after_five_seconds_and_who_says_it_late_in_time_is_let_in(shared_live: Live) -> None:
    live, loop = shared_live, asyncio.get_running_loop()
    silent, late = await opened(live.socket_url(TEAM), None), await opened(live.socket_url(TEAM), None)
    began = loop.time()
    # The interval is what is measured: late, and still in time.
    await asyncio.sleep(HELLO_WITHIN_S / 2)
    await late.say(type="hello", token=live.token["team"])

    code = await silent.closed()
    took = loop.time() - began

    assert code == 4408
    assert HELLO_WITHIN_S - 1 < took < HELLO_WITHIN_S + 5
    assert await late.answers()
    await late.leave()


NO_HELLO: dict[str, str | bytes] = {
    "another frame": '{"type": "ping"}',
    "no json": "hello",
    "a list": "[]",
    "no token": '{"type": "hello"}',
    "a token that is none": '{"type": "hello", "token": 7}',
    "a log that is none": '{"type": "hello", "token": "x", "log": "yesterday"}',
    "nested deep": '{"type": "hello", "token": ' + "[" * 20_000 + "]" * 20_000 + "}",
    "bytes": b'{"type": "hello", "token": "x"}',
}


@pytest.mark.parametrize("first", NO_HELLO.values(), ids=NO_HELLO)
async def test_a_first_frame_that_is_no_hello_gets_one_error_and_the_door(shared_live: Live, first: str | bytes) -> None:
    line = await opened(shared_live.socket_url(DESK), first)

    assert await line.closed() == 4422
    [error] = line.frames
    assert (error["type"], error["data"]["slug"], error["data"]["status"]) == ("error", "wrong-frame", 422)
    assert error["data"]["detail"] != error["data"]["detail_en"]


@pytest.mark.parametrize(
    "place",
    [{"after": 10**30}, {"after": -1}, {"after": -(10**30)}, {"log": str(uuid4()), "after": 1}, {"after": 2**63}, {"after": 0}],
)
async def test_a_place_in_the_log_that_cannot_be_is_answered_with_a_snapshot(shared_live: Live, place: dict[str, Any]) -> None:
    live = shared_live
    async with on_the_line(live.socket_url(DESK), live.token["operator"]) as line:
        log = line.frames[0]["data"]["log"]
    async with on_the_line(live.socket_url(DESK), live.token["operator"], **{"log": log, **place}) as line:
        first = line.frames[0]["data"]
        assert first["replay"] == ("complete" if place == {"after": 0} else "snapshot")
        assert await line.answers()


@pytest.mark.parametrize(("token", "path", "status"), [("operator", TEAM, 403), ("kades", DESK, 403), (None, PHONE, 401)])
async def test_a_hello_with_a_token_that_opens_another_door_gets_one_error_and_this_one_stays_shut(
    shared_live: Live, token: str | None, path: str, status: int
) -> None:
    hello = {"type": "hello", "token": "\x00nobody's" if token is None else shared_live.token[token]}
    line = await opened(shared_live.socket_url(path), json.dumps(hello))

    assert await line.closed() == 4000 + status
    assert [(one["type"], one["data"]["status"]) for one in line.frames] == [("error", status)]


# --- what is said inside ---------------------------------------------------------------------------------------------------------

HUGE = 10**30
NO_FRAMES: tuple[str | bytes, ...] = (
    "", "x", "7", "null", "[]", '"ping"', "{}", '{"type": null}', '{"type": 7}', '{"type": ["ping"]}', '{"type": "no-such-frame"}',
    '{"type": "welcome", "data": {}}', '{"type": "hello", "token": "x"}', '{"type": "ping"', '{"type": "renew"}',
    '{"type": "renew", "token": 7}', '{"type": "renew", "token": "never issued"}', '{"type": "renew", "token": "\\u0000"}',
    '{"type": "shown", "seq": "x"}', f'{{"type": "shown", "seq": {HUGE}}}', '{"type": "shown", "seq": NaN}',
    '{"type": "no", "seq": NaN, "client_id": Infinity}',
    '{"type": "no", "client_id": ' + "[" * 5_000 + "]" * 5_000 + "}", "[" * 30_000, '{"type": "no", "seq": ' + "9" * 5_000 + "}",
    b'{"type": "ping"}', b"\x00\xff",
)  # fmt: skip
NO_TEAM_FRAMES: tuple[str | bytes, ...] = (
    '{"type": "ack"}', f'{{"type": "ack", "seq": {HUGE}}}', '{"type": "ack", "seq": -1}',
    '{"type": "ack", "seq": 1, "state": "accepted"}', f'{{"type": "dispatch.status", "dispatch_id": "{uuid4()}", "state": "clear"}}',
    f'{{"type": "dispatch.status", "dispatch_id": "{uuid4()}", "client_id": "{uuid4()}", "state": "home"}}',
    f'{{"type": "dispatch.status", "dispatch_id": "{uuid4()}", "client_id": "{uuid4()}", "state": "accepted"}}',
    f'{{"type": "position", "lon": {LAT}, "lat": {LON}, "fixed_at": "2026-11-24T09:00:00Z"}}',
    f'{{"type": "position", "lon": NaN, "lat": {LAT}, "fixed_at": "2026-11-24T09:00:00Z"}}',
    f'{{"type": "position", "lon": {LON}, "lat": {LAT}, "fixed_at": "2199-11-24T09:00:00Z"}}',
    f'{{"type": "position", "lon": {LON}, "lat": {LAT}, "fixed_at": "0001-01-01T00:00:00+14:00"}}',
    f'{{"type": "position", "lon": {LON}, "lat": {LAT}, "fixed_at": "2026-11-24T09:00:00Z", "accuracy_m": 1e308}}',
    f'{{"type": "position", "lon": {LON}, "lat": {LAT}, "fixed_at": "2026-11-24T09:00:00Z", "team_id": "{uuid4()}"}}',
)  # fmt: skip
NO_DESK_FRAMES: tuple[str | bytes, ...] = (
    '{"type": "viewport"}', '{"type": "viewport", "bbox": []}', '{"type": "viewport", "bbox": [31, 40, 30, 39]}',
    '{"type": "viewport", "bbox": [NaN, NaN, NaN, NaN]}', '{"type": "viewport", "bbox": [1e308, -1e308, 1e309, 1e308]}',
    '{"type": "ack", "seq": 1}', '{"type": "position"}',
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "key", "spoken"),
    [(TEAM, "far_team", NO_FRAMES + NO_TEAM_FRAMES), (DESK, "operator", NO_FRAMES + NO_DESK_FRAMES), (PHONE, "kades", NO_FRAMES)],
    ids=["team", "desk", "phone"],
)
async def test_a_frame_that_is_none_of_ours_gets_one_error_each_and_the_socket_goes_on(
    shared_live: Live, path: str, key: str, spoken: tuple[str | bytes, ...]
) -> None:
    wrong: list[str] = []
    async with on_the_line(shared_live.socket_url(path), shared_live.token[key]) as line:
        for one in spoken:
            before = len(line.of("error"))
            await line.wire.send(one)
            await line.answers()
            errors = line.of("error")[before:]
            if len(errors) != 1 or errors[0]["seq"] is not None or not errors[0]["data"]["detail"] or not errors[0]["data"]["detail_en"]:
                wrong.append(f"{one[:80]!r}: {errors}")
        assert wrong == []
        assert not line.ended


async def test_an_error_names_the_frame_it_means(shared_live: Live) -> None:
    client_id, dispatch_id = str(uuid4()), str(uuid4())
    async with on_the_line(shared_live.socket_url(TEAM), shared_live.token["far_team"]) as line:
        await line.say(type="dispatch.status", dispatch_id=dispatch_id, client_id=client_id, state="accepted")
        error = await line.frame("error")

    assert (error["data"]["slug"], error["data"]["client_id"], error["data"]["dispatch_id"]) == ("not-found", client_id, dispatch_id)


@pytest.mark.parametrize(
    ("text", "code"),
    [(b"x" * (WS_MAX_BYTES + 1), 1009), (b'{"type": "\xc3\x28"}', 1007)],
    ids=["oversized", "broken utf-8"],
)
async def test_a_frame_no_socket_can_carry_closes_that_socket_and_no_other(shared_live: Live, text: bytes, code: int) -> None:
    live = shared_live
    async with on_the_line(live.socket_url(TEAM), live.token["far_team"]) as other:
        line = await called(live.socket_url(TEAM), live.token["far_team"])
        await line.wire.send(text, text=True)

        assert await line.closed() == code
        assert await other.answers()
    async with on_the_line(live.socket_url(TEAM), live.token["far_team"]) as again:
        assert await again.answers()


async def test_positions_said_badly_lose_none_of_those_said_well(shared_live: Live) -> None:
    live, team = shared_live, shared_live.ids["far_team"]
    async with on_the_line(live.socket_url(TEAM), live.token["far_team"]) as line:
        for number in range(20):
            await line.say(type="position", **fix(lon=LON + number / 1_000, lat=LAT if number % 2 else float("nan")))
        await line.answers()
        assert [one["data"]["slug"] for one in line.of("error")] == ["position-not-finite"] * 10

    stored = execute(live.url, "SELECT st_x(position::geometry) FROM team_position WHERE team_id = %s", team)
    assert stored == [(pytest.approx(LON + 0.019),)]


# --- sessions that end -----------------------------------------------------------------------------------------------------------


def newcomer(live: Live) -> tuple[str, str, str]:
    """An operator of today: account id, user name, access token."""
    username = f"op-{uuid4().hex[:8]}"
    made = live.made(
        "/api/v1/accounts", live.token["admin"], username=username, name="Deneme", role="operator", provinces=[HERE], password=PASSWORD
    )
    return made["id"], username, sign_in(live, username)


async def timed(what: Awaitable[Any]) -> tuple[Any, float]:
    """What came, and after how many seconds."""
    began = asyncio.get_running_loop().time()
    return await what, asyncio.get_running_loop().time() - began


@pytest.mark.parametrize("how", ["revoke-sessions", "disable"])
async def test_a_revoked_sessions_sockets_are_cut_within_five_seconds_and_nobody_elses(shared_live: Live, how: str) -> None:
    live = shared_live
    account_id, _, token = newcomer(live)
    async with on_the_line(live.socket_url(DESK), live.token["operator"]) as other, AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(on_the_line(live.socket_url(DESK), token)) for _ in range(3)]
        live.made(f"/api/v1/accounts/{account_id}/{how}", live.token["admin"])

        codes, took = await timed(asyncio.gather(*(line.closed() for line in lines)))

        assert codes == [4401] * 3
        assert took <= CUT_WITHIN_S
        assert await other.answers()
    refused = await opened(live.socket_url(DESK), json.dumps({"type": "hello", "token": token}))
    assert await refused.closed() == 4401


async def test_a_revoked_devices_socket_is_cut_within_five_seconds(live: Live) -> None:
    caller = live.get("/api/v1/kades/alerts", live.token["operator"], incident_id=press(live)).json()["items"][0]
    async with on_the_line(live.socket_url(PHONE), live.token["kades"]) as line:
        live.made(f"/api/v1/kades/devices/{caller['device_id']}/revoke", live.token["supervisor"], reason="kayıp")
        code, took = await timed(line.closed())

    assert code == 4401
    assert took <= CUT_WITHIN_S
    assert press(live), "a revoked phone still rings"


async def test_a_token_that_lapses_takes_its_socket_with_it_and_renew_in_band_keeps_it_open(shared_live: Live) -> None:
    live = shared_live
    _, username, token = newcomer(live)
    # Both hear of the same lapse in the same look, so that the one that is cut proves that the other was spared.
    execute(
        live.url, "UPDATE access_token SET expires_at = now() + interval '6 s' WHERE session_id IN "
        "(SELECT s.id FROM session s JOIN account a ON a.id = s.account_id WHERE a.username = %s)", username,
    )  # fmt: skip
    async with on_the_line(live.socket_url(DESK), token) as renewed, on_the_line(live.socket_url(DESK), token) as left:
        await renewed.say(type="renew", token=sign_in(live, username))
        told = await renewed.frame("renewed")
        assert told["data"]["expires_at"] is not None
        await left.say(type="renew", token="expired")
        assert (await left.frame("error"))["data"]["status"] == 401

        assert await left.closed() == 4401
        assert await renewed.answers()
