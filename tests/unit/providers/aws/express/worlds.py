"""Small worlds for tests of the AWS expression: an account, a few Ingresses, what exists.

Intents come from the real translation, so a test speaks in manifests. ``seen`` turns what was
expressed into what would be observed after it was applied, which is how a second look is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from providers.aws import addresses, provider
from providers.aws.account import Certificate, Facts, Instance, SecurityGroup, Subnet, Vpc
from providers.aws.limits import DEFAULTS
from provisioner.core.translate import intents
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.expression import Expressed, Expression, SharedExpression
from provisioner.model.intent import LoadBalancerIntent, TargetMode
from provisioner.model.kube import NO_STRINGS, EndpointSlice, Key, Node, Service
from provisioner.model.resource import (
    Observed,
    ObservedResource,
    Resource,
    Spec,
    Value,
    references,
)
from provisioner.model.settings import Settings
from tests.factories import (
    KubeObject,
    a_node,
    a_port,
    a_service,
    a_slice,
    a_snapshot,
    an_endpoint,
    an_ingress,
    an_ingress_class,
    some_settings,
)

NOW = "2026-11-21T00:00:00Z"
REGION = "eu-west-1"
POD_IP = "10.0.0.5"
INTERNAL_ROLE = "kubernetes.io/role/internal-elb"
EXTERNAL_ROLE = "kubernetes.io/role/elb"


def arn(name: str, *, region: str = REGION) -> str:
    """Return the ARN of an ACM certificate."""
    return f"arn:aws:acm:{region}:123456789012:certificate/{name}"


def a_certificate(
    name: str, *domains: str, not_after: str = "2027-06-01T00:00:00Z", status: str = "ISSUED"
) -> Certificate:
    """Return an ACM certificate."""
    return Certificate(arn=arn(name), domains=domains, not_after=not_after, status=status)


def a_subnet(
    name: str,
    zone: str = "a",
    *,
    public: bool = False,
    free: int = 200,
    ipv6: bool = False,
    zone_type: str = "availability-zone",
    tags: Mapping[str, str] = NO_STRINGS,
) -> Subnet:
    """Return a subnet ``subnet-<name>`` in zone ``eu-west-1<zone>``."""
    return Subnet(
        id=f"subnet-{name}",
        zone=f"{REGION}{zone}",
        cidr="10.0.0.0/24",
        free_addresses=free,
        public=public,
        ipv6=ipv6,
        zone_type=zone_type,
        tags=tags,
    )


def some_facts(
    *,
    subnets: Sequence[Subnet] | None = None,
    certificates: Sequence[Certificate] = (),
    security_groups: Sequence[SecurityGroup] = (SecurityGroup(id="sg-node", name="node"),),
    instances: Mapping[str, Sequence[str]] | None = None,
    pod_groups: Mapping[str, Sequence[str]] | None = None,
    existing_names: Iterable[str] = (),
) -> Facts:
    """Return an account with two internal subnets and one node."""
    carried = {"i-n1": ("sg-node",)} if instances is None else instances
    pods = {POD_IP: ("sg-node",)} if pod_groups is None else pod_groups
    return Facts(
        observed_at=NOW,
        account_id="123456789012",
        region=REGION,
        vpc=Vpc(id="vpc-1", cidrs=("10.0.0.0/16",)),
        subnets=tuple(subnets) if subnets is not None else (a_subnet("a"), a_subnet("b", "b")),
        security_groups=tuple(security_groups),
        certificates=tuple(certificates),
        instances={
            name: Instance(id=name, zone=f"{REGION}a", security_groups=tuple(groups))
            for name, groups in carried.items()
        },
        pod_groups={ip: tuple(groups) for ip, groups in pods.items()},
        existing_names=frozenset(existing_names),
    )


def some_backends(*names: str) -> tuple[Service | EndpointSlice | Node, ...]:
    """Return Services on port 80 with one pod each, and the node they run on."""
    services = [
        item
        for name in names or ("shop/web",)
        for item in (
            a_service(name, a_port(80, node_port=30080)),
            a_slice(name, an_endpoint(POD_IP)),
        )
    ]
    return (*services, a_node("n1"))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything that expressing one load balancer looks at."""

    objects: tuple[KubeObject, ...] = ()
    facts: Facts = field(default_factory=some_facts)
    observed: Observed = field(default_factory=Observed)
    settings: Settings = field(default_factory=some_settings)
    mode: TargetMode | None = TargetMode.POD
    keep: frozenset[Key] = frozenset()
    live: bool = True
    approved: frozenset[str] = frozenset()

    def intent(self) -> LoadBalancerIntent:
        """Return the only load balancer that the objects ask for."""
        snapshot = a_snapshot(an_ingress_class(), *self.objects, live=self.live)
        found = intents(snapshot, provider, self.settings, observed=self.observed)
        (load_balancer,) = found.load_balancers
        return load_balancer

    def express(self, intent: LoadBalancerIntent | None = None) -> Expressed:
        """Return the load balancer in AWS's resources."""
        wanted = intent if intent is not None else self.intent()
        request = Expression(
            intent=wanted,
            modes={backend.id: backend.mode or self.mode for backend in wanted.backends},
            observed=self.observed,
            limits=DEFAULTS,
            settings=self.settings,
            keep=self.keep,
            approved=self.approved,
        )
        return provider.express(request, self.facts)

    def shared(self, *parts: Expressed, complete: bool = True) -> Expressed:
        """Return what these load balancers share."""
        request = SharedExpression(
            observed=self.observed, settings=self.settings, complete=complete
        )
        return provider.express_shared(parts, self.facts, request)


def a_world(
    annotations: Mapping[str, str] = NO_STRINGS,
    *,
    facts: Facts | None = None,
    observed: Observed | None = None,
    mode: TargetMode | None = TargetMode.POD,
) -> World:
    """Return the world of one Ingress ``shop/web`` for shop.example.com with these annotations."""
    return World(
        objects=(an_ingress("shop/web", annotations=annotations), *some_backends("shop/web")),
        facts=facts if facts is not None else some_facts(),
        observed=observed if observed is not None else Observed(),
        mode=mode,
    )


def seen(*expressed: Expressed) -> Observed:
    """Return what would be observed once everything that was expressed exists."""
    resources = {r.address: _seen(r) for part in expressed for r in part.resources}
    return Observed(resources=resources)


def _seen(resource: Resource) -> ObservedResource:
    priority = resource.spec.get("Priority")
    return ObservedResource(
        kind=resource.kind,
        address=resource.address,
        group=resource.group,
        name=resource.name if isinstance(resource.name, str) else "",
        # Only rules and target groups carry the mark that says whose they are.
        ingresses=resource.ingresses if resource.kind in {"ListenerRule", "TargetGroup"} else (),
        spec=resource.spec,
        order=priority if isinstance(priority, int) else 0,
    )


def with_spec(observed: Observed, address: str, **fields: Value) -> Observed:
    """Return the same world with some fields of one resource different."""
    old = observed.resources[address]
    changed = replace(old, spec={**old.spec, **fields})
    return Observed(resources={**observed.resources, address: changed})


def spec_of(expressed: Expressed, address: str) -> Spec:
    """Return the spec of the resource at an address."""
    return next(r.spec for r in expressed.resources if r.address == address)


def kinds(expressed: Expressed) -> list[str]:
    """Return the kinds of all resources, sorted."""
    return sorted(r.kind for r in expressed.resources)


def addresses_of(expressed: Expressed, kind: str) -> list[str]:
    """Return the addresses of one kind."""
    return [r.address for r in expressed.resources if r.kind == kind]


def codes(expressed: Expressed) -> list[str]:
    """Return the codes of all diagnostics but remarks, sorted."""
    return sorted(d.code for d in expressed.diagnostics if d.severity.value != "info")


def finding(expressed: Expressed, code: str) -> Diagnostic:
    """Return the only diagnostic with a code."""
    (found,) = [d for d in expressed.diagnostics if d.code == code]
    return found


def balancer_of(expressed: Expressed, group: str = "shop/web") -> Spec:
    """Return the spec of a group's load balancer."""
    return spec_of(expressed, addresses.load_balancer(group))


def forwards_to(value: Value) -> set[str]:
    """Return the addresses that a spec's actions refer to."""
    return {ref.address for ref in references(value)}
