"""The published JSON Schema of plans, made from the Structs that write them."""

from __future__ import annotations

import json
from typing import Final, cast

import msgspec

from provisioner.model.resource import Json
from provisioner.render import wire

SCHEMA_ID: Final = "https://ingress-provisioner.io/schemas/plan-1.0.json"


def plan_schema() -> str:
    """Return the schema of plans as JSON text, with a newline at its end."""
    made = cast("dict[str, Json]", msgspec.json.schema(wire.PlanWire))
    definitions = cast("dict[str, Json]", made["$defs"])
    named = {name.removesuffix("Wire"): _polished(body) for name, body in definitions.items()}
    schema: dict[str, Json] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "Plan",
        "$ref": "#/$defs/Plan",
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
