"""Commands for people who may do what we may not: firewall rules of a Shared VPC's host project.

The network of a Shared VPC is often somebody else's to open. GKE Ingress then tells the command in
an Event, and so do we: who reads it can pass it on as it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

_FRESH = ("network", "direction")
"""What a rule has from the start; ``update`` does not take it."""


def firewall_line(fields: Mapping[str, object], *, name: str, project: str, new: bool) -> str:
    """Return the line that makes a firewall rule, or changes one.

    Args:
        fields: The rule as the API spells it; what is not known yet gets a word in capitals.
        name: Its name, "" where that is not known yet.
        project: The project that it belongs to.
        new: Whether it does not exist yet.
    """
    options = {
        "network": str(fields.get("network")).rpartition("/")[2],
        "direction": "INGRESS",
        "allow": ",".join(f"tcp:{port}" for port in sorted(open_ports(fields))) or "tcp:PORTS",
        "source-ranges": _joined(fields.get("sourceRanges")) or "PROXY_ONLY_SUBNET",
        "target-tags": _joined(fields.get("targetTags")) or "TAGS_OF_THE_NODES",
        "project": project,
    }
    said = (f"--{word} {text}" for word, text in options.items() if new or word not in _FRESH)
    verb = "create" if new else "update"
    return f"gcloud compute firewall-rules {verb} {name or 'NAME'} {' '.join(said)}"


def open_ports(fields: Mapping[str, object]) -> frozenset[str]:
    """Return the ports and ranges that a rule opens."""
    return frozenset(_ports(fields.get("allowed")))


def _ports(allowed: object) -> Iterator[str]:
    for entry in _listed(allowed):
        if isinstance(entry, Mapping):
            yield from (str(port) for port in _listed(entry.get("ports")))


def _joined(value: object) -> str:
    return ",".join(str(item) for item in _listed(value))


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, tuple | list) else ()
