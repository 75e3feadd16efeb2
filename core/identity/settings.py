"""Settings of identity; built once by `controlroom` and passed down. Variables: `IDENTITY_…`, nested with two underscores."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretBytes, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

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


# --- an organisation's sign-in -----------------------------------------------------------------------------------------------


def is_loopback(url: str) -> bool:
    """Whether an address stays on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_safe(url: str) -> bool:
    """Whether secrets may go there: https, or this machine. An address that carries a password of its own is none of ours."""
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.username is None and not parts.fragment
    except ValueError:
        return False
    return usable and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url)))


def _safe(url: str) -> str:
    if not is_safe(url):
        message = "must be an https address without a user name (http on this machine only)"
        raise ValueError(message)
    return url


def _origin(url: str) -> str:
    parts = urlsplit(_safe(url))
    if parts.path or parts.query:
        message = "must be an origin: https://host, without a path"
        raise ValueError(message)
    return url


def _by_comma(told: object) -> object:
    return [part.strip() for part in told.split(",") if part.strip()] if isinstance(told, str) else told


class OidcSettings(BaseSettings):
    """Where an organisation signs its people in (docs/decisions/0016). Nothing set: the house has passwords alone."""

    model_config = SettingsConfigDict(env_prefix="OIDC_", env_ignore_empty=True)

    #: The provider's own name, to the letter; its discovery document lies below it.
    issuer: Annotated[str, AfterValidator(_safe)] | None = None
    #: What the provider calls this house.
    client_id: str | None = Field(default=None, min_length=1)
    #: A confidential client's secret; a public one has PKCE alone.
    client_secret: SecretStr | None = None
    #: The claim that holds the user name of the account here.
    username_claim: str = Field(default="preferred_username", min_length=1)
    #: What the page asks for.
    scopes: str = Field(default="openid profile", pattern=r"^openid( [!#-\[\]-~]+)*$")
    #: Where the pages live, comma separated; without it the origin that a request was sent to.
    origins: Annotated[list[Annotated[str, AfterValidator(_origin)]], NoDecode, BeforeValidator(_by_comma)] = []

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.issuer is None) != (self.client_id is None):
            message = "OIDC_ISSUER and OIDC_CLIENT_ID belong together"
            raise ValueError(message)
        return self
