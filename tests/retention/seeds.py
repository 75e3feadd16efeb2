"""One row for each rule of the sweep, of any age, its incident open or closed: made as the owner, past every role and scope."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from core.ids import new_id

Admin = psycopg.Connection[Any]
#: Counts what is left of the seeded row: 1 it stands, 0 it is gone or emptied.
Left = Callable[[Admin], int]
Seed = Callable[[Admin, datetime, "datetime | None"], Left]

SEEDS: dict[str, Seed] = {}
#: Rules whose rows hang on an incident: an open one keeps them.
OF_INCIDENTS: set[str] = set()


def seed(name: str, *, of_incident: bool = False) -> Callable[[Seed], Seed]:
    def keep(made: Seed) -> Seed:
        SEEDS[name] = made
        if of_incident:
            OF_INCIDENTS.add(name)
        return made

    return keep


def left(query: str, *params: object) -> Left:
    def count(admin: Admin) -> int:
        [(found,)] = admin.execute(query, params).fetchall()
        return int(found)

    return count


def an_incident(admin: Admin, at: datetime, closed_at: datetime | None) -> UUID:
    incident = new_id()
    admin.execute(
        """
        INSERT INTO incident (id, olay_no, home, provinces, source, kind, priority, state, position, position_kind, received_at,
                              due_warn_at, due_breach_at, place_text, owner_name, closed_at, outcome)
        VALUES (%s, %s, 26, '{26}', 'phone', 'x', 1, %s, ST_MakePoint(30.5, 39.7)::geography, 'fix', %s, %s, %s, 'Çarşı', 'X', %s, %s)
        """,
        [incident, str(incident), "closed" if closed_at else "raised", at, at, at, closed_at, "done" if closed_at else None],
    )
    return incident


def an_account(admin: Admin, at: datetime, disabled_at: datetime | None = None) -> UUID:
    account = new_id()
    admin.execute(
        """
        INSERT INTO account (id, username, name, role, provinces, password_hash, created_at, disabled_at)
        VALUES (%s, %s, 'X', 'operator', '{26}', '-', %s, %s)
        """,
        [account, f"u{account.hex}", at, disabled_at],
    )
    return account


def a_device(admin: Admin, at: datetime, *, subject: UUID | None = None, revoked_at: datetime | None = None) -> UUID:
    device = new_id()
    admin.execute(
        """
        INSERT INTO device (id, kind, name, provinces, subject_id, token_hash, issued_at, revoked_at)
        VALUES (%s, 'kades', 'KADES', '{26}', %s, %s, %s, %s)
        """,
        [device, subject, device.bytes, at, revoked_at],
    )
    return device


def a_caller(admin: Admin, at: datetime) -> UUID:
    caller = new_id()
    admin.execute(
        """
        INSERT INTO kades_caller (id, phone, tc_no, name, language, safe_channel, protected_address, registered_province, province_told,
                                  registered_at, verified_at)
        VALUES (%s, %s, '1', 'X', 'tr', 'none', 'X', 26, true, %s, %s)
        """,
        [caller, caller.hex, at, at],
    )
    return caller


def an_alert(admin: Admin, at: datetime, closed_at: datetime | None, *, caller: UUID | None = None) -> UUID:
    alert = new_id()
    incident = an_incident(admin, at, closed_at)
    admin.execute(
        """
        INSERT INTO kades_alert (id, device_id, client_id, incident_id, provinces, trigger, silent, received_at, position_kind, position,
                                 fixed_at, phone, joined, device_revoked, body_digest, caller_id)
        VALUES (%s, %s, %s, %s, '{26}', 'button', false, %s, 'fix', ST_MakePoint(30.5, 39.7)::geography, %s, 'X', false, false, '', %s)
        """,
        [alert, a_device(admin, at), new_id(), incident, at, at, caller],
    )
    return alert


@seed("event_log")
def event_log(admin: Admin, at: datetime, _closed: datetime | None) -> Left:
    [(seq,)] = admin.execute(
        """
        INSERT INTO event_log (seq, type, at, channels, data)
        SELECT coalesce(max(seq), 0) + 1, 'x', %s, '{}', '{}' FROM event_log RETURNING seq
        """,
        [at],
    ).fetchall()
    return left("SELECT count(*) FROM event_log WHERE seq = %s", seq)


@seed("outbox")
def outbox(admin: Admin, at: datetime, _closed: datetime | None) -> Left:
    [(row,)] = admin.execute("INSERT INTO outbox (type, at, channels, data) VALUES ('x', %s, '{}', '{}') RETURNING id", [at]).fetchall()
    return left("SELECT count(*) FROM outbox WHERE id = %s", row)


@seed("frame_shown")
def frame_shown(admin: Admin, at: datetime, _closed: datetime | None) -> Left:
    session = new_id()
    admin.execute("INSERT INTO frame_shown VALUES (%s, 1, %s)", [session, at])
    return left("SELECT count(*) FROM frame_shown WHERE session_id = %s", session)


@seed("request_once")
def request_once(admin: Admin, at: datetime, _closed: datetime | None) -> Left:
    sender = new_id()
    admin.execute("INSERT INTO request_once VALUES (%s, %s, '', '{}', %s)", [sender, new_id(), at])
    return left("SELECT count(*) FROM request_once WHERE sender = %s", sender)


@seed("account")
def account(admin: Admin, at: datetime, _closed: datetime | None) -> Left:
    person = an_account(admin, at, disabled_at=at)
    return left("SELECT count(*) FROM account WHERE id = %s AND username LIKE 'u%%' AND name = 'X'", person)


def a_team(admin: Admin, at: datetime, roster: str) -> UUID:
    team = new_id()
    admin.execute(
        """
        INSERT INTO team (id, code, kind, force, province, roster, roster_at, created_at)
        VALUES (%s, %s, 'patrol', 'police', 26, %s, %s, %s)
        """,
        [team, team.hex, roster, at, at],
    )
    return team


@seed("team_position")
def team_position(admin: Admin, at: datetime, _closed: datetime | None) -> Left:
    team = a_team(admin, at, "off_duty")
    admin.execute("INSERT INTO team_position VALUES (%s, 26, ST_MakePoint(30, 39)::geography, 5, %s, %s, 0)", [team, at, at])
    return left("SELECT count(*) FROM team_position WHERE team_id = %s", team)


@seed("team_track")
def team_track(admin: Admin, at: datetime, _closed: datetime | None) -> Left:
    team = a_team(admin, at, "available")
    admin.execute("SELECT dispatch_track_days(%s, %s)", [at.date(), at.date()])
    admin.execute("INSERT INTO team_track VALUES (%s, 26, ST_MakePoint(30, 39)::geography, 5, %s, %s)", [team, at, at])
    return left("SELECT count(*) FROM team_track WHERE team_id = %s", team)


@seed("incident_caller", of_incident=True)
def incident_caller(admin: Admin, at: datetime, closed: datetime | None) -> Left:
    incident = an_incident(admin, at, closed)
    admin.execute("INSERT INTO incident_caller VALUES (%s, '{26}', 'X', 'X', 'X', %s)", [incident, at])
    return left("SELECT count(*) FROM incident_caller WHERE incident_id = %s", incident)


@seed("incident_event", of_incident=True)
def incident_event(admin: Admin, at: datetime, closed: datetime | None) -> Left:
    incident = an_incident(admin, at, closed)
    admin.execute(
        "INSERT INTO incident_event (incident_id, provinces, at, kind, actor_name) VALUES (%s, '{26}', %s, 'x', 'X')", [incident, at]
    )
    return left("SELECT count(*) FROM incident_event WHERE incident_id = %s", incident)


@seed("incident", of_incident=True)
def incident(admin: Admin, at: datetime, closed: datetime | None) -> Left:
    made = an_incident(admin, at, closed)
    return left(
        "SELECT count(*) FROM incident WHERE id = %s AND position IS NOT NULL AND place_text IS NOT NULL AND owner_name IS NOT NULL", made
    )


@seed("alarm", of_incident=True)
def alarm(admin: Admin, at: datetime, closed: datetime | None) -> Left:
    made = new_id()
    admin.execute(
        "INSERT INTO alarm (id, provinces, incident_id, kind, raised_at, acked_name, note) VALUES (%s, '{26}', %s, 'x', %s, 'X', 'X')",
        [made, an_incident(admin, at, closed), at],
    )
    return left("SELECT count(*) FROM alarm WHERE id = %s AND acked_name IS NOT NULL", made)


def a_registration(admin: Admin, at: datetime, *, verified: bool) -> UUID:
    made = new_id()
    admin.execute(
        """
        INSERT INTO kades_registration (id, client_id, fingerprint, tc_no, phone, language, safe_channel, province, province_told,
                                        phone_hash, source_hash, created_at, verified_at, device_id)
        VALUES (%s, %s, '', 'X', 'X', 'tr', 'none', 26, true, '', '', %s, %s, %s)
        """,
        [made, new_id(), at, at if verified else None, a_device(admin, at) if verified else None],
    )
    return made


@seed("kades_registration_unverified")
def registration_unverified(admin: Admin, at: datetime, _closed: datetime | None) -> Left:
    return left("SELECT count(*) FROM kades_registration WHERE id = %s", a_registration(admin, at, verified=False))


@seed("kades_registration")
def registration(admin: Admin, at: datetime, _closed: datetime | None) -> Left:
    return left("SELECT count(*) FROM kades_registration WHERE id = %s", a_registration(admin, at, verified=True))


@seed("kades_code")
def code(admin: Admin, at: datetime, _closed: datetime | None) -> Left:
    device = a_device(admin, at, revoked_at=at)
    admin.execute("INSERT INTO kades_code VALUES (%s, 'a', 'b')", [device])
    return left("SELECT count(*) FROM kades_code WHERE device_id = %s", device)


@seed("kades_caller")
def caller(admin: Admin, at: datetime, _closed: datetime | None) -> Left:
    made = a_caller(admin, at)
    a_device(admin, at, subject=made, revoked_at=at)
    return left("SELECT count(*) FROM kades_caller WHERE id = %s", made)


@seed("kades_protection_order")
def order(admin: Admin, at: datetime, _closed: datetime | None) -> Left:
    made = new_id()
    admin.execute(
        "INSERT INTO kades_protection_order VALUES (%s, %s, 'X', 'X', %s, %s, %s, %s)",
        [made, a_caller(admin, at), at.date() - timedelta(days=9), at.date() - timedelta(days=1), new_id(), at],
    )
    return left("SELECT count(*) FROM kades_protection_order WHERE id = %s", made)


@seed("kades_position", of_incident=True)
def position(admin: Admin, at: datetime, closed: datetime | None) -> Left:
    made = new_id()
    admin.execute(
        """
        INSERT INTO kades_position (id, alert_id, position, fixed_at, received_at)
        VALUES (%s, %s, ST_MakePoint(30, 39)::geography, %s, %s)
        """,
        [made, an_alert(admin, at, closed), at, at],
    )
    return left("SELECT count(*) FROM kades_position WHERE id = %s", made)


@seed("kades_fault", of_incident=True)
def fault(admin: Admin, at: datetime, closed: datetime | None) -> Left:
    made = new_id()
    admin.execute("INSERT INTO kades_fault VALUES (%s, %s, 'x', 'x', 'X', %s)", [made, an_alert(admin, at, closed), at])
    return left("SELECT count(*) FROM kades_fault WHERE id = %s", made)


@seed("kades_evaluation", of_incident=True)
def evaluation(admin: Admin, at: datetime, closed: datetime | None) -> Left:
    made = new_id()
    admin.execute(
        "INSERT INTO kades_evaluation VALUES (%s, %s, 'genuine', 'X', %s, 'X', %s)", [made, an_alert(admin, at, closed), new_id(), at]
    )
    return left("SELECT count(*) FROM kades_evaluation WHERE id = %s", made)


@seed("kades_cancellation", of_incident=True)
def cancellation(admin: Admin, at: datetime, closed: datetime | None) -> Left:
    made = new_id()
    admin.execute("INSERT INTO kades_cancellation VALUES (%s, %s, %s, 'duress', %s)", [made, an_alert(admin, at, closed), new_id(), at])
    return left("SELECT count(*) FROM kades_cancellation WHERE id = %s", made)


@seed("kades_alert", of_incident=True)
def alert(admin: Admin, at: datetime, closed: datetime | None) -> Left:
    made = an_alert(admin, at, closed, caller=a_caller(admin, at))
    return left("SELECT count(*) FROM kades_alert WHERE id = %s AND num_nonnulls(position, phone, caller_id) > 0", made)


@seed("address_opening", of_incident=True)
def opening(admin: Admin, at: datetime, closed: datetime | None) -> Left:
    made = new_id()
    admin.execute(
        "INSERT INTO address_opening VALUES (%s, %s, %s, NULL, %s, %s, 'team', 'app', %s, '{26}')",
        [made, new_id(), an_incident(admin, at, closed), new_id(), new_id(), at],
    )
    return left("SELECT count(*) FROM address_opening WHERE id = %s", made)


@seed("pts_image")
def image(admin: Admin, at: datetime, _closed: datetime | None) -> Left:
    made = new_id()
    admin.execute("INSERT INTO pts_image VALUES (%s, %s, 26, %s, NULL, 'X')", [made, new_id(), at])
    return left("SELECT count(*) FROM pts_image WHERE gate_id = %s", made)


@seed("pts_read")
def read(admin: Admin, at: datetime, _closed: datetime | None) -> Left:
    made = new_id()
    admin.execute("SELECT pts_read_make_days(%s, 1)", [at.date()])
    admin.execute("INSERT INTO pts_read VALUES (%s, %s, %s, 26, 'X', 'X', 1, NULL, 'x', %s, NULL, false, NULL)", [made, new_id(), at, at])
    return left("SELECT count(*) FROM pts_read WHERE gate_id = %s", made)


def a_hit(admin: Admin, at: datetime, closed: datetime | None, *, entry: UUID | None = None, concluded: bool = True) -> UUID:
    made, gate = new_id(), new_id()
    admin.execute("INSERT INTO gate VALUES (%s, 'X', 26, ST_SetSRID(ST_MakePoint(30, 39), 4326), NULL, %s)", [gate, at])
    admin.execute(
        """
        INSERT INTO pts_hit (id, province, gate_id, client_id, incident_id, plate, plate_read, confidence, turkish, category, rank, read_at,
                             last_read_at, received_at, late, verdict, verdict_at, outcome, outcome_at)
        VALUES (%s, 26, %s, %s, %s, 'X', 'X', 1, true, 'stolen', 2, %s, %s, %s, false, 'confirmed', %s, %s, %s)
        """,
        [
            made,
            gate,
            new_id(),
            an_incident(admin, at, closed),
            at,
            at,
            at,
            at,
            "not_found" if concluded else None,
            at if concluded else None,
        ],
    )
    admin.execute("INSERT INTO pts_hit_entry VALUES (%s, %s, 26, 'stolen', 'X', 'X', %s, %s)", [made, entry or new_id(), at, at])
    admin.execute("INSERT INTO pts_image VALUES (%s, %s, 26, %s, %s, 'X')", [gate, new_id(), at, made])
    return made


@seed("pts_hit", of_incident=True)
def hit(admin: Admin, at: datetime, closed: datetime | None) -> Left:
    made = a_hit(admin, at, closed)
    return left(
        """
        SELECT greatest((SELECT count(*) FROM pts_hit WHERE id = %(id)s), (SELECT count(*) FROM pts_image WHERE hit_id = %(id)s),
                        (SELECT count(*) FROM pts_hit_entry WHERE hit_id = %(id)s))
        """.replace("%(id)s", f"'{made}'")
    )


def an_entry(admin: Admin, at: datetime, *, ended: bool = True) -> UUID:
    made = new_id()
    admin.execute(
        """
        INSERT INTO hotlist_entry (id, province, plate, category, authority, document, valid_from, recorded_at, recorded_by,
                                   ended_at, ended_by)
        VALUES (%s, 26, '26ABC12', 'stolen', 'X', 'X', %s, %s, %s, %s, %s)
        """,
        [made, at - timedelta(days=1), at, new_id(), at if ended else None, new_id() if ended else None],
    )
    return made


@seed("hotlist_entry")
def entry(admin: Admin, at: datetime, _closed: datetime | None) -> Left:
    return left("SELECT count(*) FROM hotlist_entry WHERE id = %s", an_entry(admin, at))
