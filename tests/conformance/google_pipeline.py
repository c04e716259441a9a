"""The whole pure pipeline against a simulated Google project: the twin of ``pipeline``.

``applied`` returns the world that a plan leads to as the cloud would show it: a URL map carries the
words that say whose its paths are, and nothing else does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from providers.gcp import CONTROLLER, provider
from providers.gcp.account import Facts
from providers.gcp.limits import merge
from providers.gcp.routing.entries import Entry, entries
from provisioner.core.planning import World, compute
from provisioner.core.translate import intents
from provisioner.model.expression import Expressed
from provisioner.model.kube import NO_STRINGS, HttpPath, Ingress, Key, Parameters
from provisioner.model.plan import LoadBalancerPlan, Plan
from provisioner.model.resource import Observed, Resource
from provisioner.model.settings import Settings
from provisioner.model.snapshot import Snapshot
from tests.factories import (
    KubeObject,
    a_path,
    a_rule,
    a_snapshot,
    an_ingress,
    an_ingress_class,
    some_settings,
)
from tests.unit.providers.gcp.desired import worlds

NOTHING = Observed()
GROUP = "edge"
EVIL, VICTIM = Key("evil", "x"), Key("shop", "v")
EARLIER, LATER, LATEST = "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z", "2022-01-01T00:00:00Z"
HOST = "shop.example.com"
CLASSIC = {worlds.VARIANT: "classic"}
BACKENDS = worlds.some_backends("shop/web", "evil/web")[:4]
NODE = worlds.some_backends()[-1]


def a_cluster(*objects: KubeObject, settings_of: Sequence[Parameters] = ()) -> Snapshot:
    """Return a live cluster that was read in full, GKE's default backend not among its Services.

    Args:
        objects: Beside the Services of both sides and their node.
        settings_of: BackendConfigs and the like.
    """
    ours = an_ingress_class(controller=CONTROLLER)
    found = a_snapshot(ours, *objects, *BACKENDS, NODE, live=True)
    named = {(each.kind, each.meta.key): each for each in settings_of}
    return replace(found, complete=True, objects=named)


def plan(
    snapshot: Snapshot,
    observed: Observed = NOTHING,
    *,
    limits: Mapping[str, int] | None = None,
    facts: Facts | None = None,
    settings: Settings | None = None,
) -> Plan:
    """Return the plan that leads from what exists to what the snapshot asks for."""
    chosen = settings or some_settings(target_mode="pod")
    world = World(
        snapshot=snapshot,
        intent=intents(snapshot, provider, chosen, observed=observed),
        settings=chosen,
        facts=facts or worlds.some_facts(),
        limits=merge(limits or {}),
        observed=observed,
        groups=None,
    )
    return compute(provider, world)


def applied(plan_: Plan) -> Observed:
    """Return what exists once a plan was carried out in full."""
    return worlds.seen(*(Expressed(group=p.group, resources=p.resources) for p in plan_.parts))


def a_member(
    key: Key,
    host: str = HOST,
    *paths: HttpPath,
    annotations: Mapping[str, str] = NO_STRINGS,
    default_backend: str = "",
    created: str = LATER,
) -> Ingress:
    """Return an Ingress of the shared load balancer; without paths it serves all of its host."""
    return an_ingress(
        str(key),
        rules=[a_rule(host, *(paths or (a_path(),)))],
        annotations={worlds.IN_GROUP: GROUP, **annotations},
        default_backend=default_backend,
        created=created,
    )


def part(plan_: Plan, group: str = GROUP) -> LoadBalancerPlan:
    """Return one load balancer's part of a plan."""
    return next(p for p in plan_.load_balancers if p.group == group)


def of_kind(plan_: Plan, kind: str, group: str = GROUP) -> list[Resource]:
    """Return the desired resources of one kind."""
    return [r for r in part(plan_, group).resources if r.kind == kind]


def rules(plan_: Plan, group: str = GROUP) -> list[Entry]:
    """Return everything that the URL maps of a load balancer decide."""
    return [entry for r in of_kind(plan_, "UrlMap", group) for entry in entries(r.spec)]


def owners(plan_: Plan, host: str, path: str = "/*") -> set[str]:
    """Return whose a path of a host is, as the description tells it."""
    return {str(e.ingress) for e in rules(plan_) if (e.host, e.path) == (host, path)}
