"""Promises of ``incumbent`` compatibility: what is wanted is what LBC's model would hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from providers.aws import marks
from providers.aws.account import SecurityGroup
from provisioner.model.intent import Compatibility, TargetMode
from provisioner.model.kube import NO_STRINGS
from provisioner.model.resource import Ref, Spec, Unknown, Value
from provisioner.model.settings import Settings
from tests.factories import (
    a_node,
    a_path,
    a_port,
    a_rule,
    a_service,
    a_slice,
    an_endpoint,
    an_ingress,
    some_settings,
)
from tests.unit.providers.aws.express.worlds import (
    POD_IP,
    World,
    a_subnet,
    addresses_of,
    balancer_of,
    seen,
    some_facts,
    spec_of,
    with_spec,
)

BACKEND_GROUP = Ref("aws:security-group/shared/incumbent-backend", "GroupId")
TARGET_GROUP = "aws:target-group/shop/web/web:80"
FRONTEND = "aws:security-group/shop/web/frontend"


def settings(tags: Mapping[str, str]) -> Settings:
    """Return settings that read Ingresses as the incumbent does."""
    return some_settings(compatibility=Compatibility.INCUMBENT, tags=tags)


def a_world(
    annotations: Mapping[str, str] = NO_STRINGS,
    *,
    port: int | str = 8080,
    node_port: int = 30080,
    uid: str = "my-uuid",
    mode: TargetMode = TargetMode.NODE_PORT,
    families: tuple[str, ...] = (),
    tags: Mapping[str, str] = NO_STRINGS,
) -> World:
    """Return the world of one Ingress ``shop/web`` with one Service and one pod."""
    service = a_service("shop/web", a_port(80, target_port=port, node_port=node_port))
    service = replace(service, meta=replace(service.meta, uid=uid), ip_families=families)
    return World(
        objects=(
            an_ingress("shop/web", annotations=annotations),
            service,
            a_slice("shop/web", an_endpoint(POD_IP)),
            a_node("n1"),
        ),
        settings=settings(tags),
        mode=mode,
    )


def tags_of(spec: Spec) -> dict[str, str]:
    """Return the tags of a spec but our marks."""
    written = marks.written(spec["Tags"])
    return {k: v for k, v in written.items() if not k.startswith("ingress-provisioner.io/")}


@pytest.mark.parametrize(
    ("world", "name"),
    [
        # digits of testshop/webshopwebmy-uuid8030080instanceHTTPHTTP1, and so on
        (a_world(), "k8s-shop-web-916cab4efc"),
        (a_world(mode=TargetMode.POD), "k8s-shop-web-4d85b4d559"),
        # A named target port counts as 1.
        (a_world(mode=TargetMode.POD, port="http"), "k8s-shop-web-fc58fa76cd"),
    ],
)
def test_names_of_target_groups(world: World, name: str) -> None:
    """Cluster, group, Ingress, UID, port as written, target group port, type and protocols."""
    expressed = world.express()

    (address,) = addresses_of(expressed, "TargetGroup")
    assert spec_of(expressed, address)["Name"] == name


def test_a_name_that_rests_on_an_unknown_node_port_is_unknown() -> None:
    """It is known after apply, as the node port is, and never guessed."""
    expressed = a_world(node_port=0).express()

    (address,) = addresses_of(expressed, "TargetGroup")
    assert isinstance(spec_of(expressed, address)["Name"], Unknown)


def test_a_name_that_rests_on_an_unknown_uid_is_unknown() -> None:
    """Files say no UID; a name computed without it would be none that anybody gives."""
    expressed = a_world(uid="").express()

    (address,) = addresses_of(expressed, "TargetGroup")
    assert isinstance(spec_of(expressed, address)["Name"], Unknown)


def test_what_exists_keeps_its_name() -> None:
    """A Service that was made anew has another UID; its target group is still the same."""
    before = a_world(uid="one")
    observed = seen(before.express())

    expressed = replace(a_world(uid="two"), observed=observed).express()

    (address,) = addresses_of(expressed, "TargetGroup")
    assert spec_of(expressed, address)["Name"] == observed.resources[address].name


def test_a_target_group_of_another_address_family_cannot_have_the_same_name() -> None:
    """The incumbent's name leaves the family out, so ours takes its place for the second one."""
    observed = seen(a_world(families=("IPv4",)).express())
    address = f"{TARGET_GROUP}/node-port"
    observed = with_spec(observed, address, IpAddressType="ipv6")

    expressed = replace(a_world(families=("IPv4",)), observed=observed).express()

    name = spec_of(expressed, f"{address}@2")["Name"]
    assert isinstance(name, str)
    assert name.startswith("ipr-")


@pytest.mark.parametrize(
    ("families", "expected"), [((), "ipv4"), (("IPv4",), "ipv4"), (("IPv4", "IPv6"), "ipv6")]
)
def test_the_service_says_the_address_family(families: tuple[str, ...], expected: str) -> None:
    """One IPv6 family is enough, whatever addresses its pods have."""
    subnets = (a_subnet("a", ipv6=True), a_subnet("b", "b", ipv6=True))
    world = a_world({"ip-address-type": "dualstack"}, families=families)

    expressed = replace(world, facts=some_facts(subnets=subnets)).express()

    (address,) = addresses_of(expressed, "TargetGroup")
    assert spec_of(expressed, address)["IpAddressType"] == expected


def test_ownership_tags_beat_those_of_the_installation_and_those_beat_the_users() -> None:
    """``--default-tags`` win over annotations in LBC; marks as an annotation are refused."""
    said = {"tags": "team=web,env=dev"}

    expressed = a_world(said, tags={"env": "prod"}).express()

    assert tags_of(balancer_of(expressed)) == {
        "elbv2.k8s.aws/cluster": "test",
        "ingress.k8s.aws/stack": "shop/web",
        "ingress.k8s.aws/resource": "LoadBalancer",
        "team": "web",
        "env": "prod",
    }


@pytest.mark.parametrize(
    ("address", "role"),
    [
        (FRONTEND, "ManagedLBSecurityGroup"),
        ("aws:listener/shop/web/80", "80"),
        (f"{TARGET_GROUP}/node-port", "shop/web-web:80"),
    ],
)
def test_every_resource_says_what_it_is_for(address: str, role: str) -> None:
    """The role is what LBC finds its resources by."""
    assert tags_of(spec_of(a_world().express(), address))["ingress.k8s.aws/resource"] == role


def test_rules_say_their_port_and_priority() -> None:
    """LBC numbers rules from 1."""
    expressed = a_world().express()

    (address,) = addresses_of(expressed, "ListenerRule")
    assert tags_of(spec_of(expressed, address))["ingress.k8s.aws/resource"] == "80:1"


def test_the_frontend_group_is_described_as_lbc_does() -> None:
    """Description by the letter, ways in without a description and without tags of anybody's."""
    expressed = a_world({"tags": "team=web"}).express()

    rule = spec_of(expressed, "aws:security-group-rule/shop/web/frontend/80")
    assert (
        spec_of(expressed, FRONTEND)["Description"]
        == "[k8s] Managed SecurityGroup for LoadBalancer"
    )
    assert rule["IpPermissions"] == (
        {
            "IpProtocol": "tcp",
            "FromPort": 80,
            "ToPort": 80,
            "IpRanges": ({"CidrIp": "0.0.0.0/0"},),
        },
    )
    assert tags_of(rule) == {}


def test_the_load_balancer_carries_the_incumbents_backend_group() -> None:
    """First the managed group, then the shared one."""
    groups = balancer_of(a_world().express())["SecurityGroups"]

    assert groups == (Ref(FRONTEND, "GroupId"), BACKEND_GROUP)


def listed(observed: tuple[Value, ...] | None = None) -> Value:
    """Return the groups of a load balancer whose Ingress lists two, where these exist."""
    facts = some_facts(
        security_groups=[SecurityGroup(id="sg-a", name="a"), SecurityGroup(id="sg-b", name="b")]
    )
    said = {"security-groups": "sg-b,sg-a", "manage-backend-security-group-rules": "true"}
    world = replace(a_world(said), facts=facts)
    if observed is not None:
        present = seen(world.express())
        world = replace(
            world,
            observed=with_spec(present, "aws:load-balancer/shop/web", SecurityGroups=observed),
        )
    return balancer_of(world.express())["SecurityGroups"]


def test_listed_groups_keep_the_order_of_the_list() -> None:
    """As LBC spells them, the shared group last."""
    assert listed() == ("sg-b", "sg-a", BACKEND_GROUP)


def test_the_order_in_which_aws_lists_groups_is_no_difference() -> None:
    """AWS keeps no order, so the same groups in another one must not look like a change."""
    present = ("sg-a", "sg-b", BACKEND_GROUP)

    assert listed(present) == present
    assert listed(("sg-a", BACKEND_GROUP)) == ("sg-b", "sg-a", BACKEND_GROUP)


def permissions(world: World) -> dict[str, Value]:
    """Return what the shared part opens, by address."""
    shared = world.shared(world.express())
    found = addresses_of(shared, "SecurityGroupRule")
    return {address: spec_of(shared, address)["IpPermissions"] for address in found}


def test_one_range_covers_all_ports_of_an_endpoint_group() -> None:
    """From the lowest to the highest, traffic and health check ports alike, with LBC's label."""
    opened = permissions(a_world({"healthcheck-port": "8081"}))

    assert opened == {
        "aws:security-group-rule/shared/sg-node/8081-30080-incumbent": (
            {
                "IpProtocol": "tcp",
                "FromPort": 8081,
                "ToPort": 30080,
                "UserIdGroupPairs": (
                    {
                        "GroupId": BACKEND_GROUP,
                        "Description": "elbv2.k8s.aws/targetGroupBinding=shared",
                    },
                ),
            },
        )
    }


def test_the_shared_group_is_named_and_tagged_as_lbc_does() -> None:
    """One per cluster, found by two tags."""
    world = a_world()

    spec = spec_of(world.shared(world.express()), BACKEND_GROUP.address)

    assert spec["GroupName"] == "k8s-traffic-test-9f86d08188"
    assert spec["Description"] == "[k8s] Shared Backend SecurityGroup for LoadBalancer"
    assert tags_of(spec) == {
        "elbv2.k8s.aws/cluster": "test",
        "elbv2.k8s.aws/resource": "backend-sg",
    }


def test_without_endpoints_nothing_is_opened() -> None:
    """LBC opens ports for endpoints; ours opens them on every node beforehand."""
    world = a_world(mode=TargetMode.POD)
    world = replace(world, objects=(*world.objects[:2], a_slice("shop/web"), *world.objects[3:]))

    assert permissions(world) == {}


def test_both_kinds_of_load_balancers_have_their_own_shared_group() -> None:
    """One load balancer of each kind: two groups, and each opens only what its own need."""
    theirs, ours = a_world(), replace(a_world(), settings=some_settings())
    other = replace(
        ours,
        objects=(
            an_ingress("shop/api", rules=(a_rule("api.example.com", a_path("/", "web:80")),)),
            *ours.objects[1:],
        ),
    )

    shared = ours.shared(theirs.express(), other.express())

    assert addresses_of(shared, "SecurityGroup") == [
        "aws:security-group/shared/backend",
        "aws:security-group/shared/incumbent-backend",
    ]
    assert addresses_of(shared, "SecurityGroupRule") == [
        "aws:security-group-rule/shared/sg-node/30080-30080",
        "aws:security-group-rule/shared/sg-node/30080-30080-incumbent",
    ]


def test_a_wider_range_takes_the_place_of_a_narrower_one_and_never_narrows() -> None:
    """Where only some load balancers are known, the range grows over what is open already."""
    world = a_world()
    observed = seen(world.shared(world.express()))
    wider = a_world({"healthcheck-port": "8081"})
    wider = replace(wider, observed=observed)

    grown = wider.shared(wider.express(), complete=False)
    back = replace(world, observed=seen(grown))
    kept = back.shared(back.express(), complete=False)

    expected = ["aws:security-group-rule/shared/sg-node/8081-30080-incumbent"]
    assert addresses_of(grown, "SecurityGroupRule") == expected
    assert addresses_of(kept, "SecurityGroupRule") == expected


def test_an_endpoint_whose_group_is_unknown_keeps_the_whole_range() -> None:
    """Which part of the range is in use cannot be told, so none of it is closed."""
    world = a_world({"healthcheck-port": "8081"})
    observed = seen(world.shared(world.express()))
    unknown = replace(a_world(), observed=observed, facts=some_facts(instances={}, pod_groups={}))

    kept = unknown.shared(unknown.express())

    assert addresses_of(kept, "SecurityGroupRule") == [
        "aws:security-group-rule/shared/sg-node/8081-30080-incumbent"
    ]
