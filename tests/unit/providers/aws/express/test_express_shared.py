"""Promises of what is shared: exact ports, one group per cluster, nothing closed on a guess."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from providers.aws import addresses
from providers.aws.account import Facts, SecurityGroup
from providers.aws.desired.needs import endpoint_group
from provisioner.core.diff import DiffRules, diff
from provisioner.model.change import Action
from provisioner.model.expression import Expressed
from provisioner.model.intent import TargetMode
from provisioner.model.resource import Observed, Ref, Resource, freeze_spec
from tests.factories import a_node, a_port, a_service, a_slice, an_endpoint, an_ingress
from tests.unit.providers.aws.express.worlds import (
    POD_IP,
    World,
    a_world,
    addresses_of,
    codes,
    finding,
    seen,
    some_facts,
    spec_of,
)

OWN = {"kubernetes.io/cluster/test": "owned"}


def a_part(group: str, *needs: tuple[str, str, str]) -> Expressed:
    """Return a load balancer that carries the backend group and needs these ports."""
    backend = Ref(addresses.backend_security_group(), "GroupId")
    balancer = Resource(
        kind="LoadBalancer",
        address=addresses.load_balancer(group),
        group=group,
        spec=freeze_spec({"SecurityGroups": [backend]}),
    )
    return Expressed(group=group, resources=(balancer,), shared=needs)


def open_ports(shared: Expressed) -> list[str]:
    """Return what is open as ``<group>/<first>-<last>``."""
    prefix = "aws:security-group-rule/shared/"
    return [a.removeprefix(prefix) for a in addresses_of(shared, "SecurityGroupRule")]


def need(group_id: str, port: int) -> tuple[str, str, str]:
    """Return the note of one port."""
    return (group_id, str(port), str(port))


def test_pods_are_reached_on_their_own_port_and_group() -> None:
    """Pod mode: the group of the pod's interface, the pod's port, nothing else."""
    world = a_world()

    shared = world.shared(world.express())

    assert open_ports(shared) == ["sg-node/8080-8080"]
    spec = spec_of(shared, "aws:security-group-rule/shared/sg-node/8080-8080")
    (permission,) = spec["IpPermissions"] if isinstance(spec["IpPermissions"], tuple) else ()
    assert isinstance(permission, Mapping)
    assert permission["UserIdGroupPairs"] == (
        {
            "GroupId": Ref("aws:security-group/shared/backend", "GroupId"),
            "Description": "Ingress Provisioner: load balancers of the cluster",
        },
    )


def test_nodes_are_reached_on_the_node_port() -> None:
    """Node-port mode: the groups of the instances, the allocated port."""
    world = a_world(mode=TargetMode.NODE_PORT)

    assert open_ports(world.shared(world.express())) == ["sg-node/30080-30080"]


def test_a_health_check_port_of_its_own_is_opened_too() -> None:
    """Otherwise every target would be unhealthy for a reason that nobody sees."""
    world = a_world({"healthcheck-port": "9000"})

    assert open_ports(world.shared(world.express())) == ["sg-node/8080-8080", "sg-node/9000-9000"]


def test_load_balancers_share_one_group_and_each_rule() -> None:
    """The rules on a node depend on ports, not on how many load balancers there are."""
    parts = (a_part("shop/a", need("sg-1", 80)), a_part("shop/b", need("sg-1", 80)))

    shared = World().shared(*parts)

    assert addresses_of(shared, "SecurityGroup") == ["aws:security-group/shared/backend"]
    assert open_ports(shared) == ["sg-1/80-80"]


@pytest.mark.parametrize(
    ("count", "expected"), [(20, 20), (21, 1)], ids=["twenty are exact", "more are one range"]
)
def test_many_ports_become_one_range(count: int, expected: int) -> None:
    """A security group holds 60 rules; the range is told, because it opens more than was asked."""
    needs = [need("sg-1", 1000 + 10 * n) for n in range(count)]

    shared = World().shared(a_part("edge", *needs), a_part("shop/b", need("sg-2", 80)))

    of_first = [rule for rule in open_ports(shared) if rule.startswith("sg-1/")]
    assert len(of_first) == expected
    assert "sg-2/80-80" in open_ports(shared)
    if expected == 1:
        assert of_first == [f"sg-1/1000-{1000 + 10 * (count - 1)}"]
        assert finding(shared, "SECURITY-GROUP-RANGE").severity.value == "info"


def test_nothing_is_shared_where_nobody_needs_it() -> None:
    """The last load balancer takes the shared group and its rules with it."""
    before = World().shared(a_part("edge", need("sg-1", 80)))

    shared = replace(World(), observed=seen(before)).shared()

    assert shared.resources == ()


def test_partial_input_widens_and_never_narrows() -> None:
    """What other load balancers need is not known from these files."""
    before = World().shared(a_part("edge", need("sg-1", 80), need("sg-2", 90)))
    world = replace(World(), observed=seen(before))

    wider = world.shared(a_part("shop/web", need("sg-1", 81)), complete=False)
    nothing = world.shared(complete=False)
    narrower = world.shared(a_part("shop/web", need("sg-1", 80)), complete=True)

    assert open_ports(wider) == ["sg-1/80-80", "sg-1/81-81", "sg-2/90-90"]
    assert [r.address for r in nothing.resources] == [r.address for r in before.resources]
    assert open_ports(narrower) == ["sg-1/80-80"]


def test_a_range_that_is_open_covers_what_partial_input_needs() -> None:
    """No second rule is made inside a range that exists."""
    needs = [need("sg-1", 1000 + n) for n in range(30)]
    world = replace(World(), observed=seen(World().shared(a_part("edge", *needs))))

    shared = world.shared(a_part("shop/web", need("sg-1", 1010)), complete=False)

    assert open_ports(shared) == ["sg-1/1000-1029"]


def test_a_port_in_use_somewhere_unknown_keeps_its_rules() -> None:
    """A kept target group says which port it uses, not whose interface: nothing is closed."""
    before = World().shared(a_part("edge", need("sg-1", 80), need("sg-1", 90)))
    world = replace(World(), observed=seen(before))

    shared = world.shared(a_part("edge", need("?", 80)))

    assert open_ports(shared) == ["sg-1/80-80"]


def test_a_second_look_changes_nothing() -> None:
    """Plan twice, change once."""
    world = a_world()
    first = world.shared(world.express())
    again = replace(world, observed=seen(first)).shared(world.express())

    found = diff(again.resources, seen(first).of_group("shared"), DiffRules())

    assert {change.action for change in found} == {Action.NOOP}


@pytest.mark.parametrize(
    ("tagged", "chosen"),
    [((), ""), (("sg-b",), "sg-b"), (("sg-a", "sg-b"), "")],
    ids=["none", "one", "two"],
)
def test_of_several_groups_exactly_one_must_be_tagged(tagged: Sequence[str], chosen: str) -> None:
    """As the incumbent decides, which is how clusters are tagged (LBC#1897)."""
    groups = [
        SecurityGroup(id=group_id, name=group_id, tags=OWN if group_id in tagged else {})
        for group_id in ("sg-a", "sg-b")
    ]

    facts = some_facts(security_groups=groups)

    assert endpoint_group(("sg-a", "sg-b"), facts, "test") == chosen


def test_a_single_group_needs_no_tag() -> None:
    """There is nothing to choose."""
    assert endpoint_group(("sg-a",), some_facts(security_groups=()), "test") == "sg-a"


def test_several_untagged_groups_are_an_error_that_names_them() -> None:
    """Opening one of them would be a guess about somebody else's firewall (LBC#1594)."""
    groups = [SecurityGroup(id=g, name=g) for g in ("sg-a", "sg-b")]
    facts = some_facts(security_groups=groups, pod_groups={POD_IP: ("sg-a", "sg-b")})
    world = a_world(facts=facts)

    result = world.express()

    problem = finding(result, "SECURITY-GROUP-AMBIGUOUS")
    assert "(sg-a, sg-b) and none of them is tagged kubernetes.io/cluster/test" in problem.message
    assert str(problem.ingress) == "shop/web"
    assert open_ports(world.shared(result)) == []


def test_a_pod_on_an_unknown_interface_uses_its_nodes_groups() -> None:
    """A pod IP is usually secondary on the node's interface, so the node's groups hold."""
    world = a_world(facts=some_facts(pod_groups={}))

    assert open_ports(world.shared(world.express())) == ["sg-node/8080-8080"]


def test_where_nothing_tells_the_group_that_is_said_and_nothing_opened() -> None:
    """A warning in the plan beats targets that stay unhealthy without a reason."""
    result = a_world(facts=some_facts(instances={}, pod_groups={})).express()

    assert codes(result) == ["SECURITY-GROUP-UNKNOWN"]
    assert "8080" in finding(result, "SECURITY-GROUP-UNKNOWN").message


def test_without_endpoints_the_nodes_of_the_account_file_are_opened() -> None:
    """Files hold no EndpointSlices; pods will run on one of the nodes that are known."""
    facts = some_facts(
        instances={"i-1": ("sg-node",), "i-2": ("sg-other",)},
        pod_groups={},
    )
    objects = (an_ingress("shop/web"), a_service("shop/web", a_port(80)))
    world = World(objects=objects, facts=facts, live=False)

    assert open_ports(world.shared(world.express())) == [
        "sg-node/8080-8080",
        "sg-other/8080-8080",
    ]


def test_scaling_to_zero_closes_nothing() -> None:
    """The first pod that comes back is reachable at once, without a change of security groups."""
    objects = (
        an_ingress("shop/web"),
        a_service("shop/web", a_port(80)),
        a_slice("shop/web"),
        a_node("n1"),
    )
    world = World(objects=objects)

    assert open_ports(world.shared(world.express())) == ["sg-node/8080-8080"]


def test_every_pod_port_behind_a_named_port_is_opened() -> None:
    """Pods may resolve a named port differently; each is reached where it listens."""
    objects = (
        an_ingress("shop/web"),
        a_service("shop/web", a_port(80, target_port="http")),
        a_slice("shop/web", an_endpoint("10.0.0.5"), port=8080, suffix="one"),
        a_slice("shop/web", an_endpoint("10.0.0.6"), port=9090, suffix="two"),
        a_node("n1"),
    )
    facts = some_facts(pod_groups={"10.0.0.5": ("sg-node",), "10.0.0.6": ("sg-node",)})
    world = World(objects=objects, facts=facts)

    assert open_ports(world.shared(world.express())) == ["sg-node/8080-8080", "sg-node/9090-9090"]


def test_without_an_account_only_the_group_itself_is_known() -> None:
    """Rendering shows the shared group; whom to open it on, only the account can say."""
    world = a_world(facts=Facts(), observed=Observed())

    shared = world.shared(world.express())

    assert [r.address for r in shared.resources] == ["aws:security-group/shared/backend"]


def test_what_a_kept_target_group_uses_stays_open() -> None:
    """Its traffic and health check ports, though nobody can tell here whose interfaces they are."""
    world = a_world({"healthcheck-port": "9000"})
    part = world.express()
    everything = seen(part, world.shared(part))
    lost = replace(some_facts(), vpc=None, vpc_problem="two VPCs are tagged")
    later = replace(world, facts=lost, observed=everything)

    shared = later.shared(later.express())

    assert open_ports(shared) == ["sg-node/8080-8080", "sg-node/9000-9000"]
