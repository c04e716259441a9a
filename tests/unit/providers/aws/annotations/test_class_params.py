"""Promises of IngressClassParams: every field is heard, in the form of the annotation it outranks.

Fields: apis/elbv2/v1beta1/ingressclassparams_types.go of AWS Load Balancer Controller 3.5.0; those
of EKS Auto Mode: "Create an IngressClass to configure an Application Load Balancer", Amazon EKS.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from providers.aws.class_params import class_words
from provisioner.core.annotations import ModeWish
from provisioner.model.annotation import ClassWord, ClassWords
from provisioner.model.diagnostic import Severity
from provisioner.model.intent import Scheme
from provisioner.model.kube import Parameters
from provisioner.model.selector import LabelRequirement, LabelSelector
from tests.factories import a_meta

LBC, EKS = "elbv2.k8s.aws", "eks.amazonaws.com"
ACL = "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/shop/a1b2"
CERTIFICATE = "arn:aws:acm:eu-west-1:111122223333:certificate/c1"

Spec = Mapping[str, object]


def words_of(spec: Spec, *, group: str = LBC) -> ClassWords:
    """Return what parameters ``edge`` say."""
    return class_words(
        Parameters(meta=a_meta("edge"), group=group, kind="IngressClassParams", spec=spec)
    )


def word(setting: str, value: object, field: str, suffix: str = "") -> ClassWord:
    """Return a word."""
    return ClassWord(setting=setting, value=value, field=field, suffix=suffix)


EACH: list[tuple[Spec, ClassWord]] = [
    ({"group": {"name": "edge"}}, word("group", "edge", "spec.group.name")),
    ({"loadBalancerName": "shop"}, word("load-balancer-name", "shop", "spec.loadBalancerName")),
    ({"scheme": "internet-facing"}, word("scheme", Scheme.EXTERNAL, "spec.scheme")),
    ({"ipAddressType": "dualstack"}, word("ip-address-type", "dualstack", "spec.ipAddressType")),
    (
        {"subnets": {"ids": ["subnet-1", "subnet-2"]}},
        word("subnets", ("subnet-1", "subnet-2"), "spec.subnets.ids"),
    ),
    (
        {"subnets": {"tags": {"tier": ["edge", "web"]}}},
        word("subnet-tags", {"tier": ("edge", "web")}, "spec.subnets.tags"),
    ),
    (
        {"certificateArn": [CERTIFICATE]},
        word("certificates", (CERTIFICATE,), "spec.certificateArn"),
    ),
    (
        {"sslPolicy": "ELBSecurityPolicy-2016-08"},
        word("ssl-policy", "ELBSecurityPolicy-2016-08", "spec.sslPolicy"),
    ),
    (
        {"inboundCIDRs": ["10.0.0.0/8"]},
        word("inbound-cidrs", ("10.0.0.0/8",), "spec.inboundCIDRs"),
    ),
    ({"prefixListsIDs": ["pl-1"]}, word("prefix-lists", ("pl-1",), "spec.prefixListsIDs")),
    ({"PrefixListsIDs": ["pl-1"]}, word("prefix-lists", ("pl-1",), "spec.PrefixListsIDs")),
    ({"sslRedirectPort": "443"}, word("ssl-redirect", 443, "spec.sslRedirectPort")),
    (
        {"tags": [{"key": "team", "value": "shop"}]},
        word("tags", {"team": "shop"}, "spec.tags"),
    ),
    ({"targetType": "ip"}, word("target-mode", ModeWish.POD, "spec.targetType")),
    ({"wafv2AclArn": ACL}, word("wafv2-acl-arn", ACL, "spec.wafv2AclArn")),
    ({"wafv2AclName": "shop"}, word("wafv2-acl-name", "shop", "spec.wafv2AclName")),
]

OF_FIRST: list[tuple[Spec, ClassWord]] = [
    (
        {"loadBalancerAttributes": [{"key": "routing.http2.enabled", "value": "false"}]},
        word(
            "load-balancer-attributes",
            {"routing.http2.enabled": "false"},
            "spec.loadBalancerAttributes",
        ),
    ),
    (
        {
            "listeners": [
                {
                    "protocol": "HTTPS",
                    "port": 443,
                    "listenerAttributes": [
                        {"key": "routing.http.response.server.enabled", "value": "false"}
                    ],
                }
            ]
        },
        word(
            "listener-attributes",
            {"routing.http.response.server.enabled": "false"},
            "spec.listeners[0].listenerAttributes",
            "HTTPS-443",
        ),
    ),
    (
        {"minimumLoadBalancerCapacity": {"capacityUnits": 0}},
        word("minimum-load-balancer-capacity", 0, "spec.minimumLoadBalancerCapacity.capacityUnits"),
    ),
    (
        {"ipamConfiguration": {"ipv4IPAMPoolId": "ipam-pool-1"}},
        word("ipam-ipv4-pool-id", "ipam-pool-1", "spec.ipamConfiguration.ipv4IPAMPoolId"),
    ),
]


@pytest.mark.parametrize(("spec", "expected"), EACH, ids=lambda x: str(x)[:40])
def test_a_field_is_the_word_of_each_member(spec: Spec, expected: ClassWord) -> None:
    """It outranks that member's own annotation."""
    assert words_of(spec) == ClassWords(words=(expected,))


@pytest.mark.parametrize(("spec", "expected"), OF_FIRST, ids=lambda x: str(x)[:40])
def test_some_fields_count_for_the_first_member_of_a_group_alone(
    spec: Spec, expected: ClassWord
) -> None:
    """LBC takes them from the first of the list."""
    assert words_of(spec) == ClassWords(of_first=(expected,))


def test_a_selector_says_which_namespaces_may_use_the_class() -> None:
    """In the form of the Kubernetes API."""
    spec = {
        "namespaceSelector": {
            "matchLabels": {"team": "shop"},
            "matchExpressions": [
                {"key": "stage", "operator": "In", "values": ["test", "live"]},
                {"key": "frozen", "operator": "DoesNotExist"},
            ],
        }
    }

    found = words_of(spec)

    assert found.words == ()
    assert found.namespaces == LabelSelector(
        match_labels={"team": "shop"},
        requirements=(
            LabelRequirement(key="stage", operator="In", values=("test", "live")),
            LabelRequirement(key="frozen", operator="DoesNotExist"),
        ),
    )


def test_eks_auto_mode_spells_two_fields_in_its_own_way() -> None:
    """Certificates and subnet tags; attributes of listeners it does not have."""
    spec = {
        "certificateARNs": [CERTIFICATE],
        "subnets": {"matchTags": [{"key": "tier", "values": ["edge"]}]},
        "scheme": "internal",
    }

    found = words_of(spec, group=EKS)

    assert found.diagnostics == ()
    assert {w.setting: w.value for w in found.words} == {
        "certificates": (CERTIFICATE,),
        "scheme": Scheme.INTERNAL,
        "subnet-tags": {"tier": ("edge",)},
    }
    [remark] = words_of({"listeners": []}, group=EKS).diagnostics
    assert (remark.code, remark.field) == ("CLASS-PARAMETERS-UNKNOWN", "spec.listeners")


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"scheme": "", "loadBalancerName": None, "tags": [], "certificateArn": None},
        {"group": {}, "subnets": {}, "ipamConfiguration": {}, "minimumLoadBalancerCapacity": {}},
        {"sslRedirectPort": "", "namespaceSelector": None, "listeners": []},
    ],
)
def test_an_empty_field_says_nothing(spec: Spec) -> None:
    """What a class leaves open is the Ingress' to say."""
    assert words_of(spec) == ClassWords()


def test_an_unknown_field_is_a_warning() -> None:
    """It has no effect, and nobody would notice."""
    [problem] = words_of({"schema": "internal"}).diagnostics

    assert (problem.code, problem.severity) == ("CLASS-PARAMETERS-UNKNOWN", Severity.WARNING)
    assert problem.subject == "IngressClassParams edge"
    assert "scheme" in problem.hint


def test_a_redirect_port_that_is_none_redirects_nothing_and_is_told() -> None:
    """LBC turns the redirect off in silence, whatever the annotation says."""
    found = words_of({"sslRedirectPort": "https"})

    [problem] = found.diagnostics
    assert [(said.setting, said.value) for said in found.words] == [("ssl-redirect", 0)]
    assert (problem.severity, problem.field) == (Severity.WARNING, "spec.sslRedirectPort")


def one_listener(**more: object) -> Spec:
    """Return parameters with one listener."""
    return {"listeners": [{"protocol": "HTTP", "port": 80, **more}]}


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"group": "edge"}, "spec.group"),
        ({"group": {"name": "Edge"}}, "spec.group.name"),
        ({"loadBalancerName": "n" * 33}, "spec.loadBalancerName"),
        ({"loadBalancerName": 7}, "spec.loadBalancerName"),
        ({"scheme": "external"}, "spec.scheme"),
        ({"scheme": ["internal"]}, "spec.scheme"),
        ({"ipAddressType": "ipv6"}, "spec.ipAddressType"),
        ({"subnets": ["subnet-1"]}, "spec.subnets"),
        ({"subnets": {"ids": "subnet-1"}}, "spec.subnets.ids"),
        ({"subnets": {"tags": {"tier": "edge"}}}, "spec.subnets.tags.tier"),
        ({"subnets": {"ids": ["subnet-1"], "tags": {"tier": ["edge"]}}}, "spec.subnets"),
        ({"certificateArn": CERTIFICATE}, "spec.certificateArn"),
        ({"certificateArn": [7]}, "spec.certificateArn[0]"),
        ({"sslPolicy": "TLS"}, "spec.sslPolicy"),
        ({"inboundCIDRs": ["10.0.0.1"]}, "spec.inboundCIDRs"),
        ({"prefixListsIDs": ["sg-1"]}, "spec.prefixListsIDs"),
        ({"prefixListsIDs": ["pl-1"], "PrefixListsIDs": ["pl-1"]}, "spec.PrefixListsIDs"),
        ({"sslRedirectPort": 443}, "spec.sslRedirectPort"),
        ({"tags": {"team": "shop"}}, "spec.tags"),
        ({"tags": [{"value": "shop"}]}, "spec.tags[0].key"),
        ({"tags": [{"key": "aws:team", "value": "shop"}]}, "spec.tags"),
        ({"targetType": "pod"}, "spec.targetType"),
        ({"wafv2AclArn": "shop"}, "spec.wafv2AclArn"),
        (
            {"loadBalancerAttributes": [{"key": "routing.http2.enable", "value": "false"}]},
            "spec.loadBalancerAttributes",
        ),
        (one_listener(protocol="TCP"), "spec.listeners[0].protocol"),
        (one_listener(port="80"), "spec.listeners[0].port"),
        (one_listener(port=0), "spec.listeners[0].port"),
        (one_listener(listenerAttributes=[{}]), "spec.listeners[0].listenerAttributes[0].key"),
        (
            {"minimumLoadBalancerCapacity": {"capacityUnits": True}},
            "spec.minimumLoadBalancerCapacity.capacityUnits",
        ),
        ({"ipamConfiguration": "ipam-pool-1"}, "spec.ipamConfiguration"),
        ({"namespaceSelector": "shop"}, "spec.namespaceSelector"),
        (
            {"namespaceSelector": {"matchLabels": {"team": 1}}},
            "spec.namespaceSelector.matchLabels.team",
        ),
        (
            {"namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "Near"}]}},
            "spec.namespaceSelector.matchExpressions[0].operator",
        ),
        (
            {"namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}},
            "spec.namespaceSelector.matchExpressions[0].values",
        ),
        (
            {"namespaceSelector": {"matchExpressions": [{"operator": "Exists"}]}},
            "spec.namespaceSelector.matchExpressions[0].key",
        ),
    ],
)
def test_a_field_of_the_wrong_form_blocks_by_its_path(spec: Spec, field: str) -> None:
    """Half-read enforcement is no enforcement, so it is an error that names object and field."""
    found = words_of(spec)

    [problem] = [d for d in found.diagnostics if d.blocking]
    assert (problem.code, problem.field) == ("CLASS-PARAMETERS-VALUE", field)
    assert problem.subject == "IngressClassParams edge"
    assert problem.message.startswith(f"{field}: ")
    assert problem.hint
