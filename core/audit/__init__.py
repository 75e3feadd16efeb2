"""The audit (law 9): entries in the writer's transaction, sealed into a chain, its signed head sent out of the database."""

from core.audit.service import record

__all__ = ["record"]
