"""Two servers for the whole folder: the sandbox's, and an unmodified moto in its own process.

moto keeps its state in the process and the sandbox replaces parts of it, so the unmodified one
cannot live beside it.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from urllib.request import Request, urlopen

import pytest

from providers.aws.client import Clients, ReadGate
from providers.aws.reader import AwsReader
from provisioner.model.settings import Identity
from provisioner.sandbox.aws.account import Account, make_account
from provisioner.sandbox.aws.pem import CertificateSpec
from provisioner.sandbox.aws.server import CloudServer
from tests.unit.providers.aws.shell.clouds import World

ACCOUNT_NUMBER = "310987654321"
CERTIFICATES = (
    CertificateSpec(hosts=("shop.example.com", "*.shop.example.com")),
    CertificateSpec(hosts=("api.example.com",), key="ec"),
)
STOCK_MOTO = """
from moto.server import ThreadedMotoServer
import sys
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
print(f"http://{host}:{port}", flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words for credentials, and nothing of the machine's own configuration."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT_NUMBER)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def running_cloud() -> Iterator[CloudServer]:
    """The folder's sandbox."""
    with CloudServer() as cloud:
        yield cloud


@pytest.fixture
def cloud(running_cloud: CloudServer) -> CloudServer:
    """The sandbox without load balancers, every knob at its default."""
    running_cloud.reset(keep_network=True)
    return running_cloud


@pytest.fixture(scope="session")
def made_accounts() -> dict[str, Account]:
    """Accounts by endpoint; making one takes longer than most tests."""
    return {}


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    """Numbers that make every test's cluster another one, for security groups stay."""
    return itertools.count(1)


@pytest.fixture
def world(cloud: CloudServer, made_accounts: dict[str, Account], numbers: Iterator[int]) -> World:
    """A cluster of its own in the sandbox's account."""
    account = _account(cloud.url, made_accounts)
    cloud.calls.clear()
    return World(account, Identity(cluster_name=f"c{next(numbers)}", cluster_uid="u-1"))


@pytest.fixture(scope="session")
def stock_moto() -> Iterator[str]:
    """The address of an unmodified moto server."""
    process = subprocess.Popen(
        [sys.executable, "-c", STOCK_MOTO],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the server has no pipes")
        yield process.stdout.readline().strip()
        process.stdin.close()


@pytest.fixture
def stock_world(stock_moto: str, numbers: Iterator[int]) -> World:
    """A cluster of its own in an empty account of the unmodified moto."""
    with urlopen(Request(f"{stock_moto}/moto-api/reset", method="POST")):  # noqa: S310 - our own server
        account = make_account(stock_moto, access_key=ACCOUNT_NUMBER, certificates=CERTIFICATES)
    return World(account, Identity(cluster_name=f"c{next(numbers)}", cluster_uid="u-1"))


@pytest.fixture
def reader(world: World) -> Iterator[AwsReader]:
    """A reader of the sandbox's account."""
    reader = AwsReader(Clients(world.target, ReadGate()))
    yield reader
    reader.close()


def _account(url: str, made: dict[str, Account]) -> Account:
    """Return the account behind a server, made anew where somebody's reset has emptied it."""
    known = made.get(url)
    if known is not None:
        filters = [{"Name": "vpc-id", "Values": [known.vpc_id]}]
        if known.login.ec2().describe_vpcs(Filters=filters)["Vpcs"]:  # type: ignore[arg-type]
            return known
    made[url] = make_account(url, access_key=ACCOUNT_NUMBER, certificates=CERTIFICATES)
    return made[url]
