"""Target groups: generations, explicit health checks, and who is registered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from providers.aws.desired import targets
from provisioner.model.intent import (
    BackendIntent,
    BackendProtocol,
    HealthCheck,
    NodeTarget,
    PodTarget,
    ProtocolVersion,
    TargetMode,
)
from provisioner.model.resource import ObservedResource, Ref, Resource, Unknown, has_unknown
from tests.unit.providers.aws.rules.building import (
    FACTS,
    a_backend_id,
    a_listener,
    a_request,
    codes,
    group_address,
    seen,
)

PODS = (PodTarget(ip="10.0.1.5", port=8080), PodTarget(ip="10.0.0.9", port=8080))


def a_backend(**fields: object) -> BackendIntent:
    """Return a backend with two pods; keywords replace fields."""
    backend = BackendIntent(
        id=a_backend_id(), field="spec.rules[0].http.paths[0]", target_port=8080, pods=PODS
    )
    return replace(backend, **fields)  # type: ignore[arg-type]  # the fields of BackendIntent


def expressed(
    backend: BackendIntent,
    mode: TargetMode | None = TargetMode.POD,
    *,
    observed: tuple[ObservedResource, ...] = (),
) -> targets.TargetGroups:
    """Return the target groups of a load balancer with one backend."""
    request = a_request(
        a_listener(), backends=[backend], observed=observed, modes={backend.id: mode}
    )
    return targets.target_groups(request, FACTS, vpc_id="vpc-1", address_type="dualstack")


def pair(found: targets.TargetGroups) -> tuple[Resource, Resource]:
    """Return the target group and the targets."""
    group, members = found.resources
    return group, members


def test_everything_about_the_health_check_is_written_out() -> None:
    """A plan says what will hold, not what AWS happens to default to."""
    group, _ = pair(expressed(a_backend()))

    checks = {k: v for k, v in group.spec.items() if "health" in k.lower() or k == "Matcher"}
    assert checks == {
        "HealthCheckEnabled": True,
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckPath": "/",
        "HealthCheckIntervalSeconds": 15,
        "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 2,
        "UnhealthyThresholdCount": 2,
        "Matcher": {"HttpCode": "200"},
    }


def test_grpc_has_its_own_path_and_codes() -> None:
    """Health checks of gRPC backends ask a method that need not exist (code 12)."""
    group, _ = pair(expressed(a_backend(protocol_version=ProtocolVersion.GRPC)))

    assert group.spec["HealthCheckPath"] == "/AWS.ALB/healthcheck"
    assert group.spec["Matcher"] == {"GrpcCode": "12"}


def test_the_check_speaks_the_backends_protocol() -> None:
    """An HTTPS backend is checked over HTTPS unless someone says otherwise."""
    group, _ = pair(expressed(a_backend(protocol=BackendProtocol.HTTPS)))

    assert group.spec["HealthCheckProtocol"] == "HTTPS"


@pytest.mark.parametrize(
    "check",
    [
        HealthCheck(interval_seconds=4),
        HealthCheck(interval_seconds=301),
        HealthCheck(timeout_seconds=1),
        HealthCheck(timeout_seconds=15),
        HealthCheck(interval_seconds=200, timeout_seconds=121),
        HealthCheck(healthy_threshold=1),
        HealthCheck(unhealthy_threshold=11),
        HealthCheck(port="70000"),
        HealthCheck(path="healthz"),
    ],
)
def test_figures_that_aws_refuses_are_found_before_it_does(check: HealthCheck) -> None:
    """The backend is refused alone, and only its Ingress hears of it."""
    found = expressed(a_backend(health_check=check))

    assert set(codes(found.diagnostics)) == {"BACKEND-HEALTH-CHECK"}
    assert found.quarantined[0].path == "spec.rules[0].http.paths[0]"
    assert found.resources == ()
    assert found.addresses == {}


def test_the_default_timeout_fits_a_short_interval() -> None:
    """Whoever only shortens the interval need not think of the timeout."""
    group, _ = pair(expressed(a_backend(health_check=HealthCheck(interval_seconds=5))))

    assert group.spec["HealthCheckTimeoutSeconds"] == 4


@pytest.mark.parametrize("text", ["99", "200-", "500", "300-200", "ok", "200, 201"])
def test_success_codes_are_checked(text: str) -> None:
    """A list or ranges of 200 to 499, without spaces."""
    found = expressed(a_backend(health_check=HealthCheck(success_codes=text)))

    assert codes(found.diagnostics) == ["BACKEND-SUCCESS-CODES"]


@pytest.mark.parametrize("text", ["200", "200,301", "200-299", "200-299,302"])
def test_good_success_codes_go_through(text: str) -> None:
    """As AWS documents them."""
    group, _ = pair(expressed(a_backend(health_check=HealthCheck(success_codes=text))))

    assert group.spec["Matcher"] == {"HttpCode": text}


def test_pods_are_registered_by_address_and_sorted() -> None:
    """One target per pod, in one order, so that equal clusters give equal plans."""
    _, members = pair(expressed(a_backend()))

    assert members.spec["Targets"] == (
        {"Id": "10.0.0.9", "Port": 8080},
        {"Id": "10.0.1.5", "Port": 8080},
    )
    assert members.spec["TargetGroupArn"] == Ref(group_address(a_backend_id()), "TargetGroupArn")


def test_pods_outside_the_vpc_are_in_all_zones() -> None:
    """AWS cannot tell the zone of an address that no subnet holds."""
    outside = (PodTarget(ip="192.168.0.1", port=8080),)

    _, members = pair(expressed(a_backend(pods=outside)))

    assert members.spec["Targets"] == (
        {"Id": "192.168.0.1", "Port": 8080, "AvailabilityZone": "all"},
    )


def test_nodes_are_registered_by_instance_and_node_port() -> None:
    """The instance id is the last part of the provider id; what is no instance is left out."""
    nodes = (
        NodeTarget(node="n1", provider_id="aws:///eu-west-1a/i-0abc"),
        NodeTarget(node="f1", provider_id="aws:///eu-west-1a/xyz/fargate-ip-10-0-0-1"),
    )

    group, members = pair(expressed(a_backend(node_port=30080, nodes=nodes), TargetMode.NODE_PORT))

    assert group.spec["TargetType"] == "instance"
    assert group.spec["Port"] == 30080
    assert members.spec["Targets"] == ({"Id": "i-0abc", "Port": 30080},)


def test_what_files_cannot_tell_is_known_after_apply() -> None:
    """No EndpointSlices, no node ports: nothing is guessed, and a reader is told why."""
    _, pods = pair(expressed(a_backend(pods=None)))
    group, nodes = pair(expressed(a_backend(nodes=None), TargetMode.NODE_PORT))
    undecided, _ = pair(expressed(a_backend(), None))

    assert isinstance(pods.spec["Targets"], Unknown)
    assert isinstance(group.spec["Port"], Unknown)
    assert isinstance(nodes.spec["Targets"], Unknown)
    assert isinstance(undecided.name, Unknown)
    assert has_unknown(undecided.spec["TargetType"])


def test_an_unchanged_backend_keeps_its_generation() -> None:
    """What exists and fits is what is wanted."""
    backend = a_backend()
    before, _ = pair(expressed(backend))

    after, _ = pair(expressed(backend, observed=(seen(before),)))

    assert after == before


def test_another_protocol_version_takes_the_next_generation() -> None:
    """It cannot be changed in place: a second target group warms up beside the first."""
    before, _ = pair(expressed(a_backend()))
    changed = a_backend(protocol_version=ProtocolVersion.HTTP2)

    after, members = pair(expressed(changed, observed=(seen(before),)))

    assert after.address == f"{before.address}@2"
    assert after.name != before.name
    assert members.address.endswith("@2")


@pytest.mark.parametrize(("before", "after"), [(None, 3000), (3000, 3001), (3000, None)])
def test_another_control_port_or_none_takes_the_next_generation(
    before: int | None, after: int | None
) -> None:
    """AWS takes it when a target group is made and never again, so taking it away is a change."""

    def with_port(port: int | None) -> BackendIntent:
        return a_backend(options={} if port is None else {"target-control-port": port})

    first, _ = pair(expressed(with_port(before)))

    second, _ = pair(expressed(with_port(after), observed=(seen(first),)))
    third, _ = pair(expressed(with_port(before), observed=(seen(first),)))

    assert second.address == f"{first.address}@2"
    assert second.spec.get("TargetControlPort") == after
    assert third.address == first.address


def test_going_back_uses_the_generation_that_still_exists() -> None:
    """An interrupted switch that is taken back needs no third target group."""
    first, _ = pair(expressed(a_backend()))
    http2 = a_backend(protocol_version=ProtocolVersion.HTTP2)
    second, _ = pair(expressed(http2, observed=(seen(first),)))

    again, _ = pair(expressed(a_backend(), observed=(seen(first), seen(second))))

    assert again.address == first.address


def test_pods_of_another_family_take_the_next_generation() -> None:
    """A target group holds addresses of one family."""
    before, _ = pair(expressed(a_backend()))
    old = replace(seen(before), spec={**before.spec, "IpAddressType": "ipv4"})
    six = a_backend(pods=(PodTarget(ip="2001:db8::1", port=8080),))

    after, _ = pair(expressed(six, observed=(old,)))

    assert after.address == f"{before.address}@2"
    assert after.spec["IpAddressType"] == "ipv6"


def test_no_pods_keep_the_family_that_exists() -> None:
    """A scaled-down backend says nothing about its family."""
    before, _ = pair(expressed(a_backend()))
    old = replace(seen(before), spec={**before.spec, "IpAddressType": "ipv6"})

    after, _ = pair(expressed(a_backend(pods=()), observed=(old,)))

    assert after.address == before.address


def test_portable_settings_become_attributes() -> None:
    """Algorithm and affinity by AWS's names; what people wrote natively wins."""
    backend = a_backend(
        options={"load-balancing-algorithm": "least-requests", "session-affinity": "cookie"},
        attributes={"stickiness.type": "app_cookie"},
    )

    group, _ = pair(expressed(backend))

    assert group.spec["Attributes"] == (
        {"Key": "load_balancing.algorithm.type", "Value": "least_outstanding_requests"},
        {"Key": "stickiness.enabled", "Value": "true"},
        {"Key": "stickiness.type", "Value": "app_cookie"},
    )


def test_a_retained_target_group_follows_its_pods() -> None:
    """Quarantine stops changes, not endpoints."""
    group, _ = pair(expressed(a_backend()))
    moved = a_backend(pods=(PodTarget(ip="10.0.7.7", port=8080),))

    members = targets.follow(seen(group), [moved], FACTS)

    assert members is not None
    assert members.spec["Targets"] == ({"Id": "10.0.7.7", "Port": 8080},)


def test_nobody_elses_pods_are_followed() -> None:
    """Another Ingress's backend of the same name belongs to another target group."""
    group, _ = pair(expressed(a_backend()))
    other = a_backend(id=a_backend_id(ingress="shop/other"))

    assert targets.follow(seen(group), [other], FACTS) is None
