"""A controller that asks for approvals, and somebody who gives them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from provisioner.operator.main import Running
from provisioner.sandbox.cluster.documents import Document, parts, text
from tests.e2e.controller.scene import Heard, Scene, Troupe, until
from tests.e2e.controller.scripts import annotated

APPROVED = "ingress-provisioner.io/approved-digest"


@contextmanager
def a_controller(stage: Scene, *, drain_dns_seconds: float) -> Iterator[Troupe]:
    """Run a controller that keeps replaced load balancers for so long."""
    heard = Heard()
    options = stage.options(observer=heard)
    settings = replace(options.settings, drain_dns_seconds=drain_dns_seconds)
    running = Running(replace(options, settings=settings))
    running.start()
    try:
        yield Troupe(running=running, heard=heard)
    finally:
        running.stop()
        options.client.close()


def pending(stage: Scene) -> Document:
    """The condition that says whether somebody has to approve."""
    found = stage.cluster.get("LoadBalancer", "shop.web") or {}
    conditions = parts(found, "status", "conditions")
    return next((each for each in conditions if text(each, "type") == "PlanPending"), {})


def approve(stage: Scene) -> None:
    """Approve what waits, as the condition says how to."""
    until("an approval is asked for", lambda: text(pending(stage), "status") == "True")
    digest = text(pending(stage), "message").rpartition(f"{APPROVED}=")[2]
    assert digest.startswith("sha256:")
    stage.cluster.patch("LoadBalancer", "shop.web", annotated(**{APPROVED: digest}))
