"""`/asyncapi.json`: the sockets' whole truth, made from the pydantic frames (AsyncAPI 3.0)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from controlroom.frames import SERVER_FRAMES
from core.sockets import Hello, Ping, Renew, Shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel

    from core.sockets import SocketDoor

REF = "#/components/schemas/{model}"
COMMON: tuple[type[BaseModel], ...] = (Hello, Ping, Renew, Shown)


def schemas() -> tuple[dict[Any, Any], dict[str, Any]]:
    """Return pydantic's map and definitions of every frame's data, as the server writes them."""
    models = [(model, "serialization") for model in SERVER_FRAMES.values()]
    mapping, document = models_json_schema(models, ref_template=REF)  # pyright: ignore[reportArgumentType] - a literal in a list
    return mapping, document.get("$defs", {})


def asyncapi_of(doors: Iterable[SocketDoor]) -> dict[str, Any]:
    """Return the document for these doors."""
    mapping, definitions = schemas()
    messages: dict[str, Any] = {}
    for name, model in SERVER_FRAMES.items():
        data = mapping[(model, "serialization")]
        messages[name] = {"name": name, "payload": _frame(name, data)}
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for door in doors:
        key = door.path.strip("/").replace("/", "_")
        said = {f"client.{model.__name__}": model for model in COMMON} | {f"client.{kind}": m for kind, (m, _) in door.inbound.items()}
        for name, model in said.items():
            schema = model.model_json_schema(ref_template=REF)
            definitions.update(schema.pop("$defs", {}))
            messages[name] = {"name": name.removeprefix("client."), "payload": schema}
        refs = {name: {"$ref": f"#/components/messages/{name}"} for name in messages if not name.startswith("client.") or name in said}
        channels[key] = {"address": door.path, "messages": refs, "x-roles": sorted(door.roles)}
        operations[f"{key}.send"] = {"action": "send", "channel": {"$ref": f"#/channels/{key}"}}
        operations[f"{key}.receive"] = {"action": "receive", "channel": {"$ref": f"#/channels/{key}"}}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Haber Merkezi", "version": "1"},
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": definitions},
    }


def _frame(name: str, data: dict[str, Any]) -> dict[str, Any]:
    number = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
    properties: dict[str, Any] = {
        "seq": number,
        "prev": number,
        "type": {"const": name},
        "at": {"type": "string", "format": "date-time"},
        "data": data,
    }
    if name == "welcome":
        # The contract writes it flat; its data says the same once more.
        properties |= {"log": {"type": "string", "format": "uuid"}, "replay": {"enum": ["complete", "snapshot"]}}
    return {
        "type": "object",
        "title": name,
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }
