"""Promises of the translation for any input: order means nothing and nothing vanishes."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.core.translate import intents
from provisioner.model.intent import Intent, LoadBalancerIntent
from provisioner.model.kube import HttpPath, Ingress, IngressRule, Key
from provisioner.model.snapshot import Snapshot
from tests.factories import (
    ADialect,
    a_node,
    a_path,
    a_service,
    a_slice,
    a_snapshot,
    a_workload,
    an_endpoint,
    an_ingress,
    an_ingress_class,
    some_settings,
)

PATHS = st.builds(
    a_path,
    st.sampled_from(["/", "/a", "/a/", "/b", "a", "", "//"]),
    st.sampled_from(["web:80", "web:81", "api:80", "gone:80", "go:use-annotation"]),
    path_type=st.sampled_from(["Prefix", "Exact", "ImplementationSpecific", ""]),
)
RULES = st.builds(
    IngressRule,
    host=st.sampled_from(["", "a.io", "A.io", "*.a.io", "b.io", "*"]),
    paths=st.one_of(st.none(), st.lists(PATHS, max_size=3).map(tuple)),
)
ANNOTATIONS = st.fixed_dictionaries(
    {},
    optional={
        "group.name": st.sampled_from(["edge", "core", "Bad"]),
        "group.order": st.sampled_from(["-1", "0", "1", "x"]),
        "scheme": st.sampled_from(["internal", "internet-facing", "public"]),
        "listen-ports": st.sampled_from(
            ['[{"HTTP": 80}]', '[{"HTTP": 80}, {"HTTPS": 443}]', '[{"HTTPS": 80}]', "[]"]
        ),
        "tags": st.sampled_from(["a=1", "a=2", "b=1", "b"]),
        "inbound-cidrs": st.sampled_from(["10.0.0.0/8", "11.0.0.0/8"]),
        "ingress-provisioner.io/ssl-redirect": st.sampled_from(["443", "80"]),
        "actions.go": st.sampled_from(["redirect", "web:80=1,api:80=1"]),
        "target-type": st.sampled_from(["ip", "instance"]),
    },
)
NAMES = ["shop/a", "shop/b", "pay/a", "pay/b"]


@st.composite
def clusters(draw: st.DrawFn) -> dict[str, Ingress]:
    """Draw up to four Ingresses in two namespaces."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
    return {
        name: an_ingress(
            name,
            rules=draw(st.lists(RULES, max_size=3)),
            annotations=draw(ANNOTATIONS),
            default_backend=draw(st.sampled_from(["", "web:80", "gone:80"])),
            created=draw(st.sampled_from(["", "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"])),
            ours=draw(st.booleans()),
            deleting=draw(st.sampled_from([False, False, False, True])),
            class_name=draw(st.sampled_from(["alb", "alb", "alb", "nginx", None])),
        )
        for name in names
    }


def a_world(ingresses: Mapping[str, Ingress], *, turned: bool = False) -> Snapshot:
    rest = [
        *(a_service(f"{ns}/{name}") for ns in ("shop", "pay") for name in ("web", "api")),
        a_slice("shop/web", an_endpoint("10.0.0.1"), an_endpoint("10.0.0.2"), suffix="x"),
        a_slice("shop/web", an_endpoint("10.0.0.3"), suffix="y"),
        a_workload("shop/web"),
        a_workload("shop/api"),
        a_node("n1"),
        a_node("n2"),
        an_ingress_class(),
    ]
    objects = [*ingresses.values(), *rest]
    return a_snapshot(*(reversed(objects) if turned else objects), live=True)


def meaning(world: Snapshot) -> Intent:
    return intents(world, ADialect(), some_settings())


def written_paths(ingress: Ingress) -> dict[str, HttpPath]:
    return {
        f"spec.rules[{i}].http.paths[{j}]": path
        for i, rule in enumerate(ingress.rules)
        for j, path in enumerate(rule.paths or ())
    }


@given(clusters())
@settings(max_examples=150, deadline=None)
def test_the_order_of_input_never_matters(ingresses: dict[str, Ingress]) -> None:
    """Two readers of one world make the same plan, whatever order the API server listed it in."""
    assert meaning(a_world(ingresses)) == meaning(a_world(ingresses, turned=True))


@given(clusters())
@settings(max_examples=150, deadline=None)
def test_every_path_is_a_rule_or_has_a_diagnostic(ingresses: dict[str, Ingress]) -> None:
    """Nothing that somebody wrote disappears without a word."""
    intent = meaning(a_world(ingresses))

    for load_balancer in intent.load_balancers:
        told = {(q.ingress, q.path) for q in load_balancer.quarantined}
        served = {(r.ingress, r.field) for item in load_balancer.listeners for r in item.rules}
        hidden = {d.ingress for d in intent.diagnostics if d.code == "LISTENER-REDIRECT-HIDES"}
        repeated = {(d.ingress, d.field) for d in intent.diagnostics if d.code == "PATH-REPEATED"}
        for member in load_balancer.members:
            for field in written_paths(ingresses[str(member.ingress)]):
                place = (member.ingress, field)
                assert place in served | told | repeated or member.ingress in hidden


@given(clusters())
@settings(max_examples=150, deadline=None)
def test_every_ingress_is_somewhere(ingresses: dict[str, Ingress]) -> None:
    """Member, quarantined with a diagnostic, leaving, or not ours: there is no fifth place."""
    intent = meaning(a_world(ingresses))

    found: set[Key] = set(intent.not_ours)
    for load_balancer in intent.load_balancers:
        found.update(m.ingress for m in load_balancer.members)
        found.update(load_balancer.leaving)
        found.update(q.ingress for q in load_balancer.quarantined if not q.path)
        assert {q.diagnostic for q in load_balancer.quarantined} <= set(intent.diagnostics)
    assert found == {i.key for i in ingresses.values()}


def without(intent: Intent, *groups: str) -> list[LoadBalancerIntent]:
    return [lb for lb in intent.load_balancers if lb.name not in groups]


@given(clusters(), st.sampled_from(NAMES), ANNOTATIONS)
@settings(max_examples=150, deadline=None)
def test_one_ingress_never_changes_another_groups_intent(
    ingresses: dict[str, Ingress], name: str, annotations: dict[str, str]
) -> None:
    """Whatever is done to an Ingress, load balancers that it is not on stay as they are."""
    before = {n: i for n, i in ingresses.items() if n != name}
    changed = an_ingress(name, annotations=annotations)
    touched = {name, annotations.get("group.name", name)}

    first, second = meaning(a_world(before)), meaning(a_world({**before, name: changed}))

    assert without(first, *touched) == without(second, *touched)


@given(clusters())
@settings(max_examples=150, deadline=None)
def test_rules_only_lead_to_backends_that_are_listed(ingresses: dict[str, Ingress]) -> None:
    """Whoever expresses an Intent finds every backend that a rule names, and no id twice."""
    for load_balancer in meaning(a_world(ingresses)).load_balancers:
        ids = [b.id for b in load_balancer.backends]
        assert ids == sorted(set(ids))
        for item in load_balancer.listeners:
            actions = [item.default, *(r.action for r in item.rules)]
            used = {w.backend for a in actions for w in getattr(a, "backends", ())}
            assert used <= set(ids)
