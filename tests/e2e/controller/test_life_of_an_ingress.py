"""Promises of the controller about an Ingress from its creation to its end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from provisioner.sandbox.cluster.documents import text
from tests.e2e.controller.scripts import an_ingress
from tests.e2e.controller.stagehand import FINALIZER, MEMBERSHIP, Stage, until

pytestmark = pytest.mark.slow


def test_an_ingress_becomes_a_load_balancer_that_serves_its_ready_pods(stage: Stage) -> None:
    """Load balancer, listener, rule, target group, targets; status, finalizer, Event, overview."""
    stage.serve("web")
    with stage.controller() as troupe:
        stage.apply(an_ingress())
        stage.until_settled(troupe)

        (name,) = stage.balancers()
        described = stage.elbv2.describe_load_balancers(Names=[name])["LoadBalancers"][0]
        assert stage.hostnames() == [described["DNSName"].lower()]
        assert list(stage.rules()) == ["web.example.com /*"]
        assert stage.targets_of("web") == stage.ready("web")
        assert FINALIZER in stage.finalizers()
        assert stage.reasons() == {"Applied": 1}
        overview = stage.cluster.get("LoadBalancer", "shop.web")
        assert overview is not None
        assert troupe.probe() == (200, "ready\n")


def test_a_cluster_without_our_custom_resources_is_served_all_the_same(
    a_stage: Callable[..., Stage],
) -> None:
    """An optional kind that nobody installed is absent, not unknown; the overview is left out."""
    stage = a_stage(custom_resources=False)
    stage.serve("web")
    with stage.controller() as troupe:
        stage.apply(an_ingress())
        stage.until_settled(troupe)

        assert stage.targets_of("web") == stage.ready("web")
        assert troupe.probe()[0] == 200


def test_edits_of_rules_reach_the_load_balancer(stage: Stage) -> None:
    """Another backend for a path, another path, another host."""
    stage.serve("web", "api")
    with stage.controller() as troupe:
        stage.apply(an_ingress())
        stage.until_settled(troupe)

        stage.apply(an_ingress(paths={"/": "api"}))
        until("api serves", lambda: stage.targets_of("api") and not stage.targets_of("web"))
        stage.apply(an_ingress(paths={"/": "api", "/web": "web"}))
        until("/web is there", lambda: len(stage.rules()) == 2)
        stage.apply(an_ingress(paths={"/": "api", "/web": "web"}, host="new.example.com"))
        until(
            "the host has changed",
            lambda: {rule.split()[0] for rule in stage.rules()} == {"new.example.com"},
        )
        stage.until_at_rest(troupe)

        assert len(stage.rules()) == 2
        assert stage.targets_of("api") == stage.ready("api")
        assert stage.targets_of("web") == stage.ready("web")
        assert len(stage.balancers()) == 1


def test_pods_that_come_and_go_change_membership_and_nothing_else(stage: Stage) -> None:
    """Scaled up, a pod deleted, scaled down: RegisterTargets and DeregisterTargets are all."""
    stage.serve("web")
    with stage.controller() as troupe:
        stage.apply(an_ingress())
        stage.until_settled(troupe)
        stage.cloud.calls.clear()

        stage.cluster.scale("Deployment", "web", 4, namespace="shop")
        until("four are registered", lambda: len(stage.targets_of("web")) == 4)
        pod = stage.cluster.list("Pod", "shop")[0]
        gone = text(pod, "status", "podIP")
        stage.cluster.delete("Pod", text(pod, "metadata", "name"), "shop")
        until("the deleted pod is out", lambda: gone not in stage.targets_of("web"))
        stage.cluster.scale("Deployment", "web", 1, namespace="shop")
        until(
            "one is left",
            lambda: len(stage.ready("web")) == 1 and stage.targets_of("web") == stage.ready("web"),
        )
        stage.until_at_rest(troupe)

        assert set(stage.counts()) == MEMBERSHIP


def test_a_service_that_is_gone_leaves_the_path_as_it_was(stage: Stage) -> None:
    """The path is quarantined: its last good rule stays; the event is on that Ingress alone."""
    stage.serve("web", "api")
    with stage.controller() as troupe:
        stage.apply(
            an_ingress("web", group="edge"), an_ingress("api", paths={"/": "api"}, group="edge")
        )
        stage.until_settled(troupe, "web", "api")
        rules = stage.rules()
        stage.cloud.calls.clear()

        stage.cluster.delete("Service", "api", "shop")
        until("somebody is told", lambda: stage.reasons("api").keys() - {"Applied"})
        stage.until_at_rest(troupe)

        assert stage.rules() == rules
        assert set(stage.counts()) <= MEMBERSHIP
        assert set(stage.reasons("web")) == {"Applied"}


def test_the_last_ingress_takes_everything_with_it(stage: Stage) -> None:
    """The finalizer goes when the cloud holds nothing of it; then what is shared goes too."""
    stage.serve("web")
    stage.cloud.configure(interface_linger_seconds=0.5)
    with stage.controller() as troupe:
        stage.apply(an_ingress())
        stage.until_settled(troupe)

        stage.cluster.delete("Ingress", "web", "shop")
        until("the Ingress is gone", lambda: not stage.ingress())
        assert "load-balancers" not in stage.left()
        assert "target-groups" not in stage.left()
        until("the account is empty", lambda: not stage.left())
        stage.until_at_rest(troupe)

        assert stage.cluster.get("LoadBalancer", "shop.web") is None


def test_a_member_that_goes_takes_only_what_is_its_own(stage: Stage) -> None:
    """The others' rules and targets are not touched."""
    stage.serve("web", "api")
    with stage.controller() as troupe:
        stage.apply(
            an_ingress("web", group="edge"), an_ingress("api", paths={"/": "api"}, group="edge")
        )
        stage.until_settled(troupe, "web", "api")
        stage.cloud.calls.clear()

        stage.cluster.delete("Ingress", "api", "shop")
        until("the Ingress is gone", lambda: not stage.ingress("api"))
        stage.until_at_rest(troupe)

        assert list(stage.rules()) == ["web.example.com /*"]
        assert stage.targets_of("web") == stage.ready("web")
        assert set(stage.counts()) == {"DeleteRule", "DeleteTargetGroup"}


def test_an_ingress_that_changes_its_class_leaves_us(stage: Stage) -> None:
    """Its resources and our finalizer go, and the status no longer shows an address of ours."""
    stage.serve("web")
    stage.cluster.create(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IngressClass",
            "metadata": {"name": "other"},
            "spec": {"controller": "example.com/other"},
        }
    )
    with stage.controller() as troupe:
        stage.apply(an_ingress())
        stage.until_settled(troupe)

        stage.apply(an_ingress(class_name="other"))
        until("our finalizer is gone", lambda: FINALIZER not in stage.finalizers())
        until("the account is empty", lambda: not stage.left())

        assert stage.ingress()
        assert stage.hostnames() == []


def test_an_ingress_moves_to_another_group(stage: Stage) -> None:
    """Its rules appear on the new load balancer, and the old one goes."""
    stage.serve("web")
    with stage.controller() as troupe:
        stage.apply(an_ingress(group="one"))
        stage.until_settled(troupe)
        (before,) = stage.hostnames()

        stage.apply(an_ingress(group="two"))
        until("it has another address", lambda: stage.hostnames() not in ([], [before]))
        until("the old load balancer is gone", lambda: len(stage.balancers()) == 1)
        stage.until_at_rest(troupe)

        assert stage.targets_of("web") == stage.ready("web")
        assert FINALIZER in stage.finalizers()
        stage.cluster.delete("Ingress", "web", "shop")
        until("the account is empty", lambda: not stage.left() and not stage.ingress())
