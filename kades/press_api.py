"""`POST /api/v1/kades/alerts`: the door that must not fail (law 1).

It takes the body as bytes, reads the token itself (a revoked one rings), opens its transaction itself and answers after COMMIT.
"""

from typing import Any, Final

import psycopg
from fastapi import APIRouter, Request
from psycopg import errors
from starlette.responses import JSONResponse

from core.errors import NotAllowed, NotReady, NotSignedIn, TooLarge
from core.identity import Role, authenticate
from core.problems import told
from core.web import bearer, house_of
from kades.parts import kades_of
from kades.press import LIMIT, Press, Refusal, Refused, read_press
from kades.problems import NotAPress
from kades.service import presses

router = APIRouter(tags=["kades"])

ROLES: Final = frozenset({Role.KADES, Role.GATEWAY})
#: Tries of one press where the database asks for another (two transactions in each other's way).
TRIES: Final = 3

_POSITION: Final[dict[str, Any]] = {
    "type": ["object", "null"],
    "properties": {
        "lon": {"type": "number"},
        "lat": {"type": "number"},
        "accuracy_m": {"type": ["number", "null"]},
        "fixed_at": {"type": "string", "format": "date-time"},
    },
}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["client_id"],
                    "properties": {
                        "client_id": {"type": "string", "format": "uuid"},
                        "pressed_at": {"type": "string", "format": "date-time"},
                        "position": _POSITION,
                        "trigger": {"type": "string", "enum": ["button", "silent", "sms"]},
                        "phone": {"type": "string", "description": "The caller, as an SMS gateway names her."},
                    },
                }
            }
        },
    },
    "security": [{"bearer": []}],
}
_ANSWER: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["alert_id", "incident_id"],
    "properties": {"alert_id": {"type": "string", "format": "uuid"}, "incident_id": {"type": "string", "format": "uuid"}},
}


@router.post(
    "/api/v1/kades/alerts",
    status_code=202,
    openapi_extra=_BODY,
    responses={
        202: {"description": "It rings.", "content": {"application/json": {"schema": _ANSWER}}},
        **told(NotAPress, NotSignedIn, NotAllowed, TooLarge),
    },
)
async def press(request: Request) -> JSONResponse:
    """Ring. 202 only after COMMIT; refused for nothing but what law 1 names."""
    token = bearer(request)
    raw = await body_of(request)
    said = read_press(raw, house_of(request.app).clock.now(), kades_of(request).area)
    rung = await _ring_somehow(request, token, said)
    return JSONResponse({"alert_id": str(rung.alert_id), "incident_id": str(rung.incident_id)}, 202)


async def body_of(request: Request) -> bytes:
    """Read the body up to one byte more than a press may have: a larger one, chunked or not, is never held in memory."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LIMIT:
            break
    return bytes(raw[: LIMIT + 1])


async def _ring_somehow(request: Request, token: str, said: Press | Refused) -> presses.Rung:
    """Ring with all there is; where the database refuses a detail, without the details: whatever they were, they are not the press."""
    if isinstance(said, Refused):
        return await _ring(request, token, said)
    for attempt in (said, presses.without_faults(said), presses.bare(said)):
        for _ in range(TRIES):
            try:
                return await _ring(request, token, attempt)
            except (errors.DeadlockDetected, errors.SerializationFailure):
                continue
            except (psycopg.DataError, psycopg.IntegrityError):
                break
    raise NotReady


async def _ring(request: Request, token: str, said: Press | Refused) -> presses.Rung:
    house = house_of(request.app)
    now = house.clock.now()
    async with house.db.tx(urgent=True) as tx:
        who = await authenticate(tx, token, now)
        if who is None:
            raise NotSignedIn
        if who.role not in ROLES:
            raise NotAllowed
        if isinstance(said, Refused):
            raise TooLarge(limit=LIMIT) if said.why is Refusal.TOO_LARGE else NotAPress()
        return await presses.ring(tx, said, who, kades_of(request), now)
