"""Which methods of the Compute API the product can call, read from its code.

What reads stands in the code as the literal name of a method. What writes is composed of a
collection and a verb, both literals, so every pair that Google publishes counts, but for those that
no resource of ours ever makes.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import json
from pathlib import Path

from tests.unit.docs.places import ROOT

CODE = ROOT / "providers" / "gcp"
READING_POSTS = frozenset({"getHealth", "listInstances", "listNetworkEndpoints", "validate"})
GROUPS = frozenset(
    {
        "addresses",
        "backendServices",
        "firewalls",
        "forwardingRules",
        "globalAddresses",
        "globalForwardingRules",
        "healthChecks",
        "instanceGroups",
        "networkEndpointGroups",
        "regionBackendServices",
        "regionHealthChecks",
        "regionSslCertificates",
        "regionTargetHttpProxies",
        "regionTargetHttpsProxies",
        "regionUrlMaps",
        "sslCertificates",
        "targetHttpProxies",
        "targetHttpsProxies",
        "urlMaps",
    }
)
NEVER_COMPOSED = frozenset(
    {f"{group}.patch" for group in GROUPS if not group.endswith(("Proxies", "ForwardingRules"))}
    | {"forwardingRules.patch"}
) - {"backendServices.patch"}
"""Only proxies are patched, and what leaves the classic scheme: all else is updated whole, or
replaced."""


@functools.cache
def _literals(folder: Path) -> frozenset[str]:
    found = set[str]()
    for path in sorted(folder.rglob("*.py")):
        found |= {
            node.value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
    return frozenset(found)


def reads() -> frozenset[str]:
    """Return the names of all methods that a plan may call."""
    literals = _literals(CODE)
    return (
        frozenset(name for name, http in _published() if name in literals and _reads(name, http))
        - _polls()
    )


def writes() -> frozenset[str]:
    """Return the names of all methods that change something."""
    literals = _literals(CODE / "changes")
    words = literals | {
        f"{verb}{noun}"
        for verb in literals & {"attach", "detach", "add", "remove"}
        for noun in ("NetworkEndpoints", "Instances")
    }
    return (
        frozenset(
            name
            for name, http in _published()
            for group, _, verb in (name.partition("."),)
            if group in literals & GROUPS and verb in words and not _reads(name, http)
        )
        - NEVER_COMPOSED
    )


def reads_of_writers() -> frozenset[str]:
    """Return what a writer reads: operations, and what it is about to change."""
    published = {name for name, _ in _published()}
    getters = {f"{name.partition('.')[0]}.get" for name in writes()}
    return frozenset(getters & published) | _polls()


def _polls() -> frozenset[str]:
    return frozenset({"globalOperations.get", "regionOperations.get", "zoneOperations.get"})


def _reads(name: str, http: str) -> bool:
    return http == "GET" or name.rpartition(".")[2] in READING_POSTS


@functools.cache
def published_resources() -> dict[str, dict[str, dict[str, dict[str, object]]]]:
    """Return the collections that the discovery document of the Compute API describes."""
    found = importlib.util.find_spec("googleapiclient")
    assert found is not None
    assert found.submodule_search_locations
    home = Path(found.submodule_search_locations[0])
    text = (home / "discovery_cache" / "documents" / "compute.v1.json").read_bytes()
    resources: dict[str, dict[str, dict[str, dict[str, object]]]] = json.loads(text)["resources"]
    return resources


@functools.cache
def _published() -> tuple[tuple[str, str], ...]:
    """Return every published method: its name and its HTTP method."""
    return tuple(
        (str(method["id"]).removeprefix("compute."), str(method["httpMethod"]))
        for resource in published_resources().values()
        for method in resource["methods"].values()
    )
