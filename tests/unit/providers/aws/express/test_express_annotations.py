"""Promises of the native annotations: all known by name, none ever silently ignored."""

from __future__ import annotations

import pytest

from providers.aws import provider
from providers.aws.annotations import NATIVE, prefix_lists, tags
from providers.aws.refused import PREFIX
from provisioner.core.dialect import table_of
from provisioner.core.reading import read_annotations
from provisioner.model.annotation import AnnotationError, Place
from provisioner.model.diagnostic import Severity
from provisioner.model.kube import Meta

TABLE = table_of(provider)

# Every annotation that AWS Load Balancer Controller 3.5.0 reads (pkg/annotations/constants.go).
INCUMBENT = (
    "load-balancer-name",
    "group.name",
    "group.order",
    "tags",
    "ip-address-type",
    "scheme",
    "subnets",
    "customer-owned-ipv4-pool",
    "ipam-ipv4-pool-id",
    "load-balancer-attributes",
    "minimum-load-balancer-capacity",
    "wafv2-acl-arn",
    "wafv2-acl-name",
    "waf-acl-id",
    "web-acl-id",
    "shield-advanced-protection",
    "security-groups",
    "manage-backend-security-group-rules",
    "inbound-cidrs",
    "security-group-prefix-lists",
    "listen-ports",
    "ssl-redirect",
    "certificate-arn",
    "ssl-policy",
    "mutual-authentication",
    "listener-attributes.HTTPS-443",
    "create-acm-cert",
    "acm-pca-arn",
    "target-type",
    "backend-protocol",
    "backend-protocol-version",
    "target-group-attributes",
    "healthcheck-port",
    "healthcheck-protocol",
    "healthcheck-path",
    "healthcheck-interval-seconds",
    "healthcheck-timeout-seconds",
    "healthy-threshold-count",
    "unhealthy-threshold-count",
    "success-codes",
    "target-node-labels",
    "multi-cluster-target-group",
    "target-control-port.web.80",
    "auth-type",
    "auth-idp-cognito",
    "auth-idp-oidc",
    "auth-on-unauthenticated-request",
    "auth-scope",
    "auth-session-cookie",
    "auth-session-timeout",
    "jwt-validation",
    "actions.go",
    "conditions.web",
    "transforms.web",
    "use-regex-path-match",
    "enable-frontend-nlb",
    "frontend-nlb-scheme",
    "frontend-nlb-subnets",
    "frontend-nlb-security-groups",
    "frontend-nlb-listener-port-mapping",
    "frontend-nlb-eip-allocations",
    "frontend-nlb-attributes",
    "frontend-nlb-tags",
    "frontend-nlb-healthcheck-port",
    "frontend-nlb-healthcheck-protocol",
    "frontend-nlb-healthcheck-path",
    "frontend-nlb-healthcheck-interval-seconds",
    "frontend-nlb-healthcheck-timeout-seconds",
    "frontend-nlb-healthcheck-healthy-threshold-count",
    "frontend-nlb-healthcheck-unhealthy-threshold-count",
    "frontend-nlb-healthcheck-success-codes",
    "dry-run-plan",
)


def read(suffix: str, value: str, place: Place = Place.INGRESS) -> list[tuple[str, Severity]]:
    """Return code and severity of what reading one annotation brings up."""
    meta = Meta(name="web", namespace="shop", annotations={PREFIX + suffix: value})
    reading = read_annotations(meta, place, table=TABLE)
    return [(d.code, d.severity) for d in reading.diagnostics]


@pytest.mark.parametrize("suffix", INCUMBENT)
def test_every_annotation_of_the_incumbent_is_known(suffix: str) -> None:
    """A manifest that moves over meets no "unknown annotation"."""
    assert TABLE.find(PREFIX + suffix) is not None


def test_the_table_holds_nothing_that_the_incumbent_does_not_read() -> None:
    """Keys under its prefix are its own; ours are under the portable prefix."""
    exact = {a.key.removeprefix(PREFIX) for a in NATIVE if not a.key.endswith(".*")}
    families = {a.key.removeprefix(PREFIX)[:-1] for a in NATIVE if a.key.endswith(".*")}

    assert exact <= set(INCUMBENT)
    assert all(any(name.startswith(stem) for name in INCUMBENT) for stem in families)
    assert len(exact) + len(families) == len(INCUMBENT)


@pytest.mark.parametrize(
    "suffix",
    [
        "wafv2-acl-arn",
        "wafv2-acl-name",
        "waf-acl-id",
        "auth-type",
        "auth-idp-oidc",
        "jwt-validation",
        "mutual-authentication",
        "conditions.web",
        "actions.web",
        "transforms.web",
        "frontend-nlb-scheme",
        "listener-attributes.HTTPS-443",
        "minimum-load-balancer-capacity",
    ],
)
def test_what_is_not_built_is_refused_by_name(suffix: str) -> None:
    """Most of these decide who may reach a service: ignoring one would leave a door open."""
    assert read(suffix, "something") == [("OBJECT-UNSUPPORTED", Severity.ERROR)]


def test_a_refusal_names_the_annotation() -> None:
    """People search for the key that they wrote."""
    meta = Meta(name="web", namespace="shop", annotations={f"{PREFIX}auth-type": "oidc"})

    (problem,) = read_annotations(meta, Place.INGRESS, table=TABLE).diagnostics

    assert "alb.ingress.kubernetes.io/auth-type" in problem.message
    assert problem.field == "metadata.annotations[alb.ingress.kubernetes.io/auth-type]"


@pytest.mark.parametrize(
    ("suffix", "value"),
    [
        ("auth-type", "none"),
        ("wafv2-acl-arn", "none"),
        ("shield-advanced-protection", "false"),
        ("enable-frontend-nlb", "false"),
        ("use-regex-path-match", "false"),
        ("create-acm-cert", "F"),
        ("dry-run-plan", '{"id":"shop/web"}'),
    ],
)
def test_a_value_that_asks_for_nothing_passes(suffix: str, value: str) -> None:
    """Stating that something is off is no reason to refuse an Ingress."""
    assert read(suffix, value) == []


@pytest.mark.parametrize(
    ("suffix", "value"),
    [
        ("scheme", "external"),
        ("scheme", "Internal"),
        ("target-type", "pod"),
        ("ip-address-type", "ipv6"),
        ("listen-ports", "[]"),
        ("listen-ports", '[{"TCP": 80}]'),
        ("ssl-redirect", "0"),
        ("group.name", "Edge"),
        ("group.name", "shared"),
        ("group.order", "1001"),
        ("healthcheck-interval-seconds", "4"),
        ("healthcheck-timeout-seconds", "121"),
        ("healthy-threshold-count", "1"),
        ("unhealthy-threshold-count", "11"),
        ("inbound-cidrs", "10.0.0.1"),
        ("security-group-prefix-lists", "sg-1"),
        ("manage-backend-security-group-rules", "yes"),
        ("load-balancer-attributes", "idle_timeout"),
        ("tags", "aws:cost=1"),
    ],
)
def test_a_value_that_cannot_hold_is_an_error(suffix: str, value: str) -> None:
    """Ranges are AWS's own: what it would refuse at apply time is refused in the plan."""
    assert read(suffix, value) == [("ANNOTATION-VALUE", Severity.ERROR)]


@pytest.mark.parametrize(
    "suffix", ["target-type", "healthcheck-path", "backend-protocol", "tags", "success-codes"]
)
def test_backend_settings_may_stand_on_a_service(suffix: str) -> None:
    """As the incumbent reads them; there they outrank the Ingress."""
    value = {"target-type": "ip", "backend-protocol": "HTTP", "tags": "a=b"}.get(suffix, "200")

    assert read(suffix, value, Place.SERVICE) == []


def test_a_load_balancer_setting_on_a_service_is_told() -> None:
    """It has no effect there, and nobody would notice."""
    assert read("scheme", "internal", Place.SERVICE) == [("ANNOTATION-PLACE", Severity.WARNING)]


@pytest.mark.parametrize(
    "raw",
    [
        "ingress-provisioner.io/owner=me",
        "aws:x=1",
        "k=" + "v" * 257,
        "k" * 129 + "=v",
        "k=semi;colon",
    ],
)
def test_tags_that_aws_refuses_or_that_would_be_marks_are_refused(raw: str) -> None:
    """Marks decide what may be deleted, so no annotation sets them."""
    with pytest.raises(AnnotationError):
        tags(raw)


def test_tags_may_be_in_any_language() -> None:
    """AWS takes letters of every script."""
    assert tags("Équipe=Boutique, owner=a b") == {"Équipe": "Boutique", "owner": "a b"}


def test_prefix_lists_are_sorted_and_unique() -> None:
    """Their order means nothing, so it makes no difference."""
    assert prefix_lists("pl-2,pl-1, pl-2") == ("pl-1", "pl-2")
