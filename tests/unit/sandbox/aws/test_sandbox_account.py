"""The account builder and the proof that nothing is left, on the sandbox and on plain moto."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from provisioner.sandbox.aws.account import (
    Account,
    add_node,
    give_pod_addresses,
    make_account,
)
from provisioner.sandbox.aws.leftovers import leftovers
from provisioner.sandbox.aws.pem import CertificateSpec
from provisioner.sandbox.aws.server import CloudServer
from tests.unit.sandbox.aws.workbench import Workbench, forward

PLAIN_MOTO = """
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
input()
"""


@pytest.fixture(scope="module")
def plain_moto() -> Iterator[str]:
    """URL of an unmodified moto server, in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", PLAIN_MOTO],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    process.communicate("\n", timeout=10)


@pytest.fixture(params=["sandbox", "plain moto"])
def endpoint(request: pytest.FixtureRequest, cloud: CloudServer) -> str:
    """Each of the two servers in turn."""
    if request.param == "sandbox":
        return cloud.url
    url: str = request.getfixturevalue("plain_moto")
    return url


def subnet_tags(account: Account) -> dict[str, dict[str, str]]:
    """Tags by subnet id."""
    found = account.login.ec2().describe_subnets(
        Filters=[{"Name": "vpc-id", "Values": [account.vpc_id]}]
    )["Subnets"]
    return {
        each["SubnetId"]: {tag["Key"]: tag["Value"] for tag in each.get("Tags", [])}
        for each in found
    }


def test_an_account_has_what_a_cluster_needs(endpoint: str) -> None:
    """Subnets tagged for load balancers, nodes behind a tagged group, certificates issued."""
    account = make_account(
        endpoint,
        cluster_name="blue",
        certificates=[CertificateSpec(hosts=("a.example.com", "*.example.com"))],
        access_key="100000000001",
    )
    ec2, tags = account.login.ec2(), subnet_tags(account)

    for subnet in account.subnets:
        role = "kubernetes.io/role/elb" if subnet.public else "kubernetes.io/role/internal-elb"
        assert tags[subnet.subnet_id][role] == "1"
        assert tags[subnet.subnet_id]["kubernetes.io/cluster/blue"] == "shared"
    (group,) = ec2.describe_security_groups(
        Filters=[{"Name": "tag:kubernetes.io/cluster/blue", "Values": ["owned"]}]
    )["SecurityGroups"]
    assert group["GroupId"] == account.node_group_id
    assert {node.zone for node in account.nodes} == {"eu-central-1a", "eu-central-1b"}
    node = account.nodes[0]
    assert re.fullmatch(r"aws:///eu-central-1a/i-[0-9a-f]{17}", node.provider_id)
    (certificate,) = account.login.acm().list_certificates(CertificateStatuses=["ISSUED"])[
        "CertificateSummaryList"
    ]
    assert certificate["CertificateArn"] == account.certificates[0].arn


def test_public_subnets_reach_the_internet(endpoint: str) -> None:
    """And private ones do not: reachability can serve where tags are missing."""
    account = make_account(endpoint, role_tags=False, cluster_tags=False, access_key="100000000002")
    tables = account.login.ec2().describe_route_tables(
        Filters=[{"Name": "vpc-id", "Values": [account.vpc_id]}]
    )["RouteTables"]

    public = {
        association["SubnetId"]
        for table in tables
        if any(route.get("GatewayId", "").startswith("igw-") for route in table["Routes"])
        for association in table["Associations"]
        if "SubnetId" in association
    }

    assert public == {each.subnet_id for each in account.public_subnets}
    assert all(
        not key.startswith("kubernetes.io/")
        for tags in subnet_tags(account).values()
        for key in tags
    )


def test_parts_can_be_left_out(endpoint: str) -> None:
    """One public subnet only, or none at all."""
    one = make_account(endpoint, public=1, private=0, nodes=1, access_key="100000000003")
    none = make_account(endpoint, public=0, private=0, nodes=0, access_key="100000000004")

    assert (len(one.public_subnets), len(one.private_subnets), len(one.nodes)) == (1, 0, 1)
    assert none.subnets == ()
    with pytest.raises(ValueError, match="nodes need a subnet"):
        make_account(endpoint, public=0, private=0, access_key="100000000005")


def test_nodes_and_pod_addresses_can_be_added(endpoint: str) -> None:
    """Pods get addresses of their node's subnet, on the interface of their node."""
    account = make_account(endpoint, access_key="100000000006")
    node = add_node(account, zone="eu-central-1b")
    pods = give_pod_addresses(account, 3)
    more = give_pod_addresses(account, 1, skip=10, nodes=[node])

    interfaces = account.login.ec2().describe_network_interfaces(
        NetworkInterfaceIds=[account.nodes[0].interface_id, node.interface_id]
    )["NetworkInterfaces"]
    attached = {
        each["NetworkInterfaceId"]: {
            address["PrivateIpAddress"] for address in each["PrivateIpAddresses"]
        }
        for each in interfaces
    }
    assert node.zone == "eu-central-1b"
    assert {pods[0].address, pods[2].address} <= attached[account.nodes[0].interface_id]
    assert more[0].address in attached[node.interface_id]
    assert len({pod.address for pod in (*pods, *more)}) == 4


def test_a_fresh_account_has_nothing_left(endpoint: str) -> None:
    """What the builder makes is no leftover."""
    make_account(endpoint, access_key="100000000007")

    assert leftovers(endpoint, access_key="100000000007") == {}


def test_leftovers_name_everything_a_controller_makes(bench: Workbench) -> None:
    """Kind by kind, until it is deleted again."""
    login = bench.account.login
    key = login.access_key
    bench.cloud.configure(interface_linger_seconds=60, page_size=2)
    before = leftovers(bench.cloud.url, access_key=key).get("security-groups", ())
    security_group = bench.security_group()
    balancer = bench.balancer("web", SecurityGroups=[security_group])
    group = bench.group("pods")
    listener = bench.listener(balancer, DefaultActions=[forward(group)])
    rule = bench.rule(listener)
    permission = {
        "IpProtocol": "tcp",
        "FromPort": 80,
        "ToPort": 80,
        "UserIdGroupPairs": [{"GroupId": security_group}],
    }
    node_group = bench.account.node_group_id
    (node_rule,) = bench.ec2.authorize_security_group_ingress(
        GroupId=node_group,
        IpPermissions=[permission],  # type: ignore[list-item]  # a plain dict
    )["SecurityGroupRules"]

    found = leftovers(bench.cloud.url, access_key=key)

    assert found["load-balancers"] == ("web",)
    assert found["listeners"] == (listener,)
    assert found["rules"] == (rule,)
    assert found["target-groups"] == ("pods",)
    assert found["node-security-group-rules"] == (node_rule["SecurityGroupRuleId"],)
    assert len(found["network-interfaces"]) == 2
    assert len(found["security-groups"]) == len(before) + 1

    bench.elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    bench.elbv2.delete_target_group(TargetGroupArn=group)
    bench.ec2.revoke_security_group_ingress(
        GroupId=node_group, SecurityGroupRuleIds=[node_rule["SecurityGroupRuleId"]]
    )
    assert set(leftovers(bench.cloud.url, access_key=key)) <= {
        "network-interfaces",
        "security-groups",
    }
    bench.cloud.advance(60)
    bench.ec2.delete_security_group(GroupId=security_group)
    assert leftovers(bench.cloud.url, access_key=key).get("security-groups", ()) == before
