"""What a case expects: the short notation of the corpus spelled out as whole resources.

A resource stands under ``<Kind> [<zone or region>/]<name>`` and starts from the plain one of its
kind (``kinds`` of ``parts.yaml``), so that a case says what differs. ``null`` takes a field, or a
resource of a part that the case is *like*, away. Nothing is computed but what the notation says:

* ``$um`` is the identity that ``names`` of ``parts.yaml`` has for it, in keys and in values;
* ``groups`` of a backend service are its backends, each with what GKE says of a group: RATE, and
  one request per second for each endpoint or instance;
* ``hosts`` of a URL map are its host rules and path matchers: ``{<host>: {<path>: <service>}}``;
  the name of a path matcher stands in ``matchers`` of ``parts.yaml``, its default service is that
  of the map;
* ``of`` are the Ingresses of a resource, those of the plain one of its kind where nothing is said;
* ``later`` is a value that is known after apply alone.

``firewall`` and ``nodePorts`` of a case are what the cluster has once: the firewall rule with its
ports, and the instance groups of the two zones with their named ports.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

Fields = Mapping[str, object]
Stack = Mapping[str, Fields | None]

ZONES: Final = {"europe-west1-b": "node-a", "europe-west1-c": "node-b"}
GOOGLE: Final = ("130.211.0.0/22", "35.191.0.0/16")


class Spelling(msgspec.Struct, forbid_unknown_fields=True):
    """What the notation stands for."""

    kinds: dict[str, dict[str, object]]
    names: dict[str, str]
    matchers: dict[str, str]

    def spelled(self, resources: Mapping[str, Fields]) -> dict[str, dict[str, object]]:
        """Return whole resources."""
        return {self._full(identity): self._resource(identity, resources) for identity in resources}

    def identity(self, short: str) -> str:
        """Return the identity that a word stands for."""
        return self._full(short)

    def _resource(self, identity: str, resources: Mapping[str, Fields]) -> dict[str, object]:
        kind = self._full(identity).partition(" ")[0]
        fields = {**self.kinds.get(kind, {}), **resources[identity]}
        fields = {key: self._value(value) for key, value in fields.items() if value is not None}
        fields["(ingresses)"] = fields.pop("of", [])
        if "groups" in fields:
            fields["backends"] = [_backend(group) for group in _texts(fields.pop("groups"))]
        if kind == "UrlMap":
            fields["hosts"] = self._hosts(fields)
        return fields

    def _hosts(self, fields: Fields) -> dict[str, object]:
        hosts = msgspec.convert(fields.get("hosts", {}), dict[str, dict[str, object]])
        default = {"defaultService": fields.get("defaultService")}
        return {
            host: {"name": self.matchers[host], **default, "paths": paths}
            for host, paths in hosts.items()
        }

    def _value(self, value: object) -> object:
        match value:
            case str():
                return self._full(value)
            case dict():
                return {key: self._value(item) for key, item in value.items()}
            case list():
                return [self._value(item) for item in value]
            case _:
                return value

    def _full(self, text: str) -> str:
        if not text.startswith("$"):
            return text
        word, _, rest = text.removeprefix("$").partition(" ")
        return f"{self.names[word]} {rest}" if rest else self.names[word]


def nodes(ports: list[int]) -> dict[str, Fields]:
    """Return the instance groups, their machines, and what they call these node ports."""
    named = [{"name": f"port{port}", "port": port} for port in ports]
    found: dict[str, Fields] = {}
    for zone, machine in ZONES.items():
        name = f"{zone}/k8s-ig--0123456789abcdef"
        whole = {"zone": zone, "instanceGroup": f"InstanceGroup {name}"}
        link = f"projects/project-1/zones/{zone}/instances/{machine}"
        found[f"InstanceGroup {name}"] = {"zone": zone}
        found[f"Instances {name}"] = {**whole, "instances": [link]}
        found[f"NamedPorts {name}"] = {**whole, "namedPorts": named}
    return found


def firewall(ports: list[str], sources: list[str]) -> dict[str, Fields]:
    """Return the firewall rule of the cluster."""
    allowed = [{"IPProtocol": "tcp", "ports": ports}]
    return {
        "Firewall k8s-fw-l7--0123456789abcdef": {
            "allowed": allowed,
            "sourceRanges": [*sources, *GOOGLE],
        }
    }


def _backend(group: str) -> dict[str, object]:
    pods = group.startswith("NetworkEndpointGroup ")
    return {
        "group": group,
        "balancingMode": "RATE",
        "capacityScaler": 1,
        "maxRatePerEndpoint" if pods else "maxRatePerInstance": 1,
    }


def _texts(value: object) -> list[str]:
    return msgspec.convert(value, list[str])
