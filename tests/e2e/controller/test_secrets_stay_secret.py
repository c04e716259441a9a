"""No secret of an Ingress is ever shown: not in plans, files, logs, Events, objects or errors.

Everything that the product says about one Ingress, from its first plan to a call that AWS refuses
while quoting it, is gathered and searched.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from provisioner.sandbox.cluster.documents import text
from tests.contract.provider.commands import provisioner
from tests.e2e.controller.stagehand import Stage, until
from tests.unit.core.secrets.pems import Issued, a_pair

pytestmark = pytest.mark.slow

CLIENT_ID, CLIENT_SECRET = "id-Zebra-7719", "sEcret-Okapi-4402"
OTHER_SECRET = "sEcret-Gnu-9381"
OURS = ("provisioner", "providers")
FORMS = ("text", "json", "markdown", "html")
SECRET = """
apiVersion: v1
kind: Secret
metadata: {{name: sign-in, namespace: shop}}
stringData: {{clientID: "{client_id} \\n", clientSecret: "{client_secret}\\n"}}
"""
OIDC = {
    "issuer": "https://idp.example.com",
    "authorizationEndpoint": "https://idp.example.com/authorize",
    "tokenEndpoint": "https://idp.example.com/token",
    "userInfoEndpoint": "https://idp.example.com/info",
    "secretName": "sign-in",
}
INGRESS = f"""
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: shop
  annotations:
    alb.ingress.kubernetes.io/scheme: internet-facing
    alb.ingress.kubernetes.io/auth-type: oidc
    alb.ingress.kubernetes.io/auth-idp-oidc: '{json.dumps(OIDC)}'
    ingress-provisioner.io/certificates: from-secret
spec:
  ingressClassName: alb
  tls: [{{hosts: [web.example.com], secretName: tls}}]
  rules:
  - host: web.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {{service: {{name: web, port: {{number: 80}}}}}}
"""


def a_tls_secret(pair: Issued) -> str:
    """Return a TLS Secret."""
    crt, key = (base64.b64encode(t.encode()).decode() for t in (pair.certificate, pair.key))
    return f"""
apiVersion: v1
kind: Secret
metadata: {{name: tls, namespace: shop}}
type: kubernetes.io/tls
data: {{tls.crt: {crt}, tls.key: {key}}}
"""


def a_sign_in(client_secret: str) -> str:
    """Return the Secret of an identity provider's client."""
    return SECRET.format(client_id=CLIENT_ID, client_secret=client_secret)


class Told:
    """Everything that was said, by where."""

    def __init__(self, pair: Issued) -> None:
        self.pages: dict[str, str] = {}
        body = [line for line in pair.key.split("\n") if line and not line.startswith("-----")]
        words = [CLIENT_ID, CLIENT_SECRET, OTHER_SECRET, *body]
        encoded = [base64.b64encode(word.encode()).decode() for word in words]
        self._hidden = [re.escape(word) for word in (*words, *encoded)]

    def hear(self, where: str, said: str) -> None:
        """Keep what was said."""
        assert said, f"{where} says nothing"
        self.pages[where] = said

    def leaks(self) -> Iterator[str]:
        """Yield the places where a secret shows."""
        pattern = re.compile("|".join(self._hidden))
        for where, said in self.pages.items():
            if found := pattern.search(said):
                yield f"{where}: ...{said[max(0, found.start() - 60) : found.end()]}..."


def run(stage: Stage, told: Told, *words: str, code: tuple[int, ...] = (0, 2)) -> None:
    """Run a command against the stage and keep all that it says."""
    done = provisioner(
        *words,
        *("--provider", "aws", "--cluster-name", "demo", "--endpoint-url", stage.cloud.url),
        *("--kubeconfig", str(stage.kubeconfig)),
        env={**os.environ, "AWS_DEFAULT_REGION": stage.account.login.region},
    )
    said = done.stdout + done.stderr
    assert done.returncode in code, said
    told.hear(f"{' '.join(words[:4])}", said)


def plans(stage: Stage, told: Told, folder: Path, forms: tuple[str, ...] = FORMS) -> None:
    """Ask for the plan in these forms, saved as well, and for what it is made of."""
    for form in forms:
        run(stage, told, "plan", "-o", form)
    saved = folder / "plan.json"
    run(stage, told, "plan", "--out", str(saved))
    told.hear("saved plan", saved.read_text())
    run(stage, told, "render", "-o", "json")
    account = folder / "account.yaml"
    run(stage, told, "account", "export", "--out", str(account))
    told.hear("account file", account.read_text())


def objects(stage: Stage, told: Told) -> None:
    """Read what the controller wrote into the cluster."""
    told.hear("Events", json.dumps(stage.cluster.list("Event", "shop"), default=str))
    told.hear("Ingress", json.dumps(stage.ingress(), default=str))
    told.hear(
        "LoadBalancer", json.dumps(stage.cluster.get("LoadBalancer", "shop.web"), default=str)
    )


def signs_in_with(stage: Stage) -> set[str]:
    """Return the client ids that rules use."""
    found = set()
    for arn in stage.balancers().values():
        for listener in stage.elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]:
            for rule in stage.elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
                for action in rule["Actions"]:
                    found.add(action.get("AuthenticateOidcConfig", {}).get("ClientId", ""))
    return found - {""}


def test_no_secret_is_shown_anywhere(
    stage: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Plans in four forms, saved; account file; render; logs; Events; objects; AWS's own words."""
    for name in OURS:
        caplog.set_level(logging.DEBUG, name)
    pair = a_pair("web.example.com", start=datetime.now(UTC) - timedelta(days=1))
    told = Told(pair)
    stage.serve("web")
    stage.apply(a_sign_in(CLIENT_SECRET), a_tls_secret(pair), INGRESS)
    plans(stage, told, tmp_path)
    with stage.controller() as troupe:
        stage.until_settled(troupe)
        assert signs_in_with(stage) == {CLIENT_ID}
        told.hear("results", repr(troupe.heard.results))

        quoted = f"1 validation error detected: Value '{OTHER_SECRET}' at 'clientSecret' failed"
        stage.cloud.faults.fail(
            "elbv2:ModifyRule", code="ValidationError", message=quoted, status=400
        )
        before = len(stage.writes)
        stage.apply(a_sign_in(OTHER_SECRET))
        until("AWS has refused", lambda: "ApplyFailed" in stage.reasons())
        told.hear("what AWS said", "\n".join(stage.messages("web", "ApplyFailed")))
        until("it was sent again", lambda: len(stage.writes) > before)
        stage.until_at_rest(troupe)
        objects(stage, told)
        told.hear("results at the end", repr(troupe.heard.results))
    plans(stage, told, tmp_path, ("json",))
    ours = [r for r in caplog.records if r.name.split(".")[0] in OURS]
    told.hear("logs", "\n".join(f"{r.getMessage()} {r.exc_text or ''} {r.args!r}" for r in ours))

    assert list(told.leaks()) == []
    assert "Value '[hidden]' at 'clientSecret'" in told.pages["what AWS said"]
    assert text(stage.ingress(), "metadata", "name") == "web"
