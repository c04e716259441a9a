"""Promises of the peak where a resource is changed in stages, and of who makes it grow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from provisioner.core.gate import Judged, over_the_peak, overfull, programmed
from provisioner.core.headroom import greatest, peak, usages
from provisioner.model.change import Action, FieldChange, Step
from provisioner.model.expression import Cost
from provisioner.model.intent import Compatibility, Intent, LoadBalancerIntent, Member
from provisioner.model.kube import Key
from provisioner.model.limits import Limit, Limits, LimitSource
from provisioner.model.plan import ModeDecision
from provisioner.model.resource import (
    SHARED,
    Observed,
    ObservedResource,
    Resource,
    Value,
    freeze,
)

A, B = Key("shop", "a"), Key("shop", "b")
GROUP, MAP = "edge", "gcp:url-map/edge/main"
PLACE = ("rules", "URL map edge/main")


def costs(resource: Resource | ObservedResource) -> tuple[Cost, ...]:
    """Return a unit for each rule of a map, for the Ingress whose it is, and one for a map."""
    rules = resource.spec.get("rules")
    own = rules if isinstance(rules, Mapping) else {}
    return (
        Cost(limit="maps", subject="the project", units=1),
        *(
            Cost(limit=PLACE[0], subject=PLACE[1], units=count, ingress=Key.parse(name))
            for name, count in own.items()
            if isinstance(count, int)
        ),
    )


def rules(**counts: int) -> Value:
    """Return how many rules shop/a and shop/b have."""
    return freeze({f"shop/{name}": count for name, count in counts.items()})


def wanted(**counts: int) -> Resource:
    """Return the URL map as it is to be; both Ingresses are on it."""
    spec = {"rules": rules(**counts)}
    return Resource(kind="UrlMap", address=MAP, group=GROUP, ingresses=(A, B), spec=spec)


def there(**counts: int) -> ObservedResource:
    """Return the URL map as it is."""
    spec = {"rules": rules(**counts)}
    return ObservedResource(kind="UrlMap", address=MAP, group=GROUP, ingresses=(A, B), spec=spec)


def stage(name: str, after: Value, *earlier: str) -> Step:
    """Return a stage of the URL map's change."""
    return Step(
        id=f"{MAP}#{name}" if name else MAP,
        action=Action.UPDATE,
        kind="UrlMap",
        address=MAP,
        group=GROUP,
        fields=(FieldChange(path="rules", before=None, after=after),),
        after=earlier,
    )


STAGES = (stage("attach", rules(a=1, b=3)), stage("", rules(a=1, b=1), f"{MAP}#attach"))


def limits(**values: int) -> Limits:
    """Return limits."""
    return Limits(
        by_name={
            name: Limit(
                name=name, value=value, source=LimitSource.DEFAULT, adjustable=False, label=name
            )
            for name, value in values.items()
        }
    )


def test_a_stage_counts_towards_the_peak() -> None:
    """What a switch needs on the way must fit, though both ends do."""
    worst = peak(desired=[wanted(a=1, b=1)], observed=[there(a=1, b=1)], steps=STAGES, costs=costs)

    assert worst[PLACE] == 4


def test_who_grows_on_the_way_is_told_apart_from_who_shares() -> None:
    """Everybody is on the URL map, but only one of them changes."""
    found = greatest(
        desired=[wanted(a=1, b=1)],
        observed=[there(a=1, b=1)],
        steps=STAGES,
        costs=costs,
        place=PLACE,
    )

    assert found == {B: 2}


def test_usage_names_the_ingresses_on_a_shared_resource() -> None:
    """A reader of the plan sees whose rules they are."""
    found = usages(
        desired=[wanted(a=1, b=2)], observed=(), steps=(), costs=costs, limits=limits(rules=9)
    )

    assert found[0].parts == (("shop/b", 2), ("shop/a", 1))


def judged(
    desired: Resource,
    observed: ObservedResource,
    *others: ObservedResource,
    foreign: Mapping[str, int] | None = None,
) -> Judged:
    """Return a load balancer with two members before its limits."""
    load_balancer = LoadBalancerIntent(
        name=GROUP,
        explicit=True,
        compatibility=Compatibility.KUBERNETES,
        scheme=None,
        members=(Member(ingress=A), Member(ingress=B)),
        listeners=(),
        backends=(),
    )
    return Judged(
        intent=Intent(load_balancers=(load_balancer,)),
        resources={GROUP: (desired,)},
        observed=Observed(resources={r.address: r for r in (observed, *others)}),
        decisions={GROUP: ModeDecision(mode="pod", reason="", considered=(), backends=())},
        foreign=foreign or {},
        refused={},
    )


def test_the_member_whose_change_peaks_is_refused() -> None:
    """Not the last one on the list, who changes nothing."""
    world = judged(wanted(a=1, b=1), there(a=1, b=1))
    mirrored = (stage("attach", rules(a=3, b=1)), stage("", rules(a=1, b=1), f"{MAP}#attach"))

    late = over_the_peak(world, mirrored, costs, limits(rules=3))

    assert late is not None
    assert late.ingress == A
    assert "would need 4 of 3" in late.diagnostic.message


def test_a_member_with_rules_on_a_shared_resource_is_programmed() -> None:
    """It keeps its place although nothing is its alone."""
    assert programmed([there(a=1)], costs) == {A}


def test_what_load_balancers_share_counts_against_the_account() -> None:
    """The URL map of the shared part is one of the project's."""
    shared = ObservedResource(kind="UrlMap", address="gcp:url-map/x", group=SHARED)
    world = judged(wanted(a=1), there(a=1), shared, foreign={"maps": 0})
    empty = judged(wanted(a=1), there(), shared, foreign={"maps": 1})
    grown = Judged(
        intent=empty.intent,
        resources=empty.resources,
        observed=Observed(resources={shared.address: shared}),
        decisions=empty.decisions,
        foreign=empty.foreign,
        refused={},
    )

    assert not overfull(world, costs, limits(maps=2))
    assert {r.ingress for r in overfull(grown, costs, limits(maps=2))} == {A, B}


def test_what_several_want_is_counted_once_for_whom_it_is_made() -> None:
    """A backend service of the shared part that is not there yet takes a place of the project."""
    common = Resource(kind="UrlMap", address="gcp:url-map/shared/x", group=SHARED)
    world = judged(wanted(a=1), there(a=1), foreign={"maps": 0})
    wanting = replace(world, common={GROUP: (common,)})
    made = ObservedResource(kind="UrlMap", address=common.address, group=SHARED)
    having = replace(
        judged(wanted(a=1), there(a=1), made, foreign={"maps": 0}), common=wanting.common
    )

    assert not overfull(world, costs, limits(maps=1))
    assert {r.ingress for r in overfull(wanting, costs, limits(maps=1))} == {A, B}
    assert not overfull(having, costs, limits(maps=2))
