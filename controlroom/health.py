"""`/healthz` (the process answers), `/readyz` (it can take a press), `/metrics` (Prometheus)."""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString, cast

import psycopg
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from core.errors import NotReady

if TYPE_CHECKING:
    from controlroom.app import House

router = APIRouter(tags=["health"])

#: Rows that do not fit into the memory allowed go into a file beside the data: a full disk refuses it as it refuses a press, and nothing
#: stays of it, neither rows nor write-ahead log.
LITTLE_MEMORY: LiteralString = "SELECT set_config('work_mem', '64kB', true)"
MUCH_TO_KEEP: LiteralString = "SELECT count(*) FROM generate_series(1, 8000)"


@router.get("/healthz", include_in_schema=False)
async def healthz() -> dict[str, bool]:
    """Say that this process answers."""
    return {"ok": True}


@router.get("/readyz", include_in_schema=False)
async def readyz(request: Request) -> dict[str, bool]:
    """Say that a press sent here now would be kept: the database answers, its disk has room, the loops run. Raises `NotReady` (503)."""
    house = cast("House", request.app.state.house)
    try:
        # By the way a press takes: behind the crews' answers of a rush it would be late, and the front would take the house for ill.
        async with house.db.tx(urgent=True) as tx:
            await tx.execute(LITTLE_MEMORY)
            await tx.execute(MUCH_TO_KEEP)
    except (psycopg.Error, SQLAlchemyError, OSError) as fault:
        raise NotReady from fault
    if not house.ready:
        raise NotReady
    return {"ok": True}


@router.get("/metrics", include_in_schema=False)
async def metrics() -> Response:
    """Return the counters of this process; the TLS front does not pass this address on."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
