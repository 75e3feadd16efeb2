"""The database under a running house: started again whenever it is gone, for as long as it takes.

A full disk takes PostgreSQL down and keeps it down (its log cannot be written, so its recovery cannot end). The house must not go with it:
its server goes on telling every phone that nothing was kept, and the first try after somebody made room brings everything back.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
import psycopg

from controlroom.failures import Failure, Words
from controlroom.language import lines

if TYPE_CHECKING:
    from controlroom.cluster import Cluster

#: After a failed try: again after 1 s, 2 s … 10 s, for ever.
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 10.0
#: Less than one segment of the write-ahead log: PostgreSQL cannot end its recovery in it.
ONE_SEGMENT = 16 << 20


@dataclass
class Reviver:
    """Looks after one cluster; None is a server that is not ours to start."""

    cluster: Cluster | None
    _pause_s: float = FIRST_PAUSE_S
    _again_at: float = 0.0
    _said: str = ""

    def tend(self) -> bool:
        """Start the database if it is gone and its pause is over; say whether it did. Never raises for a start that fails."""
        if self.cluster is None or self.cluster.pid is not None or time.monotonic() < self._again_at:
            return False
        try:
            self.cluster.ensure()
        except Failure as failure:
            self._wait(failure.words)
        except (OSError, psycopg.Error) as fault:
            self._wait(Words(f"Veritabanı başlamadı: {fault}", f"The database did not start: {fault}"))
        else:
            self._pause_s, self._again_at, self._said = FIRST_PAUSE_S, 0.0, ""
            tell(Words("Veritabanı yeniden çalışıyor.", "The database runs again."))
            return True
        return False

    def _wait(self, words: Words) -> None:
        self._again_at = time.monotonic() + self._pause_s
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
        why = self._why(words)
        if why.en != self._said:  # once for each cause: the log below has every try
            self._said = why.en
            tell(why)

    def _why(self, words: Words) -> Words:
        home = self.cluster.where.home if self.cluster else None
        if home is None or shutil.disk_usage(home).free >= ONE_SEGMENT:
            return words
        return Words(
            f"DİSK DOLU ({home}): veritabanı duruyor, hiçbir ihbar alınamıyor. Yer açın; kendiliğinden yeniden başlar.",
            f"THE DISK IS FULL ({home}): the database is down and no press can be taken. Make room; it starts again by itself.",
        )


def tell(words: Words) -> None:
    """Say it where the command was started."""
    for line in lines(words):
        click.echo(line, err=True)
