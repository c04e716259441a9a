"""Readiness gates on Google: whose they are, and which backend services answer for them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from providers.gcp.desired.backends import backends
from providers.gcp.readiness import GATES, pod_backends
from provisioner.core.readiness import asked, verdicts
from provisioner.model.intent import TargetMode
from provisioner.model.kube import Key, Meta, Pod
from provisioner.model.readiness import PodBackend, PodHealth
from provisioner.model.resource import Ref, Resource, freeze_spec
from tests.unit.providers.gcp.backends.building import (
    INCUMBENT,
    NODE_PORT,
    POD,
    a_context,
    of_kind,
)

GATE = "cloud.google.com/load-balancer-neg-ready"
OURS = "target-health.ingress-provisioner.io/web"
LINK = "projects/shop-prod/global/backendServices/ipr-be-x"
WEB = PodBackend(id=LINK, name="ipr-be-x", service=Key("shop", "web"))


def a_pod(*gates: str, ip: str = "10.8.0.5", namespace: str = "shop") -> Pod:
    """Return a pod whose containers are ready and that waits for these gates."""
    return Pod(
        meta=Meta(name="web-1", namespace=namespace),
        ip=ip,
        readiness_gates=gates,
        conditions={"ContainersReady": "True"},
    )


@pytest.mark.parametrize("gate", [GATE, OURS])
def test_gates_that_are_answered(gate: str) -> None:
    """GKE's names nothing, ours the Service."""
    assert GATES.serves(gate)


def test_other_gates_are_left_alone() -> None:
    """Somebody else's condition is somebody else's."""
    assert not GATES.serves("cloud.google.com/load-balancer-neg-ready-2")
    assert not GATES.serves("target-health.elbv2.k8s.aws/x")


def test_gkes_gate_opens_where_the_pod_is_healthy_with_us() -> None:
    """It means whatever the pod is registered with."""
    health = {LINK: {"10.8.0.5": PodHealth(healthy=True)}}

    (verdict,) = verdicts(a_pod(GATE), [WEB], GATES, health=health)

    assert (verdict.condition, verdict.healthy) == (GATE, True)


def test_gkes_gate_stays_shut_while_the_pod_is_unhealthy() -> None:
    """The reason is the load balancer's."""
    health = {LINK: {"10.8.0.5": PodHealth(healthy=False, reason="UNHEALTHY")}}

    (verdict,) = verdicts(a_pod(GATE), [WEB], GATES, health=health)

    assert (verdict.healthy, verdict.reason) == (False, "UNHEALTHY")


@pytest.mark.parametrize("namespace", ["shop", "other"])
def test_gkes_gate_is_left_to_gke_elsewhere(namespace: str) -> None:
    """A pod that is attached to nothing of ours may be attached to something of GKE's."""
    health = {LINK: {"10.8.0.99": PodHealth(healthy=True)}}

    assert verdicts(a_pod(GATE, namespace=namespace), [WEB], GATES, health=health) == ()


def test_every_backend_of_the_namespace_is_asked() -> None:
    """Which of them the pod is registered with is what the cloud says."""
    other = replace(WEB, id="other", service=Key("other", "web"))

    assert asked([a_pod(GATE)], [WEB, other], GATES) == (WEB,)


@pytest.mark.parametrize(("mode", "takes_pods"), [(POD, True), (NODE_PORT, False)])
def test_backend_services_that_exist(mode: TargetMode, *, takes_pods: bool) -> None:
    """The id is the link, by which the reader asks for health."""
    found = backends(a_context(mode=mode)).resources
    (service,) = of_kind(found, Kind.BACKEND_SERVICE)

    (backend,) = pod_backends(found, {service.address: {"selfLink": LINK}})

    assert (backend.id, backend.name) == (LINK, "ipr-be-x")
    assert (backend.service, backend.takes_pods) == (Key("shop", "web"), takes_pods)


def test_common_ones_are_found_by_the_url_map() -> None:
    """Under GKE's reading they are not among the load balancer's own resources."""
    (service,) = of_kind(backends(a_context(compatibility=INCUMBENT)).common, Kind.BACKEND_SERVICE)
    url_map = Resource(
        kind=Kind.URL_MAP.value,
        address=addresses.url_map("shop/web"),
        group="shop/web",
        spec=freeze_spec({"defaultService": Ref(service.address, "selfLink")}),
    )

    (backend,) = pod_backends([url_map], {service.address: {"selfLink": LINK}})

    assert backend.service == Key("shop", "web")


def test_what_does_not_exist_answers_for_nobody() -> None:
    """Before it is made there is nothing to ask, and the empty one has no pods."""
    found = backends(a_context()).resources
    nothing = addresses.nothing("classic")
    url_map = Resource(
        kind=Kind.URL_MAP.value,
        address=addresses.url_map("shop/web"),
        group="shop/web",
        spec=freeze_spec({"defaultService": Ref(nothing, "selfLink")}),
    )

    assert list(pod_backends([*found, url_map], {nothing: {"selfLink": LINK}})) == []
