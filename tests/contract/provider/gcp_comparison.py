"""Whether a Google project holds what a plan said, field by field, read over plain REST."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from provisioner.model.resource import Json
from tests.contract.provider.comparing import creations, difference
from tests.contract.provider.gcp_things import Rest, path_of, things

_PARENTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "NetworkEndpoints": ("gcp:network-endpoints/", "gcp:network-endpoint-group/"),
        "Instances": ("gcp:instances/", "gcp:instance-group/"),
        "NamedPorts": ("gcp:named-ports/", "gcp:instance-group/"),
    }
)
_OURS = frozenset({"region", "zone", "project", "networkEndpointGroup", "instanceGroup"})
"""Where something is and what it belongs to: the URL says it, not the resource."""


class Comparison:
    """Says where the project differs from what a plan said would be in it."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._bodies = {each.address: each.body for each in things(rest)}

    def problems(self, plan: Json) -> Iterator[str]:
        """Return every difference, in words."""
        for kind, address, spec in creations(plan):
            actual = self._actual(kind, address)
            for field, planned in spec.items():
                if field in _OURS or field == "selfManaged":
                    continue
                found = difference(self._resolved(planned), _short(actual.get(field)))
                if found:
                    yield f"{address}: {field}: {found}"

    def _actual(self, kind: str, address: str) -> dict[str, Json]:
        old, new = _PARENTS.get(kind, ("", ""))
        body = self._bodies[address.replace(old, new, 1) if old else address]
        path = path_of(str(body["selfLink"]))
        match kind:
            case "NetworkEndpoints":
                listed = self._rest.call("POST", f"{path}/listNetworkEndpoints", {})
                found = [each["networkEndpoint"] for each in listed.get("items", [])]
                return {"networkEndpoints": found}
            case "Instances":
                listed = self._rest.call("POST", f"{path}/listInstances", {})
                return {"instances": [each["instance"] for each in listed.get("items", [])]}
            case _:
                return dict(body)

    def _resolved(self, value: Json) -> Json:
        if isinstance(value, dict):
            if set(value) == {"ref"}:
                address, _, field = str(value["ref"]).rpartition(".")
                body = self._bodies[address]
                return path_of(str(body.get(field) or body.get("address")))
            return {key: self._resolved(item) for key, item in value.items()}
        return [self._resolved(item) for item in value] if isinstance(value, list) else value


def _short(value: Json) -> Json:
    """Return a value with links as paths."""
    if isinstance(value, dict):
        return {key: _short(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_short(item) for item in value]
    return path_of(value) if isinstance(value, str) and value.startswith("http") else value
