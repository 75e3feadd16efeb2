"""The committed boundaries, and which province and district a point belongs to."""

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.boundaries import SOURCE, boundaries
from geo.places import REACH_M, place_index
from geo.point import Point

TOWNS = [
    (30.5206, 39.7767, "Eskişehir", "Tepebaşı"),
    (30.5300, 39.7600, "Eskişehir", "Odunpazarı"),
    (32.8541, 39.9208, "Ankara", "Çankaya"),
    (29.0250, 40.9900, "İstanbul", "Kadıköy"),
    (28.9784, 41.0370, "İstanbul", "Beyoğlu"),
    (27.1428, 38.4189, "İzmir", "Konak"),
    (40.2300, 37.9100, "Diyarbakır", "Sur"),
    (44.0450, 39.9200, "Iğdır", "Merkez"),
    (42.4600, 37.5200, "Şırnak", "Merkez"),
    (25.9000, 40.1800, "Çanakkale", "Gökçeada"),
    (26.5557, 41.6771, "Edirne", "Merkez"),
]


@pytest.mark.parametrize(("lon", "lat", "province", "district"), TOWNS)
def test_a_known_town_lies_in_its_province_and_district(lon: float, lat: float, province: str, district: str) -> None:
    place = place_index().place_of(Point(lon=lon, lat=lat))
    assert place is not None
    assert (place.province_name, place.district_name, place.nearest_only) == (province, district, False)


def test_there_are_81_provinces_by_plate_code_and_973_districts_with_distinct_names() -> None:
    known = boundaries()
    assert [p.code for p in known.provinces] == list(range(1, 82))
    assert len(known.districts) == 973
    assert len({(d.province, d.name) for d in known.districts}) == 973
    assert [d.id for d in known.districts] == sorted(d.id for d in known.districts)
    assert all(d.id // 1000 == d.province for d in known.districts)


def test_names_keep_turkish_letters_apart() -> None:
    names = {p.code: p.name for p in boundaries().provinces}
    assert [names[c] for c in (4, 6, 26, 34, 35, 63, 71, 73, 76, 81)] == [
        "Ağrı",
        "Ankara",
        "Eskişehir",
        "İstanbul",
        "İzmir",
        "Şanlıurfa",
        "Kırıkkale",
        "Şırnak",
        "Iğdır",
        "Düzce",
    ]
    # A combining dot is how a wrong lower() of İ betrays itself.
    assert not any("\u0307" in d.name or d.name != d.name.strip() for d in boundaries().districts)


def test_districts_leave_no_gap_and_no_overlap_and_make_up_their_provinces() -> None:
    known = boundaries()
    districts = [d.shape for d in known.districts]
    assert shapely.is_valid(districts).all()
    assert shapely.coverage_is_valid(districts)
    assert shapely.coverage_is_valid([p.shape for p in known.provinces])
    for province in known.provinces:
        parts = sum(d.shape.area for d in known.districts if d.province == province.code)
        assert province.shape.area == pytest.approx(parts, rel=1e-9)


def test_the_country_has_the_size_it_has() -> None:
    # 783,562 km2 with lakes, as published; an equal-area figure on the sphere is good enough to see a lost province.
    scaled = shapely.transform([p.shape for p in boundaries().provinces], _equal_area)
    assert shapely.area(scaled).sum() / 1e6 == pytest.approx(783_562, rel=0.01)


def _equal_area(lonlat: "shapely.Geometry") -> object:
    import numpy as np

    radians = np.radians(np.asarray(lonlat))
    return np.column_stack([radians[:, 0], np.sin(radians[:, 1])]) * 6_371_007.0


def test_being_a_neighbour_is_mutual_and_never_with_oneself() -> None:
    provinces = {p.code: p for p in boundaries().provinces}
    for province in provinces.values():
        assert province.neighbours
        assert province.code not in province.neighbours
        assert all(province.code in provinces[other].neighbours for other in province.neighbours)


def test_neighbours_are_those_who_touch_along_a_line() -> None:
    provinces = boundaries().provinces
    for a in provinces:
        touching = {b.code for b in provinces if b.code != a.code and a.shape.intersection(b.shape).length > 0}
        assert a.neighbours == touching


def test_eskisehir_has_its_six_neighbours() -> None:
    index = place_index()
    assert {index.province(c).name for c in index.province(26).neighbours} == {
        "Afyonkarahisar",
        "Ankara",
        "Bilecik",
        "Bolu",
        "Konya",
        "Kütahya",
    }


@pytest.mark.parametrize("code", range(1, 82))
def test_rings_grow_from_the_province_and_reach_every_other_exactly_once(code: int) -> None:
    rings = place_index().rings(code)
    assert rings[0] == {code}
    assert rings[1] == place_index().province(code).neighbours
    assert sum(len(ring) for ring in rings) == 81
    assert frozenset().union(*rings) == set(range(1, 82))


@given(st.sampled_from(boundaries().districts))
def test_the_label_point_of_a_district_lies_in_that_district(district: object) -> None:
    from geo.boundaries import District

    assert isinstance(district, District)
    place = place_index().place_of(Point(lon=district.centre[0], lat=district.centre[1]))
    assert place is not None
    assert (place.district_id, place.off_m) == (district.id, 0.0)


def test_the_bosphorus_goes_to_the_nearer_shore_and_says_so() -> None:
    place = place_index().place_of(Point(lon=29.045, lat=41.085))
    assert place is not None
    assert place.province_name == "İstanbul"


def test_a_boat_in_the_sea_of_marmara_belongs_to_the_nearest_coast() -> None:
    place = place_index().place_of(Point(lon=28.6, lat=40.75))
    assert place is not None
    assert place.nearest_only
    assert 0 < place.off_m <= REACH_M


def test_far_out_at_sea_there_is_no_place() -> None:
    assert place_index().place_of(Point(lon=31.0, lat=35.3)) is None


@given(st.sampled_from(boundaries().districts), st.integers(0, 10_000))
def test_a_border_vertex_shared_by_several_goes_to_the_lowest_id(district: object, pick: int) -> None:
    from geo.boundaries import District

    assert isinstance(district, District)
    vertices = shapely.get_coordinates(district.shape)
    lon, lat = vertices[pick % len(vertices)]
    place = place_index().place_of(Point(lon=float(lon), lat=float(lat)))
    here = shapely.Point(lon, lat)
    assert place is not None
    assert place.district_id == min(d.id for d in boundaries().districts if d.shape.intersects(here))


def test_the_committed_file_stays_small() -> None:
    assert SOURCE.stat().st_size <= 1_500_000
