"""Promises of single values: what AWS or a mark of ours forbids, and what makes no difference."""

from __future__ import annotations

import pytest

from providers.aws.reading import words
from providers.aws.reading.attributes import LISTENER, LOAD_BALANCER, TARGET_GROUP, attributes
from providers.aws.reading.listeners import mutual_tls
from providers.aws.settings import PREFIX, MutualTls, MutualTlsMode
from provisioner.model.annotation import AnnotationError
from tests.unit.providers.aws.annotations.cases import reading_of


@pytest.mark.parametrize(
    ("suffix", "value"),
    [
        ("scheme", "Internal"),
        ("listen-ports", "[]"),
        ("listen-ports", '[{"TCP": 80}]'),
        ("group.name", "shared"),
        ("load-balancer-attributes", "idle_timeout"),
        ("load-balancer-attributes", "idle_timeout.timeout_seconds=x"),
        ("load-balancer-attributes", "idle_timeout.timeout_seconds=4001"),
        ("load-balancer-attributes", "routing.http2.enabled=yes"),
        ("target-group-attributes", "load_balancing.algorithm.type=fastest"),
        ("minimum-load-balancer-capacity", "CapacityUnits=many"),
        ("minimum-load-balancer-capacity", "CapacityUnits=" + "9" * 5000),
        ("frontend-nlb-healthcheck-port", "9" * 5000),
        ("target-control-port.web", "9000"),
        ("target-control-port..80", "9000"),
        ("listener-attributes.HTTPS", "a=b"),
        ("listener-attributes.http-80", "a=b"),
        ("listener-attributes.TCP-80", "a=b"),
        ("listener-attributes.HTTP-0", "a=b"),
        ("listener-attributes.HTTP-65536", "a=b"),
        ("healthcheck-interval-seconds", "+"),
        ("auth-session-timeout", "0"),
        ("mutual-authentication", "{}"),
    ],
)
def test_a_value_that_cannot_hold_is_one_error(suffix: str, value: str) -> None:
    """Also a family's suffix that names nothing, and numbers of absurd length."""
    [problem] = reading_of({PREFIX + suffix: value}).diagnostics

    assert problem.code == "ANNOTATION-VALUE"
    assert problem.blocking
    assert PREFIX + suffix in problem.message


@pytest.mark.parametrize(
    "suffix", ["target-control-port.web.http", "target-control-port.my.web.80"]
)
def test_a_control_port_names_a_service_and_its_port(suffix: str) -> None:
    """The port is what follows the last dot; it may be a name."""
    reading = reading_of({PREFIX + suffix: "9000"})

    assert reading.diagnostics == ()
    assert list(reading.values.families["target-control-port"]) == [suffix[20:]]


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
        words.tags(raw)


def test_tags_may_be_in_any_language() -> None:
    """AWS takes letters of every script."""
    assert words.tags("Équipe=Boutique, owner=a b") == {"Équipe": "Boutique", "owner": "a b"}


def test_prefix_lists_are_sorted_and_unique() -> None:
    """Their order means nothing, so it makes no difference."""
    assert words.prefix_lists("pl-2,pl-1, pl-2") == ("pl-1", "pl-2")


@pytest.mark.parametrize("suffix", ["wafv2-acl-arn", "wafv2-acl-name", "waf-acl-id", "web-acl-id"])
def test_an_empty_web_acl_is_none(suffix: str) -> None:
    """LBC passes the empty text on, and AWS takes the web ACL off: the same as ``none``."""
    setting = "waf-acl-id" if suffix == "web-acl-id" else suffix

    assert reading_of({PREFIX + suffix: ""}).values.said[setting].value == "none"


def test_the_older_spelling_of_a_web_acl_is_read_only_where_the_newer_is_absent() -> None:
    """Both with different values is no contradiction: LBC never looks at the older one then."""
    both = reading_of({f"{PREFIX}web-acl-id": "old", f"{PREFIX}waf-acl-id": "new"})
    alone = reading_of({f"{PREFIX}web-acl-id": "old"})

    assert both.diagnostics == ()
    assert both.values.said["waf-acl-id"].value == "new"
    assert alone.values.said["waf-acl-id"].value == "old"
    assert alone.values.said["waf-acl-id"].key == f"{PREFIX}web-acl-id"


def test_an_empty_pool_says_nothing() -> None:
    """LBC passes over it, so it contradicts nobody."""
    reading = reading_of({f"{PREFIX}ipam-ipv4-pool-id": ""})

    assert reading.diagnostics == ()
    assert "ipam-ipv4-pool-id" not in reading.values.said


@pytest.mark.parametrize(
    ("known", "key", "meant"),
    [
        (LOAD_BALANCER, "deletion_protection.enable", "deletion_protection.enabled"),
        (LOAD_BALANCER, "access_log.s3.bucket", "access_logs.s3.bucket"),
        (TARGET_GROUP, "slow_start.duration_second", "slow_start.duration_seconds"),
        (LISTENER, "routing.http.response.servers.enabled", "routing.http.response.server.enabled"),
    ],
)
def test_a_slip_in_the_name_of_an_attribute_is_told(
    known: tuple[str, ...], key: str, meant: str
) -> None:
    """AWS would refuse it in the middle of an apply."""
    with pytest.raises(AnnotationError) as caught:
        attributes(known)(f"{key}=1")

    assert caught.value.hint == f"did you mean {meant}?"


@pytest.mark.parametrize(
    ("known", "key"),
    [
        (LOAD_BALANCER, "brand.new.attribute"),
        (LOAD_BALANCER, "query_logs.s3.enabled"),
        (LISTENER, "routing.http.response.x_xss_protection.header_value"),
        (TARGET_GROUP, "stickiness.source_ip.enabled"),
    ],
)
def test_an_attribute_that_aws_may_have_learned_since_is_left_to_it(
    known: tuple[str, ...], key: str
) -> None:
    """The list of today must not be in the way of what comes tomorrow."""
    assert attributes(known)(f"{key}=x") == {key: "x"}


def test_mutual_tls_is_read_by_port() -> None:
    """Fields in any case, expiry checked unless someone says otherwise (LBC's defaults)."""
    found = mutual_tls(
        '[{"Port": 8443, "Mode": "off"}, {"port": 443, "mode": "verify", "trustStore": "t",'
        ' "ignoreClientCertificateExpiry": true, "advertiseTrustStoreCaNames": "on"}]'
    )

    assert found == (
        MutualTls(
            port=443,
            mode=MutualTlsMode.VERIFY,
            trust_store="t",
            ignore_expiry=True,
            advertise_ca_names=True,
        ),
        MutualTls(port=8443, mode=MutualTlsMode.OFF),
    )
    assert mutual_tls("[]") is None


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        ('[{"mode": "off"}]', "port"),
        ('[{"port": "443", "mode": "off"}]', "port"),
        ('[{"port": 0, "mode": "off"}]', "port"),
        ('[{"port": 443}]', "mode"),
        ('[{"port": 443, "mode": "Verify"}]', "mode"),
        ('[{"port": 443, "mode": "verify"}]', "trustStore"),
        ('[{"port": 443, "mode": "off", "trustStore": "t"}]', "no trust store"),
        (
            '[{"port": 443, "mode": "passthrough", "ignoreClientCertificateExpiry": false}]',
            "nothing to verify",
        ),
        (
            '[{"port": 443, "mode": "off", "advertiseTrustStoreCaNames": "off"}]',
            "nothing to verify",
        ),
        (
            '[{"port": 1, "mode": "verify", "trustStore": "t", "advertiseTrustStoreCaNames": "y"}]',
            "on or off",
        ),
        ('[{"port": 443, "mode": "off"}, {"port": 443, "mode": "off"}]', "twice"),
    ],
)
def test_mutual_tls_that_makes_no_sense_is_refused(raw: str, part: str) -> None:
    """The rules are those of LBC; one port twice would leave the choice to chance."""
    with pytest.raises(AnnotationError, match=part):
        mutual_tls(raw)
