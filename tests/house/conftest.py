"""One migrated database that the tests of this folder only read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import clone_of

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def migrated_url(server: str, template: str) -> Iterator[str]:
    """The superuser's address of a clone of the template; whoever writes to it rolls back."""
    with clone_of(server, template) as url:
        yield url
