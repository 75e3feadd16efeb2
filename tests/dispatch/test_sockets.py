"""The crew's door and the console's: what is said, what is heard, what moves on the map."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from core.db import EVERY
from core.errors import NotAllowed, NotFound, Problem
from core.hub import Client, Hub, Outgoing
from core.identity import Principal, Role
from core.ids import new_id
from core.sockets import Hello, Session, SocketDoor
from core.sql import load
from dispatch import frames
from dispatch.service import NotOnScene
from dispatch.sockets import TeamMoves, operator_door, team_door
from geo.errors import PositionLooksSwapped, PositionOutOfRange, PositionOutsideArea
from tests.dispatch.conftest import ESKISEHIR, KM_LON, KUTAHYA, LAT, LON, House, Room


def who(role: Role, *provinces: int, team_id: UUID | None = None) -> Principal:
    return Principal("account", new_id(), new_id(), role, frozenset(provinces or {ESKISEHIR}), team_id, None, role.value, None)


def session(room: Room, person: Principal, door: SocketDoor) -> Session:
    client = Client(person, door.path, frozenset(door.channels(person)), held=False)
    return Session(room.db, room.clock, client, Hello(type="hello", token="-"))


async def say(of: Session, door: SocketDoor, **frame: Any) -> None:
    model, handler = door.inbound[frame["type"]]
    await handler(of, model.model_validate(frame))


def heard(of: Session) -> list[dict[str, Any]]:
    found = []
    while (text := of.client.take()) is not None:
        found.append(json.loads(text))
    return found


async def relayed(room: Room) -> list[dict[str, Any]]:
    """Number what waits in the outbox, as the relay does."""
    async with room.db.tx(EVERY, role="merkez_relay") as tx:
        return await tx.rows(load("core")["relay_batch"], {"limit": 500})


async def offered(room: Room, team_id: UUID) -> tuple[int, UUID]:
    """The number and the dispatch of the offer this crew was sent."""
    await room.raised()
    await room.run_timers()
    event = next(e for e in await relayed(room) if e["type"] == "dispatch.offered" and f"team:{team_id}" in e["channels"])
    return event["seq"], event["subject_id"]


async def snapshot(room: Room, door: SocketDoor, person: Principal) -> list[Outgoing]:
    async with room.db.tx(person.provinces) as tx:
        return await door.snapshot(tx, person, room.now)


async def test_an_ack_of_the_offers_number_says_that_the_app_has_it(room: Room) -> None:
    team_id = await room.team()
    seq, dispatch_id = await offered(room, team_id)
    door = team_door(room.site)
    mine = session(room, who(Role.TEAM, team_id=team_id), door)

    await say(mine, door, type="ack", seq=seq)
    await say(mine, door, type="ack", seq=seq)

    row = await room.row("SELECT state, acknowledged_at FROM dispatch WHERE id = %(id)s", id=dispatch_id)
    assert row == {"state": "acknowledged", "acknowledged_at": room.now}


async def test_an_ack_of_another_number_or_another_crews_offer_is_told_that_there_is_none(room: Room) -> None:
    seq, _ = await offered(room, await room.team())
    door = team_door(room.site)
    stranger = session(room, who(Role.TEAM, team_id=await room.team(5)), door)

    for number in (seq, seq - 1, 10_000):
        with pytest.raises(NotFound):
            await say(stranger, door, type="ack", seq=number)


async def test_a_status_is_answered_with_what_holds_now_and_the_same_twice_changes_nothing(room: Room) -> None:
    team_id = await room.team()
    _, dispatch_id = await offered(room, team_id)
    door = team_door(room.site)
    mine = session(room, who(Role.TEAM, team_id=team_id), door)
    said = {"type": "dispatch.status", "dispatch_id": str(dispatch_id), "client_id": str(new_id()), "state": "accepted"}

    await say(mine, door, **said)
    await say(mine, door, **said)

    answers = heard(mine)
    assert [(a["type"], a["seq"], a["data"]["state"]) for a in answers] == [("dispatch.changed", None, "accepted")] * 2
    assert len(await room.frames("dispatch.changed")) == 1


async def test_what_was_said_on_a_socket_that_broke_may_be_said_again_by_http_under_the_same_client_id(house: House) -> None:
    room = house.room
    team_id = await room.team()
    _, dispatch_id = await offered(room, team_id)
    crew = await house.person(Role.TEAM, team_id=team_id)
    door = team_door(room.site)
    mine = session(room, replace(who(Role.TEAM, team_id=team_id), id=crew.id), door)
    client_id = str(new_id())

    await say(mine, door, type="dispatch.status", dispatch_id=str(dispatch_id), client_id=client_id, state="accepted")
    again = await crew.send(f"/dispatches/{dispatch_id}/status", {"client_id": client_id, "state": "accepted", "by": "app"})
    other = await crew.send(f"/dispatches/{dispatch_id}/status", {"client_id": client_id, "state": "declined", "by": "app"})

    assert (again.status_code, again.json()["state"], again.json()["applied"]) == (200, "accepted", True)
    assert other.status_code == 409
    assert len(await room.frames("dispatch.changed")) == 1


async def test_a_yes_that_lost_is_told_so_on_that_phone(room: Room) -> None:
    team_id = await room.team()
    await room.team(1)
    _, dispatch_id = await offered(room, team_id)
    await room.run_timers(after=15.1)
    (other,) = [d for d in (await room.incident((await room.rows("SELECT id FROM incident"))[0]["id"])).dispatches if d.id != dispatch_id]
    from dispatch.states import Act

    await room.befall(other, Act.ACCEPT)
    door = team_door(room.site)
    mine = session(room, who(Role.TEAM, team_id=team_id), door)

    await say(mine, door, type="dispatch.status", dispatch_id=str(dispatch_id), client_id=str(new_id()), state="accepted")

    assert [(a["data"]["state"], a["data"]["reason"]) for a in heard(mine)] == [("withdrawn", "covered")]


async def test_done_before_arriving_and_a_swapped_position_get_one_clear_error(room: Room) -> None:
    team_id = await room.team()
    _, dispatch_id = await offered(room, team_id)
    door = team_door(room.site)
    mine = session(room, who(Role.TEAM, team_id=team_id), door)

    await say(mine, door, type="dispatch.status", dispatch_id=str(dispatch_id), client_id=str(new_id()), state="accepted")
    with pytest.raises(NotOnScene):
        await say(mine, door, type="dispatch.status", dispatch_id=str(dispatch_id), client_id=str(new_id()), state="clear")
    with pytest.raises(PositionLooksSwapped):
        await say(mine, door, type="position", lon=LAT, lat=LON, fixed_at=room.now.isoformat())
    with pytest.raises(ValidationError):
        await say(mine, door, type="dispatch.status", dispatch_id=str(dispatch_id), client_id=str(new_id()), state="offered")


async def test_a_crew_tells_its_position_over_its_socket(room: Room) -> None:
    team_id = await room.team(None)
    door = team_door(room.site)
    mine = session(room, who(Role.TEAM, team_id=team_id), door)

    await say(mine, door, type="position", lon=LON, lat=LAT, accuracy_m=4, fixed_at=room.now.isoformat(), heading_deg=90, speed_mps=12)

    row = await room.row("SELECT ST_X(position::geometry) AS lon, heading_deg FROM team_position")
    assert row == {"lon": pytest.approx(LON), "heading_deg": 90}


async def test_positions_of_many_crews_at_once_are_stored_together_and_a_bad_one_hurts_nobody_else(room: Room) -> None:
    crews = [await room.team(None) for _ in range(20)]
    door = team_door(room.site)
    sessions = [session(room, who(Role.TEAM, team_id=team_id), door) for team_id in crews]

    told = await asyncio.gather(
        *(
            say(one, door, type="position", lon=95.0 if n == 3 else LON, lat=LAT, fixed_at=room.now.isoformat())
            for n, one in enumerate(sessions)
        ),
        return_exceptions=True,
    )

    assert [n for n, one in enumerate(told) if one is not None] == [3]
    assert isinstance(told[3], PositionOutsideArea)
    rows = await room.rows("SELECT team_id, xmin::text FROM team_position")
    assert {row["team_id"] for row in rows} == set(crews) - {crews[3]}
    assert len({row["xmin"] for row in rows}) == 1


async def test_a_team_account_without_a_team_hears_and_says_nothing(room: Room) -> None:
    door = team_door(room.site)
    nobody = who(Role.TEAM)
    mine = session(room, nobody, door)

    assert door.channels(nobody) == set()
    assert await snapshot(room, door, nobody) == []
    with pytest.raises(NotAllowed):
        await say(mine, door, type="position", lon=LON, lat=LAT, fixed_at=room.now.isoformat())


async def test_a_crews_snapshot_holds_its_open_offer_under_the_number_it_was_sent_with(room: Room) -> None:
    team_id = await room.team()
    seq, dispatch_id = await offered(room, team_id)
    door = team_door(room.site)
    person = who(Role.TEAM, team_id=team_id)

    state, offer = await snapshot(room, door, person)

    assert (state.type, state.data["dispatch_id"]) == ("team.changed", str(dispatch_id))
    assert (offer.type, offer.seq, offer.data["id"]) == ("dispatch.offered", seq, str(dispatch_id))
    assert (await snapshot(room, door, who(Role.TEAM, team_id=await room.team(9))))[0].data["free"] is True


async def test_a_crews_snapshot_after_a_yes_is_the_dispatch_as_it_stands(room: Room) -> None:
    team_id = await room.team()
    _, dispatch_id = await offered(room, team_id)
    from dispatch.states import Act

    await room.befall(dispatch_id, Act.EN_ROUTE)

    told = await snapshot(room, team_door(room.site), who(Role.TEAM, team_id=team_id))

    assert [(one.type, one.seq, one.data.get("state")) for one in told[1:]] == [("dispatch.changed", None, "en_route")]


async def test_a_consoles_snapshot_holds_the_open_incidents_and_alarms_of_its_provinces_alone(room: Room) -> None:
    mine = await room.raised()
    await room.raised(provinces=frozenset({KUTAHYA}))
    await room.run_timers()

    told = await snapshot(room, operator_door(), who(Role.OPERATOR))

    assert [(one.type, one.data.get("id") or one.data["incident_id"]) for one in told] == [
        ("incident.changed", str(mine)),
        ("desk.alarm", str(mine)),
    ]


async def test_other_rooms_add_their_part_to_a_consoles_snapshot(room: Room) -> None:
    async def cameras(*_: object) -> list[Outgoing]:
        return [Outgoing("camera.changed", room.now, {"camera_id": "x"})]

    told = await snapshot(room, operator_door([cameras]), who(Role.OPERATOR))

    assert [one.type for one in told] == ["camera.changed"]


# --- moving teams ---


def moves(room: Room, *sessions: Session) -> TeamMoves:
    hub = Hub(room.db, room.clock)
    for one in sessions:
        hub.join(one.client)
    return TeamMoves(room.db, room.clock, hub, room.site)


async def look_at(one: Session, west: float, east: float) -> None:
    await say(one, operator_door(), type="viewport", bbox=[LON + west * KM_LON, LAT - 0.1, LON + east * KM_LON, LAT + 0.1])


async def a_console_that_has_looked(room: Room) -> tuple[Session, TeamMoves]:
    """A console with ten kilometres in its viewport that has been shown who stands there."""
    console = session(room, who(Role.OPERATOR), operator_door())
    watching = moves(room, console)
    await look_at(console, -5, 5)
    await watching.look()
    return console, watching


async def test_a_console_sees_who_stands_in_its_viewport_at_once_and_then_only_who_moves(room: Room) -> None:
    inside, outside = await room.team(1), await room.team(50)
    console = session(room, who(Role.OPERATOR), operator_door())
    watching = moves(room, console)
    await watching.look()
    assert heard(console) == []

    await look_at(console, -5, 5)
    await watching.look()
    (shown,) = heard(console)
    assert (shown["type"], shown["seq"], shown["data"]["team_id"]) == ("team.moved", None, str(inside))

    await watching.look()
    assert heard(console) == []
    room.clock.move(timedelta(seconds=1))
    await room.move(inside, 2)
    await room.move(outside, 49)
    await watching.look()
    (moved,) = heard(console)
    assert moved["data"]["position"]["lon"] == pytest.approx(LON + 2 * KM_LON)

    await look_at(console, 40, 60)
    await watching.look()
    assert [frame["data"]["team_id"] for frame in heard(console)] == [str(outside)]


async def test_several_fixes_between_two_looks_are_one_frame(room: Room) -> None:
    team_id = await room.team(1)
    console, watching = await a_console_that_has_looked(room)
    assert heard(console) != []

    for step in range(5):
        room.clock.move(timedelta(milliseconds=200))
        await room.move(team_id, 1 + step / 10)
        await watching.look()

    (frame,) = heard(console)
    assert frame["data"]["position"]["lon"] == pytest.approx(LON + 1.4 * KM_LON)


async def test_a_console_sees_no_team_of_another_province_wherever_it_drives(room: Room) -> None:
    team_id = await room.team(1, province=KUTAHYA)
    console, watching = await a_console_that_has_looked(room)
    room.clock.move(timedelta(seconds=1))
    await room.move(team_id, 2)
    await watching.look()

    assert heard(console) == []


async def test_a_fix_that_commits_late_is_still_shown(room: Room) -> None:
    team_id = await room.team(1)
    console, watching = await a_console_that_has_looked(room)
    assert heard(console) != []
    room.clock.move(timedelta(seconds=3))
    await watching.look()

    with room.superuser() as admin:
        # Received two seconds ago by another process, committed only now.
        admin.execute("UPDATE team_position SET received_at = %s WHERE team_id = %s", [room.now - timedelta(seconds=2), team_id])
    await watching.look()

    assert len(heard(console)) == 1


@pytest.mark.parametrize("bbox", [[31, 39, 30, 40], [30, 40, 31, 39], [-200, 39, 31, 40], ["nan", 39, 31, 40]])
async def test_a_viewport_that_is_none_gets_one_error(room: Room, bbox: list[Any]) -> None:
    console = session(room, who(Role.OPERATOR), operator_door())

    with pytest.raises(PositionOutOfRange):
        await say(console, operator_door(), type="viewport", bbox=bbox)


# --- the frames themselves ---


async def test_every_frame_dispatch_sends_has_the_form_it_is_published_in(room: Room) -> None:
    team_id = await room.team()
    await room.team(1)
    _, dispatch_id = await offered(room, team_id)
    from dispatch.states import Act

    await room.befall(dispatch_id, Act.ACCEPT)
    await room.befall(dispatch_id, Act.DECLINE)
    await room.raised(fix=None, position_kind="none")
    await room.run_timers()
    await room.run_timers(after=60)
    await room.run_timers(after=600)

    seen = await relayed(room)
    for event in seen:
        model = frames.FRAMES[event["type"]]
        told = json.loads(event["data"])
        assert set(told) == set(model.model_fields), event["type"]
        # By way of pydantic and back: what is made by hand is exactly what the published model would write.
        assert json.loads(model.model_validate(told).model_dump_json()) == told
    assert {event["type"] for event in seen} >= {"dispatch.changed", "dispatch.offered", "incident.changed", "desk.alarm", "team.changed"}
    assert "standard.warned" in {event["type"] for event in seen}


def test_what_has_a_default_is_always_there_for_a_frames_reader() -> None:
    for model in frames.FRAMES.values():
        schema = model.model_json_schema(mode="serialization")
        assert set(schema["required"]) == set(schema["properties"])


def test_nothing_but_the_published_frames_is_heard() -> None:
    doors: list[Any] = [team_door, operator_door]
    said = {kind for door in doors for kind in (door(Any) if door is team_door else door()).inbound}

    assert said == set(frames.CLIENT_FRAMES)


def test_a_problem_of_the_room_speaks_two_languages() -> None:
    from dispatch import desk, teams

    problems = [
        thing
        for module in (desk, teams)
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, Problem) and thing.__module__ == module.__name__
    ]
    assert len(problems) >= 9
    assert all(thing.tr != thing.en and thing.slug != Problem.slug for thing in problems)
