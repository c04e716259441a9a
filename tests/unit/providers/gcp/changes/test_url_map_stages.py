"""Stages of URL maps: nobody is cut off, neighbours never wait, interrupted switches go on."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from providers.gcp.changes.url_map_parts import actions_of, backends_of, warmed, weights_of
from providers.gcp.routing.entries import mappings, texts
from provisioner.core.replacement import backend_of
from provisioner.model.change import Step, Wait, WaitFor
from provisioner.model.resource import Resource, Spec, freeze_spec
from tests.unit.providers.gcp.changes.building import (
    CLASSIC,
    MANAGED,
    MAP,
    a_backend,
    a_map,
    acting,
    body_of,
    only_call,
    plan,
    service,
)
from tests.unit.providers.gcp.changes.small_cloud import SmallCloud

HOST = "shop.example.com"
OLD, NEW = service("web"), service("web", "node-port")
SLOT = (HOST, "/a/*")


def a_world(*services: str, scheme: str = MANAGED, **hosts: Mapping[str, int]) -> list[Resource]:
    """Return a load balancer whose one host has paths; ``p_a`` is ``/a/*``."""
    paths = {f"/{name[2:]}/*": weights for name, weights in hosts.items()}
    backends = [part for each in services for part in a_backend(each, scheme=scheme)]
    return [*backends, a_map({HOST: paths})]


def states(found: Mapping[str, Step], start: Resource) -> dict[str, Spec]:
    """Return the URL map after each of its steps."""
    spec, result = dict(start.spec), {}
    for name, step in found.items():
        if step.kind == "UrlMap" and step.fields:
            spec |= {field.path: field.after for field in step.fields}
            result[name] = freeze_spec({k: v for k, v in spec.items() if v is not None})
    return result


def test_a_backend_is_replaced_in_stages() -> None:
    """Create, attach at weight 0, shift when healthy, delete the old one when that has settled."""
    observed = a_world(OLD, p_a={OLD: 1})

    found = plan(a_world(NEW, p_a={NEW: 1}), observed)

    order = [name for name in acting(found) if name in (NEW, OLD) or name.startswith(MAP)]
    assert order == [NEW, f"{MAP}#attach", MAP, OLD]
    after = states(found, observed[-1])
    assert weights_of(actions_of(after[f"{MAP}#attach"])[SLOT]) == {OLD: 1, NEW: 0}
    assert weights_of(actions_of(after[MAP])[SLOT]) == {NEW: 1}
    assert found[MAP].wait == WaitFor(kind=Wait.HEALTHY, on=(NEW,), instead_of=(OLD,))
    assert found[OLD].wait == WaitFor(kind=Wait.SETTLED, on=(MAP,))


def test_a_classic_load_balancer_warms_by_a_host_nobody_can_own() -> None:
    """It knows no weights; ``.invalid`` belongs to nobody (RFC 2606)."""
    observed = a_world(OLD, scheme=CLASSIC, p_a={OLD: 1})

    found = plan(a_world(NEW, scheme=CLASSIC, p_a={NEW: 1}), observed)

    after = states(found, observed[-1])
    attach = after[f"{MAP}#attach"]
    assert warmed(attach) == {NEW}
    assert weights_of(actions_of(attach)[SLOT]) == {OLD: 1}
    hosts = [h for rule in mappings(attach["hostRules"]) for h in texts(rule["hosts"])]
    assert sum(host.endswith(".invalid") for host in hosts) == 1
    assert after[MAP] == a_world(NEW, scheme=CLASSIC, p_a={NEW: 1})[-1].spec


def test_a_warm_host_cannot_be_guessed_from_what_is_public() -> None:
    """Its hash covers the description, which holds the cluster's UID."""
    hosts = set()
    for owner in ("uid-1", "uid-2"):
        worlds = [a_world(s, scheme=CLASSIC, p_a={s: 1}) for s in (OLD, NEW)]
        before, after = (
            [*w[:-1], w[-1].with_spec(description=f'{{"owner":"{owner}"}}')] for w in worlds
        )
        found = plan(after, before)
        attach = states(found, before[-1])[f"{MAP}#attach"]
        hosts |= {h for r in mappings(attach["hostRules"]) for h in texts(r["hosts"])} - {HOST}

    assert len(hosts) == 2


def test_what_needs_no_gate_goes_first() -> None:
    """A neighbour's new path, weights and removals do not wait for anybody's health."""
    other = service("other")
    observed = a_world(OLD, other, p_a={OLD: 1}, p_b={other: 1}, p_gone={other: 1})

    found = plan(a_world(NEW, other, p_a={NEW: 1}, p_b={}, p_c={other: 1}), observed)

    settings = states(found, observed[-1])[f"{MAP}#settings"]
    actions = actions_of(settings)
    assert found[f"{MAP}#settings"].wait is None
    assert weights_of(actions[SLOT]) == {OLD: 1}
    assert weights_of(actions[HOST, "/c/*"]) == {other: 1}
    assert "urlRedirect" in actions[HOST, "/b/*"]
    assert (HOST, "/gone/*") not in actions
    assert NEW not in found[f"{MAP}#settings"].after


def test_rules_of_existing_backends_do_not_wait_for_the_creation_of_others() -> None:
    """If one backend service is refused, only the rules that lead to it lack."""
    other, fresh = service("other"), service("fresh")
    observed = a_world(other, p_a={other: 1}, p_gone={other: 1})

    found = plan(a_world(other, fresh, p_a={}, p_new={fresh: 1}), observed)

    settings = states(found, observed[-1])[f"{MAP}#settings"]
    assert fresh not in backends_of(settings)
    assert fresh not in found[f"{MAP}#settings"].after
    assert fresh in found[MAP].after
    assert (HOST, "/gone/*") in actions_of(settings), "what goes stays until what comes is there"


def test_a_new_host_with_a_new_backend_comes_as_a_whole() -> None:
    """Half of it would shadow a wider host with answers that nobody asked for."""
    other, fresh = service("other"), service("fresh")
    backends = [*a_backend(other), *a_backend(fresh)]
    before = a_map({"*": {"": {other: 1}}})
    after = a_map({"*": {"": {other: 2, fresh: 0}, "/x": {}}, HOST: {"/a/*": {fresh: 1}}})

    found = plan([*backends, after], [*a_backend(other), before])

    settings = states(found, before)[f"{MAP}#settings"]
    assert [texts(rule["hosts"]) for rule in mappings(settings["hostRules"])] == [("*",)]


@pytest.mark.parametrize(
    ("weights", "names"),
    [({OLD: 1, NEW: 0}, [MAP]), ({NEW: 1}, [])],
)
def test_an_interrupted_switch_goes_on_where_it_stood(
    weights: dict[str, int], names: list[str]
) -> None:
    """Weights tell the stage, so nothing has to be remembered."""
    observed = [*a_backend(OLD), *a_world(NEW, p_a=weights)]

    found = plan(a_world(NEW, p_a={NEW: 1}), observed)

    assert [name for name in acting(found) if name.startswith(MAP)] == names


def test_a_warm_host_is_recognised_and_not_made_again() -> None:
    """On a classic load balancer the reserved host is the memory."""
    observed = a_world(OLD, scheme=CLASSIC, p_a={OLD: 1})
    desired = a_world(NEW, scheme=CLASSIC, p_a={NEW: 1})
    attach = states(plan(desired, observed), observed[-1])[f"{MAP}#attach"]
    under_way = [*a_backend(OLD, scheme=CLASSIC), *desired[:-1]]
    under_way.append(observed[-1].with_spec(**attach))

    found = plan(desired, under_way)

    assert [name for name in acting(found) if name.startswith(MAP)] == [MAP]
    assert found[MAP].wait == WaitFor(kind=Wait.HEALTHY, on=(NEW,), instead_of=(OLD,))


def test_a_switch_that_is_given_up_lets_the_new_one_go() -> None:
    """Weight 0 of nobody's wish is taken out at once."""
    observed = [*a_backend(NEW), *a_world(OLD, p_a={OLD: 1, NEW: 0})]

    found = plan(a_world(OLD, p_a={OLD: 1}), observed)

    assert [name for name in acting(found) if name.startswith(MAP)] == [MAP]
    assert found[MAP].wait is None


def test_rules_that_switch_together_shift_together() -> None:
    """One of them lets the new one in; it is checked for all."""
    observed = a_world(OLD, p_a={OLD: 1}, p_b={OLD: 1})

    found = plan(a_world(NEW, p_a={NEW: 1}, p_b={NEW: 1}), observed)

    after = states(found, observed[-1])
    assert list(after) == [f"{MAP}#attach", MAP]
    attached = [NEW in weights_of(a) for a in actions_of(after[f"{MAP}#attach"]).values()]
    assert attached.count(True) == 1


def test_a_new_rule_makes_do_with_the_old_one_of_its_backend() -> None:
    """A cold backend service never stands alone where its old one is warm."""
    observed = a_world(OLD, p_a={OLD: 1})

    found = plan(a_world(NEW, p_a={NEW: 1}, p_b={NEW: 1}), observed)

    after = states(found, observed[-1])
    assert weights_of(actions_of(after[f"{MAP}#settings"])[HOST, "/b/*"]) == {OLD: 1}
    assert weights_of(actions_of(after[MAP])[HOST, "/b/*"]) == {NEW: 1}


def test_backends_are_replaced_one_after_the_other() -> None:
    """The peak is what exists and one more: the next is created when the last is gone."""
    names = ("a", "b", "c")
    before = a_map({HOST: {f"/{n}/*": {service(n): 1} for n in names}})
    after = a_map({HOST: {f"/{n}/*": {service(n, "node-port"): 1} for n in names}})
    observed = [*(part for n in names for part in a_backend(service(n))), before]
    desired = [*(part for n in names for part in a_backend(service(n, "node-port"))), after]
    alive = frozenset(service(n, mode) for n in names for mode in ("pod", "node-port"))

    found = plan(desired, observed)

    cloud = SmallCloud({r.address: r for r in observed}, alive)
    cloud.walk(list(found.values()), {r.address: r for r in desired}, most=1000)
    assert cloud.most_services == len(names) + 1
    assert cloud.resources == {r.address: r for r in desired}


def test_a_weighted_rule_replaces_one_member_at_a_time() -> None:
    """The other members keep their share meanwhile, and the new one gets that of the old."""
    x, y = service("x"), service("y")
    x2, y2 = service("x", "node-port"), service("y", "node-port")
    observed = a_world(x, y, p_a={x: 80, y: 20})

    found = plan(a_world(x2, y2, p_a={x2: 8, y2: 2}), observed)

    after = [weights_of(actions_of(spec)[SLOT]) for spec in states(found, observed[-1]).values()]
    assert after == [
        {x: 80, y: 20, x2: 0},
        {x2: 80, y: 20},
        {x2: 80, y: 20, y2: 0},
        {x2: 8, y2: 2},
    ]


def test_dropping_a_member_waits_for_those_that_stay() -> None:
    """Otherwise the only healthy member could be the one that goes."""
    x, y = service("x"), service("y")

    found = plan(a_world(x, p_a={x: 1}), a_world(x, y, p_a={x: 1, y: 1}))

    assert found[MAP].wait == WaitFor(kind=Wait.HEALTHY, on=(x,), instead_of=(y,))


def test_another_service_behind_a_rule_is_warmed_too() -> None:
    """Not only a backend's own successor: what the rule is to lead to has to answer."""
    other = service("other")

    found = plan(a_world(other, p_a={other: 1}), a_world(OLD, p_a={OLD: 1}))

    assert found[MAP].wait == WaitFor(kind=Wait.HEALTHY, on=(other,), instead_of=(OLD,))
    assert backend_of(other) != backend_of(OLD)


def test_what_does_not_forward_is_changed_at_once() -> None:
    """There is nothing to protect."""
    found = plan(a_world(NEW, p_a={NEW: 1}), [*a_world(p_a={})])

    assert [name for name in acting(found) if name.startswith(MAP)] == [MAP]
    assert found[MAP].wait is None


def test_a_path_rule_whose_paths_part_is_split_for_as_long() -> None:
    """``/a`` stays with its old backend service, ``/b`` never had one."""
    before = a_map({HOST: {"/a": {OLD: 1}}})
    after = a_map({HOST: {"/a,/b": {NEW: 1}}})

    found = plan([*a_backend(NEW), after], [*a_backend(OLD), before])

    settings = states(found, before)[f"{MAP}#settings"]
    rules = mappings(mappings(settings["pathMatchers"])[0]["pathRules"])
    assert [texts(rule["paths"]) for rule in rules] == [("/a", "/b")]
    attach = states(found, before)[f"{MAP}#attach"]
    rules = mappings(mappings(attach["pathMatchers"])[0]["pathRules"])
    assert [texts(rule["paths"]) for rule in rules] == [("/a",), ("/b",)]


def test_hosts_that_share_a_path_matcher_are_parted_for_as_long() -> None:
    """One of them was served before, the other is new or had another backend."""
    other = service("other")
    before = a_map({"a.example.com": {"": {OLD: 1}}, "b.example.com": {"": {other: 1}}})
    after = a_map({"a.example.com,b.example.com": {"": {NEW: 1}}})

    found = plan([*a_backend(NEW), after], [*a_backend(OLD), *a_backend(other), before])

    settings = states(found, before)
    first = next(iter(settings.values()))
    actions = {host: weights_of(a) for (host, path), a in actions_of(first).items() if host}
    assert set(actions["b.example.com"]) <= {other, NEW}
    assert actions["b.example.com"][other] == 1
    assert list(settings.values())[-1] == after.spec


def test_the_update_says_what_is_not_wanted() -> None:
    """``update`` merges into what is there, so what must go is named with null."""
    found = plan(a_world(NEW, p_a={NEW: 1}), a_world(OLD, p_a={OLD: 1}))

    call = only_call(found, MAP)
    body = body_of(call)
    assert call.operation == "urlMaps.update"
    matchers = body["pathMatchers"]
    assert isinstance(matchers, list)
    assert isinstance(matchers[0], dict)
    rules = matchers[0]["pathRules"]
    assert isinstance(rules, list)
    assert isinstance(rules[0], dict)
    action = rules[0]["routeAction"]
    assert isinstance(action, dict)
    assert action["weightedBackendServices"] is None
    assert body["defaultService"] is None


def test_everything_on_a_load_balancer_goes_without_waiting() -> None:
    """Nobody is sent to a backend service whose URL map goes with it."""
    found = plan([], a_world(OLD, p_a={OLD: 1}))

    assert found[OLD].wait is None
    names = list(found)
    assert names.index(MAP) < names.index(OLD)


@pytest.mark.parametrize("same_host", [True, False])
def test_one_backend_that_cannot_be_created_stops_nobody_else_for_good(*, same_host: bool) -> None:
    """The other new rule is there after the next plan, and what was there is served throughout."""
    web, bad, good = service("web"), service("bad"), service("good")
    other = HOST if same_host else "other.example.com"
    before = a_map({HOST: {"": {web: 1}}})
    hosts: dict[str, dict[str, dict[str, int]]] = {HOST: {"": {web: 1}, "/bad": {bad: 1}}}
    hosts.setdefault(other, {"": {web: 1}})["/good"] = {good: 1}
    after = a_map(hosts)
    desired = [*a_backend(web), *a_backend(bad), *a_backend(good), after]
    cloud = SmallCloud(
        {r.address: r for r in [*a_backend(web), before]}, frozenset({web, good}), broken={bad}
    )

    for _ in range(2):
        found = plan(desired, cloud.observed())
        cloud.walk(list(found.values()), {r.address: r for r in desired}, most=1000)

    actions = actions_of(cloud.resources[MAP].spec)
    assert weights_of(actions[other, "/good"]) == {good: 1}
    assert (HOST, "/bad") not in actions


def test_a_new_url_map_serves_what_it_can() -> None:
    """A plan that failed half-way left backend services; the next does not wait for the rest."""
    bad, good = service("bad"), service("good")
    after = a_map({HOST: {"": {good: 1}, "/bad": {bad: 1}}, "b.example.com": {"": {bad: 1}}})
    desired = [*a_backend(bad), *a_backend(good), after]
    cloud = SmallCloud({}, frozenset({good}), broken={bad})

    for _ in range(2):
        found = plan(desired, cloud.observed())
        cloud.walk(list(found.values()), {r.address: r for r in desired}, most=1000)

    actions = actions_of(cloud.resources[MAP].spec)
    assert weights_of(actions[HOST, ""]) == {good: 1}
    assert (HOST, "/bad") not in actions
    assert "urlRedirect" in actions["b.example.com", ""], "what the map answers everybody else"

    cloud.broken = ()
    cloud.walk(
        list(plan(desired, cloud.observed()).values()), {r.address: r for r in desired}, most=99
    )
    assert cloud.resources[MAP] == after
