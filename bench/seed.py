"""Who takes part in a measurement: accounts, sessions, teams and phones straight into the tables, since signing in is not what is measured.

Tokens are random, and only their SHA-256 is stored, as the house itself does it.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from core.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
FAR = datetime.max.replace(tzinfo=UTC) - timedelta(days=400)


def hash_of(token: str) -> bytes:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def accounts(conn: psycopg.Connection[Any], role: str, provinces: Sequence[int], teams: Sequence[UUID | None]) -> list[str]:
    """Make an account per entry of `teams` (None where the role has none), signed in; return the access tokens."""
    tokens: list[str] = []
    people, sessions, access = [], [], []
    for team in teams:
        account, session, token = new_id(), new_id(), secrets.token_urlsafe(32)
        people.append((account, f"b{account.hex}", "Ölçüm", role, list(provinces), team, "-", EPOCH))
        sessions.append((session, account, b"b", b"b", EPOCH, FAR))
        access.append((hash_of(token), session, FAR))
        tokens.append(token)
    with conn.cursor() as cursor:
        cursor.executemany(
            """INSERT INTO account (id, username, name, role, provinces, team_id, password_hash, created_at)
            VALUES (%s,%s,%s,%s,%s,%s,%s,%s)""",
            people,
        )
        cursor.executemany(
            "INSERT INTO session (id, account_id, device_hash, source_hash, started_at, expires_at) VALUES (%s,%s,%s,%s,%s,%s)", sessions
        )
        cursor.executemany("INSERT INTO access_token (token_hash, session_id, expires_at) VALUES (%s,%s,%s)", access)
    return tokens


def phones(conn: psycopg.Connection[Any], how_many: int, province: int = 26) -> list[str]:
    """Register callers with generated T.C. and telephone numbers; return their phones' device tokens."""
    tokens: list[str] = []
    callers, devices = [], []
    for n in range(how_many):
        caller, device, token = new_id(), new_id(), secrets.token_urlsafe(32)
        callers.append((caller, f"+90555{n:07d}", f"{10_000_000_000 + n}", "tr", "app", province, True, EPOCH, EPOCH))
        devices.append((device, "kades", "b", [province], caller, hash_of(token), EPOCH))
        tokens.append(token)
    with conn.cursor() as cursor:
        cursor.executemany(
            """INSERT INTO kades_caller
                (id, phone, tc_no, language, safe_channel, registered_province, province_told, registered_at, verified_at)
            VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s)""",
            callers,
        )
        cursor.executemany(
            "INSERT INTO device (id, kind, name, provinces, subject_id, token_hash, issued_at) VALUES (%s,%s,%s,%s,%s,%s,%s)", devices
        )
    return tokens


def teams(
    conn: psycopg.Connection[Any], how_many: int, on_shift: int, *, province: int = 26, around: tuple[float, float], spread: float
) -> list[UUID]:
    """Strew crews over a square of ± `spread` degrees around (lon, lat), `on_shift` of them free; return all ids, those on shift first."""
    ids = [new_id() for _ in range(how_many)]
    lon, lat = around
    with conn.cursor() as cursor:
        cursor.executemany(
            """INSERT INTO team (id, code, kind, force, province, roster, roster_at, created_at)
            VALUES (%s, %s, 'patrol', 'police', %s, %s, now(), now())""",
            [(id_, f"B{n}", province, "available" if n < on_shift else "off_duty") for n, id_ in enumerate(ids)],
        )
        cursor.execute("SELECT setseed(0.155)")
        cursor.execute(
            """INSERT INTO team_position (team_id, province, position, fixed_at, received_at, skew_s)
            SELECT id, province,
                   ST_SetSRID(ST_MakePoint(%(lon)s + (random() * 2 - 1) * %(d)s, %(lat)s + (random() * 2 - 1) * %(d)s), 4326)::geography,
                   now(), now(), 0
            FROM team WHERE id = ANY (%(ids)s)""",
            {"lon": lon, "lat": lat, "d": spread, "ids": ids},
        )
    return ids


def gateway(conn: psycopg.Connection[Any], provinces: Sequence[int]) -> str:
    """Make the gateway that brings vehicle positions; return its token."""
    token = secrets.token_urlsafe(32)
    conn.execute(
        "INSERT INTO device (id, kind, name, provinces, token_hash, issued_at) VALUES (%s, 'gateway', 'b', %s, %s, %s)",
        [new_id(), list(provinces), hash_of(token), EPOCH],
    )
    return token
