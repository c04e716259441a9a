"""Promises of the table of methods: every URL is the one that Google publishes."""

from __future__ import annotations

import pytest

from providers.gcp.methods import UnknownMethodError, getter, method, permission
from tests.unit.docs.gcp_operations import published_resources, reads, reads_of_writers, writes


@pytest.mark.parametrize("name", sorted(reads() | writes() | reads_of_writers()))
def test_urls_are_those_of_the_discovery_document(name: str) -> None:
    """Its path, with our parts in place of the parameters, and its HTTP method."""
    group, _, verb = name.partition(".")
    published = published_resources()[group]["methods"][verb]
    template = str(published["path"])
    place = "regions/r" if "regions/{region}" in template else "global"
    scope = "zones/z" if "{zone}" in template else place
    path = template.replace("{project}", "p").replace("{zone}", "z")
    named = "{" in path.replace("regions/{region}", "")
    if group == "regions":
        path, named = path.replace("{region}", "n"), True
    path = path.replace("{region}", "r")
    head, brace, rest = path.partition("{")
    expected = f"{head}n{rest.partition('}')[2]}" if brace else path

    found = method(name)

    assert found.http == published["httpMethod"]
    assert found.path("p", scope, "n" if named else "") == expected
    assert found.reads == (name in reads() | reads_of_writers())


@pytest.mark.parametrize("name", ["", "urlMaps", ".get", "urlMaps."])
def test_what_is_no_name_of_a_method_is_refused(name: str) -> None:
    """A mistake in the code must not become a request."""
    with pytest.raises(UnknownMethodError):
        method(name)


def test_what_is_changed_is_read_by_the_same_collection() -> None:
    """Regional resources are read where they live."""
    assert getter("regionUrlMaps.update") == "regionUrlMaps.get"
    assert permission("regionUrlMaps.update") == "compute.regionUrlMaps.update"
