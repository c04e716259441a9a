"""What several backends lean on is widened before it is narrowed, and one call at a time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from provisioner.model.change import Wait, WaitFor
from provisioner.model.resource import SHARED, Resource
from tests.unit.providers.gcp.changes.building import (
    ZONE,
    a_backend,
    a_map,
    a_resource,
    a_service,
    acting,
    body_of,
    link,
    only_call,
    operations,
    plan,
    service,
)
from tests.unit.providers.gcp.changes.every_kind import (
    WEB,
    everything,
)

HOST = "shop.example.com"
OLD, NEW = service("web"), service("web", "node-port")
GROUP_OF_ZONE = addresses.instance_group(ZONE)
PORTS = addresses.named_ports(ZONE)
FIREWALL = addresses.firewall("pods")


def ports(*numbers: int) -> Resource:
    """Return the named ports of the zone's instance group."""
    return a_resource(
        Kind.NAMED_PORTS,
        PORTS,
        group=SHARED,
        instanceGroup=link(GROUP_OF_ZONE),
        zone=ZONE,
        namedPorts=[{"name": f"port{number}", "port": number} for number in numbers],
    )


def on_port(address: str, number: int) -> Resource:
    """Return a backend service on a node port."""
    found = a_service(address, groups=[GROUP_OF_ZONE])
    return found.with_spec(portName=f"port{number}")


def test_named_ports_come_before_and_go_after_the_backend_services() -> None:
    """Ports of backend services that are gone are pruned, and only then (GKE#43)."""
    old, new = service("a", "node-port"), service("b", "node-port")

    found = plan([ports(2), on_port(new, 2)], [ports(1), on_port(old, 1)])

    wide, narrow = found[f"{PORTS}#widen"], found[PORTS]
    assert body_of(wide.calls[0])["namedPorts"] == [
        {"name": "port1", "port": 1},
        {"name": "port2", "port": 2},
    ]
    assert wide.id in found[new].after
    assert {old, wide.id} <= set(narrow.after)
    assert narrow.calls[0].parameters["remove"] == ("port1",)
    assert wide.calls[0].parameters["remove"] == ()


def machines(*names: str) -> Resource:
    """Return what is in the zone's instance group."""
    return a_resource(
        Kind.INSTANCES,
        addresses.instances(ZONE),
        group=SHARED,
        instanceGroup=link(GROUP_OF_ZONE),
        zone=ZONE,
        instances=[f"projects/p/zones/{ZONE}/instances/{name}" for name in names],
    )


@pytest.mark.parametrize(
    ("before", "after", "order"),
    [
        ((1,), (1, 2), [PORTS, "machines"]),
        ((1, 2), (1,), ["machines", PORTS]),
        ((1,), (2,), [f"{PORTS}#widen", "machines", PORTS]),
    ],
)
def test_calls_about_one_instance_group_follow_each_other(
    before: tuple[int, ...], after: tuple[int, ...], order: list[str]
) -> None:
    """It takes one at a time (resourceNotReady); opening a port never waits for a machine."""
    found = plan([ports(*after), machines("n-1", "n-2")], [ports(*before), machines("n-1")])

    expected = [addresses.instances(ZONE) if name == "machines" else name for name in order]
    assert acting(found) == expected
    assert all(a in found[b].after for a, b in pairwise(expected))


def firewall(*open_ports: str, ranges: Sequence[str] = ("35.191.0.0/16",)) -> Resource:
    """Return the firewall rule."""
    return everything()["Firewall"].with_spec(
        allowed=[{"IPProtocol": "tcp", "ports": list(open_ports)}], sourceRanges=list(ranges)
    )


def test_a_firewall_rule_opens_before_and_closes_after() -> None:
    """The old backend serves through its own port until it is gone."""
    observed = [*a_backend(OLD), a_map({HOST: {"/a": {OLD: 1}}}), firewall("8080")]
    desired = [*a_backend(NEW), a_map({HOST: {"/a": {NEW: 1}}}), firewall("9090")]

    found = plan(desired, observed)

    opened = body_of(only_call(found, f"{FIREWALL}#widen"))
    assert opened["allowed"] == [{"IPProtocol": "tcp", "ports": ["8080", "9090"]}]
    assert OLD in found[FIREWALL].after
    assert body_of(only_call(found, FIREWALL))["allowed"] == [
        {"IPProtocol": "tcp", "ports": ["9090"]}
    ]


@pytest.mark.parametrize(
    ("before", "after"), [(("8080",), ("8080", "9090")), (("8080", "9090"), ("8080",))]
)
def test_what_only_widens_or_only_narrows_is_one_step(
    before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    """Stages are for lists in which something comes and something goes."""
    found = plan([firewall(*after)], [firewall(*before)])

    assert acting(found) == [FIREWALL]


def test_a_firewall_rule_that_goes_goes_last() -> None:
    """As long as a backend service may use it, it stays."""
    found = plan([], [*a_backend(OLD), firewall("8080")])

    assert OLD in found[FIREWALL].after


def test_groups_behind_a_backend_service_overlap() -> None:
    """What takes the place of a group is in use everywhere before the group goes."""
    first, second = (f"gcp:network-endpoint-group/edge/shop/web/web:80/pod/{z}" for z in "ab")

    found = plan([a_service(WEB, groups=[second])], [a_service(WEB, groups=[first])])

    wide = body_of(only_call(found, f"{WEB}#widen"))["backends"]
    assert isinstance(wide, list)
    assert len(wide) == 2
    assert found[WEB].wait == WaitFor(kind=Wait.SETTLED, on=(WEB,))
    assert f"{WEB}#widen" in found[WEB].after


@pytest.mark.parametrize(("limit", "verbs"), [(2, ["attach", "detach"]), (1, ["detach", "attach"])])
def test_endpoints_leave_first_only_where_the_new_ones_have_no_room(
    limit: int, verbs: list[str]
) -> None:
    """Attach before detach, except over a limit."""
    old = everything()["NetworkEndpoints"]
    new = old.with_spec(
        networkEndpoints=[{"instance": "n-2", "ipAddress": "10.0.0.2", "port": 8080}]
    )
    name = "endpoints-per-network-endpoint-group"
    subject = f"network endpoint group {old.address.partition('/')[2]}"

    found = plan([new], [old], account={name: limit}, used={(name, subject): 1})

    assert [o.rpartition(".")[2] for o in operations(found, old.address)] == [
        f"{verb}NetworkEndpoints" for verb in verbs
    ]
