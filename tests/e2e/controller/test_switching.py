"""Promises about changing the target mode under traffic."""

from __future__ import annotations

import pytest

from tests.e2e.controller.scripts import an_ingress
from tests.e2e.controller.stagehand import Stage, until

pytestmark = pytest.mark.slow


def serving(stage: Stage) -> dict[str, int]:
    """Healthy targets behind each rule, by what its weights let through."""
    rules = stage.rules()
    healthy = stage.targets()
    return {
        rule: sum(len(healthy.get(group, ())) for group, weight in weights.items() if weight)
        for rule, weights in rules.items()
    }


def test_a_switch_of_modes_never_leaves_a_rule_without_healthy_targets(stage: Stage) -> None:
    """New targets are healthy before they get weight; the old port closes after the old group."""
    stage.serve("web", "api")
    stage.cloud.configure(health_seconds=0.8, draining_seconds=0.5)
    nodes = {node.instance_id for node in stage.account.nodes}
    paths = {"/": "web", "/api": "api"}
    with stage.controller() as troupe:
        stage.apply(an_ingress(paths=paths))
        stage.until_settled(troupe)
        until("all is healthy", lambda: all(serving(stage).values()))
        stage.cloud.calls.clear()

        stage.apply(an_ingress(paths=paths, mode="node-port"))
        moments: list[dict[str, int]] = []

        def switched() -> bool:
            moments.append(serving(stage))
            groups = stage.targets()
            return len(groups) == 2 and all(members == nodes for members in groups.values())

        until("only nodes serve", switched, seconds=40)
        stage.until_at_rest(troupe)

        assert all(len(moment) == 2 and all(moment.values()) for moment in moments)
        operations = [call.operation for call in stage.writes]
        assert "RevokeSecurityGroupIngress" in operations
        last_group = max(i for i, name in enumerate(operations) if name == "DeleteTargetGroup")
        assert operations.index("RevokeSecurityGroupIngress") > last_group
        open_ports = {
            rule["FromPort"]
            for rule in stage.ec2.describe_security_group_rules(
                Filters=[{"Name": "group-id", "Values": [stage.account.node_group_id]}]
            )["SecurityGroupRules"]
            if not rule["IsEgress"]
        }
        assert 8080 not in open_ports
        assert len(open_ports) == 2


def test_a_switch_to_targets_that_never_get_healthy_leaves_the_old_ones(stage: Stage) -> None:
    """The old backend serves on, and other members change meanwhile."""
    stage.serve("web", "api")
    with stage.controller() as troupe:
        stage.apply(
            an_ingress("web", group="edge"), an_ingress("api", paths={"/": "api"}, group="edge")
        )
        stage.until_settled(troupe, "web", "api")
        pods = stage.ready("web")
        for node in stage.account.nodes:
            stage.cloud.unhealthy_targets.add(node.instance_id)

        stage.apply(an_ingress("web", group="edge", mode="node-port"))
        until("the new group is attached", lambda: len(stage.rules()["web.example.com /*"]) == 2)
        stage.cluster.scale("Deployment", "api", 3, namespace="shop")
        until("the neighbour follows its pods", lambda: len(stage.targets_of("api")) == 3)

        assert serving(stage)["web.example.com /*"] == len(pods)
        assert stage.targets_of("web") == pods
