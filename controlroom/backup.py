"""A backup is two files: the database as `pg_dump` custom format, and beside it a manifest with its hash and its roles.

Restoring writes a new log id, so that every console asks for a snapshot instead of resuming in a history that is gone.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import class_row
from pydantic import TypeAdapter, ValidationError

from controlroom import pg_server
from controlroom.failures import Failure
from controlroom.programs import run
from core.clock import SystemClock

FORMAT = 1
READ_AT_ONCE = 1 << 20

#: Roles belong to the server, not to the database, so a dump does not carry them and its grants would fail without.
#: A private cluster's superuser owns a few objects; elsewhere it comes back as a name without any right.
ROLES: LiteralString = """
select rolname as name, rolcanlogin and not rolsuper as login, rolbypassrls and not rolsuper as bypassrls,
       rolinherit as inherit,
       coalesce((select array_agg(g.rolname::text order by g.rolname) from pg_auth_members m
                 join pg_roles g on g.oid = m.roleid where m.member = r.oid), '{}') as member_of
from pg_roles r where rolname like 'merkez\\_%' order by rolname
"""
USER_TABLES: LiteralString = """
select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema')
  and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
"""
NEW_LOG: LiteralString = "update relay_head set log = gen_random_uuid()"


@dataclass(frozen=True, slots=True)
class Role:
    """A role that the dump's grants name."""

    name: str
    login: bool
    bypassrls: bool
    inherit: bool
    member_of: list[str]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What stands beside a dump."""

    format: int
    made_at: str  #: RFC 3339, UTC.
    postgres: int  #: Server's major version.
    schema: str | None  #: Alembic's revision.
    bytes: int
    sha256: str
    roles: list[Role]


MANIFEST = TypeAdapter(Manifest)


def manifest_path(dump: Path) -> Path:
    """`b.dump` → `b.dump.json`."""
    return dump.with_name(dump.name + ".json")


def back_up(url: str, dump: Path) -> Manifest:
    """Write the database at `url` to `dump` and its manifest beside it, both 0600 and whole or not there at all.

    Raises `Failure` when the file exists or pg_dump fails.
    """
    if dump.exists():
        raise Failure(tr=f"{dump} zaten var; üzerine yazılmaz.", en=f"{dump} exists and is not overwritten.")
    part = dump.with_name(dump.name + ".part")
    try:
        return _dump_to(url, part, dump)
    finally:
        part.unlink(missing_ok=True)  # renamed by now, unless something failed


def _dump_to(url: str, part: Path, dump: Path) -> Manifest:
    os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    with psycopg.connect(url) as conn:
        major = conn.info.server_version // 10_000
        if conn.execute(USER_TABLES).fetchone() == (0,):
            raise Failure(tr="Veritabanı boş: yedeklenecek bir şey yok.", en="The database is empty: there is nothing to save.")
        roles = conn.cursor(row_factory=class_row(Role)).execute(ROLES).fetchall()
        revision = _revision(conn)
    _tool(url, major, "pg_dump", "--format=custom", f"--file={part}")
    _sync(part)
    made_at = SystemClock().now().isoformat(timespec="seconds")
    manifest = Manifest(FORMAT, made_at, major, revision, part.stat().st_size, sha256(part), roles)
    # The manifest first: a dump without one is refused, so a cut between the two leaves nothing that looks whole.
    _write_private(manifest_path(dump), json.dumps(asdict(manifest), indent=1) + "\n")
    part.rename(dump)
    _sync(dump.parent)
    return manifest


def restore(url: str, dump: Path) -> Manifest:
    """Fill the empty database at `url` from a backup, in one transaction.

    Raises `Failure` when the manifest is missing or the dump differs from it, or when the database holds tables.
    """
    manifest = check(dump)
    with psycopg.connect(url, autocommit=True) as conn:
        major = conn.info.server_version // 10_000
        if major < manifest.postgres:
            raise Failure(
                tr=f"Yedek PostgreSQL {manifest.postgres} ile alınmış, bu sunucu {major}.",
                en=f"The backup was made with PostgreSQL {manifest.postgres}, this server is {major}.",
                mend=pg_server.install_command(manifest.postgres),
            )
        if tables := conn.execute(USER_TABLES).fetchone():
            _refuse_full(tables[0])
        _make_roles(conn, manifest.roles)
    # One transaction: a restore that fails leaves the database as empty as it was.
    _tool(url, major, "pg_restore", "--single-transaction", "--exit-on-error", str(dump))
    with psycopg.connect(url) as conn:
        new_log_id(conn)
    return manifest


def new_log_id(conn: psycopg.Connection[tuple[object, ...]]) -> None:
    """Give the event log another id, in the caller's transaction; nothing where the schema has none yet."""
    if conn.execute("select to_regclass('relay_head') is not null").fetchone() == (True,):
        conn.execute(NEW_LOG)


def check(dump: Path) -> Manifest:
    """Read the manifest and compare the dump with it. Raises `Failure` where they differ."""
    try:
        manifest = MANIFEST.validate_json(manifest_path(dump).read_bytes())
    except FileNotFoundError as fault:
        raise Failure(tr=f"{fault.filename} yok.", en=f"{fault.filename} is not there.") from None
    except ValidationError:
        raise Failure(
            tr=f"{manifest_path(dump)} okunamadı.",
            en=f"{manifest_path(dump)} cannot be read.",
        ) from None
    if not dump.is_file():
        raise Failure(tr=f"{dump} yok.", en=f"{dump} is not there.")
    if sha256(dump) != manifest.sha256:
        raise Failure(
            tr=f"{dump} bozuk: özeti belgesindekiyle aynı değil.",
            en=f"{dump} is damaged: its hash differs from its manifest.",
        )
    return manifest


def sha256(file: Path) -> str:
    """Hash of a file of any size."""
    total = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(READ_AT_ONCE):
            total.update(block)
    return total.hexdigest()


def _refuse_full(tables: int) -> None:
    if tables:
        raise Failure(
            tr=f"Hedef veritabanı boş değil ({tables} tablo); yedek yalnız boş bir veritabanına döner.",
            en=f"The target database is not empty ({tables} tables); a backup is restored into an empty one only.",
        )


def _make_roles(conn: psycopg.Connection[tuple[object, ...]], roles: list[Role]) -> None:
    """Make those that are missing; one that is there stays as its administrator set it."""
    here = {row[0] for row in conn.execute("select rolname from pg_roles").fetchall()}
    for role in roles:
        if role.name in here:
            continue
        words = ["login" if role.login else "nologin"]
        words += ["bypassrls"] if role.bypassrls else []
        words += [] if role.inherit else ["noinherit"]
        options = sql.SQL(" ").join(sql.SQL(ROLE_WORDS[word]) for word in words)
        conn.execute(sql.SQL("create role {} {}").format(sql.Identifier(role.name), options))
        here.add(role.name)
    for role in roles:
        for group in role.member_of:
            if group in here:
                conn.execute(sql.SQL("grant {} to {}").format(sql.Identifier(group), sql.Identifier(role.name)))


#: Only these words of CREATE ROLE can come out of a manifest.
ROLE_WORDS: dict[str, LiteralString] = {
    "login": "login",
    "nologin": "nologin",
    "bypassrls": "bypassrls",
    "noinherit": "noinherit",
}


def _revision(conn: psycopg.Connection[tuple[object, ...]]) -> str | None:
    if conn.execute("select to_regclass('alembic_version')").fetchone() == (None,):
        return None
    row = conn.execute("select version_num from alembic_version").fetchone()
    return str(row[0]) if row else None


def _tool(url: str, major: int, name: str, *words: str) -> None:
    """Run a client program that is at least as new as the server; the password never stands in `ps`."""
    target = conninfo_to_dict(url)
    password = target.pop("password", None)
    secret = {"PGPASSWORD": str(password)} if password else {}
    fitting = [server for server in pg_server.installed() if server.major >= major]
    program = min(fitting).program(name) if fitting else name
    done = run(program, "--no-password", f"--dbname={make_conninfo('', **target)}", *words, cwd=Path.cwd(), more=secret)
    if not done.ok:
        raise Failure(tr=f"{name} başarısız:\n{done.tail()}", en=f"{name} failed:\n{done.tail()}")


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
