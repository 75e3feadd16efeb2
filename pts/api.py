"""HTTP of gates, reads and hits. A plate never stands in a URL: URLs are logged."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, StringConstraints

from core.audit import record
from core.errors import NotFound
from core.identity import Role
from core.identity.api import identity_of
from core.identity.problems import OutsideOffice
from core.ids import new_id
from core.web import Body, Call, Lang, Write, allow, page
from dispatch import board
from geo.places import place_index
from geo.point import Point
from pts import reading, rules, service, store
from pts.board import shown, vehicle_of_incident, without_plate
from pts.errors import TooManyReads
from pts.paging import after_hit, after_name, hit_cursor, name_cursor
from pts.settings import PtsSettings

Gate = Annotated[Call, allow(Role.GATE)]
Desk = Annotated[Call, allow(Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR)]
CrewOrDesk = Annotated[Call, allow(Role.TEAM, Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR)]
Comparing = Annotated[Call, allow(Role.OPERATOR, Role.SUPERVISOR)]
SeesGates = Annotated[Call, allow(Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR, Role.ADMIN)]
Admin = Annotated[Call, allow(Role.ADMIN)]
Limit = Annotated[int, Query(ge=1, le=500)]
#: A dispatch its crew may still say yes to, or is on.
IN_HAND = frozenset({"offered", "acknowledged", "accepted", "en_route", "on_scene", "timed_out"})
Note = Annotated[str, StringConstraints(max_length=2_000)]


class Reads(Body):
    """A batch. Its reads are looked at one by one, so that a bad one does not take the others with it."""

    client_id: UUID | None = None  #: Taken and not needed: each read has its own.
    reads: list[Any]
    sent_at: reading.Instant | None = None  #: The gate's clock as it sends: tells a late read from a clock that is off.


class NewGate(Write):
    """A gate to set up; its token is in the answer, once."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    lon: float
    lat: float
    bearing_deg: Annotated[float, Field(ge=0, lt=360, allow_inf_nan=False)] | None = None


class VerdictBody(Write):
    """What the operator saw when comparing the picture with the list."""

    verdict: rules.Verdict
    note: Note = ""


class OutcomeBody(Write):
    """How the hit ended."""

    outcome: rules.Outcome
    note: Note = ""


def router(settings: PtsSettings | None = None) -> APIRouter:
    """Return the room's routes under `/api/v1/pts`."""
    site = settings or PtsSettings()
    routes = APIRouter(prefix="/api/v1/pts", tags=["pts"])
    _reads(routes, site)
    _gates(routes)
    _hits(routes)
    _deciding(routes)
    whole = APIRouter()
    whole.include_router(routes)
    _vehicle(whole)
    return whole


def _reads(routes: APIRouter, site: PtsSettings) -> None:
    @routes.post("/reads")
    async def take_reads(call: Gate, body: Reads, lang: Lang) -> dict[str, Any]:
        """Store reads of the token's gate; the same again changes nothing. What is wrong with single reads is told by their index.

        The answer says nothing of the hotlist: a gate has no business knowing who is listed.
        """
        if len(body.reads) > site.reads_per_batch:
            raise TooManyReads(most=site.reads_per_batch)
        if call.who.subject_id is None:
            raise NotFound
        batch = reading.sort_out(body.reads, sent_at=body.sent_at, received_at=call.now, settings=site)
        changed = await service.take_reads(call.tx, call.who.subject_id, batch.reads, call.now, site)
        faults = sorted([*batch.faults, *changed], key=lambda fault: fault.index)
        return {
            "accepted": len(body.reads) - len({fault.index for fault in faults if not fault.stored}),
            "faults": [
                {
                    "index": fault.index,
                    "stored": fault.stored,
                    "fields": list(fault.fields),
                    **fault.problem.body("en" if lang == "en" else "tr"),
                }
                for fault in faults
            ],
        }


def _gates(routes: APIRouter) -> None:
    @routes.get("/gates")
    async def gates(call: SeesGates, cursor: str | None = None, limit: Limit = 200) -> dict[str, Any]:
        """List the gates of the caller's provinces."""
        rows = await store.gates(call.tx, after=after_name(cursor), limit=limit)
        items = [
            {
                "id": row["id"],
                "name": row["name"],
                "province": row["province"],
                "position": {"lon": row["lon"], "lat": row["lat"]},
                "bearing_deg": row["bearing_deg"],
                "heard_at": row["heard_at"],
            }
            for row in rows
        ]
        return page(items, name_cursor(rows[-1]["name"], rows[-1]["id"]) if len(rows) == limit else None)

    @routes.post("/gates", status_code=201)
    async def add_gate(call: Admin, body: NewGate, request: Request) -> dict[str, Any]:
        """Set up a gate and issue its token."""
        identity = identity_of(request)
        point = Point(lon=body.lon, lat=body.lat)
        place = place_index().place_of(point)
        if place is None or place.province_code not in call.who.provinces:
            raise OutsideOffice

        async def do() -> dict[str, Any]:
            gate_id = new_id()
            await store.add_gate(
                call.tx,
                gate_id=gate_id,
                name=body.name,
                province=place.province_code,
                point=point,
                bearing_deg=body.bearing_deg,
                now=call.now,
            )
            issued = await identity.issue_device(
                call.tx, kind=Role.GATE, name=body.name, provinces={place.province_code}, subject_id=gate_id, now=call.now, by=call.who
            )
            return {"id": str(gate_id), "device_id": str(issued.device_id), "province": place.province_code}

        answer = await call.once(body, do)
        # The token is never kept with the answer; it is derived again for a day, in case the first answer was lost.
        return {**answer, "token": await identity.token_again(call.tx, UUID(answer["device_id"]))}


def _hits(routes: APIRouter) -> None:
    @routes.get("/hits")
    async def hits(
        call: Desk,
        *,
        open_: Annotated[bool | None, Query(alias="open")] = None,
        plates: bool = False,
        cursor: str | None = None,
        limit: Limit = 100,
    ) -> dict[str, Any]:
        """List hits: the open ones first, terror and stolen before the rest, the newest first (E15).

        Plates are null unless asked for with `plates=true`: a page reads this list at every sign-in, and a look that nobody took
        would bury in the audit those that somebody did (law 9).
        """
        rows = await store.hits(call.tx, open_=open_, after=after_hit(cursor), limit=limit)
        if plates:
            await _looked(call, None, [row["hit_id"] for row in rows])
        items = [shown(row, call.now) if plates else without_plate(row, call.now) for row in rows]
        return page(items, hit_cursor(rows[-1]) if len(rows) == limit else None)

    @routes.get("/hits/{hit_id}")
    async def hit(call: Desk, hit_id: UUID) -> dict[str, Any]:
        """Tell one hit with every entry that matched."""
        rows = await store.hits(call.tx, hit_id=hit_id, limit=1)
        if not rows:
            raise NotFound
        await _looked(call, hit_id, [])
        return shown(rows[0], call.now)

    @routes.get("/hits/{hit_id}/image", response_class=Response, responses={200: {"content": {"image/jpeg": {}}}})
    async def image(call: Desk, hit_id: UUID) -> Response:
        """Show the picture the operator compares."""
        jpeg = await store.image_of_hit(call.tx, hit_id)
        if jpeg is None:
            raise NotFound
        await record(
            call.tx, at=call.now, actor=call.who, action="view.plate_image", subject_kind="pts_hit", subject_id=hit_id, provinces=call.scope
        )
        return Response(bytes(jpeg), media_type="image/jpeg", headers={"Cache-Control": "no-store"})


def _deciding(routes: APIRouter) -> None:
    @routes.post("/hits/{hit_id}/verdict")
    async def verdict(call: Comparing, hit_id: UUID, body: VerdictBody) -> dict[str, Any]:
        """Say what the comparison showed: `confirmed` tells the team to stop, anything else recalls it."""

        async def do() -> dict[str, Any]:
            await service.give_verdict(call.tx, hit_id, body.verdict, body.note, call.who, call.now)
            return {"hit_id": str(hit_id), "verdict": body.verdict.value}

        return await call.once(body, do)

    @routes.post("/hits/{hit_id}/outcome")
    async def outcome(call: Comparing, hit_id: UUID, body: OutcomeBody) -> dict[str, Any]:
        """Say how the hit ended; until then it stays open, whatever became of its incident (E15)."""

        async def do() -> dict[str, Any]:
            await service.give_outcome(call.tx, hit_id, body.outcome, body.note, call.who, call.now)
            return {"hit_id": str(hit_id), "outcome": body.outcome.value}

        return await call.once(body, do)


def _vehicle(routes: APIRouter) -> None:
    @routes.get("/api/v1/dispatches/{dispatch_id}/vehicle", tags=["pts"])
    async def vehicle(call: CrewOrDesk, dispatch_id: UUID) -> dict[str, Any]:
        """Tell a crew that is asked or goes, or its desk, what vehicle to look for; the look is audited (law 9)."""
        crew = call.who.team_id if call.who.role is Role.TEAM else None
        if call.who.role is Role.TEAM and crew is None:
            raise NotFound
        incident, dispatch = await board.dispatch_of(call.tx, dispatch_id, crew)
        # A crew that was withdrawn, declined or is done has no business with the plate any more.
        if crew is not None and dispatch.state.value not in IN_HAND:
            raise NotFound
        found = await vehicle_of_incident(call.tx, incident.id)
        if found is None:
            raise NotFound
        await record(
            call.tx,
            at=call.now,
            actor=call.who,
            action="view.plate",
            subject_kind="dispatch",
            subject_id=dispatch.id,
            provinces=incident.provinces,
            detail={"hit_id": str(found["hit_id"])},
        )
        return found


async def _looked(call: Call, hit_id: UUID | None, hit_ids: list[UUID]) -> None:
    """Note that somebody saw these plates (law 9)."""
    if hit_id is None and not hit_ids:
        return
    await record(
        call.tx,
        at=call.now,
        actor=call.who,
        action="view.plate",
        subject_kind="pts_hit",
        subject_id=hit_id,
        provinces=call.scope,
        detail={"hit_ids": [str(one) for one in hit_ids]},
    )
