"""From a read to the outcome of a hit. Runs in the caller's transaction and never commits."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from core import outbox
from core.errors import NotFound
from core.ids import new_id
from core.timers import set_timer
from dispatch import inbox
from geo.frames import Position
from geo.point import Fix
from pts import rules, store
from pts.errors import (
    BadPlate,
    BadValidity,
    EntryEnded,
    HitConcluded,
    NoLongerListed,
    NotCompared,
    OutcomeIsVerdict,
    ProtectionOrderDocument,
    ReadChanged,
)
from pts.frames import PtsHit
from pts.reading import Fault

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from core.db import Tx
    from core.identity import Principal
    from pts.reading import Read
    from pts.settings import PtsSettings

#: Timer of one list entry: it was ended, or its validity ran out.
ENTRY_OVER = "pts.entry_over"
#: A read received in the last moment of an entry may commit a little after it; the wait then still finds its hit.
AFTER_VALIDITY = timedelta(seconds=5)


async def take_reads(tx: Tx, gate_id: UUID, reads: Sequence[Read], now: datetime, settings: PtsSettings) -> list[Fault]:
    """Store a batch of one gate and raise what the hotlist names; returns what was wrong with single reads.

    The same batch again changes nothing. Raises NotFound for a gate that is not there.
    """
    gate = await store.hear_gate(tx, gate_id, now)
    if gate is None:
        raise NotFound
    if not reads:
        return []
    taken = await store.take_reads(tx, gate, reads, now)
    hit_of = await _raise_hits(tx, gate, [r for r in reads if r.client_id in taken.matches], taken.matches, now, settings)
    for read in reads:
        if read.jpeg is not None and read.client_id in taken.fresh:
            await store.put_image(tx, gate, read, hit_of.get(read.client_id), now)
    return [Fault(index=read.index, problem=ReadChanged()) for read in reads if read.client_id in taken.changed]


async def _raise_hits(
    tx: Tx, gate: store.Gate, listed: Sequence[Read], matches: dict[UUID, list[rules.Entry]], now: datetime, settings: PtsSettings
) -> dict[UUID, UUID]:
    """Give each listed read its hit, new or the one it repeats; returns hit ids by the reads' client_id."""
    hit_of: dict[UUID, UUID] = {}
    if not listed:
        return hit_of
    since = min(read.read_at for read in listed) - settings.same_hit_window
    known = await store.known_hits(tx, gate, sorted({read.plate for read in listed}), since)
    # In the order the vehicles passed, so that a buffered batch makes the hits it would have made live.
    for read in sorted(listed, key=lambda read: read.read_at):
        entries = matches[read.client_id]
        ids = [entry.id for entry in entries]
        same = rules.belongs_to(
            known, plate=read.plate, read_at=read.read_at, late=read.timing.late, entry_ids=ids, window=settings.same_hit_window
        )
        if same is not None:
            await store.repeat_hit(tx, same.id, read.read_at)
            await store.add_entries(tx, same.id, gate.province, entries)
            known[known.index(same)] = rules.repeated(same, read.read_at, ids)
            hit_of[read.client_id] = same.id
        elif not await store.had_hit(tx, gate, read):
            hit = await _open_hit(tx, gate, read, entries, now)
            known.append(hit)
            hit_of[read.client_id] = hit.id
    return hit_of


async def _open_hit(tx: Tx, gate: store.Gate, read: Read, entries: Sequence[rules.Entry], now: datetime) -> rules.KnownHit:
    """Raise the incident, write the hit and tell the desk.

    The team is told to observe: a match is a presumption until a person has compared it. A late read waits for the desk's decision.
    """
    hit_id, lead = new_id(), entries[0].category
    raised = await inbox.raise_alert(
        tx,
        inbox.Alert(
            source="pts",
            source_id=hit_id,
            kind="pts",
            priority=lead.priority,
            provinces=frozenset({gate.province}),
            fix=Fix(point=gate.point, accuracy_m=None, fixed_at=read.read_at),
            position_kind="fix",
            person_id=None,
            received_at=now,
            instruction="observe",
            silent=False,
            drill=False,
            place_text=gate.name,
            automatic=not read.timing.late,
            may_take_last=False,
        ),
    )
    await store.open_hit(tx, hit_id=hit_id, gate=gate, read=read, entries=entries, incident_id=raised.incident_id, now=now)
    hit = store.Hit(
        id=hit_id,
        province=gate.province,
        gate_id=gate.id,
        incident_id=raised.incident_id,
        category=lead,
        read_at=read.read_at,
        late=read.timing.late,
        verdict=None,
        outcome=None,
        point=gate.point,
        entry_ids=[entry.id for entry in entries],
    )
    await _tell(tx, hit, None, None, now)
    return rules.KnownHit(
        id=hit_id,
        plate=read.plate,
        first_read_at=read.read_at,
        last_read_at=read.read_at,
        late=read.timing.late,
        concluded=False,
        entry_ids=frozenset(hit.entry_ids),
    )


async def give_verdict(tx: Tx, hit_id: UUID, verdict: rules.Verdict, note: str, who: Principal, now: datetime) -> None:
    """Write what the operator saw: confirmed tells the team to stop, anything else recalls it and concludes the hit.

    A confirmation may be taken back while the hit is open: the team must then be told. Raises NotFound, HitConcluded, NoLongerListed.
    """
    hit = await _open(tx, hit_id)
    if verdict is rules.Verdict.CONFIRMED and not await store.still_active(tx, hit.entry_ids, now):
        raise NoLongerListed
    if verdict is not hit.verdict:
        await _decide(tx, hit, verdict, note=note, who=who, now=now)


async def _decide(tx: Tx, hit: store.Hit, verdict: rules.Verdict, *, note: str, who: Principal | None, now: datetime) -> None:
    by = None if who is None else who.id
    await store.set_verdict(tx, hit.id, verdict, by=by, note=note, now=now)
    outcome = rules.ENDS_WITH.get(verdict)
    at = await store.incident_now(tx, hit.incident_id)
    await inbox.note(tx, at.incident_id, "pts.verdict", now, _actor(who), {"hit_id": str(hit.id), "verdict": verdict.value})
    if outcome is not None:
        await store.set_outcome(tx, hit.id, outcome, by=by, note=note, now=now)
        await _withdraw(tx, at, verdict, who, now)
    elif at.ours:
        await inbox.instruct(tx, at.incident_id, "stop", now, _actor(who))
    await _tell(tx, hit, verdict, outcome, now)


async def _withdraw(tx: Tx, at: store.Now, verdict: rules.Verdict, who: Principal | None, now: datetime) -> None:
    """Recall the teams, unless a dispatcher merged the incident with another: a misread plate must not call off somebody else's help.

    Crews of merged hits go back to observing; where a call for help is merged in, the desk has the verdict in the history and decides.
    """
    if at.alone:
        await inbox.withdraw_incident(tx, at.incident_id, verdict.value, now, _actor(who))
    elif at.ours:
        await inbox.instruct(tx, at.incident_id, "observe", now, _actor(who))


async def give_outcome(tx: Tx, hit_id: UUID, outcome: rules.Outcome, note: str, who: Principal, now: datetime) -> None:
    """Write how a confirmed hit ended (E15). Raises NotFound, HitConcluded, NotCompared, OutcomeIsVerdict."""
    if outcome in rules.ENDS_WITH.values():
        raise OutcomeIsVerdict
    hit = await _open(tx, hit_id)
    if hit.verdict is None:
        raise NotCompared
    await store.set_outcome(tx, hit.id, outcome, by=who.id, note=note, now=now)
    at = await store.incident_now(tx, hit.incident_id)
    await inbox.note(tx, at.incident_id, "pts.outcome", now, _actor(who), {"hit_id": str(hit.id), "outcome": outcome.value})
    await _tell(tx, hit, hit.verdict, outcome, now)


def _actor(who: Principal | None) -> inbox.Actor | None:
    return None if who is None else inbox.Actor(who.role.value, who.id, who.name)


async def _open(tx: Tx, hit_id: UUID) -> store.Hit:
    hit = await store.lock_hit(tx, hit_id)
    if hit is None:
        raise NotFound
    if hit.outcome is not None:
        raise HitConcluded
    return hit


async def _tell(tx: Tx, hit: store.Hit, verdict: rules.Verdict | None, outcome: rules.Outcome | None, now: datetime) -> None:
    frame = PtsHit(
        hit_id=hit.id,
        incident_id=hit.incident_id,
        gate_id=hit.gate_id,
        category=hit.category,
        read_at=hit.read_at,
        verdict=verdict,
        outcome=outcome,
        position=Position(lon=hit.point.lon, lat=hit.point.lat, accuracy_m=None, fixed_at=hit.read_at),
        late=hit.late,
    )
    channels = [f"desk:{hit.province}"]
    await outbox.emit(tx, "pts.hit", at=now, channels=channels, subject_id=hit.id, data=frame.model_dump(mode="json"))


async def list_plate(
    tx: Tx,
    *,
    province: int,
    plate: str,
    category: rules.Category,
    authority: str,
    document: str,
    note: str,
    valid_from: datetime | None,
    valid_to: datetime | None,
    who: Principal,
    now: datetime,
) -> UUID:
    """Put a plate on the hotlist; returns the entry's id. Raises BadPlate, BadValidity, ProtectionOrderDocument."""
    wanted = rules.normalise(plate)
    if not 1 < len(wanted) <= rules.LONGEST or rules.UNREAD in wanted:
        raise BadPlate
    if rules.names_protection_order(authority, document, note):
        raise ProtectionOrderDocument
    begins = valid_from or now
    if not rules.possible(begins) or (valid_to is not None and not max(begins, now) < valid_to < rules.LATEST):
        raise BadValidity
    entry_id = new_id()
    await store.add_entry(
        tx,
        entry_id=entry_id,
        province=province,
        plate=wanted,
        category=category,
        authority=authority,
        document=document,
        note=note,
        valid_from=begins,
        valid_to=valid_to,
        by=who.id,
        now=now,
    )
    if valid_to is not None:
        await set_timer(tx, ENTRY_OVER, entry_id, valid_to + AFTER_VALIDITY)
    return entry_id


async def end_entry(tx: Tx, entry_id: UUID, reason: str, who: Principal, now: datetime) -> int:
    """End an entry and return its province. Raises NotFound, EntryEnded.

    Its open hits may lie in any province, so the timers' role, which sees all of them, withdraws them at once.
    """
    entry = await store.lock_entry(tx, entry_id)
    if entry is None:
        raise NotFound
    if entry["ended_at"] is not None:
        raise EntryEnded
    await store.end_entry(tx, entry_id, by=who.id, reason=reason, now=now)
    await set_timer(tx, ENTRY_OVER, entry_id, now)
    return entry["province"]


async def entry_over(tx: Tx, entry_id: UUID, now: datetime) -> None:
    """Withdraw what rested on this entry alone: a vehicle that is no longer wanted must not be stopped.

    Where the team was told to stop already, the incident is withdrawn and the hit stays open: somebody must still write what
    happened (E15).
    """
    for hit_id in await store.open_hits_of_entry(tx, entry_id):
        hit = await store.lock_hit(tx, hit_id)
        if hit is None or hit.outcome is not None or await store.still_active(tx, hit.entry_ids, now):
            continue
        if hit.verdict is None:
            await _decide(tx, hit, rules.Verdict.NOT_ACTIVE, note="", who=None, now=now)
        else:
            await _withdraw(tx, await store.incident_now(tx, hit.incident_id), rules.Verdict.NOT_ACTIVE, None, now)
