"""Dispatch: where help was needed and who came."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from retention.rules import Personal, Rule

#: ⟨our choice, the documents are silent⟩ An incident can be asked about in court and by its caller for so long.
CASE: Final = timedelta(days=5 * 365)
YEAR: Final = timedelta(days=365)

RULES: Final = (
    Rule(name="team_position", period=timedelta(hours=24), since="its receipt, once the crew is off duty", how="delete"),
    Rule(name="team_track", period=timedelta(days=30), since="its receipt", how="drop day"),
    Rule(name="incident_caller", period=YEAR, since="the incident was closed", how="delete"),
    Rule(name="incident_event", period=CASE, since="the incident was closed", how="delete"),
    Rule(name="alarm", period=CASE, since="its incident was closed", how="empty"),
    Rule(name="incident", period=CASE, since="it was closed", how="empty"),
)

PERSONAL: Final = (
    Personal(
        table="incident",
        columns=("position", "accuracy_m", "fixed_at", "place_text", "person_id"),
        what="Where somebody needed help, and a pointer to who",
        why="The nearest team goes, soonest (E11); an ihbar is driven to a result (E2, E4)",
        seen_by="Desks of its provinces; the crews sent",
        rule="incident",
    ),
    Personal(
        table="incident",
        columns=("owner_name",),
        what="Staff: the dispatcher who took it",
        why="Somebody answers for it (E4)",
        seen_by="Desks of its provinces",
        rule="incident",
    ),
    Personal(
        table="incident_caller",
        columns=("name", "phone", "words"),
        what="Who told it by telephone, the number, what was said",
        why="An ihbar is recorded and its caller can be asked again (E2); nothing of it is demanded (E1)",
        seen_by="Desks of its provinces, each look audited",
        rule="incident_caller",
    ),
    Personal(
        table="incident_event",
        columns=("actor_id", "actor_name", "detail"),
        what="Staff: who did what on an incident, and notes",
        why="An ihbar is driven to a result (E4); hand-over",
        seen_by="Desks of its provinces",
        rule="incident_event",
    ),
    Personal(
        table="alarm",
        columns=("acked_name", "note"),
        what="Staff: who acknowledged an alarm; what it said",
        why="An alarm that nobody took goes on (E3)",
        seen_by="Desks of its provinces",
        rule="alarm",
    ),
    Personal(
        table="team_position",
        columns=("position", "accuracy_m", "fixed_at", "heading_deg", "speed_mps"),
        what="Where a crew is",
        why="The nearest team goes, soonest (E11)",
        seen_by="Desks of its province",
        rule="team_position",
    ),
    Personal(
        table="team_track",
        columns=("position", "accuracy_m", "fixed_at", "heading_deg", "speed_mps"),
        what="Where a crew has been",
        why="Proof of who was near and when (E11)",
        seen_by="Nobody by a page; by order of the province",
        rule="team_track",
    ),
)
