"""Incidents, and dispatches with their teams, locked until the transaction ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from core.errors import AnotherBody
from core.sql import load
from dispatch.states import Dispatch, Incident, Team
from dispatch.store.facts import incident_of

if TYPE_CHECKING:
    from datetime import datetime

    from core.db import Tx

_SQL = load("dispatch")


class Busy(Exception):  # noqa: N818 - not a fault: the caller comes back
    """Somebody else works on the incident at this moment, and the caller did not want to wait."""


@dataclass(frozen=True, slots=True)
class Locked:
    """A dispatch whose incident and team are locked until the transaction ends."""

    dispatch: Dispatch
    incident: Incident
    team: Team


@dataclass(frozen=True, slots=True)
class Saying:
    """A write from outside under its client-made id (law 3)."""

    sender: UUID
    client_id: UUID
    fingerprint: bytes


async def lock_incident(tx: Tx, incident_id: UUID, *, any_scope: bool = False, wait: bool = True) -> Incident | None:
    """Lock an incident until the transaction ends; None when there is none in scope.

    `any_scope` is for the sources' doors only. Raises `Busy` where it is locked and `wait` is false: a timer's handler must not wait
    for an incident while it holds its timer, which the incident's holder may be about to set.
    """
    facts = _unless_busy(await tx.value(_SQL["lock_incident"], {"id": incident_id, "any_scope": any_scope, "wait": wait}))
    return None if facts is None else incident_of(facts)


async def lock_dispatch(tx: Tx, dispatch_id: UUID, team_id: UUID | None, *, wait: bool = True) -> Locked | None:
    """Lock a dispatch's incident and team. `team_id` is the calling crew's, None for a desk or a job. Raises `Busy` as above."""
    return _locked(await tx.value(_SQL["lock_dispatch"], {"id": dispatch_id, "team_id": team_id, "wait": wait}), dispatch_id)


async def lock_offer(tx: Tx, seq: int, team_id: UUID) -> Locked | None:
    """The same for the offer this crew was sent under the number `seq`."""
    return _locked(await tx.value(_SQL["lock_offer"], {"seq": seq, "team_id": team_id}))


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


def _locked(facts: dict[str, Any] | None, dispatch_id: UUID | None = None) -> Locked | None:
    if _unless_busy(facts) is None or facts is None:
        return None
    incident, team = incident_of(facts), facts["team"]
    of = dispatch_id or UUID(facts["of"])
    engaged = team["engaged_dispatch"]
    holds = None if engaged is None else UUID(engaged)
    return Locked(next(d for d in incident.dispatches if d.id == of), incident, Team(UUID(team["id"]), team["roster"], holds))


def _unless_busy(facts: dict[str, Any] | None) -> dict[str, Any] | None:
    if facts is not None and "busy" in facts:
        raise Busy
    return facts
