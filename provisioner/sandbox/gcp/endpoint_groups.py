"""Network endpoint groups: zonal ones of pods on machines, attached and detached one by one.

Sources: the descriptions of ``NetworkEndpointGroup`` and ``NetworkEndpoint`` in the published
schema, "Zonal network endpoint groups overview", and the calls that ingress-gce makes. That
attaching twice is no error and detaching a stranger is one are inferred.
"""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.sandbox.cluster.documents import Document, number, parts, text
from provisioner.sandbox.gcp.compute import Compute, Request
from provisioner.sandbox.gcp.errors import invalid, limit_exceeded, not_emulated, required
from provisioner.sandbox.gcp.health import endpoint_healths
from provisioner.sandbox.gcp.ip_addresses import is_address, lies_in
from provisioner.sandbox.gcp.kinds import Change, Kind, Reference
from provisioner.sandbox.gcp.operations import rendered
from provisioner.sandbox.gcp.queries import select
from provisioner.sandbox.gcp.reach import at, services_with
from provisioner.sandbox.gcp.references import GLOBAL, Ref, ScopeKind, parse_reference
from provisioner.sandbox.gcp.schema import conform
from provisioner.sandbox.gcp.state import Endpoint, Resource

TYPES = ("GCE_VM_IP_PORT", "NON_GCP_PRIVATE_IP_PORT")
LARGEST_PORT = 65535


def prepare_endpoint_group(change: Change) -> None:
    """Complete and check a network endpoint group."""
    kind = text(change.document, "networkEndpointType")
    if not kind:
        raise required("resource.networkEndpointType")
    if kind not in TYPES:
        raise not_emulated(f"network endpoint groups of type {kind}")
    default = Ref(project=change.ref.project, scope=GLOBAL, collection="networks", name="default")
    subnet = at(change.compute, text(change.document, "subnetwork"))
    if subnet is not None:
        change.default(network=text(subnet.document, "network"))
        if text(subnet.document, "network") != text(change.document, "network"):
            raise invalid("resource.subnetwork", subnet.ref.url, "It is in another network.")
    elif not text(change.document, "network"):
        change.put(network=change.compute.get(default).ref.url)
    network = at(change.compute, text(change.document, "network"))
    custom = network is not None and network.document.get("autoCreateSubnetworks") is not True
    if subnet is None and custom and kind == "GCE_VM_IP_PORT":
        raise required("resource.subnetwork")


def render_endpoint_group(_compute: Compute, resource: Resource) -> Document:
    """Add the number of endpoints."""
    return {**resource.document, "size": len(list(_attached(resource)))}


def attach(compute: Compute, request: Request) -> Document:
    """Attach endpoints; those that are draining are taken back."""
    group = compute.idle(request.ref)
    endpoints = _endpoints_of(compute, request, group)
    new = {key: each for key, each in endpoints.items() if not _is_attached(group, key)}
    limit = compute.limits["endpoints-per-network-endpoint-group"]
    total = len(list(_attached(group))) + len(new)
    if total > limit:
        raise limit_exceeded("resource.networkEndpoints", f"At most {limit} endpoints in a group.")

    def effect() -> None:
        now = compute.now()
        for key, document in new.items():
            if _has_machine(compute, group, document):
                group.endpoints[key] = Endpoint(document=document, attached_at=now)

    return rendered(compute, compute.change(request, group, effect=effect))


def detach(compute: Compute, request: Request) -> Document:
    """Detach endpoints; they are listed as draining for a while."""
    group = compute.idle(request.ref)
    endpoints = _endpoints_of(compute, request, group)
    for key, document in endpoints.items():
        if not _is_attached(group, key):
            shown = f"{text(document, 'ipAddress')}:{number(document, 'port')}"
            raise invalid("resource.networkEndpoints", shown, "It is not in the group.")

    def effect() -> None:
        for key in endpoints:
            if key in group.endpoints:
                group.endpoints[key].detached_at = compute.now()

    return rendered(compute, compute.change(request, group, effect=effect))


def list_endpoints(compute: Compute, request: Request) -> Document:
    """List the endpoints of a group, with their health where it is asked for."""
    group = compute.get(request.ref)
    body = conform(compute.discovery, request.method.request, request.call.body)
    show = text(body, "healthStatus") == "SHOW"
    forget_drained(compute, group)
    services = tuple(services_with(compute, group.ref)) if show else ()
    items: list[Document] = []
    for endpoint in group.endpoints.values():
        item: Document = {"networkEndpoint": endpoint.document}
        if show:
            item["healths"] = endpoint_healths(compute, group, endpoint, services=services)
        items.append(item)
    query = {key: value for key, value in request.call.query.items() if key != "orderBy"}
    page = select(items, query, page_size=compute.settings.page_size)
    answer: Document = {
        "kind": "compute#networkEndpointGroupsListNetworkEndpoints",
        "id": f"{group.ref.path}/listNetworkEndpoints",
    }
    if page.items:
        answer["items"] = list(page.items)
    return answer | ({"nextPageToken": page.next_token} if page.next_token else {})


def forget_drained(compute: Compute, group: Resource) -> None:
    """Drop endpoints whose draining is over."""
    from_settings = compute.settings.draining_seconds
    for key, endpoint in list(group.endpoints.items()):
        if endpoint.detached_at is None:
            continue
        seconds = min(from_settings, _longest_draining(compute, group))
        if compute.now() >= endpoint.detached_at + seconds:
            del group.endpoints[key]


def _longest_draining(compute: Compute, group: Resource) -> float:
    timeouts = [
        number(service.document, "connectionDraining", "drainingTimeoutSec")
        for service in services_with(compute, group.ref)
    ]
    return max(timeouts, default=0)


def _has_machine(compute: Compute, group: Resource, endpoint: Document) -> bool:
    """Whether the endpoint's machine, if it has one, is still there."""
    name = text(endpoint, "instance")
    machine = Ref(
        project=group.ref.project, scope=group.ref.scope, collection="instances", name=name
    )
    return not name or machine in compute.state.resources


def _attached(group: Resource) -> Iterator[Endpoint]:
    return (each for each in group.endpoints.values() if each.detached_at is None)


def _is_attached(group: Resource, key: str) -> bool:
    endpoint = group.endpoints.get(key)
    return endpoint is not None and endpoint.detached_at is None


def _endpoints_of(compute: Compute, request: Request, group: Resource) -> dict[str, Document]:
    body = conform(compute.discovery, request.method.request, request.call.body)
    given = parts(body, "networkEndpoints")
    limit = compute.limits["endpoints-per-call"]
    if not given:
        raise required("resource.networkEndpoints")
    if len(given) > limit:
        raise limit_exceeded("resource.networkEndpoints", f"At most {limit} endpoints per call.")
    found: dict[str, Document] = {}
    for index, endpoint in enumerate(given):
        place = f"resource.networkEndpoints[{index}]"
        document = _completed(compute, group, endpoint, place)
        found[_key_of(document)] = document
    return found


def _key_of(endpoint: Document) -> str:
    address, port = text(endpoint, "ipAddress"), number(endpoint, "port")
    return f"{text(endpoint, 'instance')}/{address}:{port}"


def _completed(compute: Compute, group: Resource, endpoint: Document, place: str) -> Document:
    port = number(endpoint, "port") or number(group.document, "defaultPort")
    if not port:
        raise required(f"{place}.port")
    if not 1 <= port <= LARGEST_PORT:
        raise invalid(f"{place}.port", port, "Must be between 1 and 65535.")
    if text(group.document, "networkEndpointType") != "GCE_VM_IP_PORT":
        return _without_instance(endpoint, port, place)
    machine = _machine(compute, group, endpoint, place)
    interface = _interface(machine, text(group.document, "network"), place)
    address = text(endpoint, "ipAddress") or text(interface, "networkIP")
    if not _owns(interface, address):
        message = f"It does not belong to the instance '{machine.ref.path}'."
        raise invalid(f"{place}.ipAddress", address, message)
    return {**endpoint, "instance": machine.ref.name, "ipAddress": address, "port": port}


def _without_instance(endpoint: Document, port: int, place: str) -> Document:
    if text(endpoint, "instance"):
        raise invalid(f"{place}.instance", text(endpoint, "instance"), "Only for GCE_VM_IP_PORT.")
    address = text(endpoint, "ipAddress")
    if not is_address(address):
        raise invalid(f"{place}.ipAddress", address, "Must be an IP address.")
    return {**endpoint, "port": port}


def _machine(compute: Compute, group: Resource, endpoint: Document, place: str) -> Resource:
    spelled = text(endpoint, "instance")
    if not spelled:
        raise required(f"{place}.instance")
    ref = parse_reference(spelled, group.ref.project) or Ref(
        project=group.ref.project, scope=group.ref.scope, collection="instances", name=spelled
    )
    if ref.scope != group.ref.scope or ref.collection != "instances":
        raise invalid(f"{place}.instance", spelled, "It is not in the zone of the group.")
    return compute.get(ref)


def _interface(machine: Resource, network: str, place: str) -> Document:
    for interface in parts(machine.document, "networkInterfaces"):
        if text(interface, "network") == network:
            return interface
    message = "It has no interface in the network of the group."
    raise invalid(f"{place}.instance", machine.ref.name, message)


def _owns(interface: Document, address: str) -> bool:
    if address == text(interface, "networkIP"):
        return True
    return is_address(address) and any(
        lies_in(address, text(alias, "ipCidrRange")) for alias in parts(interface, "aliasIpRanges")
    )


NETWORK_ENDPOINT_GROUPS = Kind(
    collection="networkEndpointGroups",
    schema="NetworkEndpointGroup",
    noun="network_endpoint_group",
    scopes=frozenset({ScopeKind.ZONE}),
    verbs=frozenset({"insert", "get", "list", "aggregatedList", "delete"}),
    references=(
        Reference(path=("network",), collections=("networks",), same_scope=False),
        Reference(path=("subnetwork",), collections=("subnetworks",)),
    ),
    prepare=prepare_endpoint_group,
    render=render_endpoint_group,
)
