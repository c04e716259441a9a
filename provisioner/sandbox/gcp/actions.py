"""Which function answers which published method.

Methods that all kinds share are looked up by their verb; the table below holds the others. A
method that Google has and the sandbox lacks is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from provisioner.sandbox.cluster.documents import Document, part, text
from provisioner.sandbox.gcp import endpoint_groups, instance_groups, operations, places, verbs
from provisioner.sandbox.gcp.addresses import ADDRESSES
from provisioner.sandbox.gcp.backend_services import (
    BACKEND_SERVICES,
    add_signed_url_key,
    delete_signed_url_key,
    set_security_policy,
)
from provisioner.sandbox.gcp.certificates import SSL_CERTIFICATES
from provisioner.sandbox.gcp.compute import Compute, Request
from provisioner.sandbox.gcp.endpoint_groups import NETWORK_ENDPOINT_GROUPS
from provisioner.sandbox.gcp.errors import (
    RefusalError,
    malformed,
    not_emulated,
    required,
    stale_fingerprint,
)
from provisioner.sandbox.gcp.forwarding_rules import FORWARDING_RULES
from provisioner.sandbox.gcp.health import get_health
from provisioner.sandbox.gcp.health_checks import HEALTH_CHECKS
from provisioner.sandbox.gcp.instance_groups import INSTANCE_GROUPS
from provisioner.sandbox.gcp.kinds import Kind
from provisioner.sandbox.gcp.networks import FIREWALLS, INSTANCES, NETWORKS, SUBNETWORKS
from provisioner.sandbox.gcp.policies import SECURITY_POLICIES, SSL_POLICIES
from provisioner.sandbox.gcp.proxies import TARGET_HTTP_PROXIES, TARGET_HTTPS_PROXIES
from provisioner.sandbox.gcp.schema import conform
from provisioner.sandbox.gcp.url_maps import URL_MAPS, validate

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.collection: kind
        for kind in (
            FORWARDING_RULES,
            ADDRESSES,
            TARGET_HTTP_PROXIES,
            TARGET_HTTPS_PROXIES,
            URL_MAPS,
            BACKEND_SERVICES,
            HEALTH_CHECKS,
            NETWORK_ENDPOINT_GROUPS,
            INSTANCE_GROUPS,
            SSL_CERTIFICATES,
            SSL_POLICIES,
            SECURITY_POLICIES,
            FIREWALLS,
            NETWORKS,
            SUBNETWORKS,
            INSTANCES,
        )
    }
)

Action = Callable[[Compute, Request], Document]
Rewrite = Callable[[Document, Document], Document]

PLACES: Mapping[str, Action] = MappingProxyType(
    {
        "projects.get": places.get_project,
        "projects.getXpnHost": places.get_xpn_host,
        "regions.get": places.get_region,
        "regions.list": places.list_regions,
        "zones.get": places.get_zone,
        "zones.list": places.list_zones,
    }
)
OPERATIONS: Mapping[str, Action] = MappingProxyType(
    {
        "get": operations.get_operation,
        "wait": operations.get_operation,  # the front waits before it asks
        "list": operations.list_operations,
        "delete": operations.delete_operation,
    }
)
COMMON: Mapping[str, Callable[[Compute, Request, Kind], Document]] = MappingProxyType(
    {
        "insert": verbs.insert,
        "get": verbs.get,
        "list": verbs.list_,
        "aggregatedList": verbs.aggregated_list,
        "update": verbs.update,
        "patch": verbs.patch,
        "delete": lambda compute, request, kind: verbs.delete(compute, request, kind, KINDS),
    }
)
OWN: Mapping[tuple[str, str], Action] = MappingProxyType(
    {
        ("networkEndpointGroups", "attachNetworkEndpoints"): endpoint_groups.attach,
        ("networkEndpointGroups", "detachNetworkEndpoints"): endpoint_groups.detach,
        ("networkEndpointGroups", "listNetworkEndpoints"): endpoint_groups.list_endpoints,
        ("instanceGroups", "addInstances"): instance_groups.add_instances,
        ("instanceGroups", "removeInstances"): instance_groups.remove_instances,
        ("instanceGroups", "listInstances"): instance_groups.list_instances,
        ("instanceGroups", "setNamedPorts"): instance_groups.set_named_ports,
        ("backendServices", "getHealth"): get_health,
        ("urlMaps", "validate"): lambda compute, request: validate(compute, request, URL_MAPS),
    }
)


def _put(name: str, given: str = "") -> Rewrite:
    """Return a rewrite that sets one field to what the body says, or clears it."""

    def rewrite(document: Document, body: Document) -> Document:
        value = body.get(given or name)
        rest = {key: each for key, each in document.items() if key != name}
        return {**rest, name: value} if value else rest

    return rewrite


def _set_labels(document: Document, body: Document) -> Document:
    given = text(body, "labelFingerprint")
    if not given:
        raise required("resource.labelFingerprint")
    if given != text(document, "labelFingerprint"):
        raise stale_fingerprint()
    return {**document, "labels": part(body, "labels")}


# Methods that change a field or two: none of them asks for a fingerprint, except for labels.
REWRITES: Mapping[tuple[str, str], Rewrite] = MappingProxyType(
    {
        ("forwardingRules", "setTarget"): _put("target"),
        ("forwardingRules", "setLabels"): _set_labels,
        ("addresses", "setLabels"): _set_labels,
        ("targetHttpProxies", "setUrlMap"): _put("urlMap"),
        ("targetHttpsProxies", "setUrlMap"): _put("urlMap"),
        ("targetHttpsProxies", "setSslCertificates"): _put("sslCertificates"),
        ("targetHttpsProxies", "setSslPolicy"): _put("sslPolicy"),
        ("targetHttpsProxies", "setCertificateMap"): _put("certificateMap"),
        ("targetHttpsProxies", "setQuicOverride"): _put("quicOverride"),
        ("backendServices", "setSecurityPolicy"): set_security_policy,
        ("backendServices", "setEdgeSecurityPolicy"): _put("edgeSecurityPolicy", "securityPolicy"),
        ("backendServices", "addSignedUrlKey"): add_signed_url_key,
    }
)


def answer(compute: Compute, request: Request) -> Document:
    """Answer a request, or refuse it."""
    method, project = request.method, compute.project(request.project)
    _check_query(compute, request)
    assert project.name == request.project
    known = PLACES.get(method.name)
    if known is not None:
        return known(compute, request)
    compute.check_place(request)
    if method.collection == "operations" and method.verb in OPERATIONS:
        return OPERATIONS[method.verb](compute, request)
    kind = KINDS.get(method.collection)
    action = _action(request, kind) if kind is not None else None
    if action is None or kind is None:
        raise not_emulated(method.name)
    return _once(compute, request) or action(compute, request)


def _action(request: Request, kind: Kind) -> Action | None:
    method = request.method
    key = (kind.collection, method.verb)
    if not _has_scope(request, kind):
        return None
    if key in OWN:
        return OWN[key]
    if key == ("backendServices", "deleteSignedUrlKey"):
        return _delete_signed_url_key
    if key in REWRITES:
        return lambda compute, req: _rewrite(compute, req, kind, REWRITES[key])
    if method.verb in COMMON and method.verb in kind.verbs:
        common = COMMON[method.verb]
        return lambda compute, req: common(compute, req, kind)
    return None


def _delete_signed_url_key(compute: Compute, request: Request) -> Document:
    resource = compute.idle(request.ref)
    name = request.call.query.get("keyName", "")
    document = delete_signed_url_key(resource.document, name)
    return verbs.rewrite(compute, request, BACKEND_SERVICES, resource=resource, document=document)


def _has_scope(request: Request, kind: Kind) -> bool:
    return request.method.verb == "aggregatedList" or request.scope.kind in kind.scopes


def _rewrite(compute: Compute, request: Request, kind: Kind, rewrite: Rewrite) -> Document:
    resource = compute.idle(request.ref)
    body = conform(compute.discovery, request.method.request, request.call.body)
    document = rewrite(resource.document, body)
    return verbs.rewrite(compute, request, kind, resource=resource, document=document)


def _once(compute: Compute, request: Request) -> Document | None:
    """Answer a repeated ``requestId`` with the operation that the first one started."""
    request_id = request.call.query.get("requestId", "")
    if not request_id or not request.call.mutates:
        return None
    if not _is_uuid(request_id):
        message = f"Invalid value for field 'requestId': '{request_id}'. Must be a valid UUID."
        raise RefusalError(400, "invalid", message)
    operation = compute.state.requests.get((request.project, request_id))
    return operations.rendered(compute, operation) if operation is not None else None


def _is_uuid(spelled: str) -> bool:
    digits = spelled.replace("-", "")
    hexadecimal = all(letter in "0123456789abcdefABCDEF" for letter in digits)
    return len(digits) == 32 and hexadecimal and digits.strip("0") != ""  # noqa: PLR2004  # a UUID


def _check_query(compute: Compute, request: Request) -> None:
    violations = [
        (
            name,
            (
                f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query'
                f" parameter. Field '{name}' could not be found in request message."
            ),
        )
        for name in request.call.query
        if not compute.discovery.takes(request.method, name)
    ]
    if violations:
        raise malformed(violations)
