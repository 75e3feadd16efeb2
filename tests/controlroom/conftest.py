"""Fixtures of the top floor."""

from tests.live import clone_url, live, shared_live

__all__ = ["clone_url", "live", "shared_live"]
