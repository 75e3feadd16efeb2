"""Running other programs: never through a shell, never with our standard input, always with their words kept for the message."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controlroom.pg_place import RunAs

NOT_THERE = 127  #: A shell's answer for a program that is not installed.
TOO_SLOW = 124  #: `timeout`'s answer.


@dataclass(frozen=True, slots=True)
class Done:
    """What a program answered."""

    code: int
    said: str  #: Standard output and error together, stripped.

    @property
    def ok(self) -> bool:
        """Whether it ended well."""
        return self.code == 0

    def tail(self, lines: int = 12) -> str:
        """Return the end of what it said, for an error message."""
        return "\n".join(self.said.splitlines()[-lines:])


def run(
    *words: str | Path,
    cwd: Path | str = "/",
    more: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
    run_as: RunAs | None = None,
    timeout_s: float | None = None,
) -> Done:
    """Run a program to its end. `more` is added to our environment, `env` takes its place."""
    environment = dict(env) if env is not None else {**os.environ, **(more or {})}
    try:
        done = subprocess.run(  # noqa: S603 - words, not a line: nothing here is read by a shell
            [str(word) for word in words],
            cwd=cwd, env=environment, timeout=timeout_s, check=False, umask=0o077 if run_as else -1,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            **(run_as or {}),
        )  # fmt: skip
    except OSError as fault:
        return Done(NOT_THERE, str(fault))
    except subprocess.TimeoutExpired:
        return Done(TOO_SLOW, f"{words[0]}: {timeout_s} s")
    return Done(done.returncode, done.stdout.strip())


def hand_over(*words: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> int:
    """Run a program on our own terminal and return its exit code; an end asked of us is passed on and waited for."""
    running = subprocess.Popen(  # noqa: S603 - words, not a line: nothing here is read by a shell
        [str(word) for word in words], cwd=cwd, env=env, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        return running.wait()
    except KeyboardInterrupt:
        # A terminal's Ctrl-C reached it too; one sent to us alone did not. Either way it takes down what it started.
        running.send_signal(signal.SIGINT)
        running.wait()
        raise
