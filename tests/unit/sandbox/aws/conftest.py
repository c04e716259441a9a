"""One server and one VPC for the whole folder: making a VPC takes longer than most tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from provisioner.sandbox.aws.account import Account, make_account
from provisioner.sandbox.aws.pem import CertificateSpec
from provisioner.sandbox.aws.server import CloudServer
from tests.unit.sandbox.aws.workbench import Workbench

# An account of its own: other tests in this process may run a server over the same moto.
ACCOUNT_NUMBER = "210987654321"
CERTIFICATES = (
    CertificateSpec(hosts=("shop.example.com", "*.example.com")),
    CertificateSpec(hosts=("api.example.com",), days=30),
    CertificateSpec(hosts=("ec.example.com",), key="ec"),
)


@pytest.fixture(scope="session")
def running_cloud() -> Iterator[CloudServer]:
    """The folder's server."""
    with CloudServer() as cloud:
        yield cloud


@pytest.fixture
def cloud(running_cloud: CloudServer) -> CloudServer:
    """The server without load balancers, every knob at its default."""
    running_cloud.reset(keep_network=True)
    return running_cloud


@pytest.fixture(scope="session")
def made_accounts() -> dict[str, Account]:
    """The account, once made; another test's reset may have wiped it away."""
    return {}


@pytest.fixture
def bench(cloud: CloudServer, made_accounts: dict[str, Account]) -> Workbench:
    """Plain boto3 on an account with a VPC, two nodes and three certificates."""
    account = made_accounts.get("account")
    if account is None or not _exists(account):
        account = make_account(
            cloud.url, zones=3, certificates=CERTIFICATES, access_key=ACCOUNT_NUMBER
        )
        made_accounts["account"] = account
    cloud.calls.clear()
    return Workbench(cloud, account)


def _exists(account: Account) -> bool:
    vpcs = account.login.ec2().describe_vpcs()["Vpcs"]
    return account.vpc_id in {each["VpcId"] for each in vpcs}
