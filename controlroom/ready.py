"""Everything a command needs before its own work: the folder's lock, a database with today's schema, the built pages."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controlroom import stamp
from controlroom.ground import VAR, database, pages
from controlroom.lock import FolderLock, folder_lock, this_command
from controlroom.migrate import is_current, migrate

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from controlroom.cluster import Cluster
    from controlroom.steps import Steps


@dataclass(frozen=True, slots=True)
class Ready:
    """What stands when the preparation is over."""

    owner_url: str  #: libpq URL of the database's owner: migrations and backups.
    pages: Path | None  #: The built `map-ui/dist`, None when this clone has none.
    lock: FolderLock
    cluster: Cluster | None  #: None when DATABASE_URL names a server that is not ours.


@contextmanager
def made_ready(name: str, steps: Steps) -> Generator[Ready]:
    """Prepare for `demo` or `up` and take all down again in the opposite order.

    Raises `Failure` (folder taken, no database), `Missing` (packages, wrong stamp).
    """
    with ExitStack() as stack:
        lock = stack.enter_context(folder_lock(VAR, "merkez", this_command()))
        url, cluster = stack.enter_context(database(name, steps))
        (stamp.check_for_demo if name == "demo" else stamp.check_for_duty)(url)
        with steps.step("schema", "Şema", "Schema"):
            if not is_current(url):
                migrate(url)
            stamp.mark(url, stamp.DEMO if name == "demo" else stamp.DUTY)
        yield Ready(url, pages(steps), lock, cluster)
