"""Promises about changing the scheme: two approvals, two load balancers, no client left alone."""

from __future__ import annotations

import pytest

from provisioner.sandbox.cluster.documents import text
from tests.contract.provider.commands import provisioner
from tests.e2e.controller.approving import a_controller, approve, pending
from tests.e2e.controller.scripts import an_ingress
from tests.e2e.controller.stagehand import Stage, steady, until

pytestmark = pytest.mark.slow

INTERNAL = {"ingress-provisioner.io/scheme": "internal"}
PATHS = {"/": "web", "/api": "api"}


@steady
def schemes(stage: Stage) -> dict[str, str]:
    """Address by scheme of every load balancer."""
    found = stage.elbv2.describe_load_balancers()["LoadBalancers"]
    return {each["Scheme"]: each["DNSName"].lower() for each in found}


@steady
def reached(stage: Stage, address: str) -> list[int]:
    """Healthy targets behind each rule of the load balancer with an address."""
    balancers = stage.elbv2.describe_load_balancers()["LoadBalancers"]
    arn = next(b["LoadBalancerArn"] for b in balancers if b["DNSName"].lower() == address)
    healthy = stage.targets()
    found = []
    for listener in stage.elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]:
        rules = stage.elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
        for rule in rules:
            groups = [
                group["TargetGroupArn"].split("/")[1]
                for action in rule["Actions"]
                for group in action.get("ForwardConfig", {}).get("TargetGroups", [])
            ]
            if not rule["IsDefault"]:
                found.append(sum(len(healthy.get(group, ())) for group in groups))
    return found


def test_a_scheme_changes_with_two_approvals_and_nobody_is_left_alone(stage: Stage) -> None:
    """Pending, approved, both exist, status moves when the new one serves, drained, approved, gone.

    At every moment the address that the Ingress shows leads to healthy targets for every rule.
    """
    stage.serve("web", "api")
    stage.cloud.configure(health_seconds=0.8, provisioning_seconds=1.0, draining_seconds=0.3)
    with a_controller(stage, drain_dns_seconds=5.0) as troupe:
        stage.apply(an_ingress(paths=PATHS, annotations=INTERNAL))
        stage.until_settled(troupe)
        until("it serves", lambda: all(reached(stage, stage.hostnames()[0])))
        old = stage.hostnames()[0]
        stage.cloud.calls.clear()

        stage.apply(an_ingress(paths=PATHS))
        until("an approval is asked for", lambda: text(pending(stage), "status") == "True")
        stage.until_at_rest(troupe, seconds=0.3)
        assert not stage.writes
        assert stage.reasons()["CloudReplacementNeeded"]

        approve(stage)
        moments: list[list[int]] = []

        def moved() -> bool:
            shown = stage.hostnames()[0]
            moments.append(reached(stage, shown))
            return shown != old

        until("clients are sent to the new one", moved, seconds=40)
        assert all(len(moment) == 2 and all(moment) for moment in moments), moments
        both = schemes(stage)
        assert both["internal"] == old
        assert stage.hostnames() == [both["internet-facing"]]

        stage.serve("web", replicas=3)
        until("the old one's targets follow the pods", lambda: reached(stage, old) == [2, 3])
        approve(stage)
        until("the old one is gone", lambda: schemes(stage).keys() == {"internet-facing"})
        stage.until_at_rest(troupe)
        assert stage.hostnames() == [both["internet-facing"]]
        assert all(reached(stage, stage.hostnames()[0]))
        assert text(pending(stage), "status") == "False"
        assert len(stage.targets()) == 2

        stage.cluster.delete("Ingress", "web", "shop")
        until("nothing is left", lambda: not stage.left(), seconds=40)


def test_who_has_no_controller_at_hand_approves_with_a_command(stage: Stage) -> None:
    """``apply --approve`` records the approval while a controller holds the Lease."""
    stage.serve("web")
    with stage.controller() as troupe:
        stage.apply(an_ingress(annotations=INTERNAL))
        stage.until_settled(troupe)
        stage.apply(an_ingress())
        until("an approval is asked for", lambda: text(pending(stage), "status") == "True")

        done = provisioner(
            *("apply", "--approve=shop/web", "--yes", "--cluster-name", "demo"),
            *("--kubeconfig", str(stage.kubeconfig), "--provider", "aws"),
            *("--endpoint-url", stage.cloud.url, "--region", stage.account.login.region),
            env={
                "AWS_ACCESS_KEY_ID": stage.account.login.access_key,
                "AWS_SECRET_ACCESS_KEY": "sandbox",
            },
        )

        assert done.returncode == 0, done.stderr
        assert "Approved shop/web for the controller" in done.stdout
        until("the controller has built it", lambda: "internet-facing" in schemes(stage))
        until(
            "clients are sent to it",
            lambda: stage.hostnames() == [schemes(stage)["internet-facing"]],
        )
