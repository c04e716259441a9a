"""Small worlds for tests of the Google expression: a project, a few Ingresses, what exists.

Intents come from the real translation, so a test speaks in manifests. ``seen`` turns what was
expressed into what would be observed after it was applied, which is how a second look is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from providers.gcp import addresses, marks, provider
from providers.gcp.account import (
    Facts,
    Instance,
    SslCertificate,
    StaticAddress,
    Subnetwork,
)
from providers.gcp.addresses import Kind
from providers.gcp.limits import DEFAULTS
from provisioner.core.translate import intents
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.expression import Expressed, Expression
from provisioner.model.intent import Intent, LoadBalancerIntent, TargetMode
from provisioner.model.kube import (
    NO_STRINGS,
    EndpointSlice,
    Ingress,
    IngressRule,
    IngressTls,
    Key,
    Node,
    Parameters,
    Secret,
    Service,
)
from provisioner.model.resource import Observed, ObservedResource, Ref, Resource, Spec
from provisioner.model.settings import Identity, Settings
from tests.factories import (
    KubeObject,
    a_meta,
    a_node,
    a_port,
    a_service,
    a_slice,
    a_snapshot,
    an_endpoint,
    an_ingress,
    an_ingress_class,
)

NOW = "2026-11-21T00:00:00Z"
PROJECT = "shop-prod"
REGION = "europe-west1"
ZONE = "europe-west1-b"
NETWORK = f"projects/{PROJECT}/global/networks/default"
SUBNETWORK = f"projects/{PROJECT}/regions/{REGION}/subnetworks/default"
POD_IP = "10.8.0.5"
CLASS = "ours"
GROUP = "shop/web"

HTTP_RULE = addresses.forwarding_rule(GROUP, 80)
HTTPS_RULE = addresses.forwarding_rule(GROUP, 443)
HTTP_PROXY = addresses.target_proxy(GROUP, 80, https=False)
HTTPS_PROXY = addresses.target_proxy(GROUP, 443, https=True)
URL_MAP = addresses.url_map(GROUP)
ADDRESS = addresses.address(GROUP)

VARIANT = "ingress-provisioner.io/google-load-balancer"
GLOBAL_IP = "kubernetes.io/ingress.global-static-ip-name"
REGIONAL_IP = "kubernetes.io/ingress.regional-static-ip-name"
PRE_SHARED = "ingress.gcp.kubernetes.io/pre-shared-cert"
ALLOW_HTTP = "kubernetes.io/ingress.allow-http"
CERTIFICATES = "ingress-provisioner.io/certificates"
LISTEN_PORTS = "ingress-provisioner.io/listen-ports"
SCHEME = "ingress-provisioner.io/scheme"
IN_GROUP = "ingress-provisioner.io/group"
CERTIFICATE_MAP = "networking.gke.io/certmap"
FRONTEND_CONFIG = "networking.gke.io/v1beta1.FrontendConfig"
MANAGED = "networking.gke.io/managed-certificates"

SETTINGS = Settings(
    identity=Identity(
        cluster_name="prod", cluster_uid="kubesystem-uid1", ingress_uid="0123456789abcdef"
    )
)

NOBODY: frozenset[Key] = frozenset()


def a_link(collection: str, name: str, *, region: str = "") -> str:
    """Return the link of something in the project."""
    scope = f"regions/{region}" if region else "global"
    return f"projects/{PROJECT}/{scope}/{collection}/{name}"


def a_static_address(
    name: str = "web-ip",
    ip: str = "203.0.113.7",
    *,
    region: str = "",
    purpose: str = "",
    external: bool = True,
    tier: str = "",
    users: Sequence[str] = (),
) -> StaticAddress:
    """Return an address that somebody reserved."""
    return StaticAddress(
        name=name,
        link=a_link("addresses", name, region=region),
        address=ip,
        region=region,
        purpose=purpose,
        external=external,
        network_tier=tier,
        users=tuple(users),
    )


def a_compute_certificate(
    name: str = "web-cert",
    *,
    region: str = "",
    not_after: str = "2027-11-21T00:00:00Z",
    managed: bool = False,
) -> SslCertificate:
    """Return a Compute certificate of somebody."""
    link = a_link("sslCertificates", name, region=region)
    return SslCertificate(name=name, link=link, region=region, not_after=not_after, managed=managed)


def a_proxy_only_subnet(region: str = REGION) -> Subnetwork:
    """Return a subnetwork that regional load balancers take their addresses from."""
    return Subnetwork(
        name="proxies",
        region=region,
        link=a_link("subnetworks", "proxies", region=region),
        network=NETWORK,
        cidr="10.129.0.0/23",
        proxy_only=True,
    )


def some_facts(
    *,
    addresses_of: Mapping[tuple[str, str], StaticAddress | None] = MappingProxyType({}),
    certificates: Mapping[tuple[str, str], SslCertificate | None] = MappingProxyType({}),
    ssl_policies: Mapping[str, str] = NO_STRINGS,
    proxy_only: bool = True,
    network: str = NETWORK,
    network_problem: str = "",
    unread: Sequence[str] = (),
) -> Facts:
    """Return a project with one node and a proxy-only subnet."""
    node = f"gce://{PROJECT}/{ZONE}/n1"
    return Facts(
        observed_at=NOW,
        project=PROJECT,
        region=REGION,
        network="" if network_problem else network,
        network_problem=network_problem,
        subnetwork=SUBNETWORK,
        instances={
            node: Instance(
                name="n1",
                zone=ZONE,
                link=f"projects/{PROJECT}/zones/{ZONE}/instances/n1",
                network=network,
                subnetwork=SUBNETWORK,
                tags=("gke-prod",),
                alias_ranges=("10.8.0.0/24",),
            )
        },
        subnetworks=(a_proxy_only_subnet(),) if proxy_only else (),
        addresses=addresses_of,
        ssl_certificates=certificates,
        ssl_policies=ssl_policies,
        unread=tuple(unread),
    )


def some_backends(*names: str) -> tuple[Service | EndpointSlice | Node, ...]:
    """Return Services on port 80 with one pod each, their node, and GKE's default backend."""
    services = [
        item
        for name in names or ("shop/web",)
        for item in (
            a_service(name, a_port(80, node_port=30080)),
            a_slice(name, an_endpoint(POD_IP)),
        )
    ]
    theirs = a_service("kube-system/default-http-backend", a_port(80, name="http", node_port=30999))
    return (*services, theirs, a_node("n1", provider_id=f"gce://{PROJECT}/{ZONE}/n1"))


def a_web(
    name: str = "shop/web",
    annotations: Mapping[str, str] = NO_STRINGS,
    *,
    rules: Sequence[IngressRule] | None = None,
    secrets: Sequence[str] = (),
    hosts: Sequence[str] = ("shop.example.com",),
) -> Ingress:
    """Return an Ingress of ours whose ``spec.tls`` names these Secrets."""
    ingress = an_ingress(name, annotations=annotations, class_name=CLASS, rules=rules)
    tls = tuple(IngressTls(hosts=tuple(hosts), secret_name=secret) for secret in secrets)
    return replace(ingress, tls=tls)


def an_object(kind: str, name: str, *, live: bool = True, **content: object) -> Parameters:
    """Return an object of settings; ``spec`` and ``status`` are its content."""
    spec, status = content.get("spec", {}), content.get("status", {})
    assert isinstance(spec, Mapping)
    assert isinstance(status, Mapping)
    meta = replace(a_meta(name), uid="u-1" if live else "")
    group = "cloud.google.com" if kind == "BackendConfig" else "networking.gke.io"
    return Parameters(meta=meta, group=group, kind=kind, spec=spec, status=status)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything that expressing load balancers looks at."""

    objects: tuple[KubeObject, ...] = ()
    settings_of: tuple[Parameters, ...] = ()
    secrets: tuple[Secret, ...] = ()
    facts: Facts = field(default_factory=some_facts)
    observed: Observed = field(default_factory=Observed)
    settings: Settings = SETTINGS
    mode: TargetMode = TargetMode.POD
    keep: frozenset[Key] = NOBODY
    approved: frozenset[str] = frozenset()
    live: bool = True

    def intents(self) -> Intent:
        """Return what the objects mean."""
        ours = an_ingress_class(CLASS, controller="ingress-provisioner.io/gcp")
        snapshot = replace(
            a_snapshot(ours, *self.objects, live=self.live),
            secrets={secret.key: secret for secret in self.secrets},
            objects={(each.kind, each.meta.key): each for each in self.settings_of},
        )
        return intents(snapshot, provider, self.settings, observed=self.observed)

    def intent(self) -> LoadBalancerIntent:
        """Return the only load balancer that the objects ask for."""
        (load_balancer,) = self.intents().load_balancers
        return load_balancer

    def request(self, intent: LoadBalancerIntent | None = None) -> Expression:
        """Return what the expression is given."""
        wanted = intent if intent is not None else self.intent()
        return Expression(
            intent=wanted,
            modes={backend.id: backend.mode or self.mode for backend in wanted.backends},
            observed=self.observed,
            limits=DEFAULTS,
            settings=self.settings,
            keep=self.keep,
            approved=self.approved,
        )

    def express(self, intent: LoadBalancerIntent | None = None) -> Expressed:
        """Return the load balancer in Google's resources."""
        return provider.express(self.request(intent), self.facts)

    def after(self, *expressed: Expressed) -> World:
        """Return the same world once that, or what is wanted here, has been applied."""
        return replace(self, observed=seen(*(expressed or (self.express(),))))


def a_world(
    annotations: Mapping[str, str] = NO_STRINGS,
    *,
    facts: Facts | None = None,
    settings: Settings = SETTINGS,
    secrets: Mapping[str, Secret] | None = None,
    settings_of: Sequence[Parameters] = (),
    live: bool = True,
) -> World:
    """Return the world of one Ingress ``shop/web`` for shop.example.com with these annotations."""
    brought = secrets or {}
    return World(
        objects=(a_web(annotations=annotations, secrets=tuple(brought)), *some_backends()),
        secrets=tuple(brought.values()),
        settings_of=tuple(settings_of),
        facts=facts if facts is not None else some_facts(),
        settings=settings,
        live=live,
    )


def seen(*expressed: Expressed) -> Observed:
    """Return what would be observed once everything that was expressed exists."""
    found = {r.address: r for part in expressed for r in (*part.resources, *part.common)}
    return Observed(resources={address: _seen(r) for address, r in found.items()})


def _seen(resource: Resource) -> ObservedResource:
    name = resource.name if isinstance(resource.name, str) else ""
    region = resource.spec.get("region")
    outputs = {"selfLink": a_link(resource.kind, name, region=str(region or ""))}
    if resource.kind in {Kind.FORWARDING_RULE, Kind.ADDRESS}:
        ip = resource.spec.get("IPAddress")
        outputs["IPAddress"] = ip if isinstance(ip, str) else "198.51.100.9"
    return ObservedResource(
        kind=resource.kind,
        address=resource.address,
        group=resource.group,
        name=name,
        ingresses=_ingresses(resource),
        spec=MappingProxyType({k: v for k, v in resource.spec.items() if k != "address"}),
        outputs=outputs,
        title=resource.title,
        state="ACTIVE" if resource.kind == Kind.SSL_CERTIFICATE else "",
    )


def _ingresses(resource: Resource) -> tuple[Key, ...]:
    """Return what the cloud tells of whose a resource is: by its mark, or path by path."""
    if resource.kind in {Kind.URL_MAP, Kind.NETWORK_ENDPOINTS}:
        return resource.ingresses
    marked = marks.ingress_of(str(resource.spec.get("description") or ""))
    return (marked,) if marked is not None else ()


def with_state(observed: Observed, address: str, state: str) -> Observed:
    """Return the same world with one resource in another condition."""
    changed = replace(observed.resources[address], state=state)
    return Observed(resources={**observed.resources, address: changed})


def spec_of(expressed: Expressed, address: str) -> Spec:
    """Return the spec of the resource at an address."""
    return next(r.spec for r in expressed.resources if r.address == address)


def addresses_of(expressed: Expressed, kind: Kind) -> list[str]:
    """Return the addresses of one kind."""
    return [r.address for r in expressed.resources if r.kind == kind]


def ports_of(expressed: Expressed) -> list[str]:
    """Return the port ranges of the forwarding rules."""
    rules = addresses_of(expressed, Kind.FORWARDING_RULE)
    return sorted(str(spec_of(expressed, rule)["portRange"]) for rule in rules)


def codes(expressed: Expressed) -> list[str]:
    """Return the codes of all diagnostics but remarks, sorted."""
    return sorted(d.code for d in expressed.diagnostics if d.severity.value != "info")


def finding(expressed: Expressed, code: str) -> Diagnostic:
    """Return the only diagnostic with a code."""
    (found,) = [d for d in expressed.diagnostics if d.code == code]
    return found


def link_to(address: str) -> Ref:
    """Return how one resource of ours names another."""
    return Ref(address, "selfLink")
