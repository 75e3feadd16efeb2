"""Every room's part in the house, as explicit lists: what stands here runs, and nothing runs that does not stand here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import core.audit.api
import core.audit.jobs
import core.identity.api
import core.identity.jobs
import core.identity.oidc_api
import dispatch.api
import dispatch.inbox
import dispatch.jobs
import dispatch.sockets
import kades.api
import kades.board
import kades.inbox
import kades.press_api
import kades.sockets
import kgys.api
import pts.api
import pts.board
import pts.hotlist_api
import pts.jobs
import retention.api
import retention.jobs
from controlroom import disk
from core.audit import record
from core.audit.heads import FileHeads, heads_folder
from core.audit.signing import Signer
from core.db import EVERY
from core.followers import Follower
from dispatch.choosing import Site
from geo.places import place_index
from kades.codes import Codes, code_key
from kades.parts import Kades
from kades.sms import ShownSms, SmsPort, sms_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime
    from uuid import UUID

    from fastapi import APIRouter

    from controlroom.app import House
    from controlroom.settings import Settings
    from core.db import Tx
    from core.identity import Identity, Principal
    from core.jobs import Periodic
    from core.sockets import SocketDoor
    from core.timers import Handler, Timer
    from dispatch.api import Facets
    from geo.point import Point


def routers(house: House) -> list[APIRouter]:
    """Return every room's routes, in the order `/openapi.json` shows them."""
    return [
        core.identity.api.router,
        core.identity.oidc_api.router,
        core.audit.api.router,
        dispatch.api.router(site_of(house.settings), FACETS),
        kades.press_api.router,
        kades.api.router,
        pts.api.router(house.settings.pts),
        pts.hotlist_api.router(),
        kgys.api.router(),
        retention.api.router(),
    ]


def doors(house: House) -> list[SocketDoor]:
    """Return every socket address."""
    site = site_of(house.settings)
    return [dispatch.sockets.team_door(site), dispatch.sockets.operator_door(), *kades.sockets.DOORS]


def loops(house: House) -> list[Callable[[], Awaitable[None]]]:
    """Return what runs in each process that has sockets."""
    return [dispatch.sockets.TeamMoves(house.db, house.clock, house.hub, site_of(house.settings)).run]


def timers(house: House) -> Mapping[str, Handler]:
    """Return who handles which wait; two rooms never share a kind."""
    found: dict[str, Handler] = {}
    for room in (dispatch.jobs.timers(site_of(house.settings)), kades.inbox.TIMERS, pts.jobs.TIMERS):
        if twice := found.keys() & room.keys():
            message = f"two rooms wait under {', '.join(sorted(twice))}"
            raise ValueError(message)
        found.update(room)
    return found


#: Timers that yield to all others.
PATIENT = dispatch.jobs.PATIENT


async def shout(tx: Tx, timer: Timer, error: str, now: datetime) -> None:
    """Tell every desk that a wait keeps failing: what it was to do does not happen, and somebody must know."""
    await dispatch.inbox.alarm(tx, "job_failed", now, provinces=EVERY, note=f"{timer.kind}: {error}")


def jobs(house: House) -> list[Periodic]:
    """Return what is done again and again."""
    keys = house.settings.house.state_dir / "keys"
    sinks = [FileHeads(heads_folder(house.settings.house.state_dir, demo=house.settings.demo))]
    return [
        core.identity.jobs.PRUNE,
        *core.audit.jobs.jobs(Signer.at(keys), sinks),
        *dispatch.jobs.jobs(site_of(house.settings)),
        *pts.jobs.JOBS,
        *retention.jobs.jobs(demo=house.settings.demo),
        *disk.jobs([folder for folder in (house.settings.house.state_dir, house.settings.database.folder) if folder is not None]),
    ]


def followers() -> list[Follower]:
    """Return who reacts to which events of the rooms below."""
    return [Follower("kades", kades.inbox.FOLLOWS, kades.inbox.follow)]


# --- what the house hands to the rooms --------------------------------------------------------------------------------------------


def kades_parts(settings: Settings, identity: Identity) -> Kades:
    """Build KADES' ports. Only the demo shows codes (law 13)."""
    return Kades(
        identity=identity,
        sms=_sms(settings),
        codes=Codes(code_key(settings.identity.token_key.get_secret_value())),
        province_of=province_of,
        default_province=_default_province(settings),
        hold_back_s=settings.kades.hold_back_s,
    )


def _sms(settings: Settings) -> SmsPort:
    if settings.demo:
        return ShownSms()
    if settings.house.sms_url is None:
        message = "a control room without SMS_URL is refused before it is built"
        raise ValueError(message)
    return sms_for(settings.house.sms_url.get_secret_value())


def _default_province(settings: Settings) -> int:
    if settings.house.default_province is None:
        message = "a control room without DEFAULT_PROVINCE is refused before it is built"
        raise ValueError(message)
    return settings.house.default_province


def province_of(point: Point) -> int | None:
    """Return the plate code of the province a point lies in, from this process's own index: a press waits for no second query."""
    found = place_index().place_of(point)
    return None if found is None else found.province_code


def site_of(settings: Settings) -> Site:
    """Return what this site decided about dispatch."""
    return Site(periods=settings.dispatch.periods())


async def _hit(tx: Tx, incident_id: UUID, who: Principal, now: datetime) -> Mapping[str, Any] | None:
    """Tell which hit an incident came from; a look at a plate is audited (law 9)."""
    found = await pts.board.hit_of_incident(tx, incident_id, now)
    if found is not None:
        await _looked_at_plate(tx, incident_id, who, now)
    return found


async def _vehicle(tx: Tx, incident_id: UUID, who: Principal, now: datetime) -> Mapping[str, Any] | None:
    """Tell a crew what vehicle to look for; the look is audited (law 9)."""
    found = await pts.board.vehicle_of_incident(tx, incident_id)
    if found is not None:
        await _looked_at_plate(tx, incident_id, who, now)
    return found


async def _looked_at_plate(tx: Tx, incident_id: UUID, who: Principal, now: datetime) -> None:
    await record(
        tx, at=now, actor=who, action="view.plate", subject_kind="incident", subject_id=incident_id, provinces=who.provinces
    )


#: What other rooms know of an incident or a dispatch; dispatch itself imports none of them.
FACETS: Facets = {"caller": (kades.board.caller_brief,), "hit": (_hit,), "vehicle": (_vehicle,)}


def centres(told: str | None) -> Callable[[int], dict[str, float] | None]:
    """Return what says where a console of a province begins to look: the place this site told, else the middle of the province."""
    if told is None:
        return centre_of
    lon, lat = (float(part) for part in told.split(","))
    return lambda _province: {"lon": lon, "lat": lat}


def centre_of(province: int) -> dict[str, float] | None:
    """Return where a console of this province begins to look; None for a code that is none."""
    try:
        shape = place_index().province(province).shape
    except KeyError:
        return None
    inside = shape.representative_point()
    return {"lon": round(inside.x, 4), "lat": round(inside.y, 4)}
