"""A cluster beside an account that holds everything which annotations can name."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from provisioner.sandbox.aws.account import Account
from tests.contract.annotations.things import Things, make_subnets, make_things
from tests.contract.provider.aws import AwsUnderTest
from tests.contract.provider.desk import Desk, failures
from tests.contract.provider.manifests import NAMESPACE, Document
from tests.unit.core.secrets.pems import PrivateKey, a_pair

DISKS = ("fast", "slow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One cluster and its account.

    Attributes:
        desk: The cluster: nodes (one with a fast disk, one with a slow one), Services ``web`` and
            ``cart``, a certificate in the Secret ``tls`` and a client secret in ``idp``.
        cloud: The account.
        things: What annotations can name.
    """

    desk: Desk
    cloud: AwsUnderTest
    things: Things

    def clear_out(self) -> None:
        """Delete every Ingress, apply, and hold that nothing but the things is left."""
        self.desk.drop(*[key for key in self.desk.documents if key.startswith("Ingress ")])
        failed = failures(self.desk.apply())
        assert not failed, failed
        left = {
            kind: [name for name in names if not name.startswith("own-")]
            for kind, names in self.cloud.leftovers().items()
        }
        assert not any(left.values()), left


class Subnets:
    """Further subnets in an account; made again where another test has emptied all of AWS."""

    def __init__(self) -> None:
        self._account: Account | None = None
        self._made: Mapping[str, str] = {}

    def of(self, account: Account) -> Mapping[str, str]:
        """Return their ids by name."""
        if self._account is not account:
            self._account, self._made = account, make_subnets(account)
        return self._made


def make_site(cloud: AwsUnderTest, further: Subnets, folder: Path) -> Site:
    """Empty the account but for its network, and fill it with things."""
    cloud.reset()
    subnets = further.of(cloud.account)
    nodes = {f"node_{x}": n.instance_id for x, n in zip("ab", cloud.account.nodes, strict=True)}
    things = make_things(cloud.account, {**subnets, **nodes})
    desk = Desk(cloud=cloud, folder=folder)
    desk.furnish("web", "cart")
    for machine, disk in zip(cloud.machines, DISKS, strict=True):
        node = desk.documents[f"Node {machine.name}"]
        metadata = node["metadata"]
        assert isinstance(metadata, dict)
        metadata["labels"] = {"disk": disk}
    desk.put(*_secrets())
    return Site(desk=desk, cloud=cloud, things=things)


def _secrets() -> list[Document]:
    return [a_tls_secret("*.shop.example.com"), a_client_secret("between us")]


def a_tls_secret(host: str, *, key: PrivateKey | None = None) -> Document:
    """Return the Secret ``tls`` with a new certificate for a host; the key is an EC one."""
    start = datetime.now(UTC) - timedelta(days=1)
    pair = a_pair(host, key=key, start=start)
    data = {"tls.crt": pair.certificate, "tls.key": pair.key}
    return _secret("tls", data, kind="kubernetes.io/tls")


def a_client_secret(text: str) -> Document:
    """Return the Secret ``idp`` of an identity provider."""
    return _secret("idp", {"clientID": "client", "clientSecret": text}, kind="Opaque")


def _secret(name: str, data: Mapping[str, str], *, kind: str) -> Document:
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "type": kind,
        "data": dict(encoded),
    }
