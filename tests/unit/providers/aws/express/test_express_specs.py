"""Promises of specs: every field is one that AWS knows, and equal worlds give equal specs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from random import Random
from typing import cast

import botocore.loaders
import botocore.model
import botocore.validate
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.aws import provider
from providers.aws.account import Facts
from provisioner.core.diff import DiffRules, diff
from provisioner.model.change import Action
from provisioner.model.expression import Expressed
from provisioner.model.intent import TargetMode
from provisioner.model.resource import Ref, Resource, Unknown, Value, canonical
from tests.factories import a_path, a_rule, an_ingress
from tests.unit.providers.aws.express.worlds import (
    World,
    a_certificate,
    a_subnet,
    a_world,
    arn,
    seen,
    some_backends,
    some_facts,
)

# Kind -> the service and the operation whose input has the spec's fields, and what the spec says
# beyond it: attributes have calls of their own, EC2 takes tags as TagSpecifications.
OPERATIONS: Mapping[str, tuple[str, str, frozenset[str]]] = {
    "LoadBalancer": ("elbv2", "CreateLoadBalancer", frozenset({"Attributes"})),
    "Listener": ("elbv2", "CreateListener", frozenset()),
    "ListenerCertificate": ("elbv2", "AddListenerCertificates", frozenset()),
    "ListenerRule": ("elbv2", "CreateRule", frozenset()),
    "TargetGroup": ("elbv2", "CreateTargetGroup", frozenset({"Attributes"})),
    "Targets": ("elbv2", "RegisterTargets", frozenset()),
    "SecurityGroup": ("ec2", "CreateSecurityGroup", frozenset({"Tags"})),
    "SecurityGroupRule": ("ec2", "AuthorizeSecurityGroupIngress", frozenset({"Tags"})),
}
RULES = DiffRules(
    immutable=provider.immutable, create_only=provider.create_only, partial=provider.partial
)


@cache
def service(name: str) -> botocore.model.ServiceModel:
    """Return AWS's own description of a service."""
    description = botocore.loaders.Loader().load_service_model(name, "service-2")
    return botocore.model.ServiceModel(description, name)


def plain(value: Value, shape: botocore.model.Shape) -> object:
    """Return a spec's value as parameters, with something of the right type where it is unknown."""
    if isinstance(value, Ref | Unknown):
        return {"list": [], "integer": 1, "structure": {}}.get(shape.type_name, "x")
    if isinstance(value, tuple):
        member = cast("botocore.model.ListShape", shape).member
        return [plain(item, member) for item in value]
    if isinstance(value, Mapping):
        members = cast("botocore.model.StructureShape", shape).members
        assert set(value) <= set(members), f"{set(value) - set(members)} not in {shape.name}"
        return {key: plain(item, members[key]) for key, item in value.items()}
    return value


def errors(resource: Resource) -> str:
    """Return what AWS's input shape has against a spec, "" where nothing."""
    service_name, operation, beyond = OPERATIONS[resource.kind]
    shape = service(service_name).operation_model(operation).input_shape
    assert shape is not None
    spec = {key: value for key, value in resource.spec.items() if key not in beyond}
    parameters = cast("dict[str, object]", plain(spec, shape))
    report = botocore.validate.ParamValidator().validate(parameters, shape)
    return report.generate_report() if report.has_errors() else ""


RICH = {
    "listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]',
    "certificate-arn": f"{arn('one')},{arn('two')}",
    "tags": "team=shop",
    "ip-address-type": "dualstack",
    "inbound-cidrs": "10.0.0.0/8, 2001:db8::/32",
    "security-group-prefix-lists": "pl-1",
    "load-balancer-attributes": "idle_timeout.timeout_seconds=90",
    "target-group-attributes": "stickiness.enabled=true",
    "healthcheck-port": "9000",
}


def rich_world(mode: TargetMode | None, *, offline: bool = False) -> World:
    """Return a world that uses everything at once."""
    facts = some_facts(
        subnets=[a_subnet("a", ipv6=True), a_subnet("b", "b", ipv6=True)],
        certificates=[a_certificate("one", "a.org"), a_certificate("two", "b.org")],
    )
    objects = (
        an_ingress(
            "shop/web",
            annotations=RICH,
            default_backend="web:80",
            rules=[
                a_rule("shop.example.com", a_path("/a"), a_path("/b", path_type="Exact")),
                a_rule("*.example.com", a_path("/")),
                a_rule("", a_path("/x/*", path_type="ImplementationSpecific")),
            ],
        ),
        *some_backends("shop/web"),
    )
    return World(objects=objects, facts=Facts() if offline else facts, mode=mode)


def everything(world: World) -> Expressed:
    """Return a load balancer and what is shared as one."""
    part = world.express()
    return replace(part, resources=(*part.resources, *world.shared(part).resources))


@pytest.mark.parametrize("offline", [False, True], ids=["account", "no account"])
@pytest.mark.parametrize("mode", [TargetMode.POD, TargetMode.NODE_PORT, None])
def test_every_field_is_one_that_aws_takes(mode: TargetMode | None, *, offline: bool) -> None:
    """A reader can hold a plan against AWS's documentation, and no call fails on its shape."""
    resources = everything(rich_world(mode, offline=offline)).resources

    assert {r.kind for r in resources} >= set(OPERATIONS) - {"ListenerCertificate"}
    assert [f"{r.address}: {errors(r)}" for r in resources if errors(r)] == []


@pytest.mark.parametrize("mode", [TargetMode.POD, TargetMode.NODE_PORT])
def test_what_was_applied_is_what_was_wanted(mode: TargetMode) -> None:
    """Express, apply, express again: nothing to do, every kind included."""
    world = rich_world(mode)
    applied = everything(world)

    again = everything(replace(world, observed=seen(applied)))

    found = diff(again.resources, seen(applied).resources.values(), RULES)
    assert [c.address for c in found if c.action is not Action.NOOP] == []


def test_every_reference_leads_somewhere() -> None:
    """A Ref to nothing would be found out at apply time, halfway through."""
    resources = everything(rich_world(TargetMode.POD)).resources
    known = {r.address for r in resources}

    dangling = [str(ref) for r in resources for ref in _refs(r) if ref.address not in known]

    assert dangling == []


def _refs(resource: Resource) -> list[Ref]:
    found: list[Ref] = []
    pending: list[Value] = list(resource.spec.values())
    while pending:
        value = pending.pop()
        if isinstance(value, Ref):
            found.append(value)
        elif isinstance(value, Mapping):
            pending += value.values()
        elif isinstance(value, tuple):
            pending += value
    return found


def test_addresses_are_unique() -> None:
    """The diff pairs desired and observed by address alone."""
    listed = [r.address for r in everything(rich_world(TargetMode.POD)).resources]

    assert len(listed) == len(set(listed))


@given(st.randoms(use_true_random=False))
def test_the_order_of_input_never_matters(random: Random) -> None:
    """Two people with the same objects get byte-identical plans."""
    world = rich_world(TargetMode.POD)
    shuffled = list(world.objects)
    random.shuffle(shuffled)
    subnets = list(world.facts.subnets)
    random.shuffle(subnets)
    facts = replace(world.facts, subnets=tuple(subnets))

    one = everything(world)
    other = everything(replace(world, objects=tuple(shuffled), facts=facts))

    assert [canonical(r.spec) for r in one.resources] == [
        canonical(r.spec) for r in other.resources
    ]
    assert one.diagnostics == other.diagnostics


def test_tags_of_the_installation_are_on_everything_and_the_weakest() -> None:
    """Cost reports want one tag everywhere; an annotation that says otherwise wins."""
    settings = replace(World().settings, tags={"team": "platform", "env": "prod"})
    world = replace(a_world({"tags": "team=shop"}), settings=settings)

    resources = everything(world).resources

    tagged = {r.kind: _tags(r) for r in resources if "Tags" in r.spec and r.group != "shared"}
    assert all(tags["env"] == "prod" for tags in tagged.values())
    assert tagged["LoadBalancer"]["team"] == "shop"
    assert tagged["TargetGroup"]["team"] == "shop"
    assert tagged["ListenerRule"]["team"] == "shop"


def _tags(resource: Resource) -> dict[str, str]:
    tags = resource.spec["Tags"]
    assert isinstance(tags, tuple)
    return {str(t["Key"]): str(t["Value"]) for t in tags if isinstance(t, Mapping)}
