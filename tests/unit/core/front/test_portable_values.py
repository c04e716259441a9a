"""Promises of portable annotations: one meaning that every cloud can hold, and no more."""

from __future__ import annotations

import pytest

from providers.aws import provider
from provisioner.core.annotations import Retries, ServiceWeight
from provisioner.core.dialect import table_of
from provisioner.core.portable_values import (
    access_logs,
    certificates,
    circuit_breakers,
    retries,
    rewrite_target,
    weights,
)
from provisioner.core.reading import read_annotations
from provisioner.model.annotation import AnnotationError, Place
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.kube import Meta, PortRef
from provisioner.model.settings import ANNOTATION_PREFIX


@pytest.mark.parametrize(("raw", "value"), [("/", "/"), (" /api ", "/api"), ("/a/b/", "/a/b/")])
def test_a_rewrite_replaces_the_matched_part_by_a_path(raw: str, value: str) -> None:
    """Literal, so that a URL map can do it as well as an ALB."""
    assert rewrite_target(raw) == value


@pytest.mark.parametrize(
    "raw",
    ["", "api", "https://x/", "/$1", r"/\1", "/a?b=c", "/a#b", "/a*", "/a b", "/" + "a" * 1024],
)
def test_a_rewrite_is_no_pattern_and_has_no_query(raw: str) -> None:
    """Captured groups are the native annotations' business."""
    with pytest.raises(AnnotationError) as caught:
        rewrite_target(raw)

    assert caught.value.hint


@pytest.mark.parametrize("raw", ["web:80=90, canary:http=10", '{"web:80": 90, "canary:http": 10}'])
def test_a_split_names_services_ports_and_weights_in_order(raw: str) -> None:
    """As a map, or as a JSON object."""
    assert weights(raw) == (
        ServiceWeight(service="web", port=PortRef(number=80), weight=90),
        ServiceWeight(service="canary", port=PortRef(name="http"), weight=10),
    )


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        ("", "names 0 Services"),
        ("web:80=1", "names 1 Services"),
        (",".join(f"web{n}:80=1" for n in range(6)), "names 6 Services"),
        ("web=1,canary:80=1", "not service:port"),
        ("web:80=1000,canary:80=1", "out of range"),
        ("web:80=-1,canary:80=1", "out of range"),
        ("web:80=half,canary:80=1", "not a whole number"),
        ("web:80=0,canary:80=0", "every weight is 0"),
        ("web:80,canary:80", "not a key=value pair"),
        ('{"web:80": "1", "canary:80": 1}', "not a whole number"),
        ('{"web:80": true, "canary:80": 1}', "not a whole number"),
        ("{", "not JSON"),
    ],
)
def test_a_split_that_makes_no_sense_is_refused(raw: str, part: str) -> None:
    """Two to five Services with weights from 0 to 999, which both clouds take."""
    with pytest.raises(AnnotationError, match=part):
        weights(raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("a,b", ("a", "b")),
        ("from-secret", ("from-secret",)),
        (" managed ", ("managed",)),
        ("", ()),
    ],
)
def test_certificates_are_names_or_where_they_come_from(raw: str, value: tuple[str, ...]) -> None:
    """One word for the Secrets of spec.tls, one for certificates of the cloud's own."""
    assert certificates(raw) == value


@pytest.mark.parametrize("raw", ["from-secret,a", "a,managed", "from-secret,managed"])
def test_a_word_for_certificates_stands_alone(raw: str) -> None:
    """Beside names it would be unclear which are meant."""
    with pytest.raises(AnnotationError, match="cannot stand beside"):
        certificates(raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("false", "false"),
        ("true", "true"),
        ("0.25", "0.25"),
        ("s3://logs", "s3://logs"),
        ("s3://logs/shop/web/", "s3://logs/shop/web"),
        ("s3://logs, format=text", "s3://logs"),
        ("s3://logs,format=json", "s3://logs,format=json"),
    ],
)
def test_access_logs_are_off_a_bucket_or_a_share(raw: str, value: str) -> None:
    """Plain text is what every cloud writes, so it need not be said."""
    assert access_logs(raw) == value


@pytest.mark.parametrize(
    "raw",
    ["", "logs", "gs://logs", "s3://", "s3://Logs", "1.5", "s3://logs,format=csv", "true,x=1"],
)
def test_access_logs_elsewhere_are_refused(raw: str) -> None:
    """With what may be written in the hint."""
    with pytest.raises(AnnotationError) as caught:
        access_logs(raw)

    assert caught.value.hint.startswith("write ")


def test_retries_and_circuit_breakers_have_the_fields_names() -> None:
    """Those of Envoy, which clouds that have them share."""
    assert retries("attempts=3,per-try-timeout=2s,on=5xx connect-failure") == Retries(
        attempts=3, per_try_seconds=2.0, conditions=("5xx", "connect-failure")
    )
    assert retries("attempts=1") == Retries(attempts=1)
    assert circuit_breakers("max-connections=100, max-requests=1000") == {
        "max-connections": 100,
        "max-requests": 1000,
    }


@pytest.mark.parametrize("raw", ["on=5xx", "attempts=0", "attempts=1,on=always", "tries=3", "3"])
def test_retries_that_make_no_sense_are_refused(raw: str) -> None:
    """A misspelled condition would retry nothing."""
    with pytest.raises(AnnotationError):
        retries(raw)


@pytest.mark.parametrize("raw", ["connections=1", "max-requests=0", "max-requests=many"])
def test_circuit_breakers_that_make_no_sense_are_refused(raw: str) -> None:
    """A misspelled cap would cap nothing."""
    with pytest.raises(AnnotationError):
        circuit_breakers(raw)


def on_aws(name: str, value: str) -> tuple[Diagnostic, ...]:
    """Return what is said on AWS about a portable annotation."""
    meta = Meta(name="web", namespace="shop", annotations={ANNOTATION_PREFIX + name: value})
    return read_annotations(meta, Place.INGRESS, table=table_of(provider)).diagnostics


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("retries", "attempts=3", "Retrying requests"),
        ("circuit-breakers", "max-requests=10", "Circuit breaking"),
        ("access-logs", "s3://logs,format=json", "as JSON"),
        ("access-logs", "0.5", "a share of the requests"),
        ("access-logs", "true", "Logging without a bucket"),
    ],
)
def test_what_an_alb_cannot_do_is_refused_by_name(name: str, value: str, what: str) -> None:
    """Strictly: a protection that silently is not there is missed on the day it is needed."""
    [problem] = on_aws(name, value)

    assert problem.code == "OBJECT-UNSUPPORTED"
    assert problem.blocking
    assert what in problem.message
    assert problem.field == f"metadata.annotations[{ANNOTATION_PREFIX}{name}]"
    assert problem.hint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("access-logs", "false"),
        ("access-logs", "s3://logs/shop"),
        ("rewrite-target", "/"),
        ("weights", "web:80=9,canary:80=1"),
        ("certificates", "from-secret"),
        ("certificates", "managed"),
        ("load-balancing-algorithm", "least-requests"),
        ("session-affinity", "cookie"),
    ],
)
def test_what_an_alb_can_do_is_read(name: str, value: str) -> None:
    """Nothing is said about it."""
    assert on_aws(name, value) == ()


def test_a_wrong_value_is_wrong_before_it_is_unsupported() -> None:
    """The first thing to mend is the text."""
    [problem] = on_aws("retries", "three")

    assert problem.code == "ANNOTATION-VALUE"
