"""Settings of identity; built once by `controlroom` and passed down. Variables: `IDENTITY_…`, nested with two underscores."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field, SecretBytes
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.keys import secret_file


class PasswordSettings(BaseModel):
    """argon2id: RFC 9106's second recommendation, for servers that cannot spare 2 GiB a sign-in."""

    #: Passes over the memory.
    time_cost: int = Field(default=3, ge=1)
    #: Memory of one hash in KiB.
    memory_kib: int = Field(default=65_536, ge=8)
    #: Lanes of one hash.
    parallelism: int = Field(default=4, ge=1)
    #: Hashes at the same time: 64 MiB and a core each.
    at_once: int = Field(default=2, ge=1)
    #: Sign-ins that may wait for their turn; one more is asked to come back (429).
    may_wait: int = Field(default=64, ge=0)


class IdentitySettings(BaseSettings):
    """How long tokens live, and what devices' tokens are derived with."""

    model_config = SettingsConfigDict(env_prefix="IDENTITY_", env_nested_delimiter="__")

    #: argon2id's parameters and bounds.
    passwords: PasswordSettings = PasswordSettings()
    #: An access token's life: a stolen one is worth little; sockets renew in band.
    access_ttl: timedelta = timedelta(minutes=12)
    #: A refresh token unused for this long has lapsed: a shift and its hand-over.
    refresh_ttl: timedelta = timedelta(hours=16)
    #: Once in this time everybody shows the password again.
    family_ttl: timedelta = timedelta(days=7)
    #: Where the key below is read from, made on first use; several API processes share the file.
    token_key_file: Path | None = None
    #: Derives device tokens; it lies outside the database (docs/decisions/0011). 32 bytes or more.
    token_key: SecretBytes = Field(min_length=32)

    @classmethod
    def at(cls, state_dir: Path) -> Self:
        """Read the environment, and the key from `IDENTITY_TOKEN_KEY_FILE` or `state_dir`/keys/token.key."""
        env = _KeyPlace()
        place = env.token_key_file or state_dir / "keys" / "token.key"
        return cls(token_key=SecretBytes(secret_file(place)))


class _KeyPlace(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="IDENTITY_")

    token_key_file: Path | None = None
