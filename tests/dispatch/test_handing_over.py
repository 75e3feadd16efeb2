"""Handing an incident to a colleague by name, and who may be named (contract, "Who may what"; E4; law 10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest

from core.db import EVERY, NOTHING
from core.identity import Role, admin, store
from core.identity.store import set_office
from core.ids import new_id
from dispatch.desk import TAKERS
from tests.dispatch.conftest import ANKARA, ESKISEHIR, KUTAHYA, LAT, LON, House, Person

if TYPE_CHECKING:
    from collections.abc import Iterable

PLACE = {"lon": LON, "lat": LAT}
AT_KUTAHYA = {"lon": 29.98, "lat": 39.42}


@pytest.fixture
async def desk(house: House) -> Person:
    return await house.person(Role.DISPATCHER)


async def opened(desk: Person, **more: Any) -> str:
    incident = await desk.done("/incidents", **{"kind": "violence", "position": PLACE, "automatic": False, **more})
    return str(incident["id"])


async def listed(desk: Person) -> list[dict[str, Any]]:
    answer = await desk.get("/desk/colleagues")
    assert answer.is_success, answer.text
    return answer.json()["items"]


async def names(desk: Person) -> set[str]:
    return {one["id"] for one in await listed(desk)}


def ids(people: Iterable[Person]) -> set[str]:
    return {str(one.id) for one in people}


async def disabled(house: House, whom: Person) -> None:
    async with house.db.tx() as tx:
        await set_office(tx, EVERY)
        assert await store.disable_account(tx, whom.id, house.clock.now())


async def signed_out(house: House, whom: Person) -> None:
    assert (await house.http.post("/api/v1/token/revoke", headers={"Authorization": f"Bearer {whom.token}"})).is_success


# --- who may be named --------------------------------------------------------------------------------------------------------


async def test_colleagues_are_those_who_may_take_an_incident_in_a_province_of_the_caller(house: House, desk: Person) -> None:
    team_id = await house.room.team()
    wanted = [
        await house.person(Role.DISPATCHER),
        await house.person(Role.SUPERVISOR),
        await house.person(Role.DISPATCHER, {ANKARA, ESKISEHIR}),
    ]
    for role in (Role.OPERATOR, Role.JUDICIAL, Role.AUDITOR, Role.ADMIN):
        await house.person(role)
    await house.person(Role.TEAM, team_id=team_id)
    await house.person(Role.DISPATCHER, {KUTAHYA})

    assert await names(desk) == ids(wanted)


async def test_of_a_colleagues_provinces_only_the_shared_ones_are_told_and_nothing_else_of_the_account(house: House, desk: Person) -> None:
    other = await house.person(Role.SUPERVISOR, {ANKARA, ESKISEHIR})

    (told,) = await listed(desk)

    assert set(told) == {"id", "name", "role", "provinces", "last_seen_at"}
    assert (told["id"], told["role"], told["provinces"]) == (str(other.id), "supervisor", [ESKISEHIR])


async def test_whoever_is_disabled_signed_out_or_lapsed_is_no_longer_listed(house: House, desk: Person) -> None:
    stays, gone, left = [await house.person(Role.DISPATCHER) for _ in range(3)]
    assert await names(desk) == ids([stays, gone, left])

    await disabled(house, gone)
    await signed_out(house, left)
    assert await names(desk) == ids([stays])

    house.clock.move(timedelta(hours=16))
    fresh = await house.person(Role.DISPATCHER)
    assert await names(fresh) == set()


async def test_last_seen_is_the_latest_renewal_and_the_latest_stands_first(house: House, desk: Person) -> None:
    async with house.db.tx() as tx:
        made = await admin.create(
            tx, house.identity, username="early", name="early", role=Role.DISPATCHER, provinces={ESKISEHIR}, now=house.clock.now()
        )
    form = {"grant_type": "password", "username": made.username, "password": made.password}
    tokens = (await house.http.post("/api/v1/token", data=form)).json()
    house.clock.move(timedelta(minutes=5))
    later = await house.person(Role.DISPATCHER)
    assert [one["id"] for one in await listed(desk)] == [str(later.id), str(made.account_id)]

    house.clock.move(timedelta(minutes=5))
    renewed = await house.http.post("/api/v1/token/refresh", json={"refresh_token": tokens["refresh_token"]})

    assert renewed.is_success
    told = await listed(desk)
    assert [one["id"] for one in told] == [str(made.account_id), str(later.id)]
    assert [datetime.fromisoformat(one["last_seen_at"]) for one in told] == [house.clock.now(), house.clock.now() - timedelta(minutes=5)]


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.JUDICIAL, Role.AUDITOR, Role.ADMIN])
async def test_whoever_hands_nothing_over_is_told_no_names(house: House, role: Role) -> None:
    stranger = await house.person(role)

    assert (await stranger.get("/desk/colleagues")).status_code == 403


async def test_the_database_itself_keeps_the_names_to_the_scope(house: House, desk: Person) -> None:
    for scope, found in ((frozenset({ESKISEHIR}), {desk.id}), (frozenset({KUTAHYA}), set[UUID]()), (NOTHING, set[UUID]())):
        async with house.db.tx(scope) as tx:
            assert {row["id"] for row in await store.colleagues(tx, TAKERS, house.clock.now())} == found
    for role in ("merkez_timers", "merkez_sweep"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with house.db.tx(EVERY, role=role) as tx:
                await store.colleagues(tx, TAKERS, house.clock.now())


# --- handing over ------------------------------------------------------------------------------------------------------------


async def test_a_named_one_has_it_and_it_rings_until_they_have_taken_it(house: House, desk: Person) -> None:
    next_ = await house.person(Role.SUPERVISOR)
    incident = await opened(desk)

    handed = await desk.done(f"/incidents/{incident}/hand-over", to=str(next_.id), note="the back door")

    assert (handed["owner_id"], handed["taken_at"]) == (str(next_.id), None)
    assert await house.room.alarms(UUID(incident)) == {"unowned"}
    taken = await next_.done(f"/incidents/{incident}/take")
    assert (taken["owner_id"], taken["taken_at"] is not None) == (str(next_.id), True)
    assert await house.room.alarms(UUID(incident)) == set()


async def test_another_one_may_take_what_was_handed_to_somebody_who_does_not_answer(house: House, desk: Person) -> None:
    next_, third = await house.person(Role.DISPATCHER), await house.person(Role.DISPATCHER)
    incident = await opened(desk)
    await desk.done(f"/incidents/{incident}/hand-over", to=str(next_.id), note="x")

    taken = await third.done(f"/incidents/{incident}/take")

    assert taken["owner_id"] == str(third.id)
    assert await house.room.alarms(UUID(incident)) == set()


async def test_an_incident_of_two_provinces_is_handed_to_a_colleague_of_either(house: House, desk: Person) -> None:
    there = await house.person(Role.DISPATCHER, {KUTAHYA})
    incident = await opened(desk, position=AT_KUTAHYA)

    assert (await desk.done(f"/incidents/{incident}/hand-over", to=str(there.id), note="x"))["owner_id"] == str(there.id)


async def nobody(_: House, __: Person) -> UUID:
    return new_id()


async def oneself(_: House, desk: Person) -> UUID:
    return desk.id


async def an_operator(house: House, _: Person) -> UUID:
    return (await house.person(Role.OPERATOR)).id


async def next_door(house: House, _: Person) -> UUID:
    return (await house.person(Role.DISPATCHER, {KUTAHYA})).id


async def a_disabled_one(house: House, _: Person) -> UUID:
    whom = await house.person(Role.DISPATCHER)
    await disabled(house, whom)
    return whom.id


async def one_who_left(house: House, _: Person) -> UUID:
    whom = await house.person(Role.DISPATCHER)
    await signed_out(house, whom)
    return whom.id


@pytest.mark.parametrize("who", [nobody, oneself, an_operator, next_door, a_disabled_one, one_who_left])
async def test_whoever_cannot_have_it_is_refused_with_one_problem_and_it_stays_where_it_is(house: House, desk: Person, who: Any) -> None:
    incident = await opened(desk)
    to = str(await who(house, desk))

    answer = await desk.post(f"/incidents/{incident}/hand-over", to=to, note="x")

    assert (answer.status_code, answer.json()["slug"]) == (409, "not-a-colleague")
    desk.headers["Accept-Language"] = "tr"
    turkish = (await desk.post(f"/incidents/{incident}/hand-over", to=to, note="x")).json()
    assert turkish["title"] == "Bu kişiye devredilemez"
    assert turkish["detail"] != answer.json()["detail"]
    found = await house.room.incident(UUID(incident))
    assert (found.owner_id, found.taken_at is not None) == (desk.id, True)
    assert await house.room.alarms(UUID(incident)) == set()


async def test_a_colleague_of_the_callers_other_province_cannot_have_it(house: House) -> None:
    both, there = await house.person(Role.DISPATCHER, {ESKISEHIR, KUTAHYA}), await house.person(Role.DISPATCHER, {KUTAHYA})
    incident = await opened(both)
    assert await names(both) == ids([there])

    answer = await both.post(f"/incidents/{incident}/hand-over", to=str(there.id), note="x")

    assert (answer.status_code, answer.json()["slug"]) == (409, "not-a-colleague")
