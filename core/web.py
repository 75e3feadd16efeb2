"""HTTP for every room: who calls, in which transaction, and how errors look.

`allow(role, …)` gives a route its `Call`: the caller and one transaction that carries the caller's province scope and commits BEFORE the
reply goes out (law 1: `Depends(…, scope="function")`; without it FastAPI replies first and a failing COMMIT looks accepted).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Protocol, cast
from uuid import UUID

from fastapi import Depends, FastAPI, Request
from pydantic import BaseModel, ConfigDict

from core.db import Database, Scope, Tx
from core.errors import NotAllowed, NotSignedIn, Problem
from core.identity import Principal, Role, authenticate
from core.once import once

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from datetime import datetime

    from core.clock import Clock

#: Bodies above this are refused before anybody parses them; the largest honest one is a batch of 5,000 positions.
BODY_LIMIT = 2_000_000


class Body(BaseModel):
    """A request body: unknown fields are an error, said clearly (a press is not a Body: law 1)."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, str_max_length=4_000)


class Write(Body):
    """A body of a write: carries the client-made id that makes it idempotent (law 3)."""

    client_id: UUID


class House(Protocol):
    """What the composition root puts on `app.state.house`."""

    db: Database
    clock: Clock


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request in its transaction."""

    tx: Tx
    who: Principal
    now: datetime
    clock: Clock
    path: str

    async def once(self, body: Write, do: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        """Run `do` once per client_id of this caller and path (law 3)."""
        return await once(self.tx, self.who.id, body.client_id, self.path, body, self.now, do)

    @property
    def scope(self) -> Scope:
        """The caller's provinces."""
        return self.who.provinces


def house_of(app: FastAPI) -> House:
    """Return what the composition root built."""
    return cast("House", app.state.house)


def bearer(request: Request) -> str:
    """Return the token of the Authorization header, or raise `NotSignedIn`."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn
    return token.strip()


class Allow:
    """The dependency behind `allow`; keeps its roles so that a test can list every route's."""

    def __init__(self, roles: frozenset[Role]) -> None:
        """Let `roles` in."""
        self.roles = roles
        # FastAPI reads annotations that are text in the globals of what it calls, and an instance has none: without this `request`
        # would be taken for a query parameter and every route behind `allow` would answer 422.
        self.__globals__ = globals()

    async def __call__(self, request: Request) -> AsyncIterator[Call]:
        """Authenticate, check the role, and open the transaction the route works in."""
        token = bearer(request)
        house = house_of(request.app)
        async with house.db.tx() as tx:
            now = house.clock.now()
            who = await authenticate(tx, token, now)
            if who is None or who.revoked:
                raise NotSignedIn
            if who.role not in self.roles:
                raise NotAllowed
            yield Call(tx, who, now, house.clock, f"{request.method} {request.url.path}")


def allow(*roles: Role) -> Any:  # noqa: ANN401 - FastAPI's own type for a dependency is Any
    """Return the dependency that admits these roles: `call: Annotated[Call, allow(Role.DISPATCHER)]`."""
    return Depends(Allow(frozenset(roles)), scope="function")


def language(request: Request) -> str:
    """Return "en" where the caller prefers English, else "tr"."""
    weights: dict[str, float] = {}
    for part in request.headers.get("accept-language", "").split(","):
        tag, _, quality = part.strip().partition(";q=")
        primary = tag.split("-")[0].lower()
        try:
            weights[primary] = max(weights.get(primary, 0.0), float(quality) if quality else 1.0)
        except ValueError:
            continue
    return "en" if weights.get("en", 0.0) > weights.get("tr", 0.0) else "tr"


Lang = Annotated[str, Depends(language)]


def page(items: list[dict[str, Any]], next_: str | None = None) -> dict[str, Any]:
    """Return a list as the contract shapes it."""
    return {"items": items, "next": next_}


__all__ = ["BODY_LIMIT", "Allow", "Body", "Call", "House", "Lang", "Problem", "Write", "allow", "bearer", "house_of", "language", "page"]
