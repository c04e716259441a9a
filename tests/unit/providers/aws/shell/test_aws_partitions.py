"""Promises in other partitions: China and GovCloud, against an emulator that names them so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from providers.aws import provider
from provisioner import wiring
from provisioner.engine.applying import Status
from provisioner.model.plan import Plan
from provisioner.model.settings import Identity, Settings
from provisioner.model.snapshot import Snapshot
from provisioner.ports import CloudTarget
from provisioner.sandbox.aws.account import Account, give_pod_addresses, make_account
from provisioner.sandbox.aws.pem import CertificateSpec
from provisioner.sandbox.aws.server import CloudServer
from tests.factories import (
    a_node,
    a_port,
    a_rule,
    a_service,
    a_slice,
    a_snapshot,
    an_endpoint,
    an_ingress,
    an_ingress_class,
)

PARTITIONS = [
    ("cn-north-1", "aws-cn", ".elb.amazonaws.com.cn", "410987650001"),
    ("us-gov-west-1", "aws-us-gov", ".elb.amazonaws.com", "410987650002"),
]
HOST = "shop.example.com"


@pytest.fixture(scope="module")
def cloud() -> Iterator[CloudServer]:
    """One server for all partitions."""
    with CloudServer() as server:
        yield server


def manifests(account: Account) -> Snapshot:
    """Return an HTTPS Ingress whose certificate ACM has, with one pod."""
    node = account.nodes[0]
    (pod,) = give_pod_addresses(account, 1)
    return a_snapshot(
        an_ingress_class(),
        an_ingress(
            "shop/web",
            rules=[a_rule(HOST)],
            annotations={"listen-ports": '[{"HTTPS": 443}]', "target-type": "ip"},
        ),
        a_service("shop/web", a_port(80)),
        a_slice("shop/web", an_endpoint(pod.address, node=node.name)),
        a_node(node.name, provider_id=node.provider_id),
        live=True,
    )


def planned(target: CloudTarget, settings: Settings, snapshot: Snapshot) -> Plan:
    """Return a plan by a reader of its own, which remembers nothing."""
    return wiring.planner(provider, wiring.open_reader(provider, target), settings).plan(snapshot)


@pytest.mark.parametrize(("region", "partition", "suffix", "number"), PARTITIONS)
def test_an_ingress_is_served_in_every_partition(
    cloud: CloudServer,
    monkeypatch: pytest.MonkeyPatch,
    region: str,
    partition: str,
    suffix: str,
    number: str,
) -> None:
    """ARNs of the partition are read, written and found again; a second plan has nothing to do."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", number)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    account = make_account(
        cloud.url,
        nodes=1,
        region=region,
        access_key=number,
        certificates=(CertificateSpec(hosts=(HOST,)),),
    )
    identity = Identity(cluster_name="demo")
    settings = Settings(identity=identity, settle_seconds=0.0)
    target = CloudTarget(identity=identity, region=region, endpoint_url=cloud.url)
    snapshot = manifests(account)

    plan = planned(target, settings, snapshot)
    applier = wiring.applier(
        provider,
        target,
        settings,
        reader=wiring.open_reader(provider, target),
        fence=wiring.OpenFence(),
        poll_seconds=0.05,
    )
    outcome = applier.run(plan, patient=True, report=lambda _: None)

    assert [r.error for r in outcome.of(Status.FAILED)] == []
    assert outcome.complete
    (address,) = provider.status_addresses("shop/web", outcome.outputs)
    assert address.endswith(suffix)
    assert region in address
    arns = [v for each in outcome.outputs.values() for n, v in each.items() if n.endswith("Arn")]
    assert arns
    assert all(arn.startswith(f"arn:{partition}:") for arn in arns)
    assert not planned(target, settings, snapshot).has_changes
