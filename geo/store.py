"""The geo room's SQL: where a point belongs, asked inside the database."""

from collections.abc import Mapping
from typing import Any

import psycopg

from core.db import Tx
from core.sql import load
from geo.boundaries import District, Province
from geo.places import LAT_DEGREE_M, LON_DEGREE_M, REACH_M, Place
from geo.point import Point

_SQL = load("geo")


async def place_of(tx: Tx, point: Point) -> Place | None:
    """Find the province and district of a point, as :meth:`geo.places.PlaceIndex.place_of` answers without a query."""
    found = await tx.row(_SQL["place_of"], place_params(point))
    return Place(**found) if found else None


def place_params(point: Point) -> Mapping[str, float]:
    """Return what the `place_of` statement needs; the constants are the index's own, so that both answer alike."""
    return {
        "lon": point.lon,
        "lat": point.lat,
        "reach_m": REACH_M,
        "lon_degree_m": LON_DEGREE_M,
        "lat_degree_m": LAT_DEGREE_M,
    }


def put_provinces(conn: psycopg.Connection[Any], provinces: tuple[Province, ...]) -> None:
    """Insert or renew provinces; the same again writes nothing. Synchronous, because a migration is."""
    rows = [{"code": p.code, "name": p.name, "neighbours": sorted(p.neighbours), "wkb": p.shape.wkb} for p in provinces]
    with conn.cursor() as cursor:
        cursor.executemany(_SQL["upsert_province"], rows)


def put_districts(conn: psycopg.Connection[Any], districts: tuple[District, ...]) -> None:
    """Insert or renew districts; the same again writes nothing."""
    rows = [{"id": d.id, "province": d.province, "name": d.name, "wkb": d.shape.wkb} for d in districts]
    with conn.cursor() as cursor:
        cursor.executemany(_SQL["upsert_district"], rows)
