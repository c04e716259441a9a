"""Backend services: every field that is ours is stated, in each mode and protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from providers.gcp.addresses import Kind
from providers.gcp.backend_config import (
    BackendConfig,
    Cdn,
    Logging,
    SignedUrlKey,
)
from providers.gcp.desired.backends import backends, hangs_on
from providers.gcp.settings import CAPACITY_SCALER, MAX_RATE_PER_ENDPOINT
from providers.gcp.variant import Variant
from provisioner.core.annotations import (
    ACCESS_LOGS,
    CIRCUIT_BREAKERS,
    LOAD_BALANCING_ALGORITHM,
    SESSION_AFFINITY,
    TIMEOUT_SECONDS,
)
from provisioner.model.intent import BackendProtocol, ProtocolVersion
from provisioner.model.resource import Fingerprint, Ref, Unknown
from tests.unit.providers.gcp.backends.building import (
    CLASSIC,
    INTERNAL,
    NODE_PORT,
    REGIONAL,
    Look,
    a_backend,
    a_context,
    all_seen,
    codes,
    of_kind,
    only,
    plain,
    service_of,
)


def test_what_nobody_states_is_googles_default() -> None:
    """A backend service says all that is ours, so that drift and removals are seen."""
    service = only(backends(a_context()), Kind.BACKEND_SERVICE)

    spec = {k: v for k, v in service.spec.items() if k not in {"name", "description"}}
    assert plain(spec) == {
        "affinityCookieTtlSec": 0,
        "backends": [
            {
                "balancingMode": "RATE",
                "capacityScaler": 1,
                "group": {
                    "ref": "gcp:network-endpoint-group/shop/web/web:80/pod/europe-west1-b.selfLink"
                },
                "maxRatePerEndpoint": 1,
            },
            {
                "balancingMode": "RATE",
                "capacityScaler": 1,
                "group": {
                    "ref": "gcp:network-endpoint-group/shop/web/web:80/pod/europe-west1-c.selfLink"
                },
                "maxRatePerEndpoint": 1,
            },
        ],
        "connectionDraining": {"drainingTimeoutSec": 0},
        "customRequestHeaders": [],
        "customResponseHeaders": [],
        "enableCDN": False,
        "healthChecks": [{"ref": "gcp:health-check/shop/web/web:80/pod.selfLink"}],
        "iap": {"enabled": False},
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "localityLbPolicy": "ROUND_ROBIN",
        "logConfig": {"enable": False},
        "protocol": "HTTP",
        "sessionAffinity": "NONE",
        "timeoutSec": 30,
    }


@pytest.mark.parametrize(
    ("options", "field", "expected"),
    [
        ({SESSION_AFFINITY.name: "cookie"}, "sessionAffinity", "GENERATED_COOKIE"),
        ({SESSION_AFFINITY.name: "none"}, "sessionAffinity", "NONE"),
        ({LOAD_BALANCING_ALGORITHM.name: "least-requests"}, "localityLbPolicy", "LEAST_REQUEST"),
        ({LOAD_BALANCING_ALGORITHM.name: "random"}, "localityLbPolicy", "RANDOM"),
        (
            {CIRCUIT_BREAKERS.name: {"max-requests": 100, "max-connections": 10}},
            "circuitBreakers",
            {"maxConnections": 10, "maxRequests": 100},
        ),
    ],
)
def test_portable_settings_of_a_backend(
    options: Mapping[str, object], field: str, expected: object
) -> None:
    """The same words as on AWS, in Google's fields."""
    spec = service_of(a_context(a_backend(options=options)))

    assert spec[field] == expected


@pytest.mark.parametrize(
    ("logs", "expected"),
    [
        ("true", {"enable": True, "sampleRate": 1}),
        ("false", {"enable": False}),
        ("0.25", {"enable": True, "sampleRate": 0.25}),
        ("true,format=json", {"enable": True, "sampleRate": 1}),
    ],
)
def test_portable_access_logs(logs: str, expected: object) -> None:
    """On Google access-logs says which share of requests is logged."""
    spec = service_of(a_context(options={ACCESS_LOGS.name: logs}))

    assert spec["logConfig"] == expected


def test_a_backend_config_outranks_the_ingress() -> None:
    """It belongs to the Service, which is stronger than an annotation on the Ingress."""
    portable = {ACCESS_LOGS.name: "false", TIMEOUT_SECONDS.name: 300}
    config = BackendConfig(timeout_seconds=40, logging=Logging(enable=True))

    said = service_of(a_context(a_backend("web", config), options=portable))
    alone = service_of(a_context(options=portable))

    assert said.fields("timeoutSec", "logConfig") == (40, {"enable": True, "sampleRate": 1})
    assert alone.fields("timeoutSec", "logConfig") == (300, {"enable": False})


@pytest.mark.parametrize(
    "options",
    [
        {LOAD_BALANCING_ALGORITHM.name: "random"},
        {CIRCUIT_BREAKERS.name: {"max-requests": 100}},
    ],
)
def test_what_a_classic_load_balancer_lacks(options: Mapping[str, object]) -> None:
    """Google's own front ends have neither; only Envoy does."""
    found = backends(a_context(a_backend(options=options), variant=CLASSIC))

    assert codes(found.diagnostics) == ["OBJECT-UNSUPPORTED"]


@pytest.mark.parametrize(
    ("protocol", "version", "expected"),
    [
        (BackendProtocol.HTTP, ProtocolVersion.HTTP1, "HTTP"),
        (BackendProtocol.HTTPS, ProtocolVersion.HTTP1, "HTTPS"),
        (BackendProtocol.HTTPS, ProtocolVersion.HTTP2, "HTTP2"),
        (BackendProtocol.HTTPS, ProtocolVersion.GRPC, "HTTP2"),
        (BackendProtocol.HTTP, ProtocolVersion.HTTP2, "H2C"),
        (BackendProtocol.HTTP, ProtocolVersion.GRPC, "H2C"),
    ],
)
def test_protocols(protocol: BackendProtocol, version: ProtocolVersion, expected: object) -> None:
    """GRPC is HTTP/2, with TLS or without it."""
    backend = a_backend(protocol=protocol, protocol_version=version)

    assert service_of(a_context(backend))["protocol"] == expected


def test_a_classic_load_balancer_has_no_http2_without_tls() -> None:
    """H2C is for schemes with Envoy."""
    backend = a_backend(protocol_version=ProtocolVersion.GRPC)

    found = backends(a_context(backend, variant=CLASSIC))

    assert codes(found.diagnostics) == ["BACKEND-PROTOCOL"]


def test_traffic_scaling_annotations() -> None:
    """max-rate-per-endpoint and capacity-scaler are figures of each group."""
    options = {MAX_RATE_PER_ENDPOINT.name: 12.5, CAPACITY_SCALER.name: 0.5}

    entries = service_of(a_context(a_backend(options=options)))["backends"]

    assert [e.fields("maxRatePerEndpoint", "capacityScaler") for e in entries] == [(12.5, 0.5)] * 2


def test_node_ports_lead_to_instance_groups_by_a_named_port() -> None:
    """One group in each zone, shared by the cluster, and ``port<nodePort>`` on it."""
    spec = service_of(a_context(mode=NODE_PORT))

    assert spec["portName"] == "port30080"
    assert list(spec["backends"]) == [
        {
            "balancingMode": "RATE",
            "capacityScaler": 1,
            "group": {"ref": f"gcp:instance-group/shared/{zone}.selfLink"},
            "maxRatePerInstance": 1,
        }
        for zone in ("europe-west1-b", "europe-west1-c")
    ]


@pytest.mark.parametrize("variant", [REGIONAL, INTERNAL])
def test_node_ports_need_a_global_load_balancer(variant: Variant) -> None:
    """Regional load balancers take network endpoint groups alone (GKE documentation)."""
    found = backends(a_context(mode=NODE_PORT, variant=variant))

    assert codes(found.diagnostics) == ["MODE-IMPOSSIBLE"]


def test_an_undecided_mode() -> None:
    """Files alone cannot tell the mode: nothing about targets is guessed."""
    found = backends(a_context(mode=None))

    service = only(found, Kind.BACKEND_SERVICE)
    assert service.address == "gcp:backend-service/shop/web/web:80/auto"
    assert Look(service.spec["backends"]).unknown
    assert isinstance(service.name, Unknown)
    assert not of_kind(found.resources, Kind.NETWORK_ENDPOINT_GROUP)


def test_signed_url_keys_are_resources_of_their_own() -> None:
    """The API lists only names; a digest in the description makes a rotation visible."""
    key = SignedUrlKey(name="key-1", value=Fingerprint("digest-1", "value"))
    config = BackendConfig(cdn=Cdn(enabled=True, signed_url_keys=(key,)))

    found = backends(a_context(a_backend("web", config)))

    service, resource = only(found, Kind.BACKEND_SERVICE), only(found, Kind.SIGNED_URL_KEY)
    assert resource.address == "gcp:signed-url-key/shop/web/web:80/pod/key-1"
    assert resource.spec["backendService"] == Ref(service.address, "selfLink")
    assert resource.spec["keyValue"] == Fingerprint("digest-1")
    words = json.loads(str(service.spec["description"]))
    assert words["ingress-provisioner.io/signed-url-keys"] == {"key-1": "digest-1"}


def test_a_signed_url_key_that_nobody_could_read() -> None:
    """It is known after apply; what is recorded of it stays, so nothing seems to change."""
    unread = SignedUrlKey(name="key-1", secret_name="keys")
    known = SignedUrlKey(name="key-1", secret_name="keys", value=Fingerprint("digest-1", "value"))
    configs = [BackendConfig(cdn=Cdn(enabled=True, signed_url_keys=(k,))) for k in (known, unread)]
    before = a_context(a_backend("web", configs[0]))

    fresh = backends(a_context(a_backend("web", configs[1])))
    again = backends(a_context(a_backend("web", configs[1]), observed=all_seen(before)))

    assert Look(only(fresh, Kind.SIGNED_URL_KEY).spec["keyValue"]).unknown
    described = only(again, Kind.BACKEND_SERVICE).spec["description"]
    assert described == service_of(before)["description"].value
    assert hangs_on(only(fresh, Kind.BACKEND_SERVICE)) == (
        "gcp:signed-url-key/shop/web/web:80/pod/key-1",
    )
