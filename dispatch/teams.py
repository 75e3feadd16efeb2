"""Teams: who there is, who is on duty, where they are, and a team's own call for help. Runs in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from core import audit
from core.db import set_scope
from core.errors import NotAllowed, NotFound, Problem
from core.ids import new_id
from dispatch.alarms import alarm_for
from dispatch.alerts import Alert, Raised, raise_alert
from dispatch.announce import tell_teams
from dispatch.choosing import actor_of
from dispatch.placing import EARLIEST, LARGEST_RADIUS_M
from dispatch.service import wake_waiting
from dispatch.store import locks, positions, search, teams
from dispatch.store.teams import TeamLine
from geo.errors import BadAccuracy, BadFixTime, BadPosition
from geo.places import place_index
from geo.point import Fix, Point

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from core.db import Tx
    from core.identity import Principal
    from dispatch.states import Periods


class CodeTaken(Problem):
    """Another team of that province has this code."""

    status = 409
    slug = "team-code-taken"
    title_tr = "Ekip kodu kullanımda"
    title_en = "Team code is taken"
    tr = "Bu ilde {code} kodlu bir ekip zaten var."
    en = "There is a team {code} in this province already."


class FixAhead(BadPosition):
    """The position's time lies in the future."""

    slug = "fix-ahead"
    tr = "Konumun zamanı (fixed_at) gelecekte; cihazın saatini düzeltin."
    en = "The position's time (fixed_at) lies in the future; set the device's clock right."


class NoSuchTeam(BadPosition):
    """No team of the sender's provinces has this id."""

    slug = "no-such-team"
    tr = "Görev illerinizde böyle bir ekip yok."
    en = "There is no such team in your provinces."


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTeam:
    """A team to set up."""

    code: str
    kind: str
    force: str
    province: int
    district: int | None
    vehicle: bool
    stops_vehicles: bool
    woman_officer: bool
    first_aid: bool


@dataclass(frozen=True, slots=True)
class Report:
    """One reported position. Degrees, metres, metres a second; none of it checked yet."""

    team_id: UUID
    lon: float
    lat: float
    accuracy_m: float | None
    fixed_at: datetime
    heading_deg: float | None
    speed_mps: float | None


@dataclass(frozen=True, slots=True)
class Refused:
    """A position of a batch that was not stored, and why."""

    index: int
    problem: BadPosition


async def add_team(tx: Tx, new: NewTeam, who: Principal, now: datetime) -> TeamLine:
    """Set up a team in one of the admin's provinces, off duty. Raises NotAllowed, NotFound (district), CodeTaken."""
    if new.province not in who.provinces:
        raise NotAllowed
    if new.district is not None and (new.district // 1000 != new.province or not await teams.district_exists(tx, new.district)):
        raise NotFound
    # An admin sees no case data; for this one row the transaction sees the province it is made in.
    await set_scope(tx, frozenset({new.province}), role="merkez_api")
    names = ("code", "kind", "force", "province", "district", "vehicle", "stops_vehicles", "woman_officer", "first_aid")
    values = {**{name: getattr(new, name) for name in names}, "id": new_id(), "roster": "off_duty", "now": now}
    team = await teams.add_team(tx, values)
    if team is None:
        raise CodeTaken(code=new.code)
    await tell_teams(tx, [team], now)
    await audit.record(
        tx, at=now, actor=who, action="team.added", subject_kind="team", subject_id=team.id, provinces=frozenset({new.province})
    )
    return team


async def set_roster(tx: Tx, team_id: UUID, roster: str, who: Principal, now: datetime) -> TeamLine:
    """Put a team on duty, on a break or off. A dispatch it holds goes on; a team that becomes free wakes those who wait (A4, A6)."""
    team = await teams.set_roster(tx, team_id, roster, now)
    if team is None:
        raise NotFound
    await tell_teams(tx, [team], now)
    await wake_waiting(tx, [team], now)
    await audit.record(
        tx,
        at=now,
        actor=who,
        action="team.roster_set",
        subject_kind="team",
        subject_id=team.id,
        provinces=frozenset({team.province}),
        detail={"roster": roster},
    )
    return team


async def take_positions(tx: Tx, reports: Sequence[Report], now: datetime, periods: Periods) -> list[Refused]:
    """Store a batch: the good ones at once, the bad ones named by their index with one clear reason each; nothing else is lost.

    An old fix is kept in the track and never moves a team back; one from the future is refused, for it would hide every true one
    until that hour.
    """
    good: list[Report] = []
    indexes: list[int] = []
    refused: list[Refused] = []
    latest = now + periods.ahead_at_most
    for index, report in enumerate(reports):
        try:
            _checked(report, latest)
        except BadPosition as problem:
            refused.append(Refused(index, problem))
        else:
            good.append(report)
            indexes.append(index)
    if not good:
        return refused
    unknown, appeared = await positions.put_positions(tx, _columns(good), now)
    if appeared:
        waiting = await search.waiting_for(tx, appeared)
        if waiting:
            await search.hasten(tx, waiting, now)
    strangers = [Refused(index, NoSuchTeam()) for index, report in zip(indexes, good, strict=True) if report.team_id in unknown]
    return sorted([*refused, *strangers], key=lambda one: one.index)


def _checked(report: Report, latest: datetime) -> Fix:
    fix = Fix(point=Point(lon=report.lon, lat=report.lat), accuracy_m=report.accuracy_m, fixed_at=report.fixed_at)
    if fix.fixed_at > latest:
        raise FixAhead
    if fix.fixed_at < EARLIEST:
        raise BadFixTime
    if fix.accuracy_m is not None and fix.accuracy_m > LARGEST_RADIUS_M:
        raise BadAccuracy
    return fix


def _columns(reports: Sequence[Report]) -> dict[str, list[Any]]:
    return {
        "teams": [r.team_id for r in reports],
        "lons": [r.lon for r in reports],
        "lats": [r.lat for r in reports],
        "accuracies": [r.accuracy_m for r in reports],
        "fixed": [r.fixed_at for r in reports],
        "headings": [r.heading_deg for r in reports],
        "speeds": [r.speed_mps for r in reports],
    }


async def panic(tx: Tx, team_id: UUID, sent: Report | None, who: Principal, now: datetime, periods: Periods) -> Raised:
    """A team calls for help: an incident of the first priority at its own position, for which it is never itself taken.

    It is refused for nothing: without a usable position of its own its last known one counts, and without that it rings as konumsuz.
    """
    row = await teams.team(tx, team_id)
    if row is None:
        raise NotFound
    fix, kind = _panic_fix(sent, row, now, periods)
    found = place_index().place_of(fix.point) if fix else None
    alert = Alert(
        source="team_panic",
        source_id=team_id,
        kind="team_panic",
        priority=1,
        provinces=frozenset({row["province"]}) | (frozenset({found.province_code}) if found else frozenset()),
        home=row["province"],
        received_at=now,
        fix=fix,
        position_kind=kind,
        # The crew is its own person here: pressing twice is one incident.
        person_id=team_id,
        without_team=team_id,
        needed_teams=2,
    )
    raised = await raise_alert(tx, alert)
    incident = await locks.lock_incident(tx, raised.incident_id, any_scope=True)
    if incident is not None:
        await alarm_for(tx, incident, "team_panic", now, periods)
    actor = actor_of(who)
    await audit.record(
        tx, at=now, actor=who, action="team.panicked", subject_kind="incident", subject_id=raised.incident_id, detail={"by": str(actor.id)}
    )
    return raised


def _panic_fix(sent: Report | None, row: dict[str, Any], now: datetime, periods: Periods) -> tuple[Fix | None, Any]:
    if sent is not None:
        try:
            return _checked(sent, now + periods.ahead_at_most), "fix"
        except BadPosition:
            # Whatever the phone got wrong, the call is not refused for it: the last known position serves.
            sent = None
    if row["lon"] is None:
        return None, "none"
    fix = Fix(point=Point(lon=row["lon"], lat=row["lat"]), accuracy_m=row["accuracy_m"], fixed_at=row["fixed_at"])
    return fix, "fix" if fix.age(now) <= timedelta(seconds=periods.stale_after.total_seconds()) else "last_known"
