"""`/openapi.json`: FastAPI's document, completed by what it cannot know: every refusal is problem+json, who may enter, and with what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from core.errors import AnotherBody, NotAllowed, NotFound, NotReady, NotSignedIn, TooLarge, WrongBody
from core.problems import SCHEMA_REF, told
from core.web import Allow

if TYPE_CHECKING:
    from fastapi import FastAPI
    from fastapi.dependencies.models import Dependant

    from core.errors import Problem
    from core.identity import Role

#: RFC 9457 as every room fills it; a room may add members of its own.
PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "slug", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "pattern": "^urn:merkez:problem:"},
        "slug": {"type": "string", "description": "The last part of `type`: what a program compares."},
        "title": {"type": "string", "description": "In the language of Content-Language."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "In the language of Content-Language."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "type"],
                "properties": {"field": {"type": "string"}, "type": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
_BEARER = "bearer"


def describe(app: FastAPI) -> None:
    """Have `app` publish the completed document."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = openapi_of(app)
        return app.openapi_schema

    app.openapi = openapi


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """Return the document of the routes that stand in `app` now."""
    document = get_openapi(
        title=app.title, version=app.version, routes=app.routes, separate_input_output_schemas=app.separate_input_output_schemas
    )
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for fastapis_own in ("HTTPValidationError", "ValidationError"):
        schemas.pop(fastapis_own, None)
    schemas[SCHEMA_REF.rpartition("/")[2]] = PROBLEM
    parts["securitySchemes"] = {_BEARER: {"type": "http", "scheme": "bearer"}}
    admits = _admitted(app)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            _complete(operation, path, schemas, admits.get((method, path)))
    return document


def _complete(operation: dict[str, Any], path: str, schemas: dict[str, Any], roles: frozenset[Role] | None) -> None:
    responses: dict[str, Any] = operation["responses"]
    reads = _is_fastapis(responses.get("422"))  # FastAPI tells of a 422 wherever it reads parameters or a body
    if reads:
        del responses["422"]
    if roles is not None:
        operation["security"] = [{_BEARER: []}]
        operation["x-roles"] = sorted(roles)
    for status, response in told(*_general(operation, path, schemas, guarded=roles is not None, reads=reads)).items():
        # What the route says itself of a status is nearer to the matter.
        responses.setdefault(str(status), response)
    operation["responses"] = dict(sorted(responses.items()))


def _general(operation: dict[str, Any], path: str, schemas: dict[str, Any], *, guarded: bool, reads: bool) -> list[type[Problem]]:
    """Return the problems that every route of this kind has."""
    takes_body = "requestBody" in operation
    kinds: list[type[Problem]] = [NotReady]
    if guarded:
        kinds += [NotSignedIn, NotAllowed]
    if reads:
        kinds.append(WrongBody)
    if takes_body:
        kinds.append(TooLarge)
    if "{" in path:
        kinds.append(NotFound)
    if takes_body and _takes_client_id(operation, schemas):
        kinds.append(AnotherBody)
    return kinds


def _takes_client_id(operation: dict[str, Any], schemas: dict[str, Any]) -> bool:
    media = operation["requestBody"]["content"].values()
    refs = [one["schema"].get("$ref", "").rpartition("/")[2] for one in media]
    return any("client_id" in schemas.get(ref, {}).get("required", []) for ref in refs)


def _is_fastapis(response: dict[str, Any] | None) -> bool:
    return response is not None and "application/json" in response.get("content", {})


def _admitted(app: FastAPI) -> dict[tuple[str, str], frozenset[Role]]:
    """Return the roles that `allow` lets into each guarded operation."""
    found: dict[tuple[str, str], frozenset[Role]] = {}
    for route in iter_route_contexts(app.routes):
        dependant: Dependant | None = getattr(route, "dependant", None)
        roles = None if dependant is None else _roles_of(dependant)
        if roles is not None:
            found |= {(method.lower(), str(getattr(route, "path_format", ""))): roles for method in getattr(route, "methods", None) or ()}
    return found


def _roles_of(dependant: Dependant) -> frozenset[Role] | None:
    if isinstance(dependant.call, Allow):
        return dependant.call.roles
    return next((roles for below in dependant.dependencies if (roles := _roles_of(below)) is not None), None)
