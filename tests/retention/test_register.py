"""Every personal column has a row and an end (issue 2, 8): a new column of any table fails here until somebody decides about it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

import psycopg
import pytest

from core.identity.jobs import PRUNE
from retention import document, jobs, periods
from retention.register import KEPT_TABLES, OTHER_JOBS, PERSONAL, RULES
from retention.register.plain import PLAIN, REVIEWED
from tests.retention.seeds import SEEDS

JOBS = [PRUNE.name, *(job.name for job in jobs.jobs())]

#: A plain column with one of these in its name, or of these types, must say why it is plain.
SUSPECT = re.compile(
    r"name|phone|tc_no|plate|position|address|note|word|user|source_hash|said|image|jpeg|document|authority|person|detail|data|answer|channel"
    r"|language|reason|text|hash|nonce|error|value|code$|geom|sector"
)


@pytest.fixture
def columns(fresh_url: str) -> list[tuple[str, str]]:
    with psycopg.connect(fresh_url) as admin:
        return admin.execute(
            """
            SELECT c.relname, a.attname FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.relkind IN ('r', 'p', 'm', 'f') AND NOT c.relispartition
              AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
            """
        ).fetchall()


def test_every_column_of_the_database_was_decided_on_and_every_personal_one_ends(columns: Iterable[tuple[str, str]]) -> None:
    assert periods.gaps(columns, JOBS) == periods.Gaps(frozenset(), frozenset(), frozenset(), frozenset(), frozenset())


def test_a_new_column_fails_until_somebody_decides(columns: list[tuple[str, str]]) -> None:
    found = periods.gaps([*columns, ("kades_caller", "shoe_size")], JOBS)
    assert found.undecided == {"kades_caller.shoe_size"}
    assert found


def test_a_column_that_was_dropped_fails_too(columns: list[tuple[str, str]]) -> None:
    assert periods.gaps([one for one in columns if one != ("pts_read", "plate")], JOBS).gone == {"pts_read.plate"}


def test_a_personal_column_whose_job_does_not_run_fails(columns: list[tuple[str, str]]) -> None:
    assert "session.source_hash" in periods.gaps(columns, [jobs.SWEEP]).endless


def test_no_plain_column_looks_personal_without_a_reviewed_reason() -> None:
    looks = {f"{table}.{column}" for table, names in PLAIN.items() for column in names.split() if SUSPECT.search(column)}
    assert looks - set(REVIEWED) == set()
    assert set(REVIEWED) <= {f"{table}.{column}" for table, names in PLAIN.items() for column in names.split()}


def test_every_rule_has_a_seed_that_proves_it() -> None:
    assert set(SEEDS) == {rule.name for rule in RULES}


def test_reads_and_pictures_without_a_hit_go_by_the_tenth_day_pictures_first() -> None:
    names = [rule.name for rule in RULES]
    assert {rule.period for rule in RULES if rule.name in {"pts_image", "pts_read"}} == {timedelta(days=10)}
    assert names.index("pts_image") < names.index("pts_read")


def test_only_the_audit_is_kept_without_end() -> None:
    assert {entry.table for entry in PERSONAL if entry.rule == "kept"} == set(KEPT_TABLES) == {"audit_entry"}
    assert set(OTHER_JOBS) <= set(JOBS)


def test_the_document_is_what_the_register_says() -> None:
    assert document.FILE.read_text(encoding="utf-8") == document.render()


@pytest.mark.parametrize(
    ("period", "words"),
    [(timedelta(hours=48), "48 hours"), (timedelta(days=10), "10 days"), (timedelta(days=365), "1 year"), (timedelta(days=1825), "5 years"),
     (timedelta(days=730), "2 years"), (timedelta(hours=24), "24 hours"), (timedelta(days=7), "7 days")],
)  # fmt: skip
def test_periods_are_said_in_whole_units(period: timedelta, words: str) -> None:
    assert periods.in_words(period) == words
