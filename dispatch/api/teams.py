"""Teams, their positions and their call for help, and the desk's alarms."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from core.errors import NotAllowed, NotFound, Problem, WrongBody
from core.identity import Role
from core.problems import field_errors, told
from core.web import Call, Lang, page
from dispatch import frames, teams
from dispatch.alarms import acknowledge
from dispatch.api.bodies import (
    Acknowledge,
    Admin,
    Crew,
    CrewOrDispatcher,
    CrewOrGateway,
    Desk,
    Dispatcher,
    Limit,
    Panic,
    Positions,
    ReportBody,
    RosterBody,
    TeamBody,
    Unreadable,
)
from dispatch.api.dispatches import team_of
from dispatch.choosing import Site
from dispatch.paging import after_id
from dispatch.store.alarms import list_alarms
from dispatch.store.teams import list_teams


def install(routes: APIRouter, site: Site) -> None:
    """Add the routes of teams and alarms."""
    _listing(routes, site)
    _acting(routes, site)
    _alarms(routes)


def _listing(routes: APIRouter, site: Site) -> None:
    @routes.get("/teams")
    async def list_(call: Desk, cursor: str | None = None, limit: Limit = 500) -> dict[str, Any]:
        """List the teams of the caller's provinces with where they are."""
        rows = await list_teams(call.tx, after=after_id(cursor), limit=limit)
        items = [frames.team_row(row, call.now, site.periods.stale_after) for row in rows]
        return page(items, str(rows[-1]["id"]) if len(rows) == limit else None)

    @routes.post("/teams", status_code=201, responses=told(NotFound))
    async def add(call: Admin, body: TeamBody) -> dict[str, Any]:
        """Set up a team, off duty."""

        async def do() -> dict[str, Any]:
            new = teams.NewTeam(**body.model_dump(exclude={"client_id"}))
            return frames.team_data(await teams.add_team(call.tx, new, call.who, call.now))

        return await call.once(body, do)

    @routes.post("/teams/positions")
    async def positions(call: CrewOrGateway, body: Positions, lang: Lang) -> dict[str, Any]:
        """Store positions. Bad ones are named by their index, the others stand; a single bad one is a 422."""
        own = team_of(call) if call.who.role is Role.TEAM else None
        sound, unreadable = body.sorted_out()
        reports = [one.report(_of_report(one, own, call)) for _, one in sound]
        refused = await teams.take_positions(call.tx, reports, call.now, site.periods)
        problems: dict[int, Problem] = {index: _unreadable(index, one, lang) for index, one in unreadable}
        problems |= {sound[one.index][0]: one.problem for one in refused}
        if problems and len(body.positions) == 1:
            raise problems[0]
        bad = [{"index": index, "problem": problems[index].body("en" if lang == "en" else "tr")} for index in sorted(problems)]
        return {"stored": len(body.positions) - len(bad), "refused": bad}


def _unreadable(index: int, one: Unreadable, lang: str) -> WrongBody:
    errors = [{**error, "loc": ("body", "positions", index, *error["loc"])} for error in one.errors]
    return WrongBody(extra={"errors": field_errors(errors, lang)})


def _of_report(one: ReportBody, own: UUID | None, call: Call) -> UUID:
    """Whose position it is: a crew reports for itself, a gateway says for whom."""
    if own is not None and one.team_id in {None, own}:
        return own
    if own is None and one.team_id is not None:
        return one.team_id
    raise NotAllowed if call.who.role is Role.TEAM else WrongBody


def _acting(routes: APIRouter, site: Site) -> None:
    @routes.post("/teams/panic", status_code=201)
    async def panic(call: Crew, body: Panic) -> dict[str, Any]:
        """A team calls for help: an incident of the first priority, for which the team itself is not taken."""

        async def do() -> dict[str, Any]:
            team_id = team_of(call)
            sent = body.position.report(team_id) if body.position else None
            raised = await teams.panic(call.tx, team_id, sent, call.who, call.now, site.periods)
            return {"incident_id": str(raised.incident_id), "olay_no": raised.olay_no}

        return await call.once(body, do)

    @routes.post("/teams/{team_id}/roster")
    async def roster(call: CrewOrDispatcher, team_id: UUID, body: RosterBody) -> dict[str, Any]:
        """Put a team on duty, on a break or off; a crew may do so for itself."""
        if call.who.role is Role.TEAM and team_id != team_of(call):
            raise NotFound

        async def do() -> dict[str, Any]:
            return frames.team_data(await teams.set_roster(call.tx, team_id, body.state, call.who, call.now))

        return await call.once(body, do)


def _alarms(routes: APIRouter) -> None:
    @routes.get("/alarms")
    async def alarms(
        call: Desk,
        only_open: Annotated[bool, Query(alias="open")] = True,
        limit: Limit = 200,
    ) -> dict[str, Any]:
        """List alarms of the caller's provinces, newest first."""
        return page([frames.alarm_data(row) for row in await list_alarms(call.tx, only_open=only_open, limit=limit)])

    @routes.post("/alarms/{alarm_id}/ack")
    async def ack(call: Dispatcher, alarm_id: UUID, body: Acknowledge) -> dict[str, Any]:
        """Say that somebody heard it; it stops sounding. The first one counts."""

        async def do() -> dict[str, Any]:
            return frames.alarm_data(await acknowledge(call.tx, alarm_id, call.who, call.now, body.note))

        return await call.once(body, do)
