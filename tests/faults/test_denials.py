"""IAM refuses single operations: who is told, what goes on, what happens once it is allowed.

After an upgrade the IAM policy of an installation is often older than what is installed (LBC#3399,
LBC#3372). Then a call is denied until somebody notices, and nothing else may suffer from that.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import pytest

from provisioner.engine.applying import Outcome, Status
from provisioner.model.change import Action
from provisioner.model.diagnostic import Severity
from provisioner.model.errors import Denied
from provisioner.model.plan import Plan
from tests.contract.provider.desk import Desk, changes_of, failures
from tests.contract.provider.manifests import Document, Route, ingress
from tests.faults import aws_scenarios as aws
from tests.faults.scenarios import FRONT, Scenario, begin

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("running", ["aws"], indirect=True),
]

_CAPACITY = {f"{aws.NATIVE}minimum-load-balancer-capacity": "CapacityUnits=200"}
_AUTHORITY = {
    f"{aws.NATIVE}acm-pca-arn": "arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/1"
}
_HTTP = {"listen-ports": "HTTP:80"}


def everything(desk: Desk) -> None:
    """Ask for all that AWS hangs on a load balancer, a neighbour on it, and one beside it."""
    aws.guarded(desk, extra={**FRONT, **_CAPACITY}, group="edge")
    desk.put(news())
    put_others(desk)


def news(host: str = "news.example.com") -> Document:
    """Return an Ingress whose certificate ACM is to issue."""
    said = {"listen-ports": "HTTPS:443", f"{aws.NATIVE}create-acm-cert": "true", **_AUTHORITY}
    return ingress("news", Route(host=host), group="edge", annotations=said)


def put_others(desk: Desk, *, path: str = "/") -> None:
    """Ask for a neighbour on the same load balancer, and for one on another."""
    desk.put(
        ingress("blog", Route(host="blog.example.com", path=path), group="edge", annotations=_HTTP),
        ingress("plain", Route(host="plain.example.com", path=path), annotations=_HTTP),
    )


def serving(desk: Desk, plan: Plan) -> set[str]:
    """Return whose rules on the shared load balancer reach a healthy target after this plan."""
    desk.cloud.clock.sleep(60)
    healthy = {rule for rule, targets in desk.cloud.healthy_targets("edge").items() if targets}
    return {key.name for s in plan.steps if s.address in healthy for key in s.ingresses}


def nothing(desk: Desk) -> None:
    """Ask for nothing at all."""
    desk.drop(*[key for key in desk.documents if key.startswith("Ingress ")])


MADE = Scenario(furnish=aws.furnish, change=everything)
GONE = Scenario(furnish=aws.furnish, before=everything, change=nothing)
KEPT = Scenario(furnish=aws.furnish, before=everything, change=lambda _desk: None)
ACTIONS = MappingProxyType(
    {
        "elbv2": "elasticloadbalancing",
        "resourcegroupstaggingapi": "tag",
        "service-quotas": "servicequotas",
    }
)
"""What IAM calls a service where that is not boto3's name for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An operation that is denied, and what a plan says of it.

    ``steps`` make the call; ``cut_off`` come after one that does, directly or not.
    """

    plan: Plan
    steps: frozenset[str]
    cut_off: frozenset[str]


def refusal(plan: Plan, *operations: str) -> Refusal:
    """Return what denied operations stop in a plan."""
    making = {
        step.id
        for step in plan.steps
        if any(f"{call.service}:{call.operation}" in operations for call in step.calls)
    }
    later: set[str] = set()
    while more := {s.id for s in plan.steps if not (making | later).isdisjoint(s.after)} - later:
        later |= more
    return Refusal(plan=plan, steps=frozenset(making - later), cut_off=frozenset(later))


def assert_contained(refused: Refusal, outcome: Outcome, *operations: str) -> None:
    """Hold that just what makes a denied call failed, naming the action, and all else went on."""
    actions = {operation.partition(":")[2]: action_of(operation) for operation in operations}
    failed = {p.step.id: p.error for p in outcome.of(Status.FAILED)}
    assert failed.keys() == refused.steps
    for error in failed.values():
        assert isinstance(error, Denied), error
        assert error.hint.startswith(f"allow {actions[error.operation]} in the IAM policy")
    assert {p.step.id for p in outcome.of(Status.SKIPPED)} == refused.cut_off
    changes = {step.id for step in refused.plan.steps if step.action is not Action.NOOP}
    done = {p.step.id for p in outcome.of(Status.DONE)}
    assert done == changes - refused.steps - refused.cut_off


def action_of(operation: str) -> str:
    """Return what IAM calls an operation."""
    service, _, name = operation.partition(":")
    return f"{ACTIONS.get(service, service)}:{name}"


def guilty(refused: Refusal) -> set[str]:
    """Return the names of the Ingresses that are told of a denial."""
    return {k.name for s in refused.plan.steps if s.id in refused.steps for k in s.ingresses}


@pytest.mark.parametrize(
    ("operations", "told", "served"),
    [
        (("acm:ImportCertificate",), {"web"}, {"blog"}),
        (("acm:RequestCertificate",), {"news"}, {"web", "news", "blog"}),
        (("wafv2:AssociateWebACL", "shield:CreateProtection"), {"web"}, {"web", "news", "blog"}),
        (("elbv2:ModifyCapacityReservation",), {"web", "news", "blog"}, {"web", "news", "blog"}),
        (("elbv2:ModifyListenerAttributes",), {"web", "news"}, {"web", "news", "blog"}),
    ],
)
def test_a_denied_change_stops_what_needs_it_and_nothing_else(
    desk: Desk, operations: tuple[str, ...], told: set[str], served: set[str]
) -> None:
    """Whoever asked is told which IAM action is missing; once it is allowed, all of it comes.

    Even while it is denied, the second pass serves everybody who can do without it.
    """
    begin(desk, MADE)
    for operation in operations:
        desk.cloud.deny(operation)
    first = refusal(desk.plan(), *operations)
    assert guilty(first) == told
    assert_contained(first, desk.apply(first.plan), *operations)

    desk.restart()
    again = refusal(desk.plan(), *operations)
    assert_contained(again, desk.apply(again.plan), *operations)
    assert serving(desk, again.plan) == served

    desk.cloud.clear_faults()
    desk.restart()
    last = desk.plan()
    assert failures(desk.apply(last)) == []
    desk.assert_at_rest()
    assert serving(desk, last) == {"web", "news", "blog"}


@pytest.mark.parametrize(
    "operation",
    [
        "acm:DeleteCertificate",
        "shield:DeleteProtection",
        "elbv2:DeleteLoadBalancer",
    ],
)
def test_a_denied_deletion_leaves_nothing_behind_in_the_end(desk: Desk, operation: str) -> None:
    """What needs it stays whole, the other load balancer goes; once allowed, all of ours is gone.

    Nothing is forgotten: no certificate, protection or network load balancer without an owner.
    """
    begin(desk, GONE)
    desk.cloud.deny(operation)
    refused = refusal(desk.plan(), operation)

    assert refused.steps
    assert_contained(refused, desk.apply(refused.plan), operation)

    desk.cloud.clear_faults()
    desk.restart()
    assert failures(desk.apply()) == []
    assert desk.cloud.leftovers() == {}


READS = MappingProxyType(
    {
        "wafv2:ListWebACLs": "CLOUD-UNCHECKED",
        "wafv2:GetWebACLForResource": "CLOUD-UNREAD",
        "shield:GetSubscriptionState": "CLOUD-UNCHECKED",
        "shield:DescribeProtection": "CLOUD-UNREAD",
        "shield:ListProtections": "",
        "elbv2:DescribeTrustStores": "MUTUAL-TLS-TRUST-STORE",
        "elbv2:DescribeListenerAttributes": "CLOUD-UNREAD",
        "elbv2:DescribeCapacityReservation": "CLOUD-UNREAD",
        "service-quotas:ListServiceQuotas": "",
        "resourcegroupstaggingapi:GetResources": "CERTIFICATE-UNREAD",
        "acm:DescribeCertificate": "CERTIFICATE-UNREAD",
        "acm:GetCertificate": "CERTIFICATE-UNREAD",
    }
)
"""What is read for settings that came later -> what a plan says where it may not be read."""


def test_what_may_not_be_read_stays_as_it_is(desk: Desk) -> None:
    """One denied question changes nothing that exists, and says which IAM action is missing."""
    begin(desk, KEPT)
    usual = set(desk.plan().diagnostics)

    for operation, code in READS.items():
        desk.cloud.deny(operation)
        plan = desk.plan()
        desk.cloud.clear_faults()

        assert changes_of(plan) == {}, operation
        said = [d for d in plan.diagnostics if d not in usual]
        assert {d.code for d in said} - {"CLOUD-UNREAD"} == {code} - {"CLOUD-UNREAD", ""}, operation
        assert bool(said) == bool(code), operation
        told = {d.ingress.name for d in said if d.ingress is not None and d.blocking}
        wanting = {"CERTIFICATE-UNREAD": {"web", "news"}, "MUTUAL-TLS-TRUST-STORE": {"web"}}
        assert told == wanting.get(code, set()), operation
        assert all(action_of(operation) in d.hint for d in said), operation


def test_nobody_else_suffers_from_certificates_that_may_not_be_looked_up(desk: Desk) -> None:
    """An IAM policy from before there were such certificates: who wants none goes on, warned.

    Whoever wants one keeps the HTTPS it has, and nothing about certificates is made or deleted.
    """
    begin(desk, KEPT)
    before = desk.cloud.leftovers()["certificates"]
    desk.cloud.deny("resourcegroupstaggingapi:GetResources")
    put_others(desk, path="/new")
    desk.put(news(host="today.example.com"))

    desk.cloud.forget_calls()
    plan = desk.plan()
    assert failures(desk.apply(plan)) == []
    assert [d.severity for d in plan.diagnostics if d.code == "CLOUD-UNREAD"] == [Severity.WARNING]
    assert {d.ingress.name for d in plan.diagnostics if d.ingress is not None and d.blocking} == {
        "web",
        "news",
    }
    assert desk.cloud.mutating() == {"CreateRule": 2, "DeleteRule": 2}
    assert serving(desk, plan) == {"web", "news", "blog"}

    nothing(desk)
    assert failures(desk.apply()) == []
    assert desk.cloud.leftovers() == {"certificates": before}

    desk.cloud.clear_faults()
    assert failures(desk.apply()) == []
    assert desk.cloud.leftovers() == {}
