"""Promises of the record of what we registered with target groups that others use, too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from providers.aws import provider, shared_targets
from provisioner.kube.client import KubeClient, connect
from provisioner.kube.errors import Forbidden
from provisioner.kube.kinds import CONFIG_MAP
from provisioner.kube.registered import (
    NAME,
    NAMESPACE,
    TargetRecord,
    read_registered,
    record_key,
    with_registered,
)
from provisioner.model.change import Action, FieldChange, Step
from provisioner.model.errors import NotLeader
from provisioner.model.kube import Key
from provisioner.model.plan import LoadBalancerPlan, Plan
from provisioner.model.resource import Ref, Resource, Value, freeze, freeze_spec
from provisioner.model.snapshot import Snapshot
from provisioner.sandbox.cluster.server import ClusterServer
from provisioner.wiring import OpenFence
from tests.factories import a_service, a_snapshot, an_ingress

GROUP = "aws:target-group/shop/web/web:80/pod"
TARGETS = "aws:targets/shop/web/web:80/pod"
TAGS = freeze([{"Key": shared_targets.MARK, "Value": "shared"}])
SHARING = {"multi-cluster-target-group": "true"}


@pytest.fixture
def cluster() -> Iterator[ClusterServer]:
    """A cluster without a record."""
    with ClusterServer() as server:
        yield server


@pytest.fixture
def client(cluster: ClusterServer, tmp_path: Path) -> Iterator[KubeClient]:
    """A client of that cluster."""
    found = connect(kubeconfig=str(cluster.kubeconfig(tmp_path / "kubeconfig")), in_cluster=False)
    yield found
    found.close()


class ShutFence:
    """A fence of somebody who does not lead."""

    def check(self) -> None:
        """Refuse."""
        raise NotLeader("somebody else leads")


def members(*ids: str) -> Value:
    """Return targets."""
    return freeze([{"Id": each, "Port": 8080} for each in ids])


def a_plan(*wanted: str, before: tuple[str, ...] = (), deleted: bool = False) -> Plan:
    """Return a plan that brings a shared target group from some targets to others."""
    group = Resource(
        kind="TargetGroup",
        address=GROUP,
        group="shop/web",
        name="tg-1",
        spec=freeze_spec({"Tags": TAGS, "Name": "tg-1"}),
    )
    targets = Resource(
        kind="Targets",
        address=TARGETS,
        group="shop/web",
        spec=freeze_spec(
            {"TargetGroupArn": Ref(GROUP, "TargetGroupArn"), "Targets": members(*wanted)}
        ),
    )
    change = FieldChange(path="Targets", before=members(*before), after=members(*wanted))
    step = Step(
        id=TARGETS,
        action=Action.UPDATE,
        kind="Targets",
        address=TARGETS,
        group="shop/web",
        fields=(change,),
    )
    gone = Step(
        id=GROUP,
        action=Action.DELETE,
        kind="TargetGroup",
        address=GROUP,
        group="shop/web",
        fields=(
            FieldChange(path="Name", before="tg-1", after=None),
            FieldChange(path="Tags", before=TAGS, after=None),
        ),
    )
    return plan_of((), (gone,)) if deleted else plan_of((group, targets), (step,))


def plan_of(resources: tuple[Resource, ...], steps: tuple[Step, ...]) -> Plan:
    """Return a plan of one load balancer."""
    return Plan(
        provider="aws",
        cluster_name="test",
        digest="d",
        applyable=True,
        load_balancers=(part_of(resources, steps),),
        shared=part_of((), (), group="shared"),
    )


def part_of(
    resources: tuple[Resource, ...], steps: tuple[Step, ...], *, group: str = "shop/web"
) -> LoadBalancerPlan:
    """Return a part of a plan."""
    return LoadBalancerPlan(
        group=group, digest="d", applyable=True, resources=resources, steps=steps
    )


def a_record(client: KubeClient) -> TargetRecord:
    """Return the record of the default installation."""
    return TargetRecord(client, OpenFence(), provider, instance="default")


def known(client: KubeClient) -> dict[str, set[str]]:
    """Return what the record holds, by target group."""
    return {name: set(ours) for name, ours in read_registered(client, "default").items()}


def test_what_is_about_to_be_registered_is_noted_first(client: KubeClient) -> None:
    """Killed in between, the next controller still knows what may be its own."""
    a_record(client).before(a_plan("10.0.0.2", before=("10.0.0.1",)))

    assert known(client) == {"tg-1": {"10.0.0.1 8080", "10.0.0.2 8080"}}


def test_afterwards_the_record_holds_what_is_registered(client: KubeClient) -> None:
    """What was deregistered is forgotten only once that is done."""
    record, plan = a_record(client), a_plan("10.0.0.2", before=("10.0.0.1",))

    record.before(plan)
    record.after(plan)

    assert known(client) == {"tg-1": {"10.0.0.2 8080"}}


def test_a_target_group_that_is_deleted_leaves_nothing(
    client: KubeClient, cluster: ClusterServer
) -> None:
    """The record does not grow with the years."""
    record = a_record(client)
    record.before(a_plan("10.0.0.2"))

    record.after(a_plan(deleted=True))

    document = cluster.get("ConfigMap", NAME, NAMESPACE)
    assert document is not None
    assert document.get("data") == {}


def test_nothing_is_asked_where_no_target_group_is_shared(
    client: KubeClient, cluster: ClusterServer
) -> None:
    """Most installations never have such a ConfigMap, nor the right to read it."""
    cluster.faults.forbid("ConfigMap")
    record, plan = a_record(client), plan_of((), ())

    record.before(plan)
    record.after(plan)
    snapshot = a_snapshot(an_ingress(), a_service(), live=True)

    assert completed(snapshot, client) is snapshot


def completed(snapshot: Snapshot, client: KubeClient) -> Snapshot:
    """Return a snapshot with the record, where something in it asks for that."""
    return with_registered(snapshot, client=client, asking=provider.sharing, instance="default")


@pytest.mark.parametrize(
    "snapshot",
    [
        a_snapshot(an_ingress(annotations=SHARING), live=True),
        a_snapshot(an_ingress(), a_service(annotations=SHARING), live=True),
    ],
    ids=["Ingress", "Service"],
)
def test_a_snapshot_has_the_record_where_something_asks(
    client: KubeClient, snapshot: Snapshot
) -> None:
    """On an Ingress or on a Service."""
    a_record(client).before(a_plan("10.0.0.2"))

    assert completed(snapshot, client).registered == {"tg-1": frozenset({"10.0.0.2 8080"})}


def test_a_record_that_may_not_be_read_stops_whoever_needs_it(
    client: KubeClient, cluster: ClusterServer
) -> None:
    """Forbidden is not empty: without the record nobody can tell whose a target is."""
    cluster.faults.forbid("ConfigMap")

    with pytest.raises(Forbidden):
        completed(a_snapshot(an_ingress(annotations=SHARING), live=True), client)


def test_nobody_writes_who_does_not_lead(client: KubeClient) -> None:
    """The record has one writer, as the cloud has."""
    record = TargetRecord(client, ShutFence(), provider, instance="default")

    with pytest.raises(NotLeader):
        record.before(a_plan("10.0.0.2"))

    assert known(client) == {}


def test_installations_have_records_of_their_own() -> None:
    """Two of them may run in one cluster."""
    assert record_key("default") == Key(NAMESPACE, NAME)
    assert record_key("blue").name == f"{NAME}-blue"
    assert CONFIG_MAP.path(namespace=NAMESPACE) == "/api/v1/namespaces/kube-system/configmaps"
