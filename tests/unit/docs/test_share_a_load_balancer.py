"""Promises of the page on sharing a load balancer: its policy does what the page says of it."""

from __future__ import annotations

import io
import re
import textwrap

import pytest

from provisioner.core.tenancy import Answer, Tenancy
from provisioner.kube.manifests import read_manifests
from provisioner.model.snapshot import Snapshot
from provisioner.sandbox.cluster.documents import parts
from provisioner.sandbox.cluster.server import ClusterServer
from tests.unit.docs.places import EXAMPLES

PAGE = EXAMPLES.parent / "how-to" / "share-a-load-balancer.md"
NAMESPACES = """\
---
apiVersion: v1
kind: Namespace
metadata: {name: billing, labels: {team: payments}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: platform}
"""


def manifest() -> str:
    """Return the policy as the page prints it."""
    blocks = re.findall(r"(?:^ {4}.*\n|^\n)+", PAGE.read_text(), re.MULTILINE)
    [block] = [found for found in blocks if "kind: LoadBalancerClass" in found]
    return textwrap.dedent(block)


def snapshot() -> Snapshot:
    """Return the policy, a namespace of the payments team and two others."""
    text = manifest() + NAMESPACES
    return read_manifests(["-"], stdin=io.BytesIO(text.encode())).snapshot


def test_the_policy_is_accepted_and_stored_as_it_is() -> None:
    """By the API server, with the definition of docs/examples."""
    cluster = ClusterServer(custom_resources=())
    cluster.apply(EXAMPLES / "crds.yaml")

    cluster.apply(manifest())

    stored = cluster.get("LoadBalancerClass", "shared")
    assert stored is not None
    assert len(parts(stored, "spec", "tenants")) == 3


@pytest.mark.parametrize(
    ("namespace", "host", "answer"),
    [
        ("shop", "shop.example.com", Answer.YES),
        ("shop", "api.shop.example.com", Answer.YES),
        ("shop", "myshop.example.com", Answer.NO),
        ("billing", "api.pay.example.com", Answer.YES),
        ("platform", "api.pay.example.com", Answer.NO),
        ("platform", "*.example.com", Answer.YES),
        ("shop", "*.example.com", Answer.NO),
        ("platform", "whatever.example.org", Answer.YES),
        ("shop", "whatever.example.org", Answer.NO),
    ],
)
def test_hosts_are_whose_the_page_says(namespace: str, host: str, answer: Answer) -> None:
    """The longest suffix decides; what nobody lists is for the owner of the asterisk."""
    tenancy = Tenancy(snapshot(), "aws")

    assert tenancy.host(namespace, host, own="shared").answer is answer


@pytest.mark.parametrize(
    ("namespace", "group", "joins", "governs"),
    [
        ("platform", "edge", Answer.YES, Answer.YES),
        ("shop", "edge", Answer.YES, Answer.NO),
        ("billing", "payments", Answer.YES, Answer.FREE),
        ("shop", "payments", Answer.NO, Answer.FREE),
        ("shop", "another", Answer.NO, Answer.FREE),
    ],
)
def test_groups_are_whose_the_page_says(
    namespace: str, group: str, joins: Answer, governs: Answer
) -> None:
    """A closed list; where nobody governs, every member may state settings."""
    tenancy = Tenancy(snapshot(), "aws")

    assert tenancy.join(namespace, group, own="shared").answer is joins
    assert tenancy.govern(namespace, group, own="shared").answer is governs


def test_every_code_of_the_page_exists() -> None:
    """A code that nobody emits would be looked for in vain."""
    core = EXAMPLES.parents[1] / "provisioner" / "core"
    source = "".join(path.read_text() for path in core.glob("*.py"))

    codes = set(re.findall(r"`([A-Z]+(?:-[A-Z]+)+)`", PAGE.read_text()))

    assert codes
    assert {code for code in codes if f'"{code}"' not in source} == set()
