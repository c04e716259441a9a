"""Methods of the Compute API: the way from a published name to a request, and to a permission.

The API is regular: a method is a verb on a collection, and its URL is the collection's in the place
that it is about, with the resource's name and the verb's own word behind it. What is not regular is
a table here. IAM's names follow from the same parts; what a method needs besides (the right to use
what its resource refers to) is in ``uses``.

Sources: the discovery document of the Compute API (``compute.v1``) and the "IAM Permissions" of
each method in its reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_HTTP: Mapping[str, str] = MappingProxyType(
    {
        "get": "GET",
        "list": "GET",
        "aggregatedList": "GET",
        "getXpnHost": "GET",
        "insert": "POST",
        "update": "PUT",
        "patch": "PATCH",
        "delete": "DELETE",
    }
)

READING_POSTS = frozenset({"getHealth", "listInstances", "listNetworkEndpoints", "validate"})
"""POST, yet nothing changes."""

# Published before URLs of global resources said "global".
_WITHOUT_SCOPE = frozenset(
    {
        "targetHttpProxies.setUrlMap",
        "targetHttpsProxies.setUrlMap",
        "targetHttpsProxies.setSslCertificates",
    }
)

_PERMISSION_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "insert": "create",
        "patch": "update",
        "aggregatedList": "list",
        # Asking an endpoint group or a service about its members is reading it.
        "listNetworkEndpoints": "get",
        "listInstances": "list",
        "getHealth": "get",
        "getXpnHost": "get",
        "addInstances": "update",
        "removeInstances": "update",
        "setNamedPorts": "update",
    }
)
_REGIONAL_TWINS = frozenset(
    {
        "backendServices",
        "healthChecks",
        "sslCertificates",
        "sslPolicies",
        "targetHttpProxies",
        "targetHttpsProxies",
        "urlMaps",
    }
)
_GLOBAL_TWINS = frozenset({"addresses", "forwardingRules"})


class UnknownMethodError(ValueError):
    """A name that no method of ours has; a bug."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A published method.

    Attributes:
        name: Its id (``regionUrlMaps.insert``).
        http: The HTTP method.
        collection: The word in URLs (``urlMaps``).
        verb: The last word of the id.
    """

    name: str
    http: str
    collection: str
    verb: str

    @property
    def reads(self) -> bool:
        """Whether carrying it out changes nothing."""
        return self.http == "GET" or self.verb in READING_POSTS

    def path(self, project: str, scope: str = "global", name: str = "") -> str:
        """Return the path of its URL below the version.

        Args:
            project: The project.
            scope: ``global``, ``regions/<name>`` or ``zones/<name>``.
            name: The resource, "" for methods on the collection.
        """
        if self.verb == "aggregatedList":
            return f"projects/{project}/aggregated/{self.collection}"
        if self.collection == "projects":
            return f"projects/{project}" + ("" if self.verb == "get" else f"/{self.verb}")
        if self.collection == "regions":
            return f"projects/{project}/regions/{name}"
        place = "" if self.name in _WITHOUT_SCOPE else f"{scope}/"
        path = f"projects/{project}/{place}{self.collection}"
        if name:
            path += f"/{name}"
        return path if self.verb in _HTTP else f"{path}/{self.verb}"


def method(name: str) -> Method:
    """Return the method that a published name means.

    Raises:
        UnknownMethodError: It is no name of a method.
    """
    group, dot, verb = name.partition(".")
    if not dot or not group or not verb:
        raise UnknownMethodError(f"{name!r} is no method of the Compute API")
    return Method(name=name, http=_HTTP.get(verb, "POST"), collection=_collection(group), verb=verb)


def getter(name: str) -> str:
    """Return the method that reads what another method of its collection changes."""
    return f"{name.partition('.')[0]}.get"


def permission(name: str) -> str:
    """Return what IAM calls the right to call a method."""
    group, _, verb = name.partition(".")
    return f"compute.{group}.{_PERMISSION_WORDS.get(verb, verb)}"


def permissions(name: str) -> frozenset[str]:
    """Return every right that calling a method takes; one that lists all places takes two."""
    found = {permission(name)}
    group, _, verb = name.partition(".")
    if verb == "aggregatedList" and group in _REGIONAL_TWINS:
        found.add(permission(f"region{group[0].upper()}{group[1:]}.{verb}"))
    if verb == "aggregatedList" and group in _GLOBAL_TWINS:
        found.add(permission(f"global{group[0].upper()}{group[1:]}.{verb}"))
    return frozenset(found)


def _collection(group: str) -> str:
    for prefix in ("region", "global", "zone"):
        rest = group.removeprefix(prefix)
        if rest != group and rest[:1].isupper():
            return rest[0].lower() + rest[1:]
    return group
