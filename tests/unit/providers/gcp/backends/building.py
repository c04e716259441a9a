"""Builders for backends on Google Cloud: short words, real frozen values.

``seen`` turns what was expressed into what would be observed once it exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from providers.gcp import marks
from providers.gcp.account import Facts, Instance, Subnetwork
from providers.gcp.addresses import Kind
from providers.gcp.backend_config import BackendConfig
from providers.gcp.desired.backends import Backends, backends
from providers.gcp.desired.context import Context
from providers.gcp.desired.needs import shared_notes
from providers.gcp.desired.shared import express_shared
from providers.gcp.limits import DEFAULTS
from providers.gcp.settings import BACKEND_CONFIG, VARIANT
from providers.gcp.variant import Variant
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.expression import Expressed, Expression, SharedExpression
from provisioner.model.intent import (
    BackendId,
    BackendIntent,
    Compatibility,
    LoadBalancerIntent,
    Member,
    NodeTarget,
    PodTarget,
    TargetMode,
)
from provisioner.model.kube import Key
from provisioner.model.resource import (
    Json,
    Observed,
    ObservedResource,
    Resource,
    Spec,
    Unknown,
    Value,
    to_json,
)
from provisioner.model.settings import Identity, Settings

POD, NODE_PORT = TargetMode.POD, TargetMode.NODE_PORT
KUBERNETES, INCUMBENT = Compatibility.KUBERNETES, Compatibility.INCUMBENT
GLOBAL, CLASSIC = Variant.GLOBAL_EXTERNAL, Variant.CLASSIC
REGIONAL, INTERNAL = Variant.REGIONAL_EXTERNAL, Variant.REGIONAL_INTERNAL

PROJECT, REGION = "shop-prod", "europe-west1"
ZONE_B, ZONE_C = f"{REGION}-b", f"{REGION}-c"
NETWORK = f"projects/{PROJECT}/global/networks/default"
SUBNETWORK = f"projects/{PROJECT}/regions/{REGION}/subnetworks/default"
TAG = "gke-prod-1a2b3c4d-node"
WEB = Key("shop", "web")
SETTINGS = Settings(
    identity=Identity(cluster_name="prod", cluster_uid="kubesystem-uid1", ingress_uid="uid1")
)


class Look:
    """A value of a spec, to look into and to compare with plain JSON."""

    def __init__(self, value: Value) -> None:
        self.value = value

    def __getitem__(self, key: str) -> Look:
        assert isinstance(self.value, Mapping)
        return Look(self.value[key])

    def __iter__(self) -> Iterator[Look]:
        assert isinstance(self.value, tuple)
        return iter([Look(item) for item in self.value])

    def __len__(self) -> int:
        assert isinstance(self.value, tuple)
        return len(self.value)

    def __contains__(self, key: object) -> bool:
        assert isinstance(self.value, tuple | Mapping)
        return key in self.value

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Look):
            return self.value == other.value
        return self.value == other or to_json(self.value) == other

    def __hash__(self) -> int:
        return hash(self.value)

    def __repr__(self) -> str:
        return repr(to_json(self.value))

    def __str__(self) -> str:
        return str(self.value)

    def fields(self, *names: str) -> tuple[object, ...]:
        """Return some fields as plain JSON."""
        assert isinstance(self.value, Mapping)
        return tuple(to_json(self.value.get(name)) for name in names)

    def get(self, key: str) -> Look:
        """Return a field, None where there is none."""
        assert isinstance(self.value, Mapping)
        return Look(self.value.get(key))

    @property
    def unknown(self) -> bool:
        """Whether it is known after apply."""
        return isinstance(self.value, Unknown)


def a_link(name: str, zone: str = ZONE_B, *, collection: str = "instances") -> str:
    """Return the link of something in a zone."""
    return f"projects/{PROJECT}/zones/{zone}/{collection}/{name}"


def a_node(name: str, zone: str = ZONE_B) -> NodeTarget:
    """Return a node that takes traffic."""
    return NodeTarget(node=name, provider_id=f"gce://{PROJECT}/{zone}/{name}")


def a_pod(ip: str = "10.8.0.5", node: str = "n1", *, port: int = 8080, zone: str = "") -> PodTarget:
    """Return a pod on a node."""
    return PodTarget(ip=ip, port=port, node=node, zone=zone)


def an_instance(
    name: str, zone: str = ZONE_B, *, tags: Sequence[str] = (TAG,), alias: str = "10.8.0.0/24"
) -> Instance:
    """Return the machine behind a node."""
    return Instance(
        name=name,
        zone=zone,
        link=a_link(name, zone),
        network=NETWORK,
        subnetwork=SUBNETWORK,
        tags=tuple(tags),
        alias_ranges=(alias,) if alias else (),
    )


def some_facts(*instances: Instance, **fields: object) -> Facts:
    """Return a project with these machines (two, in two zones) and a proxy-only subnet."""
    machines = instances or (
        an_instance("n1"),
        an_instance("n2", ZONE_C, alias="10.8.1.0/24"),
    )
    facts = Facts(
        observed_at="2026-11-21T00:00:00Z",
        project=PROJECT,
        region=REGION,
        network=NETWORK,
        subnetwork=SUBNETWORK,
        instances={f"gce://{PROJECT}/{m.zone}/{m.name}": m for m in machines},
        subnetworks=(
            Subnetwork(
                name="proxies",
                region=REGION,
                link=f"projects/{PROJECT}/regions/{REGION}/subnetworks/proxies",
                network=NETWORK,
                cidr="10.129.0.0/23",
                proxy_only=True,
            ),
        ),
    )
    return replace(facts, **fields)  # type: ignore[arg-type]  # fields by name, for short tests


OFFLINE = Facts()
"""No project was read."""


def a_backend(
    service: str = "web",
    config: BackendConfig | None = None,
    *,
    ingress: Key = WEB,
    options: Mapping[str, object] | None = None,
    **fields: object,
) -> BackendIntent:
    """Return a backend for port 80 of a Service with one pod, two nodes and node port 30080."""
    backend = BackendIntent(
        id=BackendId(ingress=ingress, service=Key(ingress.namespace, service), port="80"),
        field="spec.rules[0].http.paths[0]",
        service_port=80,
        service_port_name="http",
        target_port=8080,
        node_port=30080,
        can_node_port=True,
        pods=(a_pod(),),
        nodes=(a_node("n1"), a_node("n2", ZONE_C)),
        options=MappingProxyType(
            {**({BACKEND_CONFIG.name: config} if config else {}), **(options or {})}
        ),
    )
    return replace(backend, **fields)  # type: ignore[arg-type]  # fields by name, for short tests


def a_context(
    *given: BackendIntent,
    mode: TargetMode | None = POD,
    compatibility: Compatibility = KUBERNETES,
    variant: Variant | None = None,
    facts: Facts | None = None,
    observed: Observed | None = None,
    options: Mapping[str, object] | None = None,
    group: str = "shop/web",
    members: Sequence[Member] = (),
) -> Context:
    """Return a load balancer with these backends; the default is the one of ``a_backend``."""
    wanted = given or (a_backend(),)
    intent = LoadBalancerIntent(
        name=group,
        explicit="/" not in group,
        compatibility=compatibility,
        scheme=None,
        members=tuple(members) or (Member(ingress=WEB),),
        listeners=(),
        backends=wanted,
        options={**({VARIANT.name: variant} if variant else {}), **(options or {})},
    )
    request = Expression(
        intent=intent,
        modes={backend.id: mode for backend in wanted},
        observed=observed or Observed(),
        limits=DEFAULTS,
        settings=SETTINGS,
    )
    return Context(request=request, facts=facts if facts is not None else some_facts())


def resources_of(found: Backends) -> dict[str, Resource]:
    """Return everything that was expressed, by address."""
    return {r.address: r for r in (*found.resources, *found.common)}


def of_kind(found: Iterable[Resource], kind: Kind) -> list[Resource]:
    """Return the resources of one kind, by address."""
    return sorted((r for r in found if r.kind == kind), key=lambda r: r.address)


def only(found: Backends, kind: Kind) -> Resource:
    """Return the only resource of a kind."""
    (resource,) = of_kind((*found.resources, *found.common), kind)
    return resource


def service_of(context: Context) -> Look:
    """Return the spec of the only backend service."""
    return Look(only(backends(context), Kind.BACKEND_SERVICE).spec)


def check_of(context: Context) -> Look:
    """Return the spec of the only health check."""
    return Look(only(backends(context), Kind.HEALTH_CHECK).spec)


def plain(value: Value | Spec) -> Json:
    """Return a value as plain JSON."""
    return to_json(value)


def seen(*resources: Resource) -> Observed:
    """Return what would be observed once these exist."""
    return Observed(resources={r.address: as_seen(r) for r in resources})


def as_seen(resource: Resource) -> ObservedResource:
    """Return a resource as it would be observed."""
    marked = marks.ingress_of(str(resource.spec.get("description") or ""))
    return ObservedResource(
        kind=resource.kind,
        address=resource.address,
        group=resource.group,
        name=resource.name if isinstance(resource.name, str) else "",
        ingresses=(marked,) if marked is not None else (),
        spec=resource.spec,
        title=resource.title,
    )


def all_seen(context: Context) -> Observed:
    """Return what would be observed once all backends exist."""
    return seen(*resources_of(backends(context)).values())


def codes(diagnostics: Iterable[Diagnostic]) -> list[str]:
    """Return the codes of diagnostics, sorted."""
    return sorted(d.code for d in diagnostics)


def as_part(context: Context) -> Expressed:
    """Return a load balancer that uses all of its backends, as ``express`` would give it."""
    found = backends(context)
    notes, _ = shared_notes(context, (*found.resources, *found.common))
    return Expressed(
        group=context.group, resources=found.resources, common=found.common, shared=notes
    )


def share(
    *contexts: Context,
    observed: Observed | None = None,
    complete: bool = True,
    facts: Facts | None = None,
) -> Expressed:
    """Return what load balancers share."""
    request = SharedExpression(
        observed=observed or Observed(), settings=SETTINGS, complete=complete
    )
    parts = [as_part(context) for context in contexts]
    return express_shared(parts, facts or contexts[0].facts, request)


def at(expressed: Expressed, address: str) -> Look:
    """Return the spec at an address."""
    return Look(next(r.spec for r in expressed.resources if r.address == address))
