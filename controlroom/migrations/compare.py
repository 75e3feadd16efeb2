"""How a database is held against the rooms' models, by `alembic revision --autogenerate` and by the test that finds drift."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.operations.ops import MigrationScript, ModifyTableOps
from sqlalchemy import Connection, text

from controlroom.models import METADATA

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping

    from alembic.operations.ops import MigrateOperation

# Partitions come and go by the day, and PostGIS brings tables of its own; neither is anybody's model.
_NOT_OURS = """
SELECT relname FROM pg_class WHERE relispartition
UNION
SELECT relname FROM pg_class c JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid WHERE d.deptype = 'e'
"""


def options(connection: Connection) -> dict[str, Any]:
    """Return what `MigrationContext` must know to compare `connection`'s database with the models."""
    not_ours = frozenset(connection.execute(text(_NOT_OURS)).scalars())

    def include_name(name: str | None, kind: str, _parents: MutableMapping[Any, str | None]) -> bool:
        return kind != "table" or name not in not_ours

    return {
        "target_metadata": METADATA,
        "include_name": include_name,
        "compare_type": True,
        "compare_server_default": True,
    }


def draft_sql(context: MigrationContext, _revision: object, directives: list[MigrationScript]) -> None:
    """Write what autogenerate found to `sql/REVISION.sql`, and leave the revision itself to run that file (decision 0001).

    A draft: policies, grants, functions and partitions are for a person to add, and a lock that a live house cannot bear to take out.
    """
    for script in directives:
        if script.upgrade_ops is None or script.upgrade_ops.is_empty():
            continue
        assert context.environment_context is not None  # noqa: S101 - Alembic runs this inside env.py
        folder = Path(context.environment_context.script.dir) / "sql"
        (folder / f"{script.rev_id}.sql").write_text(_as_sql(script.upgrade_ops.ops), encoding="utf-8")
        script.upgrade_ops.ops = []


def _as_sql(found: Iterable[MigrateOperation]) -> str:
    buffer = io.StringIO()
    offline = MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True, "output_buffer": buffer})
    operations = Operations(offline)
    for op in _flat(found):
        operations.invoke(op)
    return buffer.getvalue()


def _flat(found: Iterable[MigrateOperation]) -> Iterable[MigrateOperation]:
    for op in found:
        if isinstance(op, ModifyTableOps):
            yield from op.ops
        else:
            yield op
