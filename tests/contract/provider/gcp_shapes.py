"""Whether values are what the Compute API takes, by the description of it that Google publishes."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from provisioner.model.change import Action, Step
from provisioner.model.resource import Json, to_json
from provisioner.sandbox.gcp.discovery import discovery
from provisioner.sandbox.gcp.errors import RefusalError
from provisioner.sandbox.gcp.schema import conform

# Kinds that Google has no resource for -> what takes their fields.
_SCHEMAS: Mapping[str, str] = MappingProxyType(
    {
        "NetworkEndpoints": "NetworkEndpointGroupsAttachEndpointsRequest",
        "NamedPorts": "InstanceGroupsSetNamedPortsRequest",
        "SignedUrlKey": "SignedUrlKey",
    }
)
_OURS = frozenset(
    {
        *("region", "zone", "project"),  # where it is, which the URL says
        *("networkEndpointGroup", "instanceGroup", "backendService"),  # and what it belongs to
        "instances",
    }
)
_STANDING_IN = ({"ref"}, {"fingerprint"})
"""Keys of an object that stands for what is known, or told, only when the call is made."""


@functools.cache
def requests() -> Mapping[str, str]:
    """Return the schema of the body of every method, by its published name."""
    found = importlib.util.find_spec("googleapiclient")
    assert found is not None
    assert found.submodule_search_locations is not None
    folder = Path(found.submodule_search_locations[0], "discovery_cache", "documents")
    document: dict[str, Any] = msgspec.json.decode((folder / "compute.v1.json").read_bytes())
    return MappingProxyType(
        {
            method["id"].removeprefix("compute."): method.get("request", {}).get("$ref", "")
            for resource in document["resources"].values()
            for method in resource["methods"].values()
        }
    )


def writing() -> tuple[str, ...]:
    """Return the name of every method that changes something."""
    return tuple(name for name in requests() if not name.rpartition(".")[2].startswith(_READS))


_READS = ("get", "list", "aggregatedList", "validate", "wait", "testIamPermissions")


def misshapen_fields(step: Step) -> Iterator[str]:
    """Return what is wrong with the planned fields of a step."""
    if step.action is Action.DELETE:
        return
    for change in step.fields:
        if change.path not in _OURS and change.after is not None:
            body = {change.path: _substituted(to_json(change.after))}
            yield from _refused(
                f"{step.id} {change.path}", _SCHEMAS.get(step.kind, step.kind), body
            )


def misshapen_calls(step: Step) -> Iterator[str]:
    """Return what is wrong with the bodies of a step's calls."""
    for call in step.calls:
        schema = requests().get(call.operation)
        if schema is None:
            yield f"{step.id}: there is no {call.operation}"
        elif schema:
            body = _substituted(to_json(call.parameters.get("body", {})))
            yield from _refused(f"{step.id} {call.operation}", schema, body)


def _refused(where: str, schema: str, body: Json) -> Iterator[str]:
    try:
        conform(discovery(), schema, _without_places(body))
    except RefusalError as error:
        yield f"{where}: {error.message} {error.body()}"


def _without_places(body: Json) -> Json:
    if not isinstance(body, dict):
        return body
    return {key: value for key, value in body.items() if key not in ("region", "zone", "project")}


def _substituted(value: Json) -> Json:
    """Put a text in the place of every reference and secret."""
    if isinstance(value, dict):
        if set(value) in _STANDING_IN:
            return "eHh4"
        return {key: _substituted(item) for key, item in value.items()}
    return [_substituted(item) for item in value] if isinstance(value, list) else value
