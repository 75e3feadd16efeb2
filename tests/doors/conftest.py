"""Fixtures of what stands at the doors: one real server for a file, with somebody of every role and something behind every id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.controlroom.test_roles import people
from tests.live import live, shared_live

if TYPE_CHECKING:
    from tests.controlroom.doors import World
    from tests.live import Live


@pytest.fixture(scope="module")
def world(shared_live: Live) -> World:
    """A house in use."""
    return people(shared_live)


__all__ = ["live", "shared_live"]
