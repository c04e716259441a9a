"""Backend services, their backends, and health checks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pytest
from google.cloud import compute_v1

from provisioner.sandbox.cluster.documents import part, parts, text, texts
from tests.unit.sandbox.gcp.workbench import (
    HOME,
    PROJECT,
    REGION,
    ZONE,
    Workbench,
    backend,
)


def patched(bench: Workbench, name: str = "web", **fields: object) -> str:
    """Patch a backend service and return the refusal's message, or an empty string."""
    path = f"global/backendServices/{name}"
    body = {"fingerprint": bench.get(path)["fingerprint"], **fields}
    answer = bench.rest("PATCH", path, body)
    return "" if answer.status == 200 else answer.message


def test_a_service_gets_the_documented_defaults(bench: Workbench) -> None:
    """Of a classic and of a managed load balancer."""
    bench.service("web")
    bench.service("managed", loadBalancingScheme="EXTERNAL_MANAGED")

    service = bench.get("global/backendServices/web")
    expected = {
        "loadBalancingScheme": "EXTERNAL",
        "protocol": "HTTP",
        "port": 80,
        "portName": "http",
        "timeoutSec": 30,
        "sessionAffinity": "NONE",
        "affinityCookieTtlSec": 0,
        "enableCDN": False,
        "connectionDraining": {"drainingTimeoutSec": 0},
    }
    assert {key: service[key] for key in expected} == expected
    assert "localityLbPolicy" not in service
    assert bench.get("global/backendServices/managed")["localityLbPolicy"] == "ROUND_ROBIN"


def test_google_s_client_writes_a_service(bench: Workbench) -> None:
    """Through the proto types and back."""
    services = bench.client(compute_v1.BackendServicesClient)
    group = bench.endpoint_group()
    resource = compute_v1.BackendService(
        name="web",
        protocol="HTTP2",
        health_checks=[bench.health_check()],
        load_balancing_scheme="EXTERNAL_MANAGED",
        backends=[
            compute_v1.Backend(group=group, balancing_mode="RATE", max_rate_per_endpoint=1.0)
        ],
    )

    bench.wait(services.insert_unary(project=PROJECT, backend_service_resource=resource))

    found = services.get(project=PROJECT, backend_service="web")
    assert (found.protocol, found.port_name) == ("HTTP2", "http2")
    assert found.backends[0].group == group
    assert found.backends[0].capacity_scaler == 1.0


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"healthChecks": []}, "A health check is required"),
        ({"timeoutSec": 0}, "resource.timeoutSec"),
        ({"affinityCookieTtlSec": 1_209_601}, "resource.affinityCookieTtlSec"),
        ({"connectionDraining": {"drainingTimeoutSec": 3601}}, "drainingTimeoutSec"),
        ({"customRequestHeaders": ["X-A: 1"] * 17}, "At most 16 headers"),
        ({"customResponseHeaders": ["X-A: " + "v" * 9000]}, "At most 8 KB"),
        ({"customRequestHeaders": ["nonsense"]}, "name: value"),
        ({"iap": {"enabled": True}, "enableCDN": True}, "cannot both be enabled"),
        ({"logConfig": {"enable": True, "sampleRate": 2}}, "between 0 and 1"),
        ({"protocol": "H2C"}, "H2C is not supported for scheme EXTERNAL"),
        ({"protocol": "TCP"}, "does not emulate"),
        ({"loadBalancingScheme": "INTERNAL_SELF_MANAGED"}, "does not emulate"),
    ],
)
def test_services_are_checked(bench: Workbench, fields: Mapping[str, object], said: str) -> None:
    """Ranges, exclusions and limits of the documentation."""
    body = {"name": "web", "healthChecks": [bench.health_check()], **fields}

    assert said in bench.refused("global/backendServices", body).message


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"balancingMode": "UTILIZATION", "maxRatePerEndpoint": None}, "Must be RATE"),
        ({"maxRatePerEndpoint": None}, "RATE needs exactly one"),
        ({"maxRatePerEndpoint": None, "maxRatePerInstance": 1}, "not allowed for"),
        ({"maxRate": 10}, "RATE needs exactly one"),
        ({"capacityScaler": 0.05}, "Must be 0 or between 0.1 and 1.0"),
        ({"capacityScaler": 2}, "Must be 0 or between 0.1 and 1.0"),
    ],
)
def test_capacity_of_a_group_is_checked(
    bench: Workbench, fields: Mapping[str, object], said: str
) -> None:
    """Backend services overview: balancing modes and their targets."""
    body = {"name": "web", "healthChecks": [bench.health_check()]}
    entry = backend(bench.endpoint_group(), **fields)

    answer = bench.refused("global/backendServices", {**body, "backends": [entry]})

    assert said in answer.message


def test_instance_groups_and_endpoint_groups_do_not_mix(bench: Workbench) -> None:
    """One service has one kind of backends, each of them once, and at most 50."""
    neg = bench.endpoint_group()
    bench.make(f"zones/{ZONE}/instanceGroups", {"name": "ig"})
    ig = {"group": f"zones/{ZONE}/instanceGroups/ig"}
    bench.service("web")

    mixed = patched(bench, backends=[backend(neg), ig])
    twice = patched(bench, backends=[backend(neg), backend(neg)])
    bench.cloud.limits["backends-per-backend-service"] = 0
    many = patched(bench, backends=[backend(neg)])

    assert "cannot be mixed" in mixed
    assert "Duplicate group" in twice
    assert "At most 0 backends" in many


def test_an_instance_group_is_measured_by_utilization_unless_told(bench: Workbench) -> None:
    """The documented default of balancingMode and maxUtilization."""
    bench.make(f"zones/{ZONE}/instanceGroups", {"name": "ig"})
    bench.service("web", backends=[{"group": f"zones/{ZONE}/instanceGroups/ig"}])

    found = parts(bench.get("global/backendServices/web"), "backends")[0]

    assert (found["balancingMode"], found["maxUtilization"]) == ("UTILIZATION", 0.8)
    assert found["capacityScaler"] == 1.0


def test_services_agree_on_the_mode_of_a_group(bench: Workbench) -> None:
    """UTILIZATION does not go together with RATE on one instance group."""
    bench.make(f"zones/{ZONE}/instanceGroups", {"name": "ig"})
    group = f"zones/{ZONE}/instanceGroups/ig"
    bench.service("one", backends=[{"group": group}])
    bench.service("two")

    rate = {"group": group, "balancingMode": "RATE", "maxRatePerInstance": 1}

    assert "incompatible mode UTILIZATION" in patched(bench, "two", backends=[rate])
    assert patched(bench, "two", backends=[{"group": group}]) == ""


def test_a_machine_is_in_one_load_balanced_group_only(bench: Workbench) -> None:
    """instanceInMultipleLoadBalancedIgs, when a group becomes a backend or a member joins."""
    machine = {"instances": [{"instance": bench.project.nodes[0].url}]}
    for name in ("one", "two"):
        bench.make(f"zones/{ZONE}/instanceGroups", {"name": name})
    bench.rest("POST", f"zones/{ZONE}/instanceGroups/one/addInstances", machine)
    bench.rest("POST", f"zones/{ZONE}/instanceGroups/two/addInstances", machine)
    bench.service("a", backends=[{"group": f"zones/{ZONE}/instanceGroups/one"}])
    bench.service("b")

    as_backend = patched(bench, "b", backends=[{"group": f"zones/{ZONE}/instanceGroups/two"}])
    bench.rest("POST", f"zones/{ZONE}/instanceGroups/two/removeInstances", machine)
    empty = patched(bench, "b", backends=[{"group": f"zones/{ZONE}/instanceGroups/two"}])
    as_member = bench.rest("POST", f"zones/{ZONE}/instanceGroups/two/addInstances", machine)

    said = "instance may belong to at most one load-balanced instance group."
    assert as_backend.endswith(said)
    assert empty == ""
    assert as_member.reason == "instanceInMultipleLoadBalancedIgs"
    assert as_member.message.endswith(said)


def test_a_regional_service_takes_groups_of_its_region(bench: Workbench) -> None:
    """Zones of other regions are refused."""
    home = f"regions/{REGION}"
    bench.make("zones/us-central1-a/instanceGroups", {"name": "far"})
    check = bench.health_check("hc", home)
    body = {"name": "web", "healthChecks": [check], "loadBalancingScheme": "EXTERNAL_MANAGED"}
    far = {"group": "zones/us-central1-a/instanceGroups/far"}

    answer = bench.refused(f"{home}/backendServices", {**body, "backends": [far]})

    assert "cannot refer to this one" in answer.message


def test_the_scheme_changes_only_through_the_migration_states(bench: Workbench) -> None:
    """PREPARE, then TEST_ALL_TRAFFIC, and only then EXTERNAL_MANAGED."""
    bench.service("web")

    at_once = patched(bench, loadBalancingScheme="EXTERNAL_MANAGED")
    too_soon = patched(bench, externalManagedMigrationState="TEST_ALL_TRAFFIC")
    prepared = patched(bench, externalManagedMigrationState="PREPARE")
    some = patched(
        bench,
        externalManagedMigrationState="TEST_BY_PERCENTAGE",
        externalManagedMigrationTestingPercentage=10,
    )
    tested = patched(bench, externalManagedMigrationState="TEST_ALL_TRAFFIC")
    migrated = patched(bench, loadBalancingScheme="EXTERNAL_MANAGED")

    assert "in state TEST_ALL_TRAFFIC" in at_once
    assert "must be changed to PREPARE first" in too_soon
    assert [prepared, some, tested, migrated] == [""] * 4


def test_secrets_are_answered_as_hashes(bench: Workbench) -> None:
    """The OAuth secret never comes back; a patch that does not mention it keeps it."""
    bench.service("web", iap={"enabled": True, "oauth2ClientId": "a", "oauth2ClientSecret": "s"})
    hashed = hashlib.sha256(b"s").hexdigest()
    before = bench.get("global/backendServices/web")

    bench.rest("PUT", "global/backendServices/web", {**before, "timeoutSec": 60})

    after = part(bench.get("global/backendServices/web"), "iap")
    assert part(before, "iap")["oauth2ClientSecretSha256"] == hashed
    assert after == part(before, "iap")


def test_a_security_policy_is_attached_and_detached(bench: Workbench) -> None:
    """By its own method, never by insert or update; an empty reference detaches."""
    bench.service("web")
    policy = bench.make("global/securityPolicies", {"name": "armor"})
    services = bench.client(compute_v1.BackendServicesClient)
    reference = compute_v1.SecurityPolicyReference(security_policy=text(policy, "selfLink"))

    bench.wait(
        services.set_security_policy_unary(
            project=PROJECT,
            backend_service="web",
            security_policy_reference_resource=reference,
        )
    )
    attached = bench.get("global/backendServices/web")
    bench.rest("PUT", "global/backendServices/web", {**attached, "securityPolicy": "x"})
    replaced = bench.get("global/backendServices/web")
    bench.rest("POST", "global/backendServices/web/setSecurityPolicy", {})

    assert attached["securityPolicy"] == replaced["securityPolicy"] == policy["selfLink"]
    assert "securityPolicy" not in bench.get("global/backendServices/web")


def test_signed_url_keys_are_named_and_at_most_three(bench: Workbench) -> None:
    """Values are never answered."""
    bench.service("web", enableCDN=True)

    statuses = [
        bench.rest(
            "POST",
            "global/backendServices/web/addSignedUrlKey",
            {"keyName": f"key-{number}", "keyValue": "c2VjcmV0LXNlY3JldC1zZQ=="},
        ).status
        for number in range(4)
    ]

    path = "global/backendServices/web/deleteSignedUrlKey"
    deleted = bench.rest("POST", path, keyName="key-1").status

    names = texts(bench.get("global/backendServices/web"), "cdnPolicy", "signedUrlKeyNames")
    assert statuses == [200, 200, 200, 400]
    assert (deleted, names) == (200, ("key-0", "key-2"))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("HTTP", {"port": 80, "requestPath": "/", "proxyHeader": "NONE"}),
        ("HTTPS", {"port": 443, "requestPath": "/", "proxyHeader": "NONE"}),
        ("HTTP2", {"port": 443, "requestPath": "/", "proxyHeader": "NONE"}),
        ("TCP", {"port": 80, "proxyHeader": "NONE"}),
    ],
)
def test_a_health_check_gets_the_documented_defaults(
    bench: Workbench, kind: str, expected: Mapping[str, object]
) -> None:
    """5 s, 5 s, 2, 2; the port by protocol."""
    check = bench.make("global/healthChecks", {"name": "hc", "type": kind})

    figures = ("checkIntervalSec", "timeoutSec", "healthyThreshold", "unhealthyThreshold")
    assert [check[name] for name in figures] == [5, 5, 2, 2]
    assert check[f"{kind.lower()}HealthCheck"] == expected


def test_a_health_check_on_the_serving_port_names_no_port(bench: Workbench) -> None:
    """USE_SERVING_PORT, as GKE sets it for network endpoint groups."""
    probe = {"portSpecification": "USE_SERVING_PORT", "requestPath": "/ready"}
    body = {"name": "hc", "type": "HTTP", "httpHealthCheck": probe}

    check = bench.make("global/healthChecks", body)
    both = bench.refused(
        "global/healthChecks", {**body, "name": "x", "httpHealthCheck": {**probe, "port": 80}}
    )

    assert check["httpHealthCheck"] == {"proxyHeader": "NONE", **probe}
    assert "excludes port" in both.message


@pytest.mark.parametrize(
    "fields",
    [
        {"type": None},
        {"timeoutSec": 9},
        {"checkIntervalSec": 301},
        {"healthyThreshold": 11},
        {"unhealthyThreshold": 0},
        {"tcpHealthCheck": {"port": 80}},
        {"httpHealthCheck": {"port": 70000}},
        {"httpHealthCheck": {"requestPath": "ready"}},
        {"httpHealthCheck": {"portSpecification": "USE_NAMED_PORT"}},
    ],
)
def test_health_checks_are_checked(bench: Workbench, fields: Mapping[str, object]) -> None:
    """The timeout does not exceed the interval, thresholds are 1 to 10, one type at a time."""
    body = {"name": "hc", "type": "HTTP", **fields}

    assert bench.refused("global/healthChecks", body).status == 400


def test_a_service_shows_where_it_lives(bench: Workbench) -> None:
    """Full URLs everywhere."""
    url = bench.service("web")

    assert url == f"https://www.googleapis.com/compute/v1/{HOME}/global/backendServices/web"
