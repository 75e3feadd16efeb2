"""Fixtures of the whole suite: a real PostGIS, one template database, a clone of it for each test that writes."""

from __future__ import annotations

import os
import secrets
import signal
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from controlroom.cluster import cluster_for
from controlroom.migrate import migrate
from core.clock import HeldClock
from core.db import Database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

#: Where tests stand in time: a Tuesday noon in Eskişehir.
NOON = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TEMPLATE_LOCK = 7_340_032


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background job ignores Ctrl-C, and so would every server the tests start: those that press it could not pass.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--proof", action="store_true", help="run the long counts and write docs/proof/NAME.json")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--proof") or os.environ.get("MERKEZ_PROOF"):
        return
    skip = pytest.mark.skip(reason="a long count: run with --proof")
    for item in items:
        if item.get_closest_marker("proof"):
            item.add_marker(skip)


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    head, _, query = url.partition("?")
    scheme, _, rest = head.partition("://")
    host = rest.split("/", 1)[0]
    return f"{scheme}://{host}/{name}" + (f"?{query}" if query else "")


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The superuser's address of a real server: DATABASE_TEST_URL, else this clone's private test cluster."""
    if given := os.environ.get("DATABASE_TEST_URL"):
        yield given
        return
    with cluster_for("test") as cluster:
        yield cluster.ensure()


@pytest.fixture(scope="session")
def template(server: str) -> str:
    """A migrated database nobody writes to; made once per schema and shared by every worker."""
    from controlroom.migrate import fingerprint

    to = os.environ.get("MERKEZ_TEST_TO", "head")
    name = f"tmpl_{fingerprint()[:16]}_{to}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])
        found = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s AND datistemplate", [name]).fetchone()
        if found is None:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            migrate(with_database(server, name), to)
            admin.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(sql.Identifier(name)))
    return name


@contextmanager
def clone_of(server: str, template: str) -> Iterator[str]:
    """The superuser's address of a clone of a database, which is dropped afterwards; of `template0` it is an empty one."""
    name = f"t_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as admin:
        # Two clones of one template at once is an error in PostgreSQL ("source database is being accessed").
        admin.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield with_database(server, name)
    finally:
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def fresh_url(server: str, template: str) -> Iterator[str]:
    """The superuser's address of a clone that one test has for itself."""
    with clone_of(server, template) as url:
        yield url


@pytest.fixture(scope="module")
def clone_url(server: str, template: str) -> Iterator[str]:
    """The superuser's address of a clone that one file shares."""
    with clone_of(server, template) as url:
        yield url


@pytest.fixture
async def db(fresh_url: str) -> AsyncIterator[Database]:
    """A clone of the template as the API's role sees it."""
    database = Database(fresh_url)
    yield database
    await database.dispose()


@pytest.fixture
def clock() -> HeldClock:
    """A clock that stands at NOON until a test moves it."""
    return HeldClock(NOON)
