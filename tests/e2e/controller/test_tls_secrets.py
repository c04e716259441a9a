"""Promises of the controller about certificates that Ingresses bring along in Secrets."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from provisioner.core import x509
from provisioner.operator.streams import STREAM_SECONDS
from tests.e2e.controller.scene import Scene, until
from tests.unit.core.secrets.pems import Issued, PrivateKey, a_pair, an_ec_key, an_rsa_key

pytestmark = pytest.mark.slow

ROTATION = {
    "alb": {"ImportCertificate": 1},
    "gce": {
        "sslCertificates.insert": 1,
        "targetHttpsProxies.setSslCertificates": 1,
        "sslCertificates.delete": 1,
    },
}
"""What a rotated Secret costs on the cloud with each class."""

QUICKLY = 5.0
"""Seconds within which a change of a Secret must show; nothing but its watch is as quick."""


@pytest.fixture
def stage(anywhere: Scene) -> Scene:
    """A cluster on each cloud in turn."""
    return anywhere


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


def a_secure_ingress(name: str = "web", *, group: str = "", class_name: str = "alb") -> str:
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
  ingressClassName: {class_name}
  tls: [{{hosts: [{name}.example.com], secretName: tls}}]
  rules:
  - host: {name}.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {{service: {{name: web, port: {{number: 80}}}}}}
"""


def secured(stage: Scene, name: str = "web", *, group: str = "") -> str:
    """Return such an Ingress of the class that the stage has."""
    return a_secure_ingress(name, group=group, class_name=stage.ingress_class)


def test_a_rotated_secret_is_served_within_seconds(stage: Scene) -> None:
    """The calls that it takes and no other; at no moment is a client without a certificate.

    ACM takes the new one under the old ARN. Compute Engine's certificates cannot be changed: the
    proxy is led to another one, and the old one goes.
    """
    old, new = now_valid("web.example.com"), now_valid("web.example.com")
    stage.serve("web")
    stage.apply(a_secret(old))
    with stage.controller() as troupe:
        stage.apply(secured(stage))
        stage.until_settled(troupe)
        before = stage.certificates()
        stage.forget_calls()
        moments: list[list[str]] = []

        stage.apply(a_secret(new))

        def is_served() -> bool:
            moments.append(list(stage.certificates().values()))
            return moments[-1] == [new.certificate]

        until("the new one is served", is_served, seconds=QUICKLY)
        stage.until_at_rest(troupe)

        assert list(before.values()) == [old.certificate]
        assert all(moment in ([old.certificate], [new.certificate]) for moment in moments)
        assert stage.counts() == ROTATION[stage.ingress_class]
        assert stage.certificates_held() == 1
        assert STREAM_SECONDS > QUICKLY
    stage.forget_calls()
    with stage.controller("two") as another:
        stage.until_at_rest(another)
        assert not stage.counts()


def test_a_certificate_goes_with_the_ingress_that_brought_it(stage: Scene) -> None:
    """After the listener that used it, so that the account ends up empty."""
    stage.serve("web")
    stage.apply(a_secret(now_valid("web.example.com")))
    with stage.controller() as troupe:
        stage.apply(secured(stage))
        stage.until_settled(troupe)
        assert stage.certificates_held() == 1

        stage.cluster.delete("Ingress", "web", "shop")
        until("the account is empty", lambda: not stage.left() and not stage.ingress())

        assert stage.certificates_held() == 0


def test_two_ingresses_with_one_secret_share_one_import(stage: Scene) -> None:
    """One per load balancer, which goes with the last of them."""
    stage.serve("web")
    stage.apply(a_secret(now_valid("*.example.com")))
    with stage.controller() as troupe:
        stage.apply(secured(stage, group="edge"), secured(stage, "api", group="edge"))
        stage.until_settled(troupe, "web", "api")
        assert stage.certificates_held() == 1

        stage.cluster.delete("Ingress", "web", "shop")
        until("the first is gone", lambda: not stage.ingress())
        stage.until_at_rest(troupe)

        assert stage.certificates_held() == 1
        assert len(stage.certificates()) == 1


def test_a_secret_that_vanishes_leaves_what_was_made_of_it(stage: Scene) -> None:
    """The Ingress hears of it; its rules and certificate stay, and it is well again at once."""
    pair = now_valid("web.example.com")
    stage.serve("web")
    stage.apply(a_secret(pair))
    with stage.controller() as troupe:
        stage.apply(secured(stage))
        stage.until_settled(troupe)
        rules = stage.rules()
        stage.forget_calls()

        stage.cluster.delete("Secret", "tls", "shop")
        until("somebody is told", lambda: stage.reasons().keys() - {"Applied"})
        stage.until_at_rest(troupe)
        gone = (stage.rules(), list(stage.certificates().values()), stage.counts())
        stage.apply(a_secret(pair))
        before = troupe.heard.count("shop/web")
        until("it was looked at again", lambda: troupe.heard.count("shop/web") > before)
        stage.until_at_rest(troupe)

        assert gone == (rules, [pair.certificate], {})
        assert not stage.counts()


def test_a_key_of_another_kind_moves_the_listener_to_a_new_import(stage: Scene) -> None:
    """ACM takes no other kind of key under an ARN; the old certificate serves until then."""
    stage.serve("web")
    stage.apply(a_secret(now_valid("web.example.com", key=an_ec_key())))
    with stage.controller() as troupe:
        stage.apply(secured(stage))
        stage.until_settled(troupe)
        before = stage.certificates()

        new = now_valid("web.example.com", key=an_rsa_key())
        stage.apply(a_secret(new))
        until(
            "the new one is served",
            lambda: list(stage.certificates().values()) == [new.certificate],
        )
        until("the old one is gone", lambda: stage.certificates_held() == 1)
        stage.until_at_rest(troupe)

        assert stage.certificates().keys() != before.keys()
        assert x509.certificates(new.certificate)[0].key_algorithm == "RSA_2048"
