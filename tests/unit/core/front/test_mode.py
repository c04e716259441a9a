"""Promises of the target mode: decided once, by sums that anybody can check, then left alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.core.mode import backend_text, decide
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.expression import ModeRoom
from provisioner.model.intent import (
    BackendId,
    BackendIntent,
    Compatibility,
    LoadBalancerIntent,
    NodeTarget,
    PodTarget,
    TargetCount,
    TargetMode,
)
from provisioner.model.kube import Key
from provisioner.model.plan import ModeDecision
from provisioner.model.settings import Settings
from tests.factories import some_settings

POD, NODE = TargetMode.POD, TargetMode.NODE_PORT
ROOM = ModeRoom(targets_limit=1000, largest_limit=1000)
NOTHING_RUNS: dict[str, TargetMode] = {}


def a_backend(
    name: str,
    *,
    pods: int | None = 3,
    maximum: int | None = None,
    nodes: int | None = 2,
    mode: TargetMode | None = None,
    source: str = "",
    node_port: bool = True,
) -> BackendIntent:
    known = (
        None if pods is None else tuple(PodTarget(ip=f"10.0.0.{n}", port=1) for n in range(pods))
    )
    top = (pods or 0) if maximum is None else maximum
    return BackendIntent(
        id=BackendId(ingress=Key("shop", "web"), service=Key("shop", name), port="80"),
        field="spec.rules[0].http.paths[0]",
        mode=mode,
        mode_source=source or ("annotation" if mode else ""),
        can_node_port=node_port,
        pods=known,
        nodes=None
        if nodes is None
        else tuple(NodeTarget(node=f"n{n}", provider_id="") for n in range(nodes)),
        count=TargetCount(ready=pods, maximum=top, estimated=pods is None),
    )


def a_load_balancer(*backends: BackendIntent, **options: object) -> LoadBalancerIntent:
    return LoadBalancerIntent(
        name="shop/web",
        explicit=False,
        compatibility=Compatibility.KUBERNETES,
        scheme=None,
        members=(),
        listeners=(),
        backends=backends,
        options={name.replace("_", "-"): value for name, value in options.items()},
    )


def decided(
    *backends: BackendIntent,
    room: ModeRoom = ROOM,
    present: dict[str, TargetMode] | None = None,
    settings: Settings | None = None,
    nodes: int | None = None,
) -> tuple[ModeDecision, list[Diagnostic]]:
    decision, found = decide(
        a_load_balancer(*backends),
        room=room,
        present=present or {},
        settings=settings or some_settings(),
        nodes=nodes,
    )
    return decision, list(found)


def modes(decision: ModeDecision) -> list[TargetMode | None]:
    return [b.mode for b in decision.backends]


def running(mode: TargetMode, *backends: BackendIntent) -> dict[str, TargetMode]:
    return {backend_text(b.id): mode for b in backends}


def test_pods_are_the_default_where_they_are_possible_and_fit() -> None:
    """No second hop; and the loser's numbers are shown too."""
    decision, found = decided(a_backend("a", pods=5), a_backend("b", pods=3))

    pods, nodes = decision.considered
    assert decision.mode == "pod"
    assert (pods.targets, pods.arithmetic) == ((8, 8), "5 + 3 pods")
    assert (nodes.targets, nodes.arithmetic) == ((4, 4), "2 Services x 2 nodes")
    assert decision.reason == (
        "pod: 5 + 3 pods = 8 of 1000 targets; node-port: 2 Services x 2 nodes = 4 of 1000 targets"
    )
    assert found == []


def test_node_ports_are_taken_where_pods_do_not_fit() -> None:
    """Many pods on few nodes are fewer targets as nodes."""
    decision, _ = decided(a_backend("a", pods=3, maximum=1001))

    assert decision.mode == "node-port"


def test_the_sum_counts_what_may_come_not_what_is() -> None:
    """A load balancer that is full when everything scales up is full when it matters."""
    room = ModeRoom(targets_limit=10, largest_limit=10)

    assert decided(a_backend("a", pods=3, maximum=10), room=room)[0].mode == "pod"
    assert decided(a_backend("a", pods=3, maximum=11), room=room)[0].mode == "node-port"


def test_the_largest_backend_has_a_limit_of_its_own() -> None:
    """Targets per target group bite before targets per load balancer."""
    room = ModeRoom(targets_limit=1000, largest_limit=9)

    decision, _ = decided(a_backend("a", pods=10), a_backend("b", pods=1), room=room)

    assert decision.mode == "node-port"
    assert decision.considered[0].largest == (10, 10)


@pytest.mark.parametrize(("services", "fits"), [(16, True), (17, False)])
def test_every_node_is_a_target_of_every_service(services: int, *, fits: bool) -> None:
    """Services multiply nodes: 60 nodes hold 16 Services within 1000 targets, not 17 (LBC#3796)."""
    impossible = {a_backend(f"s{n}").id: "outside the VPC" for n in range(services)}
    room = ModeRoom(targets_limit=1000, largest_limit=1000, pod_impossible=impossible)

    decision, _ = decided(*(a_backend(f"s{n}", nodes=60) for n in range(services)), room=room)

    assert decision.considered[1].targets == (60 * services, 60 * services)
    assert (decision.mode == "node-port") is fits


def test_when_neither_fits_both_sums_and_a_way_out_are_given() -> None:
    """An in-cluster proxy behind one backend is then the better fit."""
    room = ModeRoom(targets_limit=10, largest_limit=10)

    decision, [problem] = decided(
        *(a_backend(f"s{n}", pods=4, nodes=4) for n in range(3)), room=room
    )

    assert decision.mode == ""
    assert modes(decision) == [None, None, None]
    assert problem.code == "MODE-NEITHER-FITS"
    assert problem.blocking
    assert "4 + 4 + 4 pods = 12 of 10 targets" in problem.message
    assert "3 Services x 4 nodes = 12 of 10 targets" in problem.message
    assert "proxy" in problem.hint
    assert problem.ingress == Key("shop", "web")


def test_what_runs_stays_whatever_the_counts_say() -> None:
    """A scaled deployment must not move a load balancer's traffic."""
    backend = a_backend("a", pods=3, maximum=2000)

    decision, [warning] = decided(backend, present=running(POD, backend))

    assert decision.mode == "pod"
    assert warning.code == "MODE-NEAR-LIMIT"
    assert warning.hint.startswith("set target mode node-port")
    assert not warning.blocking


@pytest.mark.parametrize(("maximum", "warned"), [(799, False), (800, True)])
def test_from_eighty_percent_of_a_limit_the_switch_is_proposed(
    maximum: int, *, warned: bool
) -> None:
    """Early enough to act, late enough not to nag."""
    backend = a_backend("a", pods=3, maximum=maximum)

    _, found = decided(backend, present=running(POD, backend))

    assert bool(found) is warned


@pytest.mark.parametrize(("maximum", "proposed"), [(800, True), (801, False)])
def test_the_way_back_to_pods_wants_headroom(maximum: int, *, proposed: bool) -> None:
    """Otherwise two modes near their limits would be proposed in turns."""
    backend = a_backend("a", pods=3, maximum=maximum, nodes=900)

    _, [warning] = decided(backend, present=running(NODE, backend))

    assert warning.hint.startswith("set target mode pod") is proposed


def test_a_new_backend_follows_what_runs() -> None:
    """``auto`` decides once for a load balancer."""
    old, new = a_backend("old"), a_backend("new")

    decision, _ = decided(old, new, present=running(NODE, old))

    assert modes(decision) == [NODE, NODE]
    assert decision.reason == "node-port is in force, and counts alone never change a mode"


def test_a_new_backend_that_cannot_follow_takes_the_other_mode() -> None:
    """A ClusterIP Service beside backends on node ports is reached at its pods."""
    old, new = a_backend("old"), a_backend("new", node_port=False)

    decision, _ = decided(old, new, present=running(NODE, old))

    assert modes(decision) == [NODE, POD]
    assert decision.mode == "mixed"


def test_what_runs_changes_only_when_it_has_become_impossible() -> None:
    """A Service that gave up its node ports has to be reached at its pods."""
    backend = a_backend("a", node_port=False)

    decision, _ = decided(backend, present=running(NODE, backend))

    assert decision.mode == "pod"


def test_a_cluster_without_nodes_keeps_its_node_ports() -> None:
    """Scaling from zero is a count, and counts never change a mode."""
    backend = a_backend("a", nodes=0)

    decision, found = decided(backend, present=running(NODE, backend))

    assert decision.mode == "node-port"
    assert found == []


def test_without_nodes_nothing_new_starts_on_node_ports() -> None:
    """A target group without a target serves nobody."""
    impossible = {a_backend("a").id: "outside the VPC"}
    room = ModeRoom(targets_limit=10, largest_limit=10, pod_impossible=impossible)

    decision, _ = decided(a_backend("a", nodes=0), room=room)

    assert decision.considered[1].impossible == "no node is eligible"
    assert decision.considered[0].impossible == "outside the VPC"


def test_explicit_modes_are_kept_and_counted() -> None:
    """Whoever stated a mode has it; the rest is decided around it."""
    decision, _ = decided(a_backend("a", mode=NODE, nodes=7), a_backend("b", pods=5))

    assert modes(decision) == [NODE, POD]
    assert decision.mode == "mixed"
    assert decision.considered[0].targets == (12, 12)
    assert decision.considered[0].arithmetic == "5 pods + 7 by explicit modes"
    assert [b.source for b in decision.backends] == ["annotation", "auto"]


def test_a_load_balancer_of_explicit_modes_still_shows_both_sums() -> None:
    """What the other mode would take is worth knowing."""
    decision, _ = decided(a_backend("a", mode=NODE, pods=5, nodes=7))

    assert [s.targets for s in decision.considered] == [(5, 5), (7, 7)]
    assert decision.reason == "every backend has a mode that somebody set"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (some_settings(), POD),
        (some_settings(target_mode="node-port"), NODE),
        (some_settings(target_mode="pod"), POD),
    ],
)
def test_the_controllers_default_holds_where_nobody_says_anything(
    settings: Settings, expected: TargetMode
) -> None:
    """Auto, unless the operator says otherwise."""
    assert modes(decided(a_backend("a"), settings=settings)[0]) == [expected]


def test_the_incumbents_default_is_node_ports() -> None:
    """LBC's default target type is instance."""
    backend = replace(a_backend("a"), default_mode=NODE)
    load_balancer = replace(a_load_balancer(backend), compatibility=Compatibility.INCUMBENT)

    decision, _ = decide(load_balancer, room=ROOM, present={}, settings=some_settings())

    assert decision.mode == "node-port"
    assert decision.backends[0].source == "the controller's default"


def test_a_stated_auto_outranks_the_controllers_default() -> None:
    """Saying ``auto`` is saying something."""
    backend = a_backend("a", source="annotation target-mode on Ingress shop/web")

    decision, _ = decided(backend, settings=some_settings(target_mode="node-port"))

    assert decision.mode == "pod"


def test_a_stated_mode_that_cannot_work_is_an_error_of_its_ingress() -> None:
    """The wish is not overruled in silence."""
    backend = a_backend("a", mode=POD)
    room = replace(ROOM, pod_impossible={backend.id: "pod 10.0.0.1 is outside the VPC"})

    _, [problem] = decided(backend, room=room)

    assert problem.code == "MODE-IMPOSSIBLE"
    assert problem.ingress == Key("shop", "web")
    assert "outside the VPC" in problem.message


def test_modes_are_mixed_where_neither_is_possible_for_all() -> None:
    """A ClusterIP Service and pods without routes can still share a load balancer."""
    first, second = a_backend("a", node_port=False), a_backend("b")
    room = replace(ROOM, pod_impossible={second.id: "outside the VPC"})

    decision, found = decided(first, second, room=room)

    assert modes(decision) == [POD, NODE]
    assert found == []


def test_a_mixture_must_fit_as_well() -> None:
    """Being the only possible modes does not make room."""
    first, second = a_backend("a", node_port=False, pods=9), a_backend("b")
    room = ModeRoom(targets_limit=10, largest_limit=10, pod_impossible={second.id: "no route"})

    decision, found = decided(first, second, room=room)

    assert modes(decision) == [None, None]
    assert [d.code for d in found] == ["MODE-NEITHER-FITS"]


def test_a_backend_that_no_mode_can_reach_is_named() -> None:
    """Both reasons are told."""
    backend = a_backend("a", node_port=False)
    room = replace(ROOM, pod_impossible={backend.id: "outside the VPC"})

    decision, [problem] = decided(backend, room=room)

    assert modes(decision) == [None]
    assert problem.code == "MODE-IMPOSSIBLE"
    assert "outside the VPC; Service shop/a has no node port" in problem.message


def test_files_alone_leave_the_mode_to_the_cluster() -> None:
    """Without nodes and pods both sums are ranges, and nothing is guessed."""
    backend = a_backend("a", pods=None, maximum=4, nodes=None)
    blank = a_backend("b", pods=None, nodes=None)

    decision, found = decided(backend, blank)

    assert modes(decision) == [None, None]
    assert decision.reason.startswith("known after apply")
    assert decision.considered[0].targets == (4, None)
    assert decision.considered[1].targets == (0, None)
    assert decision.considered[1].arithmetic == "2 Services x an unknown number of nodes"
    assert found == []


def test_an_account_file_that_knows_the_nodes_allows_a_decision() -> None:
    """Its cluster section stands in for the cluster."""
    decision, _ = decided(a_backend("a", pods=None, maximum=4, nodes=None), nodes=3)

    assert decision.mode == "pod"
    assert decision.considered[1].arithmetic == "1 Service x 3 nodes"


def test_what_is_in_force_is_known_without_a_cluster() -> None:
    """The cloud shows the present mode, and that is what stays."""
    backend = a_backend("a", pods=None, nodes=None)

    decision, _ = decided(backend, present=running(NODE, backend))

    assert decision.mode == "node-port"


@pytest.mark.parametrize(
    ("by_class", "by_settings", "by_account", "expected"),
    [
        (False, None, None, "node-port"),
        (True, False, False, "pod"),
        (None, False, True, "node-port"),
        (None, None, False, "node-port"),
        (None, None, None, "pod"),
    ],
)
def test_pods_that_do_not_exist_yet_are_believed_in_by_class_then_setting_then_account(
    *, by_class: bool | None, by_settings: bool | None, by_account: bool | None, expected: str
) -> None:
    """The nearest word counts; without one they are assumed reachable, and that is said."""
    options = {} if by_class is None else {"pods_routable": by_class}
    load_balancer = a_load_balancer(a_backend("a", pods=0, maximum=2), **options)

    decision, found = decide(
        load_balancer,
        room=ROOM,
        present=NOTHING_RUNS,
        settings=replace(some_settings(), pods_routable=by_settings),
        pods_routable=by_account,
    )

    assert decision.mode == expected
    silent = (by_class, by_settings, by_account) == (None, None, None)
    assert [d.code for d in found] == (["MODE-ASSUMED"] if silent else [])


def test_node_growth_is_part_of_the_sum() -> None:
    """Tomorrow's nodes must fit as well."""
    settings = replace(some_settings(), node_growth=1.5)

    decision, _ = decided(a_backend("a", nodes=3), settings=settings)

    assert decision.considered[1].targets == (5, 5)
    assert decision.considered[1].arithmetic == "1 Service x 5 nodes (growth 1.5 included)"


def test_uneven_node_counts_are_added_up_in_words() -> None:
    """Services with a Local traffic policy have fewer nodes than others."""
    decision, _ = decided(a_backend("a", nodes=3), a_backend("b", nodes=1))

    assert decision.considered[1].arithmetic == "3 + 1 nodes"


def test_long_sums_are_cut() -> None:
    """A sentence with a hundred addends helps nobody."""
    decision, _ = decided(*(a_backend(f"s{n}", pods=1) for n in range(8)))

    assert decision.considered[0].arithmetic == "1 + 1 + 1 + 1 + 1 + 3 more Services: pods"


def test_a_load_balancer_without_backends_decides_nothing() -> None:
    """Redirects and fixed answers need no targets."""
    decision, found = decided()

    assert decision == ModeDecision(mode="", reason="no backends", considered=(), backends=())
    assert found == []


def test_a_cloud_may_rule_out_node_ports() -> None:
    """A provider's reason is shown as it is."""
    backend = a_backend("a")
    room = replace(ROOM, node_port_impossible={backend.id: "every node is a Fargate node"})

    decision, _ = decided(backend, room=room)

    assert decision.considered[1].impossible == "every node is a Fargate node"
