"""Dispatch's only door to the database: named statements in, the rules' own values out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from pydantic_core import to_json

from core.db import session_options
from core.errors import AnotherBody
from core.ids import new_id
from core.sql import load
from dispatch.states import Dispatch, DispatchState, Incident, IncidentState, Team

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from core.db import Database, Row, Tx

_SQL = load("dispatch")

#: Candidates kept of each choice (E11).
LISTED = 8
#: With no more free teams in reach than this a claim sorts them all; with more it walks outward from the incident.
FEW = 300


@dataclass(frozen=True, slots=True)
class TeamLine:
    """A team as the desk's list and the frames show it."""

    id: UUID
    code: str
    kind: str
    force: str
    province: int
    roster: str
    engaged_dispatch: UUID | None

    @property
    def free(self) -> bool:
        """May be claimed."""
        return self.roster == "available" and self.engaged_dispatch is None


@dataclass(frozen=True, slots=True)
class History:
    """A line of an incident's history: what, by whom, and what there is to know of it."""

    kind: str
    actor_kind: str | None = None
    actor_id: UUID | None = None
    actor_name: str | None = None
    detail: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Picked:
    """What a search came back with. `teams` are the nearest ones in any state, as the database told them."""

    yields: bool
    chosen: UUID | None
    teams: list[dict[str, Any]]


def _json(value: object) -> Jsonb:
    return Jsonb(value, dumps=to_json)


# --- facts -----------------------------------------------------------------------------------------------------------------------------

_INCIDENT_TIMES = (
    *("received_at", "fixed_at", "taken_at", "again_at", "warned_at", "breached_at"),
    *("due_warn_at", "due_breach_at", "delivered_at", "closed_at"),
)
_INCIDENT_IDS = ("id", "source_id", "owner_id", "closed_by", "merged_into")
_INCIDENT_PLAIN = (
    *("olay_no", "home", "source", "kind", "priority", "lon", "lat", "accuracy_m", "position_kind", "place_text", "instruction"),
    *("silent", "drill", "automatic", "needed_teams", "owner_name", "evaluation", "cancelled", "further", "round", "seeking"),
    *("outcome", "outcome_body", "version"),
)
_DISPATCH_TIMES = ("offered_at", "ack_due_at", "accept_due_at", "acknowledged_at", "accepted_at", "en_route_at", "on_scene_at", "ended_at")
_DISPATCH_IDS = ("id", "incident_id", "team_id", "offered_by")
_DISPATCH_PLAIN = ("team_code", "team_province", "round", "reason", "by", "lead", "drill", "distance_m", "eta_s", "fix_age_s")


#: What `save` writes of an incident; the rest never changes.
_INCIDENT_SAVED = (
    *("state", "priority", "lon", "lat", "accuracy_m", "fixed_at", "position_kind", "place_text", "instruction", "automatic"),
    *("needed_teams", "owner_id", "owner_name", "taken_at", "evaluation", "cancelled", "again_at", "warned_at", "breached_at", "round"),
    *("seeking", "reach", "delivered_at", "outcome", "outcome_body", "closed_at", "closed_by", "merged_into"),
)


def _fields(row: Mapping[str, Any], times: Iterable[str], ids: Iterable[str], plain: Iterable[str]) -> dict[str, Any]:
    found: dict[str, Any] = {name: row[name] for name in plain}
    found.update((name, None if row[name] is None else datetime.fromisoformat(row[name])) for name in times)
    found.update((name, None if row[name] is None else UUID(row[name])) for name in ids)
    return found


def incident_of(facts: Mapping[str, Any]) -> Incident:
    """Read what `dispatch_facts` tells."""
    row = facts["incident"]
    return Incident(
        **_fields(row, _INCIDENT_TIMES, _INCIDENT_IDS, _INCIDENT_PLAIN),
        state=IncidentState(row["state"]),
        provinces=frozenset(row["provinces"]),
        reach=frozenset(row["reach"]),
        dispatches=tuple(_dispatch_of(d) for d in facts["dispatches"]),
        alarms=frozenset(facts["alarms"]),
    )


def _dispatch_of(row: Mapping[str, Any]) -> Dispatch:
    return Dispatch(**_fields(row, _DISPATCH_TIMES, _DISPATCH_IDS, _DISPATCH_PLAIN), state=DispatchState(row["state"]))


def team_line(row: Row) -> TeamLine:
    """Read a team's row."""
    return TeamLine(**{name: row[name] for name in TeamLine.__slots__})


class Busy(Exception):  # noqa: N818 - not a fault: the caller comes back
    """Somebody else works on the incident at this moment, and the caller did not want to wait."""


def _unless_busy(facts: dict[str, Any] | None) -> dict[str, Any] | None:
    if facts is not None and "busy" in facts:
        raise Busy
    return facts


async def lock_incident(tx: Tx, incident_id: UUID, *, any_scope: bool = False, wait: bool = True) -> Incident | None:
    """Lock an incident until the transaction ends; None when there is none in scope.

    `any_scope` is for the sources' doors only. Raises `Busy` where it is locked and `wait` is false: a timer's handler must not wait
    for an incident while it holds its timer, which the incident's holder may be about to set.
    """
    facts = _unless_busy(await tx.value(_SQL["lock_incident"], {"id": incident_id, "any_scope": any_scope, "wait": wait}))
    return None if facts is None else incident_of(facts)


@dataclass(frozen=True, slots=True)
class Locked:
    """A dispatch whose incident and team are locked until the transaction ends."""

    dispatch: Dispatch
    incident: Incident
    team: Team


def _locked(facts: dict[str, Any] | None, dispatch_id: UUID | None = None) -> Locked | None:
    if _unless_busy(facts) is None or facts is None:
        return None
    incident, team = incident_of(facts), facts["team"]
    of = dispatch_id or UUID(facts["of"])
    engaged = team["engaged_dispatch"]
    holds = None if engaged is None else UUID(engaged)
    return Locked(next(d for d in incident.dispatches if d.id == of), incident, Team(UUID(team["id"]), team["roster"], holds))


async def lock_dispatch(tx: Tx, dispatch_id: UUID, team_id: UUID | None, *, wait: bool = True) -> Locked | None:
    """Lock a dispatch's incident and team. `team_id` is the calling crew's, None for a desk or a job. Raises `Busy` as above."""
    return _locked(await tx.value(_SQL["lock_dispatch"], {"id": dispatch_id, "team_id": team_id, "wait": wait}), dispatch_id)


async def lock_offer(tx: Tx, seq: int, team_id: UUID) -> Locked | None:
    """The same for the offer this crew was sent under the number `seq`."""
    return _locked(await tx.value(_SQL["lock_offer"], {"seq": seq, "team_id": team_id}))


@dataclass(frozen=True, slots=True)
class Saying:
    """A write from outside under its client-made id (law 3)."""

    sender: UUID
    client_id: UUID
    fingerprint: bytes


async def lock_said(tx: Tx, saying: Saying, dispatch_id: UUID, team_id: UUID, now: datetime) -> Locked | dict[str, Any] | None:
    """The same for something a crew says; its first answer where it said it before. Raises AnotherBody."""
    params = {
        "sender": saying.sender,
        "client_id": saying.client_id,
        "fingerprint": saying.fingerprint,
        "now": now,
        "id": dispatch_id,
        "team_id": team_id,
    }
    facts = await tx.value(_SQL["lock_said"], params)
    if facts is not None and "another" in facts:
        raise AnotherBody
    if facts is not None and "answer" in facts:
        answer: dict[str, Any] = facts["answer"]
        return answer
    return _locked(facts, dispatch_id)


async def keep_answer(tx: Tx, saying: Saying, answer: Mapping[str, Any]) -> None:
    """Keep what was answered, where nothing else is saved with it."""
    await tx.execute(_SQL["keep_answer"], {"sender": saying.sender, "client_id": saying.client_id, "answer": _json(answer)})


async def look(tx: Tx, dispatch_id: UUID, team_id: UUID | None) -> Incident | None:
    """Return the incident of a dispatch without a lock."""
    facts = await tx.value(_SQL["look"], {"id": dispatch_id, "team_id": team_id})
    return None if facts is None else incident_of(facts)


async def in_hand(tx: Tx, team_id: UUID) -> list[tuple[Incident, Dispatch]]:
    """Return a crew's open offers and running dispatches, oldest first."""
    found: list[tuple[Incident, Dispatch]] = []
    for row in await tx.rows(_SQL["in_hand"], {"team_id": team_id}):
        incident = incident_of(row["facts"])
        found.append((incident, next(d for d in incident.dispatches if d.id == row["dispatch_id"])))
    return found


async def incident(tx: Tx, incident_id: UUID) -> Incident | None:
    """Return one incident of the scope, unlocked."""
    facts = await tx.value(_SQL["incident"], {"id": incident_id})
    return None if facts is None else incident_of(facts)


async def standings(tx: Tx, incident_ids: Iterable[UUID]) -> list[Row]:
    """Return state, provinces, merge and the dispatches' states of incidents of the scope."""
    return await tx.rows(_SQL["standings"], {"ids": list(incident_ids)})


async def incidents(tx: Tx, *, is_open: bool | None, after: tuple[datetime, UUID] | None, limit: int) -> list[Incident]:
    """Return incidents of the scope, newest first; `is_open` None = both."""
    params = {"after_at": after[0] if after else None, "after_id": after[1] if after else None, "limit": limit}
    if is_open:
        rows = await tx.rows(_SQL["incidents_open"], params)
    else:
        rows = await tx.rows(_SQL["incidents"], {**params, "only_closed": is_open is False})
    return [incident_of(row["facts"]) for row in rows]


# --- writing -----------------------------------------------------------------------------------------------------------------------------


async def raise_incident(tx: Tx, alert: Mapping[str, Any]) -> tuple[UUID, str, bool]:
    """Insert an alert's incident or join the person's open one, under any scope: (incident, olay no, joined)."""
    row = await tx.row(_SQL["raise"], {"alert": _json(alert)})
    assert row is not None  # noqa: S101 - the function returns one row or raises
    return row["incident_id"], row["olay_no"], row["joined"]


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save let go or took, and who waits for what was let go."""

    teams: list[TeamLine]
    waiting: list[UUID]


async def save(
    tx: Tx,
    incident: Incident,
    now: datetime,
    *,
    whole: bool = True,
    changed: Sequence[Dispatch] = (),
    added: Sequence[Dispatch] = (),
    released: Sequence[Dispatch] = (),
    engaged: Dispatch | None = None,
    candidates: Sequence[Mapping[str, Any]] = (),
    events: Sequence[History] = (),
    said: tuple[Saying, Mapping[str, Any]] | None = None,
) -> Saved:
    """Write an incident that this transaction has locked, all that changed with it, and the answer to who said so.

    `whole` false: the incident's own fields are as they were.
    """
    facts: dict[str, object] = {
        "id": incident.id,
        # As PostgreSQL writes an array: one cast there, and no walk through JSON.
        "provinces": f"{{{','.join(str(code) for code in sorted(incident.provinces))}}}",
        "now": now,
    }
    if whole:
        facts["incident"] = {name: getattr(incident, name) for name in _INCIDENT_SAVED}
    if said is not None:
        facts |= {"sender": said[0].sender, "client_id": said[0].client_id, "answer": said[1]}
    if released:
        facts["freed"] = [{"id": d.id, "team_id": d.team_id} for d in released]
    if engaged is not None:
        facts["engaged"] = {"id": engaged.id, "team_id": engaged.team_id}
    lists = {"changed": changed, "added": added, "candidates": candidates, "events": [_event_row(event) for event in events]}
    facts |= {name: rows for name, rows in lists.items() if rows}
    rows = await tx.rows(_SQL["save"], {"facts": _json(facts)})
    return Saved([team_line(row) for row in rows], [waiting for row in rows for waiting in row["waiting"]])


def _event_row(event: History) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "actor_kind": event.actor_kind,
        "actor_id": event.actor_id,
        "actor_name": event.actor_name,
        "detail": event.detail or {},
    }


async def spread(tx: Tx, incident: Incident) -> None:
    """Carry an incident's new provinces to every row that belongs to it."""
    params = {"id": incident.id, "provinces": sorted(incident.provinces)}
    for name in ("spread_dispatches", "spread_candidates", "spread_events", "spread_alarms", "spread_caller"):
        await tx.execute(_SQL[name], params)


async def add_event(tx: Tx, incident_id: UUID, event: History, at: datetime) -> None:
    """Append one line to an incident's history."""
    await tx.execute(_SQL["add_event"], {"id": incident_id, "at": at, **_event_row(event), "detail": _json(event.detail or {})})


async def history(tx: Tx, incident_id: UUID) -> list[Row]:
    """Return an incident's history, oldest first."""
    return await tx.rows(_SQL["history"], {"id": incident_id})


async def candidates(tx: Tx, incident_id: UUID) -> list[Row]:
    """Return all candidates of an incident by round, nearest first."""
    return await tx.rows(_SQL["candidates"], {"id": incident_id})


async def add_caller(tx: Tx, incident_id: UUID, *, name: str | None, phone: str | None, words: str | None) -> None:
    """Keep who told us by telephone, apart from the incident."""
    await tx.execute(_SQL["add_caller"], {"id": incident_id, "name": name, "phone": phone, "words": words})


async def caller(tx: Tx, incident_id: UUID) -> Row | None:
    """Return who told us by telephone."""
    return await tx.row(_SQL["caller"], {"id": incident_id})


# --- searching ---------------------------------------------------------------------------------------------------------------------------


async def pick(
    tx: Tx,
    incident: Incident,
    dispatch_id: UUID,
    *,
    reach: frozenset[int],
    excluded: Sequence[UUID],
    stale_before: datetime,
    may_wait: bool,
) -> Picked:
    """Claim the nearest free team of `reach` for `dispatch_id`. `may_wait` only while this transaction holds no claimed team yet."""
    params = {
        "incident_id": incident.id,
        "dispatch_id": dispatch_id,
        "reach": sorted(reach),
        "excluded": list(excluded),
        "stale_before": stale_before,
        "may_wait": may_wait,
        "list": LISTED,
        "few": FEW,
    }
    found = await tx.value(_SQL["pick"], params)
    if found is None:
        return Picked(yields=False, chosen=None, teams=[])
    chosen = found["chosen"]
    return Picked(yields=found["yields"], chosen=None if chosen is None else UUID(chosen), teams=found["teams"])


async def pick_named(
    tx: Tx, incident: Incident, dispatch_id: UUID, team_id: UUID, reach: frozenset[int]
) -> tuple[str, dict[str, Any]] | None:
    """Claim the one team a dispatcher named: ("taken" | "busy" | "off_duty", team); None when there is no such team in reach."""
    params = {"incident_id": incident.id, "dispatch_id": dispatch_id, "team_id": team_id, "reach": sorted(reach)}
    found = await tx.value(_SQL["pick_named"], params)
    return None if found is None else (found["what"], found["team"])


async def nearest(tx: Tx, *, lon: float, lat: float, limit: int = 8) -> list[Row]:
    """The nearest free teams of the transaction's provinces: team_id, code, distance_m (on the sphere), fixed_at. No lock, no promise."""
    return await tx.rows(_SQL["nearest"], {"lon": lon, "lat": lat, "limit": limit})


async def waiting_for(tx: Tx, provinces: Iterable[int], limit: int = 8) -> list[UUID]:
    """Incidents that wait for a team of these provinces, by priority, then age."""
    rows = await tx.rows(_SQL["waiting_for"], {"provinces": sorted(provinces), "limit": limit})
    return [row["id"] for row in rows]


async def hasten(tx: Tx, ids: Sequence[UUID], now: datetime) -> None:
    """Let these waiting incidents look again at once."""
    await tx.execute(_SQL["hasten"], {"ids": list(ids), "now": now})
    tx.after_commit(partial(tx.signals.timer_set, now))


# --- alarms ------------------------------------------------------------------------------------------------------------------------------


async def add_alarm(
    tx: Tx, kind: str, provinces: Iterable[int], at: datetime, *, incident_id: UUID | None, note: str | None, drill: bool
) -> Row | None:
    """Write an alarm; None when the same one of that incident already stands unacknowledged."""
    params = {
        "id": new_id(), "provinces": sorted(provinces), "incident_id": incident_id, "kind": kind, "at": at, "note": note, "drill": drill,
    }  # fmt: skip
    return await tx.row(_SQL["add_alarm"], params)


async def sound_alarm(tx: Tx, alarm_id: UUID) -> Row | None:
    """Count another sounding; None when it was acknowledged or has ended."""
    return await tx.row(_SQL["sound_alarm"], {"id": alarm_id})


async def ack_alarm(tx: Tx, alarm_id: UUID, *, at: datetime, by: UUID, name: str, note: str | None) -> tuple[Row, bool] | None:
    """Acknowledge: (alarm, whether this call did it); None when there is no such alarm in scope."""
    found = await tx.row(_SQL["ack_alarm"], {"id": alarm_id, "at": at, "by": by, "name": name, "note": note})
    if found is not None:
        return found, True
    standing = await tx.row(_SQL["lock_alarm"], {"id": alarm_id})
    return None if standing is None else (standing, False)


async def end_alarms(tx: Tx, incident_id: UUID, kinds: Iterable[str], at: datetime) -> list[Row]:
    """End an incident's alarms whose cause is gone."""
    return await tx.rows(_SQL["end_alarms"], {"incident_id": incident_id, "kinds": sorted(kinds), "at": at})


async def alarms(tx: Tx, *, only_open: bool, limit: int) -> list[Row]:
    """Return alarms of the scope, newest first."""
    return await tx.rows(_SQL["alarms"], {"open": only_open, "limit": limit})


# --- teams -------------------------------------------------------------------------------------------------------------------------------


async def district_exists(tx: Tx, district: int) -> bool:
    """Whether there is such a district."""
    return bool(await tx.value(_SQL["district_exists"], {"id": district}))


async def add_team(tx: Tx, values: Mapping[str, Any]) -> TeamLine | None:
    """Insert a team; None when its code is taken in its province."""
    row = await tx.row(_SQL["add_team"], values)
    return None if row is None else team_line(row)


async def set_roster(tx: Tx, team_id: UUID, roster: str, now: datetime) -> TeamLine | None:
    """Set a team's roster state; None when there is no such team in scope."""
    row = await tx.row(_SQL["set_roster"], {"id": team_id, "roster": roster, "now": now})
    return None if row is None else team_line(row)


async def team(tx: Tx, team_id: UUID) -> Row | None:
    """Return one team of the scope with its position."""
    return await tx.row(_SQL["team"], {"id": team_id})


async def teams(tx: Tx, *, after: UUID | None, limit: int) -> list[Row]:
    """Return the teams of the scope with their positions, by id."""
    return await tx.rows(_SQL["teams"], {"after": after, "limit": limit})


async def put_positions(tx: Tx, columns: Mapping[str, Sequence[object]], now: datetime) -> tuple[frozenset[UUID], frozenset[int]]:
    """Store a batch of fixes given as columns: (ids no team of the scope has, provinces of teams that had no position before)."""
    row = await tx.row(_SQL["put_positions"], {**columns, "now": now})
    assert row is not None  # noqa: S101 - a function with OUT parameters returns one row
    return frozenset(row["unknown"]), frozenset(row["appeared"])


async def within(tx: Tx, bbox: tuple[float, float, float, float]) -> list[Row]:
    """Teams of the scope that stand within west, south, east, north."""
    west, south, east, north = bbox
    return await tx.rows(_SQL["within"], {"west": west, "south": south, "east": east, "north": north})


async def moved_since(tx: Tx, since: datetime) -> list[Row]:
    """Return teams of the scope whose position came in after `since`."""
    return await tx.rows(_SQL["moved_since"], {"since": since})


# --- jobs --------------------------------------------------------------------------------------------------------------------------------


async def unowned(tx: Tx, before: datetime) -> list[UUID]:
    """Incidents older than `before` that nobody goes to, nobody took and no alarm tells of."""
    return [row["id"] for row in await tx.rows(_SQL["unowned"], {"before": before})]


async def seeking_unwatched(tx: Tx) -> list[UUID]:
    """Incidents that wait for a team and have no timer that looks again."""
    return [row["id"] for row in await tx.rows(_SQL["seeking_unwatched"])]


async def lost_offers(tx: Tx, before: datetime) -> list[UUID]:
    """Offers past their time that no timer has ended."""
    return [row["id"] for row in await tx.rows(_SQL["lost_offers"], {"before": before})]


async def unsounded_alarms(tx: Tx, before: datetime) -> list[UUID]:
    """Unacknowledged alarms that nothing would sound again."""
    return [row["id"] for row in await tx.rows(_SQL["unsounded_alarms"], {"before": before})]


async def roster_gaps(tx: Tx) -> list[int]:
    """Provinces that have teams and none on duty (A6)."""
    return [row["province"] for row in await tx.rows(_SQL["roster_gaps"]) if row["on_duty"] == 0]


async def track_days(tx: Tx, first: date, last: date) -> int:
    """Make the track's partitions from `first` to `last`, both included; the same again makes none."""
    made: int = await tx.value(_SQL["track_days"], {"first": first, "last": last})
    return made


async def reindex_positions(db: Database, _now: datetime) -> None:
    """Rebuild the index over positions: it cannot be updated in place, grows threefold in 500,000 updates and searches slow down 2.4 times.

    CONCURRENTLY, so that no claim waits for it; it needs a connection of its own outside any transaction.
    """
    options = session_options("merkez_sweep") + " -c statement_timeout=10min"
    async with await psycopg.AsyncConnection.connect(db.url, autocommit=True, options=options) as conn:
        await conn.execute(_SQL["reindex_positions"])


def as_json(value: object) -> dict[str, Any]:
    """Plain JSON of a value whose parts are dates, ids and sets (for the answers that `once` keeps)."""
    plain: dict[str, Any] = json.loads(to_json(value))
    return plain
