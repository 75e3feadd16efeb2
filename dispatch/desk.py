"""What a dispatcher does with an incident (contract, "Incidents, dispatches, teams"). Runs in the caller's transaction, never commits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from core import audit
from core.errors import NotFound, Problem
from core.identity import Role, colleagues_of
from core.ids import new_id
from core.timers import set_timer
from dispatch import rules
from dispatch.alarms import alarm_for, end_alarms
from dispatch.alerts import Alert, raise_alert
from dispatch.announce import tell_dispatches, tell_incident, tell_teams
from dispatch.choosing import UNACKNOWLEDGED, actor_of, candidate_row, line, line_of, new_offer, offer_next, reach_of
from dispatch.placing import place
from dispatch.service import answer, settle
from dispatch.states import ENGAGING, Act, DispatchState, Event, Incident, Outcome, Reason
from dispatch.store import changes, facts, locks, search
from geo.places import place_index

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from core.db import Tx
    from core.identity import Principal
    from dispatch.choosing import Site
    from geo.point import Fix


class IncidentClosed(Problem):
    """The incident was closed before; nothing more can be done with it."""

    status = 409
    slug = "incident-closed"
    title_tr = "Olay kapanmış"
    title_en = "Incident is closed"
    tr = "Bu olay {outcome} sonucuyla kapatılmış; üzerinde işlem yapılamaz."
    en = "This incident was closed with the outcome {outcome}; nothing more can be done with it."


class NoPlaceYet(Problem):
    """The incident has no position, so nobody can say which team is nearest."""

    status = 409
    slug = "no-place-yet"
    title_tr = "Olayın konumu yok"
    title_en = "The incident has no position"
    tr = "Konum bilinmeden en yakın ekip bulunamaz. Konum girin ya da ekibi adıyla gönderin."
    en = "Without a position the nearest team cannot be found. Enter one, or send a team by name."


class TeamNotFree(Problem):
    """The named team holds another dispatch or is off duty."""

    status = 409
    slug = "team-not-free"
    title_tr = "Ekip boşta değil"
    title_en = "The team is not free"
    tr = "Ekip {code} gönderilemiyor: {why_tr}."
    en = "Team {code} cannot be sent: {why_en}."


class WhichProvince(Problem):
    """An incident without a position needs a province where the dispatcher serves several."""

    status = 422
    slug = "which-province"
    title_tr = "İl belirtilmemiş"
    title_en = "Which province?"
    tr = "Konumu olmayan olay için, görevli olduğunuz illerden birini (province) belirtin."
    en = "For an incident without a position name one of your provinces (province)."


class NotTheOutcome(Problem):
    """The outcome lacks what it needs: a body when referred, words when other."""

    status = 422
    slug = "outcome-incomplete"
    title_tr = "Sonuç eksik"
    title_en = "Incomplete outcome"
    tr = "Sevk sonucunda kurum (body), diğer sonucunda açıklama (note) gereklidir."
    en = "A referral needs the body it went to (body), the outcome other needs a note."


class CannotMerge(Problem):
    """An incident cannot be merged into itself, nor a drill with the real thing."""

    status = 409
    slug = "cannot-merge"
    title_tr = "Birleştirilemez"
    title_en = "Cannot be merged"
    tr = "Olay kendisiyle ya da tatbikat ile gerçek olay birbiriyle birleştirilemez."
    en = "An incident cannot be merged with itself, nor a drill with the real thing."


class NotAColleague(Problem):
    """Whom an incident is handed to cannot have it: unknown, disabled, signed out, of another role, or of none of its provinces."""

    status = 409
    slug = "not-a-colleague"
    title_tr = "Bu kişiye devredilemez"
    title_en = "Cannot be handed to this person"
    tr = "Olay, yalnızca illerinden birinde görevli ve oturumu açık başka bir Haber Merkezi görevlisine ya da vardiya amirine devredilir."
    en = "An incident is handed only to another dispatcher or supervisor of one of its provinces who is signed in."


#: Who may have an incident of their own (contract, "Who may what").
TAKERS = (Role.DISPATCHER, Role.SUPERVISOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """An ihbar as a dispatcher types it (E1: no document is asked for)."""

    kind: str
    priority: int
    fix: Fix | None
    place_text: str | None
    province: int | None
    caller_name: str | None
    caller_phone: str | None
    words: str | None
    drill: bool
    automatic: bool
    needed_teams: int


async def open_incident(tx: Tx, ihbar: ByHand, who: Principal, now: datetime) -> Incident:
    """Open an incident by hand (telephone ihbarı): it gets its olay no and its ten minutes (E2, E3) and offers itself if it may."""
    home = _home_of(ihbar, who)
    alert = Alert(
        source="phone",
        source_id=None,
        kind=ihbar.kind,
        priority=ihbar.priority,
        # Whoever took the call keeps seeing what became of it, even where it belongs to the next province.
        provinces=frozenset({home}) | (frozenset() if home in who.provinces else {min(who.provinces)}),
        home=home,
        received_at=now,
        fix=ihbar.fix,
        position_kind="fix" if ihbar.fix else "none",
        place_text=ihbar.place_text,
        drill=ihbar.drill,
        automatic=ihbar.automatic and ihbar.fix is not None,
        needed_teams=ihbar.needed_teams,
        opened_by=actor_of(who),
    )
    raised = await raise_alert(tx, alert)
    if ihbar.caller_name or ihbar.caller_phone or ihbar.words:
        await changes.add_caller(tx, raised.incident_id, name=ihbar.caller_name, phone=ihbar.caller_phone, words=ihbar.words)
    await _audit(tx, who, "incident.opened", raised.incident_id, now, alert.provinces)
    return await _seen(tx, raised.incident_id)


def _home_of(ihbar: ByHand, who: Principal) -> int:
    found = place_index().place_of(ihbar.fix.point) if ihbar.fix else None
    if found is not None:
        return found.province_code
    if ihbar.province in who.provinces:
        return ihbar.province
    if ihbar.province is not None or len(who.provinces) != 1:
        raise WhichProvince
    return min(who.provinces)


async def _seen(tx: Tx, incident_id: UUID) -> Incident:
    found = await facts.incident(tx, incident_id)
    if found is None:
        raise NotFound
    return found


async def _open(tx: Tx, incident_id: UUID) -> Incident:
    """Lock an incident that is still open. Raises NotFound, IncidentClosed."""
    incident = await locks.lock_incident(tx, incident_id)
    if incident is None:
        raise NotFound
    if not incident.open:
        raise IncidentClosed(outcome=incident.outcome)
    return incident


async def take(tx: Tx, incident_id: UUID, who: Principal, now: datetime) -> Incident:
    """Take an incident: from now on it is this dispatcher's, and every other desk that has it is told so."""
    incident = await _open(tx, incident_id)
    if incident.owner_id == who.id and incident.taken_at is not None:
        return incident
    after = replace(incident, owner_id=who.id, owner_name=who.name, taken_at=now)
    await changes.save(tx, after, now, events=[line("taken", actor_of(who), before=incident.owner_name)])
    await tell_incident(tx, after, now)
    await _audit(tx, who, "incident.taken", incident.id, now, incident.provinces)
    return await end_alarms(tx, after, {"konumsuz", "unowned", "revoked_device", "team_panic"}, now)


async def send_nearest(tx: Tx, incident_id: UUID, who: Principal, now: datetime, site: Site) -> Incident:
    """Ask the nearest free team, one more than the ladder would. Raises NoPlaceYet."""
    incident = await _open(tx, incident_id)
    if not incident.placed:
        raise NoPlaceYet
    if rules.missing(incident) == 0:
        incident = replace(incident, needed_teams=incident.needed_teams + 1)
    await _audit(tx, who, "incident.team_asked", incident.id, now, incident.provinces)
    return await offer_next(tx, incident, now, site, forced=True, actor=actor_of(who))


async def send_team(tx: Tx, incident_id: UUID, team_id: UUID, who: Principal, now: datetime, site: Site) -> Incident:
    """Ask the team a dispatcher named. An offer to it that ran out is replaced. Raises NotFound, TeamNotFree."""
    incident = await _open(tx, incident_id)
    if rules.missing(incident) == 0:
        incident = replace(incident, needed_teams=incident.needed_teams + 1)
    dispatch_id, actor = new_id(), actor_of(who)
    found = await search.pick_named(tx, incident, dispatch_id, team_id, reach_of(incident.provinces))
    if found is None:
        raise NotFound
    what, team = found
    if what != "taken":
        why_tr, why_en = ("başka görevde", "it is on another dispatch") if what == "busy" else ("görev dışı", "it is off duty")
        raise TeamNotFree(code=team["code"], why_tr=why_tr, why_en=why_en)
    old = [
        replace(d, state=DispatchState.WITHDRAWN, reason=Reason.REPLACED, ended_at=now)
        for d in incident.dispatches
        if d.team_id == team_id and d.state is DispatchState.TIMED_OUT
    ]
    round_ = incident.round + 1
    offer = new_offer(incident, dispatch_id, team, round_, now, site.periods, actor)
    kept = [next((o for o in old if o.id == d.id), d) for d in incident.dispatches]
    after = replace(incident, round=round_, seeking=False, dispatches=(*kept, offer))
    after = replace(after, state=rules.derive(after))
    events = [line("dispatch.offered", actor, dispatch_id=offer.id, team=offer.team_code, round=round_, named=True)]
    candidates = [candidate_row(incident, team, now, site, named=True)]
    await changes.save(tx, after, now, changed=old, added=[offer], candidates=candidates, events=events)
    await set_timer(tx, UNACKNOWLEDGED, offer.id, offer.ack_due_at)
    await tell_dispatches(tx, after, old, now)
    await tell_dispatches(tx, after, [offer], now, type_="dispatch.offered")
    await tell_incident(tx, after, now)
    await tell_teams(tx, [line_of(team, dispatch_id)], now)
    await _audit(tx, who, "incident.team_asked", incident.id, now, incident.provinces)
    return await end_alarms(tx, after, {"nobody_free"}, now)


async def reinforce(tx: Tx, incident_id: UUID, teams: int, who: Principal, now: datetime, site: Site) -> Incident:
    """Want so many more teams: an act, not a state. They are asked at once where there is a place to send them to."""
    incident = await _open(tx, incident_id)
    after = replace(incident, needed_teams=min(20, incident.needed_teams + teams))
    await changes.save(tx, after, now, events=[line("reinforced", actor_of(who), teams=teams)])
    await _audit(tx, who, "incident.reinforced", incident.id, now, incident.provinces)
    if not after.placed:
        await tell_incident(tx, after, now)
        return after
    asked = await offer_next(tx, after, now, site, forced=not after.automatic, actor=actor_of(who))
    if asked.round == after.round:
        await tell_incident(tx, asked, now)
    return asked


async def withdraw(tx: Tx, dispatch_id: UUID, who: Principal, now: datetime, site: Site) -> rules.Decision:
    """Take a dispatch back; the ladder asks another team, never this one again by itself."""
    decision = await answer(tx, dispatch_id, Event(Act.WITHDRAW, reason=Reason.RECALLED), now, site, team_id=None, actor=actor_of(who))
    await _audit(tx, who, "dispatch.withdrawn", dispatch_id, now, decision.incident.provinces)
    return decision


async def by_radio(tx: Tx, dispatch_id: UUID, act: Act, who: Principal, now: datetime, site: Site) -> rules.Decision:
    """Record what a team said over the radio."""
    decision = await answer(tx, dispatch_id, Event(act, by="radio"), now, site, team_id=None, actor=actor_of(who))
    detail: dict[str, object] = {"state": act.value, "applied": decision.applied}
    await _audit(tx, who, "dispatch.recorded_by_radio", dispatch_id, now, decision.incident.provinces, detail)
    return decision


async def re_route(
    tx: Tx, incident_id: UUID, fix: Fix | None, place_text: str | None, who: Principal, now: datetime, site: Site
) -> Incident:
    """Put the incident somewhere else: its crews are told, and whoever is not asked yet is looked for from there."""
    incident = await _open(tx, incident_id)
    if place_text is not None:
        incident = replace(incident, place_text=place_text)
    history = line("re_routed", actor_of(who), placed=fix is not None)
    await _audit(tx, who, "incident.re_routed", incident.id, now, incident.provinces)
    if fix is None:
        await changes.save(tx, incident, now, events=[history])
        await tell_incident(tx, incident, now)
        await tell_dispatches(tx, incident, [d for d in incident.dispatches if d.state in ENGAGING], now)
        return incident
    found = place_index().place_of(fix.point)
    provinces = frozenset({found.province_code}) if found else frozenset[int]()
    after = await place(tx, incident, fix, provinces, now, history=history)
    return await offer_next(tx, after, now, site)


async def merge(tx: Tx, duplicate_id: UUID, into_id: UUID, who: Principal, now: datetime, site: Site) -> Incident:
    """Close a duplicate into another incident; the teams that go go on under that one. Raises CannotMerge, IncidentClosed."""
    if duplicate_id == into_id:
        raise CannotMerge
    # In the order of the ids, so that two merges of the same two wait for each other instead of deadlocking.
    locked = {id_: await _open(tx, id_) for id_ in sorted((duplicate_id, into_id))}
    duplicate, target = locked[duplicate_id], locked[into_id]
    if duplicate.drill != target.drill:
        raise CannotMerge
    actor = actor_of(who)
    closed, joined = rules.merge(duplicate, target, now)
    # The target first: the teams that go must be its own before the duplicate is written without them.
    teams_of_target = [line("merged_from", actor, incident_id=duplicate_id, olay_no=duplicate.olay_no)]
    after = await settle(tx, target, joined, now, site, actor=actor, history=teams_of_target)
    await changes.spread(tx, after)
    await settle(tx, duplicate, closed, now, site, actor=actor, history=[line("merged_into", actor, incident_id=into_id)])
    await _audit(tx, who, "incident.merged", duplicate_id, now, duplicate.provinces, {"into": str(into_id)})
    return after


async def hand_over(tx: Tx, incident_id: UUID, to: UUID | None, note: str, who: Principal, now: datetime) -> Incident:
    """Hand an incident to a colleague with a note, or back to the desk (`to` None). Raises NotAColleague.

    Naming somebody is not yet being heard by them: either way the desks are alarmed until the one who was named, or another, takes it.
    """
    incident = await _open(tx, incident_id)
    name = None if to is None else await _colleague(tx, incident, to, who, now)
    after = replace(incident, owner_id=to, owner_name=name, taken_at=None)
    await changes.save(tx, after, now, events=[line("handed_over", actor_of(who), to=name, note=note)])
    await tell_incident(tx, after, now)
    await _audit(tx, who, "incident.handed_over", incident.id, now, incident.provinces, {"to": None if to is None else str(to)})
    return await alarm_for(tx, after, "unowned", now)


async def colleagues(tx: Tx, who: Principal, now: datetime) -> list[dict[str, Any]]:
    """Return whom the caller may hand incidents to: signed-in dispatchers and supervisors of the caller's provinces."""
    return await colleagues_of(tx, who, TAKERS, now)


async def _colleague(tx: Tx, incident: Incident, to: UUID, who: Principal, now: datetime) -> str:
    # The scope holds the provinces of borrowed teams and of the caller too, so that the incident's own are asked for.
    found = next((one for one in await colleagues(tx, who, now) if one["id"] == to), None)
    if found is None or incident.provinces.isdisjoint(found["provinces"]):
        raise NotAColleague
    name: str = found["name"]
    return name


async def close(
    tx: Tx, incident_id: UUID, outcome: Outcome, body: str | None, note: str, who: Principal, now: datetime, site: Site
) -> Incident:
    """Close with an outcome (E4), or a referral to the body that has to act (E5). Raises NotTheOutcome, IncidentClosed."""
    incident = await _open(tx, incident_id)
    if (outcome is Outcome.REFERRED) != (body is not None) or (outcome is Outcome.OTHER and not note):
        raise NotTheOutcome
    change = rules.close(incident, now, outcome=outcome.value, body=body)
    change = replace(change, incident=replace(change.incident, closed_by=who.id))
    history = [line("closed", actor_of(who), outcome=outcome.value, body=body, note=note)]
    await _audit(tx, who, "incident.closed", incident.id, now, incident.provinces, {"outcome": outcome.value, "body": body})
    return await settle(tx, incident, change, now, site, actor=actor_of(who), history=history)


async def add_note(tx: Tx, incident_id: UUID, text: str, who: Principal, now: datetime) -> None:
    """Write a line into the history, of a closed incident too (A7: the detail of the action)."""
    if await locks.lock_incident(tx, incident_id) is None:
        raise NotFound
    await changes.add_event(tx, incident_id, line("note", actor_of(who), note=text), now)


async def _audit(
    tx: Tx,
    who: Principal,
    action: str,
    subject_id: UUID,
    now: datetime,
    provinces: frozenset[int],
    detail: dict[str, object] | None = None,
) -> None:
    kind = action.partition(".")[0]
    await audit.record(
        tx, at=now, actor=who, action=action, subject_kind=kind, subject_id=subject_id, provinces=provinces, detail=detail or {}
    )
