"""A mistake never leaves rules that lead nowhere: the last good ones keep following their pods.

An Ingress that works is edited into something that cannot be planned, and names its old Service no
longer. Then the old Service's Deployment is rolled, or the nodes change. Whatever the mistake, the
target group that the last good rules forward to gets the new targets, and nothing else is touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from provisioner.model.intent import Compatibility
from provisioner.model.kube import NO_STRINGS, Ingress, Key
from provisioner.model.plan import Plan
from provisioner.model.resource import Observed, Value
from provisioner.model.settings import Settings
from tests.conformance.pipeline import a_cluster, applied, blamed, part, plan, some_files
from tests.factories import (
    KubeObject,
    a_node,
    a_path,
    a_port,
    a_rule,
    a_service,
    a_slice,
    an_endpoint,
    an_ingress,
    some_settings,
)

WEB = Key("shop", "web")
OLD_POD, NEW_POD = "10.0.0.5", "10.0.0.77"
GROUPS: Mapping[str, Mapping[str, str]] = {"shop/web": {}, "edge": {"group.name": "edge"}}
IDS = {"shop/web": "old:{port}/{mode}", "edge": "shop/web/old:{port}/{mode}"}


def a_backend(
    name: str, pod: str, *, annotations: Mapping[str, str] = NO_STRINGS
) -> tuple[KubeObject, ...]:
    port = a_port(80, name="http", node_port=30080)
    service = a_service(f"shop/{name}", port, annotations=annotations)
    return service, a_slice(f"shop/{name}", an_endpoint(pod), port_name="http")


def web(
    group: str,
    *backends: str,
    default: str = "",
    annotations: Mapping[str, str] = NO_STRINGS,
    host: str = "web.example.com",
) -> Ingress:
    paths = [a_path("/" if not n else f"/{n}", to) for n, to in enumerate(backends)]
    return an_ingress(
        str(WEB),
        rules=[a_rule(host, *paths)] if paths else [],
        default_backend=default,
        annotations={**GROUPS[group], **annotations},
        created="2026-01-02T00:00:00Z",
    )


def members(group: str, ingress: Ingress) -> tuple[Ingress, ...]:
    """Return an Ingress with its neighbour, where the load balancer has another member."""
    api = an_ingress(
        "shop/api",
        rules=[a_rule("api.example.com", a_path("/", "api:80"))],
        annotations={"group.name": "edge", "scheme": "internal"},
        created="2026-01-01T00:00:00Z",
    )
    return (api, ingress) if group == "edge" else (ingress,)


def around(
    pod: str, *, nodes: Sequence[str] = ("n1",), service: Mapping[str, str] = NO_STRINGS
) -> tuple[KubeObject, ...]:
    """Return the Services of everyone, the pod behind the old one, and nodes."""
    return (
        *a_backend("api", "10.0.0.9"),
        *a_backend("other", "10.0.0.8"),
        *a_backend("old", pod, annotations=service),
        *(a_node(name) for name in nodes),
    )


def settings(
    mode: str = "pod", compatibility: Compatibility = Compatibility.KUBERNETES
) -> Settings:
    return some_settings(target_mode=mode, compatibility=compatibility)


def changes(plan_: Plan, group: str) -> dict[str, Value]:
    """Return what would be done to a load balancer: address -> all that it would be then."""
    return {
        step.address: field_.after for step in part(plan_, group).changes for field_ in step.fields
    }


def old_targets(group: str, *, port: str = "80", mode: str = "pod") -> str:
    return f"aws:targets/{group}/{IDS[group].format(port=port, mode=mode)}"


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """What an Ingress becomes, its Service's annotations, and the limits that then hold."""

    backends: tuple[str, ...] = ("old:80",)
    annotations: Mapping[str, str] = field(default_factory=dict)
    service: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)


UNREADABLE = {"healthcheck-interval-seconds": "often"}
MISTAKES = {
    "a Service that does not exist": Mistake(backends=("no-such:80",)),
    "a port that the Service does not have": Mistake(backends=("old:81",)),
    "an annotation that cannot be read": Mistake(annotations=UNREADABLE),
    "another Service and an unreadable annotation": Mistake(
        backends=("other:80",), annotations=UNREADABLE
    ),
    "another Service with settings that AWS refuses": Mistake(
        backends=("other:80",), annotations={"healthcheck-timeout-seconds": "60"}
    ),
    "an annotation of the Service that cannot be read": Mistake(service=UNREADABLE),
    "more paths than a limit allows": Mistake(
        backends=("other:80",) * 6, limits={"rules-per-application-load-balancer": 3}
    ),
}


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_last_good_rules_follow_their_pods(mistake: str, group: str) -> None:
    """Whole Ingress or single path, refused by us, by AWS or for want of room: all the same."""
    said = MISTAKES[mistake]
    good = applied(plan(a_cluster(*members(group, web(group, "old:80")), *around(OLD_POD))))
    broken = members(group, web(group, *said.backends, annotations=said.annotations))

    result = plan(
        a_cluster(*broken, *around(NEW_POD, service=said.service)), good, limits=said.limits
    )

    assert blamed(result) == {WEB}
    assert changes(result, group) == {old_targets(group): ({"Id": NEW_POD, "Port": 8080},)}


def test_a_conflict_with_another_member_changes_nothing_about_following() -> None:
    """The one that came later is wrong about the scheme; its pods are none the worse."""
    good = applied(plan(a_cluster(*members("edge", web("edge", "old:80")), *around(OLD_POD))))
    wrong = web("edge", "other:80", annotations={"scheme": "internet-facing"})

    result = plan(a_cluster(*members("edge", wrong), *around(NEW_POD)), good)

    assert blamed(result) == {WEB}
    assert changes(result, "edge") == {old_targets("edge"): ({"Id": NEW_POD, "Port": 8080},)}


@pytest.mark.parametrize(
    ("service", "annotations"),
    [("no-such", NO_STRINGS), ("other", UNREADABLE)],
    ids=["a Service that does not exist", "an annotation that cannot be read"],
)
@pytest.mark.parametrize("group", GROUPS)
def test_a_default_backend_follows_its_pods(
    group: str, service: str, annotations: Mapping[str, str]
) -> None:
    """It is a rule like any other, whoever reads it."""
    good = applied(plan(a_cluster(*members(group, web(group, default="old:80")), *around(OLD_POD))))
    wrong = web(group, default=f"{service}:80", annotations=annotations)

    result = plan(a_cluster(*members(group, wrong), *around(NEW_POD)), good)

    assert changes(result, group) == {old_targets(group): ({"Id": NEW_POD, "Port": 8080},)}


@pytest.mark.parametrize("group", GROUPS)
def test_node_ports_follow_the_nodes(group: str) -> None:
    """A node that joins takes traffic for broken Ingresses, too; one that is gone does not."""
    how = settings("node-port")
    before = a_cluster(*members(group, web(group, "old:80")), *around(OLD_POD, nodes=("n1",)))
    good = applied(plan(before, settings=how))
    broken = members(group, web(group, "no-such:80"))

    result = plan(a_cluster(*broken, *around(OLD_POD, nodes=("n2", "n3"))), good, settings=how)

    followed = changes(result, group)[old_targets(group, mode="node-port")]
    assert followed == ({"Id": "i-n2", "Port": 30080}, {"Id": "i-n3", "Port": 30080})


@pytest.mark.parametrize("names", ["no-such:80", "old:80"], ids=["edited", "as it was"])
@pytest.mark.parametrize("where", ["Ingress", "Service"])
def test_nodes_that_are_chosen_by_unreadable_labels_stay(where: str, names: str) -> None:
    """Not knowing which nodes are meant is no reason to register all of them."""
    how = settings("node-port")
    good = applied(
        plan(a_cluster(web("shop/web", "old:80"), *around(OLD_POD, nodes=("n1",))), settings=how)
    )
    wrong = {"target-node-labels": "=,="}
    broken = web("shop/web", names, annotations=wrong if where == "Ingress" else NO_STRINGS)
    service = wrong if where == "Service" else NO_STRINGS

    result = plan(
        a_cluster(broken, *around(OLD_POD, nodes=("n1", "n2"), service=service)),
        good,
        settings=how,
    )

    assert blamed(result) == {WEB}
    assert changes(result, "shop/web") == {}


@pytest.mark.parametrize("port", ["80", "http"])
@pytest.mark.parametrize("group", GROUPS)
def test_what_the_incumbent_would_have_made_follows_alike(group: str, port: str) -> None:
    """There a port keeps the name that the Ingress wrote, and so does its target group."""
    how = settings("pod", Compatibility.INCUMBENT)
    good = applied(
        plan(a_cluster(*members(group, web(group, f"old:{port}")), *around(OLD_POD)), settings=how)
    )
    wrong = web(group, "other:80", annotations=UNREADABLE)

    result = plan(a_cluster(*members(group, wrong), *around(NEW_POD)), good, settings=how)

    followed = changes(result, group)
    assert followed == {old_targets(group, port=port): ({"Id": NEW_POD, "Port": 8080},)}


@pytest.mark.parametrize(
    "gone",
    [
        (),
        (a_service("shop/old", a_port(8081)),),
        (a_service("shop/old", a_port(80), service_type="ExternalName"),),
    ],
    ids=["no Service", "no such port", "no pods of its own"],
)
def test_who_cannot_be_followed_is_left_alone(gone: tuple[KubeObject, ...]) -> None:
    """Where nobody can tell who is behind it, what serves last serves on."""
    good = applied(plan(a_cluster(web("shop/web", "old:80"), *around(OLD_POD))))
    rest = [o for o in around(OLD_POD) if getattr(o, "key", None) != Key("shop", "old")]
    rest = [o for o in rest if getattr(o, "service", "") != "old"]

    result = plan(a_cluster(web("shop/web", "no-such:80"), *rest, *gone), good)

    assert changes(result, "shop/web") == {}


def test_a_mended_ingress_lets_its_old_service_go() -> None:
    """Following ends when the rule leads elsewhere: nothing is kept for its own sake."""
    good = applied(plan(a_cluster(web("shop/web", "old:80"), *around(OLD_POD))))
    held = applied(plan(a_cluster(web("shop/web", "no-such:80"), *around(OLD_POD)), good))

    result = plan(a_cluster(web("shop/web", "other:80"), *around(NEW_POD)), held)

    done = {(step.action.value, step.address) for step in part(result, "shop/web").changes}
    assert ("delete", "aws:target-group/shop/web/old:80/pod") in done
    assert ("create", "aws:target-group/shop/web/other:80/pod") in done
    assert old_targets("shop/web") not in {
        address for action, address in done if action == "update"
    }


def test_what_files_do_not_mention_follows_where_the_pods_are_known() -> None:
    """Its Ingress is somebody else's file; the pods are in the cluster for all to see."""
    good = applied(plan(a_cluster(*members("edge", web("edge", "old:80")), *around(OLD_POD))))
    (api, _) = members("edge", web("edge", "old:80"))

    known = plan(some_files(api, *around(NEW_POD)), good)
    unknown = plan(some_files(api, *backends_alone()), good)

    assert changes(known, "edge") == {old_targets("edge"): ({"Id": NEW_POD, "Port": 8080},)}
    assert old_targets("edge") not in {step.address for step in part(unknown, "edge").changes}


def backends_alone() -> tuple[KubeObject, ...]:
    """Return Services as files have them: without pods and nodes."""
    return tuple(o for o in around(NEW_POD) if hasattr(o, "ports") and hasattr(o, "selector"))


def test_a_load_balancer_that_cannot_be_planned_at_all_follows_its_pods() -> None:
    """Subnets that do not exist stop everything but the pods."""
    good = applied(plan(a_cluster(web("shop/web", "old:80"), *around(OLD_POD))))
    stopped = web("shop/web", "old:80", annotations={"subnets": "subnet-none-1,subnet-none-2"})

    result = plan(a_cluster(stopped, *around(NEW_POD)), good)

    assert blamed(result) == {WEB}
    assert changes(result, "shop/web") == {
        old_targets("shop/web"): ({"Id": NEW_POD, "Port": 8080},)
    }


def test_nothing_observed_means_nothing_to_follow() -> None:
    """An Ingress that never worked has no old Service."""
    result = plan(a_cluster(web("shop/web", "no-such:80"), *around(OLD_POD)), Observed())

    assert "old" not in "".join(step.address for step in part(result, "shop/web").changes)
