"""Promises about a backend service that leaves the classic scheme, and what follows it."""

from __future__ import annotations

import itertools

import pytest

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from providers.gcp.changes.steps import steps
from providers.gcp.limits import DEFAULTS
from provisioner.core.diff import DiffRules, diff
from provisioner.model.change import Step, Wait, WaitFor
from provisioner.model.expression import StepRoom
from provisioner.model.resource import (
    Observed,
    ObservedResource,
    PlainInput,
    Resource,
    to_json,
)
from tests.unit.providers.gcp.changes.building import (
    CLASSIC,
    GROUP,
    MANAGED,
    RULES,
    a_resource,
    a_service,
    link,
    service,
)

WEB = service("web")
RULE = addresses.forwarding_rule(GROUP, 80)
PROXY = addresses.target_proxy(GROUP, 80, https=False)
SETTLED = WaitFor(kind=Wait.SETTLED, on=(WEB,), seconds=360.0)
MUTABLE = DiffRules(immutable={}, create_only=RULES.create_only, owned=RULES.owned)


def migrated(**fields: PlainInput) -> Resource:
    """A backend service of a classic load balancer with the modern scheme, nothing else new."""
    return a_service(WEB, scheme=CLASSIC).with_spec(loadBalancingScheme=MANAGED, **fields)


def a_rule(scheme: str) -> Resource:
    """A forwarding rule of a load balancer with one backend service."""
    return a_resource(
        Kind.FORWARDING_RULE,
        RULE,
        IPProtocol="TCP",
        portRange="80-80",
        loadBalancingScheme=scheme,
        target=link(PROXY),
    )


def there(resource: Resource, *, state: str = "") -> ObservedResource:
    """A resource that exists, a backend service in some state of migration."""
    return ObservedResource(
        kind=resource.kind,
        address=resource.address,
        group=resource.group,
        name=str(resource.name),
        spec=resource.spec,
        state=state,
    )


def between(
    before: list[ObservedResource], after: list[Resource], *, group: str = GROUP
) -> dict[str, Step]:
    """The steps from one to the other, by id."""
    observed = Observed(resources={r.address: r for r in before})
    changes = diff(after, observed.of_group(group), MUTABLE)
    room = StepRoom(limits=DEFAULTS, used={})
    return {step.id: step for step in steps(changes, observed, room)}


@pytest.mark.parametrize(
    ("state", "stages"),
    [
        ("", ["prepare", "test-a-tenth", "test-all"]),
        ("PREPARE", ["test-a-tenth", "test-all"]),
        ("TEST_BY_PERCENTAGE", ["test-all"]),
        ("TEST_ALL_TRAFFIC", []),
    ],
)
def test_a_migration_goes_on_where_it_stands(state: str, stages: list[str]) -> None:
    """Each state takes minutes to be everywhere, so each but the first waits for the one before."""
    found = between([there(a_service(WEB, scheme=CLASSIC), state=state)], [migrated()])

    names = [f"{WEB}#{stage}" for stage in stages] + [WEB]
    assert list(found) == names
    for earlier, later in itertools.pairwise(names):
        assert found[later].after == (earlier,)
        assert found[later].wait == SETTLED
    assert found[names[0]].wait == (None if not state else SETTLED)


def test_the_calls_pass_googles_states_and_change_the_scheme_last() -> None:
    """The API takes the new scheme only from TEST_ALL_TRAFFIC."""
    found = between([there(a_service(WEB, scheme=CLASSIC))], [migrated()])

    *states, last = [call for step in found.values() for call in step.calls]
    assert {call.operation for call in states} == {"backendServices.patch"}
    assert [to_json(call.parameters["body"]) for call in states] == [
        {"externalManagedMigrationState": "PREPARE"},
        {
            "externalManagedMigrationState": "TEST_BY_PERCENTAGE",
            "externalManagedMigrationTestingPercentage": 10,
        },
        {
            "externalManagedMigrationState": "TEST_ALL_TRAFFIC",
            "externalManagedMigrationTestingPercentage": None,
        },
    ]
    assert last.operation == "backendServices.update"
    body = to_json(last.parameters["body"])
    assert isinstance(body, dict)
    assert body["loadBalancingScheme"] == MANAGED
    assert "externalManagedMigrationState" not in body


def test_what_else_changes_does_not_wait_for_the_migration() -> None:
    """A new zone needs its endpoints now, not in half an hour."""
    wanted = migrated(timeoutSec=90)

    found = between([there(a_service(WEB, scheme=CLASSIC))], [wanted])

    first = next(iter(found.values()))
    assert first.id == f"{WEB}#settings"
    assert first.wait is None
    body = to_json(first.calls[0].parameters["body"])
    assert isinstance(body, dict)
    assert (body["timeoutSec"], body["loadBalancingScheme"]) == (90, CLASSIC)
    assert [f.path for f in found[WEB].fields] == ["loadBalancingScheme"]


def test_forwarding_rules_follow_their_backend_services() -> None:
    """A modern forwarding rule leads to no classic backend service."""
    found = between(
        [there(a_service(WEB, scheme=CLASSIC)), there(a_rule(CLASSIC))],
        [migrated(), a_rule(MANAGED)],
    )

    assert WEB in found[RULE].after
    assert found[RULE].wait == SETTLED
    (call,) = found[RULE].calls
    assert call.operation == "globalForwardingRules.patch"
    assert to_json(call.parameters["body"]) == {"loadBalancingScheme": MANAGED}


def test_a_forwarding_rule_waits_although_its_backend_services_are_done() -> None:
    """A process that begins in between does not know for how long they have been."""
    found = between([there(migrated()), there(a_rule(CLASSIC))], [migrated(), a_rule(MANAGED)])

    assert found[RULE].wait == SETTLED
    assert not found[WEB].calls
