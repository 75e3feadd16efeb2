"""The sweep as its own role: what is over goes, what is young or open stays, a doubtful clock stops it (E16, laws 6 and 7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.db import EVERY, Database
from core.identity.jobs import PRUNE
from core.ids import new_id
from retention import jobs, service, store
from retention.register import RULES
from retention.rules import LONGEST_SILENCE, TOLERANCE, Doubt, Look, Rule, doubt
from tests.conftest import NOON
from tests.retention import seeds
from tests.retention.seeds import OF_INCIDENTS, SEEDS

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
NOW = Look(at=NOON, counted_s=0)
#: A dropped day takes up to a day more with it than the period says.
SLACK = {"pts_read": timedelta(days=1), "team_track": timedelta(days=1), "kades_protection_order": timedelta(days=1)}
RULE = {rule.name: rule for rule in RULES}


@pytest.fixture
def admin(fresh_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(fresh_url, autocommit=True) as opened:
        yield opened


async def test_by_every_rule_what_is_over_age_goes_and_what_is_younger_stays(db: Database, admin: psycopg.Connection[Any]) -> None:
    over, stays = {}, {}
    for name, rule in RULE.items():
        young = NOON - rule.period + SLACK.get(name, timedelta()) + SECOND
        stays[name] = SEEDS[name](admin, young, young)
    for name, rule in RULE.items():
        old = NOON - rule.period - SECOND
        over[name] = SEEDS[name](admin, old, old)
    assert {name: (over[name](admin), stays[name](admin)) for name in RULE} == dict.fromkeys(RULE, (1, 1))
    done = await service.sweep(db, NOW)
    assert {name: (over[name](admin), stays[name](admin)) for name in RULE} == dict.fromkeys(RULE, (0, 1))
    evidence = dict(admin.execute("SELECT rule, gone FROM deletion_run WHERE sweep_id = %s", [done.sweep_id]).fetchall())
    assert evidence == {**done.gone, service.WHOLE: sum(done.gone.values())}
    assert all(done.gone[name] >= 1 for name in RULE)


async def test_a_row_of_an_open_incident_stays_however_old(db: Database, admin: psycopg.Connection[Any]) -> None:
    stays = {name: SEEDS[name](admin, NOON - 3 * RULE[name].period, None) for name in sorted(OF_INCIDENTS)}
    await service.sweep(db, NOW)
    assert {name: left(admin) for name, left in stays.items()} == dict.fromkeys(stays, 1)


async def test_the_period_of_a_case_runs_from_its_closing(db: Database, admin: psycopg.Connection[Any]) -> None:
    of_a_case = sorted(OF_INCIDENTS - {"kades_fault", "pts_hit", "address_opening"})
    stays = {name: SEEDS[name](admin, NOON - 2 * RULE[name].period, NOON - RULE[name].period + HOUR) for name in of_a_case}
    await service.sweep(db, NOW)
    assert {name: left(admin) for name, left in stays.items()} == dict.fromkeys(stays, 1)


async def test_a_day_of_reads_is_gone_before_its_first_read_is_ten_days_and_an_hour_old(
    db: Database, admin: psycopg.Connection[Any]
) -> None:
    midnight = NOON.replace(hour=0, minute=0)
    first, last = SEEDS["pts_read"](admin, midnight, None), SEEDS["pts_read"](admin, midnight + timedelta(days=1) - SECOND, None)
    ten_days = midnight + timedelta(days=10)
    await service.sweep(db, Look(at=ten_days - SECOND, counted_s=0))
    assert (first(admin), last(admin)) == (1, 1)
    await service.sweep(db, Look(at=ten_days, counted_s=1))
    assert (first(admin), last(admin)) == (0, 0)
    assert admin.execute("SELECT to_regclass(%s)", [f"pts_read_{midnight:%Y%m%d}"]).fetchone() == (None,)


async def test_a_day_of_a_crews_track_is_gone_before_its_first_fix_is_thirty_days_and_an_hour_old_and_counted(
    db: Database, admin: psycopg.Connection[Any]
) -> None:
    midnight = NOON.replace(hour=0, minute=0)
    first, last = SEEDS["team_track"](admin, midnight, None), SEEDS["team_track"](admin, midnight + timedelta(days=1) - SECOND, None)
    thirty_days = midnight + timedelta(days=30)
    await service.sweep(db, Look(at=thirty_days - SECOND, counted_s=0))
    assert (first(admin), last(admin)) == (1, 1)
    done = await service.sweep(db, Look(at=thirty_days, counted_s=1))
    assert (first(admin), last(admin)) == (0, 0)
    assert admin.execute("SELECT to_regclass(%s)", [f"team_track_{midnight:%Y%m%d}"]).fetchone() == (None,)
    counted = admin.execute("SELECT rule, over_before, gone FROM deletion_run WHERE sweep_id = %s AND rule = 'team_track'", [done.sweep_id])
    assert counted.fetchall() == [("team_track", midnight, 2)]


async def test_a_clock_that_leapt_costs_no_day_of_a_crews_track(db: Database, admin: psycopg.Connection[Any]) -> None:
    sweeper = jobs.Sweeper(count=lambda: 0.0)
    await sweeper.sweep(db, NOON)
    stays = SEEDS["team_track"](admin, NOON, None)
    assert (await sweeper.sweep(db, NOON + timedelta(days=400))).stopped == "clock_leapt"
    assert stays(admin) == 1


async def test_reads_of_a_day_that_was_never_made_go_too(db: Database, admin: psycopg.Connection[Any]) -> None:
    at = NOON - timedelta(days=11)
    values = [new_id(), new_id(), at, at]
    admin.execute("INSERT INTO pts_read VALUES (%s, %s, %s, 26, 'X', 'X', 1, NULL, 'x', %s, NULL, false, NULL)", values)
    assert admin.execute("SELECT tableoid::regclass::text FROM pts_read").fetchone() == ("pts_read_default",)
    await service.sweep(db, NOW)
    assert admin.execute("SELECT count(*) FROM pts_read").fetchone() == (0,)


async def test_an_open_hit_keeps_itself_its_picture_and_the_entry_it_names(db: Database, admin: psycopg.Connection[Any]) -> None:
    old = NOON - timedelta(days=3_000)
    entry = seeds.an_entry(admin, old)
    hit = seeds.a_hit(admin, old, old, entry=entry, concluded=False)
    await service.sweep(db, NOW)
    kept = admin.execute("SELECT (SELECT count(*) FROM pts_hit), (SELECT count(*) FROM pts_image), (SELECT count(*) FROM hotlist_entry)")
    assert kept.fetchone() == (1, 1, 1)
    admin.execute("UPDATE pts_hit SET outcome = 'not_found', outcome_at = %s WHERE id = %s", [old, hit])
    await service.sweep(db, Look(at=NOON + HOUR, counted_s=3600))
    assert admin.execute("SELECT count(*) FROM hotlist_entry").fetchone() == (0,)


async def test_an_entry_that_still_holds_never_goes(db: Database, admin: psycopg.Connection[Any]) -> None:
    seeds.an_entry(admin, NOON - timedelta(days=5_000), ended=False)
    await service.sweep(db, NOW)
    assert admin.execute("SELECT count(*) FROM hotlist_entry").fetchone() == (1,)


async def test_a_registered_woman_with_a_working_phone_stays_for_ever(db: Database, admin: psycopg.Connection[Any]) -> None:
    old = NOON - timedelta(days=9_000)
    caller = seeds.a_caller(admin, old)
    seeds.a_device(admin, old, subject=caller, revoked_at=old)
    seeds.a_device(admin, old, subject=caller)
    await service.sweep(db, NOW)
    assert admin.execute("SELECT count(*) FROM kades_caller").fetchone() == (1,)


async def test_the_old_position_of_a_crew_on_duty_stays_because_somebody_must_still_go(
    db: Database, admin: psycopg.Connection[Any]
) -> None:
    old = NOON - timedelta(days=90)
    team = seeds.a_team(admin, old, "available")
    admin.execute("INSERT INTO team_position VALUES (%s, 26, ST_MakePoint(30, 39)::geography, 5, %s, %s, 0)", [team, old, old])
    await service.sweep(db, NOW)
    assert admin.execute("SELECT count(*) FROM team_position").fetchone() == (1,)


async def test_lapsed_tokens_sessions_and_failed_sign_ins_go_by_identitys_own_job(db: Database, admin: psycopg.Connection[Any]) -> None:
    old = NOON - timedelta(days=40)
    session, account = new_id(), seeds.an_account(admin, old)
    admin.execute("INSERT INTO session VALUES (%s, %s, '', '', %s, %s)", [session, account, old, old])
    admin.execute("INSERT INTO access_token VALUES ('a', %s, %s)", [session, old])
    admin.execute("INSERT INTO refresh_token VALUES ('r', %s, 'n', %s, %s)", [session, old, old])
    admin.execute("INSERT INTO login_failure VALUES ('k', 3, %s)", [old])
    await PRUNE.run(db, NOON)
    for table in ("session", "access_token", "refresh_token", "login_failure"):
        assert admin.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table


async def test_a_sweep_goes_batch_by_batch_and_counts_each_in_its_own_commit(db: Database, admin: psycopg.Connection[Any]) -> None:
    for _ in range(23):
        SEEDS["request_once"](admin, NOON - timedelta(days=8), None)
    done = await service.sweep(db, NOW, batch=5)
    assert done.gone["request_once"] == 23
    assert admin.execute("SELECT batches, gone, finished_at IS NOT NULL FROM deletion_run WHERE rule = 'request_once'").fetchall() == [
        (5, 23, True)
    ]
    assert admin.execute("SELECT gone FROM deletion_run WHERE rule = 'sweep'").fetchall() == [(23,)]


async def test_a_sweep_cut_off_in_the_middle_is_finished_by_the_next_and_nothing_is_counted_twice(
    db: Database, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(12):
        SEEDS["request_once"](admin, NOON - timedelta(days=8), None)
    done = 0
    whole = store.run_batch

    async def cut_off(*args: Any, **kwargs: Any) -> store.Batch:
        nonlocal done
        done += 1
        if done > 2:
            raise ConnectionAbortedError
        return await whole(*args, **kwargs)

    only: list[Rule] = [RULE["request_once"]]
    monkeypatch.setattr(store, "run_batch", cut_off)
    with pytest.raises(ConnectionAbortedError):
        await service.sweep(db, NOW, rules=only, batch=4)
    monkeypatch.setattr(store, "run_batch", whole)
    assert admin.execute("SELECT count(*) FROM request_once").fetchone() == (4,)
    await service.sweep(db, Look(at=NOON + HOUR, counted_s=3600), rules=only, batch=4)
    assert admin.execute("SELECT sum(gone) FROM deletion_run WHERE rule = 'request_once'").fetchone() == (12,)
    assert admin.execute("SELECT count(*) FROM request_once").fetchone() == (0,)


async def test_a_rule_that_fails_does_not_keep_the_others_from_their_work_and_is_not_hidden(
    db: Database, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    over = SEEDS["request_once"](admin, NOON - timedelta(days=8), None)
    whole = store.run_batch

    async def one_breaks(tx: Any, rule: Rule, *args: Any) -> store.Batch:
        if rule.name == "pts_image":
            raise ConnectionAbortedError
        return await whole(tx, rule, *args)

    monkeypatch.setattr(store, "run_batch", one_breaks)
    with pytest.raises(ConnectionAbortedError):
        await service.sweep(db, NOW)
    assert over(admin) == 0
    assert admin.execute("SELECT count(*) FROM deletion_run WHERE rule = 'sweep'").fetchone() == (0,)


async def test_the_register_in_force_is_kept_beside_the_evidence(db: Database, admin: psycopg.Connection[Any]) -> None:
    await service.sweep(db, NOW)
    await service.sweep(db, Look(at=NOON + HOUR, counted_s=3600))
    found = admin.execute("SELECT period, rule FROM data_period WHERE table_name = 'pts_read' AND column_name = 'plate'").fetchall()
    assert found == [("10 days after its receipt", "pts_read")]


# --- the clock --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moved", "counted", "why"),
    [
        (-HOUR, 1800.0, "clock_went_back"),
        (timedelta(days=11), 1800.0, "clock_leapt"),
        (timedelta(minutes=30), 9000.0, "clock_leapt"),
    ],
)
async def test_a_clock_that_jumps_stops_the_sweep_alarms_every_desk_and_stays_stopped(
    db: Database, admin: psycopg.Connection[Any], moved: timedelta, counted: float, why: str
) -> None:
    count = iter([0.0, counted, counted + 1800, counted + 3600])
    sweeper = jobs.Sweeper(count=lambda: next(count))
    await sweeper.sweep(db, NOON)
    stays = SEEDS["request_once"](admin, NOON - timedelta(days=8), None)
    done = await sweeper.sweep(db, NOON + moved)
    assert (done.stopped, done.gone) == (why, {})
    again = await sweeper.sweep(db, NOON + moved + HOUR / 2)
    assert again.stopped == why
    assert stays(admin) == 1
    assert admin.execute("SELECT kind, note, cardinality(provinces) FROM alarm").fetchall() == [
        ("job_failed", f"retention.sweep: {why}", 81)
    ]
    async with db.tx(EVERY) as tx:
        assert not await store.resume(tx, again.sweep_id, new_id(), NOON + moved + HOUR)
        assert await store.resume(tx, done.sweep_id, new_id(), NOON + moved + HOUR)
    assert (await sweeper.sweep(db, NOON + moved + HOUR)).stopped is None
    assert stays(admin) == 0


async def test_after_a_restart_a_long_silence_cannot_be_told_from_a_leap_and_stops_it_except_in_the_demo(db: Database) -> None:
    await jobs.Sweeper(count=lambda: 0).sweep(db, NOON)
    later = NOON + LONGEST_SILENCE + SECOND
    assert (await jobs.Sweeper(longest_silence=None, count=lambda: 7).sweep(db, NOON + LONGEST_SILENCE / 2)).stopped is None
    assert (await jobs.Sweeper(count=lambda: 7).sweep(db, later)).stopped is None
    assert (await jobs.Sweeper(count=lambda: 9).sweep(db, later + LONGEST_SILENCE + SECOND)).stopped == "long_silence"


def test_the_count_of_the_machine_goes_on_and_only_on() -> None:
    looks = [jobs.counted() for _ in range(1000)]
    assert looks == sorted(looks)
    assert looks[-1] > looks[0]


MOVES = st.timedeltas(min_value=-timedelta(days=30), max_value=timedelta(days=30))


@given(MOVES, st.floats(min_value=0, max_value=10**6))
def test_within_one_process_the_wall_may_differ_from_its_own_count_by_the_tolerance_only(wall: timedelta, counted: float) -> None:
    before = Look(at=NOON, counted_s=0)
    found = doubt(now=Look(at=NOON + wall, counted_s=counted), before=before, mark=None, longest_silence=None)
    apart = abs(wall - timedelta(seconds=counted))
    assert found is (Doubt.LEAPT if apart > TOLERANCE else None)


@given(MOVES)
def test_a_mark_that_lies_ahead_by_more_than_two_machines_may_differ_means_the_clock_went_back(moved: timedelta) -> None:
    found = doubt(now=Look(at=NOON + moved, counted_s=0), before=None, mark=NOON)
    if moved < -TOLERANCE:
        assert found is Doubt.WENT_BACK
    elif moved > LONGEST_SILENCE:
        assert found is Doubt.SILENCE
    else:
        assert found is None


@given(st.timedeltas(min_value=timedelta(hours=1), max_value=timedelta(days=4_000)))
def test_over_is_what_began_a_period_ago_and_not_a_moment_later(period: timedelta) -> None:
    rule = replace(RULE["pts_image"], period=period)
    assert rule.over_before(NOON) == NOON - period
