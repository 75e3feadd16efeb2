"""Named statements: each room keeps its hot SQL in `queries.sql` under `-- name: …` lines."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import LiteralString, cast

_NAME = re.compile(r"^--\s*name:\s*([a-z_][a-z0-9_]*)\s*$", re.MULTILINE)


class Queries(dict[str, LiteralString]):
    """The statements of one room by name; a name that is not there is a programming error."""

    def __missing__(self, key: str) -> LiteralString:
        """Say which name is missing and what there is."""
        message = f"no statement named {key}; there are: {', '.join(sorted(self))}"
        raise KeyError(message)


@cache
def load(package: str) -> Queries:
    """Read `queries.sql` of `package` once."""
    text = resources.files(package).joinpath("queries.sql").read_text(encoding="utf-8")
    return parse(text)


def parse(text: str) -> Queries:
    """Split a file into its named statements; text before the first name is a preface."""
    found = list(_NAME.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    queries = Queries()
    for match, end in zip(found, ends, strict=True):
        name = match.group(1)
        if name in queries:
            message = f"two statements are named {name}"
            raise ValueError(message)
        # The text comes from a file that ships with the package, never from input: literal in all but form.
        queries[name] = cast("LiteralString", text[match.end() : end].strip().rstrip(";"))
    return queries
