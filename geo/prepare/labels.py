"""The names on the base map: provinces at their seats, districts, towns, lakes, seas and neighbours, in Turkish."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from shapely.geometry import shape

from geo.boundaries import District, boundaries
from geo.places import place_index
from geo.point import TURKIYE, Point

#: Longitude, latitude; first zoom; properties.
Label = tuple[tuple[float, float], int, dict[str, object]]
Fold = Callable[[str], str]

#: Provinces whose seat bears another name.
SEATS = {31: "Antakya", 41: "İzmit", 54: "Adapazarı"}
#: From how many inhabitants a town is worth a name at which zoom; smaller ones come with the last zoom.
TOWN_ZOOM = ((20_000, 8),)
LAST_ZOOM = 8
DISTRICT_ZOOM = 7
#: Before this the name is larger than the sea.
INLAND_SEA_ZOOM = 6
AROUND: tuple[tuple[str, str, float, float], ...] = (
    ("sea", "Karadeniz", 34.5, 43.1),
    ("sea", "Akdeniz", 31.2, 35.6),
    ("sea", "Ege Denizi", 25.2, 38.9),
    ("sea", "Marmara Denizi", 28.15, 40.72),
    ("country", "Yunanistan", 22.6, 39.6),
    ("country", "Bulgaristan", 25.2, 42.6),
    ("country", "Romanya", 26.6, 44.6),
    ("country", "Ukrayna", 34.2, 45.2),
    ("country", "Rusya", 41.5, 44.4),
    ("country", "Gürcistan", 43.4, 42.1),
    ("country", "Ermenistan", 44.7, 40.5),
    ("country", "Azerbaycan", 47.6, 40.4),
    ("country", "İran", 46.8, 37.0),
    ("country", "Irak", 43.6, 35.3),
    ("country", "Suriye", 38.4, 35.0),
    ("country", "Lübnan", 35.9, 33.9),
    ("country", "Kıbrıs", 33.2, 35.05),
)


def labels(towns: Iterable[Mapping[str, Any]], lakes: Iterable[Mapping[str, Any]], folded: Fold) -> Iterator[Label]:
    """Yield every label; towns as GeoNames tells them (name, longitude, latitude, population)."""
    for kind, name, lon, lat in AROUND:
        yield (lon, lat), INLAND_SEA_ZOOM if name == "Marmara Denizi" else 3, {"kind": kind, "name": name}
    for lake in lakes:
        middle = shape(lake["geometry"]).representative_point().coords[0]
        yield (middle[0], middle[1]), 6, {"kind": "lake", "name": lake["properties"]["name"]}
    placed = list(_placed(towns))
    seats = _seats(placed, folded)
    for province in boundaries().provinces:
        town = seats.get(province.code)
        at = (town["longitude"], town["latitude"]) if town else province.centre
        rank = int(town["population"]) if town else 0
        yield at, 3, {"kind": "province", "name": province.name, "code": province.code, "rank": rank}
    taken = {id(town) for town in seats.values()}
    yield from _districts([(town, district) for town, district in placed if id(town) not in taken], folded)


def _placed(towns: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], int]]:
    """Yield towns with the district they lie in; what lies in none (the list has a few in the sea and abroad) is left out."""
    for town in towns:
        if not TURKIYE.holds(town["longitude"], town["latitude"]):
            continue
        place = place_index().place_of(Point(lon=town["longitude"], lat=town["latitude"]))
        if place and not place.nearest_only:
            yield town, place.district_id


def _seats(placed: Iterable[tuple[Mapping[str, Any], int]], folded: Fold) -> dict[int, Mapping[str, Any]]:
    """Find the most populous town that bears the province's (or its seat's) name within it."""
    wanted = {p.code: folded(SEATS.get(p.code, p.name)) for p in boundaries().provinces}
    found: dict[int, Mapping[str, Any]] = {}
    for town, district in placed:
        code = district // 1000
        if folded(town["name"]) == wanted[code] and town["population"] >= found.get(code, {"population": -1})["population"]:
            found[code] = town
    return found


def _districts(towns: list[tuple[Mapping[str, Any], int]], folded: Fold) -> Iterator[Label]:
    """Yield districts at the town of their name, else in their middle; then all other towns."""
    named = {(district, folded(town["name"])): town for town, district in towns}
    used: set[int] = set()
    for district in boundaries().districts:
        if district.name == "Merkez":
            # The province's own label stands there already.
            continue
        town = named.get((district.id, folded(district.name)))
        if town:
            used.add(id(town))
        yield (
            _at(district, town),
            DISTRICT_ZOOM,
            {"kind": "district", "name": district.name, "id": district.id, "province": district.province},
        )
    for town, _ in towns:
        if id(town) not in used:
            zoom = next((z for inhabitants, z in TOWN_ZOOM if town["population"] >= inhabitants), LAST_ZOOM)
            yield (town["longitude"], town["latitude"]), zoom, {"kind": "town", "name": town["name"], "rank": town["population"]}


def _at(district: District, town: Mapping[str, Any] | None) -> tuple[float, float]:
    return (town["longitude"], town["latitude"]) if town else district.centre
