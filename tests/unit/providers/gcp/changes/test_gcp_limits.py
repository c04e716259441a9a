"""Limits of Google Cloud: figures, sources, and who takes how much of a shared URL map."""

from __future__ import annotations

from collections import Counter

import pytest

from providers.gcp import limits
from providers.gcp.account import Facts
from providers.gcp.addresses import Kind
from providers.gcp.routing.entries import mappings
from providers.gcp.routing.owners import OwnedRule, described
from providers.gcp.url_map_costs import FORWARDING_RULES, VARIANT, variant_of
from providers.gcp.variant import Variant
from provisioner.core.admission import Demand, refusals
from provisioner.core.headroom import usages
from provisioner.model.kube import Key
from provisioner.model.limits import LimitSource
from provisioner.model.resource import Observed, PlainInput, Resource, Unknown
from provisioner.sandbox.gcp.limits import DEFAULTS as EMULATED
from tests.unit.providers.gcp.changes.building import (
    MAP,
    a_map,
    a_resource,
    seen,
    service,
)
from tests.unit.providers.gcp.changes.every_kind import everything

SHOP, PAY = Key("shop", "web"), Key("pay", "api")
WEB, API = service("web"), service("api")
SUBJECT = "URL map edge/main"


def a_shared_map(*paths: str, variant: str = "global-external", **more: PlainInput) -> Resource:
    """Return a URL map with one host: ``/shop`` is of shop/web, every other path of pay/api."""
    listed = sorted(paths)
    found = a_map(
        {"www.example.com": {path: {WEB if path == "/shop" else API: 1} for path in listed}},
        description=f'{{"{VARIANT}":"{variant}"}}',
    )
    matcher = mappings(found.spec["pathMatchers"])[0]
    owned = [OwnedRule(paths=(path,), owner=SHOP if path == "/shop" else PAY) for path in listed]
    told = {**matcher, "description": described(owned, SHOP).text}
    return found.with_spec(pathMatchers=[told], **more)


def taken(resource: Resource, limit: str) -> dict[tuple[str, Key | None], int]:
    """Return what a resource takes of a limit, by subject and Ingress."""
    found: Counter[tuple[str, Key | None]] = Counter()
    for cost in limits.costs(resource):
        if cost.limit == limit:
            found[cost.subject, cost.ingress] += cost.units
    return dict(found)


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("host-rules-per-external-url-map", 1000),
        ("host-rules-per-internal-url-map", 2000),
        ("path-matchers-per-external-url-map", 1000),
        ("path-matchers-per-internal-url-map", 2000),
        ("hosts-per-host-rule", 1000),
        ("rules-per-path-matcher", 1000),
        ("match-predicates-per-path-matcher", 1000),
        ("services-per-url-map", 2500),
        ("bytes-per-classic-url-map", 65536),
        ("bytes-per-url-map", 1048576),
        ("certificates-per-target-https-proxy", 15),
        ("backends-per-backend-service", 50),
        ("endpoints-per-network-endpoint-group", 10_000),
        ("instances-per-instance-group", 2000),
        ("named-ports-times-instances", 10_000),
        ("custom-request-headers-per-backend-service", 16),
        ("custom-response-headers-per-backend-service", 16),
        ("custom-header-bytes-per-backend-service", 8192),
        ("signed-url-keys-per-backend-service", 3),
        ("domains-per-managed-certificate", 100),
    ],
)
def test_documented_limits(name: str, figure: int) -> None:
    """None of these can be raised ("Quotas and limits" of Cloud Load Balancing)."""
    limit = limits.DEFAULTS[name]

    assert (limit.value, limit.source, limit.adjustable) == (figure, LimitSource.DEFAULT, False)
    assert EMULATED.get(name, figure) == figure


def test_quotas_are_the_projects_and_never_assumed() -> None:
    """They differ from project to project."""
    found = limits.merge({"URL_MAPS": 250, "europe-west1/NETWORK_ENDPOINT_GROUPS": 100})

    quota = found["URL_MAPS"]
    assert (quota.value, quota.source, quota.adjustable) == (250, LimitSource.ACCOUNT, True)
    assert quota.label == "url maps of the project"
    label = found["europe-west1/NETWORK_ENDPOINT_GROUPS"].label
    assert label == "network endpoint groups in europe-west1"
    assert "BACKEND_SERVICES" not in found.by_name


def test_a_figure_of_the_account_wins() -> None:
    """An account file may know better than the documentation."""
    found = limits.merge({"certificates-per-target-https-proxy": 20})

    limit = found["certificates-per-target-https-proxy"]
    assert (limit.value, limit.source) == (20, LimitSource.ACCOUNT)
    assert limit.label == "Compute certificates per HTTPS proxy"


def test_rules_of_a_shared_host_are_counted_for_their_ingress() -> None:
    """Whoever adds the paths pays for them; the host is whose default answers there."""
    url_map = a_shared_map("/shop", "/pay", "/refund")
    where = "host www.example.com of URL map edge/main"

    assert taken(url_map, "rules-per-path-matcher") == {(where, SHOP): 1, (where, PAY): 2}
    assert taken(url_map, "match-predicates-per-path-matcher") == {
        (where, SHOP): 1,
        (where, PAY): 2,
    }
    assert taken(url_map, "host-rules-per-external-url-map") == {(SUBJECT, SHOP): 1}
    assert taken(url_map, "services-per-url-map") == {(SUBJECT, None): 2}


@pytest.mark.parametrize(
    ("variant", "limit"),
    [
        ("classic", "bytes-per-classic-url-map"),
        ("global-external", "bytes-per-url-map"),
        ("regional-external", "bytes-per-url-map"),
        ("regional-internal", "bytes-per-url-map"),
    ],
)
def test_bytes_count_against_the_kind_of_load_balancer(variant: str, limit: str) -> None:
    """64 KB on classic ones, 1 MB on the others."""
    found = taken(a_shared_map("/shop", "/pay", variant=variant), limit)

    assert found[SUBJECT, SHOP] > 100
    assert found[SUBJECT, PAY] > 100
    others = {"bytes-per-classic-url-map", "bytes-per-url-map"} - {limit}
    assert not any(taken(a_shared_map("/shop", variant=variant), other) for other in others)


def test_bytes_grow_with_what_an_ingress_adds() -> None:
    """And only for that Ingress."""
    few = taken(a_shared_map("/shop", "/pay"), "bytes-per-url-map")
    many = taken(a_shared_map("/shop", "/pay", "/refund"), "bytes-per-url-map")

    assert many[SUBJECT, PAY] > few[SUBJECT, PAY]


@pytest.mark.parametrize(
    ("variant", "limit"),
    [
        ("classic", "host-rules-per-external-url-map"),
        ("regional-external", "host-rules-per-external-url-map"),
        ("regional-internal", "host-rules-per-internal-url-map"),
    ],
)
def test_host_rules_count_against_the_kind_of_load_balancer(variant: str, limit: str) -> None:
    """Internal ones may have twice as many."""
    assert taken(a_shared_map("/shop", variant=variant), limit) == {(SUBJECT, SHOP): 1}


def test_a_url_map_without_a_word_is_judged_by_its_place() -> None:
    """Adopted ones carry no word of ours yet."""
    plain = a_map({"a.example.com": {"": {WEB: 1}}})

    assert variant_of(plain.spec) is Variant.GLOBAL_EXTERNAL
    assert variant_of(plain.with_spec(region="europe-west1").spec) is Variant.REGIONAL_EXTERNAL


def test_configuration_units_count_once_for_each_forwarding_rule() -> None:
    """Usage is units times the forwarding rules that reach the map; it bites where configured."""
    words = f'{{"{VARIANT}":"regional-internal","{FORWARDING_RULES}":2}}'
    url_map = a_shared_map("/shop", "/pay", region="europe-west1", description=words)
    name = "europe-west1/REGIONAL_INTERNAL_PROXY_LB_CONFIG_PER_REGION_PER_VPC_NETWORK"

    assert taken(url_map, name) == {("the project", None): 2 * (1 + 1 + 1 + 2)}
    told = usages(
        desired=[url_map], observed=(), steps=(), costs=limits.costs, limits=limits.merge({name: 9})
    )
    assert [usage.headroom for usage in told if usage.limit.name == name] == [-1]


@pytest.mark.parametrize(
    ("kind", "fields", "limit", "units"),
    [
        (
            Kind.TARGET_HTTPS_PROXY,
            {"sslCertificates": ["a", "b"]},
            "certificates-per-target-https-proxy",
            2,
        ),
        (
            Kind.BACKEND_SERVICE,
            {"backends": [{"group": f"g{n}"} for n in range(3)]},
            "backends-per-backend-service",
            3,
        ),
        (
            Kind.BACKEND_SERVICE,
            {"customRequestHeaders": ["A: 1", "B: 2"]},
            "custom-request-headers-per-backend-service",
            2,
        ),
        (
            Kind.BACKEND_SERVICE,
            {"customRequestHeaders": ["A: 1", "B: 22"]},
            "custom-header-bytes-per-backend-service",
            9,
        ),
        (
            Kind.NETWORK_ENDPOINTS,
            {"networkEndpoints": [{"ipAddress": f"10.0.0.{n}"} for n in range(4)]},
            "endpoints-per-network-endpoint-group",
            4,
        ),
        (Kind.INSTANCES, {"instances": ["a", "b"]}, "instances-per-instance-group", 2),
        (Kind.INSTANCES, {"instances": ["a", "b"]}, "named-ports-times-instances", 2),
        (
            Kind.SSL_CERTIFICATE,
            {"managed": {"domains": ["a.example.com", "b.example.com"]}},
            "domains-per-managed-certificate",
            2,
        ),
        (Kind.SIGNED_URL_KEY, {}, "signed-url-keys-per-backend-service", 1),
    ],
)
def test_what_resources_take(
    kind: Kind, fields: dict[str, PlainInput], limit: str, units: int
) -> None:
    """Each kind of what the API limits."""
    resource = everything()[kind.value].with_spec(**fields)

    assert sum(taken(resource, limit).values()) == units


@pytest.mark.parametrize(
    ("name", "metrics"),
    [
        ("ForwardingRule", {"GLOBAL_EXTERNAL_MANAGED_FORWARDING_RULES"}),
        (
            "regional ForwardingRule",
            {
                "europe-west1/EXTERNAL_MANAGED_FORWARDING_RULES",
                "europe-west1/REGIONAL_EXTERNAL_MANAGED_FORWARDING_RULES_PER_REGION_PER_NETWORK",
            },
        ),
        ("BackendService", {"GLOBAL_EXTERNAL_MANAGED_BACKEND_SERVICES"}),
        ("regional BackendService", {"europe-west1/REGIONAL_EXTERNAL_MANAGED_BACKEND_SERVICES"}),
        ("UrlMap", {"URL_MAPS", "GLOBAL_EXTERNAL_PROXY_LB_CONFIG"}),
        ("TargetHttpProxy", {"TARGET_HTTP_PROXIES"}),
        ("TargetHttpsProxy", {"TARGET_HTTPS_PROXIES"}),
        ("HealthCheck", {"HEALTH_CHECKS"}),
        ("SslCertificate", {"SSL_CERTIFICATES"}),
        ("Firewall", {"FIREWALLS"}),
        ("Address", {"STATIC_ADDRESSES"}),
        ("regional Address", {"europe-west1/STATIC_ADDRESSES"}),
        ("NetworkEndpointGroup", {"europe-west1/NETWORK_ENDPOINT_GROUPS"}),
        ("InstanceGroup", {"europe-west1/INSTANCE_GROUPS"}),
    ],
)
def test_project_quotas_by_metric(name: str, metrics: set[str]) -> None:
    """Under the metrics of ``projects.get`` and ``regions.get``."""
    found = {
        cost.limit for cost in limits.costs(everything()[name]) if cost.subject == "the project"
    }

    assert found == metrics


def test_a_classic_backend_service_counts_twice() -> None:
    """Against the old metric and the new one."""
    classic = everything()["BackendService"].with_spec(loadBalancingScheme="EXTERNAL")

    found = {cost.limit for cost in limits.costs(classic) if cost.subject == "the project"}

    assert found == {"BACKEND_SERVICES", "GLOBAL_EXTERNAL_PROXY_LB_BACKEND_SERVICES"}


def test_what_others_use_is_what_is_not_ours() -> None:
    """Google tells the sum; a lagging sum never makes room that is not there."""
    ours = [seen(everything()["UrlMap"]), seen(everything()["HealthCheck"])]
    observed = Observed(resources={r.address: r for r in ours})
    facts = Facts(usage={"URL_MAPS": 10, "HEALTH_CHECKS": 0, "FIREWALLS": 4})

    found = limits.foreign_usage(facts, observed)

    assert (found["URL_MAPS"], found["HEALTH_CHECKS"], found["FIREWALLS"]) == (9, 0, 4)


def test_the_member_that_does_not_fit_is_refused_alone() -> None:
    """Each pays for its own rules of the shared map, so the other goes on."""
    before = a_shared_map("/shop", "/pay")
    after = a_shared_map("/shop", "/pay", "/refund")

    found = refusals(
        Demand(order=(SHOP, PAY), desired=[after], observed=[seen(before)], foreign={}, advice={}),
        limits.costs,
        limits.merge({"rules-per-path-matcher": 2}),
    )

    assert [refusal.ingress for refusal in found] == [PAY]
    assert "2 (pay/api)" in found[0].diagnostic.message
    assert "1 (shop/web)" in found[0].diagnostic.message
    assert MAP in after.address


def test_what_is_not_known_yet_costs_nothing() -> None:
    """A plan from files judges what files can tell."""
    resource = a_resource(
        Kind.NETWORK_ENDPOINTS,
        everything()["NetworkEndpoints"].address,
        zone="europe-west1-b",
        networkEndpoints=Unknown("depends on pods"),
    )

    assert sum(taken(resource, "endpoints-per-network-endpoint-group").values()) == 0
