"""Provinces and districts in a real PostGIS: loaded once, asked as the API's role, and never at odds with the in-process index."""

from random import Random

import psycopg
import pytest
import shapely

from core.db import EVERY, NOTHING, Database
from core.sql import load
from geo import store
from geo.boundaries import boundaries
from geo.load import load_boundaries
from geo.places import REACH_M, place_index
from geo.point import TURKIYE, Point
from geo.sampling import random_point_in_province


def anywhere(rng: Random) -> Point:
    return Point(lon=rng.uniform(TURKIYE.west, TURKIYE.east), lat=rng.uniform(TURKIYE.south, TURKIYE.north))


def near_a_border(rng: Random) -> Point:
    """Within some metres of a vertex of a district, where two answers would part first."""
    vertices = shapely.get_coordinates(rng.choice(boundaries().districts).shape)
    lon, lat = vertices[rng.randrange(len(vertices))]
    return Point(lon=float(lon) + rng.uniform(-1, 1) * 1e-4, lat=float(lat) + rng.uniform(-1, 1) * 1e-4)


def on_a_vertex(rng: Random) -> Point:
    vertices = shapely.get_coordinates(rng.choice(boundaries().districts).shape)
    lon, lat = vertices[rng.randrange(len(vertices))]
    return Point(lon=float(lon), lat=float(lat))


def off_the_coast(rng: Random) -> Point:
    while True:
        point = anywhere(rng)
        place = place_index().place_of(point)
        if place and place.nearest_only:
            return point


@pytest.mark.parametrize("where", [anywhere, near_a_border, on_a_vertex, off_the_coast])
async def test_sql_and_the_index_place_every_point_alike(db: Database, where: object) -> None:
    assert callable(where)
    rng = Random(26)
    async with db.tx(NOTHING) as tx:
        for _ in range(400):
            point = where(rng)
            assert await store.place_of(tx, point) == place_index().place_of(point), point


async def test_every_province_is_found_by_the_api_without_any_scope(db: Database) -> None:
    rng = Random(81)
    async with db.tx(NOTHING) as tx:
        for code in sorted(EVERY):
            place = await store.place_of(tx, random_point_in_province(code, rng))
            assert place is not None
            assert place.province_code == code


async def test_beyond_reach_sql_finds_nothing_either(db: Database) -> None:
    at_sea = Point(lon=31.0, lat=35.3)
    nearest = min(p.shape.distance(shapely.Point(at_sea.lon, at_sea.lat)) for p in boundaries().provinces)
    assert nearest * 90_000 > REACH_M
    async with db.tx(NOTHING) as tx:
        assert await store.place_of(tx, at_sea) is None


async def test_the_question_uses_the_spatial_index_of_districts(db: Database) -> None:
    async with db.tx(NOTHING) as tx:
        plan = await tx.rows("EXPLAIN " + load("geo")["place_of"], store.place_params(Point(lon=30.52, lat=39.77)))
    text = "\n".join(str(line["QUERY PLAN"]) for line in plan)
    assert text.count("district_geom") == 2
    assert "Seq Scan on district" not in text


@pytest.mark.parametrize("role", ["merkez_api", "merkez_relay", "merkez_timers", "merkez_sweep", "merkez_geo"])
async def test_every_role_reads_the_reference_data_and_none_may_change_it(fresh_url: str, role: str) -> None:
    with psycopg.connect(fresh_url) as conn:
        conn.execute("SELECT set_config('role', %s, false)", [role])
        row = conn.execute("SELECT (SELECT count(*) FROM province), (SELECT count(*) FROM district)").fetchone()
        assert row == (81, 973)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("UPDATE district SET name = 'x'")


def test_loading_again_writes_nothing_and_mends_what_was_changed(fresh_url: str) -> None:
    versions = "SELECT count(*) FROM district WHERE xmin::text::bigint = txid_current()"
    with psycopg.connect(fresh_url) as conn:
        load_boundaries(conn)
        assert conn.execute(versions).fetchone() == (0,)
    with psycopg.connect(fresh_url) as conn:
        conn.execute("UPDATE district SET name = 'bozuk' WHERE id = 26014")
        conn.execute("DELETE FROM district WHERE id = 26013")
        load_boundaries(conn)
        rows = conn.execute("SELECT name FROM district WHERE id IN (26013, 26014) ORDER BY id").fetchall()
    assert [row[0] for row in rows] == [d.name for d in boundaries().districts if d.id in (26013, 26014)]


def test_the_tables_hold_exactly_what_is_committed(fresh_url: str) -> None:
    with psycopg.connect(fresh_url) as conn:
        provinces = conn.execute("SELECT code, name, neighbours, ST_AsBinary(geom) FROM province ORDER BY code").fetchall()
        districts = conn.execute("SELECT id, province, name, ST_AsBinary(geom), ST_IsValid(geom) FROM district ORDER BY id").fetchall()
    assert [(c, n, frozenset(near)) for c, n, near, _ in provinces] == [(p.code, p.name, p.neighbours) for p in boundaries().provinces]
    assert [row[:3] for row in districts] == [(d.id, d.province, d.name) for d in boundaries().districts]
    assert all(row[4] for row in districts)
    for row, district in zip(districts, boundaries().districts, strict=True):
        assert shapely.from_wkb(bytes(row[3])).equals_exact(district.shape, 0)


def test_distances_and_bearings_are_those_of_postgis_geography(fresh_url: str) -> None:
    ask = """SELECT ST_Distance(a, b), degrees(ST_Azimuth(a, b)) FROM (SELECT
        ST_MakePoint(%s, %s)::geography AS a, ST_MakePoint(%s, %s)::geography AS b) pair"""
    rng = Random(7)
    with psycopg.connect(fresh_url) as conn:
        for i in range(600):
            here = anywhere(rng)
            # Half of them close together, as a team and a caller are.
            there = anywhere(rng) if i % 2 else here.moved(bearing_deg=180, distance_m=rng.uniform(1, 5_000)) if here.lat > 36 else here
            row = conn.execute(ask, [here.lon, here.lat, there.lon, there.lat]).fetchone()
            assert row is not None
            assert here.distance_m(there) == pytest.approx(row[0], abs=0.001)
            if here != there:
                assert (here.bearing_deg(there) - row[1] + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)
