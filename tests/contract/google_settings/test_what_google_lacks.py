"""What a kind of load balancer does not offer is refused by name, and nobody else hears of it.

Sources: "Load balancer feature comparison" of Cloud Load Balancing; "Ingress configuration on
Google Cloud" of GKE, whose feature comparison has Identity-Aware Proxy for external and internal
Ingresses, Cloud CDN and Cloud Armor for external ones alone.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from provisioner.model.resource import Json
from tests.contract.google_settings.bad import (
    Case,
    case,
    errors,
    ingress,
    scale,
    served,
    service,
    untold,
)
from tests.contract.google_settings.row import Kind
from tests.contract.google_settings.site import Site, settings
from tests.contract.provider.desk import calls_of, failures

OURS = "ingress-provisioner.io/"
A_GLOBAL_ONE = "choose a global load balancer"
A_MODERN_ONE = "google-load-balancer"
PATH = "spec.rules[0].http.paths[0]"
UNSUPPORTED = "OBJECT-UNSUPPORTED"
GOOD = "good"
NAMES = {
    Kind.CLASSIC: "a classic load balancer",
    Kind.REGIONAL: "a regional external load balancer",
    Kind.INTERNAL: "an internal load balancer",
}


def _by_config(name: str, kind: Kind, what: str, spec: dict[str, Json]) -> Case:
    says = f"{what} behind {NAMES[kind]} ({name}:80) is not supported"
    return case(
        name,
        (UNSUPPORTED, "Ingress shop/$me", PATH, says, A_GLOBAL_ONE),
        service={"cloud.google.com/backend-config": f'{{"default": "{name}"}}'},
        objects=[settings("BackendConfig", name, spec)],
    )


def _said(word: str, value: str, *told: str, field: str = "") -> Case:
    """Return the case of an annotation; ``told`` is code, part of the message and of the hint."""
    key = word if "/" in word else f"{OURS}{word}"
    code, says, hint = told
    where = field or f"metadata.annotations[{key}]"
    name = word.rpartition("/")[2].replace(".", "-")
    return case(name, (code, "Ingress shop/$me", where, says, hint), ingress={key: value})


def _of_all() -> Iterator[Case]:
    codes = "Counting another status than 200 as healthy on Google Cloud is not supported"
    yield _said("health-check-success-codes", "204", UNSUPPORTED, codes, "answer 200")
    logs = "Writing access logs of a Google Cloud load balancer to a bucket is not supported"
    yield _said("access-logs", "s3://bucket/shop", UNSUPPORTED, logs, "Cloud Logging")
    port = "Redirecting to another port than 443 on Google Cloud is not supported"
    yield _said("ssl-redirect", "8443", UNSUPPORTED, port, 'write "443"')


def _of_classic() -> Iterator[Case]:
    on = "on a classic Application Load Balancer is not supported"
    behind = f"behind {NAMES[Kind.CLASSIC]}"
    algorithm = f"Load balancing algorithm random {behind}"
    word = "load-balancing-algorithm"
    yield _said(word, "random", UNSUPPORTED, algorithm, A_MODERN_ONE, field=PATH)
    breaker = f"A circuit breaker {behind}"
    yield _said(
        "circuit-breakers", "max-requests=5", UNSUPPORTED, breaker, A_MODERN_ONE, field=PATH
    )
    split = f"Splitting traffic by weight {on}"
    yield _said("weights", "weights:80=9,good:80=1", UNSUPPORTED, split, A_MODERN_ONE)
    again = f"Repeating failed requests {on}"
    yield _said("retries", "attempts=2,on=5xx", UNSUPPORTED, again, A_MODERN_ONE)
    port = "a classic load balancer serves HTTP on port 80 or 8080, not on 81"
    yield _said("listen-ports", "HTTP:81", "LISTENER-PORT", port, "use these ports")


def _of_regional(kind: Kind) -> Iterator[Case]:
    yield _by_config("cdn", kind, "Cloud CDN", {"cdn": {"enabled": True}})
    armor: dict[str, Json] = {"securityPolicy": {"name": "own-a"}}
    yield _by_config("armor", kind, "Security policy own-a", armor)
    maps = f"a {kind} load balancer cannot use certificate map map-a"
    key = "networking.gke.io/certmap"
    yield _said(key, "map-a", "CERTIFICATE-MAP-REGIONAL", maps, "SSL certificates of the region")
    issued = f"Google issues no certificates for a {kind} load balancer"
    yield _said("certificates", "managed", "CERTIFICATE-MANAGED", issued, "name certificates")
    scope = f"static address own-a is global, while a {kind} load balancer needs a regional one"
    key = "kubernetes.io/ingress.global-static-ip-name"
    yield _said(key, "own-a", "CLOUD-ADDRESS-SCOPE", scope, "regional-static-ip-name")


def cases(kind: Kind) -> tuple[Case, ...]:
    """Return what a kind of load balancer does not offer."""
    found = [*_of_all()]
    if kind is Kind.CLASSIC:
        found += _of_classic()
    if kind.regional:
        found += _of_regional(kind)
    if kind is Kind.REGIONAL:
        guard: dict[str, Json] = {"iap": {"enabled": True}}
        found.append(_by_config("iap", kind, "Identity-Aware Proxy", guard))
    return tuple(found)


@pytest.mark.parametrize("kind", list(Kind))
def test_what_a_kind_does_not_offer_is_refused_by_name(kind: Kind, site: Site) -> None:
    """Each Ingress reads which capability it asked for and what to do; its neighbour is served."""
    lacking = cases(kind)
    scale(site, [GOOD, *(each.name for each in lacking)], 2)
    site.desk.put(
        ingress(GOOD, {f"{OURS}google-load-balancer": kind.value}),
        service(GOOD, {}),
        *(document for each in lacking for document in each.documents(kind.value)),
    )

    plan = site.desk.plan()
    site.cloud.forget_calls()
    failed = failures(site.desk.apply(plan))

    assert untold(lacking, plan) == {}
    assert failed == []
    assert site.cloud.mutating() == calls_of(plan)
    assert GOOD in served(site)
    site.desk.assert_at_rest()


def test_a_kind_of_a_region_takes_no_node_ports(site: Site) -> None:
    """Instance groups are not put behind regional load balancers, and the wish for one is told."""
    wish = f"{OURS}target-mode"
    kinds = {f"{OURS}google-load-balancer": Kind.INTERNAL.value}
    scale(site, ["nodes"], 2)
    site.desk.put(
        ingress("nodes", {**kinds, wish: "node-port"}), service("nodes", {}, node_port=30200)
    )

    found = errors(site.desk.plan())["nodes"]

    assert {each.code for each in found} == {"MODE-IMPOSSIBLE"}
    assert "network endpoint groups" in found[0].message
    assert all(each.hint and each.blocking for each in found)


def test_there_is_no_way_back_to_the_client_that_google_manages(site: Site) -> None:
    """Who takes the OAuth client away is told; the backend keeps it, and its neighbour goes on."""
    own: dict[str, Json] = {"enabled": True, "oauthclientCredentials": {"secretName": "oauth-a"}}
    scale(site, ["guarded", GOOD], 2)
    site.desk.put(
        ingress("guarded", {}),
        service("guarded", {"cloud.google.com/backend-config": '{"default": "guarded"}'}),
        settings("BackendConfig", "guarded", {"iap": own}),
        ingress(GOOD, {}),
        service(GOOD, {}),
    )
    site.desk.converge()

    site.desk.put(settings("BackendConfig", "guarded", {"iap": {"enabled": True}}))
    site.desk.put(ingress(GOOD, {f"{OURS}timeout-seconds": "90"}))
    plan = site.desk.converge()

    (told,) = errors(plan)["guarded"]
    assert (told.code, told.field) == ("BACKEND-IAP-CLIENT", PATH)
    assert "switch IAP off first" in told.hint
    assert site.look("guarded", "guarded").backend()["iap"]["oauth2ClientId"] == "id-a"
    assert calls_of(plan) == {"backendServices.update": 1}
