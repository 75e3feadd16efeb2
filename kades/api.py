"""The doors of KADES (contract, "KADES"; obligations E9–E12). The press has a file of its own: `press_api.py`."""

from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, model_validator

from core.identity import Role
from core.identity.rules import canonical_source
from core.problems import told
from core.web import Call, Write, allow, house_of, page
from dispatch.inbox import Verdict
from geo.errors import BadPosition
from geo.frames import Position
from geo.point import Point
from kades.codes import is_code
from kades.parts import Kades, kades_of
from kades.problems import SmsNotSent, TooManyCodes, WrongCode
from kades.service import addresses, desk, phone, registrations
from kades.sms import ShownSms

router = APIRouter(tags=["kades"])


def _own_code(text: str) -> str:
    if not is_code(text):
        message = "four to six digits"
        raise ValueError(message)
    return text


Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Note = Annotated[str, StringConstraints(max_length=2_000)]
OwnCode = Annotated[str, AfterValidator(_own_code), Field(json_schema_extra={"pattern": "^[0-9]{4,6}$"})]
Desk = Annotated[Call, allow(Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR)]
Evaluator = Annotated[Call, allow(Role.OPERATOR, Role.SUPERVISOR)]
Phone = Annotated[Call, allow(Role.KADES)]
Supervisor = Annotated[Call, allow(Role.SUPERVISOR)]
Opener = Annotated[Call, allow(Role.TEAM, Role.DISPATCHER, Role.SUPERVISOR)]
#: Points in one batch of a trail: an hour without network at one in 7 s.
TRAIL_LIMIT = 500


# --- registration ------------------------------------------------------------------------------------------------------------


class Registration(Write):
    """A form filled in on a phone."""

    tc_no: Annotated[str, StringConstraints(min_length=11, max_length=20)]
    phone: Annotated[str, StringConstraints(min_length=5, max_length=30)]
    language: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$", max_length=20)] = "tr"
    #: How she may be contacted without danger, in her own words.
    safe_channel: Text
    name: Text | None = None
    protected_address: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None
    #: Plate code of the province she lives in; else `position` tells it.
    province: int | None = Field(default=None, ge=1, le=81)
    position: Position | None = None


class Verification(Write):
    """The code that came by SMS, and the two of her own; what she does not choose is chosen for her."""

    code: Annotated[str, StringConstraints(min_length=4, max_length=10)]
    cancel_code: OwnCode | None = None
    duress_code: OwnCode | None = None


def _place(position: Position | None, kades: Kades) -> Point | None:
    """Return where she registers; None abroad. That keeps nobody from registering: the answer says which province it became."""
    try:
        return None if position is None else position.fix(kades.area).point
    except BadPosition:
        return None


@router.post("/api/v1/kades/registrations", status_code=201, responses=told(TooManyCodes, SmsNotSent))
async def register(body: Registration, request: Request) -> dict[str, Any]:
    """Begin a registration and have a code sent. The same request again sends one only if none went out."""
    house, kades = house_of(request.app), kades_of(request)
    now = house.clock.now()
    form = registrations.Form(
        client_id=body.client_id,
        tc_no=body.tc_no,
        phone=body.phone,
        language=body.language,
        safe_channel=body.safe_channel,
        name=body.name,
        protected_address=body.protected_address,
        province=body.province,
        place=_place(body.position, kades),
    )
    source = canonical_source(request.client.host if request.client else None)
    async with house.db.tx() as tx:
        begun = await registrations.begin(tx, form, source, kades, now)
    if begun.code is not None:
        # Outside of any transaction: a slow gateway must not hold a connection that a press needs.
        await kades.sms.send(begun.phone, registrations.sms_text(begun.code, body.language), code=begun.code)
        async with house.db.tx() as tx:
            await registrations.sent(tx, begun.registration_id, house.clock.now())
    answer: dict[str, Any] = {"registration_id": begun.registration_id, "code_expires_at": begun.expires_at, "province": begun.province}
    if isinstance(kades.sms, ShownSms):
        answer["shown_code"] = kades.sms.codes.get(begun.phone)
    return answer


@router.post("/api/v1/kades/registrations/{registration_id}/verify", status_code=201)
async def verify(registration_id: UUID, body: Verification, request: Request) -> dict[str, Any]:
    """Compare the code and hand out the device token and both codes, once."""
    house = house_of(request.app)
    async with house.db.tx() as tx:
        verified = await registrations.verify(
            tx, registration_id, body, code=body.code, cancel_code=body.cancel_code, duress_code=body.duress_code,
            kades=kades_of(request), now=house.clock.now(),
        )  # fmt: skip
    if verified is None:
        raise WrongCode
    return {
        "device_id": verified.device_id,
        "device_token": verified.device_token,
        "cancel_code": verified.cancel_code,
        "duress_code": verified.duress_code,
    }


# --- her phone ---------------------------------------------------------------------------------------------------------------


class TrailBody(Write):
    """Points of the live trail, one or many. Each is read like a press's: a bad one costs nothing but itself."""

    positions: list[Any] = Field(default_factory=list, max_length=TRAIL_LIMIT)
    position: Any = None
    sent_at: AwareDatetime | None = None  #: The phone's own now: tells how far its clock stands from ours (law 7).


class CodeBody(Write):
    """The one code field; normal or duress, the server knows."""

    code: Annotated[str, StringConstraints(max_length=32)]


@router.post("/api/v1/kades/alerts/{alert_id}/positions", status_code=202)
async def follow(alert_id: UUID, body: TrailBody, call: Phone, request: Request) -> dict[str, Any]:
    """Keep a trail; the newest point shows at the desk and with the team."""
    points = [*body.positions, *([] if body.position is None else [body.position])]
    kades = kades_of(request)

    async def do() -> dict[str, Any]:
        trail = await phone.follow(call.tx, call.who, alert_id, points, body.sent_at, kades, call.now)
        faults = [{"field": one.field, "kind": one.kind.value} for one in trail.faults]
        return {"kept": trail.kept, "faults": faults, "stage": trail.stage}

    return await call.once(body, do)


@router.post("/api/v1/kades/alerts/{alert_id}/cancel", status_code=202)
async def cancel(alert_id: UUID, body: CodeBody, call: Phone, request: Request) -> dict[str, Any]:
    """Take a code. The answer is the same for each, in what it says and in how long it takes."""
    await phone.cancel(call.tx, call.who, alert_id, body.client_id, body.code, kades_of(request), call.now)
    return {"alert_id": alert_id, "stage": "closed"}


@router.get("/api/v1/kades/alerts/{alert_id}")
async def own_alert(alert_id: UUID, call: Phone) -> dict[str, Any]:
    """Tell her phone how far help has got."""
    alert = await phone.own_alert(call.tx, call.who, alert_id)
    return {
        "alert_id": alert.id,
        "incident_id": alert.incident_id,
        "received_at": alert.received_at,
        "stage": await phone.stage_of(call.tx, alert),
        "silent": alert.silent,
    }


# --- the desk ----------------------------------------------------------------------------------------------------------------


class Evaluation(Write):
    """An operator's verdict (E10)."""

    verdict: Verdict
    note: Note = ""


class ProtectionOrder(Write):
    """A protection order (E12): context and priority, never a gate."""

    authority: Text
    document: Text
    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            message = "valid_to must not lie before valid_from"
            raise ValueError(message)
        return self


class Reason(Write):
    """Why somebody does what needs a reason."""

    reason: Text


@router.get("/api/v1/kades/alerts")
async def alerts_of(incident_id: Annotated[UUID, Query()], call: Desk) -> dict[str, Any]:
    """List an incident's presses with their caller; the look is logged."""
    return page(await desk.alerts_of(call.tx, incident_id, call.who, call.now))


@router.get("/api/v1/kades/trail")
async def trail_of(incident_id: Annotated[UUID, Query()], call: Desk) -> dict[str, Any]:
    """List where she was, newest first; the look is logged."""
    return page(await desk.trail_of(call.tx, incident_id, call.who, call.now))


@router.post("/api/v1/kades/alerts/{alert_id}/evaluation")
async def evaluate(alert_id: UUID, body: Evaluation, call: Evaluator) -> dict[str, Any]:
    """Keep who judged the alert, when and how. Nobody is recalled by it."""
    return await call.once(body, lambda: desk.evaluate(call.tx, alert_id, body.verdict, body.note, call.who, call.now))


@router.post("/api/v1/kades/callers/{caller_id}/protection-orders", status_code=201)
async def add_order(caller_id: UUID, body: ProtectionOrder, call: Supervisor) -> dict[str, Any]:
    """Record a protection order."""
    order = desk.Order(body.authority, body.document, body.valid_from, body.valid_to)
    return await call.once(body, lambda: desk.add_order(call.tx, caller_id, order, call.who, call.now))


@router.post("/api/v1/kades/callers/{caller_id}/identity")
async def identity_of(caller_id: UUID, body: Reason, call: Supervisor) -> dict[str, Any]:
    """Show a caller's T.C. number for a stated reason; each look is logged, a repeated one too."""
    return await desk.identity_of(call.tx, caller_id, body.reason, call.who, call.now)


@router.post("/api/v1/kades/devices/{device_id}/revoke")
async def revoke(device_id: UUID, body: Reason, call: Supervisor) -> dict[str, Any]:
    """Revoke a caller's phone; its press still rings the desk."""
    return await call.once(body, lambda: desk.revoke(call.tx, device_id, body.reason, call.who, call.now))


@router.get("/api/v1/dispatches/{dispatch_id}/address")
async def address(dispatch_id: UUID, call: Opener) -> dict[str, Any]:
    """Open the protected address to the assigned team, or to the desk that records for it by radio; logged each time."""
    return await addresses.open_address(call.tx, dispatch_id, call.who, call.now)
