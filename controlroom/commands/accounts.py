"""`./merkez accounts`: the first admin, and what an administrator of the machine must be able to do when no admin can."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import click

from controlroom.commands import options
from controlroom.failures import Failure, Words
from controlroom.ground import VAR, database
from controlroom.language import inline
from controlroom.migrate import current, migrate
from controlroom.steps import Steps
from core.clock import SystemClock
from core.db import Database
from core.errors import Problem
from core.identity import ACCOUNT_ROLES, Identity, IdentitySettings, Role, admin
from core.identity.rules import USERNAME

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from core.db import Tx

T = TypeVar("T")
LAST_PROVINCE = 81


@dataclass(frozen=True, slots=True)
class Desk:
    """What a subcommand works with."""

    url: str
    steps: Steps

    def do(self, work: Callable[[Tx, Identity], Awaitable[T]]) -> T:
        """Run `work` in one transaction. Raises `Failure` with what the house says when it refuses."""
        try:
            return asyncio.run(self._do(work))
        except Problem as problem:
            raise Failure(tr=str(problem.body("tr")["detail"]), en=str(problem.body("en")["detail"])) from None

    async def _do(self, work: Callable[[Tx, Identity], Awaitable[T]]) -> T:
        db, identity = Database(self.url, pool_size=1), Identity(_settings())
        try:
            async with db.tx() as tx:
                return await work(tx, identity)
        finally:
            identity.close()
            await db.dispose()


@contextmanager
def desk(of: str) -> Generator[Desk]:
    """Lend a database that has our tables."""
    steps = Steps()
    with database(of, steps) as (url, _):
        if current(url) is None:
            with steps.step("schema", "Şema", "Schema"):
                migrate(url)
        yield Desk(url, steps)


def _settings() -> IdentitySettings:
    from controlroom.settings import HouseSettings

    os.environ.setdefault("STATE_DIR", str(VAR))
    return IdentitySettings.at(HouseSettings().state_dir)


def _usernames(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not USERNAME.fullmatch(value):
        wanted = "3-64: a-z 0-9 . _ -"
        raise click.BadParameter(wanted)
    return value


def _provinces(_context: click.Context, _parameter: click.Parameter, value: str) -> frozenset[int]:
    """Read `26,43` or `all`."""
    if value == "all":
        return frozenset(range(1, LAST_PROVINCE + 1))
    wanted = "26,43 | all; 1-81"
    try:
        codes = frozenset(int(word) for word in value.split(","))
    except ValueError:
        raise click.BadParameter(wanted) from None
    if not all(1 <= code <= LAST_PROVINCE for code in codes):
        raise click.BadParameter(wanted)
    return codes


def _username_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.argument("username", callback=_usernames)(command)


@click.group(name="accounts")
def command() -> None:
    """Hesaplar: ilk yönetici, aç, kapat, yeni parola, listele.

    Accounts by the machine's own hand: the first admin, create, disable, reset, list. Passwords are shown once.
    """


@command.command()
@click.option("--username", default="yonetici", show_default=True, callback=_usernames)
@options.whose_cluster
@options.as_json
def bootstrap(username: str, of: str, *, as_json: bool) -> None:
    """İlk yöneticiyi bir kez açar.

    Make the first admin, of every province; refused once there is an admin.
    """

    async def work(tx: Tx, identity: Identity) -> admin.NewSignIn | None:
        return await admin.bootstrap(tx, identity, username=username, now=SystemClock().now())

    with desk(of) as at:
        made = at.do(work)
    if made is None:
        raise Failure(
            tr="Bir yönetici zaten var; başka hesapları o açar. Parolası unutulduysa: ./merkez accounts reset",
            en="There is an admin already, who makes the other accounts. If the password was lost: ./merkez accounts reset",
        )
    _show(made, as_json=as_json)


@command.command()
@_username_argument
@click.option("--name", required=True, help="Ekranda görünen ad / name on the screen.")
@click.option("--role", type=click.Choice([role.value for role in ACCOUNT_ROLES]), required=True)
@click.option("--provinces", required=True, callback=_provinces, help="26,43 | all")
@click.option("--team-id", type=click.UUID, help="Yalnız ekip hesabı / role team only.")
@click.option("--password-stdin", is_flag=True, help="Parolayı stdin'den okur / read the password from stdin; else one is made.")
@options.whose_cluster
@options.as_json
def create(
    *, username: str, name: str, role: str, provinces: frozenset[int], team_id: UUID | None, password_stdin: bool, of: str, as_json: bool
) -> None:
    """Hesap açar.

    Make an account.
    """
    if (role == Role.TEAM) != (team_id is not None):
        wanted = "--team-id: role team"
        raise click.UsageError(wanted)
    password = sys.stdin.readline().rstrip("\n") if password_stdin else None
    if password is not None and len(password) < admin.SHORTEST_PASSWORD:
        wanted = f"--password-stdin: >= {admin.SHORTEST_PASSWORD}"
        raise click.UsageError(wanted)

    async def work(tx: Tx, identity: Identity) -> admin.NewSignIn:
        return await admin.create(
            tx, identity, username=username, name=name, role=Role(role), provinces=provinces, team_id=team_id, password=password,
            now=SystemClock().now(),
        )  # fmt: skip

    with desk(of) as at:
        made = at.do(work)
    _show(made, as_json=as_json, secret=password is None)


@command.command()
@_username_argument
@options.whose_cluster
@options.as_json
def disable(username: str, of: str, *, as_json: bool) -> None:
    """Hesabı kapatır; oturumları biter.

    Disable an account; its sessions end and its sockets are cut within 5 s.
    """

    async def work(tx: Tx, _identity: Identity) -> None:
        await admin.disable(tx, username, SystemClock().now())

    with desk(of) as at:
        at.do(work)
    _say({"username": username, "disabled": True}, Words(f"{username} kapatıldı.", f"{username} is disabled."), as_json=as_json)


@command.command()
@_username_argument
@options.whose_cluster
@options.as_json
def reset(username: str, of: str, *, as_json: bool) -> None:
    """Yeni parola verir; eski oturumlar biter.

    Give an account a new password; sessions opened with the old one end.
    """

    async def work(tx: Tx, identity: Identity) -> admin.NewSignIn:
        return await admin.reset(tx, identity, username, SystemClock().now())

    with desk(of) as at:
        made = at.do(work)
    _show(made, as_json=as_json)


@command.command(name="list")
@options.whose_cluster
@options.as_json
def list_(of: str, *, as_json: bool) -> None:
    """Hesapları listeler.

    List every account.
    """

    async def work(tx: Tx, _identity: Identity) -> list[dict[str, Any]]:
        return await admin.everybody(tx)

    with desk(of) as at:
        rows = at.do(work)
    if as_json:
        options.print_json({"items": [{key: _plain(value) for key, value in row.items()} for row in rows], "next": None})
        return
    for row in rows:
        off = inline(Words("  (kapalı)", "  (disabled)")) if row["disabled_at"] else ""
        codes = row["provinces"]
        where = "all" if len(codes) == LAST_PROVINCE else ",".join(str(code) for code in codes)
        click.echo(f"{row['username']:<24} {row['role']:<11} {where:<12} {row['name']}{off}")


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, str | list) else str(value)


def _show(made: admin.NewSignIn, *, as_json: bool, secret: bool = True) -> None:
    """Print a new sign-in; a password that was handed in is not handed back."""
    answer = {"id": str(made.account_id), "username": made.username, **({"password": made.password} if secret else {})}
    once = Words("parola (yalnız şimdi gösterilir)", "password (shown only now)")
    text = f"{made.username}\n{inline(once)}: {made.password}" if secret else made.username
    _say(answer, Words(text, text), as_json=as_json)


def _say(answer: dict[str, Any], words: Words, *, as_json: bool) -> None:
    if as_json:
        options.print_json(answer)
    else:
        click.echo(words.tr if words.tr == words.en else inline(words))
