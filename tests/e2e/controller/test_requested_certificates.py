"""Promises of the controller about certificates that it requests for the hosts of an Ingress."""

from __future__ import annotations

import pytest

from tests.e2e.controller.stagehand import Stage, until

pytestmark = pytest.mark.slow


def an_ingress(*hosts: str) -> str:
    """Return an Ingress on both ports that wants a certificate for its hosts."""
    rules = "".join(
        f"""
  - host: {host}
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {{service: {{name: web, port: {{number: 80}}}}}}"""
        for host in hosts
    )
    return f"""
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: shop
  annotations:
    alb.ingress.kubernetes.io/scheme: internet-facing
    alb.ingress.kubernetes.io/create-acm-cert: "true"
    alb.ingress.kubernetes.io/listen-ports: '[{{"HTTP": 80}}, {{"HTTPS": 443}}]'
spec:
  ingressClassName: alb
  rules:{rules}
"""


def ports(stage: Stage) -> dict[int, list[str]]:
    """Return the certificates of every listener, by port."""
    return {
        listener["Port"]: [c["CertificateArn"] for c in listener.get("Certificates", [])]
        for arn in stage.balancers().values()
        for listener in stage.elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
    }


def test_the_secure_port_comes_when_the_certificate_is_issued(stage: Stage) -> None:
    """Until then the other port serves; new hosts get a new certificate, the old one goes last."""
    acm = stage.account.login.acm()
    stage.cloud.configure(certificate_validation_seconds=2.0)
    stage.serve("web")
    with stage.controller() as troupe:
        stage.apply(an_ingress("a.example.com"))
        until("the plain port serves", lambda: list(ports(stage)) == [80])
        until("the secure port serves", lambda: set(ports(stage)) == {80, 443})
        (first,) = ports(stage)[443]
        stage.until_settled(troupe)
        assert acm.describe_certificate(CertificateArn=first)["Certificate"]["Status"] == "ISSUED"
        assert stage.counts()["RequestCertificate"] == 1

        stage.apply(an_ingress("a.example.com", "b.example.com"))
        until("another is requested", lambda: stage.counts()["RequestCertificate"] == 2)
        during = ports(stage)[443]
        until("the new one serves", lambda: ports(stage)[443] != [first])
        until("the old one is gone", lambda: stage.counts()["DeleteCertificate"] == 1)
        stage.until_at_rest(troupe)

        (second,) = ports(stage)[443]
        names = acm.describe_certificate(CertificateArn=second)["Certificate"]
        assert during == [first]
        assert names["SubjectAlternativeNames"] == ["a.example.com", "b.example.com"]
