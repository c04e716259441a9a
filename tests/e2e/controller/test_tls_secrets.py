"""Promises of the controller about certificates that Ingresses bring along in Secrets."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from provisioner.core import x509
from provisioner.operator.streams import STREAM_SECONDS
from tests.e2e.controller.stagehand import Stage, until
from tests.unit.core.secrets.pems import Issued, PrivateKey, a_pair, an_ec_key, an_rsa_key

pytestmark = pytest.mark.slow

QUICKLY = 5.0
"""Seconds within which a change of a Secret must show; nothing but its watch is as quick."""


def now_valid(*names: str, key: PrivateKey | None = None) -> Issued:
    """Return a certificate that is valid today."""
    return a_pair(*names, key=key, start=datetime.now(UTC) - timedelta(days=1))


def a_secret(pair: Issued, name: str = "tls") -> str:
    """Return a TLS Secret."""
    crt, key = (base64.b64encode(t.encode()).decode() for t in (pair.certificate, pair.key))
    return f"""
apiVersion: v1
kind: Secret
metadata: {{name: {name}, namespace: shop}}
type: kubernetes.io/tls
data: {{tls.crt: {crt}, tls.key: {key}}}
"""


def a_secure_ingress(name: str = "web", *, group: str = "") -> str:
    """Return an Ingress that takes its certificate from a Secret."""
    joined = f"\n    ingress-provisioner.io/group: {group}" if group else ""
    return f"""
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {name}
  namespace: shop
  annotations:
    ingress-provisioner.io/scheme: external
    ingress-provisioner.io/certificates: from-secret{joined}
spec:
  ingressClassName: alb
  tls: [{{hosts: [{name}.example.com], secretName: tls}}]
  rules:
  - host: {name}.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {{service: {{name: web, port: {{number: 80}}}}}}
"""


def served(stage: Stage) -> dict[str, str]:
    """Return the text of every certificate that a listener uses, by ARN."""
    acm = stage.account.login.acm()
    arns = {
        certificate["CertificateArn"]
        for arn in stage.balancers().values()
        for listener in stage.elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
        for certificate in stage.elbv2.describe_listener_certificates(
            ListenerArn=listener["ListenerArn"]
        )["Certificates"]
    }
    return {arn: acm.get_certificate(CertificateArn=arn)["Certificate"] for arn in arns}


def held(stage: Stage) -> int:
    """Return how many certificates the account holds."""
    listed = stage.account.login.acm().list_certificates(
        Includes={"keyTypes": ["RSA_2048", "EC_prime256v1"]}
    )
    return len(listed["CertificateSummaryList"])


def test_a_rotated_secret_is_imported_again_under_its_arn_within_seconds(stage: Stage) -> None:
    """One ImportCertificate, the same ARN, and no other call that changes anything."""
    old, new = now_valid("web.example.com"), now_valid("web.example.com")
    stage.serve("web")
    stage.apply(a_secret(old))
    with stage.controller() as troupe:
        stage.apply(a_secure_ingress())
        stage.until_settled(troupe)
        before = served(stage)
        stage.cloud.calls.clear()

        stage.apply(a_secret(new))
        until(
            "the new one is served",
            lambda: list(served(stage).values()) == [new.certificate],
            seconds=QUICKLY,
        )
        stage.until_at_rest(troupe)

        assert list(before.values()) == [old.certificate]
        assert served(stage).keys() == before.keys()
        assert stage.counts() == {"ImportCertificate": 1}
        assert STREAM_SECONDS > QUICKLY
    stage.cloud.calls.clear()
    with stage.controller("two") as another:
        stage.until_at_rest(another)
        assert not stage.writes


def test_a_certificate_goes_with_the_ingress_that_brought_it(stage: Stage) -> None:
    """After the listener that used it, so that the account ends up empty."""
    stage.serve("web")
    stage.apply(a_secret(now_valid("web.example.com")))
    with stage.controller() as troupe:
        stage.apply(a_secure_ingress())
        stage.until_settled(troupe)
        assert held(stage) == 1

        stage.cluster.delete("Ingress", "web", "shop")
        until("the account is empty", lambda: not stage.left() and not stage.ingress())

        assert held(stage) == 0


def test_two_ingresses_with_one_secret_share_one_import(stage: Stage) -> None:
    """One per load balancer, which goes with the last of them."""
    stage.serve("web")
    stage.apply(a_secret(now_valid("*.example.com")))
    with stage.controller() as troupe:
        stage.apply(a_secure_ingress(group="edge"), a_secure_ingress("api", group="edge"))
        stage.until_settled(troupe, "web", "api")
        assert held(stage) == 1

        stage.cluster.delete("Ingress", "web", "shop")
        until("the first is gone", lambda: not stage.ingress())
        stage.until_at_rest(troupe)

        assert held(stage) == 1
        assert len(served(stage)) == 1


def test_a_secret_that_vanishes_leaves_what_was_made_of_it(stage: Stage) -> None:
    """The Ingress hears of it; its rules and certificate stay, and it is well again at once."""
    pair = now_valid("web.example.com")
    stage.serve("web")
    stage.apply(a_secret(pair))
    with stage.controller() as troupe:
        stage.apply(a_secure_ingress())
        stage.until_settled(troupe)
        rules = stage.rules()
        stage.cloud.calls.clear()

        stage.cluster.delete("Secret", "tls", "shop")
        until("somebody is told", lambda: stage.reasons().keys() - {"Applied"})
        stage.until_at_rest(troupe)
        gone = (stage.rules(), list(served(stage).values()), stage.counts())
        stage.apply(a_secret(pair))
        before = troupe.heard.count("shop/web")
        until("it was looked at again", lambda: troupe.heard.count("shop/web") > before)
        stage.until_at_rest(troupe)

        assert gone == (rules, [pair.certificate], {})
        assert not stage.writes


def test_a_key_of_another_kind_moves_the_listener_to_a_new_import(stage: Stage) -> None:
    """ACM takes no other kind of key under an ARN; the old certificate serves until then."""
    stage.serve("web")
    stage.apply(a_secret(now_valid("web.example.com", key=an_ec_key())))
    with stage.controller() as troupe:
        stage.apply(a_secure_ingress())
        stage.until_settled(troupe)
        before = served(stage)

        new = now_valid("web.example.com", key=an_rsa_key())
        stage.apply(a_secret(new))
        until("the new one is served", lambda: list(served(stage).values()) == [new.certificate])
        until("the old one is gone", lambda: held(stage) == 1)
        stage.until_at_rest(troupe)

        assert served(stage).keys() != before.keys()
        assert x509.certificates(new.certificate)[0].key_algorithm == "RSA_2048"
