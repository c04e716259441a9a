"""Promises of the controller on Google Cloud about certificates in Secrets that come and go."""

from __future__ import annotations

import pytest

from provisioner.operator.streams import STREAM_SECONDS
from tests.e2e.controller.scene import until
from tests.e2e.controller.test_tls_secrets import QUICKLY, a_secret, now_valid
from tests.e2e.gcp.emptiness import left
from tests.e2e.gcp.project import Project

pytestmark = pytest.mark.slow

HOST = "web.example.com"
WEB = f"{HOST} /*"
SECURE = f"""
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: web, namespace: shop}}
spec:
  ingressClassName: gce
  tls: [{{hosts: [{HOST}], secretName: tls}}]
  rules:
  - host: {HOST}
    http:
      paths:
      - {{path: /, pathType: Prefix, backend: {{service: {{name: web, port: {{number: 80}}}}}}}}
"""


def ports(stage: Project) -> list[str]:
    """Return the ports on which the project takes connections."""
    return sorted(rule["portRange"] for rule in stage.rest.everything("forwardingRules"))


def served(stage: Project) -> list[str]:
    """Return the text of every certificate that a proxy for HTTPS names."""
    texts = {
        one["selfLink"].partition("/projects/")[2]: one["certificate"]
        for one in stage.rest.everything("sslCertificates")
    }
    return [
        texts[name.partition("/projects/")[2]]
        for proxy in stage.rest.everything("targetHttpsProxies")
        for name in proxy["sslCertificates"]
    ]


def test_http_answers_until_the_secret_comes_and_then_https_within_seconds(stage: Project) -> None:
    """ACME HTTP-01: whoever issues the certificate asks over HTTP; nothing but the watch wakes."""
    pair = now_valid(HOST)
    stage.serve("web")
    with stage.controller() as troupe:
        stage.apply(SECURE)
        until("somebody is told", lambda: stage.reasons().keys() - {"Applied"})
        until("HTTP answers", lambda: stage.serving().get(WEB) == stage.pods("web"))
        before = ports(stage)

        stage.apply(a_secret(pair))
        until("HTTPS is there", lambda: served(stage) == [pair.certificate], seconds=QUICKLY)
        until("on its port", lambda: ports(stage) == ["443-443", "80-80"], seconds=QUICKLY)
        stage.until_settled(troupe)

        assert before == ["80-80"]
        assert STREAM_SECONDS > QUICKLY


def test_a_secret_that_vanishes_leaves_https_and_the_next_one_is_served(stage: Project) -> None:
    """No call while it is gone, and an update of the Ingress goes through."""
    old, new = now_valid(HOST), now_valid(HOST)
    stage.serve("web")
    stage.apply(a_secret(old))
    with stage.controller() as troupe:
        stage.apply(SECURE)
        stage.until_settled(troupe)
        stage.cloud.calls.clear()

        stage.cluster.delete("Secret", "tls", "shop")
        until("somebody is told", lambda: stage.reasons().keys() - {"Applied"})
        stage.until_at_rest(troupe)
        idle = dict(stage.counts())
        stage.apply(SECURE.replace("path: /,", "path: /new,"))
        until("the new path is served", lambda: f"{HOST} /new/*" in stage.serving())
        meanwhile = (served(stage), ports(stage))
        stage.apply(a_secret(new))
        until("the new one is served", lambda: served(stage) == [new.certificate])
        stage.until_at_rest(troupe)

        assert idle == {}
        assert meanwhile == ([old.certificate], ["443-443", "80-80"])

        stage.cluster.delete("Ingress", "web", "shop")
        until("it is gone", lambda: not stage.ingress())
        stage.until_at_rest(troupe)
        assert left(stage.cloud.url, stage.project.project) == []
