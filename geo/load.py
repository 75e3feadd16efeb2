"""Fills `province` and `district` from the committed boundaries."""

from typing import Any

import psycopg

from geo import store
from geo.boundaries import boundaries


def load_boundaries(conn: psycopg.Connection[Any]) -> None:
    """Bring both tables to what is committed, in the caller's transaction: the migration runs it after 0002_geo.sql.

    Again on filled tables it changes nothing. A district that newer data no longer has stays: incidents may name it.
    """
    known = boundaries()
    store.put_provinces(conn, known.provinces)
    store.put_districts(conn, known.districts)
    # Fresh tables have no statistics, and the first nearest search should not be planned blind.
    conn.execute("ANALYZE province")
    conn.execute("ANALYZE district")
