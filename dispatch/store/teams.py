"""Teams: who there is and who is on duty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from core.sql import load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from core.db import Row, Tx

_SQL = load("dispatch")


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


def team_line(row: Row) -> TeamLine:
    """Read a team's row."""
    return TeamLine(**{name: row[name] for name in TeamLine.__slots__})


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


async def list_teams(tx: Tx, *, after: UUID | None, limit: int) -> list[Row]:
    """Return the teams of the scope with their positions, by id."""
    return await tx.rows(_SQL["teams"], {"after": after, "limit": limit})
