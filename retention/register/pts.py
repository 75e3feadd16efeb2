"""PTS: vehicles that passed, plates that are listed, hits. A plate is personal data."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from retention.rules import Personal, Rule

#: E16; pictures first, then the rows.
TEN_DAYS: Final = timedelta(days=10)
#: ⟨our choice⟩ After its outcome a hit may still be asked about in the case it led to.
HIT: Final = timedelta(days=730)

RULES: Final = (
    Rule(name="pts_image", period=TEN_DAYS, since="its receipt, without a hit", how="delete"),
    Rule(name="pts_read", period=TEN_DAYS, since="its receipt", how="drop day"),
    Rule(name="pts_hit", period=HIT, since="its outcome, once the incident is closed", how="delete"),
    Rule(name="hotlist_entry", period=HIT, since="it ended or ran out, once no open hit names it", how="delete"),
)

_PASSED: Final = "A listed vehicle is noticed at the gate (E15)"

PERSONAL: Final = (
    Personal(
        table="pts_read",
        columns=("plate", "plate_read", "read_at", "direction"),
        what="Which vehicle passed which gate when",
        why=f"{_PASSED}; reads without a hit fall under the ten days (E16)",
        seen_by="Nobody by a page: there is no search of reads, following a vehicle needs a decision (CMK 140)",
        rule="pts_read",
    ),
    Personal(
        table="pts_image",
        columns=("jpeg",),
        what="A small picture of a vehicle that passed",
        why="A person compares before anybody is stopped (E15); without a hit it goes within ten days (E16)",
        seen_by="Desks of the gate's province, with a hit only, each look audited",
        rule="pts_image",
    ),
    Personal(
        table="pts_hit",
        columns=("plate", "plate_read", "read_at", "last_read_at", "direction", "verdict_note", "outcome_note"),
        what="A listed vehicle that passed, and what became of it",
        why="The teams concerned are alerted and the vehicle is taken; open until its outcome (E15)",
        seen_by="Desks of the gate's province and the crews sent, each look audited",
        rule="pts_hit",
    ),
    Personal(
        table="pts_hit_entry",
        columns=("authority", "document"),
        what="On whose paper the plate was listed when it matched",
        why="A hit must be judged by what was known then (E15)",
        seen_by="Desks of the gate's province, each look audited",
        rule="pts_hit",
    ),
    Personal(
        table="hotlist_entry",
        columns=("plate", "authority", "document", "note", "end_reason"),
        what="A plate that is wanted, by whom, why",
        why=_PASSED,
        seen_by="Supervisors of its province, each look audited",
        rule="hotlist_entry",
    ),
)
