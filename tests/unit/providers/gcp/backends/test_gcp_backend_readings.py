"""Common backend services of GKE's reading, and generations of what carries traffic."""

from __future__ import annotations

import json

from providers.gcp.account import Facts
from providers.gcp.addresses import Kind
from providers.gcp.backend_config import (
    Affinity,
    BackendConfig,
    Cdn,
    HealthCheckSettings,
    Iap,
    Logging,
)
from providers.gcp.desired.backends import backends
from provisioner.model.intent import BackendProtocol
from provisioner.model.resource import Observed
from tests.unit.providers.gcp.backends.building import (
    GLOBAL,
    INCUMBENT,
    INTERNAL,
    KUBERNETES,
    NODE_PORT,
    POD,
    PROJECT,
    REGIONAL,
    Look,
    a_backend,
    a_context,
    all_seen,
    check_of,
    codes,
    of_kind,
    only,
    plain,
    resources_of,
    seen,
    service_of,
    some_facts,
)

POLICY = f"projects/{PROJECT}/global/securityPolicies/shop-policy"
CDN_ON = Cdn(enabled=True)
FULL = BackendConfig(
    name="bc",
    timeout_seconds=40,
    draining_seconds=60,
    affinity=Affinity(type="GENERATED_COOKIE", cookie_ttl=50),
    request_headers=("X-Client-Region:{client_region}",),
    response_headers=("X-Frame-Options:DENY",),
    logging=Logging(enable=True, sample_rate=0.5),
    security_policy="shop-policy",
    cdn=CDN_ON,
)


def with_policy() -> Facts:
    """Return a project that has the security policy."""
    return some_facts(security_policies={"shop-policy": POLICY})


class TestGkesReading:
    """Under ``incumbent`` one backend service is for a Service port of the whole cluster."""

    def test_names_and_words_are_gkes(self) -> None:
        """The vector of kubernetes/ingress-gce: k8s-be-<nodePort>--<uid> for both."""
        found = backends(a_context(mode=NODE_PORT, compatibility=INCUMBENT))

        service, check = only(found, Kind.BACKEND_SERVICE), only(found, Kind.HEALTH_CHECK)
        assert (service.name, check.name) == ("k8s-be-30080--uid1", "k8s-be-30080--uid1")
        words = json.loads(str(service.spec["description"]))
        assert words["kubernetes.io/service-name"] == "shop/web"
        assert words["kubernetes.io/service-port"] == "80"

    def test_features_are_noted(self) -> None:
        """GKE lists the features of a backend service in ``x-features``."""
        config = BackendConfig(security_policy="shop-policy")
        context = a_context(a_backend("web", config), compatibility=INCUMBENT, facts=with_policy())

        words = json.loads(str(service_of(context)["description"]))

        assert words["x-features"] == ["NEG", "SecurityPolicy"]

    def test_they_are_common(self) -> None:
        """Nothing belongs to the load balancer: others use it too."""
        found = backends(a_context(compatibility=INCUMBENT))

        assert found.resources == ()
        assert {r.group for r in found.common} == {"shared"}
        assert list(found.addresses.values()) == ["gcp:backend-service/shared/shop/web:80/pod"]

    def test_each_kind_of_load_balancer_has_its_own(self) -> None:
        """A scheme has backend services of its own; pods are attached once for all."""
        classic = backends(a_context(compatibility=INCUMBENT))
        internal = backends(a_context(compatibility=INCUMBENT, variant=INTERNAL))

        assert list(internal.addresses.values()) == [
            "gcp:backend-service/shared/shop/web:80/pod/regional-internal"
        ]
        groups = [of_kind(f.common, Kind.NETWORK_ENDPOINT_GROUP) for f in (classic, internal)]
        assert groups[0] == groups[1]

    def test_logging_is_on_when_it_is_made(self) -> None:
        """GKE creates every backend service with logging at rate 1."""
        assert service_of(a_context(compatibility=INCUMBENT))["logConfig"] == {
            "enable": True,
            "sampleRate": 1,
        }

    def test_what_a_backend_config_does_not_say_is_left_alone(self) -> None:
        """GKE never undoes it, so an adopted backend service is not changed."""
        (service,) = of_kind(
            backends(a_context(compatibility=INCUMBENT)).common, Kind.BACKEND_SERVICE
        )
        drifted = service.with_spec(timeoutSec=77, securityPolicy=POLICY)
        context = a_context(compatibility=INCUMBENT, observed=seen(drifted))

        spec = service_of(context)

        assert spec.fields("timeoutSec", "securityPolicy") == (77, POLICY)

    def test_what_we_stated_once_is_taken_back(self) -> None:
        """Removing a block that we wrote restores the default here, too."""
        stated = a_context(
            a_backend("web", BackendConfig(timeout_seconds=77)), compatibility=INCUMBENT
        )
        removed = a_context(compatibility=INCUMBENT, observed=all_seen(stated))

        assert service_of(stated)["timeoutSec"] == 77
        assert service_of(removed)["timeoutSec"] == 30

    def test_a_group_that_fell_back_to_utilization_stays_so(self) -> None:
        """GKE falls back where RATE is refused; changing it would be refused again."""
        (service,) = of_kind(
            backends(a_context(mode=NODE_PORT, compatibility=INCUMBENT)).common,
            Kind.BACKEND_SERVICE,
        )
        entries = [
            {"group": e["group"].value, "balancingMode": "UTILIZATION", "capacityScaler": 1}
            for e in Look(service.spec["backends"])
        ]
        observed = seen(service.with_spec(backends=entries))
        context = a_context(mode=NODE_PORT, compatibility=INCUMBENT, observed=observed)

        modes = {str(entry["balancingMode"]) for entry in service_of(context)["backends"]}
        assert modes == {"UTILIZATION"}

    def test_a_port_by_name_and_by_number_is_one(self) -> None:
        """The Service port is the same, whatever an Ingress calls it."""
        by_number = a_backend()
        by_name = a_backend(
            id=type(by_number.id)(
                ingress=by_number.id.ingress, service=by_number.id.service, port="http"
            )
        )

        found = backends(a_context(by_number, by_name, compatibility=INCUMBENT))

        assert set(found.addresses.values()) == {"gcp:backend-service/shared/shop/web:80/pod"}
        assert len(of_kind(found.common, Kind.BACKEND_SERVICE)) == 1


class TestHealthChecksOfGkes:
    """Under ``incumbent`` a health check that exists keeps what nobody states."""

    def observed(self) -> Observed:
        """Return a health check that somebody has set by hand."""
        check = only(backends(a_context(compatibility=INCUMBENT)), Kind.HEALTH_CHECK)
        asked = {"portSpecification": "USE_SERVING_PORT", "requestPath": "/by-hand"}
        by_hand = check.with_spec(checkIntervalSec=99, unhealthyThreshold=7, httpHealthCheck=asked)
        return seen(by_hand)

    def test_figures_set_by_hand_stay(self) -> None:
        """GKE keeps them, and so does whoever takes over from it."""
        spec = check_of(a_context(compatibility=INCUMBENT, observed=self.observed()))

        assert spec.fields("checkIntervalSec", "unhealthyThreshold") == (99, 7)
        assert spec["httpHealthCheck"]["requestPath"] == "/by-hand"

    def test_the_backend_config_is_followed(self) -> None:
        """What it says counts, field by field; a timeout never outlasts the interval."""
        settings = HealthCheckSettings(timeout_seconds=120, request_path="/ok")
        backend = a_backend("web", BackendConfig(name="bc", health_check=settings))

        spec = check_of(a_context(backend, compatibility=INCUMBENT, observed=self.observed()))

        assert spec.fields("checkIntervalSec", "timeoutSec", "unhealthyThreshold") == (120, 120, 7)
        assert spec["httpHealthCheck"]["requestPath"] == "/ok"

    def test_what_we_stated_is_taken_back(self) -> None:
        """A block that was removed leaves nothing behind, in this reading either."""
        settings = HealthCheckSettings(interval_seconds=33, request_path="/ok")
        stated = a_context(
            a_backend("web", BackendConfig(health_check=settings)), compatibility=INCUMBENT
        )

        spec = check_of(a_context(compatibility=INCUMBENT, observed=all_seen(stated)))

        assert spec["checkIntervalSec"] == 15
        assert spec["httpHealthCheck"]["requestPath"] == "/"

    def test_another_node_port_is_followed(self) -> None:
        """The check must ask where the backend serves."""
        context = a_context(mode=NODE_PORT, compatibility=INCUMBENT)
        moved = a_context(
            a_backend(node_port=31111),
            mode=NODE_PORT,
            compatibility=INCUMBENT,
            observed=all_seen(context),
        )

        assert check_of(moved)["httpHealthCheck"]["port"] == 31111


class TestGenerations:
    """What carries traffic is replaced beside the old one, never under it."""

    def test_another_protocol_makes_the_next_generation(self) -> None:
        """Pods that speak it are not there yet, or the old ones are gone already."""
        before = a_context()
        secure = a_backend(protocol=BackendProtocol.HTTPS)

        found = backends(a_context(secure, observed=all_seen(before)))

        assert list(found.addresses.values()) == ["gcp:backend-service/shop/web/web:80/pod@2"]
        assert "gcp:health-check/shop/web/web:80/pod@2" in resources_of(found)
        groups = of_kind(found.resources, Kind.NETWORK_ENDPOINT_GROUP)
        assert all("@" not in group.address for group in groups)

    def test_going_back_finds_the_first_one(self) -> None:
        """While both exist, the one that already is as needed is wanted."""
        first = all_seen(a_context())
        secure = a_backend(protocol=BackendProtocol.HTTPS)
        second = backends(a_context(secure, observed=first))
        both = seen(
            *(r for r in resources_of(backends(a_context())).values()),
            *resources_of(second).values(),
        )

        found = backends(a_context(observed=both))

        assert list(found.addresses.values()) == ["gcp:backend-service/shop/web/web:80/pod"]

    def test_another_mode_is_another_backend_service(self) -> None:
        """Instance groups and network endpoint groups cannot share one."""
        pods = backends(a_context(mode=POD))
        nodes = backends(a_context(mode=NODE_PORT))

        assert set(pods.addresses.values()).isdisjoint(nodes.addresses.values())

    def test_everything_else_changes_in_place(self) -> None:
        """A timeout or another node port needs no second backend service."""
        before = all_seen(a_context(mode=NODE_PORT))
        changed = a_backend("web", BackendConfig(timeout_seconds=9), node_port=31111)

        found = backends(a_context(changed, mode=NODE_PORT, observed=before))

        assert list(found.addresses.values()) == ["gcp:backend-service/shop/web/web:80/node-port"]
        assert only(found, Kind.BACKEND_SERVICE).spec["portName"] == "port31111"

    def test_the_second_one_has_another_name_under_gkes_reading(self) -> None:
        """GKE's name says nothing of the protocol, so ours takes its place."""
        before = a_context(compatibility=INCUMBENT)
        secure = a_backend(protocol=BackendProtocol.HTTPS)

        found = backends(a_context(secure, compatibility=INCUMBENT, observed=all_seen(before)))

        name = only(found, Kind.BACKEND_SERVICE).name
        assert isinstance(name, str)
        assert name.startswith("ipr-be-")


def test_a_second_look_changes_nothing() -> None:
    """What was made is wanted just as it is, in both readings."""
    for compatibility in (INCUMBENT, KUBERNETES):
        first = a_context(a_backend("web", FULL), facts=with_policy(), compatibility=compatibility)
        second = a_context(
            a_backend("web", FULL),
            facts=with_policy(),
            observed=all_seen(first),
            compatibility=compatibility,
        )

        before, after = (resources_of(backends(c)) for c in (first, second))

        assert {a: plain(r.spec) for a, r in before.items()} == {
            a: plain(r.spec) for a, r in after.items()
        }


def test_ipv6_pods_are_refused() -> None:
    """Network endpoint groups of this kind take IPv4 addresses."""
    pod = a_backend().pods
    assert pod is not None
    backend = a_backend(pods=(type(pod[0])(ip="fd00::1", port=8080, node="n1"),))

    found = backends(a_context(backend))

    assert codes(found.diagnostics) == ["BACKEND-IPV6"]


def test_one_broken_backend_stops_no_other() -> None:
    """Only the path that leads to it is set aside."""
    broken = a_backend("broken", BackendConfig(iap=Iap(enabled=True)))

    found = backends(a_context(a_backend("web"), broken, variant=REGIONAL))

    assert [str(id_) for id_ in found.addresses] == ["web:80"]
    assert len(found.quarantined) == 1


def test_explicit_groups_say_whose_backend_it_is() -> None:
    """Several Ingresses share the load balancer, never a backend."""
    found = backends(a_context(group="edge", variant=GLOBAL))

    assert list(found.addresses.values()) == ["gcp:backend-service/edge/shop/web/web:80/pod"]
