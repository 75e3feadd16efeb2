"""The demo's server: `python -m controlroom.demo.server`, started by `./merkez demo` alone.

Here and nowhere else the SMS code is shown on a screen and the clock may stand somewhere else (law 13). It serves no database but one
that is stamped as the demo's, so none of this can be switched on over a control room on duty.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from controlroom import stamp
from controlroom.cli import report
from controlroom.demo.city import PROVINCE
from controlroom.demo.streets import CENTRE_LAT, CENTRE_LON
from controlroom.failures import Exit, Failure, Missing
from controlroom.serve import database_url, die_with_parent, inherited_socket, serve
from controlroom.settings import Settings
from core.clock import Clock, ShiftedClock, SystemClock

if TYPE_CHECKING:
    from collections.abc import Sequence

QUICK_HASH = {"TIME_COST": "1", "MEMORY_KIB": "8192", "PARALLELISM": "1"}


def demo_settings() -> Settings:
    """Return the demo's settings: whatever the environment says of SMS and the default province is for duty."""
    for name in ("SMS_URL", "SMS_URL_FILE"):
        os.environ.pop(name, None)
    os.environ["DEFAULT_PROVINCE"] = str(PROVINCE)
    os.environ["MAP_CENTRE"] = f"{CENTRE_LON},{CENTRE_LAT}"
    # Every password of a demo is 99 random bits that nobody chose: a slow hash guards nothing there, and 24 crews sign in at once.
    for name, value in QUICK_HASH.items():
        os.environ.setdefault(f"IDENTITY_PASSWORDS__{name}", value)
    return Settings.read(demo=True)


def clock_of(words: Sequence[str]) -> Clock:
    """Return the machine's clock, or one moved by the seconds in `words`."""
    return ShiftedClock(timedelta(seconds=float(words[0]))) if words else SystemClock()


def check_stamp(url: str) -> None:
    """Raise `Missing` unless the database is the demo's."""
    if stamp.stamp_of(url) != stamp.DEMO:
        raise Missing(
            tr="Bu veritabanı demo damgası taşımıyor; demo sunucusu ona hizmet vermez.",
            en="This database is not stamped as the demo's; the demo's server does not serve it.",
            mend="./merkez demo",
        )


def main(words: Sequence[str]) -> int:
    """Serve the demo until told to stop."""
    die_with_parent()
    try:
        settings = demo_settings()
        url = database_url(settings)
        check_stamp(url)
    except Failure as failure:
        report(failure)
        return failure.code
    serve(settings, url=url, clock=clock_of(words), sock=inherited_socket())
    return Exit.DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
