"""Writes docs/data-register.md from the register: `python -m retention.document`. The suite compares the file with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from retention import periods
from retention.register import KEPT_TABLES, PERSONAL, RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = Path(__file__).parent.parent / "docs" / "data-register.md"

_HEAD = """\
# Data register

What this control room knows about people, why, for how long, who sees it and what ends it (E6, E14, E16; law 6: deleted means gone).
Made from `retention/register/` by `python -m retention.document`; do not edit it here.

- Every column of every table stands either here or in `retention/register/plain.py`; the suite fails for a column in neither, and for a
  personal column that no rule ends.
- The sweep (`retention/jobs.py`) runs twice an hour as the database role `merkez_sweep`, batch by batch; what it deleted is counted in
  `deletion_run` in the transaction that deleted it (`GET /api/v1/retention/sweeps`). Periods run on the time of receipt (law 7).
- A clock that went back, leapt, or was not looked at for more than a day stops the sweep and alarms every desk, until a supervisor
  resumes it: footage deleted too early cannot be brought back, rows kept a day longer can still go.
- A row whose incident is open stays, however old it is; so does a hit without an outcome (E15).
- Periods marked ⟨⟩ are this project's own choice where the documents are silent.
- Backups hold what the database held when they were made: a site must not keep them longer than its shortest period allows.
"""


def render() -> str:
    """Return the document."""
    return "\n".join([_HEAD, *_tables(), *_rules(), *_kept()]) + "\n"


def _tables() -> Iterator[str]:
    for table in sorted({entry.table for entry in PERSONAL}):
        yield f"## `{table}`\n"
        yield "| columns | what | why | how long | who sees it | what ends it |"
        yield "| --- | --- | --- | --- | --- | --- |"
        for entry in PERSONAL:
            if entry.table == table:
                columns = ", ".join(f"`{column}`" for column in entry.columns)
                told = (columns, entry.what, entry.why, periods.period_of(entry), entry.seen_by, periods.ended_by(entry))
                yield f"| {' | '.join(told)} |"
        yield ""


def _rules() -> Iterator[str]:
    yield "## Rules, in the order of the sweep\n"
    yield "| rule | period | runs from | how |"
    yield "| --- | --- | --- | --- |"
    for rule in RULES:
        yield f"| `{rule.name}` | {periods.in_words(rule.period)} | {rule.since} | {rule.how} |"
    yield ""


def _kept() -> Iterator[str]:
    yield "## Kept without end\n"
    for table, why in KEPT_TABLES.items():
        yield f"- `{table}`: {why}"


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
