"""What a command answers when it cannot be done: one exit code and one sentence in two languages each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar


class Exit(IntEnum):
    """Exit codes of `./merkez` (contract.md, front door)."""

    DONE = 0  #: All was done.
    FAILED = 1  #: It was tried and failed.
    WRONG_USE = 2  #: The words after the command make no sense.
    MISSING = 3  #: Something is missing; the message says how to mend it.
    NOT_IN_THIS_BUILD = 4  #: The command is known, its room is not built yet.


@dataclass(frozen=True, slots=True)
class Words:
    """The same sentence in Turkish and in English."""

    tr: str
    en: str


class Failure(Exception):  # noqa: N818 - a person reads it; "failed" is the name of its exit code
    """The command was tried and failed; the message says at what."""

    code: ClassVar[Exit] = Exit.FAILED

    def __init__(self, tr: str, en: str, *, mend: str | None = None) -> None:
        """`mend` is a command line that puts it right, the same in every language."""
        super().__init__(f"{tr} / {en}" + (f" [{mend}]" if mend else ""))
        self.words = Words(tr, en)
        self.mend = mend


class Missing(Failure):
    """Something the command needs is not there; `mend` says how to get it."""

    code = Exit.MISSING


class NotInThisBuild(Failure):
    """The contract names the command, but its room comes with a later issue."""

    code = Exit.NOT_IN_THIS_BUILD
