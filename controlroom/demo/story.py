"""`./merkez demo --once`: the main job from the press to the outcome, step by step; a step is good only because it was seen.

Nothing here knows how the server works: it presses, reads and decides as people do, and waits for the frames and answers they would get.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from controlroom.demo.client import Line, Refused, Seen
from controlroom.demo.life import list_plate
from controlroom.demo.streets import CITY_BBOX, to_xy

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from controlroom.demo.client import House, Json, Person
    from controlroom.demo.crew import Crew
    from controlroom.demo.life import Caller, Gate
    from controlroom.steps import Steps

#: A frame that has not come within this time is taken as lost; what it tells should take milliseconds.
SOON_S = 5.0
#: A crew has to drive.
DRIVE_S = 12.0
#: E9: from the press to the operator's screen.
ON_SCREEN_S = 1.0


class NotSeen(Exception):  # noqa: N818 - the end of a story, not a fault of its own
    """A step was not seen; the story ends there."""


@dataclass
class Story:
    """One telling."""

    steps: Steps
    house: House
    operator: Person
    dispatcher: Person
    supervisor: Person
    caller: Caller
    gate: Gate
    crews: list[Crew]
    rng: Random
    desk: Line = field(init=False)
    _crew: Crew | None = None
    _read_at: float = 0.0

    def __post_init__(self) -> None:
        """Give the operator a screen."""
        self.desk = Line(self.house, "/ws/operator", self.operator)
        self.desk.viewport = CITY_BBOX

    async def tell(self) -> bool:
        """Tell it; say whether every step was seen."""
        watching = asyncio.create_task(self.desk.run())
        try:
            await self._see("operator_connected", "Operatör bağlandı", "Operator connected", self._welcomed(self.desk))
            await self._everybody_is_on_the_road()
            await self._kades()
            await self._pts()
        except NotSeen:
            return False
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        return self.steps.all_ok

    # --- the press -------------------------------------------------------------------------------------------------------------

    async def _kades(self) -> None:
        begun = time.monotonic()
        alert = await self._do("kades_pressed", "KADES'e basıldı, kabul edildi (202)", "KADES pressed, taken (202)", self.caller.press())
        incident_id = alert["incident_id"]
        opened = await self._frame(
            "incident_opened", "Operatörün ekranında", "On the operator's screen", _incident(incident_id, "incident.opened")
        )
        self._within("incident_opened_within_1s", "Bir saniye içinde (E9)", "Within a second (E9)", opened.at - begun, ON_SCREEN_S)
        await self._frame(
            "kades_alert", "KADES uyarısı masada", "KADES alert at the desk",
            lambda s: s.type == "kades.alert" and s.data["alert_id"] == alert["alert_id"],
        )  # fmt: skip
        crew, offer = await self._offer("kades", incident_id)
        await self._nearest("kades", incident_id, crew.team_id)
        await self._follow("kades", offer, ("acknowledged", "accepted", "en_route"))
        await self._poll(
            "caller_told", "Telefona 'ekip yolda'", "Her phone says 'team on the way'",
            lambda: self.house.get(f"/api/v1/kades/alerts/{alert['alert_id']}", self.caller.phone),
            lambda answer: answer["stage"] in {"team_on_the_way", "arrived"},
        )  # fmt: skip
        await self._do(
            "address_opened", "Adres atanan ekibe açıldı", "Address opened to the assigned team",
            self.house.get(f"/api/v1/dispatches/{offer['id']}/address", crew.me),
        )  # fmt: skip
        await self._do(
            "evaluated", "Operatör değerlendirdi: gerçek", "Operator evaluated: genuine",
            self.house.post(f"/api/v1/kades/alerts/{alert['alert_id']}/evaluation", self.operator, verdict="genuine", note="Benzetim"),
        )  # fmt: skip
        await self._follow("kades", offer, ("on_scene", "clear"))
        await self._close("kades", incident_id, "resolved")

    # --- the plate -------------------------------------------------------------------------------------------------------------

    async def _pts(self) -> None:
        plate = await self._do("hotlist_filed", "Plaka listeye girdi", "Plate listed", list_plate(self.house, self.supervisor, self.rng))
        self._read_at = time.monotonic()
        await self._do("gate_read", "Kapı okudu", "Gate read", self.gate.read(plate))
        hit = await self._frame("pts_hit", "Eşleşme", "Hit", self._is_mine)
        hit_id, incident_id = hit.data["hit_id"], hit.data["incident_id"]
        crew, offer = await self._offer("pts", incident_id)
        await self._nearest("pts", incident_id, crew.team_id)
        self._check("told_to_observe", "Ekip gözlemeye gitti", "Sent to observe", ok=offer["incident"]["instruction"] == "observe")
        await self._follow("pts", offer, ("accepted",))
        await self._do(
            "verdict", "Operatör karşılaştırdı: doğru", "Operator compared: confirmed",
            self.house.post(f"/api/v1/pts/hits/{hit_id}/verdict", self.operator, verdict="confirmed", note="Benzetim"),
        )  # fmt: skip
        await self._team_frame(
            "told_to_stop", "Ekibe 'durdur'", "Team told to stop",
            lambda s: s.type == "dispatch.changed" and s.data["id"] == offer["id"] and s.data["incident"]["instruction"] == "stop",
        )  # fmt: skip
        await self._follow("pts", offer, ("on_scene",))
        await self._do(
            "outcome", "Sonuç: araç alındı", "Outcome: vehicle taken",
            self.house.post(f"/api/v1/pts/hits/{hit_id}/outcome", self.operator, outcome="vehicle_taken", note="Benzetim"),
        )  # fmt: skip
        await self._follow("pts", offer, ("clear",))
        await self._frame(
            "hit_ended", "Eşleşme sonuçlandı", "Hit ended",
            lambda s: s.type == "pts.hit" and s.data["hit_id"] == hit_id and s.data["outcome"] is not None,
        )  # fmt: skip
        await self._close("pts", incident_id, "vehicle_taken")

    def _is_mine(self, seen: Seen) -> bool:
        """Whether this hit is of our read; no plate stands in a frame, so it is told by the gate and the moment."""
        return (
            seen.type == "pts.hit"
            and seen.data["verdict"] is None
            and seen.data["gate_id"] == self.gate.gate_id
            and seen.at >= self._read_at
        )

    # --- seeing ----------------------------------------------------------------------------------------------------------------

    async def _everybody_is_on_the_road(self) -> None:
        """Wait until the desk has seen every crew move."""
        codes = {crew.plan.code for crew in self.crews}

        def all_moved(_: Seen) -> bool:
            return codes <= {seen.data["code"] for seen in self.desk.seen if seen.type == "team.moved"}

        await self._frame("teams_on_the_map", "24 ekip haritada", "24 teams on the map", all_moved, within_s=10)

    async def _offer(self, name: str, incident_id: str) -> tuple[Crew, Json]:
        """Wait for the offer on a crew's own socket."""

        async def on(crew: Crew) -> tuple[Crew, Seen | None]:
            return crew, await crew.line.expect(lambda s: s.type == "dispatch.offered" and s.data["incident_id"] == incident_id, SOON_S)

        waiting = [asyncio.create_task(on(crew)) for crew in self.crews]
        try:
            for done in asyncio.as_completed(waiting):
                crew, seen = await done
                if seen is not None:
                    distance = round(crew.distance_m(to_xy(**_lon_lat(seen.data))))
                    to = f"{crew.plan.code}, {distance} m"
                    self._check(f"{name}_offered", f"En yakın ekibe teklif edildi ({to})", f"Offered to the nearest team ({to})", ok=True)
                    self._crew = crew
                    return crew, seen.data
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        self._check(f"{name}_offered", "En yakın ekibe teklif edildi", "Offered to the nearest team", ok=False)
        raise NotSeen

    async def _nearest(self, name: str, incident_id: str, team_id: str) -> None:
        """Read who was looked at and how far each was: the chosen one must be the nearest that was free (E11)."""
        looked_at = (await self.house.get(f"/api/v1/incidents/{incident_id}/candidates", self.operator))["items"]
        # Whoever was passed over for nothing but the distance must have been farther off.
        fitting = [one for one in looked_at if one["reason"] in {"chosen", "farther"}]
        nearest = min(fitting, key=lambda one: one["distance_m"], default=None)
        ok = nearest is not None and nearest["team_id"] == team_id and len(fitting) > 1
        self._check(f"{name}_nearest_chosen", "Boştaki en yakın ekipti", "It was the nearest free one", ok=ok)

    async def _follow(self, name: str, offer: Json, states: tuple[str, ...]) -> None:
        """See each of these times on the operator's screen."""
        said = {
            "acknowledged": ("Ekibin telefonunda", "On the team's phone"),
            "accepted": ("Ekip kabul etti", "Team accepted"),
            "en_route": ("Ekip yolda", "Team en route"),
            "on_scene": ("Ekip yerinde", "Team on scene"),
            "clear": ("Ekip boşta", "Team clear"),
        }
        for state in states:
            field_ = "ended_at" if state == "clear" else f"{state}_at"
            await self._frame(f"{name}_{state}", *said[state], _dispatch(offer["id"], field_), within_s=DRIVE_S)

    async def _close(self, name: str, incident_id: str, outcome: str) -> None:
        await self._do(
            f"{name}_close_taken", "Haber Merkezi sonuçla kapattı", "Dispatcher closed it with an outcome",
            self.house.post(f"/api/v1/incidents/{incident_id}/close", self.dispatcher, outcome=outcome, note="Benzetim"),
        )  # fmt: skip
        await self._frame(
            f"{name}_closed", "Olay kapandı, sonucu var", "Incident closed, with its outcome",
            lambda s: _incident(incident_id, "incident.changed")(s) and s.data["state"] == "closed" and s.data["outcome"] == outcome,
        )  # fmt: skip

    async def _frame(self, name: str, tr: str, en: str, match: Callable[[Seen], bool], within_s: float = SOON_S) -> Seen:
        seen = await self.desk.expect(match, within_s)
        self._check(name, tr, en, ok=seen is not None)
        assert seen is not None  # noqa: S101 - `_check` has raised
        return seen

    async def _team_frame(self, name: str, tr: str, en: str, match: Callable[[Seen], bool]) -> None:
        seen = None if self._crew is None else await self._crew.line.expect(match, SOON_S)
        self._check(name, tr, en, ok=seen is not None)

    async def _do(self, name: str, tr: str, en: str, what: Any) -> Any:  # noqa: ANN401 - the answer of whatever was done
        """Do something at the server and note that it said yes."""
        try:
            async with asyncio.timeout(SOON_S):
                answer = await what
        except (Refused, TimeoutError) as fault:
            self.steps.seen(name, f"{tr}: {fault!r}", f"{en}: {fault!r}", ok=False)
            raise NotSeen from fault
        self.steps.seen(name, tr, en)
        return answer

    async def _see(self, name: str, tr: str, en: str, what: Any) -> None:  # noqa: ANN401 - an awaitable that says whether it was seen
        self._check(name, tr, en, ok=bool(await what))

    async def _welcomed(self, line: Line) -> bool:
        try:
            async with asyncio.timeout(SOON_S):
                await line.welcome.wait()
        except TimeoutError:
            return False
        return True

    async def _poll(self, name: str, tr: str, en: str, ask: Callable[[], Any], good: Callable[[Json], bool]) -> None:
        """Ask as her phone does, every quarter of a second, until the answer is there."""
        give_up = time.monotonic() + SOON_S
        while time.monotonic() < give_up:
            if good(await ask()):
                self._check(name, tr, en, ok=True)
                return
            await asyncio.sleep(0.25)
        self._check(name, tr, en, ok=False)

    def _within(self, name: str, tr: str, en: str, took_s: float, limit_s: float) -> None:
        took = f"{took_s * 1000:.0f} ms"
        self._check(name, f"{tr}: {took}", f"{en}: {took}", ok=took_s <= limit_s)

    def _check(self, name: str, tr: str, en: str, *, ok: bool) -> None:
        self.steps.seen(name, tr, en, ok=ok)
        if not ok:
            raise NotSeen


def _incident(incident_id: str, type_: str) -> Callable[[Seen], bool]:
    return lambda seen: seen.type == type_ and seen.data["id"] == incident_id


def _dispatch(dispatch_id: str, field_: str) -> Callable[[Seen], bool]:
    return lambda seen: seen.type == "dispatch.changed" and seen.data["id"] == dispatch_id and seen.data[field_] is not None


def _lon_lat(offer: Json) -> dict[str, float]:
    where = offer["incident"]["position"]
    return {"lon": where["lon"], "lat": where["lat"]}
