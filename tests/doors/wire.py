"""Requests no client library would send, and how an answer to one is judged."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.live import Live

MEGABYTE = b"x" * 1_000_000
JSON = "application/json"
#: Tables that nothing but a request writes; the others go on by themselves (timers, relay, audit).
WRITTEN_WHOLE = (
    "team_position", "pts_read", "hotlist_entry", "kades_registration", "kades_evaluation", "kades_position", "account", "device",
    "gate", "camera", "camera_sector", "request_once",
)  # fmt: skip
WRITTEN_COUNTED = ("incident", "kades_alert", "pts_hit", "team", "team_track")


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def raw(
    live: Live, method: str, path: str, token: str | None, body: bytes | Iterable[bytes], *, content_type: str = JSON, lang: str = "en"
) -> Answer:
    """Send a body as it is: bytes with their length told, pieces in chunks. The answer is read even where it came before the end."""
    where = urlsplit(live.base_url)
    assert where.hostname is not None
    head = [f"{method} {path} HTTP/1.1", "Host: x", "Connection: close", f"Accept-Language: {lang}", f"Content-Type: {content_type}"]
    head += [] if token is None else [f"Authorization: Bearer {token}"]
    whole = isinstance(body, bytes)
    head.append(f"Content-Length: {len(body)}" if isinstance(body, bytes) else "Transfer-Encoding: chunked")
    pieces = [body] if isinstance(body, bytes) else [b"%x\r\n%s\r\n" % (len(one), one) for one in body] + [b"0\r\n\r\n"]
    with socket.create_connection((where.hostname, where.port or 80), timeout=20) as wire:
        wire.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        try:
            for piece in pieces:
                wire.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            assert not whole or len(pieces[0]) > 100_000, "cut off in the middle of a small request"
        return _answer(wire)


def _answer(wire: socket.socket) -> Answer:
    got = b""
    try:
        while piece := wire.recv(65_536):
            got += piece
    except ConnectionResetError:
        pass  # it closed on what we still had to say; the answer stands before it
    head, _, body = got.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Answer(int(first.split()[1]), headers, body)


def problem_of(answer: Any, lang: str) -> dict[str, Any]:
    """The one problem that a refusal is, in the language that was asked for."""
    status = answer.status if isinstance(answer, Answer) else answer.status_code
    assert answer.headers.get("content-type") == "application/problem+json", f"{status} {answer.headers}"
    assert answer.headers.get("content-language") == lang
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"] == f"urn:merkez:problem:{problem['slug']}"
    assert problem["title"]
    assert problem["detail"]
    return problem


def rows(url: str) -> dict[str, Any]:
    """What stands in the database that only a request can have written."""
    found: dict[str, Any] = {}
    with psycopg.connect(url) as conn:
        for table in WRITTEN_WHOLE:
            query = sql.SQL("SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} t")
            found[table] = conn.execute(query.format(sql.Identifier(table))).fetchone()
        for table in WRITTEN_COUNTED:
            found[table] = conn.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    return found
