"""Settings of identity; built once by `controlroom` and passed down (environment prefix `IDENTITY_`)."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, Field, SecretBytes


class PasswordSettings(BaseModel):
    """argon2id: RFC 9106's second recommendation, for servers that cannot spare 2 GiB a sign-in."""

    time_cost: int = Field(default=3, ge=1)
    memory_kib: int = Field(default=65_536, ge=8)
    parallelism: int = Field(default=4, ge=1)
    at_once: int = Field(default=2, ge=1)  #: Hashes at the same time: 64 MiB and a core each.
    may_wait: int = Field(default=64, ge=0)  #: Beyond these a sign-in is asked to come back (429).


class IdentitySettings(BaseModel):
    """How long tokens live."""

    passwords: PasswordSettings = PasswordSettings()
    access_ttl: timedelta = timedelta(minutes=12)  #: A stolen one is worth little; sockets renew in band.
    refresh_ttl: timedelta = timedelta(hours=16)  #: A shift and its hand-over: unused for longer, sign in again.
    family_ttl: timedelta = timedelta(days=7)  #: Once a week everybody shows the password again.
    #: Derives device tokens; lies outside the database (docs/decisions/0011). 32 bytes or more.
    token_key: SecretBytes = Field(min_length=32)
