"""Structured logs: JSON lines with a request id and no personal data.

Rooms log ids and kinds, never names, numbers, positions, plates or bodies; `scrub` drops known personal keys should one slip in.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any, TextIO

import structlog

if TYPE_CHECKING:
    from collections.abc import MutableMapping

PERSONAL = frozenset(
    {"phone", "name", "tc_no", "address", "plate", "token", "password", "code", "lon", "lat", "position", "body", "username", "email"}
)


def scrub(_logger: object, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop keys that name personal data."""
    for key in PERSONAL & entry.keys():
        entry[key] = "[personal]"
    return entry


def configure(*, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every log, uvicorn's too, as JSON lines to `stream` (stderr)."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        scrub,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
