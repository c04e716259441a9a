"""Which load balancer an Ingress gets, and what on an Ingress makes no difference at all."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from provisioner.model.resource import Json
from tests.contract.google_settings import look
from tests.contract.google_settings.bad import ingress, scale, served, service
from tests.contract.google_settings.row import Kind
from tests.contract.google_settings.site import Site
from tests.contract.provider.desk import calls_of, changes_of
from tests.contract.provider.manifests import NAMESPACE, Document

CLASS = "kubernetes.io/ingress.class"
KIND = "ingress-provisioner.io/google-load-balancer"
SCHEME = "ingress-provisioner.io/scheme"

SHOWN: Mapping[Kind, tuple[str, bool]] = {
    Kind.GLOBAL: ("EXTERNAL_MANAGED", False),
    Kind.CLASSIC: ("EXTERNAL", False),
    Kind.REGIONAL: ("EXTERNAL_MANAGED", True),
    Kind.INTERNAL: ("INTERNAL_MANAGED", True),
}
"""Scheme of forwarding rules, and whether they stand in a region, as Google spells the kinds."""

ASKED: tuple[tuple[str, Mapping[str, str], Kind], ...] = (
    ("gce", {}, Kind.GLOBAL),
    ("gce-internal", {}, Kind.INTERNAL),
    ("gce-regional-external", {}, Kind.REGIONAL),
    ("", {CLASS: "gce"}, Kind.GLOBAL),
    ("", {CLASS: "gce-internal"}, Kind.INTERNAL),
    ("", {CLASS: "gce-regional-external"}, Kind.REGIONAL),
    ("gce-internal", {CLASS: "gce"}, Kind.GLOBAL),  # GKE asks the annotation alone
    ("gce", {SCHEME: "internal"}, Kind.INTERNAL),
    ("gce", {SCHEME: "external"}, Kind.GLOBAL),
    ("gce", {KIND: "global-external"}, Kind.GLOBAL),
    ("gce", {KIND: "classic"}, Kind.CLASSIC),
    ("gce", {KIND: "regional-external"}, Kind.REGIONAL),
    ("gce", {KIND: "regional-internal"}, Kind.INTERNAL),
    ("gce-internal", {KIND: "regional-external"}, Kind.REGIONAL),
)

FOREIGN_ON_INGRESSES = {
    "ingress.gcp.kubernetes.io/instance-groups": '[{"Name": "k8s-ig--1", "Zone": "b"}]',
    "ingress.kubernetes.io/url-map": "k8s2-um-x",
}
FOREIGN_ON_SERVICES = {
    "cloud.google.com/neg-status": '{"network_endpoint_groups": {"80": "k8s1-x"}}',
    "cloud.google.com/load-balancer-type": "Internal",
    "cloud.google.com/network-tier": "Standard",
    "cloud.google.com/l4-rbs": "enabled",
    "cloud.google.com/load-balancer-backend-share": "true",
    "networking.gke.io/load-balancer-type": "Internal",
    "networking.gke.io/load-balancer-subnet": "inner",
    "networking.gke.io/load-balancer-ip-addresses": "one",
    "networking.gke.io/internal-load-balancer-subnet": "inner",
    "networking.gke.io/internal-load-balancer-allow-global-access": "true",
    "networking.gke.io/l4-strong-session-affinity": "enabled",
    "networking.gke.io/weighted-load-balancing": "pods-per-node",
}


def _classed(made: Document, name: str) -> Document:
    spec = made["spec"]
    assert isinstance(spec, dict)
    rest: dict[str, Json] = {k: v for k, v in spec.items() if k != "ingressClassName"}
    return {**made, "spec": {**rest, **({"ingressClassName": name} if name else {})}}


def test_who_asks_for_which_load_balancer(site: Site) -> None:
    """By class in both spellings, by scheme, by our own annotation, which is the strongest."""
    names = [f"a{number}" for number in range(len(ASKED))]
    scale(site, names, 2)
    for name, (class_name, said, _) in zip(names, ASKED, strict=True):
        site.desk.put(_classed(ingress(name, said), class_name), service(name, {}))

    site.desk.converge()

    project = look.Project(site.rest)
    seen = {}
    for name in names:
        (rule,) = look.Look(project, f"{NAMESPACE}/{name}", name).rules()
        seen[name] = (rule["loadBalancingScheme"], "region" in rule)
    assert seen == {name: SHOWN[kind] for name, (_, _, kind) in zip(names, ASKED, strict=True)}
    site.clear_out()


def test_annotations_of_others_change_nothing(site: Site) -> None:
    """What other programs write below the same prefixes is known: no call, and no word of it."""
    scale(site, ["web"], 2)
    site.desk.put(ingress("web", {}), service("web", {}))
    site.desk.converge()

    site.desk.put(ingress("web", FOREIGN_ON_INGRESSES), service("web", FOREIGN_ON_SERVICES))
    plan = site.desk.plan()

    assert changes_of(plan) == {}
    assert plan.diagnostics == ()


def test_a_dot_in_a_name_is_no_hindrance(site: Site) -> None:
    """GKE cannot name the resources of such an Ingress; ours have names that Google takes."""
    scale(site, ["web"], 2)
    site.desk.put(ingress("shop.v2", {}, service="web"), service("web", {}))

    site.desk.converge()

    assert served(site).keys() == {"shop"}
    site.clear_out()


@pytest.mark.parametrize("kind", [Kind.REGIONAL, Kind.INTERNAL])
def test_a_kind_of_a_region_needs_a_proxy_only_subnet(kind: Kind, site: Site) -> None:
    """Without one the Ingress reads the gcloud line, and its neighbour is served; then it is."""
    subnet = site.cloud.project.proxy_subnetwork.rpartition("/v1/")[2]
    kept = site.rest.call("GET", subnet)
    site.server.remove(subnet)
    scale(site, ["inner", "good"], 2)
    site.desk.put(ingress("inner", {KIND: kind.value}), service("inner", {}))
    site.desk.put(ingress("good", {}), service("good", {}))
    try:
        plan = site.desk.converge()
    finally:
        fields = ("name", "network", "ipCidrRange", "purpose", "role")
        site.server.place(subnet.rpartition("/")[0], {name: kept[name] for name in fields})

    (told,) = plan.diagnostics
    assert (told.code, told.subject, told.field, told.blocking) == (
        "CLOUD-NO-PROXY-SUBNET",
        "Ingress shop/inner",
        f"metadata.annotations[{KIND}]",
        True,
    )
    assert "no proxy-only subnet in region europe-west1" in told.message
    assert "--purpose=REGIONAL_MANAGED_PROXY --role=ACTIVE --region=europe-west1" in told.hint
    assert served(site).keys() == {"good"}
    site.desk.converge()
    assert served(site).keys() == {"good", "inner"}


def test_a_url_map_that_google_refuses(site: Site) -> None:
    """What ``validate`` says stands in the plan, and nothing is made; others are applied.

    Google judges a map with backend services that exist, so there is another load balancer before.
    """
    hosts = ["one", "two"]
    scale(site, [*hosts, "good"], 2)
    site.desk.put(ingress("good", {}), *(service(name, {}) for name in [*hosts, "good"]))
    site.desk.converge()
    site.server.limits["path-matchers-per-external-url-map"] = 1
    site.desk.put(*(ingress(name, {"ingress-provisioner.io/group": "edge"}) for name in hosts))
    site.desk.put(ingress("good", {"ingress-provisioner.io/timeout-seconds": "90"}))

    plan = site.desk.plan()
    site.cloud.forget_calls()
    site.desk.apply(plan)

    (refused,) = [each for each in plan.diagnostics if each.severity.value == "error"]
    assert (refused.code, refused.subject) == ("CLOUD-URL-MAP-REFUSED", "load balancer edge")
    assert "'resource.pathMatchers': '2'. At most 1 path matchers" in refused.message
    assert refused.hint
    assert site.look("good", "good").backend()["timeoutSec"] == 90
    assert site.cloud.mutating() == calls_of(plan) == {"backendServices.update": 1}


def test_a_url_map_that_google_refuses_later(site: Site) -> None:
    """A load balancer that serves keeps its last good rules, and its endpoints follow the pods."""
    grouped = {"ingress-provisioner.io/group": "edge"}
    scale(site, ["one", "two"], 2)
    site.desk.put(ingress("one", grouped), service("one", {}), service("two", {}))
    site.desk.converge()
    site.server.limits["path-matchers-per-external-url-map"] = 1
    scale(site, ["one", "two"], 3)
    site.desk.put(ingress("two", grouped))

    plan = site.desk.plan()
    site.desk.apply(plan)

    (refused,) = [each for each in plan.diagnostics if each.severity.value == "error"]
    assert refused.code == "CLOUD-URL-MAP-REFUSED"
    assert {name: len(pods) for name, pods in served(site).items()} == {"one": 3}
