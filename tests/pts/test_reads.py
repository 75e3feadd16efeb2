"""Reads come in, the list is matched, a team is asked to look (E15): on real commits, as the API's role."""

from __future__ import annotations

import asyncio
import base64
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import psycopg
import pytest

from core.clock import HeldClock
from core.identity import Role
from core.ids import new_id
from pts import reading, service
from pts.settings import PtsSettings
from tests.conftest import NOON
from tests.pts.conftest import Client, Listed, Small

PICTURE = base64.b64encode(b"\xff\xd8\xff\xe0" + b"x" * 300).decode()


def a_read(plate: str, at: datetime = NOON, **more: Any) -> dict[str, Any]:
    return {"client_id": str(new_id()), "plate": plate, "confidence": 0.93, "read_at": at.isoformat(), **more}


async def test_a_listed_plate_becomes_a_hit_and_an_incident_to_observe_at_the_gate(
    house: Small, gate: Client, operator: Client, listed: Listed
) -> None:
    await listed("26 ABC 12")
    answer = await gate.reads(a_read("26-abc-12", char_confidence=[0.9] * 7, direction="out"), a_read("26 AB 999"))
    assert answer == {"accepted": 2, "faults": []}
    [hit] = (await operator.get("/pts/hits", open=True, plates=True))["items"]
    assert (hit["plate"], hit["plate_read"], hit["category"], hit["match"], hit["foreign"]) == (
        "26ABC12",
        "26-abc-12",
        "stolen",
        "exact",
        False,
    )
    assert (hit["verdict"], hit["outcome"], hit["late"], hit["gate"]["name"], hit["direction"]) == (None, None, False, "Ankara Yolu", "out")
    [incident] = house.rows(
        "SELECT id, source, source_id, instruction, automatic, may_take_last, priority, provinces, place_text FROM incident"
    )
    assert incident[1:] == ("pts", _uuid(hit["hit_id"]), "observe", True, False, 3, [26], "Ankara Yolu")
    assert str(incident[0]) == hit["incident_id"]
    assert house.rows("SELECT count(*) FROM timer WHERE kind = 'dispatch.choose' AND subject_id = %s", incident[0]) == [(1,)]
    [frame] = house.rows("SELECT channels, data FROM outbox WHERE type = 'pts.hit'")
    assert frame[0] == ["desk:26"]
    assert "ABC" not in str(frame[1])
    assert house.rows("SELECT plate, late FROM pts_read ORDER BY plate") == [("26AB999", False), ("26ABC12", False)]


async def test_a_foreign_plate_matches_too_and_is_shown_as_foreign(gate: Client, operator: Client, listed: Listed) -> None:
    await listed("B-QX 7788")
    await gate.reads(a_read("b qx 7788"))
    [hit] = (await operator.get("/pts/hits", plates=True))["items"]
    assert (hit["plate"], hit["foreign"]) == ("BQX7788", True)


async def test_the_same_batch_again_changes_nothing_and_answers_the_same(house: Small, gate: Client, listed: Listed) -> None:
    await listed("26ABC12")
    batch = [a_read("26ABC12"), a_read("26ABC13"), {"plate": 7}]
    first = await gate.reads(*batch)
    before = _state(house)
    assert await gate.reads(*batch) == first
    assert await gate.reads(*reversed(batch)) != first  # the indexes turned round, nothing else
    assert _state(house) == before


async def test_two_gates_may_use_the_same_client_id(house: Small, gate: Client) -> None:
    other = await house.gate(name="Bursa Yolu")
    read = a_read("26ABC12")
    await gate.reads(read)
    await other.reads({**read, "plate": "26ABC13"})
    assert len(house.rows("SELECT 1 FROM pts_read")) == 2


async def test_one_bad_read_is_told_by_its_index_and_the_others_are_stored(house: Small, gate: Client, listed: Listed) -> None:
    await listed("26ABC12")
    bad: list[Any] = [
        "text",
        None,
        [],
        {},
        a_read(""),
        a_read("--"),
        a_read("?" * 4),
        a_read("A" * 13),
        a_read("26ABC12", confidence=1.2),
        a_read("26ABC12", confidence=None),
        {**a_read("26ABC12"), "read_at": "yesterday"},
        {**a_read("26ABC12"), "read_at": "2026-11-24T09:00:00"},
        *(
            {**a_read("26ABC12"), "read_at": at}
            for at in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1969-12-31T23:59:59Z")
        ),
        {**a_read("26ABC12"), "client_id": "x"},
        a_read("26ABC12", colour="red"),
        a_read("26\x00ABC12"),
        a_read("26\ud800ABC12"),
        a_read("26ABC12", char_confidence=["a"]),
        a_read("26ABC12", direction=""),
    ]
    answer = await gate.reads(a_read("06AB123"), *bad, a_read("26ABC12"))
    assert [fault["index"] for fault in answer["faults"]] == list(range(1, len(bad) + 1))
    assert answer["accepted"] == 2
    assert {fault["slug"] for fault in answer["faults"]} == {"bad-read", "no-plate"}
    assert all(not fault["stored"] and fault["detail"] for fault in answer["faults"])
    assert house.rows("SELECT plate FROM pts_read ORDER BY 1") == [("06AB123",), ("26ABC12",)]
    assert len(house.rows("SELECT 1 FROM pts_hit")) == 1


async def test_faults_are_told_in_turkish_unless_english_is_asked_for(gate: Client) -> None:
    answer = await gate.call("POST", "/pts/reads", json={"reads": [{}]}, headers={"Accept-Language": "tr"})
    assert answer["faults"][0]["title"] == "Okuma geçersiz"


async def test_the_same_client_id_with_another_plate_is_told_and_changes_nothing(house: Small, gate: Client, listed: Listed) -> None:
    await listed("26ABC12")
    read = a_read("26ABC99")
    await gate.reads(read)
    answer = await gate.reads({**read, "plate": "26ABC12"})
    assert [(fault["index"], fault["slug"], fault["stored"]) for fault in answer["faults"]] == [(0, "client-id-reused", False)]
    within = await gate.reads(read2 := a_read("06AB123"), {**read2, "plate": "26ABC12"}, read2)
    assert [(fault["index"], fault["slug"]) for fault in within["faults"]] == [(1, "client-id-reused")]
    assert house.rows("SELECT plate FROM pts_read ORDER BY 1") == [("06AB123",), ("26ABC99",)]
    assert house.rows("SELECT 1 FROM pts_hit") == []


async def test_reads_of_one_passage_are_one_hit_and_the_next_passage_is_another(
    house: Small, gate: Client, operator: Client, listed: Listed
) -> None:
    await listed("26ABC12")
    await gate.reads(a_read("26ABC12"), a_read("26 ABC 12", NOON + timedelta(seconds=90)))
    house.clock.move(timedelta(minutes=3))
    await gate.reads(a_read("26ABC12", NOON + timedelta(seconds=200)))
    [hit] = (await operator.get("/pts/hits"))["items"]
    assert hit["reads"] == 3
    await gate.reads(a_read("26ABC12", NOON + timedelta(seconds=321)))
    assert len((await operator.get("/pts/hits"))["items"]) == 2
    assert len(house.rows("SELECT 1 FROM incident")) == 2


async def test_one_plate_at_two_gates_is_two_hits(house: Small, gate: Client, listed: Listed) -> None:
    await listed("26ABC12")
    other = await house.gate(name="Bursa Yolu")
    await gate.reads(a_read("26ABC12"))
    await other.reads(a_read("26ABC12"))
    assert len(house.rows("SELECT 1 FROM pts_hit")) == 2


async def test_a_late_read_shows_its_hit_and_sends_nobody_by_itself(house: Small, gate: Client, operator: Client, listed: Listed) -> None:
    await listed("26ABC12")
    await gate.reads(a_read("26ABC12", NOON - timedelta(minutes=6)))
    [hit] = (await operator.get("/pts/hits"))["items"]
    assert hit["late"]
    assert house.rows("SELECT automatic FROM incident") == [(False,)]
    await gate.reads(a_read("26ABC12", NOON - timedelta(minutes=4, seconds=30)))
    assert house.rows("SELECT automatic FROM incident ORDER BY automatic") == [(False,), (True,)]


async def test_a_gate_whose_clock_is_an_hour_slow_still_sends_a_team_and_its_skew_is_kept(
    house: Small, gate: Client, listed: Listed
) -> None:
    await listed("26ABC12")
    slow = NOON - timedelta(hours=1)
    await gate.reads(a_read("26ABC12", slow), sent_at=slow.isoformat())
    assert house.rows("SELECT late, skew_ms FROM pts_hit") == [(False, -3_600_000)]
    assert house.rows("SELECT late, skew_ms, received_at FROM pts_read") == [(False, -3_600_000, NOON)]
    assert house.rows("SELECT automatic FROM incident") == [(True,)]


async def test_every_entry_that_matches_is_shown_and_the_weightiest_leads(
    house: Small, gate: Client, operator: Client, listed: Listed
) -> None:
    await listed("26ABC12", "other", document="lien")
    await listed("26ABC12", "terror", document="KT-1")
    await listed("26ABC12", "stolen", document="HS-1")
    house.clock.move(timedelta(minutes=10))
    await gate.reads(a_read("26ABC12", NOON + timedelta(minutes=10)))
    [hit] = (await operator.get("/pts/hits"))["items"]
    assert (hit["category"], hit["document"], hit["list_age_s"]) == ("terror", "KT-1", 600)
    assert [entry["category"] for entry in hit["entries"]] == ["terror", "stolen", "other"]
    assert house.rows("SELECT priority FROM incident") == [(2,)]


async def test_hits_are_ranked_terror_and_stolen_first_and_paged_without_a_gap(gate: Client, operator: Client, listed: Listed) -> None:
    for number, category in enumerate(["other", "wanted", "terror", "stolen", "terror", "other"]):
        await listed(f"26AB10{number}", category)
        await gate.reads(a_read(f"26AB10{number}"))
    whole = (await operator.get("/pts/hits"))["items"]
    assert [hit["category"] for hit in whole] == ["terror", "terror", "stolen", "wanted", "other", "other"]
    paged: list[str] = []
    cursor = None
    while True:
        answer = await operator.get("/pts/hits", limit=2, **({"cursor": cursor} if cursor else {}))
        paged += [hit["hit_id"] for hit in answer["items"]]
        if (cursor := answer["next"]) is None:
            break
    assert paged == [hit["hit_id"] for hit in whole]


@pytest.mark.parametrize("cursor", ["x", "!!", "bnVsbA", "WzEsMiwzXQ", "W2ZhbHNlLDEsIngiXQ", "é"])
async def test_a_made_up_cursor_is_refused_clearly(operator: Client, cursor: str) -> None:
    assert (await operator.get("/pts/hits", 422, cursor=cursor))["slug"] == "wrong-body"


async def test_an_entry_matches_only_while_it_is_valid(house: Small, gate: Client, listed: Listed) -> None:
    ends = NOON + timedelta(hours=2)
    await listed("26ABC12", valid_from=(NOON + timedelta(hours=1)).isoformat(), valid_to=ends.isoformat())
    for hour, hits in ((0, 0), (1, 1), (2, 1)):
        house.clock.move(NOON + timedelta(hours=hour) - house.clock.now())
        await gate.reads(a_read("26ABC12", house.clock.now()))
        assert len(house.rows("SELECT 1 FROM pts_hit")) == hits, hour


async def test_a_plate_listed_in_one_province_is_met_at_a_gate_of_another_and_rings_there_only(
    house: Small, operator: Client, listed: Listed
) -> None:
    await listed("26ABC12")
    ankara, there = await house.gate(6), await house.person(Role.OPERATOR, 6)
    await ankara.reads(a_read("26ABC12"))
    [hit] = (await there.get("/pts/hits"))["items"]
    assert (hit["authority"], hit["document"]) == ("Asayiş Şube", "2026/441")
    assert (await operator.get("/pts/hits"))["items"] == []
    assert (await operator.get(f"/pts/hits/{hit['hit_id']}", 404))["slug"] == (await operator.get(f"/pts/hits/{new_id()}", 404))["slug"]
    assert house.rows("SELECT channels FROM outbox WHERE type = 'pts.hit'") == [(["desk:6"],)]


async def test_a_picture_is_kept_with_its_hit_and_shown_to_whom_compares(
    house: Small, gate: Client, operator: Client, listed: Listed
) -> None:
    await listed("26ABC12")
    await gate.reads(a_read("26ABC12", image=PICTURE), a_read("06AB123", image=PICTURE))
    [hit] = (await operator.get("/pts/hits"))["items"]
    assert hit["has_image"]
    assert await operator.get(f"/pts/hits/{hit['hit_id']}/image") == base64.b64decode(PICTURE)
    assert sorted(row[0] is None for row in house.rows("SELECT hit_id FROM pts_image")) == [False, True]
    assert house.rows("SELECT count(*) FROM audit_entry WHERE action = 'view.plate_image'") == [(1,)]


@pytest.mark.parametrize(
    "image", ["", "no base64 at all", base64.b64encode(b"GIF89a" * 20).decode(), base64.b64encode(b"\xff\xd8\xff" * 99_999).decode()]
)
async def test_a_bad_picture_costs_the_picture_and_never_the_hit(house: Small, gate: Client, listed: Listed, image: str) -> None:
    await listed("26ABC12")
    answer = await gate.reads(a_read("26ABC12", image=image))
    assert answer["accepted"] == 1
    assert [(fault["slug"], fault["stored"]) for fault in answer["faults"]] == [("bad-picture", True)]
    assert len(house.rows("SELECT 1 FROM pts_hit")) == 1
    assert house.rows("SELECT 1 FROM pts_image") == []


async def test_a_gate_with_a_dead_clock_is_heard_and_its_hit_waits_for_the_desk(house: Small, gate: Client, listed: Listed) -> None:
    await listed("26ABC12")
    answer = await gate.reads({**a_read("26ABC12"), "read_at": "1970-01-01T00:00:07+00:00"})
    assert answer == {"accepted": 1, "faults": []}
    assert house.rows("SELECT late FROM pts_hit") == [(True,)]
    await gate.call("POST", "/pts/reads", 422, json={"reads": [], "sent_at": "9999-12-31T23:59:59-14:00"})


async def test_more_reads_than_a_batch_may_hold_store_none_of_them(house: Small, gate: Client) -> None:
    answer = await gate.reads(*[a_read("26ABC12")] * 501, status=413)
    assert answer["slug"] == "too-many-reads"
    assert house.rows("SELECT 1 FROM pts_read") == []


async def test_a_read_of_a_day_nobody_made_is_kept_and_moves_when_the_day_is_made(house: Small, gate: Client, clock: HeldClock) -> None:
    clock.move(timedelta(days=5))
    await gate.reads(a_read("26ABC12", clock.now()))
    assert house.rows("SELECT tableoid::regclass::text FROM pts_read") == [("pts_read_default",)]
    await _make_days(house)
    assert house.rows("SELECT tableoid::regclass::text FROM pts_read") == [("pts_read_20261129",)]
    await gate.reads(a_read("26ABC13", clock.now()))
    assert house.rows("SELECT tableoid::regclass::text FROM pts_read WHERE plate = '26ABC13'") == [("pts_read_20261129",)]


async def test_the_same_batch_from_two_connections_at_once_makes_one_hit(house: Small, gate: Client, listed: Listed) -> None:
    await listed("26ABC12")
    batch = [a_read("26ABC12"), *(a_read(f"06AB{n:03}") for n in range(20))]
    answers = await asyncio.gather(*(gate.reads(*batch) for _ in range(6)))
    assert all(answer == {"accepted": 21, "faults": []} for answer in answers)
    assert house.rows("SELECT count(*), sum(reads) FROM pts_hit") == [(1, 1)]
    assert house.rows("SELECT count(*) FROM pts_read") == [(21,)]
    assert house.rows("SELECT count(*) FROM incident") == [(1,)]


async def test_a_repeat_after_the_day_is_gone_makes_no_second_hit(house: Small, gate: Client, listed: Listed) -> None:
    await listed("26ABC12")
    read = a_read("26ABC12")
    await gate.reads(read)
    house.rows("DELETE FROM pts_read RETURNING 1")
    house.clock.move(timedelta(days=11))
    house.rows("UPDATE pts_hit SET last_read_at = last_read_at - interval '1 day', read_at = read_at - interval '1 day' RETURNING 1")
    await gate.reads(read)
    assert house.rows("SELECT count(*) FROM pts_hit") == [(1,)]


def _uuid(text: str) -> Any:
    from uuid import UUID

    return UUID(text)


async def _make_days(house: Small) -> None:
    from pts import jobs

    await jobs.make_days(house.db, house.clock.now())


def _state(house: Small) -> list[Any]:
    tables = ("pts_read", "pts_hit", "pts_hit_entry", "pts_image", "incident", "outbox", "timer")
    return [house.rows(f"SELECT to_jsonb(t) FROM {table} t ORDER BY to_jsonb(t)::text") for table in tables]


@pytest.mark.parametrize("table", ["gate", "pts_read", "pts_image", "hotlist_entry", "pts_hit", "pts_hit_entry"])
async def test_without_a_scope_and_in_another_one_there_are_no_rows(house: Small, gate: Client, listed: Listed, table: str) -> None:
    await listed("26ABC12")
    await gate.reads(a_read("26ABC12", image=PICTURE))
    for scope, count in ((frozenset[int](), 0), (frozenset({6, 43}), 0), (frozenset({26}), 1)):
        async with house.db.tx(scope) as tx:
            assert len(await tx.rows(f"SELECT 1 AS one FROM {table}")) == count, scope


async def test_a_partition_cannot_be_read_past_its_tables_policy(house: Small) -> None:
    for part in ("pts_read_default", f"pts_read_{NOON:%Y%m%d}"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with house.db.tx(frozenset({26})) as tx:
                await tx.rows(f"SELECT 1 AS one FROM {part}")


async def test_a_full_batch_against_a_hundred_thousand_listed_plates_takes_one_index_scan_and_little_time(
    house: Small, gate: Client
) -> None:
    house.rows(
        """
        INSERT INTO hotlist_entry (id, province, plate, category, authority, document, valid_from, recorded_at, recorded_by)
        SELECT gen_random_uuid(), 1 + n %% 81, '34' || chr(65 + n %% 22) || to_char(n, 'FM000000'), 'stolen', 'X', 'X', %s, %s,
               gen_random_uuid()
        FROM generate_series(1, 100000) n RETURNING 1
        """,
        *[NOON, NOON],
    )
    house.rows(
        """
        INSERT INTO pts_read (gate_id, client_id, received_at, province, plate, plate_read, confidence, grammar, read_at, late)
        SELECT %s, gen_random_uuid(), %s, 26, 'X', 'X', 1, 'x', %s, false FROM generate_series(1, 50000) RETURNING 1
        """,
        *[gate.id, NOON, NOON],
    )
    with psycopg.connect(house.url, autocommit=True) as admin:
        admin.execute("ANALYZE hotlist_entry")
        admin.execute("ANALYZE pts_read")
    took = []
    for number in range(5):
        batch = [a_read(f"35B{number}{n:04}") for n in range(500)]
        sorted_out = reading.sort_out(batch, sent_at=None, received_at=NOON, settings=PtsSettings())
        async with house.db.tx(frozenset({26})) as tx:
            begun = perf_counter()
            await service.take_reads(tx, gate.id, sorted_out.reads, NOON, PtsSettings())
            took.append((perf_counter() - begun) * 1000)
            whole_table = await tx.value("SELECT pg_stat_get_xact_tuples_returned('hotlist_entry'::regclass)")
        assert whole_table == 0
    assert min(took) < 250, took


async def test_the_index_finds_the_one_plate_of_a_batch_that_is_listed(
    house: Small, gate: Client, operator: Client, listed: Listed
) -> None:
    await listed("26ABC12")
    await gate.reads(*[a_read(f"35B{n:04}") for n in range(200)], a_read("26ABC12"))
    assert [hit["plate"] for hit in (await operator.get("/pts/hits", plates=True))["items"]] == ["26ABC12"]
    assert house.rows("SELECT count(*) FROM pts_read") == [(201,)]
