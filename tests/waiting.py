"""Waiting for the thing itself, with an end to the patience: no test sleeps and hopes."""

from __future__ import annotations

import asyncio
import inspect
import time
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Found = TypeVar("Found")


def until(found: Callable[[], Found], what: str = "it", within_s: float = 15.0) -> Found:
    """Ask until there is something, and return it."""
    give_up = time.monotonic() + within_s
    while not (thing := found()):
        assert time.monotonic() < give_up, f"never came: {what}"
        time.sleep(0.05)
    return thing


async def comes(found: Callable[[], Awaitable[Found] | Found], what: str = "it", within_s: float = 10.0, *, every_s: float = 0.01) -> Found:
    """The same while other tasks run on."""
    give_up = time.monotonic() + within_s
    while not (thing := await _asked(found())):
        assert time.monotonic() < give_up, f"never came: {what}"
        await asyncio.sleep(every_s)
    return thing


async def _asked(answer: Awaitable[Found] | Found) -> Found:
    return await answer if inspect.isawaitable(answer) else cast("Found", answer)
