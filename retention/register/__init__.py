"""The data register as data: every column of the database that tells something about a person, and every rule that ends it.

One file for each room. A column that stands neither here nor in `plain.py` fails the suite, so nobody adds one without deciding.
"""

from __future__ import annotations

from retention.register import core, dispatch, kades, pts

#: What the sweep does, in this order: what hangs on a row goes before the row, pictures before reads (E16).
RULES = (*pts.RULES, *core.RULES, *dispatch.RULES, *kades.RULES)
PERSONAL = (*core.PERSONAL, *dispatch.PERSONAL, *kades.PERSONAL, *pts.PERSONAL)

#: Jobs of the rooms themselves that end personal data, by the name they run under.
OTHER_JOBS = {"identity.prune": "lapsed tokens at once, sessions when their family ends, failed sign-ins after a day"}

#: Tables whose personal columns no rule may end, and why.
KEPT_TABLES = {
    "audit_entry": "An audit that can be deleted proves nothing (law 9). It holds ids and reasons, no name, number, address or plate, and "
    "the database refuses UPDATE and DELETE; who an id was is forgotten with the account's row.",
}
