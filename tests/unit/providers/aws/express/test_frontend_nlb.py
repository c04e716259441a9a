"""Promises of the network load balancer in front: what is there, where it leads, what is refused.

Source: AWS Load Balancer Controller 3.5.0, ``pkg/ingress/model_build_frontend_nlb.go``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from providers.aws import limits, provider
from providers.aws.account import Facts, SecurityGroup
from providers.aws.desired.wanted import wanted
from provisioner.core.diff import DiffRules, diff
from provisioner.core.translate import intents
from provisioner.model.change import Action
from provisioner.model.expression import Expressed
from provisioner.model.intent import Compatibility
from provisioner.model.kube import NO_STRINGS, Key
from provisioner.model.resource import Observed, Ref, Resource, Value
from tests.factories import a_rule, a_snapshot, an_ingress, an_ingress_class, some_settings
from tests.unit.providers.aws.express.words import pairs, provider_rules
from tests.unit.providers.aws.express.worlds import (
    EXTERNAL_ROLE,
    INTERNAL_ROLE,
    World,
    a_subnet,
    a_world,
    addresses_of,
    balancer_of,
    codes,
    finding,
    seen,
    some_backends,
    some_facts,
    spec_of,
    with_spec,
)

PREFIX = "alb.ingress.kubernetes.io/"
ENABLE = {f"{PREFIX}enable-frontend-nlb": "true"}
FRONT = "aws:network-load-balancer/shop/web"
BEHIND = "aws:load-balancer/shop/web"
PARTS = {"NetworkLoadBalancer", "NetworkListener", "NetworkTargetGroup", "NetworkTargets"}
TWO_PORTS = {f"{PREFIX}listen-ports": '[{"HTTP": 80}, {"HTTP": 8080}]'}
FRONTEND = Ref("aws:security-group/shop/web/frontend", "GroupId")


def nlb(**settings: str) -> dict[str, str]:
    """Return annotations that enable it, with settings in snake case."""
    said = {f"{PREFIX}frontend-nlb-{k.replace('_', '-')}": v for k, v in settings.items()}
    return {**ENABLE, **said}


def mapping(text: str) -> dict[str, str]:
    """Return annotations with a port mapping."""
    return nlb(listener_port_mapping=text)


def two_kinds_of_subnets() -> Facts:
    """Return an account with two internal and two public subnets."""
    inside, outside = {INTERNAL_ROLE: "1"}, {EXTERNAL_ROLE: "1"}
    return some_facts(
        subnets=(
            a_subnet("a", tags=inside),
            a_subnet("b", "b", tags=inside),
            a_subnet("pa", public=True, tags=outside),
            a_subnet("pb", "b", public=True, tags=outside),
        ),
        security_groups=(
            SecurityGroup(id="sg-node", name="node"),
            SecurityGroup(id="sg-edge", name="edge", tags={"Name": "edge"}),
        ),
    )


def parts(expressed: Expressed) -> dict[str, Resource]:
    """Return what it consists of, by address."""
    return {r.address: r for r in expressed.resources if r.kind in PARTS}


def only(value: Value) -> Mapping[str, Value]:
    """Return the only entry of a list."""
    assert isinstance(value, tuple)
    (entry,) = value
    assert isinstance(entry, Mapping)
    return entry


def leads(expressed: Expressed) -> dict[int, int]:
    """Return by port of the network load balancer the port of the other one."""
    found = {}
    for address in addresses_of(expressed, "NetworkListener"):
        action = only(spec_of(expressed, address)["DefaultActions"])
        group = action["TargetGroupArn"]
        assert isinstance(group, Ref)
        members = group.address.replace("network-target-group", "network-targets")
        target = only(spec_of(expressed, members)["Targets"])
        assert target["Id"] == Ref(BEHIND, "LoadBalancerArn")
        port, to = spec_of(expressed, address)["Port"], target["Port"]
        assert isinstance(port, int)
        assert isinstance(to, int)
        found[port] = to
    return found


def again(world: World, expressed: Expressed) -> World:
    """Return the world after what was expressed has been applied."""
    return replace(world, observed=seen(expressed))


@pytest.mark.parametrize("said", [NO_STRINGS, {f"{PREFIX}enable-frontend-nlb": "false"}])
def test_nothing_stands_in_front_unless_asked_for(said: Mapping[str, str]) -> None:
    """The default is none, and "false" is the default."""
    assert parts(a_world(said).express()) == {}


def test_every_port_is_there_under_its_own_number() -> None:
    """Without a mapping: one listener, target group and target for each port, checked by HTTP."""
    expressed = a_world({**ENABLE, **TWO_PORTS}).express()

    assert leads(expressed) == {80: 80, 8080: 8080}
    group = spec_of(expressed, "aws:network-target-group/shop/web/80")
    assert {k: v for k, v in group.items() if k not in {"Name", "Tags"}} == {
        "TargetType": "alb",
        "Protocol": "TCP",
        "Port": 80,
        "VpcId": "vpc-1",
        "HealthCheckEnabled": True,
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckPath": "/",
        "HealthCheckIntervalSeconds": 15,
        "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 2,
        "UnhealthyThresholdCount": 2,
        "Matcher": {"HttpCode": "200"},
    }
    assert codes(expressed) == []


def test_it_stands_where_the_load_balancer_stands() -> None:
    """Internal by default, in the same subnets, with the same security groups, with its tags."""
    expressed = a_world({**ENABLE, f"{PREFIX}tags": "team=shop"}).express()

    front, behind = spec_of(expressed, FRONT), balancer_of(expressed)

    assert front["Type"] == "network"
    assert front["Scheme"] == "internal"
    for field in ("Subnets", "SecurityGroups", "IpAddressType"):
        assert front[field] == behind[field]
    assert pairs(front["Tags"])["team"] == "shop"
    assert front["Name"] != behind["Name"]


def test_its_scheme_is_its_own() -> None:
    """Internet-facing in front of an internal load balancer stands in public subnets."""
    world = a_world(nlb(scheme="internet-facing"), facts=two_kinds_of_subnets())

    expressed = world.express()

    assert spec_of(expressed, FRONT)["Scheme"] == "internet-facing"
    assert spec_of(expressed, FRONT)["Subnets"] == ("subnet-pa", "subnet-pb")
    assert balancer_of(expressed)["Scheme"] == "internal"


def test_what_is_stated_for_it_is_its_own() -> None:
    """Subnets (one is enough), groups by name, attributes, tags and the whole health check."""
    stated = nlb(
        subnets="subnet-b",
        security_groups="edge",
        attributes="load_balancing.cross_zone.enabled=true",
        tags="team=edge",
        healthcheck_port="80",
        healthcheck_path="/healthz",
        healthcheck_interval_seconds="30",
        healthcheck_timeout_seconds="6",
        healthcheck_healthy_threshold_count="3",
        healthcheck_unhealthy_threshold_count="4",
        healthcheck_success_codes="200-399",
    )
    expressed = a_world(stated, facts=two_kinds_of_subnets()).express()

    front = spec_of(expressed, FRONT)
    assert front["Subnets"] == ("subnet-b",)
    assert front["SecurityGroups"] == ("sg-edge",)
    assert pairs(front["Attributes"]) == {"load_balancing.cross_zone.enabled": "true"}
    assert pairs(front["Tags"])["team"] == "edge"
    group = spec_of(expressed, "aws:network-target-group/shop/web/80")
    assert group["HealthCheckPort"] == "80"
    assert group["HealthCheckPath"] == "/healthz"
    assert group["HealthCheckIntervalSeconds"] == 30
    assert group["HealthCheckTimeoutSeconds"] == 6
    assert (group["HealthyThresholdCount"], group["UnhealthyThresholdCount"]) == (3, 4)
    assert group["Matcher"] == {"HttpCode": "200-399"}


def test_what_is_named_is_looked_up() -> None:
    """Its subnets and groups are asked of the account like those of any load balancer."""
    said = nlb(subnets="public-a", security_groups="edge")
    snapshot = a_snapshot(an_ingress_class(), an_ingress("shop/web", annotations=said))
    settings = some_settings()

    asked = wanted(intents(snapshot, provider, settings), snapshot, settings)

    assert asked.subnets == ("public-a",)
    assert asked.security_groups == ("edge",)


# -- ports ----------------------------------------------------------------------------------------


def test_a_mapping_names_every_port_there_is() -> None:
    """Ports that are not mapped are left out; one target group for each port that is led to."""
    expressed = a_world({**mapping("81=80,82=80"), **TWO_PORTS}).express()

    assert leads(expressed) == {81: 80, 82: 80}
    assert addresses_of(expressed, "NetworkTargetGroup") == ["aws:network-target-group/shop/web/80"]


def test_a_mapping_to_a_port_that_nobody_listens_on_is_told() -> None:
    """AWS Load Balancer Controller skips it without a word."""
    expressed = a_world(mapping("80=80,443=443")).express()

    assert leads(expressed) == {80: 80}
    told = finding(expressed, "NLB-PORT-UNKNOWN")
    assert "443=443" in told.message
    assert told.field.endswith("frontend-nlb-listener-port-mapping]")
    assert not told.blocking


def test_members_without_a_mapping_keep_their_ports() -> None:
    """A mapping speaks for the member that states it; a number that it takes is told."""
    group = {f"{PREFIX}group.name": "edge"}
    other = {**group, f"{PREFIX}listen-ports": '[{"HTTP": 8080}]'}
    world = World(
        objects=(
            an_ingress("shop/web", annotations={**group, **mapping("8080=80")}),
            an_ingress("shop/api", rules=(a_rule("api.example.com"),), annotations=other),
            *some_backends("shop/web"),
        )
    )

    expressed = world.express()

    assert addresses_of(expressed, "NetworkListener") == ["aws:network-listener/edge/8080"]
    assert "8080" in finding(expressed, "NLB-PORT-TAKEN").message


def test_clients_are_let_in_on_ports_of_its_own() -> None:
    """The shared security group opens the mapped port to those who may reach the one behind."""
    said = {**mapping("9000=80"), f"{PREFIX}inbound-cidrs": "203.0.113.0/24"}
    expressed = a_world(said).express()

    opened = spec_of(expressed, "aws:security-group-rule/shop/web/frontend/9000")
    permission = only(opened["IpPermissions"])
    assert (permission["FromPort"], permission["ToPort"]) == (9000, 9000)
    assert only(permission["IpRanges"])["CidrIp"] == "203.0.113.0/24"


@pytest.mark.parametrize(
    ("groups", "source"), [(NO_STRINGS, FRONTEND), ({"security_groups": "edge"}, "sg-edge")]
)
def test_its_health_checks_are_let_in_where_not_everybody_is(
    groups: Mapping[str, str], source: object
) -> None:
    """They come from its own addresses, which no list of client blocks holds."""
    facts = two_kinds_of_subnets()
    narrow = {f"{PREFIX}inbound-cidrs": "203.0.113.0/24"}

    open_to_all = a_world(nlb(**groups), facts=facts).express()
    narrowed = a_world({**nlb(**groups), **narrow}, facts=facts).express()

    rule = "aws:security-group-rule/shop/web/frontend/80"
    permission = only(spec_of(narrowed, rule)["IpPermissions"])
    pair = only(permission["UserIdGroupPairs"])
    assert pair["GroupId"] == source
    assert "UserIdGroupPairs" not in str(spec_of(open_to_all, rule))


# -- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "code", "setting"),
    [
        ({"subnets": "nowhere"}, "NLB-SUBNETS", "frontend-nlb-subnets"),
        (
            {"security_groups": "nobody"},
            "SECURITY-GROUP-NOT-FOUND",
            "frontend-nlb-security-groups",
        ),
        (
            {"eip_allocations": "eipalloc-1,eipalloc-2"},
            "NLB-ADDRESSES",
            "frontend-nlb-eip-allocations",
        ),
        (
            {"scheme": "internet-facing", "eip_allocations": "eipalloc-1"},
            "NLB-ADDRESSES",
            "frontend-nlb-eip-allocations",
        ),
        (
            {"healthcheck_timeout_seconds": "15"},
            "NLB-HEALTH-CHECK",
            "frontend-nlb-healthcheck-timeout-seconds",
        ),
        ({"healthcheck_path": "x"}, "NLB-HEALTH-CHECK", "frontend-nlb-healthcheck-path"),
        (
            {"healthcheck_success_codes": "700"},
            "NLB-HEALTH-CHECK",
            "frontend-nlb-healthcheck-success-codes",
        ),
    ],
)
def test_what_aws_would_refuse_is_refused_before(
    settings: dict[str, str], code: str, setting: str
) -> None:
    """Told to the member that states it, in its field; the load balancer itself is planned."""
    world = a_world(nlb(**settings), facts=two_kinds_of_subnets())

    expressed = world.express()

    told = finding(expressed, code)
    assert told.blocking
    assert told.ingress == Key("shop", "web")
    assert told.field == f"metadata.annotations[{PREFIX}{setting}]"
    assert parts(expressed) == {}
    assert balancer_of(expressed)["Scheme"] == "internal"


def test_one_that_exists_stays_while_its_settings_are_wrong() -> None:
    """Nothing of it changes, and the load balancer behind goes on."""
    world = a_world(ENABLE, facts=two_kinds_of_subnets())
    before = world.express()
    broken = replace(
        a_world({**nlb(subnets="nowhere"), **TWO_PORTS}, facts=world.facts), observed=seen(before)
    )

    expressed = broken.express()

    assert {a: r.spec for a, r in parts(expressed).items()} == {
        a: r.spec for a, r in parts(before).items()
    }
    assert "aws:listener/shop/web/8080" in addresses_of(expressed, "Listener")


def test_a_port_that_goes_is_let_go_even_then() -> None:
    """What leads to a port that is no more cannot stay: AWS would not delete the listener."""
    before = a_world({**ENABLE, **TWO_PORTS}).express()
    broken = replace(a_world(nlb(subnets="nowhere")), observed=seen(before))

    expressed = broken.express()

    assert leads(expressed) == {80: 80}
    assert FRONT in parts(expressed)


def test_another_scheme_needs_another_one() -> None:
    """AWS cannot change it: it keeps its scheme, everything else of it goes on."""
    world = a_world(ENABLE, facts=two_kinds_of_subnets())
    changed = {**nlb(scheme="internet-facing"), **TWO_PORTS}

    expressed = replace(
        a_world(changed, facts=world.facts), observed=seen(world.express())
    ).express()

    assert finding(expressed, "NLB-REPLACEMENT-NEEDED").blocking
    assert spec_of(expressed, FRONT)["Scheme"] == "internal"
    assert leads(expressed) == {80: 80, 8080: 8080}


def test_addresses_follow_the_subnets_as_listed() -> None:
    """The first allocation is for the first subnet, whatever AWS sorts them by."""
    said = nlb(
        scheme="internet-facing",
        subnets="subnet-pb,subnet-pa",
        eip_allocations="eipalloc-1,eipalloc-2",
    )

    expressed = a_world(said, facts=two_kinds_of_subnets()).express()

    assert spec_of(expressed, FRONT)["SubnetMappings"] == (
        {"SubnetId": "subnet-pa", "AllocationId": "eipalloc-2"},
        {"SubnetId": "subnet-pb", "AllocationId": "eipalloc-1"},
    )
    assert "Subnets" not in spec_of(expressed, FRONT)


def test_addresses_of_one_that_exists_cannot_change() -> None:
    """It keeps them, and the member is told what it would take."""
    facts = two_kinds_of_subnets()
    first = a_world(nlb(scheme="internet-facing"), facts=facts).express()
    said = nlb(scheme="internet-facing", eip_allocations="eipalloc-1,eipalloc-2")

    expressed = replace(a_world(said, facts=facts), observed=seen(first)).express()

    assert finding(expressed, "NLB-ADDRESSES").blocking
    assert spec_of(expressed, FRONT)["Subnets"] == ("subnet-pa", "subnet-pb")


def test_one_without_security_groups_never_gets_any() -> None:
    """It stays as it was made, with a word to those who list some."""
    facts = two_kinds_of_subnets()
    first = seen(a_world(ENABLE, facts=facts).express())
    bare = with_spec(first, FRONT, SecurityGroups=())
    world = a_world(nlb(security_groups="edge"), facts=facts, observed=bare)

    expressed = world.express()

    assert "SecurityGroups" not in spec_of(expressed, FRONT)
    assert not finding(expressed, "NLB-NO-SECURITY-GROUPS").blocking


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"healthcheck_port": "9999"}, "NLB-CHECK-PORT"),
        ({"healthcheck_protocol": "HTTPS"}, "NLB-CHECK-PROTOCOL"),
    ],
)
def test_a_check_that_cannot_succeed_is_a_warning(settings: dict[str, str], code: str) -> None:
    """Traffic flows nevertheless, since all targets count as unhealthy then."""
    expressed = a_world(nlb(**settings)).express()

    assert codes(expressed) == [code]
    assert leads(expressed) == {80: 80}


# -- life -----------------------------------------------------------------------------------------


def test_a_second_look_changes_nothing() -> None:
    """What is expressed over what exists is the same."""
    world = a_world({**mapping("80=8080"), **TWO_PORTS}, facts=two_kinds_of_subnets())
    first = world.express()
    present = again(world, first)

    changes = diff(
        present.express().resources,
        present.observed.resources.values(),
        DiffRules(**provider_rules()),
    )

    assert {change.action for change in changes} == {Action.NOOP}


def test_without_its_annotation_it_goes_whole() -> None:
    """Nothing of it is desired any more, ways in included."""
    before = a_world(mapping("9000=80")).express()

    expressed = replace(a_world(), observed=seen(before)).express()

    assert parts(expressed) == {}
    assert "aws:security-group-rule/shop/web/frontend/9000" not in addresses_of(
        expressed, "SecurityGroupRule"
    )


def test_it_stays_for_a_member_that_cannot_be_read() -> None:
    """What a held Ingress asked for cannot be told, so what stands in front stays."""
    group = {f"{PREFIX}group.name": "edge"}
    web = an_ingress("shop/web", annotations={**group, **mapping("9000=80")})
    api = an_ingress("shop/api", rules=(a_rule("api.example.com"),), annotations=group)
    backends = some_backends("shop/web")
    before = World(objects=(web, api, *backends)).express()
    world = World(
        objects=(api, *backends), observed=seen(before), keep=frozenset({Key("shop", "web")})
    )

    expressed = world.express()

    assert {a: r.spec for a, r in parts(expressed).items()} == {
        a: r.spec for a, r in parts(before).items()
    }
    rule = "aws:security-group-rule/edge/frontend/9000"
    assert spec_of(expressed, rule) == spec_of(before, rule)


def test_an_unreadable_switch_removes_nothing() -> None:
    """An annotation that is no boolean is an error, not a "no"."""
    before = a_world(ENABLE).express()
    said = {f"{PREFIX}enable-frontend-nlb": "maybe"}

    expressed = replace(a_world(said), observed=seen(before)).express()

    assert parts(expressed).keys() == parts(before).keys()


def test_no_backend_is_seen_in_it() -> None:
    """Its target groups are nobody's mode and no backend's room."""
    world = a_world(ENABLE)
    expressed = world.express()

    assert dict(provider.present_modes("shop/web", seen(expressed))) == dict(
        provider.present_modes("shop/web", seen(a_world().express()))
    )
    assert expressed.shared == a_world().express().shared


def test_it_counts_against_limits_of_its_own() -> None:
    """A network load balancer, its listeners, 50 targets a zone, target groups of the Region."""
    expressed = a_world({**ENABLE, **TWO_PORTS}).express()
    used: dict[str, int] = {}
    for resource in parts(expressed).values():
        for cost in limits.costs(resource):
            used[cost.limit] = used.get(cost.limit, 0) + cost.units

    assert used == {
        "network-load-balancers": 1,
        "listeners-per-network-load-balancer": 2,
        "targets-per-availability-zone-per-network-load-balancer": 100,
        "target-groups": 2,
        "security-groups-per-network-interface": 2,
    }
    assert limits.foreign_usage(Facts(network_load_balancers=7))["network-load-balancers"] == 7


# -- as the incumbent controller would ------------------------------------------------------------


def incumbent_world(annotations: Mapping[str, str]) -> World:
    """Return the world of one Ingress, read as the incumbent controller reads it."""
    settings = replace(some_settings(), compatibility=Compatibility.INCUMBENT)
    return replace(a_world(annotations), settings=settings)


def test_the_incumbents_names_and_tags() -> None:
    """Name of the load balancer and ``-nlb``; roles by port; tags stated for it alone."""
    named = {f"{PREFIX}load-balancer-name": "a-name-of-thirty-letters-in-all"}
    tags = {f"{PREFIX}tags": "team=shop", f"{PREFIX}frontend-nlb-tags": "team=edge"}
    expressed = incumbent_world({**mapping("9000=80"), **named, **tags}).express()

    front = spec_of(expressed, FRONT)
    assert front["Name"] == "a-name-of-thirty-letters-in--nlb"
    role = "ingress.k8s.aws/resource"
    assert pairs(front["Tags"])[role] == "FrontendNlb"
    assert pairs(front["Tags"])["team"] == "edge"
    listener = pairs(spec_of(expressed, "aws:network-listener/shop/web/9000")["Tags"])
    assert listener[role] == "FrontendNlb-ls-TCP-9000"
    assert "team" not in listener
    group = spec_of(expressed, "aws:network-target-group/shop/web/9000")
    assert pairs(group["Tags"])[role] == "FrontendNlb-tg-TCP-9000"
    assert group["Port"] == 9000
    assert leads(expressed) == {9000: 80}


def test_what_the_incumbent_leaves_shut_is_told() -> None:
    """It opens no port of the network load balancer's own; ours does."""
    expressed = incumbent_world(mapping("9000=80")).express()

    assert "9000" in finding(expressed, "NLB-PORT-SHUT").message
    assert addresses_of(expressed, "SecurityGroupRule") == [
        "aws:security-group-rule/shop/web/frontend/80"
    ]


def test_files_alone_promise_no_more_than_they_can() -> None:
    """Offline, where it stands is known after apply; that it comes is not."""
    world = replace(
        a_world(nlb(eip_allocations="eipalloc-1", scheme="internet-facing")), facts=Facts()
    )

    expressed = world.express()

    assert leads(expressed) == {80: 80}
    assert replace(world, observed=Observed()).express() == expressed
