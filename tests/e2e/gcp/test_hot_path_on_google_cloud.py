"""Promises of the controller about what follows pods, nodes and settings on Google Cloud."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from provisioner.sandbox.cluster.documents import Document, text
from tests.e2e.controller.approving import a_controller, pending
from tests.e2e.controller.scene import Troupe, until
from tests.e2e.controller.scripts import a_workload, an_ingress, annotated
from tests.e2e.gcp.project import MEMBERSHIP, Project
from tests.unit.core.secrets.pems import a_pair

pytestmark = pytest.mark.slow

WEB = "web.example.com /*"
INTERNAL = {"ingress-provisioner.io/scheme": "internal"}


def test_pods_roll_while_an_approval_is_awaited(stage: Project) -> None:
    """Nobody has approved the other scheme yet; endpoints follow, and nothing else is touched."""
    stage.serve("web")
    with a_controller(stage, drain_dns_seconds=5.0) as troupe:
        stage.apply(an_ingress(class_name="gce"))
        stage.until_settled(troupe)
        stage.apply(an_ingress(class_name="gce", annotations=INTERNAL))
        until("an approval is asked for", lambda: text(pending(stage), "status") == "True")
        stage.until_at_rest(troupe)
        before = stage.pods("web")
        stage.forget_calls()

        stage.apply(a_workload("web", version="2"))
        until(
            "every endpoint is a new one",
            lambda: (
                (now := stage.pods("web")).isdisjoint(before)
                and len(now) == 2
                and stage.serving()[WEB] == now
            ),
        )
        stage.until_at_rest(troupe)

        assert set(stage.counts()) == MEMBERSHIP
        assert text(pending(stage), "status") == "True"


def test_who_comes_is_attached_before_who_goes_is_detached(stage: Project) -> None:
    """At no moment of a rollout is the path without a healthy endpoint."""
    stage.serve("web")
    stage.cloud.configure(health_seconds=0.3)
    with stage.controller() as troupe:
        stage.apply(an_ingress(class_name="gce"))
        stage.until_settled(troupe)
        until("both pods are healthy", lambda: len(stage.targets_of("web")) == 2)
        before = stage.targets_of("web")
        stage.forget_calls()
        moments: list[set[str]] = []

        gates = [stage.incumbent_gate()]
        stage.apply(a_workload("web", version="2", gates=gates))

        def rolled() -> bool:
            moments.append(stage.targets_of("web"))
            return len(moments[-1]) == 2 and before.isdisjoint(moments[-1])

        until("every endpoint is a new one", rolled)
        stage.until_at_rest(troupe)

        assert all(moments)
        changed = [call.operation for call in stage.calls if call.mutates]
        assert set(changed) == MEMBERSHIP
        assert changed[0].endswith("attachNetworkEndpoints")


def machines(stage: Project) -> set[str]:
    """The names of the machines in all instance groups."""
    return {
        str(each["instance"]).rpartition("/")[2]
        for group in stage.rest.everything("instanceGroups")
        for each in stage.rest.call(
            "POST", f"{group['selfLink'].partition('/v1/')[2]}/listInstances", {}
        ).get("items", ())
    }


def test_instance_groups_follow_nodes(stage: Project) -> None:
    """A node that leaves the cluster leaves its group, one that joins is added; no more calls."""
    stage.serve("web")
    names = {node.name for node in stage.project.nodes}
    one = stage.project.nodes[0]
    manifest = stage.cluster.get("Node", one.name)
    assert manifest is not None
    with stage.controller() as troupe:
        stage.apply(an_ingress(mode="node-port", class_name="gce"))
        stage.until_settled(troupe)
        assert machines(stage) == names
        stage.forget_calls()

        stage.cluster.delete("Node", one.name)
        until("its machine is out", lambda: machines(stage) == names - {one.name})
        stage.until_at_rest(troupe)
        gone = dict(stage.counts())
        stage.forget_calls()
        stage.cluster.add_node(
            one.name,
            zone=one.zone,
            provider_id=one.provider_id,
            address=one.address,
            pod_cidr=one.pod_block,
        )
        until("it is back", lambda: machines(stage) == names)
        stage.until_at_rest(troupe)

        assert gone == {"instanceGroups.removeInstances": 1}
        assert stage.counts() == {"instanceGroups.addInstances": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A change of something that only the Ingress ``web`` depends on."""

    objects: str
    edited: str
    calls: dict[str, int]
    ingress: dict[str, str]
    service: dict[str, str]


def replanned(troupe: Troupe, group: str) -> int:
    """How often more than a look at the cluster was needed for a load balancer."""
    return sum(name == group and result.plan is not None for name, result in troupe.heard.results)


def an_object(api: str, kind: str, spec: str) -> str:
    """Return an object named ``theirs``."""
    head = f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: theirs, namespace: shop}}"
    return f"{head}\nspec: {spec}\n"


def probed(path: str) -> str:
    """Return the workload ``web`` whose pods are probed at a path."""
    probe = f"readinessProbe: {{httpGet: {{path: {path}, port: 8080}}}}, ports:"
    return a_workload("web").replace("ports:", probe, 1)


EDITS: dict[str, Callable[[], Edit]] = {
    "BackendConfig": lambda: Edit(
        objects=an_object("cloud.google.com/v1", "BackendConfig", "{timeoutSec: 40}"),
        edited=an_object("cloud.google.com/v1", "BackendConfig", "{timeoutSec: 41}"),
        calls={"backendServices.update": 1},
        ingress={},
        service={"cloud.google.com/backend-config": '{"default": "theirs"}'},
    ),
    "FrontendConfig": lambda: Edit(
        objects=an_object(
            "networking.gke.io/v1beta1",
            "FrontendConfig",
            "{redirectToHttps: {enabled: true, responseCodeName: FOUND}}",
        ),
        edited=an_object(
            "networking.gke.io/v1beta1",
            "FrontendConfig",
            "{redirectToHttps: {enabled: true, responseCodeName: SEE_OTHER}}",
        ),
        calls={"urlMaps.update": 1},
        ingress={
            "networking.gke.io/v1beta1.FrontendConfig": "theirs",
            "ingress.gcp.kubernetes.io/pre-shared-cert": "uploaded",
        },
        service={},
    ),
    "readiness probe": lambda: Edit(
        objects=probed("/ready"),
        edited=probed("/healthz"),
        calls={"healthChecks.update": 1},
        ingress={},
        service={},
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_reaches_the_ingresses_that_depend_on_it_and_no_other(
    stage: Project, name: str
) -> None:
    """What a configuration object or a probe says is in force at once; ``api`` stays."""
    edit = EDITS[name]()
    stage.serve("web", "api")
    upload(stage, "uploaded")
    stage.apply(edit.objects)
    stage.cluster.patch("Service", "web", annotated(**edit.service), namespace="shop")
    with stage.controller() as troupe:
        stage.apply(
            an_ingress(class_name="gce", annotations=quoted(edit.ingress)),
            an_ingress("api", paths={"/": "api"}, class_name="gce"),
        )
        stage.until_settled(troupe, "web", "api")
        stage.forget_calls()
        planned = replanned(troupe, "shop/api")

        stage.apply(edit.edited)
        until("something is changed", stage.counts)
        stage.until_at_rest(troupe)

        counts = {name: n for name, n in stage.counts().items() if name not in MEMBERSHIP}
        assert counts == edit.calls
        assert replanned(troupe, "shop/api") == planned
        assert stage.reasons("api") == {"Applied": 1}


def test_a_managed_certificate_that_is_issued_is_served_at_once(stage: Project) -> None:
    """GKE's controller writes the name of the certificate into the status; HTTPS opens with it."""
    stage.serve("web", "api")
    upload(stage, "mcrt-1")
    stage.apply(
        an_object("networking.gke.io/v1", "ManagedCertificate", "{domains: [a.example.com]}")
    )
    said = {"networking.gke.io/managed-certificates": "theirs"}
    with stage.controller() as troupe:
        stage.apply(
            an_ingress(class_name="gce", annotations=said),
            an_ingress("api", paths={"/": "api"}, class_name="gce"),
        )
        stage.until_settled(troupe, "web", "api")
        assert stage.certificates() == {}
        planned = replanned(troupe, "shop/api")

        issued: Document = {"status": {"certificateName": "mcrt-1", "certificateStatus": "Active"}}
        stage.cluster.patch("ManagedCertificate", "theirs", issued, namespace="shop")
        until("it is served", stage.certificates)
        stage.until_at_rest(troupe)

        assert replanned(troupe, "shop/api") == planned


def upload(stage: Project, name: str) -> None:
    """Let a certificate exist that somebody uploaded."""
    pair = a_pair("web.example.com", start=datetime.now(UTC) - timedelta(days=1))
    stage.rest.call(
        "POST",
        f"{stage.rest.home}/global/sslCertificates",
        {"name": name, "certificate": pair.certificate, "privateKey": pair.key},
    )


def quoted(annotations: dict[str, str]) -> dict[str, str]:
    """Return annotations as they stand between double quotes."""
    return {key: value.replace('"', '\\"') for key, value in annotations.items()}
