"""Builders for URL maps, backend services and the steps between two worlds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from providers.gcp import addresses, limits, shapes
from providers.gcp.addresses import Kind
from providers.gcp.changes.steps import steps
from providers.gcp.owned import OWNED
from providers.gcp.routing import canonical as url_maps
from provisioner.core.diff import DiffRules, diff
from provisioner.core.order import ordered
from provisioner.model.change import Action, Call, Change, Step
from provisioner.model.expression import StepRoom
from provisioner.model.kube import Key
from provisioner.model.resource import (
    Json,
    Observed,
    ObservedResource,
    PlainInput,
    Ref,
    Resource,
    Spec,
    freeze_spec,
    to_json,
)

GROUP = "edge"
MAP = addresses.url_map(GROUP)
ZONE = "europe-west1-b"
MANAGED, CLASSIC = "EXTERNAL_MANAGED", "EXTERNAL"
OWNER = Key("shop", "web")

RULES = DiffRules(
    immutable={"BackendService": frozenset({"loadBalancingScheme", "region"})},
    create_only={
        kind.value: frozenset({"name"})
        | (frozenset() if kind in (Kind.URL_MAP, Kind.BACKEND_SERVICE) else {"description"})
        for kind in Kind
    },
    owned=OWNED,
)


def service(name: str, mode: str = "pod", *, generation: int = 1) -> str:
    """Return the address of a backend service."""
    id_ = f"shop/web/{name}:80/{mode}"
    return addresses.backend_service(GROUP, id_, generation=generation)


def link(address: str) -> Ref:
    """Return the reference to a resource."""
    return Ref(address, "selfLink")


def a_resource(
    kind: Kind, address: str, *, group: str = GROUP, name: str = "", **spec: PlainInput
) -> Resource:
    """Return a resource in its canonical form."""
    own = name or "ipr-" + address.rpartition(":")[2].replace("/", "-")[-40:].strip("-")
    fields = {"name": own, **spec} if "name" in shapes.OWNED.get(kind, ("name",)) else spec
    shaped = freeze_spec(fields) if kind is Kind.URL_MAP else shapes.shaped(kind, fields)
    return Resource(
        kind=kind.value,
        address=address,
        group=group,
        name=own if "name" in fields else "",
        ingresses=(OWNER,),
        spec=shaped,
    )


def a_service(address: str, *, scheme: str = MANAGED, groups: Sequence[str] = ()) -> Resource:
    """Return a backend service; without groups it has one network endpoint group of its own."""
    behind = groups or (neg_of(address),)
    return a_resource(
        Kind.BACKEND_SERVICE,
        address,
        loadBalancingScheme=scheme,
        protocol="HTTP",
        backends=[{"group": link(group), "maxRatePerEndpoint": 100} for group in behind],
    )


def neg_of(address: str) -> str:
    """Return the address of the network endpoint group behind a backend service."""
    rest, at, number = address.removeprefix(f"gcp:backend-service/{GROUP}/").partition("@")
    return f"gcp:network-endpoint-group/{GROUP}/{rest}/{ZONE}{at}{number}"


def a_backend(address: str, *, scheme: str = MANAGED) -> list[Resource]:
    """Return a backend service with a group and one endpoint."""
    neg = neg_of(address)
    return [
        a_service(address, scheme=scheme),
        a_resource(Kind.NETWORK_ENDPOINT_GROUP, neg, zone=ZONE, network="n", subnetwork="s"),
        a_resource(
            Kind.NETWORK_ENDPOINTS,
            addresses.endpoints_of(neg),
            networkEndpointGroup=link(neg),
            zone=ZONE,
            networkEndpoints=[{"instance": "n-1", "ipAddress": "10.0.0.1", "port": 8080}],
        ),
    ]


Paths = Mapping[str, Mapping[str, int]]
"""Path -> backend service -> weight; "" is what no path matches."""


def a_map(
    hosts: Mapping[str, Paths],
    *,
    default: Mapping[str, int] | None = None,
    address: str = MAP,
    description: str = "{}",
) -> Resource:
    """Return a URL map; hosts joined by commas share a path matcher."""
    content: dict[str, PlainInput] = {
        **(_doing(default) if default else {"defaultUrlRedirect": {"httpsRedirect": True}}),
        "hostRules": [
            {"hosts": host.split(","), "pathMatcher": f"m{number}"}
            for number, host in enumerate(sorted(hosts))
        ],
        "pathMatchers": [
            _matcher(f"m{number}", hosts[host]) for number, host in enumerate(sorted(hosts))
        ],
    }
    spec = {**_as_default(content), "hostRules": content["hostRules"]}
    spec["pathMatchers"] = content["pathMatchers"]
    named = a_resource(Kind.URL_MAP, address, description=description)
    return named.with_spec(**{**named.spec, **url_maps.canonical(spec)})


def _as_default(content: Mapping[str, PlainInput]) -> dict[str, PlainInput]:
    return {url_maps.DEFAULTS.get(name, name): value for name, value in content.items()}


def _matcher(name: str, paths: Paths) -> dict[str, PlainInput]:
    default = paths.get("") or {}
    rules: list[PlainInput] = [
        {"paths": path.split(","), **_doing(weights)} for path, weights in paths.items() if path
    ]
    content = _doing(default) if default else {"urlRedirect": {"httpsRedirect": True}}
    return {"name": name, "description": "{}", **_as_default(content), "pathRules": rules}


def _doing(weights: Mapping[str, int]) -> dict[str, PlainInput]:
    if not weights:
        return {"urlRedirect": {"httpsRedirect": True}}
    if len(weights) == 1:
        return {"service": link(next(iter(weights)))}
    listed: list[PlainInput] = [
        {"backendService": link(address), "weight": weight} for address, weight in weights.items()
    ]
    return {"routeAction": {"weightedBackendServices": listed}}


def seen(resource: Resource, **outputs: str) -> ObservedResource:
    """Return a desired resource as it would be observed once it exists."""
    return ObservedResource(
        kind=resource.kind,
        address=resource.address,
        group=resource.group,
        name=resource.name if isinstance(resource.name, str) else "",
        ingresses=resource.ingresses,
        spec=resource.spec,
        outputs=outputs,
    )


def some_room(
    account: Mapping[str, int] | None = None,
    used: Mapping[tuple[str, str], int] | None = None,
) -> StepRoom:
    """Return limits and what is used of them."""
    return StepRoom(limits=limits.merge(account or {}), used=used or {})


def changes(
    desired: Sequence[Resource], observed: Sequence[ObservedResource]
) -> tuple[Change, ...]:
    """Return what the core says differs."""
    return diff(desired, observed, RULES)


def plan(
    desired: Sequence[Resource],
    observed: Sequence[Resource | ObservedResource],
    *,
    account: Mapping[str, int] | None = None,
    used: Mapping[tuple[str, str], int] | None = None,
) -> dict[str, Step]:
    """Return the ordered steps by id, in order."""
    there = [seen(r) if isinstance(r, Resource) else r for r in observed]
    found = steps(
        changes(desired, there),
        Observed(resources={r.address: r for r in there}),
        some_room(account, used),
    )
    return {step.id: step for step in ordered(found)}


def acting(found: Mapping[str, Step]) -> list[str]:
    """Return the ids of steps that do something, in order."""
    return [name for name, step in found.items() if step.action is not Action.NOOP]


def operations(found: Mapping[str, Step], address: str) -> list[str]:
    """Return the operations of a step."""
    return [call.operation for call in found[address].calls]


def only_call(found: Mapping[str, Step], address: str) -> Call:
    """Return the one call of a step."""
    [call] = found[address].calls
    return call


def body_of(call: Call) -> Mapping[str, Json]:
    """Return what a call sends as plain JSON."""
    body = to_json(call.parameters["body"])
    assert isinstance(body, dict)
    return body


def as_spec(**fields: PlainInput) -> Spec:
    """Return a spec."""
    return freeze_spec(fields)
