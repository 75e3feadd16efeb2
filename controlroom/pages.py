"""Serves the built pages (`map-ui/dist`) and what they ask before anybody has signed in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastapi.responses import JSONResponse
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.responses import Response
    from starlette.types import Scope

    from controlroom.settings import Settings

DIST = Path(__file__).resolve().parent.parent / "map-ui" / "dist"


class Pages(StaticFiles):
    """Static files; names with a content hash may be kept for good, pages are asked for again each time."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Serve one file."""
        response = await super().get_response(path, scope)
        immutable = path.startswith("assets/")
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if immutable else "no-cache"
        return response


def mount(app: FastAPI, settings: Settings) -> None:
    """Serve the pages at `/` and their configuration; without a build only the API is served, and `/` says so."""
    config = {
        "demo": settings.demo,
        "map": {"style_day": settings.map.style_day, "style_night": settings.map.style_night},
    }
    app.add_api_route("/api/v1/config", lambda: config, methods=["GET"], tags=["pages"])
    if DIST.is_dir():
        app.mount("/", Pages(directory=DIST, html=True), name="pages")
    else:
        note = {"tr": "Sayfalar derlenmemiş: ./merkez doctor", "en": "The pages are not built: ./merkez doctor"}
        app.add_api_route("/", lambda: JSONResponse(note, 503), methods=["GET"], include_in_schema=False)
