"""What GKE serves is left alone until it lets go, and what a cluster has left can be purged."""

from __future__ import annotations

import base64
import json
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from provisioner.sandbox.cluster.documents import Document, text
from tests.contract.provider.gcp_things import COLLECTIONS, OWNER, things
from tests.e2e.controller.scene import FINALIZER, until
from tests.e2e.controller.scripts import an_ingress
from tests.e2e.gcp.emptiness import left
from tests.e2e.gcp.project import Project
from tests.unit.cli import worlds
from tests.unit.core.secrets.pems import a_pair

pytestmark = pytest.mark.slow

THEIRS = "networking.gke.io/ingress-finalizer-V2"


def finalizers(*names: str) -> Document:
    """Return a patch that replaces the finalizers."""
    return {"metadata": {"finalizers": list(names)}}


def test_an_ingress_that_gke_serves_is_not_touched_until_it_lets_go(stage: Project) -> None:
    """Its class is ours, GKE's finalizer is on it: an Event, and no call, finalizer or address."""
    stage.serve("web")
    stage.apply(an_ingress(class_name="gce"))
    stage.cluster.patch("Ingress", "web", finalizers(THEIRS), namespace="shop")
    with stage.controller() as troupe:
        until("the reason is told", lambda: stage.reasons()["TakeOverServed"])
        stage.until_at_rest(troupe)

        assert stage.counts() == {}
        assert stage.finalizers() == [THEIRS]
        assert stage.hostnames() == []

        stage.cluster.patch("Ingress", "web", finalizers(), namespace="shop")
        stage.until_settled(troupe)

        assert stage.finalizers() == [FINALIZER]
        assert len(stage.hostnames()) == 1


def test_a_purge_leaves_nothing_of_ours_and_everything_of_others(stage: Project) -> None:
    """A cluster is gone: whatever bears its mark goes, in an order that the API allows.

    Load balancers of both modes, an internal one, a certificate, a lasting address, and the empty
    service that answers for what cannot be served; beside them the same kinds of somebody else.
    """
    stage.serve("web", "api")
    internal = {"ingress-provisioner.io/scheme": "internal"}
    others = _somebody_elses(stage)
    with stage.controller() as troupe:
        stage.apply(_with_tls(), an_ingress("api", mode="node-port", class_name="gce"))
        stage.apply(an_ingress("lost", paths={"/": "missing"}, class_name="gce"))
        stage.apply(an_ingress("inner", class_name="gce", annotations=internal))
        stage.until_settled(troupe, "web", "api", "inner")
        until("the path that leads nowhere is there", lambda: "shop/lost" in _groups(stage))
        stage.until_at_rest(troupe)
    kinds = {thing.collection for thing in things(stage.rest)}
    assert kinds == set(COLLECTIONS)

    shown = _purge(stage)
    before = left(stage.cloud.url, stage.project.project)
    purged = _purge(stage, "--yes")
    again = _purge(stage, "--yes")

    assert shown.returncode == 1
    assert "to delete" in shown.stdout
    assert len(before) > len(others)
    assert purged.returncode == 0, purged.stdout + purged.stderr
    assert left(stage.cloud.url, stage.project.project) == others
    assert again.returncode == 0
    assert "0 to delete" in again.stdout or "No changes" in again.stdout


def _with_tls() -> str:
    """Return an Ingress with a certificate from a Secret, and that Secret."""
    pair = a_pair("web.example.com", start=datetime.now(UTC) - timedelta(days=1))
    crt, key = (base64.b64encode(t.encode()).decode() for t in (pair.certificate, pair.key))
    secret = f"""
apiVersion: v1
kind: Secret
metadata: {{name: tls, namespace: shop}}
type: kubernetes.io/tls
data: {{tls.crt: {crt}, tls.key: {key}}}
"""
    ingress = an_ingress(class_name="gce")
    spec = "\n  ingressClassName: gce"
    return f"{secret}---{ingress.replace(spec, f'{spec}{TLS}')}"


TLS = "\n  tls: [{hosts: [web.example.com], secretName: tls}]"


def _groups(stage: Project) -> set[str]:
    return {thing.group for thing in things(stage.rest)}


def _purge(stage: Project, *options: str) -> subprocess.CompletedProcess[str]:
    """Purge what a cluster has left behind, without the cluster."""
    home = stage.cluster.get("Namespace", "kube-system") or {}
    return worlds.provisioner(
        "purge", "--no-cluster", "--provider", "gcp", "--cluster-name", "demo",
        "--cluster-uid", text(home, "metadata", "uid"), "--project", stage.project.project,
        "--region", stage.project.region, "--endpoint-url", stage.cloud.url, *options,
    )  # fmt: skip


def _somebody_elses(stage: Project) -> list[str]:
    """Make one of nearly everything that is not ours, some of it with another cluster's mark."""
    home = stage.rest.home
    mark = json.dumps({OWNER: "demo/another-uid/default"})
    check = {"name": "theirs", "type": "TCP", "tcpHealthCheck": {"port": 80}, "description": mark}
    stage.rest.call("POST", f"{home}/global/healthChecks", check)
    service = {
        "name": "theirs",
        "description": mark,
        "healthChecks": [f"{home}/global/healthChecks/theirs"],
        "loadBalancingScheme": "EXTERNAL_MANAGED",
    }
    stage.rest.call("POST", f"{home}/global/backendServices", service)
    url_map = {"name": "ipr-um-theirs", "defaultService": f"{home}/global/backendServices/theirs"}
    stage.rest.call("POST", f"{home}/global/urlMaps", url_map)
    stage.rest.call("POST", f"{home}/global/addresses", {"name": "ipr-ad-theirs"})
    firewall = {
        "name": "theirs",
        "network": stage.project.network,
        "sourceRanges": ["10.0.0.0/8"],
        "allowed": [{"IPProtocol": "tcp", "ports": ["80"]}],
    }
    stage.rest.call("POST", f"{home}/global/firewalls", firewall)
    return left(stage.cloud.url, stage.project.project)
