"""The three files that configure a private cluster, written anew at each start so that a new release's values hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from controlroom.pg_place import Place

SUPERUSER = "merkez_super"
#: Roles that whoever starts the front door may be; PostgreSQL 15 takes no pattern here, so they stand one by one.
ROLES = (
    SUPERUSER,
    "merkez_owner",
    "merkez_api",
    "merkez_relay",
    "merkez_timers",
    "merkez_sweep",
)


def server_settings(place: Place) -> str:
    """postgresql.conf for a machine of 2 cores and 2 GB; whoever has more uses DATABASE_URL or ALTER SYSTEM."""
    return f"""\
# Written by ./merkez at each start. Own values: ALTER SYSTEM, which wins over this file.
listen_addresses = ''
unix_socket_directories = '{_quoted(str(place.sockets))}'
unix_socket_permissions = 0700
max_connections = 200
# One transaction may take up to 1,024 camera slots beside the tables it touches (law 5).
max_locks_per_transaction = 256
shared_buffers = 256MB
effective_cache_size = 1GB
maintenance_work_mem = 128MB
random_page_cost = 1.1
# PostGIS prices its functions so high that small searches would be compiled for longer than they run.
jit = off
# A press answered 202 is on the disk (law 1).
fsync = on
synchronous_commit = on
full_page_writes = on
wal_level = replica
max_wal_size = 2GB
checkpoint_timeout = 15min
timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = on
log_directory = '{_quoted(str(place.log))}'
log_filename = 'postgresql-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
log_line_prefix = '%m [%p] %u@%d '
# DETAIL lines quote the row ("Key (phone)=(…) already exists"): personal data has no place in a log.
log_error_verbosity = terse
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_lock_waits = on
"""


def host_access() -> str:
    """pg_hba.conf: the socket and nothing else, by the account the kernel names."""
    return "local all all peer map=merkez\n"


def identities(accounts: set[str]) -> str:
    """pg_ident.conf: which operating system accounts may be which roles."""
    return "".join(f'merkez "{account}" {role}\n' for account in sorted(accounts) for role in ROLES)


def _quoted(text: str) -> str:
    return text.replace("'", "''")
