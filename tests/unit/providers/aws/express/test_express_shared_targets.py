"""Promises of target groups that several clusters use: what is ours there, and who says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from providers.aws import marks, provider, shared_targets
from provisioner.model.intent import TargetMode
from provisioner.model.resource import Observed, Value, freeze
from tests.factories import a_node, a_port, a_service, a_slice, an_endpoint, an_ingress
from tests.unit.providers.aws.express.worlds import (
    World,
    addresses_of,
    seen,
    spec_of,
    with_spec,
)

NAME = "multi-cluster-target-group"
OURS, STALE, THEIRS = "10.0.0.5", "10.0.0.6", "10.1.0.9"


def a_shared_world(*, ingress: str = "", service: str = "") -> World:
    """Return a world in which Ingress or Service say something, or nothing."""
    on_ingress = {NAME: ingress} if ingress else {}
    on_service = {NAME: service} if service else {}
    return World(
        objects=(
            an_ingress("shop/web", annotations=on_ingress),
            a_service("shop/web", a_port(80, node_port=30080), annotations=on_service),
            a_slice("shop/web", an_endpoint(OURS)),
            a_node("n1"),
        ),
        mode=TargetMode.POD,
    )


def registered(*ids: str) -> Value:
    """Return targets as AWS lists them."""
    return freeze([{"Id": each, "Port": 8080} for each in ids])


def ids(observed: Observed) -> list[str]:
    """Return the ids of the only target group's targets."""
    (found,) = (r for r in observed.resources.values() if r.kind == "Targets")
    listed = found.spec["Targets"]
    assert isinstance(listed, tuple)
    return [str(target["Id"]) for target in listed if isinstance(target, Mapping)]


@pytest.mark.parametrize(
    ("ingress", "service", "shared"),
    [
        ("", "", False),
        ("true", "", True),
        ("", "true", True),
        ("true", "false", True),
        ("false", "true", True),
        ("false", "false", False),
    ],
)
def test_one_word_of_ingress_or_service_is_enough(
    ingress: str, service: str, *, shared: bool
) -> None:
    """AWS Load Balancer Controller takes either; the mark is a tag of our own."""
    expressed = a_shared_world(ingress=ingress, service=service).express()

    (group,) = addresses_of(expressed, "TargetGroup")
    tags = marks.written(spec_of(expressed, group)["Tags"])
    assert (tags.get(shared_targets.MARK) == "shared") is shared


def observed_with(world: World, *targets: str) -> tuple[Observed, str]:
    """Return what is observed with these targets registered, and the target group's name."""
    expressed = world.express()
    observed = seen(expressed)
    (address,) = addresses_of(expressed, "Targets")
    (group,) = addresses_of(expressed, "TargetGroup")
    name = spec_of(expressed, group)["Name"]
    return with_spec(observed, address, Targets=registered(*targets)), str(name)


def test_what_the_record_lacks_does_not_exist_for_us() -> None:
    """It can then neither be compared nor deregistered; what we registered stays in sight."""
    observed, name = observed_with(a_shared_world(ingress="true"), OURS, STALE, THEIRS)
    record = {name: frozenset({f"{OURS} 8080", f"{STALE} 8080"})}

    assert ids(provider.only_ours(observed, record)) == [OURS, STALE]
    assert ids(provider.only_ours(observed, {})) == []


def test_the_same_address_on_another_port_is_another_target() -> None:
    """A target is an id with a port."""
    observed, name = observed_with(a_shared_world(ingress="true"), OURS)

    assert ids(provider.only_ours(observed, {name: frozenset({f"{OURS} 9090"})})) == []


def test_in_a_target_group_of_our_own_every_target_is_ours() -> None:
    """Whatever somebody registers there by hand is drift."""
    observed, _ = observed_with(a_shared_world(), OURS, THEIRS)

    assert provider.only_ours(observed, {}) is observed


def test_the_cloud_side_of_a_plan_is_left_alone() -> None:
    """Hiding targets changes nothing else of what was observed."""
    observed, name = observed_with(a_shared_world(ingress="true"), OURS, THEIRS)

    shown = provider.only_ours(observed, {name: frozenset({f"{OURS} 8080"})})

    others = {a: r for a, r in observed.resources.items() if r.kind != "Targets"}
    assert {a: r for a, r in shown.resources.items() if r.kind != "Targets"} == others
    assert replace(shown, resources=observed.resources) == observed
