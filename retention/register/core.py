"""Core: accounts, sign-ins, the log of events, answers kept for repetition, the audit."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from retention.rules import KEPT, Personal, Rule

RULES: Final = (
    Rule(name="event_log", period=timedelta(hours=48), since="the event", how="delete"),
    Rule(name="outbox", period=timedelta(hours=48), since="the event", how="delete"),
    Rule(name="frame_shown", period=timedelta(hours=48), since="its showing", how="delete"),
    Rule(name="request_once", period=timedelta(days=7), since="the request", how="delete"),
    Rule(name="account", period=timedelta(days=730), since="the account was disabled", how="empty"),
)

PERSONAL: Final = (
    Personal(
        table="account",
        columns=("username", "name", "password_hash"),
        what="Staff: sign-in name, shown name, argon2id hash of the password",
        why="Authenticated users and an audit with faces (E6, law 9)",
        seen_by="Name: colleagues; user name: admins of the office; hash: nobody",
        rule="account",
    ),
    Personal(
        table="session",
        columns=("device_hash", "source_hash"),
        what="Staff: hashes of the device and the network of a sign-in",
        why="A refresh token that left its device is noticed (E6)",
        seen_by="Nobody",
        rule="identity.prune",
    ),
    Personal(
        table="access_token",
        columns=("token_hash",),
        what="Staff: hash of an access token",
        why="Authenticated users (E6)",
        seen_by="Nobody",
        rule="identity.prune",
    ),
    Personal(
        table="refresh_token",
        columns=("token_hash", "nonce", "issued_at"),
        what="Staff: hash of a refresh token, what its successor is made from, and when it was issued",
        why="Authenticated users (E6); an incident is handed to somebody who is there (E4)",
        seen_by="Hash: nobody; the latest time, as last seen: dispatchers and supervisors of a shared province",
        rule="identity.prune",
    ),
    Personal(
        table="login_failure",
        columns=("key",),
        what="Hash of a typed user name and a network",
        why="Guessing is slowed without locking out the night shift (E6)",
        seen_by="Nobody",
        rule="identity.prune",
    ),
    Personal(
        table="request_once",
        columns=("answer",),
        what="The answer a request got, for its repetition",
        why="The same request twice changes nothing (law 3)",
        seen_by="The sender, again",
        rule="request_once",
    ),
    Personal(
        table="outbox",
        columns=("data",),
        what="Events not yet numbered: positions of incidents and crews; no name, phone, address or plate",
        why="Nothing is skipped on the wire (law 2)",
        seen_by="The desks and crews the event is for",
        rule="outbox",
    ),
    Personal(
        table="event_log",
        columns=("data",),
        what="Events of the last 48 hours: positions of incidents and crews; no name, phone, address or plate",
        why="A client that was away catches up (law 2, law 6)",
        seen_by="The desks and crews the event is for",
        rule="event_log",
    ),
    Personal(
        table="frame_shown",
        columns=("session_id", "seq", "at"),
        what="Staff: which screen showed which event when",
        why="Evidence that an alert was in front of somebody (E9)",
        seen_by="Auditors",
        rule="frame_shown",
    ),
    Personal(
        table="audit_entry",
        columns=("actor_id", "session_id", "reason", "detail"),
        what="Who did or looked at what, and why they said so",
        why="Every look at a person's data has a face and a reason (E6, E14, law 9)",
        seen_by="Auditors of the province",
        rule=KEPT,
    ),
)
