"""What all kinds share: schema, names, fingerprints, patches, references, lists."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from google.api_core.exceptions import Conflict, NotFound, PreconditionFailed
from google.cloud import compute_v1

from provisioner.sandbox.cluster.documents import part, parts, text, texts
from tests.unit.sandbox.gcp.workbench import HOME, PROJECT, REGION, Workbench, refused

BASE = "https://www.googleapis.com/compute/v1/"


def test_the_server_fills_in_what_only_it_knows(bench: Workbench) -> None:
    """id, kind, creationTimestamp and selfLink, on every kind."""
    check = bench.make("global/healthChecks", {"name": "hc", "type": "HTTP"})
    regional = bench.make(f"regions/{REGION}/healthChecks", {"name": "hc", "type": "HTTP"})

    assert check["kind"] == "compute#healthCheck"
    assert str(check["id"]).isdecimal()
    assert check["id"] != regional["id"]
    assert check["selfLink"] == f"{BASE}{HOME}/global/healthChecks/hc"
    assert regional["region"] == f"{BASE}{HOME}/regions/{REGION}"
    assert text(check, "creationTimestamp")


def test_an_unknown_field_is_refused_by_name(bench: Workbench) -> None:
    """Google's words and shape; all of them at once, at any depth."""
    body = {"name": "web", "nonsense": 1, "backends": [{"group": "x", "wieght": 1}]}

    answer = bench.refused("global/backendServices", body)

    assert answer.status == 400
    assert part(answer.body, "error")["status"] == "INVALID_ARGUMENT"
    assert (
        "Invalid JSON payload received. Unknown name \"nonsense\" at 'resource': Cannot find field."
        in answer.message
    )
    assert "\"wieght\" at 'resource.backends[0]'" in answer.message
    details = parts(answer.body, "error", "details")[0]
    assert len(parts(details, "fieldViolations")) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timeoutSec", "soon"),
        ("timeoutSec", 1.5),
        ("timeoutSec", 2**40),
        ("enableCDN", "yes"),
        ("protocol", "GOPHER"),
        ("healthChecks", "global/healthChecks/hc"),
        ("logConfig", []),
        ("description", 7),
        ("fingerprint", "no base64!"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(bench: Workbench, field: str, value: object) -> None:
    """Types, ranges and enums are those of the published schema."""
    answer = bench.refused("global/backendServices", {"name": "web", field: value})

    assert answer.status == 400
    assert f"Invalid value at 'resource.{field}'" in answer.message


def test_known_fields_are_kept_as_they_came(bench: Workbench) -> None:
    """Fields that the sandbox has no rule for survive untouched, at every depth."""
    extra: Mapping[str, object] = {
        "description": '{"kubernetes.io/service-name":"shop/web"}',
        "outlierDetection": {"consecutiveErrors": 7, "interval": {"seconds": "30"}},
        "circuitBreakers": {"maxRequests": 100},
        "metadatas": {"a": "b"},
        "serviceBindings": ["x"],
        "tlsSettings": {"sni": "shop.example.com"},
    }

    bench.service("web", extra=extra)

    service = bench.get("global/backendServices/web")
    assert {key: service[key] for key in extra} == extra


def test_proto_json_numbers_come_in_either_form(bench: Workbench) -> None:
    """32-bit numbers may come as text; 64-bit ones are answered as text."""
    check = bench.make(
        "global/healthChecks", {"name": "hc", "type": "HTTP", "checkIntervalSec": "20"}
    )
    bench.service("web", maxStreamDuration={"seconds": 30})

    assert check["checkIntervalSec"] == 20
    duration = bench.get("global/backendServices/web")["maxStreamDuration"]
    assert duration == {"seconds": "30"}


def test_output_only_fields_in_input_are_ignored(bench: Workbench) -> None:
    """So that what was read can be sent back."""
    check = bench.make(
        "global/healthChecks", {"name": "hc", "type": "HTTP", "id": "7", "selfLink": "http://x"}
    )

    assert check["id"] != "7"
    assert text(check, "selfLink").startswith(BASE)


@pytest.mark.parametrize("name", ["", "Web", "-web", "web-", "w" * 64, "a.b"])
def test_names_follow_rfc_1035(bench: Workbench, name: str) -> None:
    """1 to 63 characters, lower case, a letter first, no dash last."""
    answer = bench.refused("global/healthChecks", {"name": name, "type": "HTTP"})

    assert answer.reason == ("invalid" if name else "required")
    assert "resource.name" in answer.message


def test_a_name_is_taken_once_per_place(bench: Workbench) -> None:
    """Global and regional resources of one name do not meet."""
    body = {"name": "hc", "type": "HTTP"}
    bench.make("global/healthChecks", body)
    bench.make(f"regions/{REGION}/healthChecks", body)

    answer = bench.refused("global/healthChecks", body)

    assert (answer.status, answer.reason) == (409, "alreadyExists")
    with refused(Conflict, saying="already exists"):
        bench.client(compute_v1.HealthChecksClient).insert_unary(
            project=PROJECT,
            health_check_resource=compute_v1.HealthCheck(name="hc", type_="HTTP"),
        )


def test_what_is_not_there_is_not_found(bench: Workbench) -> None:
    """Resources, referred-to resources, regions and projects alike."""
    with refused(NotFound, saying=f"The resource '{HOME}/global/urlMaps/none' was not found"):
        bench.client(compute_v1.UrlMapsClient).get(project=PROJECT, url_map="none")
    service = bench.refused(
        "global/backendServices", {"name": "web", "healthChecks": ["global/healthChecks/none"]}
    )
    place = bench.rest("GET", "regions/mars-north1/healthChecks")
    project = bench.http("GET", "/compute/v1/projects/none/global/urlMaps")

    assert [each.reason for each in (service, place, project)] == ["notFound"] * 3
    assert service.status == 404


def test_a_fingerprint_changes_with_every_change(bench: Workbench) -> None:
    """Even when the content returns to what it was."""
    bench.service("web")
    seen = [text(bench.get("global/backendServices/web"), "fingerprint")]

    for timeout in (40, 30):
        change = {"timeoutSec": timeout, "fingerprint": seen[-1]}
        bench.rest("PATCH", "global/backendServices/web", change)
        seen.append(text(bench.get("global/backendServices/web"), "fingerprint"))

    assert len(set(seen)) == 3


def test_a_stale_fingerprint_is_refused(bench: Workbench) -> None:
    """412 conditionNotMet, and nothing is changed."""
    bench.service("web")
    stale = text(bench.get("global/backendServices/web"), "fingerprint")
    bench.rest("PATCH", "global/backendServices/web", {"timeoutSec": 40, "fingerprint": stale})

    answer = bench.rest(
        "PATCH", "global/backendServices/web", {"timeoutSec": 50, "fingerprint": stale}
    )

    assert (answer.status, answer.reason) == (412, "conditionNotMet")
    assert bench.get("global/backendServices/web")["timeoutSec"] == 40
    with refused(PreconditionFailed, saying="Invalid fingerprint."):
        bench.client(compute_v1.BackendServicesClient).patch_unary(
            project=PROJECT,
            backend_service="web",
            backend_service_resource=compute_v1.BackendService(fingerprint=stale, timeout_sec=9),
        )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "global/backendServices/web"),
        ("PATCH", "global/backendServices/web"),
        ("PUT", "global/urlMaps/map"),
        ("PATCH", "global/urlMaps/map"),
        ("PATCH", "global/targetHttpProxies/front-proxy"),
    ],
)
def test_methods_that_replace_insist_on_a_fingerprint(
    bench: Workbench, method: str, path: str
) -> None:
    """They overwrite what others wrote otherwise (ansible-collections/google.cloud#342)."""
    bench.frontend(bench.url_map(defaultService=bench.service("web")))

    answer = bench.rest(method, path, {})

    assert (answer.status, answer.reason) == (400, "required")
    assert answer.message == "Required field 'resource.fingerprint' not specified"


def test_health_checks_and_firewalls_need_no_fingerprint(bench: Workbench) -> None:
    """They carry none."""
    bench.health_check("hc")
    bench.make("global/firewalls", {"name": "fw", "allowed": [{"IPProtocol": "tcp"}]})

    check = bench.rest("PUT", "global/healthChecks/hc", {"name": "hc", "type": "HTTPS"})
    firewall = bench.rest("PATCH", "global/firewalls/fw", {"priority": 10})

    assert (check.status, firewall.status) == (200, 200)


def test_patch_merges_clears_and_replaces_lists(bench: Workbench) -> None:
    """JSON merge patch: objects merge, lists are replaced, null clears."""
    bench.service(
        "web",
        description="old",
        logConfig={"enable": True, "sampleRate": 0.5},
        customRequestHeaders=["a: 1", "b: 2"],
    )
    change = {
        "fingerprint": bench.get("global/backendServices/web")["fingerprint"],
        "description": None,
        "logConfig": {"sampleRate": None},
        "customRequestHeaders": ["c: 3"],
    }

    bench.rest("PATCH", "global/backendServices/web", change)

    service = bench.get("global/backendServices/web")
    assert "description" not in service
    assert service["logConfig"] == {"enable": True}
    assert service["customRequestHeaders"] == ["c: 3"]


def test_put_replaces_the_whole_resource(bench: Workbench) -> None:
    """What the body leaves out is gone, or at its default again."""
    bench.service("web", description="old", timeoutSec=77)
    service = bench.get("global/backendServices/web")
    body = {key: service[key] for key in ("name", "healthChecks", "fingerprint")}

    bench.rest("PUT", "global/backendServices/web", body)

    after = bench.get("global/backendServices/web")
    assert "description" not in after
    assert (after["timeoutSec"], after["id"]) == (30, service["id"])


def test_read_modify_write_of_the_raw_document_loses_nothing(bench: Workbench) -> None:
    """The way to change one field and preserve all others."""
    bench.service("web", outlierDetection={"consecutiveErrors": 7})
    service = bench.get("global/backendServices/web")

    bench.rest("PUT", "global/backendServices/web", {**service, "timeoutSec": 60})

    after = bench.get("global/backendServices/web")
    assert {**after, "fingerprint": ""} == {**service, "fingerprint": "", "timeoutSec": 60}


@pytest.mark.parametrize(
    "spelled",
    [
        "global/healthChecks/hc",
        f"{HOME}/global/healthChecks/hc",
        f"https://compute.googleapis.com/compute/v1/{HOME}/global/healthChecks/hc",
        f"https://www.googleapis.com/compute/beta/{HOME}/global/healthChecks/hc",
    ],
)
def test_references_are_answered_as_full_urls(bench: Workbench, spelled: str) -> None:
    """Partial URLs and those of other hosts and versions are taken as well."""
    bench.health_check("hc")

    service = bench.make("global/backendServices", {"name": "web", "healthChecks": [spelled]})

    assert texts(service, "healthChecks") == (f"{BASE}{HOME}/global/healthChecks/hc",)


def test_a_reference_names_the_right_kind_in_the_right_place(bench: Workbench) -> None:
    """Another collection, another scope, something else than a URL."""
    bench.health_check("hc", f"regions/{REGION}")

    wrong = {
        "global/urlMaps/x": "Unexpected resource collection",
        f"regions/{REGION}/healthChecks/hc": "cannot refer to this one",
        "hc": "The URL is malformed",
    }

    for spelled, said in wrong.items():
        answer = bench.refused("global/backendServices", {"name": "web", "healthChecks": [spelled]})
        assert said in answer.message


def test_what_is_referred_to_cannot_be_deleted(bench: Workbench) -> None:
    """400 resourceInUseByAnotherResource, naming both (click-to-deploy#487)."""
    bench.frontend(bench.url_map(defaultService=bench.service("web")))

    refusals = {
        path: bench.rest("DELETE", path)
        for path in (
            "global/targetHttpProxies/front-proxy",
            "global/urlMaps/map",
            "global/backendServices/web",
            "global/healthChecks/web-hc",
        )
    }

    assert {(each.status, each.reason) for each in refusals.values()} == {
        (400, "resourceInUseByAnotherResource")
    }
    assert refusals["global/urlMaps/map"].message == (
        f"The url_map resource '{HOME}/global/urlMaps/map' is already being used by "
        f"'{HOME}/global/targetHttpProxies/front-proxy'"
    )


def test_a_chain_is_deleted_from_the_front(bench: Workbench) -> None:
    """Forwarding rule, proxy, URL map, service, health check."""
    bench.frontend(bench.url_map(defaultService=bench.service("web")))

    statuses = [
        bench.rest("DELETE", path).status
        for path in (
            "global/forwardingRules/front",
            "global/targetHttpProxies/front-proxy",
            "global/urlMaps/map",
            "global/backendServices/web",
            "global/healthChecks/web-hc",
        )
    ]

    assert statuses == [200] * 5


def test_the_published_methods_that_are_not_emulated_are_named(bench: Workbench) -> None:
    """501 with the method's name; what Google does not have either is a 404."""
    buckets = bench.rest("GET", "global/backendBuckets")
    machines = bench.rest("POST", "zones/europe-west1-b/instances", {"name": "vm"})
    nobody = bench.rest("GET", "global/doors")

    assert (buckets.status, machines.status, nobody.status) == (501, 501, 404)
    assert "backendBuckets.list" in buckets.message
    assert "instances.insert" in machines.message


def test_a_backend_bucket_is_refused_by_name(bench: Workbench) -> None:
    """URL maps may name them at Google; the sandbox says that it cannot."""
    answer = bench.refused(
        "global/urlMaps", {"name": "map", "defaultService": "global/backendBuckets/b"}
    )

    assert (answer.status, answer.reason) == (501, "notImplemented")
    assert "backendBuckets" in answer.message


def test_an_unknown_query_parameter_is_refused(bench: Workbench) -> None:
    """A typo in a parameter never goes unnoticed."""
    answer = bench.rest("GET", "global/healthChecks", maxResult="3")

    assert answer.status == 400
    assert "Cannot bind query parameter" in answer.message


def test_broken_json_is_a_parse_error(bench: Workbench) -> None:
    """No traceback reaches the caller."""
    broken = bench.rest("POST", "global/healthChecks", b"{")
    text_only = bench.rest("POST", "global/healthChecks", "hc")
    empty = bench.rest("POST", "global/healthChecks")

    assert (broken.status, broken.reason) == (400, "parseError")
    assert text_only.message == "Invalid value at 'resource' (message), \"hc\""
    assert (empty.status, empty.reason) == (400, "required")
