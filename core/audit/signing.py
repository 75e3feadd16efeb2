"""Ed25519 over the heads of the chain: whoever holds only the public key can check, nobody else can sign (docs/decisions/0012)."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from core.audit.rules import Head, Seal, signed_text
from core.keys import KEY_BYTES, secret_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

_PUBLIC = re.compile(r"^audit-([0-9a-f]{16})\.pub$")


class HeadSink(Protocol):
    """A place outside the database where signed heads go: a file, another machine, a notary."""

    async def latest(self) -> int:
        """Return the highest place it holds a head of, 0 for none."""
        ...

    async def send(self, head: Head) -> None:
        """Keep one head for good. Raises `OSError` when it cannot; the head is sent again."""
        ...


class Signer:
    """Holds the private key of one house."""

    def __init__(self, seed: bytes) -> None:
        """Take the key's 32 secret bytes."""
        self._private = Ed25519PrivateKey.from_private_bytes(seed[:KEY_BYTES])
        self.public = self._private.public_key()
        self.key_id = key_id_of(self.public)

    @classmethod
    def at(cls, folder: Path) -> Signer:
        """Read `folder`/audit.key, making it on first use, and leave its public half beside it under its own name.

        A key that was replaced keeps its public file, so that what it signed can still be checked.
        """
        signer = cls(secret_file(folder / "audit.key"))
        public = folder / f"audit-{signer.key_id}.pub"
        if not public.exists():
            public.write_text(signer.public.public_bytes_raw().hex() + "\n", encoding="ascii")
        return signer

    def head(self, last: Seal, at: datetime) -> Head:
        """Return the signed head of a chain that ends with `last`."""
        return Head(last.n, last.hash, at, self.key_id, self._private.sign(signed_text(last.n, last.hash, at)))


def key_id_of(public: Ed25519PublicKey) -> str:
    """Return the name of a key: the first 16 hex digits of its SHA-256."""
    return sha256(public.public_bytes_raw()).hexdigest()[:16]


def public_keys(folder: Path) -> dict[str, Ed25519PublicKey]:
    """Return the public keys kept in `folder` as audit-KEYID.pub. Raises `ValueError` where a file is not the key it is named after."""
    keys: dict[str, Ed25519PublicKey] = {}
    for path in sorted(folder.glob("audit-*.pub")):
        named = _PUBLIC.match(path.name)
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(path.read_text(encoding="ascii").strip()))
        if named is None or key_id_of(public) != named[1]:
            message = f"{path.name} does not hold the key it is named after"
            raise ValueError(message)
        keys[named[1]] = public
    return keys


def signature_holds(head: Head, keys: Mapping[str, Ed25519PublicKey]) -> bool | None:
    """Whether a head was signed by the key it names; None when that key is not among `keys`."""
    public = keys.get(head.key_id)
    if public is None:
        return None
    try:
        public.verify(head.signature, signed_text(head.n, head.hash, head.at))
    except InvalidSignature:
        return False
    return True
