"""`./merkez audit verify`: has anybody touched the books? (law 9)."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from controlroom.commands import options
from controlroom.failures import Failure, Missing
from controlroom.ground import VAR, database
from controlroom.migrate import current
from controlroom.steps import Step, Steps
from core.audit.heads import FileHeads, UnreadableHeadError, heads_folder
from core.audit.jobs import ROLE
from core.audit.signing import public_keys
from core.audit.store import take_time
from core.audit.verify import Report, verify
from core.db import NOTHING, Database

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.audit.rules import Head

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(name="audit")
def command() -> None:
    """Denetim defteri.

    The audit: who did what to whom, and whether the books are whole.
    """


@command.command(name="verify")
@click.option("--heads", type=FILE, multiple=True, help="Dışarıdaki başlar / heads kept outside (heads.jsonl); more than one may be named.")
@click.option("--keys", type=click.Path(exists=True, file_okay=False, path_type=Path), help="audit-*.pub; default STATE_DIR/keys.")
@options.whose_cluster
@options.as_json
def verify_(heads: Sequence[Path], keys: Path | None, of: str, *, as_json: bool) -> None:
    """Zinciri baştan hesaplar, dışarıdaki imzalı başlarla karşılaştırır; ilk bozuk kaydı söyler.

    Recompute the chain, compare it with the signed heads outside the database, name the first broken entry. Exit 1 when one is broken.
    """
    from controlroom.settings import HouseSettings

    os.environ.setdefault("STATE_DIR", str(VAR))
    state = HouseSettings().state_dir
    places = [FileHeads.in_file(path) for path in heads] or [FileHeads(heads_folder(state, demo=of == "demo"))]
    steps = Steps()
    with database(of, steps) as (url, _):
        if current(url) is None:
            raise Missing(tr="Veritabanı boş; denetlenecek defter yok.", en="The database is empty; there are no books to verify.")
        with steps.step("verify", "Denetim zinciri", "Audit chain") as step:
            report = _checked(url, places, keys or state / "keys")
            _remark(step, report)
    if as_json:
        options.print_json({**report.as_json(), **{key: value for key, value in steps.as_json().items() if key != "ok"}})
    if report.broken is not None:
        raise click.exceptions.Exit(1)


def _checked(url: str, places: Sequence[FileHeads], keys: Path) -> Report:
    try:
        outside = [head for place in places for head in place.read()]
        known = public_keys(keys)
    except UnreadableHeadError as fault:
        raise Failure(tr=f"Dışarıdaki baş okunamadı: {fault}", en=f"A head outside cannot be read: {fault}") from None
    except ValueError as fault:
        raise Failure(tr=f"Anahtar okunamadı: {fault}", en=f"A key cannot be read: {fault}") from None

    async def work(outside: Sequence[Head]) -> Report:
        db = Database(url, pool_size=1)
        try:
            async with db.tx(NOTHING, role=ROLE) as tx:
                await take_time(tx)
                return await verify(tx, outside, known)
        finally:
            await db.dispose()

    return asyncio.run(work(outside))


def _remark(step: Step, report: Report) -> None:
    if report.broken is None:
        step.remark(
            f"{report.sealed} kayıt sağlam, {report.waiting} sırada, dışarıda {report.heads_outside} baş",
            f"{report.sealed} entries whole, {report.waiting} waiting, {report.heads_outside} heads outside",
        )
        return
    step.ok = False
    place = f"n={report.broken.n} entry={report.broken.entry_id}"
    step.remark(f"BOZUK: {place}: {report.broken.why}", f"BROKEN: {place}: {report.broken.why}")
