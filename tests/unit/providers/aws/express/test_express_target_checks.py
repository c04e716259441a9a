"""Promises of target groups that AWS would refuse: one path is set aside, and its Ingress told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from provisioner.model.intent import TargetMode
from provisioner.model.kube import NO_STRINGS
from tests.factories import a_node, a_port, a_service, a_slice, an_endpoint, an_ingress
from tests.unit.providers.aws.express.worlds import (
    World,
    a_subnet,
    addresses_of,
    codes,
    finding,
    some_facts,
    spec_of,
)

SIX = "2a05:d018::5"
CONTROL = {"target-control-port.web.80": "3000"}


def a_dualstack_world(
    annotations: Mapping[str, str] = NO_STRINGS, *, pods: bool = True, ipv6: bool = True
) -> World:
    """Return a world whose Service puts IPv6 first, with subnets that have IPv6 or not."""
    service = replace(a_service("shop/web", a_port(80)), ip_families=("IPv6", "IPv4"))
    endpoints = (an_endpoint(SIX),) if pods else ()
    return World(
        objects=(
            an_ingress("shop/web", annotations=annotations),
            service,
            a_slice("shop/web", *endpoints, address_type="IPv6"),
            a_slice("shop/web", an_endpoint("10.0.0.5"), suffix="four"),
            a_node("n1"),
        ),
        mode=TargetMode.POD,
        facts=some_facts(subnets=[a_subnet("a", ipv6=ipv6), a_subnet("b", "b", ipv6=ipv6)]),
    )


@pytest.mark.parametrize("pods", [True, False], ids=["pods tell", "the Service tells"])
def test_a_service_with_ipv6_first_gets_an_ipv6_target_group(*, pods: bool) -> None:
    """Its pods are registered by their IPv6 addresses alone."""
    expressed = a_dualstack_world({"ip-address-type": "dualstack"}, pods=pods).express()

    (group,) = addresses_of(expressed, "TargetGroup")
    (targets,) = addresses_of(expressed, "Targets")
    assert spec_of(expressed, group)["IpAddressType"] == "ipv6"
    members = spec_of(expressed, targets)["Targets"]
    assert isinstance(members, tuple)
    assert [m["Id"] for m in members if isinstance(m, Mapping)] == ([SIX] if pods else [])


def test_ipv6_targets_behind_an_ipv4_load_balancer_are_refused_by_name() -> None:
    """AWS refuses the registration; the way out is in the hint."""
    expressed = a_dualstack_world().express()

    assert "dualstack" in (finding(expressed, "BACKEND-IPV6").hint or "")
    assert addresses_of(expressed, "TargetGroup") == []
    assert [str(entry.ingress) for entry in expressed.quarantined] == ["shop/web"]


def a_controlled_world(mode: TargetMode) -> World:
    """Return a world with a target control port."""
    return World(
        objects=(
            an_ingress("shop/web", annotations=CONTROL),
            a_service("shop/web", a_port(80, node_port=30080)),
            a_slice("shop/web", an_endpoint("10.0.0.5")),
            a_node("n1"),
        ),
        mode=mode,
    )


def test_a_target_control_port_needs_pods_as_targets() -> None:
    """AWS takes it only with target type ip."""
    expressed = a_controlled_world(TargetMode.NODE_PORT).express()

    assert "target-control-port.web.80" in (finding(expressed, "BACKEND-CONTROL-PORT").hint or "")
    assert addresses_of(expressed, "TargetGroup") == []


def test_a_target_control_port_is_part_of_the_target_group_and_is_opened() -> None:
    """The agent on the pods is reached like the application: a rule of its own for its port."""
    expressed = a_controlled_world(TargetMode.POD).express()

    (group,) = addresses_of(expressed, "TargetGroup")
    assert spec_of(expressed, group)["TargetControlPort"] == 3000
    assert {port for _, port, _ in expressed.shared} == {"8080", "3000"}
    assert "BACKEND-CONTROL-PORT" not in codes(expressed)
