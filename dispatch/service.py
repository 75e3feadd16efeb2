"""Answers: what befalls a dispatch, and all that follows from it. Runs in the caller's transaction and never commits."""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from hashlib import sha256
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from core.errors import NotFound, Problem
from core.timers import drop_timer, set_timer
from dispatch import frames, rules
from dispatch.alarms import ENDED_BY_A_YES, alarm_for, end_alarms
from dispatch.announce import tell_dispatches, tell_incident, tell_teams
from dispatch.choosing import UNACCEPTED, UNACKNOWLEDGED, actor_of, line, offer_next
from dispatch.metrics import ANSWERS, TO_YES
from dispatch.states import LIVE, Act, Dispatch, DispatchState, Event, Incident
from dispatch.store import changes, locks, search
from dispatch.store.changes import History
from dispatch.store.teams import TeamLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from core.db import Tx
    from core.identity import Principal
    from dispatch.choosing import Actor, Site


class NotOnScene(Problem):
    """A team that never arrived cannot be done there; it may decline, and the next is asked."""

    status = 409
    slug = "not-on-scene"
    title_tr = "Ekip olay yerinde değil"
    title_en = "Not on scene"
    tr = "Ekip olay yerine varmadan görev bitirilemez. Gidemiyorsanız reddedin; sıradaki ekip çağrılır."
    en = "A dispatch cannot be cleared before the team was on scene. If you cannot go, decline, and the next team is asked."


async def answer(
    tx: Tx,
    dispatch_id: UUID,
    event: Event,
    now: datetime,
    site: Site,
    *,
    team_id: UUID | None,
    actor: Actor | None = None,
    wait: bool = True,
) -> rules.Decision:
    """Something befell a dispatch: by its crew (`team_id`), by a desk of the scope, or by the clock.

    Raises NotFound for another's dispatch, NotOnScene, and `locks.Busy` with `wait` false.
    """
    locked = await locks.lock_dispatch(tx, dispatch_id, team_id, wait=wait)
    if locked is None:
        raise NotFound
    return await _befall(tx, locked, event, now, site, actor=actor)


async def acknowledge(tx: Tx, who: Principal, seq: int, now: datetime, site: Site, *, team_id: UUID) -> rules.Decision:
    """The crew's app has the offer it was sent under the number `seq`. Raises NotFound."""
    locked = await locks.lock_offer(tx, seq, team_id)
    if locked is None:
        raise NotFound
    return await _befall(tx, locked, Event(Act.ACK, by="app"), now, site, actor=actor_of(who))


async def said_by_crew(
    tx: Tx, who: Principal, said: frames.Said, client_id: UUID, now: datetime, site: Site, *, team_id: UUID
) -> dict[str, Any]:
    """A crew's answer, by whichever door: what its phone sent on a socket that broke, it sends again by HTTP under the same client_id.

    Returns the `OfferData` that holds now and whether the answer was `applied`. Raises AnotherBody, NotFound, NotOnScene.
    """
    saying = locks.Saying(who.id, client_id, sha256(b"dispatch.status\n" + said.model_dump_json().encode()).digest())
    locked = await locks.lock_said(tx, saying, said.dispatch_id, team_id, now)
    if locked is None:
        raise NotFound
    if isinstance(locked, dict):
        return locked
    decision = await _befall(tx, locked, Event(Act(said.state), by="app"), now, site, actor=actor_of(who), saying=saying)
    return told(decision)


async def _befall(
    tx: Tx,
    locked: locks.Locked,
    event: Event,
    now: datetime,
    site: Site,
    *,
    actor: Actor | None,
    saying: locks.Saying | None = None,
) -> rules.Decision:
    decision = rules.decide(locked.dispatch, locked.incident, locked.team, event, now)
    if decision.refused == rules.NOT_ON_SCENE:
        raise NotOnScene
    said = (saying, told(decision)) if saying else None
    if decision.changed:
        engaged = decision.dispatch if decision.engages else None
        await settle(tx, locked.incident, decision, now, site, actor=actor, engaged=engaged, said=said)
    elif said is not None:
        await changes.keep_answer(tx, *said)
    return decision


def told(decision: rules.Decision) -> dict[str, Any]:
    """What holds now, and whether what was said did it."""
    return {**frames.offer_data(decision.incident, decision.dispatch), "applied": decision.applied}


async def time_out(tx: Tx, dispatch_id: UUID, act: Act, now: datetime, site: Site) -> None:
    """15 s without the app's word, or 30 s without a person's: the team is free for others, the next is asked.

    Only one of the two waits is set at a time: while nothing has acknowledged, the second cannot matter.
    """
    try:
        decision = await answer(tx, dispatch_id, Event(act), now, site, team_id=None, wait=False)
    except NotFound:
        # Deleted with its period over: a wait for it would be tried again for ever.
        return
    if act is Act.UNACKNOWLEDGED and decision.dispatch.state is DispatchState.ACKNOWLEDGED:
        await set_timer(tx, UNACCEPTED, dispatch_id, decision.dispatch.accept_due_at)


async def settle(
    tx: Tx,
    before: Incident,
    change: rules.Change,
    now: datetime,
    site: Site,
    *,
    actor: Actor | None = None,
    engaged: Dispatch | None = None,
    history: Sequence[History] = (),
    said: tuple[locks.Saying, dict[str, Any]] | None = None,
) -> Incident:
    """Write a change and all that follows: tell everybody, end what waited, ask the next, wake those who wait for a team."""
    after = change.incident
    same = _told_of(before) == _told_of(after)
    saved = await changes.save(
        tx,
        after,
        now,
        whole=not same or engaged is not None,
        changed=change.changed,
        released=change.released,
        engaged=engaged,
        events=[*history, *(_dispatch_line(d, actor) for d in change.changed)],
        said=said,
    )
    tx.after_commit(partial(_count, before, after, change.changed))
    await tell_dispatches(tx, after, change.changed, now)
    if not same:
        await tell_incident(tx, after, now)
    await tell_teams(tx, saved.teams, now)
    await _end_waits(tx, before, change.changed, now)
    for kind in change.alarms:
        after = await alarm_for(tx, after, kind, now, site.periods)
    if not after.open:
        after = await end_alarms(tx, after, after.alarms, now)
    elif rules.missing(after) == 0:
        after = await end_alarms(tx, after, ENDED_BY_A_YES, now)
    if change.offer:
        after = await offer_next(tx, after, now, site)
    if saved.waiting:
        await search.hasten(tx, saved.waiting, now)
    return after


def _count(before: Incident, after: Incident, changed: Iterable[Dispatch]) -> None:
    """Drills have figures of their own."""
    drill = str(after.drill).lower()
    for dispatch in changed:
        ANSWERS.labels(dispatch.state.value, dispatch.reason or "", drill).inc()
    if before.delivered_at is None and after.delivered_at is not None:
        TO_YES.labels(after.source, drill).observe((after.delivered_at - after.received_at).total_seconds())


def _dispatch_line(dispatch: Dispatch, actor: Actor | None) -> History:
    detail = {"dispatch_id": dispatch.id, "team": dispatch.team_code, "by": dispatch.by, "reason": dispatch.reason}
    return line(f"dispatch.{dispatch.state.value}", actor, **detail)


#: What a desk would see differently, the dispatches aside: they have frames of their own.
_told_of = attrgetter(*(each.name for each in fields(Incident) if each.name not in {"dispatches", "alarms", "version"}))


async def _end_waits(tx: Tx, before: Incident, changed: Iterable[Dispatch], now: datetime) -> None:
    """Take back the wait of an offer that was answered or withdrawn; the one that is set is told by the time."""
    live = {d.id for d in before.dispatches if d.state in LIVE}
    for dispatch in changed:
        if dispatch.id in live and dispatch.state not in LIVE and dispatch.state is not DispatchState.TIMED_OUT:
            await drop_timer(tx, UNACKNOWLEDGED if now <= dispatch.ack_due_at else UNACCEPTED, dispatch.id)


async def wake_waiting(tx: Tx, teams: Iterable[TeamLine], now: datetime) -> None:
    """A team has freed: whoever waits for one looks again, the most urgent first."""
    provinces = {team.province for team in teams if team.free}
    if not provinces:
        return
    waiting = await search.waiting_for(tx, provinces)
    if waiting:
        await search.hasten(tx, waiting, now)
