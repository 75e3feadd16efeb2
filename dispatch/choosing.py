"""Choosing: which team is asked next, and what is kept of the choice (E9, E11). Runs in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from core.ids import new_id
from core.timers import set_timer
from dispatch import rules
from dispatch.alarms import alarm_for, end_alarms
from dispatch.announce import tell_dispatches, tell_incident, tell_teams
from dispatch.choice import Candidate, reason_of
from dispatch.metrics import NOBODY_FREE, OFFERS, TO_FIRST_OFFER
from dispatch.states import Dispatch, DispatchState, Incident, IncidentState, Periods
from dispatch.store import changes, locks, search
from dispatch.store.changes import History
from dispatch.store.search import Picked
from dispatch.store.teams import TeamLine
from geo.places import place_index
from geo.travel import TravelKind, from_distance

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from core.db import Tx
    from core.identity import Principal

CHOOSE = "dispatch.choose"
UNACKNOWLEDGED = "dispatch.unacknowledged"
UNACCEPTED = "dispatch.unaccepted"
WARN = "standard.warn"

#: How a kind of team travels; all others drive.
TRAVEL = {"motorcycle": TravelKind.MOTORCYCLE, "foot": TravelKind.FOOT}


@dataclass(frozen=True, slots=True)
class Site:
    """What one site has decided for itself."""

    periods: Periods = field(default_factory=Periods)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, for the history."""

    kind: str
    id: UUID
    name: str


def actor_of(who: Principal) -> Actor:
    """The history's form of a caller."""
    return Actor(who.role.value, who.id, who.name)


def line(kind: str, actor: Actor | None, **detail: object) -> History:
    """A history line."""
    if actor is None:
        return History(kind, detail=detail)
    return History(kind, actor.kind, actor.id, actor.name, detail)


@cache
def reach_of(provinces: frozenset[int], rings: int = 1) -> frozenset[int]:
    """The provinces themselves and so many rings of neighbours."""
    places = place_index()
    return frozenset(code for home in provinces for ring in places.rings(home)[: rings + 1] for code in ring)


# --- choosing ----------------------------------------------------------------------------------------------------------------------------


async def choose(tx: Tx, incident_id: UUID, now: datetime, site: Site, *, wait: bool = True) -> None:
    """Look at an incident for the first time, or again: ask the next team if one is wanted (E9, E11)."""
    incident = await locks.lock_incident(tx, incident_id, wait=wait)
    if incident is None or not incident.open:
        return
    if incident.state is IncidentState.RAISED and incident.due_warn_at is not None:
        await set_timer(tx, WARN, incident.id, incident.due_warn_at)
    await offer_next(tx, incident, now, site)


async def offer_next(
    tx: Tx, incident: Incident, now: datetime, site: Site, *, forced: bool = False, actor: Actor | None = None
) -> Incident:
    """Ask the next team, or say why nobody is asked. The incident is locked by the caller; returns it as it is afterwards."""
    step = rules.next_step(incident, site.periods, forced=forced)
    if isinstance(step, rules.Stop):
        return await _stop(tx, incident, step, now, site)
    picks: list[tuple[UUID, Picked]] = []
    excluded = list(step.excluded)
    for _ in range(step.count):
        dispatch_id = new_id()
        picked, reach = await _search(tx, incident, dispatch_id, excluded, now, site, may_wait=not picks)
        incident = replace(incident, reach=reach)
        picks.append((dispatch_id, picked))
        if picked.chosen is None:
            break
        excluded.append(picked.chosen)
    return await _offer(tx, incident, picks, step.count, now, site, actor)


async def _search(
    tx: Tx, incident: Incident, dispatch_id: UUID, excluded: Sequence[UUID], now: datetime, site: Site, *, may_wait: bool
) -> tuple[Picked, frozenset[int]]:
    """The nearest free team of the incident's provinces and their neighbours; with none there, of their neighbours too."""
    stale_before = now - site.periods.stale_after
    near = reach_of(incident.provinces)
    found = await search.pick(tx, incident, dispatch_id, reach=near, excluded=excluded, stale_before=stale_before, may_wait=may_wait)
    if found.chosen is not None or found.yields:
        return found, near
    far = reach_of(incident.provinces, 2)
    wider = await search.pick(tx, incident, dispatch_id, reach=far, excluded=excluded, stale_before=stale_before, may_wait=may_wait)
    return wider, far


async def _stop(tx: Tx, incident: Incident, step: rules.Stop, now: datetime, site: Site) -> Incident:
    after = replace(incident, seeking=False, state=rules.derive(incident))
    if (after.seeking, after.state) != (incident.seeking, incident.state):
        await changes.save(tx, after, now)
        await tell_incident(tx, after, now)
    return await alarm_for(tx, after, step.alarm, now, site.periods) if step.alarm else after


async def _offer(
    tx: Tx, incident: Incident, picks: Sequence[tuple[UUID, Picked]], wanted: int, now: datetime, site: Site, actor: Actor | None
) -> Incident:
    """Write what the search brought: offers, candidates with their reasons, and whether the incident still waits."""
    round_ = incident.round + 1
    offers, taken = _offers(incident, picks, round_, now, site, actor)
    short = len(offers) < wanted
    if short:
        await set_timer(tx, CHOOSE, incident.id, rules.next_look(incident, now, site.periods))
    if not offers and incident.seeking:
        # Another look in vain: the desk knows, and a round every two seconds would bury the record of the real ones.
        return incident
    after = replace(incident, round=round_, seeking=short, dispatches=(*incident.dispatches, *offers))
    after = replace(after, state=rules.derive(after))
    events = [line("dispatch.offered", actor, dispatch_id=d.id, team=d.team_code, round=round_) for d in offers]
    candidates = _candidates(incident, picks, now, site)
    await changes.save(tx, after, now, added=offers, candidates=candidates, events=events or [line("nobody_free", actor, round=round_)])
    tx.after_commit(partial(_count, incident, offers, now))
    for offer in offers:
        await set_timer(tx, UNACKNOWLEDGED, offer.id, offer.ack_due_at)
    await tell_dispatches(tx, after, offers, now, type_="dispatch.offered")
    await tell_incident(tx, after, now)
    await tell_teams(tx, taken, now)
    if short:
        return await alarm_for(tx, after, "nobody_free", now, site.periods)
    return await end_alarms(tx, after, {"nobody_free", "konumsuz"}, now)


def _count(incident: Incident, offers: Sequence[Dispatch], now: datetime) -> None:
    """Drills have figures of their own."""
    drill = str(incident.drill).lower()
    OFFERS.labels(drill).inc(len(offers))
    if offers and not incident.dispatches:
        TO_FIRST_OFFER.labels(incident.source, drill).observe((now - incident.received_at).total_seconds())
    if not offers:
        NOBODY_FREE.labels(drill).inc()


def _offers(
    incident: Incident, picks: Sequence[tuple[UUID, Picked]], round_: int, now: datetime, site: Site, actor: Actor | None
) -> tuple[list[Dispatch], list[TeamLine]]:
    offers: list[Dispatch] = []
    taken: list[TeamLine] = []
    for dispatch_id, picked in picks:
        team = next((t for t in picked.teams if t["chosen"]), None)
        if team is None:
            continue
        offers.append(new_offer(incident, dispatch_id, team, round_, now, site.periods, actor))
        taken.append(line_of(team, dispatch_id))
    return offers, taken


def line_of(team: dict[str, Any], dispatch_id: UUID) -> TeamLine:
    """A team that was just claimed, as the desk's list shows it."""
    return TeamLine(UUID(team["id"]), team["code"], team["kind"], team["force"], team["province"], team["roster"], dispatch_id)


def new_offer(
    incident: Incident, dispatch_id: UUID, team: dict[str, Any], round_: int, now: datetime, periods: Periods, actor: Actor | None
) -> Dispatch:
    """The offer of an incident to a team that was just claimed for it."""
    return Dispatch(
        id=dispatch_id,
        incident_id=incident.id,
        team_id=UUID(team["id"]),
        team_code=team["code"],
        team_province=team["province"],
        state=DispatchState.OFFERED,
        round=round_,
        offered_at=now,
        offered_by=actor.id if actor else None,
        ack_due_at=now + periods.acknowledge,
        accept_due_at=now + periods.accept,
        drill=incident.drill,
        distance_m=team["distance_m"],
        eta_s=_eta_s(team),
        fix_age_s=_age_s(team, now),
    )


def _eta_s(team: dict[str, Any]) -> int | None:
    if team["distance_m"] is None:
        return None
    return round(from_distance(team["distance_m"], TRAVEL.get(team["kind"], TravelKind.CAR)).seconds)


def _age_s(team: dict[str, Any], now: datetime) -> float | None:
    fixed_at = team["fixed_at"]
    return None if fixed_at is None else max(0.0, (now - type(now).fromisoformat(fixed_at)).total_seconds())


def _candidates(incident: Incident, picks: Sequence[tuple[UUID, Picked]], now: datetime, site: Site) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for _, picked in picks:
        for team in picked.teams:
            if not (team["id"] in rows and rows[team["id"]]["chosen"]):
                rows[team["id"]] = candidate_row(incident, team, now, site)
    return list(rows.values())


def candidate_row(incident: Incident, team: dict[str, Any], now: datetime, site: Site, *, named: bool = False) -> dict[str, Any]:
    """A looked-at team as it is kept, with the reason why it was or was not chosen (E11)."""
    age_s = _age_s(team, now)
    candidate = Candidate(
        team_id=UUID(team["id"]),
        code=team["code"],
        roster=team["roster"],
        engaged=team.get("engaged", False),
        chosen=team.get("chosen", named),
        locked=team.get("locked", False),
        kept=team.get("kept", False),
        lacks=team.get("lacks", False),
        distance_m=team["distance_m"],
        fix_age_s=age_s,
        stale=age_s is None or age_s > site.periods.stale_after.total_seconds(),
    )
    return {
        "team_id": candidate.team_id,
        "team_code": candidate.code,
        "distance_m": candidate.distance_m,
        "eta_s": _eta_s(team),
        "fix_age_s": age_s,
        "stale": candidate.stale,
        "free": candidate.free,
        "chosen": candidate.chosen,
        "reason": reason_of(candidate, incident.dispatches, named=named),
    }
