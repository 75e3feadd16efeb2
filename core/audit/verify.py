"""Recompute the chain and compare it with the heads that left the database (`./merkez audit verify`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.audit import store
from core.audit.rules import Break, Head, Seal, check_head, check_link
from core.audit.signing import signature_holds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from core.db import Tx

BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification saw."""

    sealed: int  #: Entries recomputed and found right before the first break.
    waiting: int  #: Entries that wait for the sealer; they are not chained yet.
    heads_inside: int
    heads_outside: int
    broken: Break | None

    def as_json(self) -> dict[str, Any]:
        """Return it as the command prints it."""
        first = self.broken
        return {
            "ok": first is None,
            "sealed": self.sealed,
            "waiting": self.waiting,
            "heads_inside": self.heads_inside,
            "heads_outside": self.heads_outside,
            "broken": first and {"n": first.n, "entry_id": first.entry_id and str(first.entry_id), "why": first.why},
        }


async def verify(
    tx: Tx, outside: Iterable[Head], keys: Mapping[str, Ed25519PublicKey], told: Callable[[int], None] = lambda _n: None
) -> Report:
    """Check chain, heads inside, heads outside and the queue, in that order; `told` hears how far the chain is."""
    sent = sorted(outside, key=lambda head: head.n)
    inside = await store.heads_after(tx, 0)
    last, broken = await _check_chain(tx, told)
    broken = broken or await _check_heads(tx, inside, keys, "inside") or await _check_heads(tx, sent, keys, "outside")
    if broken is None and (lost := await store.unsealed(tx)) is not None:
        broken = Break(None, lost, "the entry has no seal and does not wait for one")
    return Report(0 if last is None else last.n, await store.count_waiting(tx), len(inside), len(sent), broken)


async def _check_chain(tx: Tx, told: Callable[[int], None]) -> tuple[Seal | None, Break | None]:
    last: Seal | None = None
    while links := await store.links(tx, 0 if last is None else last.n, BATCH):
        for seal, entry in links:
            if broken := check_link(last, seal, entry):
                return last, broken
            last = seal
        told(links[-1][0].n)
    return last, None


async def _check_heads(tx: Tx, heads: Iterable[Head], keys: Mapping[str, Ed25519PublicKey], where: str) -> Break | None:
    for head in heads:
        found = await store.hash_at(tx, head.n)
        if broken := check_head(head, found, signature_holds=signature_holds(head, keys), where=where):
            return broken
    return None
