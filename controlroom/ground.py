"""The ground every command stands on: a database that answers, and the built pages."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from controlroom import packages, ui_build
from controlroom.cluster import CLONE, Cluster
from controlroom.failures import Failure, Missing

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from controlroom.steps import Steps

VAR = CLONE / "var"


@contextmanager
def database(name: str, steps: Steps) -> Generator[tuple[str, Cluster | None]]:
    """Lend DATABASE_URL, or the private cluster of that name for as long as the block lasts.

    Raises `Failure` (not to be reached), `Missing` (no server programs, no PostGIS).
    """
    if url := os.environ.get("DATABASE_URL"):
        with steps.step("database", "Veritabanı (DATABASE_URL)", "Database (DATABASE_URL)"):
            _check_reachable(url)
        yield url, None
        return
    with private_database(name, steps) as (url, cluster):
        yield url, cluster


@contextmanager
def private_database(name: str, steps: Steps) -> Generator[tuple[str, Cluster]]:
    """Lend the private cluster of that name; the last one out stops it."""
    cluster = Cluster(CLONE, name)
    try:
        with steps.step("server", "PostgreSQL ve PostGIS", "PostgreSQL and PostGIS") as step:
            server = packages.ensure_server(cluster.major)
            step.remark(str(server.major), str(server.major))
        with steps.step("database", "Veritabanı", "Database") as step:
            url = cluster.ensure()
            step.remark(str(cluster.where.home), str(cluster.where.home))
        yield url, cluster
    finally:
        cluster.stop()


def pages(steps: Steps) -> Path | None:
    """Build the pages; a second start finds them built."""
    with steps.step("pages", "Sayfalar (map-ui)", "Pages (map-ui)") as step:
        built = ui_build.build(CLONE)
        if built is None:
            step.remark("map-ui yok, atlandı", "no map-ui, skipped")
        return built


def _check_reachable(url: str) -> None:
    try:
        with psycopg.connect(url, connect_timeout=10) as conn:
            row = conn.execute("select 1 from pg_available_extensions where name = 'postgis'").fetchone()
    except psycopg.OperationalError as fault:
        said = str(fault).strip()
        raise Failure(tr=f"DATABASE_URL'e ulaşılamadı: {said}", en=f"DATABASE_URL cannot be reached: {said}") from None
    if row is None:
        raise Missing(
            tr="DATABASE_URL'deki sunucuda PostGIS yok.",
            en="The server at DATABASE_URL has no PostGIS.",
        )
