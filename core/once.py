"""Law 3: every write from outside carries a client-made UUID; the same one twice changes nothing and answers the same."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb
from pydantic_core import PydanticSerializationError

from core.errors import AnotherBody
from core.sql import load

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime
    from uuid import UUID

    from pydantic import BaseModel

    from core.db import Tx

_SQL = load("core")


async def once(
    tx: Tx, sender: UUID, client_id: UUID, what: str, body: BaseModel, at: datetime, do: Callable[[], Awaitable[dict[str, Any]]]
) -> dict[str, Any]:
    """Run `do` unless `sender` sent `client_id` before, then give the first answer again.

    `what` names the call and its path ids, so that one body sent to two places is two requests. Raises `AnotherBody` (409) when the
    same id comes with another body or to another place. A refused request leaves nothing behind: it may be sent again.
    """
    fingerprint = _fingerprint(what, body)
    key = {"sender": sender, "client_id": client_id}
    # The primary key makes a second request with the same id wait here until the first has committed or gone.
    begun = await tx.value(_SQL["once_begin"], {**key, "fingerprint": fingerprint, "at": at})
    if begun is None:
        first = await _first(tx, key, fingerprint)
        if first is None:
            raise AnotherBody
        return first
    answer = await do()
    await tx.execute(_SQL["once_end"], {**key, "answer": Jsonb(answer)})
    return answer


async def answered(tx: Tx, sender: UUID, client_id: UUID, what: str, body: BaseModel) -> dict[str, Any] | None:
    """Return the first answer, None when the id is new: for work that must not wait inside a transaction. Raises `AnotherBody`."""
    return await _first(tx, {"sender": sender, "client_id": client_id}, _fingerprint(what, body))


async def _first(tx: Tx, key: dict[str, UUID], fingerprint: bytes) -> dict[str, Any] | None:
    seen = await tx.row(_SQL["once_seen"], key)
    if seen is None:
        return None
    if bytes(seen["fingerprint"]) != fingerprint:
        raise AnotherBody
    answer: dict[str, Any] = seen["answer"]
    return answer


def _fingerprint(what: str, body: BaseModel) -> bytes:
    return hashlib.sha256(what.encode() + b"\n" + _text_of(body)).digest()


def _text_of(body: BaseModel) -> bytes:
    """Return the body as text to compare; half a surrogate pair in a field of any form has no UTF-8, and is no reason to fail."""
    try:
        return body.model_dump_json().encode()
    except PydanticSerializationError:
        return ascii(body.model_dump()).encode()
