"""The collector: what the register says of every column, checked against itself and against a database's columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from retention.register import KEPT_TABLES, OTHER_JOBS, PERSONAL, RULES
from retention.register.plain import PLAIN
from retention.rules import KEPT, Personal, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta

RULE_OF: Final[Mapping[str, Rule]] = {rule.name: rule for rule in RULES}


@dataclass(frozen=True, slots=True)
class Line:
    """One column of the register."""

    table: str
    column: str
    entry: Personal
    period: str  #: In words: how long, since when.
    ended_by: str  #: In words: what ends it.


def lines() -> list[Line]:
    """Return the register column by column, by table and in the order of the rooms' files."""
    return [Line(entry.table, column, entry, period_of(entry), ended_by(entry)) for entry in PERSONAL for column in entry.columns]


def period_of(entry: Personal) -> str:
    """Say how long it is kept."""
    if entry.rule == KEPT:
        return "as long as the audit"
    if entry.rule in OTHER_JOBS:
        return OTHER_JOBS[entry.rule]
    rule = RULE_OF[entry.rule]
    return f"{in_words(rule.period)} after {rule.since}"


def ended_by(entry: Personal) -> str:
    """Say what ends it."""
    if entry.rule == KEPT:
        return KEPT_TABLES[entry.table]
    if entry.rule in OTHER_JOBS:
        return f"job {entry.rule}"
    rule = RULE_OF[entry.rule]
    return {
        "delete": f"sweep, rule {rule.name}: the row is deleted",
        "empty": f"sweep, rule {rule.name}: the columns are emptied, the row stays as a figure",
        "drop day": f"sweep, rule {rule.name}: the day's partition is dropped before its first row is of age by more than an hour",
    }[rule.how]


def in_words(period: timedelta) -> str:
    """Say a period in its largest whole unit."""
    hours = round(period.total_seconds() / 3600)
    for size, unit in ((8760, "year"), (24, "day"), (1, "hour")):
        if hours % size == 0 and hours >= size and (size, hours) != (24, 24) and (size != 24 or hours > 48):  # noqa: PLR2004 - up to two days are said in hours
            count = hours // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{period}"


@dataclass(frozen=True, slots=True)
class Gaps:
    """Where register and database differ; all empty when every column was decided on."""

    undecided: frozenset[str]  #: Columns of the database that stand nowhere.
    twice: frozenset[str]  #: Columns that stand in two places.
    gone: frozenset[str]  #: Columns the register names and the database has not.
    endless: frozenset[str]  #: Personal columns that no rule and no job ends.
    idle: frozenset[str]  #: Rules that end nothing.

    def __bool__(self) -> bool:
        return bool(self.undecided or self.twice or self.gone or self.endless or self.idle)


def gaps(columns: Iterable[tuple[str, str]], jobs: Iterable[str]) -> Gaps:
    """Compare the register with a database's `(table, column)` pairs and the names of the jobs that run."""
    there = {f"{table}.{column}" for table, column in columns}
    personal = [f"{line.table}.{line.column}" for line in lines()]
    plain = [f"{table}.{column}" for table, names in PLAIN.items() for column in names.split()]
    named = personal + plain
    known = set(RULE_OF) | (set(OTHER_JOBS) & set(jobs))
    endless = {
        f"{line.table}.{line.column}"
        for line in lines()
        if line.entry.rule not in known and not (line.entry.rule == KEPT and line.table in KEPT_TABLES)
    }
    used = {entry.rule for entry in PERSONAL}
    return Gaps(
        undecided=frozenset(there - set(named)),
        twice=frozenset(name for name in named if named.count(name) > 1),
        gone=frozenset(set(named) - there),
        endless=frozenset(endless),
        idle=frozenset(set(RULE_OF) - used),
    )
