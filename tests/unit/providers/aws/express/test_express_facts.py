"""Promises of what is asked of the account, and of what a target mode must respect."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import fields, replace

import pytest

from providers.aws import addresses, provider
from providers.aws.account import Wanted
from providers.aws.desired import targets
from providers.aws.limits import DEFAULTS
from provisioner.core.translate import intents
from provisioner.model.intent import Compatibility, TargetMode
from provisioner.model.kube import NO_STRINGS, Node
from provisioner.model.resource import Observed, ObservedResource, PlainInput, Ref, freeze_spec
from tests.factories import (
    KubeObject,
    a_node,
    a_port,
    a_service,
    a_slice,
    a_snapshot,
    an_endpoint,
    an_ingress,
    an_ingress_class,
    some_settings,
)
from tests.unit.providers.aws.express.worlds import (
    World,
    a_world,
    arn,
    seen,
    some_backends,
    some_facts,
)

HTTPS = '[{"HTTPS": 443}]'


def wanted(annotations: Mapping[str, str] = NO_STRINGS, *more: KubeObject) -> Wanted:
    """Return the questions of one Ingress with these annotations."""
    objects = (
        an_ingress_class(),
        an_ingress("shop/web", annotations=annotations),
        *some_backends("shop/web"),
        *more,
    )
    snapshot = a_snapshot(*objects, live=True)
    intent = intents(snapshot, provider, some_settings())
    return provider.wanted(intent, snapshot, some_settings())


def ask(annotations: Mapping[str, str] = NO_STRINGS, *more: KubeObject) -> dict[str, object]:
    """Return the questions that are asked at all, by name."""
    answer = wanted(annotations, *more)
    asked = {field.name: getattr(answer, field.name) for field in fields(answer)}
    return {name: value for name, value in asked.items() if value}


def test_only_what_is_needed_is_asked() -> None:
    """Certificates and interfaces are the slowest lists of an account."""
    assert ask() == {
        "instances": ("i-n1",),
        "pod_ips": ("10.0.0.5",),
        "node_of_pod": {"10.0.0.5": "i-n1"},
    }


def test_https_asks_for_certificates_by_host_or_by_name() -> None:
    """Where every certificate is named, ACM is not searched."""
    found = ask({"listen-ports": HTTPS})
    named = ask({"listen-ports": HTTPS, "certificate-arn": arn("one")})

    assert found["certificate_hosts"] == ("shop.example.com",)
    assert "certificate_hosts" not in named
    assert named["certificate_arns"] == (arn("one"),)


def test_listed_security_groups_make_interfaces_uninteresting() -> None:
    """Nothing is opened on pods for a load balancer that does not carry the backend group."""
    plain = ask({"security-groups": "sg-1, blue"})
    managed = ask({"security-groups": "sg-1", "manage-backend-security-group-rules": "true"})

    assert plain["security_groups"] == ("blue", "sg-1")
    assert "pod_ips" not in plain
    assert managed["pod_ips"] == ("10.0.0.5",)


WAF = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/edge/1"
LOGS = "ingress-provisioner.io/access-logs"


@pytest.mark.parametrize(
    ("annotations", "name", "value"),
    [
        ({"wafv2-acl-name": "edge"}, "web_acls", ("edge",)),
        ({"wafv2-acl-arn": WAF}, "web_acls", (WAF,)),
        (
            {
                "listen-ports": HTTPS,
                "mutual-authentication": '[{"port": 443, "mode": "verify", "trustStore": "ts"}]',
            },
            "trust_stores",
            ("ts",),
        ),
        (
            {"listen-ports": HTTPS, "ssl-policy": "ELBSecurityPolicy-2016-08"},
            "ssl_policies",
            ("ELBSecurityPolicy-2016-08",),
        ),
        ({LOGS: "s3://logs/a"}, "log_buckets", ("logs",)),
        (
            {
                "load-balancer-attributes": "connection_logs.s3.enabled=true,"
                "connection_logs.s3.bucket=other"
            },
            "log_buckets",
            ("other",),
        ),
        ({"shield-advanced-protection": "false"}, "shield", True),
    ],
)
def test_names_in_annotations_are_looked_up(
    annotations: Mapping[str, str], name: str, value: object
) -> None:
    """What does not exist is told before anything is made."""
    assert ask(annotations)[name] == value


@pytest.mark.parametrize(
    "annotations",
    [
        {"wafv2-acl-arn": "none"},
        {"waf-acl-id": "0a1b"},  # WAF Classic has no cheap list
        {LOGS: "false"},
        {"load-balancer-attributes": "access_logs.s3.enabled=false,access_logs.s3.bucket=logs"},
        {"mutual-authentication": '[{"port": 443, "mode": "passthrough"}]', "listen-ports": HTTPS},
    ],
)
def test_what_names_nothing_is_not_looked_up(annotations: Mapping[str, str]) -> None:
    """Turning something off needs no questions."""
    names = {"web_acls", "trust_stores", "ssl_policies", "log_buckets", "shield"}

    assert names.isdisjoint(ask(annotations))


def test_nodes_without_an_instance_are_not_asked_for() -> None:
    """Fargate nodes have a provider id that names no EC2 instance."""
    fargate = a_node("f1", provider_id="aws:///eu-west-1a/fargate-10-0-0-9")

    assert ask(NO_STRINGS, fargate)["instances"] == ("i-n1",)


@pytest.mark.parametrize(
    ("node", "named"),
    [
        (a_node("n1"), ""),
        (a_node("n1", labels={"eks.amazonaws.com/compute-type": "fargate"}), "Fargate"),
        (a_node("n1", labels={"eks.amazonaws.com/compute-type": "hybrid"}), "EKS hybrid node"),
        (a_node("n1", labels={"eks.amazonaws.com/compute-type": "auto"}), ""),
        (a_node("n1", provider_id="aws:///eu-west-1a/fargate-ip-10-0-0-9"), "Fargate"),
        (a_node("n1", provider_id="aws:///eu-west-1a/0f12-9c/fargate-10-0-0-9"), "Fargate"),
        (a_node("n1", provider_id="eks-hybrid:///eu-west-1/test/mi-1"), "EKS hybrid node"),
        (a_node("n1", provider_id="gce://project/zone/i-1"), "gce://project/zone/i-1"),
        (a_node("n1", provider_id="aws:///cn-north-1a/i-0123456789abcdef0"), ""),
    ],
)
def test_only_ec2_nodes_can_be_targets(node: Node, named: str) -> None:
    """Fargate and hybrid nodes have no instance to register, and are named for what they are.

    Nodes of EKS Auto Mode are EC2 instances like any other.
    """
    reason = provider.node_impossible(node)

    assert named in reason
    assert bool(reason) is bool(named)


def room_of(world: World) -> tuple[Mapping[object, str], Mapping[object, str]]:
    """Return why pods and node ports are impossible, by backend."""
    room = provider.mode_room(world.intent(), world.facts, DEFAULTS)
    return (
        {str(b): reason for b, reason in room.pod_impossible.items()},
        {str(b): reason for b, reason in room.node_port_impossible.items()},
    )


def test_pods_and_nodes_are_both_possible_in_an_ordinary_cluster() -> None:
    """Then the arithmetic decides, against the account's limits."""
    world = a_world()

    room = provider.mode_room(world.intent(), world.facts, DEFAULTS)

    assert (room.targets_limit, room.largest_limit) == (1000, 1000)
    assert room_of(world) == ({}, {})


def test_a_pod_outside_the_vpc_rules_pod_mode_out() -> None:
    """An overlay network's addresses cannot be routed to from a load balancer."""
    objects = (
        an_ingress("shop/web"),
        a_service("shop/web", a_port(80, node_port=30080)),
        a_slice("shop/web", an_endpoint("192.168.7.7")),
        a_node("n1"),
    )

    pods, nodes = room_of(World(objects=objects))

    assert "192.168.7.7 lies outside the VPC (10.0.0.0/16)" in pods["web:80"]
    assert nodes == {}


def test_the_incumbent_registers_pods_outside_the_vpc() -> None:
    """AWS Load Balancer Controller registers addresses of peered networks, with all zones."""
    objects = (
        an_ingress("shop/web"),
        a_service("shop/web", a_port(80, node_port=30080)),
        a_slice("shop/web", an_endpoint("192.168.7.7")),
        a_node("n1"),
    )
    settings = some_settings(compatibility=Compatibility.INCUMBENT)

    pods, _ = room_of(World(objects=objects, settings=settings))

    assert pods == {}


def test_a_service_without_node_ports_rules_node_port_mode_out() -> None:
    """ClusterIP Services have none, and nobody may be asked to change that silently."""
    objects = (
        an_ingress("shop/web"),
        a_service("shop/web", a_port(80), service_type="ClusterIP"),
        a_slice("shop/web", an_endpoint("10.0.0.5")),
        a_node("n1"),
    )

    pods, nodes = room_of(World(objects=objects))

    assert pods == {}
    assert "shop/web has no node ports" in nodes["web:80"]


def test_a_cluster_without_ec2_nodes_rules_node_port_mode_out() -> None:
    """On Fargate alone nothing can be registered as an instance."""
    fargate = a_node("f1", labels={"eks.amazonaws.com/compute-type": "fargate"})
    objects = (
        an_ingress("shop/web"),
        a_service("shop/web", a_port(80, node_port=30080)),
        a_slice("shop/web", an_endpoint("10.0.0.5", node="f1")),
        fargate,
    )

    _, nodes = room_of(World(objects=objects, facts=some_facts(instances={})))

    assert "no node is an EC2 instance" in nodes["web:80"]


def test_the_present_mode_is_read_back_from_the_rules() -> None:
    """What serves now is what the rules forward to, in both forms of a group."""
    implicit = a_world(mode=TargetMode.NODE_PORT).express()
    explicit = a_world({"group.name": "edge"}).express()

    assert provider.present_modes("shop/web", seen(implicit)) == {
        "shop/web/web:80": TargetMode.NODE_PORT
    }
    assert provider.present_modes("edge", seen(explicit)) == {"shop/web/web:80": TargetMode.POD}


@pytest.mark.parametrize(
    ("pod", "node_port", "mode"),
    [(0, 1, TargetMode.NODE_PORT), (1, 0, TargetMode.POD), (3, 1, TargetMode.POD)],
)
def test_during_a_switch_the_heavier_side_is_the_present_mode(
    pod: int, node_port: int, mode: TargetMode
) -> None:
    """Both target groups are attached while one is warmed up; weight tells which one serves."""
    groups: list[PlainInput] = [
        {
            "TargetGroupArn": Ref(
                addresses.target_group("shop/web", f"web:80/{word}"), "TargetGroupArn"
            ),
            "Weight": weight,
        }
        for word, weight in (("pod", pod), ("node-port", node_port))
    ]
    rule = ObservedResource(
        kind="ListenerRule",
        address="aws:listener-rule/shop/web/80/x",
        group="shop/web",
        spec=freeze_spec(
            {"Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]}
        ),
    )

    present = provider.present_modes("shop/web", Observed(resources={rule.address: rule}))

    assert present == {"shop/web/web:80": mode}


@pytest.mark.parametrize(("name", "ours"), [("alb", True), ("nginx", False), (None, False)])
def test_only_alb_is_inferred_from_files(name: str | None, *, ours: bool) -> None:
    """A chart for another controller plans nothing."""
    assert provider.infers_class(name) is ours


def test_the_status_shows_the_newest_load_balancers_name_in_lower_case() -> None:
    """While a load balancer is replaced both exist; clients are sent to the new one."""
    outputs = {
        "aws:load-balancer/edge": {"DNSName": "Old.elb.amazonaws.com"},
        "aws:load-balancer/edge@2": {"DNSName": "New.elb.amazonaws.com"},
        "aws:load-balancer/edge2": {"DNSName": "Other.elb.amazonaws.com"},
    }

    assert provider.status_addresses("edge", outputs) == ("new.elb.amazonaws.com",)
    assert provider.status_addresses("gone", outputs) == ()


def test_the_provider_and_its_target_groups_agree_on_what_is_immutable() -> None:
    """What makes a new generation there must not be compared as an update here."""
    assert provider.immutable["TargetGroup"] == targets.IMMUTABLE
    assert provider.create_only["TargetGroup"] == targets.CREATE_ONLY


def test_finding_the_provider_costs_next_to_nothing() -> None:
    """Every command finds it; one that plans nothing must not load what plans, nor an SDK."""
    code = (
        "import sys, providers.aws; "
        "print(sorted(m for m in sys.modules if m.partition('.')[0] in ('boto3', 'botocore', "
        "'msgspec') or m in ('providers.aws.express', 'providers.aws.routing.rules')))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_settings_do_not_change_the_questions() -> None:
    """Two runs with different switches ask the same account the same things."""
    snapshot = a_snapshot(an_ingress_class(), an_ingress(), *some_backends(), live=True)
    intent = intents(snapshot, provider, some_settings())

    one = provider.wanted(intent, snapshot, some_settings())
    other = provider.wanted(intent, snapshot, replace(some_settings(), prune=True))

    assert one == other
