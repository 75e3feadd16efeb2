"""The two state machines and the table of late answers (contract, "Incidents, dispatches, teams"): facts and `now` in, a decision out.

Nothing here reads a clock, a setting or a table. The service locks the incident and its team, asks `decide`, and writes what it answers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from dispatch.states import (
    COMMITTED,
    ENDED,
    ENGAGING,
    LIVE,
    OPEN,
    PROGRESS,
    Act,
    Dispatch,
    DispatchState,
    Event,
    Incident,
    IncidentState,
    Periods,
    Reason,
    Team,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

#: What a team that never arrived cannot do; the caller is told to decline instead.
NOT_ON_SCENE: Final = "not_on_scene"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of an incident. `incident` carries all of its dispatches as they are afterwards."""

    incident: Incident
    #: Dispatches that changed.
    changed: tuple[Dispatch, ...] = ()
    #: Dispatches whose teams are free again.
    released: tuple[Dispatch, ...] = ()
    #: Desk alarms by kind.
    alarms: tuple[str, ...] = ()
    #: Somebody else should be asked now.
    offer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(Change):
    """What an event does to one dispatch and to all around it."""

    dispatch: Dispatch
    #: The event changed the dispatch as it asked to. False: it came too late, twice, or was overtaken; `dispatch.reason` says how.
    applied: bool
    #: A late yes takes its team anew.
    engages: bool = False
    #: The event makes no sense here; nothing changed.
    refused: str | None = None


def decide(dispatch: Dispatch, incident: Incident, team: Team, event: Event, now: datetime) -> Decision:
    """What `event` does to `dispatch`, to its incident and to the other teams that were asked. Never raises."""
    match event.act:
        case Act.ACK:
            return _acknowledge(dispatch, incident, now)
        case Act.UNACKNOWLEDGED | Act.UNACCEPTED:
            return _time_out(dispatch, incident, event, now)
        case Act.ACCEPT | Act.EN_ROUTE | Act.ON_SCENE:
            return _go(dispatch, incident, team, event, now)
        case Act.DECLINE:
            return _decline(dispatch, incident, event, now)
        case Act.CLEAR:
            return _clear(dispatch, incident, event, now)
        case Act.WITHDRAW:
            return _withdraw(dispatch, incident, event, now)


def _unmoved(dispatch: Dispatch, incident: Incident) -> Decision:
    return Decision(dispatch=dispatch, incident=incident, applied=False)


def _acknowledge(dispatch: Dispatch, incident: Incident, now: datetime) -> Decision:
    if dispatch.acknowledged_at is not None or dispatch.state not in OPEN:
        return _unmoved(dispatch, incident)
    # A timed-out offer stays timed out: the next team has been asked, and this one may still say yes.
    state = DispatchState.ACKNOWLEDGED if dispatch.state is DispatchState.OFFERED else dispatch.state
    return _settled(incident, [replace(dispatch, state=state, acknowledged_at=now)], dispatch, now)


def _time_out(dispatch: Dispatch, incident: Incident, event: Event, now: datetime) -> Decision:
    late = {DispatchState.OFFERED} if event.act is Act.UNACKNOWLEDGED else LIVE
    if dispatch.state not in late:
        return _unmoved(dispatch, incident)
    reason = Reason.UNACKNOWLEDGED if event.act is Act.UNACKNOWLEDGED else Reason.UNACCEPTED
    return _settled(incident, [replace(dispatch, state=DispatchState.TIMED_OUT, reason=reason)], dispatch, now, offer=True)


def _go(dispatch: Dispatch, incident: Incident, team: Team, event: Event, now: datetime) -> Decision:
    """Yes, on the way, or there. Who says the later without the earlier has said both: the first message was lost, or they radioed."""
    if dispatch.state in ENDED:
        return _unmoved(dispatch, incident)
    target = DispatchState(event.act.value)
    if dispatch.state in COMMITTED:
        if PROGRESS[target] <= PROGRESS[dispatch.state]:
            return _unmoved(dispatch, incident)
        return _settled(incident, [_stepped(dispatch, target, event, now)], dispatch, now)
    if not incident.open or missing(incident) == 0:
        reason = Reason.COVERED if incident.open else Reason.CLOSED
        return _overtaken(dispatch, incident, reason, now)
    if team.engaged_dispatch not in {None, dispatch.id}:
        return _overtaken(dispatch, incident, Reason.BUSY, now)
    gone = _stepped(replace(dispatch, reason=None), target, event, now)
    return _settled(incident, [gone], dispatch, now, engages=team.engaged_dispatch is None)


def _stepped(dispatch: Dispatch, target: DispatchState, event: Event, now: datetime) -> Dispatch:
    """The dispatch at `target`, with the time of each step it passes."""
    return replace(
        dispatch,
        state=target,
        by=event.by or dispatch.by,
        accepted_at=dispatch.accepted_at or now,
        en_route_at=dispatch.en_route_at or (now if target is DispatchState.EN_ROUTE else None),
        on_scene_at=dispatch.on_scene_at or (now if target is DispatchState.ON_SCENE else None),
    )


def _overtaken(dispatch: Dispatch, incident: Incident, reason: Reason, now: datetime) -> Decision:
    ended = replace(dispatch, state=DispatchState.WITHDRAWN, reason=reason, ended_at=now)
    return replace(_settled(incident, [ended], dispatch, now), applied=False)


def _decline(dispatch: Dispatch, incident: Incident, event: Event, now: datetime) -> Decision:
    if dispatch.state in ENDED:
        return _unmoved(dispatch, incident)
    left = dispatch.state in COMMITTED
    reason = Reason.LEFT if left else Reason.DECLINED
    ended = replace(dispatch, state=DispatchState.DECLINED, reason=reason, ended_at=now, by=event.by or dispatch.by, lead=False)
    return _settled(incident, [ended], dispatch, now, offer=True, alarms=("declined_after_accept",) if left else ())


def _clear(dispatch: Dispatch, incident: Incident, event: Event, now: datetime) -> Decision:
    if dispatch.state in ENDED:
        return _unmoved(dispatch, incident)
    if dispatch.state is not DispatchState.ON_SCENE:
        # Taking this for "done" would leave her alone behind a green line: who did not arrive declines, and the next is asked.
        return replace(_unmoved(dispatch, incident), refused=NOT_ON_SCENE)
    ended = replace(dispatch, state=DispatchState.CLEAR, ended_at=now, by=event.by or dispatch.by, lead=False)
    return _settled(incident, [ended], dispatch, now)


def _withdraw(dispatch: Dispatch, incident: Incident, event: Event, now: datetime) -> Decision:
    if dispatch.state in ENDED:
        return _unmoved(dispatch, incident)
    reason = event.reason or Reason.RECALLED
    ended = replace(dispatch, state=DispatchState.WITHDRAWN, reason=reason, ended_at=now, lead=False)
    return _settled(incident, [ended], dispatch, now, offer=True)


def _settled(
    incident: Incident,
    changed: list[Dispatch],
    of: Dispatch,
    now: datetime,
    *,
    engages: bool = False,
    offer: bool = False,
    alarms: tuple[str, ...] = (),
) -> Decision:
    """The rest of every change: covered offers are withdrawn, somebody leads, teams are let go, the incident's state follows."""
    after = _with(incident, changed)
    if missing(after) == 0:
        covered = [
            replace(d, state=DispatchState.WITHDRAWN, reason=Reason.COVERED, ended_at=now) for d in after.dispatches if d.state in OPEN
        ]
        changed = [*changed, *covered]
        after = _with(after, covered)
    leader = _new_leader(after)
    if leader is not None:
        changed = [leader if d.id == leader.id else d for d in changed]
        changed += [] if any(d.id == leader.id for d in changed) else [leader]
        after = _with(after, [leader])
    after = replace(after, state=derive(after), delivered_at=incident.delivered_at or _delivered(after))
    before = {d.id: d for d in incident.dispatches}
    return Decision(
        dispatch=next(d for d in after.dispatches if d.id == of.id),
        incident=after,
        applied=True,
        changed=tuple(changed),
        released=tuple(d for d in changed if before[d.id].state in ENGAGING and d.state not in ENGAGING),
        engages=engages,
        alarms=alarms,
        offer=offer and after.open and missing(after) > 0,
    )


def _with(incident: Incident, changed: Iterable[Dispatch]) -> Incident:
    by_id = {d.id: d for d in changed}
    return replace(incident, dispatches=tuple(by_id.get(d.id, d) for d in incident.dispatches))


def _new_leader(incident: Incident) -> Dispatch | None:
    """Who leads from now on, when nobody of those who go does: the first who said yes."""
    going = [d for d in incident.dispatches if d.state in COMMITTED]
    if not going or any(d.lead for d in going):
        return None
    return replace(min(going, key=lambda d: (d.accepted_at or d.offered_at, d.id)), lead=True)


def _delivered(incident: Incident) -> datetime | None:
    """E3: the ihbar has reached a unit when the first team said yes."""
    return min((d.accepted_at for d in incident.dispatches if d.accepted_at is not None), default=None)


def derive(incident: Incident) -> IncidentState:
    """The incident's state from its dispatches; back to waiting when the last team that said yes has left (contract)."""
    if incident.closed_at is not None:
        return IncidentState.CLOSED
    states = {d.state for d in incident.dispatches}
    if DispatchState.ON_SCENE in states or any(_served(d, incident) for d in incident.dispatches):
        return IncidentState.ON_SCENE
    if states & COMMITTED:
        return IncidentState.ASSIGNED
    if states & LIVE:
        return IncidentState.OFFERED
    return IncidentState.WAITING if states or incident.round > 0 else IncidentState.RAISED


def _served(dispatch: Dispatch, incident: Incident) -> bool:
    """Whether a team that is done counts as sent. Not when the person pressed again after it had left."""
    if dispatch.state is not DispatchState.CLEAR:
        return False
    return incident.again_at is None or (dispatch.ended_at is not None and dispatch.ended_at > incident.again_at)


def missing(incident: Incident) -> int:
    """How many teams are still wanted: those needed less those who go or have been."""
    sent = sum(d.state in COMMITTED or _served(d, incident) for d in incident.dispatches)
    return max(0, incident.needed_teams - sent)


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask so many teams now, none of `excluded`."""

    count: int
    excluded: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """Ask nobody; `alarm` is what the desk must hear, if anything."""

    alarm: str | None = None


def next_step(incident: Incident, periods: Periods, *, forced: bool = False) -> Ask | Stop:
    """The offer ladder: at most three open offers, then the desk is alarmed and goes on being alarmed.

    `forced`: a dispatcher asks for one more team, whatever the ladder would do.
    """
    if not incident.open or not (incident.automatic or forced):
        return Stop()
    live = sum(d.state in LIVE for d in incident.dispatches)
    wanted = missing(incident) - live
    if wanted <= 0 and not forced:
        return Stop()
    if not incident.placed:
        return Stop("konumsuz")
    if forced:
        return Ask(max(1, wanted), excluded(incident))
    room = periods.open_offers - sum(d.state in OPEN for d in incident.dispatches)
    if room <= 0:
        return Stop("offers_exhausted")
    return Ask(min(wanted, room), excluded(incident))


def next_look(incident: Incident, now: datetime, periods: Periods) -> datetime:
    """When an incident that waits for a team looks again by itself: after a quarter of the time it has waited, within bounds."""
    waited = (now - incident.received_at) / 4
    return now + min(max(waited, periods.look_again), periods.look_again_at_most)


def excluded(incident: Incident) -> tuple[UUID, ...]:
    """Teams not to be asked again by the ladder: asked and open, going, said no, or recalled by a dispatcher."""
    return tuple({d.team_id for d in incident.dispatches if _spent(d)})


def _spent(dispatch: Dispatch) -> bool:
    if dispatch.state in {DispatchState.WITHDRAWN, DispatchState.CLEAR}:
        return dispatch.reason == Reason.RECALLED
    return True


def close(incident: Incident, now: datetime, *, outcome: str, body: str | None = None) -> Change:
    """Close with an outcome (E4): open offers are withdrawn, whoever is still out is freed. `body` is who else took it over (E5)."""
    changed = tuple(_closed(d, now) for d in incident.dispatches if d.state not in ENDED)
    after = replace(
        _with(incident, changed),
        state=IncidentState.CLOSED,
        closed_at=now,
        outcome=outcome,
        outcome_body=body,
        seeking=False,
        # Routed to the right body is delivered, too.
        delivered_at=incident.delivered_at or (now if body else None),
    )
    held = {d.id for d in incident.dispatches if d.state in ENGAGING}
    return Change(incident=after, changed=changed, released=tuple(d for d in changed if d.id in held))


def _closed(dispatch: Dispatch, now: datetime) -> Dispatch:
    state = DispatchState.CLEAR if dispatch.state is DispatchState.ON_SCENE else DispatchState.WITHDRAWN
    return replace(dispatch, state=state, reason=Reason.CLOSED, ended_at=now, lead=False)


def merge(duplicate: Incident, target: Incident, now: datetime) -> tuple[Change, Change]:
    """Close `duplicate` into `target`: its open offers are withdrawn, the teams that go go on under the target.

    Returns the change of each. The target then needs at least as many teams as go, so that none of them is sent back.
    """
    moved = [replace(d, incident_id=target.id, lead=False) for d in duplicate.dispatches if d.state in COMMITTED]
    withdrawn = [
        replace(d, state=DispatchState.WITHDRAWN, reason=Reason.MERGED, ended_at=now) for d in duplicate.dispatches if d.state in OPEN
    ]
    rest = tuple(d for d in _with(duplicate, withdrawn).dispatches if d.state not in COMMITTED)
    closed = replace(
        duplicate,
        dispatches=rest,
        state=IncidentState.CLOSED,
        closed_at=now,
        outcome="merged",
        merged_into=target.id,
        seeking=False,
        delivered_at=duplicate.delivered_at or target.delivered_at,
    )
    live = {d.id for d in duplicate.dispatches if d.state in LIVE}
    going = sum(d.state in COMMITTED for d in target.dispatches) + len(moved)
    joined = replace(
        target,
        dispatches=(*target.dispatches, *moved),
        provinces=target.provinces | duplicate.provinces,
        priority=min(target.priority, duplicate.priority),
        needed_teams=max(target.needed_teams, duplicate.needed_teams, going),
        silent=target.silent or duplicate.silent,
    )
    if not joined.placed and duplicate.placed:
        where = ("lon", "lat", "accuracy_m", "fixed_at", "position_kind")
        joined = replace(joined, **{name: getattr(duplicate, name) for name in where})
    whole = _settled(joined, moved, moved[0], now, offer=True) if moved else None
    after = whole or Change(incident=replace(joined, state=derive(joined)), offer=missing(joined) > 0)
    return Change(incident=closed, changed=tuple(withdrawn), released=tuple(d for d in withdrawn if d.id in live)), after
