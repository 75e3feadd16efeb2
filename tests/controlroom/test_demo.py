"""The demo plays the main job on real parts, again and again, and can't hurt (law 13)."""

from __future__ import annotations

import ast
import asyncio
import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from controlroom import stamp
from controlroom.cluster import CLONE
from controlroom.demo.city import CAMERAS, GATES, TEAMS, plan_city, plate, tc_no
from controlroom.demo.client import House, Line, Seen
from controlroom.demo.crew import OBLIGING, Temper
from controlroom.demo.play import Stage
from controlroom.demo.seed import sheet_for
from controlroom.demo.streets import Drive
from controlroom.failures import Exit, Missing
from controlroom.steps import Steps
from core.clock import SystemClock
from pts.rules import normalise, score
from tests.live import HERE, Live, api_url, fix, live_house
from tests.live import tc_no as right_tc_no
from tests.waiting import comes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controlroom.demo.sheet import Sheet

ROOMS = ("core", "geo", "dispatch", "kades", "kgys", "pts", "retention", "controlroom")


@pytest.fixture(scope="module")
def demo(clone_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The demo's server on a stamped database nobody has filled."""
    stamp.mark(clone_url, stamp.DEMO)
    with live_house(clone_url, tmp_path_factory.mktemp("demo"), module="controlroom.demo.server", people=False) as house:
        yield house


async def dealt(demo: Live, path: Path, house: House) -> Sheet:
    """Fill the demo's database as the command does."""
    return await sheet_for(
        owner_url=demo.url, url=api_url(demo.url), path=path, house=house, settings=demo.identity, clock=SystemClock(), city=plan_city()
    )


async def play(demo: Live, path: Path) -> Steps:
    """Tell the story once."""
    steps = Steps(out=io.StringIO())
    async with House(demo.base_url) as house:
        stage = Stage(house, plan_city(), await dealt(demo, path, house), SystemClock(), Random(7))
        crews = stage.crews(OBLIGING)
        async with stage.on_duty(crews):
            for crew in crews:
                await crew.line.welcome.wait()
            await stage.story(steps, crews)
    return steps


async def test_the_story_is_seen_to_its_end_and_again_on_the_same_database(demo: Live, tmp_path: Path) -> None:
    for _ in range(2):
        steps = await play(demo, tmp_path / "demo.json")

        assert [step.name for step in steps.rows if not step.ok] == [], steps.out.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
        names = [step.name for step in steps.rows]
        order = ["kades_pressed", "incident_opened", "kades_offered", "kades_acknowledged", "kades_accepted", "kades_en_route",
                 "kades_on_scene", "kades_clear", "kades_closed", "gate_read", "pts_hit", "pts_offered", "told_to_observe", "verdict",
                 "told_to_stop", "outcome", "hit_ended", "pts_closed"]  # fmt: skip
        assert [name for name in names if name in order] == order
        assert [row["at_ms"] for row in steps.as_json()["steps"]] == sorted(row["at_ms"] for row in steps.as_json()["steps"])  # type: ignore[index]


async def test_a_story_whose_team_never_answers_is_not_told_as_seen(demo: Live, tmp_path: Path) -> None:
    """Nobody is on the road, so the map stays empty: the story must say so instead of going on."""
    steps = Steps(out=io.StringIO())
    async with House(demo.base_url) as house:
        stage = Stage(house, plan_city(), await dealt(demo, tmp_path / "demo.json", house), SystemClock(), Random(7))
        crews = stage.crews(OBLIGING)[:1]
        crews[0].plan = crews[0].plan.__class__(**{**_fields(crews[0].plan), "code": "E-999"})

        seen = await stage.story(steps, crews)

    assert seen is False
    assert steps.all_ok is False
    assert [step.name for step in steps.rows if not step.ok] == ["teams_on_the_map"]


async def test_a_crew_that_a_visitor_plays_is_left_to_the_visitor(demo: Live, tmp_path: Path) -> None:
    async with House(demo.base_url) as house:
        stage = Stage(house, plan_city(), await dealt(demo, tmp_path / "demo.json", house), SystemClock(), Random(7))
        [crew] = stage.crews(Temper(yields_s=20.0))[:1]
        phone = Line(house, "/ws/team", stage.person(stage.sheet.sign_ins["teams"][0]))
        visitor = asyncio.create_task(phone.run())
        try:
            async with stage.on_duty([crew]):
                await crew.line.welcome.wait()
                await phone.welcome.wait()
                await crew.standing.wait()
                crew.car = car = CountingCar(crew.car.at)
                alert = await stage.callers()[0].press(at=crew.car.at)
                offer = await seen(phone, lambda s: s.type == "dispatch.offered" and s.data["incident_id"] == alert["incident_id"])
                await phone.say("ack", seq=offer.frame["seq"])
                for state in ("accepted", "on_scene", "clear"):
                    await phone.say("dispatch.status", dispatch_id=offer.data["id"], client_id=str(uuid4()), state=state)
                    await seen(phone, lambda s, state=state: s.type == "dispatch.changed" and s.data["state"] == state)
                    await seen(crew.line, lambda s, state=state: s.type == "dispatch.changed" and s.data["state"] == state)
                    # The simulated phone has its say at every move: two of them and it has kept silent.
                    moves = car.moves
                    await comes(lambda: car.moves >= moves + 2, "the next moves of the simulated crew")  # noqa: B023 - asked at once
                told = {s.data["state"] for s in phone.seen if s.type == "dispatch.changed" and s.data["id"] == offer.data["id"]}
        finally:
            visitor.cancel()
            await asyncio.gather(visitor, return_exceptions=True)

    assert told == {"acknowledged", "accepted", "on_scene", "clear"}


class CountingCar(Drive):
    """A car that counts its moves."""

    moves = 0

    def move(self, metres: float) -> bool:
        self.moves += 1
        return super().move(metres)


async def seen(line: Line, match: Any) -> Seen:
    """A frame that must come."""
    found = await line.expect(match, 15)
    assert found is not None
    return found


async def test_the_sheet_has_the_contracts_shape_and_is_readable_by_its_owner_alone(demo: Live, tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    async with House(demo.base_url) as house:
        await dealt(demo, path, house)
        again = await dealt(demo, path, house)
    sheet = json.loads(path.read_text(encoding="utf-8"))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sheet["base_url"] == demo.base_url
    alone = {"operator", "dispatcher", "auditor", "admin", "other_province_dispatcher"}
    assert sheet["sign_ins"].keys() == alone | {"supervisors", "judicial", "teams"}
    assert (len(sheet["sign_ins"]["supervisors"]), len(sheet["sign_ins"]["judicial"])) == (2, 2)
    assert len(sheet["sign_ins"]["teams"]) == TEAMS
    assert {"team_id", "username", "password"} <= sheet["sign_ins"]["teams"][0].keys()
    assert sheet["devices"].keys() == {"kades", "cameras", "gates", "gateway"}
    assert (len(sheet["devices"]["kades"]), len(sheet["devices"]["cameras"]), len(sheet["devices"]["gates"])) == (3, CAMERAS, GATES)
    assert sheet["devices"]["cameras"][0].keys() == {"id", "token", "rtsp_url"}
    assert again.sign_ins == sheet["sign_ins"], "a second start on the same database goes on with the same sign-ins"


async def test_a_lost_sheet_is_dealt_out_anew_and_the_old_passwords_are_worth_nothing(demo: Live, tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    async with House(demo.base_url) as house:
        before = await dealt(demo, path, house)
        path.unlink()
        after = await dealt(demo, path, house)

    assert sign_in(demo, after.sign_ins["operator"]).status_code == 200
    assert sign_in(demo, before.sign_ins["operator"]).status_code == 401
    assert [team["team_id"] for team in after.sign_ins["teams"]] == [team["team_id"] for team in before.sign_ins["teams"]]


def sign_in(live: Live, account: dict[str, str]) -> Any:
    """Try an account."""
    return live.call("POST", "/api/v1/token", data={"username": account["username"], "password": account["password"]})


def _fields(plan: Any) -> dict[str, Any]:
    return {name: getattr(plan, name) for name in plan.__slots__}


# --- law 13 ----------------------------------------------------------------------------------------------------------------------


def registration(live: Live, number: int) -> Any:
    """Begin a registration."""
    return live.post(
        "/api/v1/kades/registrations", tc_no=right_tc_no(number), phone=f"+90532{5_000_000 + number}", safe_channel="sms", province=HERE
    )


def test_a_registration_code_is_shown_by_the_demo_and_by_nobody_else(demo: Live, shared_live: Live) -> None:
    shown, sent = registration(demo, 71), registration(shared_live, 72)

    assert (shown.status_code, sent.status_code) == (201, 201)
    assert shown.json()["shown_code"].isdecimal()
    assert "shown_code" not in sent.json()


def test_the_demos_server_tells_that_it_is_one(demo: Live, shared_live: Live) -> None:
    assert demo.get("/api/v1/config").json()["demo"] is True
    assert shared_live.get("/api/v1/config").json()["demo"] is False


def run_server(module: str, url: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Start a server that is expected to refuse."""
    given = {"DATABASE_URL": url, "STATE_DIR": str(folder), "SMS_URL": f"file://{folder}/sms", "DEFAULT_PROVINCE": "26",
             "MERKEZ_LANG": "en", "PYTHONPATH": str(CLONE)}  # fmt: skip
    return subprocess.run(
        [sys.executable, "-P", "-m", module, *words], env={**os.environ, **given}, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_server_on_duty_refuses_the_demos_database(fresh_url: str, tmp_path: Path) -> None:
    stamp.mark(fresh_url, stamp.DEMO)

    refused = run_server("controlroom.serve", fresh_url, tmp_path, "all")

    assert refused.returncode == Exit.MISSING
    assert "belongs to the demo" in refused.stderr


@pytest.mark.parametrize("mark", [None, stamp.DUTY])
def test_the_demos_server_refuses_a_database_that_is_not_the_demos(mark: str | None, fresh_url: str, tmp_path: Path) -> None:
    if mark is not None:
        stamp.mark(fresh_url, mark)

    refused = run_server("controlroom.demo.server", fresh_url, tmp_path)

    assert refused.returncode == Exit.MISSING
    assert "not stamped as the demo's" in refused.stderr


def test_a_database_somebody_works_in_is_not_for_the_demo(fresh_url: str) -> None:
    stamp.check_for_demo(fresh_url)
    stamp.mark(fresh_url, stamp.DUTY)

    with pytest.raises(Missing):
        stamp.check_for_demo(fresh_url)


def names_in(path: Path) -> set[str]:
    """Every name and attribute that a file uses."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    }


def users_of(name: str) -> set[str]:
    """The files of the house that use a name."""
    files = (path for room in ROOMS for path in (CLONE / room).rglob("*.py"))
    return {path.relative_to(CLONE).as_posix() for path in files if name in names_in(path)}


def test_the_clock_is_moved_and_the_demo_said_in_the_demo_alone() -> None:
    assert users_of("ShiftedClock") == {"controlroom/demo/server.py"}
    assert users_of("demo_settings") == {"controlroom/demo/server.py", "controlroom/commands/demo.py"}
    # The room answers with the code only where the house was built with the port that shows it.
    assert users_of("ShownSms") == {"controlroom/rooms.py", "kades/api.py"}
    importers = {path for path in users_of("demo") if path.startswith("controlroom/") and "demo" not in path}
    assert not [path for path in importers if "controlroom.demo" in (CLONE / path).read_text(encoding="utf-8")]


# --- what is drawn ---------------------------------------------------------------------------------------------------------------


def test_the_city_is_the_same_each_time_and_its_streets_are_one_piece() -> None:
    city, again = plan_city(), plan_city()
    reached, todo = {0}, [0]
    while todo:
        fresh = set(city.streets.neighbours[todo.pop()]) - reached
        reached |= fresh
        todo += fresh

    assert city == again
    assert (len(city.teams), len(city.cameras), len(city.gates)) == (24, 40, 6)
    assert len(reached) == len(city.streets.crossings)
    assert len({team.code for team in city.teams}) == TEAMS


def test_drawn_plates_and_identity_numbers_are_well_formed() -> None:
    from stdnum.tr import tckimlik

    rng = Random(1)

    assert all(tckimlik.is_valid(tc_no(rng)) for _ in range(500))
    assert {score(normalise(plate(rng))).why for _ in range(500)} == {"turkish"}


def test_a_car_goes_along_the_streets_and_arrives() -> None:
    from controlroom.demo.streets import Drive, apart

    streets = plan_city().streets
    goal = (streets.crossings[140][0] + 40, streets.crossings[140][1] - 30)
    car = Drive(streets.crossings[3], corners=streets.way(streets.crossings[3], goal))
    metres = 0.0
    while not car.move(10.0):
        metres += 10.0
        assert metres < 20_000, "it drives for ever"

    assert apart(car.at, goal) < 1
    assert fix()["lon"] == pytest.approx(30.52, abs=0.01)
