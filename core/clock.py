"""The one clock of the house (architecture, law 7): UTC with a zone, passed in, never read from the side."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where `now` comes from; every room is handed one."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the machine's time in UTC."""
        return datetime.now(UTC)


class ShiftedClock:
    """A clock moved by a fixed span; only the demo may have one (law 13)."""

    def __init__(self, by: timedelta) -> None:
        """Move the system's clock by `by` (may be negative)."""
        self._by = by
        self._inner = SystemClock()

    def now(self) -> datetime:
        """Return the machine's time plus the shift."""
        return self._inner.now() + self._by


class HeldClock:
    """A clock that stands still until it is told to move; for tests."""

    def __init__(self, at: datetime) -> None:
        """Stand at `at`, which must carry a zone."""
        if at.tzinfo is None:
            message = "a clock without a zone cannot be compared with anything"
            raise ValueError(message)
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """Return where the clock stands."""
        return self._at

    def move(self, by: timedelta) -> datetime:
        """Move the clock and return where it stands now."""
        self._at += by
        return self._at
