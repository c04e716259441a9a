"""One resource of every kind in each place where it may live, and changes of all their fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from provisioner.model.change import Action, Change
from provisioner.model.resource import (
    SHARED,
    Fingerprint,
    ObservedResource,
    PlainInput,
    Ref,
    Resource,
    Spec,
)
from tests.unit.providers.gcp.changes.building import (
    GROUP,
    MANAGED,
    MAP,
    ZONE,
    a_map,
    a_resource,
    changes,
    link,
    seen,
    service,
)

REGION = "europe-west1"
WEB = service("web")
CHECK = addresses.health_check(GROUP, "shop/web/web:80/pod")
NEG = addresses.endpoint_group(GROUP, "shop/web/web:80/pod", ZONE)
IP = addresses.address(GROUP)
PROXY = addresses.target_proxy(GROUP, 80, https=False)
SECURE = addresses.target_proxy(GROUP, 443, https=True)
RULE = addresses.forwarding_rule(GROUP, 80)
CERTIFICATE = addresses.ssl_certificate(GROUP, "shop.example.com")
POLICY = "projects/p/global/sslPolicies/modern"
ARMOR = "projects/p/global/securityPolicies/armor"
NETWORK = "projects/host/global/networks/default"
SUBNET = "projects/host/regions/europe-west1/subnetworks/default"
INSTANCE = "projects/p/zones/europe-west1-b/instances/n-1"


def frontends() -> list[Resource]:
    """Return what takes connections, and a certificate."""
    return [
        a_resource(Kind.ADDRESS, IP, description="{}", addressType="EXTERNAL"),
        a_resource(
            Kind.FORWARDING_RULE,
            RULE,
            description="{}",
            IPAddress=Ref(IP, "IPAddress"),
            IPProtocol="TCP",
            portRange="80-80",
            loadBalancingScheme=MANAGED,
            target=link(PROXY),
        ),
        a_resource(Kind.TARGET_HTTP_PROXY, PROXY, description="{}", urlMap=link(MAP)),
        a_resource(
            Kind.TARGET_HTTPS_PROXY,
            SECURE,
            description="{}",
            urlMap=link(MAP),
            sslCertificates=[link(CERTIFICATE)],
            sslPolicy=POLICY,
            quicOverride="DISABLE",
        ),
        a_resource(
            Kind.SSL_CERTIFICATE,
            CERTIFICATE,
            description="{}",
            type="SELF_MANAGED",
            selfManaged={
                "certificate": Fingerprint("c", "-----BEGIN"),
                "privateKey": Fingerprint("k", "-----BEGIN"),
            },
        ),
    ]


def backends() -> list[Resource]:
    """Return what is behind a URL map."""
    return [
        a_map({"shop.example.com": {"/*": {WEB: 1}, "": {}}}, description="{}"),
        a_resource(
            Kind.BACKEND_SERVICE,
            WEB,
            description="{}",
            loadBalancingScheme=MANAGED,
            protocol="HTTP",
            healthChecks=[link(CHECK)],
            backends=[{"group": link(NEG), "balancingMode": "RATE", "maxRatePerEndpoint": 1}],
            timeoutSec=40,
            connectionDraining={"drainingTimeoutSec": 30},
            sessionAffinity="GENERATED_COOKIE",
            affinityCookieTtlSec=60,
            customRequestHeaders=["X-A: 1"],
            logConfig={"enable": True, "sampleRate": 0.5},
            enableCDN=True,
            cdnPolicy={"cacheMode": "CACHE_ALL_STATIC", "defaultTtl": 60},
            securityPolicy=ARMOR,
        ),
        a_resource(
            Kind.HEALTH_CHECK,
            CHECK,
            description="{}",
            type="HTTP",
            httpHealthCheck={"portSpecification": "USE_SERVING_PORT", "requestPath": "/ok"},
        ),
    ]


def in_zones() -> list[Resource]:
    """Return what lives in a zone, and what is in it."""
    group = addresses.instance_group(ZONE)
    return [
        a_resource(
            Kind.NETWORK_ENDPOINT_GROUP,
            NEG,
            description="{}",
            zone=ZONE,
            network=NETWORK,
            subnetwork=SUBNET,
        ),
        a_resource(
            Kind.NETWORK_ENDPOINTS,
            addresses.endpoints_of(NEG),
            networkEndpointGroup=link(NEG),
            zone=ZONE,
            networkEndpoints=[{"instance": "n-1", "ipAddress": "10.0.0.1", "port": 8080}],
        ),
        a_resource(
            Kind.INSTANCE_GROUP, group, group=SHARED, description="{}", zone=ZONE, network=NETWORK
        ),
        a_resource(
            Kind.INSTANCES,
            addresses.instances(ZONE),
            group=SHARED,
            instanceGroup=link(group),
            zone=ZONE,
            instances=[INSTANCE],
        ),
        a_resource(
            Kind.NAMED_PORTS,
            addresses.named_ports(ZONE),
            group=SHARED,
            instanceGroup=link(group),
            zone=ZONE,
            namedPorts=[{"name": "port30080", "port": 30080}],
        ),
        a_resource(
            Kind.FIREWALL,
            addresses.firewall("pods"),
            group=SHARED,
            description="{}",
            network=NETWORK,
            sourceRanges=["35.191.0.0/16"],
            targetTags=["nodes"],
            allowed=[{"IPProtocol": "tcp", "ports": ["8080"]}],
        ),
        a_resource(
            Kind.SIGNED_URL_KEY,
            addresses.signed_url_key(WEB, "k1"),
            backendService=link(WEB),
            keyName="k1",
            keyValue=Fingerprint("d", "c2VjcmV0"),
        ),
    ]


GLOBAL_ONLY = frozenset({"enableCDN", "cdnPolicy", "quicOverride", "iap"})


def regional(resource: Resource) -> Resource:
    """Return a resource as it would be in a region."""
    spec = {name: value for name, value in resource.spec.items() if name not in GLOBAL_ONLY}
    return Resource(
        kind=resource.kind,
        address=resource.address,
        group=resource.group,
        name=resource.name,
        spec={**spec, "region": REGION},
    )


def everything() -> dict[str, Resource]:
    """Return one resource of every kind and place, by a name for test reports."""
    worldwide = [*frontends(), *backends()]
    found = {resource.kind: resource for resource in (*worldwide, *in_zones())}
    found |= {f"regional {resource.kind}": regional(resource) for resource in worldwide}
    return found


OTHER: Mapping[str, Mapping[str, PlainInput]] = {
    Kind.FORWARDING_RULE.value: {"target": link(SECURE), "allowGlobalAccess": True},
    Kind.TARGET_HTTP_PROXY.value: {"urlMap": link(f"{MAP}x")},
    Kind.TARGET_HTTPS_PROXY.value: {
        "urlMap": link(f"{MAP}x"),
        "sslCertificates": ["projects/p/global/sslCertificates/a"],
        "sslPolicy": None,
        "certificateMap": "//certificatemanager.googleapis.com/projects/p/locations/global/"
        "certificateMaps/m",
        "quicOverride": "ENABLE",
    },
    Kind.URL_MAP.value: {"defaultUrlRedirect": None, "defaultService": link(WEB)},
    Kind.BACKEND_SERVICE.value: {"timeoutSec": 50, "securityPolicy": None, "cdnPolicy": None},
    Kind.HEALTH_CHECK.value: {"checkIntervalSec": 20, "type": "HTTP2", "httpHealthCheck": None},
    Kind.NETWORK_ENDPOINTS.value: {
        "networkEndpoints": [{"instance": "n-2", "ipAddress": "10.0.1.1", "port": 8080}]
    },
    Kind.INSTANCES.value: {"instances": [INSTANCE + "0"]},
    Kind.NAMED_PORTS.value: {"namedPorts": [{"name": "port30081", "port": 30081}]},
    Kind.FIREWALL.value: {"allowed": [{"IPProtocol": "tcp", "ports": ["8080", "9090"]}]},
    Kind.SIGNED_URL_KEY.value: {"keyValue": Fingerprint("e", "b3RoZXI=")},
}
"""Kind -> other values of fields that can be updated; None takes a field away."""

IMMUTABLE = frozenset(Kind) - {Kind(kind) for kind in OTHER}
"""Kinds that the API has no update for."""


def updates() -> Iterator[tuple[str, Change]]:
    """Yield an update of every field in ``OTHER``, on its own and all together."""
    for name, resource in everything().items():
        other = OTHER.get(resource.kind, {})
        for fields in [{k: v} for k, v in other.items()] + [dict(other)]:
            applicable = {k: v for k, v in fields.items() if _applies(resource.spec, k)}
            if applicable:
                yield f"{name} {' '.join(applicable)}", changed(resource, applicable)


def changed(resource: Resource, fields: Mapping[str, PlainInput]) -> Change:
    """Return the change of a resource to other values of some fields."""
    spec = resource.with_spec(**fields).spec
    wanted = Resource(
        kind=resource.kind,
        address=resource.address,
        group=resource.group,
        name=resource.name,
        spec={name: value for name, value in spec.items() if value is not None},
    )
    [change] = changes([wanted], [seen(resource)])
    assert change.action is Action.UPDATE, fields
    return change


def creation(resource: Resource) -> Change:
    """Return the change that makes a resource."""
    [change] = changes([resource], [])
    return change


def deletion(resource: Resource | ObservedResource) -> Change:
    """Return the change that takes a resource away."""
    there = seen(resource) if isinstance(resource, Resource) else resource
    [change] = changes([], [there])
    return change


def _applies(spec: Spec, field: str) -> bool:
    place_bound = {"certificateMap", *GLOBAL_ONLY}
    return not ("region" in spec and field in place_bound)
