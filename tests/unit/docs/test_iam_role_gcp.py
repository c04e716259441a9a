"""Promises of the roles for Google Cloud: what the product can call, and no more.

Which permissions a method takes is spelled out here by rules of its own, so that the code's words
for them (in hints) are held to it as well.
"""

from __future__ import annotations

import yaml

from providers.gcp.methods import permissions
from tests.unit.docs.gcp_operations import reads, reads_of_writers, writes
from tests.unit.docs.places import EXAMPLES

WHOLE = "iam-role-gcp.yaml"
READ_ONLY = "iam-role-gcp-read-only.yaml"
LARGEST_ROLE = 3000
"""Permissions of a custom role ("IAM quotas and limits")."""

WORDS = {
    "insert": "create",
    "patch": "update",
    "aggregatedList": "list",
    "listInstances": "list",
    "listNetworkEndpoints": "get",
    "getHealth": "get",
    "getXpnHost": "get",
    "addInstances": "update",
    "removeInstances": "update",
    "setNamedPorts": "update",
}
"""Verbs that IAM has another word for ("IAM Permissions" of each method's reference)."""

TWINS = {
    "addresses": "globalAddresses",
    "backendServices": "regionBackendServices",
    "forwardingRules": "globalForwardingRules",
    "healthChecks": "regionHealthChecks",
    "sslCertificates": "regionSslCertificates",
    "sslPolicies": "regionSslPolicies",
    "targetHttpProxies": "regionTargetHttpProxies",
    "targetHttpsProxies": "regionTargetHttpsProxies",
    "urlMaps": "regionUrlMaps",
}
"""What a listing of all places lists besides."""

FOR_REFERENCES = frozenset(
    {
        "certificatemanager.certmaps.use",
        "compute.addresses.use",
        "compute.addresses.useInternal",
        "compute.backendServices.use",
        "compute.globalAddresses.use",
        "compute.healthChecks.useReadOnly",
        "compute.instanceGroups.use",
        "compute.instances.use",
        "compute.networkEndpointGroups.use",
        "compute.networks.updatePolicy",
        "compute.networks.use",
        "compute.regionBackendServices.use",
        "compute.regionHealthChecks.useReadOnly",
        "compute.regionSslPolicies.use",
        "compute.regionTargetHttpProxies.use",
        "compute.regionTargetHttpsProxies.use",
        "compute.regionUrlMaps.use",
        "compute.securityPolicies.use",
        "compute.sslPolicies.use",
        "compute.subnetworks.use",
        "compute.targetHttpProxies.use",
        "compute.targetHttpsProxies.use",
        "compute.urlMaps.use",
    }
)
"""What Google asks for when one resource is to refer to another."""


def role(name: str) -> list[str]:
    """Return the permissions of a role in the examples."""
    found = yaml.safe_load((EXAMPLES / name).read_text(encoding="utf-8"))
    assert found["stage"] == "GA"
    return list(found["includedPermissions"])


def needed(names: frozenset[str]) -> set[str]:
    """Return the permissions that methods take."""
    found = set[str]()
    for name in names:
        group, _, verb = name.partition(".")
        groups = (group, TWINS[group]) if verb == "aggregatedList" and group in TWINS else (group,)
        found |= {f"compute.{each}.{WORDS.get(verb, verb)}" for each in groups}
    return found


def test_the_read_only_role_names_exactly_what_a_plan_reads() -> None:
    """It is enough for a plan, and allows nothing that a plan never asks."""
    assert set(role(READ_ONLY)) == needed(reads())


def test_the_role_names_exactly_what_the_product_calls() -> None:
    """Reads, writes, what a writer reads, and the use of what is referred to."""
    expected = needed(reads() | writes() | reads_of_writers()) | FOR_REFERENCES

    assert set(role(WHOLE)) == expected


def test_the_role_contains_the_read_only_one() -> None:
    """Whoever may write can plan."""
    assert set(role(READ_ONLY)) <= set(role(WHOLE))


def test_nothing_of_the_read_only_role_changes_anything() -> None:
    """Words of IAM for reading; ``validate`` creates nothing."""
    words = {permission.rpartition(".")[2] for permission in role(READ_ONLY)}

    assert words == {"get", "list", "validate"}


def test_each_permission_is_named_once_and_in_order() -> None:
    """A role that repeats itself is refused by no one and read by nobody."""
    for name in (WHOLE, READ_ONLY):
        listed = role(name)
        assert len(set(listed)) == len(listed) < LARGEST_ROLE
    assert role(READ_ONLY) == sorted(role(READ_ONLY))


def test_hints_use_the_same_words() -> None:
    """A denial names a permission that exists."""
    for name in reads() | writes() | reads_of_writers():
        assert permissions(name) == needed(frozenset({name}))
