"""Listeners: protocols, certificates, mutual authentication, attributes."""

from __future__ import annotations

import pytest

from tests.unit.sandbox.aws.workbench import Workbench, certified, forward, not_found, refused


def certificates(bench: Workbench, listener: str) -> list[tuple[int, bool]]:
    """Index in the account and default mark of each listed certificate."""
    arns = [each.arn for each in bench.account.certificates]
    answer = bench.elbv2.describe_listener_certificates(ListenerArn=listener)
    return [
        (arns.index(each["CertificateArn"]), each["IsDefault"]) for each in answer["Certificates"]
    ]


@pytest.mark.parametrize("how_many", [0, 2])
def test_https_takes_exactly_one_certificate(bench: Workbench, how_many: int) -> None:
    """Others are added by AddListenerCertificates."""
    balancer = bench.balancer()
    given = certified(*(each.arn for each in bench.account.certificates[:how_many]))

    with refused("ValidationError"):
        bench.secure_listener(balancer, Certificates=given)


def test_an_unknown_certificate_is_refused(bench: Workbench) -> None:
    """CertificateNotFound on create, modify and add."""
    balancer = bench.balancer()
    missing = certified(bench.account.certificates[0].arn[:-4] + "0000")
    listener = bench.secure_listener(balancer)

    with refused("CertificateNotFound"):
        bench.secure_listener(balancer, 8443, Certificates=missing)
    with refused("CertificateNotFound"):
        bench.elbv2.modify_listener(ListenerArn=listener, Certificates=missing)
    with refused("CertificateNotFound"):
        bench.elbv2.add_listener_certificates(ListenerArn=listener, Certificates=missing)


def test_a_certificate_that_is_not_issued_is_refused(bench: Workbench) -> None:
    """A requested certificate waits for validation and cannot be used yet."""
    pending = bench.acm.request_certificate(DomainName="later.example.com")["CertificateArn"]

    with refused("UnsupportedCertificate"):
        bench.secure_listener(bench.balancer(), Certificates=certified(pending))


def test_http_takes_neither_certificate_nor_policy(bench: Workbench) -> None:
    """They belong to HTTPS; other protocols belong to other load balancers."""
    balancer = bench.balancer()
    given = certified(bench.account.certificates[0].arn)

    with refused("InvalidConfigurationRequest"):
        bench.listener(balancer, 80, Certificates=given)
    with refused("UnsupportedProtocol"):
        bench.listener(balancer, 80, Protocol="TCP")


def test_an_unknown_policy_is_refused(bench: Workbench) -> None:
    """SSLPolicyNotFound."""
    with refused("SSLPolicyNotFound"):
        bench.secure_listener(bench.balancer(), SslPolicy="ELBSecurityPolicy-1999-01")


def test_only_the_default_certificate_is_described_with_the_listener(bench: Workbench) -> None:
    """DescribeListeners shows the default, DescribeListenerCertificates all of them."""
    listener = bench.secure_listener(bench.balancer())
    extra = bench.account.certificates[1].arn
    bench.elbv2.add_listener_certificates(ListenerArn=listener, Certificates=certified(extra))

    (found,) = bench.elbv2.describe_listeners(ListenerArns=[listener])["Listeners"]

    assert found["Certificates"] == certified(bench.account.certificates[0].arn)
    assert certificates(bench, listener) == [(0, True), (1, False)]


def test_a_default_that_is_also_in_the_list_appears_twice(bench: Workbench) -> None:
    """As the API reference says; adding one again changes nothing."""
    listener = bench.secure_listener(bench.balancer())
    default = certified(bench.account.certificates[0].arn)

    bench.elbv2.add_listener_certificates(ListenerArn=listener, Certificates=default)
    bench.elbv2.add_listener_certificates(ListenerArn=listener, Certificates=default)

    assert certificates(bench, listener) == [(0, True), (0, False)]


def test_a_new_default_leaves_the_list_alone(bench: Workbench) -> None:
    """ModifyListener replaces the default certificate only."""
    listener = bench.secure_listener(bench.balancer())
    arns = [each.arn for each in bench.account.certificates]
    bench.elbv2.add_listener_certificates(ListenerArn=listener, Certificates=certified(arns[1]))

    bench.elbv2.modify_listener(ListenerArn=listener, Certificates=certified(arns[2]))

    assert certificates(bench, listener) == [(2, True), (1, False)]


def test_certificates_are_removed_but_not_the_default(bench: Workbench) -> None:
    """OperationNotPermitted for the default certificate."""
    listener = bench.secure_listener(bench.balancer())
    arns = certified(*(each.arn for each in bench.account.certificates))
    bench.elbv2.add_listener_certificates(ListenerArn=listener, Certificates=arns[1:3])

    bench.elbv2.remove_listener_certificates(ListenerArn=listener, Certificates=arns[1:2])

    assert certificates(bench, listener) == [(0, True), (2, False)]
    with refused("OperationNotPermitted"):
        bench.elbv2.remove_listener_certificates(ListenerArn=listener, Certificates=arns[:1])


def test_a_listener_turns_from_http_to_https_and_back(bench: Workbench) -> None:
    """Going secure needs a certificate; going back drops it (API reference)."""
    listener = bench.listener(bench.balancer())
    arn = certified(bench.account.certificates[0].arn)

    with refused("ValidationError"):
        bench.elbv2.modify_listener(ListenerArn=listener, Protocol="HTTPS")
    bench.elbv2.modify_listener(ListenerArn=listener, Protocol="HTTPS", Certificates=arn)
    assert certificates(bench, listener) == [(0, True)]
    bench.elbv2.modify_listener(ListenerArn=listener, Protocol="HTTP")

    (found,) = bench.elbv2.describe_listeners(ListenerArns=[listener])["Listeners"]
    assert "Certificates" not in found
    assert "SslPolicy" not in found


def test_a_deleted_listener_is_not_found(bench: Workbench) -> None:
    """ListenerNotFound on describe and on a second delete; its rules are gone."""
    listener = bench.listener(bench.balancer())
    rule = bench.rule(listener)
    bench.elbv2.delete_listener(ListenerArn=listener)

    with refused("ListenerNotFound"):
        bench.elbv2.delete_listener(ListenerArn=listener)
    with refused("ListenerNotFound"):
        bench.elbv2.describe_rules(ListenerArn=listener)
    with refused("RuleNotFound"):
        bench.elbv2.describe_rules(RuleArns=[rule])


def test_the_default_rule_follows_the_default_action(bench: Workbench) -> None:
    """ModifyListener changes what DescribeRules shows as the default rule."""
    listener = bench.listener(bench.balancer())
    group = bench.group()

    bench.elbv2.modify_listener(ListenerArn=listener, DefaultActions=[forward(group)])

    (default,) = bench.elbv2.describe_rules(ListenerArn=listener)["Rules"]
    assert default["IsDefault"]
    assert default["Actions"][0]["TargetGroupArn"] == group


def test_listener_attributes_are_checked(bench: Workbench) -> None:
    """Documented keys are kept, others refused."""
    listener = bench.listener(bench.balancer())
    key = "routing.http.response.server.enabled"

    bench.elbv2.modify_listener_attributes(
        ListenerArn=listener, Attributes=[{"Key": key, "Value": "false"}]
    )

    answer = bench.elbv2.describe_listener_attributes(ListenerArn=listener)
    assert {each["Key"]: each["Value"] for each in answer["Attributes"]}[key] == "false"
    with refused("InvalidConfigurationRequest"):
        bench.elbv2.modify_listener_attributes(
            ListenerArn=listener, Attributes=[{"Key": "no.such.key", "Value": "1"}]
        )


def test_listeners_and_rules_come_in_pages(bench: Workbench) -> None:
    """Both paginators see everything when pages hold three items."""
    bench.cloud.configure(page_size=3)
    balancer = bench.balancer()
    listeners = [bench.listener(balancer, port) for port in range(80, 84)]
    rules = [bench.rule(listeners[0], priority) for priority in range(1, 5)]

    listed = [
        each["ListenerArn"]
        for page in bench.elbv2.get_paginator("describe_listeners").paginate(
            LoadBalancerArn=balancer
        )
        for each in page["Listeners"]
    ]
    pages = list(bench.elbv2.get_paginator("describe_rules").paginate(ListenerArn=listeners[0]))

    assert listed == listeners
    assert [len(page["Rules"]) for page in pages] == [3, 2]
    assert [each["RuleArn"] for page in pages for each in page["Rules"]][:4] == rules


def test_a_malformed_marker_is_refused(bench: Workbench) -> None:
    """A marker comes from the page before."""
    with refused("ValidationError", saying="marker"):
        bench.elbv2.describe_load_balancers(Marker="here")


def test_actions_of_a_listener_are_checked_like_those_of_a_rule(bench: Workbench) -> None:
    """HTTPS cannot be redirected to HTTP."""
    redirect = {
        "Type": "redirect",
        "RedirectConfig": {"Protocol": "HTTP", "Port": "80", "StatusCode": "HTTP_301"},
    }
    balancer = bench.balancer()

    with refused("InvalidLoadBalancerAction"):
        bench.secure_listener(balancer, DefaultActions=[redirect])
    with refused("ValidationError"):
        bench.listener(balancer, DefaultActions=[not_found(), not_found()])


@pytest.mark.parametrize(
    ("name", "protocols"),
    [
        ("ELBSecurityPolicy-2016-08", {"TLSv1", "TLSv1.1", "TLSv1.2"}),
        ("ELBSecurityPolicy-TLS13-1-2-2021-06", {"TLSv1.2", "TLSv1.3"}),
        ("ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", {"TLSv1.2", "TLSv1.3"}),
        ("ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04", {"TLSv1.3"}),
        ("ELBSecurityPolicy-FS-1-2-Res-2019-08", {"TLSv1.2"}),
    ],
)
def test_tls_policies_are_known_by_name(bench: Workbench, name: str, protocols: set[str]) -> None:
    """Page "Security policies for your Application Load Balancer"; a listener takes each."""
    (found,) = bench.elbv2.describe_ssl_policies(Names=[name])["SslPolicies"]
    listener = bench.secure_listener(bench.balancer(), SslPolicy=name)

    (shown,) = bench.elbv2.describe_listeners(ListenerArns=[listener])["Listeners"]

    assert set(found["SslProtocols"]) == protocols
    assert shown["SslPolicy"] == name
    with refused("SSLPolicyNotFound"):
        bench.elbv2.describe_ssl_policies(Names=[name, "ELBSecurityPolicy-no-such"])
