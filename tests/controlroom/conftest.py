"""Fixtures of the top floor."""

from tests.live import live, shared_live

__all__ = ["live", "shared_live"]
