"""What no load balancer of Google's can do of the portable annotations, and what each says."""

from __future__ import annotations

import pytest

from provisioner.core.portable import PORTABLE
from provisioner.model.annotation import Place
from provisioner.model.diagnostic import Severity
from tests.unit.providers.gcp.annotations.cases import reading_of

OURS = "ingress-provisioner.io/"


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("access-logs", "s3://logs/shop", "Cloud Logging"),
        ("health-check-success-codes", "200-299", "answer 200"),
        ("ssl-redirect", "8443", 'write "443"'),
    ],
)
def test_what_google_has_nothing_for_is_refused_by_name(name: str, value: str, hint: str) -> None:
    """A setting that another cloud has is never dropped in silence."""
    [problem] = reading_of({OURS + name: value}).diagnostics

    assert (problem.code, problem.severity) == ("OBJECT-UNSUPPORTED", Severity.ERROR)
    assert problem.field == f"metadata.annotations[{OURS}{name}]"
    assert "Google Cloud" in problem.message
    assert hint in problem.hint


SAID = {
    "access-logs": "0.5",
    "backend-protocol": "HTTPS",
    "certificates": "managed",
    "circuit-breakers": "max-connections=100",
    "group": "edge",
    "group-order": "5",
    "health-check-healthy-threshold": "3",
    "health-check-interval-seconds": "30",
    "health-check-path": "/healthz",
    "health-check-port": "8080",
    "health-check-protocol": "HTTP",
    "health-check-success-codes": "200",
    "health-check-timeout-seconds": "5",
    "health-check-unhealthy-threshold": "3",
    "listen-ports": "HTTP:80, HTTPS:443",
    "load-balancing-algorithm": "least-requests",
    "retries": "attempts=3,per-try-timeout=2s,on=5xx",
    "rewrite-target": "/api",
    "scheme": "internal",
    "session-affinity": "cookie",
    "ssl-redirect": "443",
    "target-mode": "pod",
    "timeout-seconds": "120",
    "weights": "web:80=90,canary:80=10",
}
NOT_BUILT = {"approval", "dry-run", "overflow"}


def test_every_portable_annotation_is_promised_something_here() -> None:
    """A new one must be said to mean something on Google, or to be refused."""
    known = {row.key.removeprefix(OURS) for row in PORTABLE}

    assert known == SAID.keys() | NOT_BUILT


@pytest.mark.parametrize("name", SAID)
def test_a_portable_annotation_is_taken_with_the_same_words_as_on_aws(name: str) -> None:
    """What is portable means the same on every cloud."""
    reading = reading_of({OURS + name: SAID[name]}, Place.INGRESS)

    assert reading.diagnostics == ()
    assert name in reading.values.said


@pytest.mark.parametrize("value", ["true", "false", "0.5", "true,format=json"])
def test_requests_are_logged_as_a_share(value: str) -> None:
    """Cloud Logging keeps entries as JSON anyway."""
    assert reading_of({OURS + "access-logs": value}).diagnostics == ()
