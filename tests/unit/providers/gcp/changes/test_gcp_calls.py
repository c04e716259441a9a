"""Calls: every operation, parameter and body is one that Google publishes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

import pytest

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from providers.gcp.changes.calls import calls
from provisioner.model.change import Call, Change
from provisioner.model.resource import (
    Fingerprint,
    Json,
    Ref,
    Unknown,
    Value,
    has_unknown,
)
from provisioner.sandbox.gcp.discovery import discovery
from provisioner.sandbox.gcp.schema import check_patterns, conform
from tests.unit.providers.gcp.changes.building import (
    GROUP,
    MAP,
    ZONE,
    a_resource,
    body_of,
    link,
    seen,
    service,
)
from tests.unit.providers.gcp.changes.every_kind import (
    IMMUTABLE,
    NETWORK,
    SECURE,
    WEB,
    changed,
    creation,
    deletion,
    everything,
    updates,
)

NAMES = {r.address: str(r.name) for r in everything().values() if r.name}


def every_change() -> Iterator[tuple[str, Change]]:
    """Yield every kind of change of every kind of resource in every place."""
    for name, resource in everything().items():
        yield f"create {name}", creation(resource)
        yield f"delete {name}", deletion(resource)
    for name, change in updates():
        yield f"update {name}", change


CHANGES = dict(every_change())
CALLS = {
    f"{name}: {call.operation}": call
    for name, change in CHANGES.items()
    for call in calls(change, NAMES)
}


def published() -> Mapping[str, Mapping[str, Json]]:
    """Return every published method by its name."""
    package = find_spec("googleapiclient")
    assert package is not None
    assert package.submodule_search_locations
    root = Path(package.submodule_search_locations[0])
    text = (root / "discovery_cache" / "documents" / "compute.v1.json").read_text()
    return {
        method["id"].removeprefix("compute."): method
        for resource in json.loads(text)["resources"].values()
        for method in resource["methods"].values()
    }


METHODS = published()
PATH_PARTS = {"global": set(), "regions": {"region"}, "zones": {"zone"}}
OURS = {"scope", "name", "body", "project", "remove", "keyName"}


def sent(value: Value) -> object:
    """Return a value as it is sent: links for Refs, secrets for fingerprints."""
    if isinstance(value, Ref):
        return f"https://www.googleapis.com/compute/v1/projects/p/global/x/{value.field.lower()}"
    if isinstance(value, Fingerprint):
        return value.secret
    assert not isinstance(value, Unknown)
    if isinstance(value, Mapping):
        return {name: sent(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return [sent(item) for item in value]
    return value


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_every_call_is_published(call: Call) -> None:
    """The operation exists in the discovery document, in this place, with these parameters."""
    method = METHODS[call.operation]
    order = method["parameterOrder"]
    assert isinstance(order, list)
    scope = call.parameters["scope"]
    assert isinstance(scope, str)

    places = PATH_PARTS[scope.partition("/")[0]]
    asked = set(map(str, order)) - {"project", "keyName"} - places

    assert places <= set(map(str, order))
    assert len(asked) == ("name" in call.parameters), asked
    assert ("keyName" in call.parameters) == ("keyName" in order)
    assert ("body" in call.parameters) == ("request" in method)
    assert call.parameters.keys() <= OURS
    assert call.service == "compute"


@pytest.mark.parametrize(
    "call",
    [call for call in CALLS.values() if "body" in call.parameters],
    ids=[name for name, call in CALLS.items() if "body" in call.parameters],
)
def test_every_body_fits_the_published_schema(call: Call) -> None:
    """Field names, types, enums and names, as the discovery document has them."""
    request = METHODS[call.operation]["request"]
    assert isinstance(request, dict)
    schema = str(request["$ref"])

    document = conform(discovery(), schema, sent(call.parameters["body"]), keep_null=True)

    check_patterns(discovery(), schema, document)


def test_every_kind_is_covered() -> None:
    """Nothing that we plan is without calls: made, changed where that can be, taken away."""
    kinds = {Kind(change.kind) for change in CHANGES.values()}
    updated = {Kind(c.kind) for name, c in CHANGES.items() if name.startswith("update")}

    assert kinds == set(Kind)
    assert updated | IMMUTABLE == set(Kind)
    assert all(calls(change, NAMES) for change in CHANGES.values())


def test_nothing_is_sent_twice_or_unresolved() -> None:
    """A call holds what Google needs and nothing that only a plan knows."""
    for name, call in CALLS.items():
        body = call.parameters.get("body")
        assert not has_unknown(call.parameters), name
        if isinstance(body, Mapping):
            assert not body.keys() & {"zone", "region", "project"}, name


def test_an_insert_sends_nothing_that_is_absent() -> None:
    """Null means "take it away", and there is nothing to take away yet."""
    for name, call in CALLS.items():
        if call.operation.endswith(".insert"):
            assert "null" not in json.dumps(body_of(call)), name


@pytest.mark.parametrize(
    ("kind", "outputs"),
    [
        (Kind.URL_MAP, {"selfLink": "targetLink"}),
        (Kind.ADDRESS, {"selfLink": "targetLink", "IPAddress": "resource.address"}),
        (Kind.FORWARDING_RULE, {"selfLink": "targetLink", "IPAddress": "resource.IPAddress"}),
    ],
)
def test_what_is_made_says_what_others_refer_to(kind: Kind, outputs: dict[str, str]) -> None:
    """The link is in the operation; the IP address has to be read."""
    call = calls(creation(everything()[kind.value]), NAMES)[0]

    assert dict(call.outputs) == outputs


def test_deleting_what_is_gone_is_done() -> None:
    """A crash after the call, or somebody else, made it so."""
    deletions = [call for call in CALLS.values() if call.operation.endswith(".delete")]

    assert deletions
    assert all(call.already_done == {"notFound"} for call in deletions)


@pytest.mark.parametrize(
    ("field", "regional", "operation"),
    [
        ("urlMap", False, "targetHttpsProxies.setUrlMap"),
        ("sslCertificates", False, "targetHttpsProxies.setSslCertificates"),
        ("sslPolicy", False, "targetHttpsProxies.setSslPolicy"),
        ("certificateMap", False, "targetHttpsProxies.setCertificateMap"),
        ("quicOverride", False, "targetHttpsProxies.setQuicOverride"),
        ("urlMap", True, "regionTargetHttpsProxies.setUrlMap"),
        ("sslCertificates", True, "regionTargetHttpsProxies.setSslCertificates"),
        ("sslPolicy", True, "regionTargetHttpsProxies.patch"),
    ],
)
def test_a_proxy_changes_field_by_field(field: str, *, regional: bool, operation: str) -> None:
    """Regional HTTPS proxies have no operation for the policy, but ``patch``."""
    name = f"update {'regional ' if regional else ''}TargetHttpsProxy {field}"

    assert [call.operation for call in calls(CHANGES[name], NAMES)] == [operation]


@pytest.mark.parametrize(
    ("fields", "operations"),
    [
        ({"target": link(SECURE)}, ["setTarget"]),
        ({"allowGlobalAccess": True}, ["patch"]),
        ({"IPAddress": "203.0.113.9"}, ["delete", "insert"]),
        ({"IPAddress": "203.0.113.9", "target": link(SECURE)}, ["delete", "insert"]),
    ],
)
def test_a_forwarding_rule_is_made_anew_only_where_it_must(
    fields: dict[str, Ref | str | bool], operations: list[str]
) -> None:
    """The API cannot change its IP address; everything else it can."""
    change = changed(everything()["ForwardingRule"], fields)

    found = [call.operation for call in calls(change, NAMES)]

    assert found == [f"globalForwardingRules.{verb}" for verb in operations]


def test_a_security_policy_has_a_call_of_its_own() -> None:
    """Neither insert nor update of a backend service takes it; without one it is taken off."""
    web = everything()["BackendService"]

    made = calls(creation(web), NAMES)
    removed = calls(changed(web, {"securityPolicy": None}), NAMES)

    assert [call.operation.rpartition(".")[2] for call in made] == ["insert", "setSecurityPolicy"]
    assert "securityPolicy" not in body_of(made[0])
    assert [body_of(call) for call in removed] == [{"securityPolicy": None}]


def test_an_update_names_all_that_is_ours() -> None:
    """What is not wanted is null, so that the writer can take it out of what is there."""
    web = everything()["BackendService"]

    [call] = calls(changed(web, {"cdnPolicy": None, "enableCDN": False}), NAMES)

    body = body_of(call)
    assert body["cdnPolicy"] is None
    assert body["timeoutSec"] == 40
    assert "securityPolicy" not in body


def endpoints(count: int, start: int = 0) -> Iterator[dict[str, str | int]]:
    """Yield endpoints."""
    for number in range(start, start + count):
        address = f"10.{number // 62500}.{number // 250 % 250}.{number % 250 + 1}"
        yield {"instance": "n-1", "ipAddress": address, "port": 8080}


@pytest.mark.parametrize(
    ("first", "verbs"),
    [(False, ["attach", "attach", "detach"]), (True, ["detach", "attach", "attach"])],
)
def test_endpoints_come_before_others_go_in_batches(*, first: bool, verbs: list[str]) -> None:
    """500 a call; where a limit leaves no room, what goes makes it."""
    neg = everything()["NetworkEndpoints"]
    change = changed(neg, {"networkEndpoints": list(endpoints(501, start=7))})

    found = calls(change, NAMES, detach_first=first)

    assert [call.operation.rpartition(".")[2] for call in found] == [
        f"{verb}NetworkEndpoints" for verb in verbs
    ]
    listed = [body_of(call)["networkEndpoints"] for call in found]
    assert sorted(len(each) for each in listed if isinstance(each, list)) == [1, 1, 500]
    assert all(call.parameters["name"] == NAMES[_neg()] for call in found)


def _neg() -> str:
    return addresses.endpoint_group(GROUP, "shop/web/web:80/pod", ZONE)


def test_named_ports_of_others_are_not_ours_to_remove() -> None:
    """Only what we set and do not want any more is named for removal."""
    ports = everything()["NamedPorts"]

    [call] = calls(changed(ports, {"namedPorts": [{"name": "port30081", "port": 30081}]}), NAMES)

    assert call.parameters["remove"] == ("port30080",)
    assert body_of(call) == {"namedPorts": [{"name": "port30081", "port": 30081}]}


def test_ports_of_a_group_of_somebody_else_go_to_that_group() -> None:
    """GKE's instance group is known by its link."""
    foreign = "projects/p/zones/europe-west1-b/instanceGroups/k8s-ig--uid1"
    ports = a_resource(
        Kind.NAMED_PORTS,
        addresses.named_ports(ZONE),
        instanceGroup=foreign,
        zone=ZONE,
        namedPorts=[{"name": "port30080", "port": 30080}],
    )

    [call] = calls(creation(ports), NAMES)

    assert call.parameters["name"] == "k8s-ig--uid1"


def test_a_signing_key_with_another_value_goes_before_it_comes() -> None:
    """A backend service holds three."""
    found = calls(CHANGES["update SignedUrlKey keyValue"], NAMES)

    assert [call.operation for call in found] == [
        "backendServices.deleteSignedUrlKey",
        "backendServices.addSignedUrlKey",
    ]
    assert found[0].parameters["keyName"] == "k1"
    assert all(call.parameters["name"] == NAMES[WEB] for call in found)


def test_a_firewall_rule_lives_where_its_network_does() -> None:
    """In a shared VPC that is another project."""
    [call] = calls(creation(everything()["Firewall"]), NAMES)

    assert call.parameters["project"] == NETWORK.split("/")[1]


def test_adopted_resources_keep_their_names() -> None:
    """Calls go to what exists, whatever the plan would call it."""
    web = everything()["BackendService"]
    there = seen(a_resource(Kind.BACKEND_SERVICE, web.address, name="k8s-be-30080--uid1"))

    call = calls(deletion(there), NAMES)[0]

    assert call.parameters["name"] == "k8s-be-30080--uid1"
    assert service("web") == WEB
    assert MAP in NAMES
