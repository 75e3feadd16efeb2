"""Every error leaves the house as problem+json in the caller's language (law 12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import psycopg
import structlog
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from starlette.exceptions import HTTPException

from core.errors import Lang, NotAllowed, NotFound, NotReady, NotSignedIn, Problem, TooLarge, WrongBody
from core.web import language

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

#: What every refusal carries (RFC 9457), and where a document of ours finds its form.
MEDIA_TYPE = "application/problem+json"
SCHEMA_REF = "#/components/schemas/Problem"

_log = structlog.get_logger("http")

#: pydantic's words in Turkish, for the errors people meet; the rest keep their English text beside the type.
_TURKISH = {
    "missing": "Bu alan zorunludur",
    "extra_forbidden": "Böyle bir alan yok",
    "uuid_parsing": "Geçerli bir UUID değil",
    "json_invalid": "Geçerli bir JSON değil",
    "int_parsing": "Tam sayı olmalı",
    "float_parsing": "Sayı olmalı",
    "finite_number": "Sonlu bir sayı olmalı",
    "bool_parsing": "Doğru ya da yanlış olmalı",
    "enum": "İzin verilen değerlerden biri değil",
    "literal_error": "İzin verilen değerlerden biri değil",
    "string_too_long": "Metin çok uzun",
    "string_too_short": "Metin çok kısa",
    "timezone_aware": "Zaman, saat dilimiyle yazılmalı (RFC 3339)",
    "datetime_parsing": "Geçerli bir zaman değil (RFC 3339)",
    "datetime_from_date_parsing": "Geçerli bir zaman değil (RFC 3339)",
    "too_long": "Liste çok uzun",
    "too_short": "Liste çok kısa",
}


class WrongMethod(Problem):
    """The route does not take this method."""

    status = 405
    slug = "wrong-method"
    title_tr = "Yöntem geçersiz"
    title_en = "Wrong method"
    tr = "Bu adres bu yöntemi kabul etmiyor."
    en = "This address does not take this method."


def respond(problem: Problem, lang: str) -> JSONResponse:
    """Return the RFC 9457 response."""
    body = problem.body(cast("Lang", lang))
    headers = {**problem.headers, "Content-Language": lang}
    return JSONResponse(body, problem.status, headers, media_type=MEDIA_TYPE)


def told(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """Return a route's `responses`: the problems that it has beside those every route of its kind has (`controlroom.openapi`)."""
    lines: dict[int | str, list[str]] = {}
    for kind in kinds:
        lines.setdefault(kind.status, []).append((kind.__doc__ or kind.en).splitlines()[0])
    content = {MEDIA_TYPE: {"schema": {"$ref": SCHEMA_REF}}}
    return {status: {"description": " Or: ".join(texts), "content": content} for status, texts in lines.items()}


def field_errors(errors: list[Any], lang: str) -> list[dict[str, object]]:
    """Say which field is wrong and how, without repeating what was sent (it may be personal)."""
    return [
        {
            "field": ".".join(str(step) for step in error["loc"]),
            "type": error["type"],
            "message": _TURKISH.get(error["type"], error["msg"]) if lang == "tr" else error["msg"],
        }
        for error in errors[:20]
    ]


async def _problem(request: Request, problem: Problem) -> JSONResponse:
    return respond(problem, language(request))


async def _validation(request: Request, fault: RequestValidationError) -> JSONResponse:
    lang = language(request)
    return respond(WrongBody(extra={"errors": field_errors(list(fault.errors()), lang)}), lang)


async def _http(request: Request, fault: HTTPException) -> JSONResponse:
    known: dict[int, type[Problem]] = {401: NotSignedIn, 403: NotAllowed, 404: NotFound, 405: WrongMethod, 400: WrongBody, 422: WrongBody}
    if fault.status_code == TooLarge.status:
        return respond(TooLarge(limit="?"), language(request))
    return respond(known.get(fault.status_code, Problem)(), language(request))


async def _database(request: Request, fault: Exception) -> JSONResponse:
    cause = fault.orig if isinstance(fault, DBAPIError) else fault
    if isinstance(cause, psycopg.DataError):
        return respond(WrongBody(), language(request))
    _log.error("database", error=type(cause).__name__, exc_info=fault)
    return respond(NotReady(), language(request))


async def _unexpected(request: Request, fault: Exception) -> JSONResponse:
    _log.error("unexpected", error=type(fault).__name__, exc_info=fault)
    return respond(Problem(), language(request))


def install(app: FastAPI) -> None:
    """Register the handlers."""
    handlers: dict[Any, Any] = {
        Problem: _problem,
        RequestValidationError: _validation,
        HTTPException: _http,
        psycopg.Error: _database,
        SQLAlchemyError: _database,
        OSError: _database,
        Exception: _unexpected,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
