"""argon2id, off the event loop and never more at once than the machine can bear (law 12: overload is one clear error)."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from core.identity.problems import TooBusy

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from core.identity.settings import PasswordSettings

T = TypeVar("T")


class Passwords:
    """Hashes and checks passwords in threads of its own, so that a storm of sign-ins cannot hold up a press."""

    def __init__(self, settings: PasswordSettings) -> None:
        """Take the argon2 parameters and the bounds from `settings`."""
        self._hasher = PasswordHasher(
            time_cost=settings.time_cost,
            memory_cost=settings.memory_kib,
            parallelism=settings.parallelism,
            type=Type.ID,
        )
        self._threads = ThreadPoolExecutor(settings.at_once, thread_name_prefix="argon2")
        self._bound = settings.at_once + settings.may_wait
        self._inside = 0
        # Checked against when there is no such account, so that the answer takes as long as for one that exists.
        self._nobody = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """Return a fresh hash. Raises `TooBusy`."""
        return await self._run(lambda: self._hasher.hash(password))

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether `password` made `stored`; None costs the same time and is never true. Raises `TooBusy`."""
        matched = await self._run(lambda: self._verify(stored or self._nobody, password))
        return matched and stored is not None

    def outdated(self, stored: str) -> bool:
        """Whether the parameters have changed since `stored` was made."""
        return self._hasher.check_needs_rehash(stored)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._inside >= self._bound:
            raise TooBusy
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._inside -= 1

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> Self:
        """Use it in a `with` statement."""
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        """Let the threads go."""
        self.close()
