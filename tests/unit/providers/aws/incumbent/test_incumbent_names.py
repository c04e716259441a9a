"""Promises of the incumbent's names: byte for byte, whatever later happens to our own.

Every expected name was computed with ``sha256sum`` or stands in AWS Load Balancer Controller's own
tests; none was printed by our code.
"""

from __future__ import annotations

import pytest

from providers.aws import incumbent


@pytest.mark.parametrize(
    ("scheme", "name"),
    [("internal", "k8s-ns1-ing1-b7e914000d"), ("internet-facing", "k8s-ns1-ing1-159dd7a143")],
)
def test_the_scheme_is_part_of_a_load_balancers_name(scheme: str, name: str) -> None:
    """A load balancer of another scheme is another one, with another name."""
    assert (
        incumbent.load_balancer("cluster-dummy", "ns-1/ing-1", explicit=False, scheme=scheme)
        == name
    )


def test_a_security_group_is_named_without_the_scheme() -> None:
    """It survives a change of scheme."""
    name = incumbent.frontend_security_group("cluster-dummy", "ns-1/ing-1", explicit=False)

    assert name == "k8s-ns1-ing1-bd83176788"


def test_an_explicit_group_shows_17_characters_of_its_name() -> None:
    """Dots and dashes are left out before the name is cut."""
    name = incumbent.load_balancer("cluster-dummy", "edge", explicit=True, scheme="internal")
    long = incumbent.frontend_security_group("c", "a.very-long.group-name", explicit=True)

    assert name == "k8s-edge-94e92fa188"
    assert long.startswith("k8s-averylonggroupnam-")


@pytest.mark.parametrize(
    ("port", "kind", "name"),
    [
        ("http", "ip", "k8s-ns1-name1-2c37289a00"),
        ("80", "ip", "k8s-ns1-name1-ab859e54b5"),
        ("http", "instance", "k8s-ns1-name1-f4adfdc175"),
    ],
)
def test_port_as_written_and_target_type_are_part_of_a_target_groups_name(
    port: str, kind: str, name: str
) -> None:
    """``http`` and ``80`` are two target groups of one Service port; both names are literals."""
    inputs = ("", "", "ns-1", "name-1", "my-uuid", port, "8080", kind, "HTTP", "HTTP1")

    assert incumbent.target_group("ns-1", "name-1", *inputs) == name


def test_a_service_without_a_uid_contributes_nothing() -> None:
    """So files that no cluster has seen give one certain name."""
    inputs = ("ns-1/ing-1", "ns-1", "ing-1", "", "80", "30080", "instance", "HTTP", "HTTP1")

    name = incumbent.target_group("ns-1", "svc-a", "cluster-dummy", *inputs)

    assert name == "k8s-ns1-svca-799444ce7e"


def test_the_backend_security_group_is_named_by_the_cluster() -> None:
    """One per cluster; the cluster's name shows without its dashes."""
    assert (
        incumbent.backend_security_group("cluster-dummy") == "k8s-traffic-clusterdummy-1fa64436d7"
    )


def test_the_network_load_balancer_is_named_after_the_other_one() -> None:
    """28 characters of the name, then ``-nlb``: 32 in all."""
    name = incumbent.network_load_balancer("k8s-abcdefgh-abcdefgh-0123456789")

    assert name == "k8s-abcdefgh-abcdefgh-012345-nlb"
