"""The published JSON Schemas of plans and routes, made from the Structs that write them."""

from __future__ import annotations

import json
from typing import Final, cast

import msgspec

from provisioner.model.resource import Json
from provisioner.render import route_wire, wire

_SCHEMAS: Final = "https://ingress-provisioner.io/schemas"
SCHEMA_ID: Final = f"{_SCHEMAS}/plan-1.0.json"
ROUTE_SCHEMA_ID: Final = f"{_SCHEMAS}/route-1.0.json"


def plan_schema() -> str:
    """Return the schema of plans as JSON text, with a newline at its end."""
    return _schema(wire.PlanWire, SCHEMA_ID, title="Plan")


def route_schema() -> str:
    """Return the schema of what ``provisioner route -o json`` prints, likewise."""
    return _schema(route_wire.RouteWire, ROUTE_SCHEMA_ID, title="Route")


def _schema(document: type[wire.Wire], schema_id: str, *, title: str) -> str:
    made = cast("dict[str, Json]", msgspec.json.schema(document))
    definitions = cast("dict[str, Json]", made["$defs"])
    named = {name.removesuffix("Wire"): _polished(body) for name, body in definitions.items()}
    schema: dict[str, Json] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": schema_id,
        "title": title,
        "$ref": f"#/$defs/{title}",
        "$defs": named,
    }
    return json.dumps(schema, indent=2, ensure_ascii=True) + "\n"


def _polished(value: Json) -> Json:
    """Drop the suffix of our class names, and titles that only repeat them."""
    match value:
        case dict():
            return {
                key: _polished(item)
                for key, item in value.items()
                if not (key == "title" and isinstance(item, str) and item.endswith("Wire"))
            }
        case list():
            return [_polished(item) for item in value]
        case str() if value.startswith("#/$defs/"):
            return value.removesuffix("Wire")
        case _:
            return value
