"""Opaque tokens: 256 random bits, or derived from a secret the database lacks; it only ever sees SHA-256 of them."""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

NONCE_BYTES = 32


def new_token() -> str:
    """Return a fresh token of 256 random bits, base64url without padding."""
    return secrets.token_urlsafe(32)


def new_nonce() -> bytes:
    """Return fresh bytes to derive one token with."""
    return secrets.token_bytes(NONCE_BYTES)


def token_hash(token: str) -> bytes:
    """Return what is stored of a token. Unsalted SHA-256 suffices: there is nothing to guess in 256 random bits."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def successor(token: str, nonce: bytes) -> str:
    """Return the refresh token after `token`: who holds the old one and the row gets the same again (docs/decisions/0010)."""
    return _text(sha256(b"refresh\0" + token.encode() + nonce).digest())


def device_token(key: bytes, device_id: UUID, nonce: bytes) -> str:
    """Return a device's token. `key` lies outside the database, `nonce` inside it for a day (docs/decisions/0011)."""
    return _text(hmac.digest(key, b"device\0" + device_id.bytes + nonce, "sha256"))


def oidc_token(key: bytes, purpose: str, session_id: UUID, proof: bytes) -> str:
    """Return a token of a session that an organisation's sign-in opened: whoever repeats the request with its secrets gets the same one.

    `proof` stands for those secrets and is nowhere stored (docs/decisions/0016).
    """
    return _text(hmac.digest(key, b"\0".join((b"oidc", purpose.encode(), session_id.bytes + proof)), "sha256"))


def key_of(*parts: str) -> bytes:
    """Return a key for things that must be found again but not be read, such as a typed user name and a source."""
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()


def _text(digest: bytes) -> str:
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
