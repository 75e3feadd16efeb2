"""Progress: what is being done, how long it takes, what came of it. Lines on stderr, rows for `--json`."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from controlroom.failures import Words
from controlroom.language import inline

if TYPE_CHECKING:
    from collections.abc import Generator

SHOW_TIME_AFTER_S = 1.0  #: A step that takes longer shows its running seconds.


@dataclass(slots=True)
class Step:
    """One step of a command."""

    name: str  #: Stable English slug, the key in `--json`.
    at_ms: int  #: When it ended (or was seen), in ms since the command began.
    took_ms: int = 0
    ok: bool = True
    note: Words | None = None  #: What came of it, when that is worth a word.

    def remark(self, tr: str, en: str) -> None:
        """Add what came of it, shown behind the time."""
        self.note = Words(tr, en)

    def row(self) -> dict[str, object]:
        """Return the step as contract.md shows it."""
        return {"name": self.name, "at_ms": self.at_ms, "took_ms": self.took_ms, "ok": self.ok}


@dataclass
class Steps:
    """All steps of one run of a command."""

    out: TextIO = field(default_factory=lambda: sys.stderr)
    rows: list[Step] = field(default_factory=list)
    _begun: float = field(default_factory=time.monotonic)

    @contextmanager
    def step(self, name: str, tr: str, en: str) -> Generator[Step]:
        """Time a step and show it; an exception marks it as failed and goes on its way."""
        begun = time.monotonic()
        step = Step(name, at_ms=0)
        self.rows.append(step)
        try:
            with _ticking(self.out, inline(Words(tr, en)), begun):
                yield step
        except BaseException:
            step.ok = False
            raise
        finally:
            step.took_ms = round((time.monotonic() - begun) * 1000)
            step.at_ms = self.elapsed_ms()
            self._line("✓" if step.ok else "✗", Words(tr, en), step)

    def seen(self, name: str, tr: str, en: str, *, ok: bool = True) -> Step:
        """Note something that happened at this moment (a frame that came, a state that was reached)."""
        last = self.rows[-1].at_ms if self.rows else 0
        now = self.elapsed_ms()
        step = Step(name, at_ms=now, took_ms=now - last, ok=ok)
        self.rows.append(step)
        self._line("✓" if ok else "✗", Words(tr, en), step)
        return step

    def elapsed_ms(self) -> int:
        """Milliseconds since the command began."""
        return round((time.monotonic() - self._begun) * 1000)

    @property
    def all_ok(self) -> bool:
        """Whether there was a step and none failed."""
        return bool(self.rows) and all(step.ok for step in self.rows)

    def as_json(self) -> dict[str, object]:
        """Return `{"steps": [...]}` of contract.md, with the total."""
        return {"steps": [step.row() for step in self.rows], "total_ms": self.elapsed_ms(), "ok": self.all_ok}

    def _line(self, mark: str, words: Words, step: Step) -> None:
        note = f"  ({inline(step.note)})" if step.note else ""
        clear = "\r\033[K" if self.out.isatty() else ""
        self.out.write(f"{clear}{mark} {inline(words)}  {step.took_ms / 1000:.1f} s{note}\n")
        self.out.flush()


@contextmanager
def _ticking(out: TextIO, text: str, begun: float) -> Generator[None]:
    """On a terminal, say what is going on and for how long; a log file gets the closing line only."""
    if not out.isatty():
        yield
        return
    over = threading.Event()

    def tick() -> None:
        out.write(f"… {text}")
        out.flush()
        while not over.wait(SHOW_TIME_AFTER_S):
            out.write(f"\r\033[K… {text}  {time.monotonic() - begun:.0f} s")
            out.flush()

    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    try:
        yield
    finally:
        over.set()
        ticker.join()
