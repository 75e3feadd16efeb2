"""The pages' types are made from the server's own description; this keeps the committed copy true (law 11)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.live import Live

COPY = Path(__file__).resolve().parents[2] / "map-ui" / "wire" / "asyncapi.json"


def test_the_types_of_the_pages_are_made_from_what_the_server_says(live: Live) -> None:
    said = live.get("/asyncapi.json").json()
    text = json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if os.environ.get("MERKEZ_WRITE_WIRE"):
        COPY.write_text(text, encoding="utf-8")

    assert COPY.read_text(encoding="utf-8") == text, "run this with MERKEZ_WRITE_WIRE=1, then `npm run wire` in map-ui"
