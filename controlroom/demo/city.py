"""Who and what there is in the simulated Eskişehir: 24 teams, 40 cameras, 6 gates, 3 callers; numbers and plates are generated.

The streets and where things stand are the same in every demo; what stands for a person (T.C. number, phone, plate, password) is drawn anew
for each database.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin
from random import Random

from controlroom.demo.streets import XY, Streets, bearing, lay_streets, to_point
from geo.point import Point

PROVINCE = 26
OTHER_PROVINCE = 43
TEAMS, CAMERAS, GATES, CALLERS = 24, 40, 6, 3
SEED = "eskisehir"
GENDARMERIE = {7, 15, 23}
WOMAN_OFFICER, FIRST_AID, LOCAL_PLATES = 0.5, 0.4, 0.6

#: Letters of a Turkish plate: no Q, W, X (they are no Turkish letters) and none with a mark.
PLATE_LETTERS = "ABCDEFGHIJKLMNOPRSTUVYZ"
CAMERA_PLACES = ("Porsuk", "Çarşı", "Gar", "Otogar", "Üniversite", "Stadyum", "Odunpazarı", "Fuar")
GATE_PLACES = (("Ankara Yolu", 95.0), ("Seyitgazi Yolu", 165.0), ("Afyon Yolu", 200.0), ("Kütahya Yolu", 235.0),
               ("Bursa Yolu", 300.0), ("Alpu Yolu", 70.0))  # fmt: skip
GATE_DISTANCE_M = 3_600.0


@dataclass(frozen=True, slots=True)
class TeamPlan:
    """A team to be on the road."""

    code: str
    kind: str
    force: str
    node: int  #: Crossing where it begins.
    vehicle: bool
    stops_vehicles: bool
    woman_officer: bool
    first_aid: bool
    username: str


@dataclass(frozen=True, slots=True)
class CameraPlan:
    """A camera and its view."""

    name: str
    point: Point
    bearing_deg: float
    fov_deg: float
    range_m: float


@dataclass(frozen=True, slots=True)
class GatePlan:
    """A plate gate at a road into the city."""

    name: str
    point: Point
    bearing_deg: float


@dataclass(frozen=True, slots=True)
class City:
    """The plan of everything that stands or drives."""

    streets: Streets
    teams: tuple[TeamPlan, ...]
    cameras: tuple[CameraPlan, ...]
    gates: tuple[GatePlan, ...]
    #: Where the three callers live, as places in metres.
    homes: tuple[XY, ...]


def plan_city() -> City:
    """Draw the city; the same each time."""
    rng = Random(SEED)  # noqa: S311 - a city is drawn, not a secret
    streets = lay_streets(rng)
    corners = rng.sample(range(len(streets.crossings)), TEAMS + CAMERAS)
    return City(
        streets=streets,
        teams=tuple(_team(number, corners[number], rng) for number in range(TEAMS)),
        cameras=tuple(_camera(number, corners[TEAMS + number], streets, rng) for number in range(CAMERAS)),
        gates=tuple(_gate(name, where) for name, where in GATE_PLACES),
        homes=tuple(_home(streets, rng) for _ in range(CALLERS)),
    )


def _team(number: int, node: int, rng: Random) -> TeamPlan:
    kind = ("patrol", "patrol", "motorcycle", "patrol", "traffic", "patrol")[number % 6] if number % 12 else "special"
    force = "gendarmerie" if number in GENDARMERIE else "police"
    return TeamPlan(
        code=f"{'J' if force == 'gendarmerie' else 'E'}-{101 + number}",
        kind=kind,
        force=force,
        node=node,
        vehicle=True,
        stops_vehicles=kind in {"patrol", "traffic"},
        woman_officer=rng.random() < WOMAN_OFFICER,
        first_aid=rng.random() < FIRST_AID,
        username=f"ekip{101 + number}",
    )


def _camera(number: int, node: int, streets: Streets, rng: Random) -> CameraPlan:
    at = streets.crossings[node]
    along = streets.crossings[rng.choice(streets.neighbours[node])]
    place = CAMERA_PLACES[number % len(CAMERA_PLACES)]
    return CameraPlan(
        name=f"{place} {1 + number // len(CAMERA_PLACES)}",
        point=to_point(at),
        bearing_deg=round(bearing(at, along) + rng.uniform(-12, 12), 1) % 360,
        fov_deg=float(rng.choice((60, 75, 90, 110))),
        range_m=float(rng.choice((80, 120, 160, 220))),
    )


def _gate(name: str, where: float) -> GatePlan:
    at = (GATE_DISTANCE_M * sin(radians(where)), GATE_DISTANCE_M * cos(radians(where)))
    return GatePlan(name, to_point(at), round(where + 180, 1) % 360)


def _home(streets: Streets, rng: Random) -> XY:
    x, y = rng.choice(streets.crossings)
    return (x + rng.uniform(-150, 150), y + rng.uniform(-150, 150))


# --- what stands for a person ---------------------------------------------------------------------------------------------------


def tc_no(rng: Random) -> str:
    """Return eleven digits whose last two are right; whether anybody has them is unknown, and nobody is asked."""
    digits = [rng.randint(1, 9), *(rng.randint(0, 9) for _ in range(8))]
    tenth = (sum(digits[0::2]) * 7 - sum(digits[1:8:2])) % 10
    digits.append(tenth)
    digits.append(sum(digits) % 10)
    return "".join(str(digit) for digit in digits)


def phone(rng: Random) -> str:
    """Return a Turkish mobile number in E.164 form."""
    return f"+905{rng.choice((3, 4, 5))}{rng.randint(0, 9)}{rng.randint(2_000_000, 9_999_999)}"


def plate(rng: Random) -> str:
    """Return a plate by the Turkish grammar: one letter and 4-5 digits, two and 3-4, three and 2-3."""
    letters = rng.choice((1, 2, 2, 3, 3))
    digits = rng.choice({1: (4, 5), 2: (3, 4), 3: (2, 3)}[letters])
    province = PROVINCE if rng.random() < LOCAL_PLATES else rng.randint(1, 81)
    word = "".join(rng.choice(PLATE_LETTERS) for _ in range(letters))
    return f"{province:02d} {word} {rng.randint(1, 10**digits - 1):0{digits}d}"
