"""Comparing with what AWS Load Balancer Controller made: a faithful account needs our mark alone.

What people move from must be recognised to the last tag before anybody moves. So the account here
is made by hand with boto3 (``lbc.py``), the command is run as a user types it, and what the plan
says is read from its JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from provisioner.sandbox.aws.server import CloudServer
from tests.conformance.takeover import manifests
from tests.conformance.takeover.lbc import RULE_LABEL, Lbc, condition, forward, tags
from tests.conformance.takeover.site import Site, diagnostics, more_than_marks, steps

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import ActionTypeDef

pytestmark = pytest.mark.slow

API = "k8s-ns1-svca-d6ce4265dc"
SHOP = "k8s-ns2-shop-97072d4685"


@pytest.fixture(scope="module")
def cloud() -> Iterator[CloudServer]:
    """The embedded cloud, one for all tests of this file."""
    with CloudServer() as server:
        yield server


@pytest.fixture
def site(cloud: CloudServer, tmp_path: Path) -> Site:
    """A site in a fresh account."""
    return Site(cloud, tmp_path)


def test_a_faithful_account_needs_nothing_but_our_mark(site: Site) -> None:
    """Nothing is created, updated, replaced or deleted; no target, rule or firewall is touched."""
    plan = site.plan()

    assert more_than_marks(plan) == []
    assert {d.severity for d in plan.diagnostics} == {"info"}
    assert {step.kind for step in steps(plan)} == {
        "Listener", "ListenerRule", "LoadBalancer", "SecurityGroup", "SecurityGroupRule",
        "TargetGroup",
    }  # fmt: skip


def test_a_comparison_writes_nothing(site: Site) -> None:
    """It holds a reader and no way to write, as every plan does."""
    site.plan()

    assert site.cloud.calls.mutating() == ()


def test_a_comparison_says_what_it_recognised_and_cannot_be_applied(site: Site) -> None:
    """People see at once that this is no ordinary plan, in every format."""
    plan = site.plan()

    (found,) = diagnostics(plan, "TAKE-OVER-COMPARED")
    assert "2 load balancers, 3 listeners, 4 rules, 5 target groups" in found.message
    assert plan.applyable is False
    for form in ("text", "markdown"):
        printed = site.run("plan", "--take-over", "-o", form).out
        assert "comparison" in printed
        assert "cannot be applied" in printed


def test_names_of_what_exists_are_kept(site: Site) -> None:
    """Names matter at creation alone; a file does not know the UID that is part of one."""
    printed = site.run("plan", "--take-over").out

    assert "k8s-ns1-ing1-159dd7a143" in printed
    assert API in printed
    assert SHOP in printed


def reorder_values(lbc: Lbc) -> None:
    """Write a rule's paths in another order."""
    lbc.elbv2.modify_rule(
        RuleArn=lbc.rules["ns-1/ing-1 80:2"],
        Conditions=[
            condition("host-header", "app.example.com"),
            condition("path-pattern", "/api/*", "/api"),
        ],
    )


def lose_a_rule(lbc: Lbc) -> None:
    """Delete a rule."""
    lbc.elbv2.delete_rule(RuleArn=lbc.rules["edge 443:2"])


def grow_a_rule(lbc: Lbc) -> None:
    """Leave a rule that no Ingress asks for."""
    listener = lbc.rules["edge 443:1"].replace(":listener-rule/", ":listener/").rpartition("/")[0]
    lbc.rule(
        listener,
        "edge",
        "443:7",
        [condition("host-header", "old.example.com")],
        forward(lbc.target_groups[SHOP]),
    )


def lose_a_target(lbc: Lbc) -> None:
    """Deregister a pod."""
    lbc.elbv2.deregister_targets(
        TargetGroupArn=lbc.target_groups[SHOP], Targets=[{"Id": lbc.pods.shop, "Port": 8080}]
    )


def check_health_less_often(lbc: Lbc) -> None:
    """Change a health check by hand."""
    lbc.elbv2.modify_target_group(
        TargetGroupArn=lbc.target_groups[API], HealthCheckIntervalSeconds=30
    )


def shift_weights(lbc: Lbc) -> None:
    """Change weights by hand."""
    blue = lbc.target_groups["k8s-ns2-blue-ce38f7358d"]
    green = lbc.target_groups["k8s-ns2-green-f965618986"]
    halves: ActionTypeDef = {
        "Type": "forward",
        "ForwardConfig": {
            "TargetGroups": [
                {"TargetGroupArn": green, "Weight": 50},
                {"TargetGroupArn": blue, "Weight": 50},
            ]
        },
    }
    lbc.elbv2.modify_rule(RuleArn=lbc.rules["edge 443:1"], Actions=[halves])


def narrow_the_nodes(lbc: Lbc) -> None:
    """Let the load balancers reach fewer ports of the nodes."""
    described = lbc.ec2.describe_security_groups(GroupIds=[lbc.account.node_group_id])
    (permission,) = described["SecurityGroups"][0]["IpPermissions"]
    backend = permission["UserIdGroupPairs"][0]["GroupId"]
    lbc.ec2.revoke_security_group_ingress(
        GroupId=lbc.account.node_group_id,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 8080,
                "ToPort": 30090,
                "UserIdGroupPairs": [{"GroupId": backend, "Description": RULE_LABEL}],
            }
        ],
    )
    lbc.node_rule(backend, 8080, 8080)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (reorder_values, ["update ListenerRule ModifyRule"]),
        (lose_a_rule, ["create ListenerRule CreateRule"]),
        (grow_a_rule, ["delete ListenerRule DeleteRule"]),
        (lose_a_target, ["update Targets RegisterTargets"]),
        (check_health_less_often, ["update TargetGroup ModifyTargetGroup"]),
        (shift_weights, ["update ListenerRule ModifyRule"]),
        (
            narrow_the_nodes,
            [
                "create SecurityGroupRule AuthorizeSecurityGroupIngress",
                "delete SecurityGroupRule RevokeSecurityGroupIngress",
            ],
        ),
    ],
)
def test_what_differs_shows(site: Site, change: Callable[[Lbc], None], expected: list[str]) -> None:
    """A comparison that overlooked a difference would be worse than none."""
    change(site.lbc)

    plan = site.plan()

    found = {
        f"{step.action} {step.kind} {call.operation}"
        for step in steps(plan)
        for call in step.calls
        if call.operation not in {"AddTags", "CreateTags"}
    }
    assert sorted(found) == expected


def test_tags_and_rules_of_others_are_none_of_our_business(site: Site) -> None:
    """What that controller did not tag is not its own, and tags may be anybody's."""
    balancer = site.made.load_balancers["edge"]
    site.lbc.elbv2.add_tags(ResourceArns=[balancer], Tags=[{"Key": "cost-center", "Value": "42"}])
    site.lbc.elbv2.create_target_group(
        Name="by-hand", TargetType="ip", Port=80, Protocol="HTTP", VpcId=site.account.vpc_id
    )

    plan = site.plan()

    assert more_than_marks(plan) == []


def test_another_cluster_of_the_account_is_not_recognised(site: Site) -> None:
    """The cluster's name is part of every tag; with a wrong one nothing is found and said so.

    (That the subnets are tagged for the other cluster only is an error besides.)
    """
    plan = site.plan("--cluster-name", "another", code=1)

    missing = [d.subject for d in diagnostics(plan, "TAKE-OVER-NOT-FOUND")]
    assert missing == ["load balancer edge", "load balancer ns-1/ing-1"]
    (found,) = diagnostics(plan, "TAKE-OVER-COMPARED")
    assert "recognised 0 resources" in found.message


def test_what_a_target_group_is_decides_where_nobody_says(site: Site) -> None:
    """That controller has a flag for the default target type, which only its work can tell."""
    said = "    alb.ingress.kubernetes.io/target-type: ip\n"
    site.replace_in_files(said, "")
    site.make_node_ports()

    plan = site.plan()

    assert more_than_marks(plan) == []


def test_a_broken_member_keeps_its_rules(site: Site) -> None:
    """That controller would stop for the whole group; what serves now must not be taken away."""
    site.documents.append(manifests.SHOP.replace("target-type: ip", "target-type: nope"))
    site.documents.remove(manifests.SHOP)

    plan = site.plan(code=1)

    assert [step for step in steps(plan) if step.action in {"delete", "create"}] == []


@pytest.mark.parametrize("kind", ["by hand", "for a Service"])
def test_bindings_that_no_ingress_explains_are_left_alone(site: Site, kind: str) -> None:
    """People bind target groups by hand, and that controller also serves Services."""
    arn = site.lbc.elbv2.create_target_group(
        Name="other", TargetType="ip", Port=80, Protocol="HTTP", VpcId=site.account.vpc_id
    )["TargetGroups"][0]["TargetGroupArn"]
    site.lbc.elbv2.add_tags(
        ResourceArns=[arn],
        Tags=[{"Key": "service.k8s.aws/stack" if kind == "for a Service" else "x", "Value": "y"}],
    )
    site.documents.append(manifests.binding("other", "ns-3", "dns", arn, target_type="ip"))

    plan = site.plan()

    (found,) = diagnostics(plan, "TAKE-OVER-BINDING-UNEXPLAINED")
    assert found.subject == "TargetGroupBinding ns-3/other"
    assert more_than_marks(plan) == []


def test_ports_are_not_narrowed_while_other_bindings_exist(site: Site) -> None:
    """That controller opens one range for all bindings together, those of others included."""
    narrow_the_nodes(site.lbc)
    site.lbc.node_rule(site.backend_group(), 53, 30090)
    site.documents.append(manifests.binding("other", "ns-3", "dns", "arn:x", target_type="ip"))

    plan = site.plan()

    assert more_than_marks(plan) == []


def test_a_binding_that_contradicts_its_target_group_is_an_error(site: Site) -> None:
    """Taking over would register the pods of one Service where another's traffic arrives."""
    arn = site.made.target_groups[SHOP]
    site.documents = [d for d in site.documents if f"name: {SHOP}," not in d]
    site.documents.append(manifests.binding(SHOP, "ns-2", "basket", arn, target_type="instance"))

    plan = site.plan(code=1)

    fields = {d.field for d in diagnostics(plan, "TAKE-OVER-BINDING-DIFFERS")}
    assert fields == {"spec.serviceRef", "spec.targetType"}


def test_our_own_reading_can_be_compared_too(site: Site) -> None:
    """With ``--compatibility kubernetes`` the plan is what moving to our reading would come to."""
    plan = site.plan("--compatibility", "kubernetes", compatibility="")

    assert {step.action for step in steps(plan) if step.kind == "LoadBalancer"} == {"update"}
    (found,) = diagnostics(plan, "TAKE-OVER-COMPARED")
    assert "2 load balancers" in found.message


def test_nothing_that_writes_takes_over(site: Site) -> None:
    """``apply`` and ``run`` refuse the option by name, and ``apply`` a saved comparison as well."""
    saved = site.folder.parent / "comparison.json"
    site.run("plan", "--take-over", "-o", "json", "--out", str(saved))

    applied = site.run("apply", "--take-over", "--yes")
    replayed = site.bare("apply", str(saved), "--yes")
    ran = site.bare("run", "--take-over")

    assert (applied.code, replayed.code, ran.code) == (1, 1, 1)
    assert "provisioner apply` cannot take anything over" in applied.err
    assert "is a comparison" in replayed.err
    assert "provisioner run` cannot take anything over" in ran.err
    assert site.cloud.calls.mutating() == ()


def test_an_account_file_cannot_be_compared(site: Site) -> None:
    """It holds only what is ours."""
    done = site.run("plan", "--take-over", "--account", "account.yaml")

    assert done.code == 1
    assert "an account file holds only what is ours" in done.err


def test_what_bears_our_mark_is_not_recognised_twice(site: Site) -> None:
    """A load balancer that we made after that controller's pattern is ours already."""
    balancer = site.made.load_balancers["edge"]
    site.lbc.elbv2.add_tags(
        ResourceArns=[balancer],
        Tags=[
            *tags("edge", "LoadBalancer"),
            {"Key": "ingress-provisioner.io/owner", "Value": "somebody/else/here"},
        ],
    )

    plan = site.plan()

    assert [d.subject for d in diagnostics(plan, "TAKE-OVER-NOT-FOUND")] == ["load balancer edge"]
