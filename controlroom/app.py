"""The composition root: settings in, a running control room out. Routers, doors, timers, followers and jobs are explicit lists."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import structlog
from fastapi import FastAPI, WebSocket

from controlroom import pages, rooms
from controlroom.asyncapi import asyncapi_of
from controlroom.health import router as health_router
from controlroom.openapi import describe
from core import problems
from core.clock import Clock, SystemClock
from core.db import Database
from core.followers import FollowerRunner
from core.hub import Hub
from core.identity import Identity
from core.identity.oidc import Oidc
from core.jobs import JobRunner
from core.middleware import Envelope
from core.relay import Relay, Teller
from core.sockets import DoorKeeper, SocketDoor
from core.timers import TimerWorker
from geo.places import place_index

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from controlroom.settings import Settings
    from kades.parts import Kades

_log = structlog.get_logger("house")


class Part(StrEnum):
    """What a process does. Relay and timers run in every one: whichever is up, a press is offered and a wait comes due (law 2 and 4)."""

    API = "api"  #: Routes, sockets, pages.
    JOBS = "jobs"  #: Periodic jobs and followers; its only routes are the health checks.
    ALL = "all"  #: Both, for a single machine.


@dataclass
class House:
    """What every route finds on `app.state.house`."""

    db: Database
    clock: Clock
    hub: Hub
    keeper: DoorKeeper
    settings: Settings
    identity: Identity
    oidc: Oidc
    kades: Kades
    #: False until the background loops run, and again when one of them died.
    ready: bool = False


def create_app(settings: Settings, *, url: str, clock: Clock | None = None, part: Part = Part.ALL) -> FastAPI:
    """Build the application on the database at `url`."""
    house = _house(settings, url, clock or SystemClock())

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        loops = asyncio.create_task(_run(house, part))
        house.ready = True
        try:
            yield
        finally:
            house.ready = False
            loops.cancel()
            await asyncio.gather(loops, return_exceptions=True)
            house.identity.close()
            await house.kades.sms.close()
            await house.oidc.close()
            await house.db.dispose()

    app = FastAPI(
        title="Haber Merkezi",
        version="1",
        lifespan=lifespan,
        openapi_url=None if part is Part.JOBS else "/openapi.json",
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=True,
    )
    app.state.house = house
    app.state.identity = house.identity
    app.state.oidc = house.oidc
    app.state.kades = house.kades
    problems.install(app)
    app.add_middleware(Envelope)
    app.include_router(health_router)
    if part is not Part.JOBS:
        _furnish(app, house)
    return app


def _house(settings: Settings, url: str, clock: Clock) -> House:
    place_index()  # half a second now, rather than of the first press
    db = Database(url, pool_size=settings.database.pool_size, max_overflow=settings.database.max_overflow)
    hub = Hub(db, clock)
    identity = Identity(settings.identity, demo=settings.demo, centre_of=rooms.centres(settings.map.centre))
    oidc = Oidc(settings.oidc, clock)
    return House(db, clock, hub, DoorKeeper(db, clock, hub), settings, identity, oidc, rooms.kades_parts(settings, identity))


def _furnish(app: FastAPI, house: House) -> None:
    """Put in the rooms' routes and doors, their two descriptions, and the pages."""
    for router in rooms.routers(house):
        app.include_router(router)
    doors = rooms.doors(house)
    for door in doors:
        _open(app, house, door)
    document = asyncapi_of(doors)
    app.add_api_route("/asyncapi.json", lambda: document, methods=["GET"], include_in_schema=False)
    pages.mount(app, house.settings)
    describe(app)


def _open(app: FastAPI, house: House, door: SocketDoor) -> None:
    async def serve(socket: WebSocket) -> None:
        await house.keeper.serve(socket, door)

    app.add_api_websocket_route(door.path, serve, name=door.path)


async def _run(house: House, part: Part) -> None:
    """Run every loop; one that ends takes the process down, since a house with half its loops only looks open."""
    relay = Relay(house.db, house.clock, house.hub.feed)
    house.hub.fed = lambda: relay.holding
    loops: list[Callable[[], Awaitable[None]]] = [house.hub.run, house.keeper.run, Teller(house.db, relay).run]
    loops += [
        relay.run,
        TimerWorker(house.db, house.clock, rooms.timers(house), shout=rooms.shout, patient=rooms.PATIENT).run,
    ]
    if part is not Part.JOBS:
        loops += rooms.loops(house)
    if part is not Part.API:
        loops.append(JobRunner(house.db, house.clock, rooms.jobs(house)).run)
        loops += [FollowerRunner(house.db, house.clock, follower).run for follower in rooms.followers()]
    try:
        async with asyncio.TaskGroup() as group:
            for loop in loops:
                group.create_task(_forever(loop))
    except BaseExceptionGroup as faults:
        house.ready = False
        _log.critical("a loop ended; leaving so that a whole process can take over", exc_info=faults)
        os.kill(os.getpid(), signal.SIGTERM)


async def _forever(loop: Callable[[], Awaitable[Any]]) -> None:
    await loop()
    message = f"{loop} returned"
    raise RuntimeError(message)
