"""Other partitions than the commercial one: China and GovCloud."""

from __future__ import annotations

import pytest

from provisioner.sandbox.aws.account import make_account
from provisioner.sandbox.aws.pem import CertificateSpec
from provisioner.sandbox.aws.server import CloudServer
from tests.unit.sandbox.aws.workbench import Workbench, forward


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
    ],
)
def test_names_are_those_of_the_partition(
    cloud: CloudServer, region: str, partition: str, suffix: str
) -> None:
    """ARNs of every kind and the DNS name say which partition they are of."""
    account = make_account(
        cloud.url,
        zones=2,
        nodes=0,
        certificates=(CertificateSpec(hosts=("shop.example.cn",), key="ec"),),
        region=region,
        access_key="310987654321",
    )
    bench = Workbench(cloud, account)
    balancer, group = bench.balancer(), bench.group()
    listener = bench.secure_listener(balancer, DefaultActions=[forward(group)])
    rule = bench.rule(listener)

    (found,) = account.login.elbv2().describe_load_balancers()["LoadBalancers"]

    start = f"arn:{partition}:elasticloadbalancing:{region}:310987654321:"
    assert all(arn.startswith(start) for arn in (balancer, group, listener, rule))
    assert account.certificates[0].arn.startswith(f"arn:{partition}:acm:{region}:")
    assert found["DNSName"].endswith(f".{region}.elb.{suffix}")
