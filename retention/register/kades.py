"""KADES: women who registered, their presses, their trails."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from retention.register.dispatch import CASE, YEAR
from retention.rules import Personal, Rule

RULES: Final = (
    Rule(name="kades_registration_unverified", period=timedelta(hours=24), since="it was begun and never verified", how="delete"),
    Rule(name="kades_registration", period=YEAR, since="it was verified", how="delete"),
    Rule(name="kades_fault", period=timedelta(days=30), since="its receipt, once the incident is closed", how="delete"),
    Rule(name="kades_position", period=YEAR, since="the incident was closed", how="delete"),
    Rule(name="kades_evaluation", period=CASE, since="the incident was closed", how="delete"),
    Rule(name="kades_cancellation", period=CASE, since="the incident was closed", how="delete"),
    Rule(name="address_opening", period=CASE, since="the opening, once the incident is closed", how="delete"),
    Rule(name="kades_alert", period=CASE, since="the incident was closed", how="empty"),
    Rule(name="kades_protection_order", period=YEAR, since="the order ran out", how="delete"),
    Rule(name="kades_code", period=YEAR, since="the phone was revoked", how="delete"),
    Rule(name="kades_caller", period=YEAR, since="her last phone was revoked and no press names her any more", how="delete"),
)

_HER_DESK: Final = "Desks of the incident's provinces, each look audited"
_SERVED: Final = "Every registered caller is served (E9, E12)"

PERSONAL: Final = (
    Personal(
        table="kades_registration",
        columns=("tc_no", "phone", "name", "protected_address", "code_hash"),
        what="A registration on its way: what she typed, the hash of her SMS code",
        why=f"The phone is proven to be hers; floods are slowed. {_SERVED}",
        seen_by="Nobody; what she typed is emptied as soon as the code is verified",
        rule="kades_registration_unverified",
    ),
    Personal(
        table="kades_registration",
        columns=("phone_hash", "source_hash", "fingerprint", "safe_channel", "language"),
        what="Hashes of her phone, network and request; how she can be reached safely, her language",
        why=f"The same registration twice is one; floods are slowed. {_SERVED}",
        seen_by="Nobody",
        rule="kades_registration",
    ),
    Personal(
        table="kades_caller",
        columns=("tc_no",),
        what="T.C. number of a registered caller",
        why="She is the same person after a new phone",
        seen_by="Nobody by a page; one function of the database, its caller audited",
        rule="kades_caller",
    ),
    Personal(
        table="kades_caller",
        columns=("phone", "name", "language", "safe_channel"),
        what="Name, phone, language and safe channel of a registered caller",
        why=_SERVED,
        seen_by=_HER_DESK,
        rule="kades_caller",
    ),
    Personal(
        table="kades_caller",
        columns=("protected_address",),
        what="Where she lives, hidden from everybody",
        why="The team reaches her door when no position does (E11, E12)",
        seen_by="The assigned team, and the dispatcher recording for it by radio, for that dispatch only; each opening logged",
        rule="kades_caller",
    ),
    Personal(
        table="kades_protection_order",
        columns=("authority", "document", "valid_from", "valid_to"),
        what="A protection order in her favour",
        why="Context and priority, never a gate (E12)",
        seen_by=_HER_DESK,
        rule="kades_protection_order",
    ),
    Personal(
        table="kades_alert",
        columns=("caller_id", "phone", "position", "accuracy_m", "fixed_at"),
        what="Who pressed, from which number, where",
        why="The alert is in the Haber Merkezi instantly and the nearest team goes (E9, E11)",
        seen_by=_HER_DESK,
        rule="kades_alert",
    ),
    Personal(
        table="kades_position",
        columns=("position", "accuracy_m", "fixed_at", "told_at"),
        what="Where she was, moment by moment",
        why="The team goes where she is, not where she pressed (E11)",
        seen_by=f"{_HER_DESK}; the crews sent",
        rule="kades_position",
    ),
    Personal(
        table="kades_fault",
        columns=("said",),
        what="What her phone said that could not be used",
        why="A press is never refused for its content, and nothing of it is lost (law 1)",
        seen_by="Supervisors",
        rule="kades_fault",
    ),
    Personal(
        table="kades_evaluation",
        columns=("note", "by_id", "by_name"),
        what="What an operator made of an alert; staff: who it was",
        why="Who, when, which verdict (E10); it never lowers a later alert",
        seen_by=_HER_DESK,
        rule="kades_evaluation",
    ),
    Personal(
        table="kades_cancellation",
        columns=("outcome",),
        what="Whether the code she entered was the normal one, the one under duress, or wrong",
        why="Duress is answered like a cancellation and told to the desk (E9)",
        seen_by=_HER_DESK,
        rule="kades_cancellation",
    ),
    Personal(
        table="kades_code",
        columns=("cancel_hash", "duress_hash"),
        what="Keyed hashes of her two codes",
        why="Duress is answered like a cancellation (E9)",
        seen_by="Nobody",
        rule="kades_code",
    ),
    Personal(
        table="address_opening",
        columns=("caller_id", "actor_id"),
        what="Whose protected address was opened, by whom",
        why="Viewing is limited, reasoned, logged (E14)",
        seen_by="Auditors",
        rule="address_opening",
    ),
)
