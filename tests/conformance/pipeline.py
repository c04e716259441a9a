"""The whole pure pipeline against a simulated account: what is planned, and what exists then.

``plan`` runs everything from manifests to steps with the real AWS provider. ``applied`` returns the
world that a plan leads to, as the cloud would show it: only rules and target groups carry the mark
that says which Ingress they came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from providers.aws import provider
from providers.aws.account import Facts
from providers.aws.limits import merge
from provisioner.core.planning import World, compute
from provisioner.core.translate import intents
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.kube import Ingress, Key
from provisioner.model.plan import LoadBalancerPlan, Plan
from provisioner.model.resource import Observed, ObservedResource, Resource, Spec
from provisioner.model.settings import Settings
from provisioner.model.snapshot import Snapshot
from tests.factories import KubeObject, a_snapshot, an_ingress_class, some_settings
from tests.unit.providers.aws.express.worlds import some_facts

NOTHING = Observed()
GROUP = "edge"

_MARKED = frozenset({"ListenerRule", "TargetGroup"})


def a_cluster(*objects: KubeObject) -> Snapshot:
    """Return a live cluster that was read in full."""
    return replace(a_snapshot(an_ingress_class(), *objects, live=True), complete=True)


def some_files(*objects: KubeObject) -> Snapshot:
    """Return manifests that name a class of ours, and no cluster behind them."""
    return a_snapshot(an_ingress_class(), *objects, live=False)


def plan(
    snapshot: Snapshot,
    observed: Observed = NOTHING,
    *,
    limits: Mapping[str, int] | None = None,
    facts: Facts | None = None,
    settings: Settings | None = None,
    groups: frozenset[str] | None = None,
) -> Plan:
    """Return the plan that leads from what exists to what the snapshot asks for."""
    chosen = settings or some_settings(target_mode="pod")
    world = World(
        snapshot=snapshot,
        intent=intents(snapshot, provider, chosen, observed=observed),
        settings=chosen,
        facts=facts or some_facts(),
        limits=merge(limits or {}),
        observed=observed,
        groups=groups,
    )
    return compute(provider, world)


def applied(plan_: Plan) -> Observed:
    """Return what exists once a plan was carried out in full."""
    resources = [_seen(r) for part in plan_.parts for r in part.resources]
    return Observed(resources={r.address: r for r in resources})


def _seen(resource: Resource) -> ObservedResource:
    priority = resource.spec.get("Priority")
    return ObservedResource(
        kind=resource.kind,
        address=resource.address,
        group=resource.group,
        name=resource.name if isinstance(resource.name, str) else "",
        ingresses=resource.ingresses if resource.kind in _MARKED else (),
        spec=resource.spec,
        outputs={"Arn": resource.address},
        order=priority if isinstance(priority, int) else 0,
    )


def part(plan_: Plan, group: str = GROUP) -> LoadBalancerPlan:
    """Return one load balancer's part of a plan."""
    return next(p for p in plan_.load_balancers if p.group == group)


def of_kind(plan_: Plan, kind: str, group: str = GROUP) -> list[Resource]:
    """Return the desired resources of one kind, rules in evaluation order."""
    found = [r for r in part(plan_, group).resources if r.kind == kind]
    return sorted(found, key=lambda r: (_priority(r.spec), r.address))


def _priority(spec: Spec) -> int:
    value = spec.get("Priority")
    return value if isinstance(value, int) else 0


def rules(plan_: Plan, group: str = GROUP) -> list[tuple[str, str]]:
    """Return (title, Ingress) of every rule, in evaluation order."""
    return [(r.title, str(r.ingresses[0])) for r in of_kind(plan_, "ListenerRule", group)]


def blamed(plan_: Plan, code: str = "") -> set[Key | None]:
    """Return whom the blocking findings are about, or those of one code."""
    return {d.ingress for d in plan_.diagnostics if d.blocking and code in {"", d.code}}


def finding(plan_: Plan, code: str) -> Diagnostic:
    """Return the only finding with a code."""
    (found,) = [d for d in plan_.diagnostics if d.code == code]
    return found


def only(snapshot: Snapshot, key: str) -> Ingress:
    """Return one Ingress of a snapshot."""
    return snapshot.ingresses[Key.parse(key)]
