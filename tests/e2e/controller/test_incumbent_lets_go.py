"""Promises of the controller about Ingresses that another controller still serves."""

from __future__ import annotations

import pytest

from provisioner.sandbox.cluster.documents import Document
from tests.e2e.controller.scene import FINALIZER
from tests.e2e.controller.scripts import an_ingress
from tests.e2e.controller.stagehand import Stage, until

pytestmark = pytest.mark.slow


def finalizers(*names: str) -> Document:
    """Return a patch that replaces the finalizers."""
    return {"metadata": {"finalizers": list(names)}}


@pytest.mark.parametrize("theirs", ["ingress.k8s.aws/resources", "group.ingress.k8s.aws/edge"])
def test_an_ingress_that_is_served_elsewhere_is_not_touched_until_it_is_let_go(
    stage: Stage, theirs: str
) -> None:
    """AWS Load Balancer Controller shows by its finalizer that it has resources of an Ingress.

    Until it is off there is an Event, and no call, finalizer or address. The others go on.
    """
    stage.serve("web", "blog")
    stage.apply(an_ingress("web", paths={"/": "web"}), an_ingress("blog", paths={"/": "blog"}))
    stage.cluster.patch("Ingress", "web", finalizers(theirs), namespace="shop")
    with stage.controller() as troupe:
        until("the reason is told", lambda: stage.reasons()["TakeOverServed"])
        stage.until_settled(troupe, "blog")

        assert stage.counts()["CreateLoadBalancer"] == 1
        assert stage.finalizers() == [theirs]
        assert stage.hostnames() == []

        stage.cluster.patch("Ingress", "web", finalizers(), namespace="shop")
        stage.until_settled(troupe)

        assert stage.finalizers() == [FINALIZER]
        assert stage.counts()["CreateLoadBalancer"] == 2
