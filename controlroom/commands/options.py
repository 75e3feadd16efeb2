"""Options that many commands share, so that they are spelt and explained once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

def as_json(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--json`: the answer as one JSON document on stdout."""
    return click.option("--json", "as_json", is_flag=True, help="JSON yazar / write JSON.")(command)


def whose_cluster(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--of`: which private cluster is meant; DATABASE_URL goes first."""
    choice = click.Choice(["up", "demo"])
    words = "Hangi özel küme (DATABASE_URL yoksa) / which private cluster, without DATABASE_URL."
    return click.option("--of", "of", type=choice, default="up", show_default=True, help=words)(command)


def print_json(answer: object) -> None:
    """Write one JSON document, letters as they are."""
    click.echo(json.dumps(answer, ensure_ascii=False, indent=1))
