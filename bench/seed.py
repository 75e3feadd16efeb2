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

Conn = "psycopg.Connection[Any]"
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
            "INSERT INTO account (id, username, name, role, provinces, team_id, password_hash, created_at) VALUES (%s,%s,%s,%s,%s,%s,%s,%s)", people
        )
        cursor.executemany(
            "INSERT INTO session (id, account_id, device_hash, source_hash, started_at, expires_at) VALUES (%s,%s,%s,%s,%s,%s)", sessions
        )
        cursor.executemany("INSERT INTO access_token (token_hash, session_id, expires_at) VALUES (%s,%s,%s)", access)
    return tokens
