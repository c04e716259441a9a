"""What GKE's settings mean for ports, certificates and the way to pods."""

from __future__ import annotations

import pytest

from providers.gcp.reading.backend_config import BackendConfigNames
from providers.gcp.words import backend_words
from provisioner.model.diagnostic import Severity
from provisioner.model.intent import (
    BackendProtocol,
    Compatibility,
    Intent,
    ListenerIntent,
    ProtocolVersion,
    TargetMode,
)
from provisioner.model.kube import Ingress, Parameters, Service, ServicePort
from tests.factories import a_port, a_service, an_ingress
from tests.unit.providers.gcp.annotations.cases import an_intent_of, an_object, with_tls

WEB = a_service("shop/web", a_port(80, name="http", node_port=30080))
ALLOW = "kubernetes.io/ingress.allow-http"
SHARED = "ingress.gcp.kubernetes.io/pre-shared-cert"
MANAGED = "networking.gke.io/managed-certificates"
MAP = "networking.gke.io/certmap"
PORTABLE = "ingress-provisioner.io/"

HTTP, HTTPS = (80, "HTTP"), (443, "HTTPS")


def an_ingress_of_gke(**annotations: str) -> Ingress:
    """Return an Ingress without a class; keyword names stand for the keys above."""
    names = {"allow": ALLOW, "shared": SHARED, "managed": MANAGED, "map": MAP}
    keyed = {
        names.get(name, PORTABLE + name.replace("_", "-")): value
        for name, value in annotations.items()
    }
    return an_ingress(annotations=keyed, class_name=None)


def a_managed_certificate(name: str, issued: str = "") -> Parameters:
    """Return a ManagedCertificate, and the Compute certificate that it became."""
    status = {"certificateName": issued} if issued else {}
    return an_object(
        "ManagedCertificate", f"shop/{name}", {"domains": [f"{name}.example.com"]}, status=status
    )


def listeners_of(*objects: Ingress | Service | Parameters) -> tuple[ListenerIntent, ...]:
    """Return the listeners of the one load balancer that these make."""
    [balancer] = an_intent_of(WEB, *objects).load_balancers
    return balancer.listeners


def ports_of(*objects: Ingress | Service | Parameters) -> list[tuple[int, str]]:
    """Return the ports of the one load balancer that these make."""
    return [(one.port, one.protocol.value) for one in listeners_of(*objects)]


def problems_of(intent: Intent) -> list[str]:
    """Return the codes of what keeps Ingresses out."""
    return [entry.diagnostic.code for one in intent.load_balancers for entry in one.quarantined]


@pytest.mark.parametrize(
    ("ingress", "expected"),
    [
        (an_ingress_of_gke(), [HTTP]),
        (an_ingress_of_gke(allow="true"), [HTTP]),
        (an_ingress_of_gke(shared="cert"), [HTTP, HTTPS]),
        (an_ingress_of_gke(shared="cert", allow="false"), [HTTPS]),
        (an_ingress_of_gke(map="certs"), [HTTP, HTTPS]),
        (an_ingress_of_gke(map="certs", allow="false"), [HTTPS]),
        (with_tls(an_ingress_of_gke(), "tls"), [HTTP, HTTPS]),
        (with_tls(an_ingress_of_gke(allow="false"), "tls"), [HTTPS]),
        (an_ingress_of_gke(certificates="cert"), [HTTPS]),
        (an_ingress_of_gke(certificates="cert", allow="true"), [HTTP, HTTPS]),
        (an_ingress_of_gke(certificates="cert", shared="other"), [HTTP, HTTPS]),
        (an_ingress_of_gke(listen_ports="HTTP:8080", shared="cert"), [(8080, "HTTP")]),
    ],
    ids=lambda value: (
        ", ".join((*value.meta.annotations.values(), *(tls.secret_name for tls in value.tls)))
        if isinstance(value, Ingress)
        else None
    ),
)
def test_ports_follow_from_what_is_allowed_and_from_certificates(
    ingress: Ingress, expected: list[tuple[int, str]]
) -> None:
    """GKE opens HTTP unless told not to, and HTTPS with any certificate.

    The portable annotations keep what they mean on every cloud.
    """
    assert ports_of(ingress) == expected


def test_names_of_certificates_come_from_every_annotation_in_order() -> None:
    """Portable ones first, then pre-shared ones, then those that GKE had issued, each once."""
    ingress = an_ingress_of_gke(certificates="first", shared="second,mcrt-1", managed="cert")

    _, https = listeners_of(ingress, a_managed_certificate("cert", "mcrt-1"))

    assert https.certificates == ("first", "second", "mcrt-1")
    assert https.certificate_hosts == ()


def test_secrets_of_spec_tls_count_without_an_annotation() -> None:
    """As GKE has it; where certificates are named, they count alone, as on every cloud."""
    bare = with_tls(an_ingress_of_gke(shared="cert"), "tls-1", "tls-2")
    named = with_tls(an_ingress_of_gke(certificates="cert"), "tls-1")
    both = with_tls(an_ingress_of_gke(certificates="from-secret"), "tls-1")

    assert [one.secret.name for one in listeners_of(bare)[1].secrets] == ["tls-1", "tls-2"]
    assert listeners_of(bare)[1].certificates == ("cert",)
    assert listeners_of(named)[0].secrets == ()
    assert [one.secret.name for one in listeners_of(both)[0].secrets] == ["tls-1"]


def test_a_managed_certificate_opens_https_before_it_is_issued() -> None:
    """GKE shows an error until its other controller has caught up (GKE#738, #764)."""
    ingress = an_ingress_of_gke(managed="cert,late", allow="false")

    [https] = listeners_of(
        ingress, a_managed_certificate("cert", "mcrt-1"), a_managed_certificate("late")
    )
    [waiting] = listeners_of(
        an_ingress_of_gke(managed="late", allow="false"), a_managed_certificate("late")
    )

    assert (https.port, https.certificates) == (443, ("mcrt-1",))
    assert (waiting.port, waiting.certificates, waiting.certificate_hosts) == (443, (), ())


def test_a_certificate_that_google_issues_is_for_hosts_whatever_else_is_named() -> None:
    """A pre-shared certificate beside it does not take its hosts away."""
    ingress = an_ingress_of_gke(certificates="managed", shared="cert")

    hosts = listeners_of(ingress)[1].certificate_hosts

    assert [host for _, host in hosts] == ["shop.example.com"]


def test_http_off_without_a_certificate_is_told() -> None:
    """GKE: nothing is enabled."""
    intent = an_intent_of(WEB, an_ingress_of_gke(allow="false"))

    assert problems_of(intent) == ["LISTENER-NONE"]


def test_listen_ports_and_allow_http_must_not_contradict_each_other() -> None:
    """Dropping a port that someone lists would be a surprise either way."""
    ingress = an_ingress_of_gke(listen_ports="HTTP:80, HTTPS:443", shared="cert", allow="false")

    intent = an_intent_of(WEB, ingress)

    [balancer] = intent.load_balancers
    [entry] = balancer.quarantined
    assert entry.diagnostic.code == "ANNOTATION-CONTRADICTION"
    assert entry.diagnostic.severity is Severity.ERROR
    assert entry.diagnostic.field == f"metadata.annotations[{ALLOW}]"
    assert entry.diagnostic.hint == "keep one of the two"


def test_a_managed_certificate_that_does_not_exist_is_told_to_the_ingress() -> None:
    """Its neighbours go on."""
    intent = an_intent_of(WEB, an_ingress_of_gke(managed="nowhere"))

    assert problems_of(intent) == ["OBJECT-MISSING"]


def backend_of(*objects: Ingress | Service | Parameters) -> tuple[str, str, TargetMode | None]:
    """Return protocol, version and mode of the one backend that these make."""
    [balancer] = an_intent_of(*objects).load_balancers
    [backend] = balancer.backends
    return backend.protocol.value, backend.protocol_version.value, backend.mode


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("HTTP", (BackendProtocol.HTTP, ProtocolVersion.HTTP1)),
        ("HTTPS", (BackendProtocol.HTTPS, ProtocolVersion.HTTP1)),
        ("HTTP2", (BackendProtocol.HTTPS, ProtocolVersion.HTTP2)),
    ],
)
def test_a_port_speaks_what_its_name_says(
    word: str, expected: tuple[BackendProtocol, ProtocolVersion]
) -> None:
    """HTTP2 is spoken over TLS; ports are named by their names alone."""
    service = a_service(
        "shop/web",
        a_port(80, name="http"),
        annotations={"cloud.google.com/app-protocols": f'{{"http": "{word}", "80": "HTTPS"}}'},
    )

    assert backend_of(service, an_ingress_of_gke())[:2] == expected


def test_a_portable_protocol_counts_before_gkes() -> None:
    """What means the same on every cloud is the stronger word."""
    service = a_service(
        "shop/web",
        a_port(80, name="http"),
        annotations={
            "cloud.google.com/app-protocols": '{"http": "HTTP2"}',
            "ingress-provisioner.io/backend-protocol": "HTTP",
        },
    )

    assert backend_of(service, an_ingress_of_gke())[0] == "HTTP"


@pytest.mark.parametrize(
    ("neg", "wish", "expected"),
    [
        ('{"ingress": true}', "", TargetMode.POD),
        ('{"ingress": false}', "", None),
        ('{"exposed_ports": {"80": {}}}', "", None),
        ('{"ingress": true}', "node-port", TargetMode.NODE_PORT),
    ],
)
def test_a_service_that_asks_for_endpoint_groups_is_reached_straight(
    neg: str, wish: str, expected: TargetMode | None
) -> None:
    """GKE adds the annotation unasked (GKE#2581), so a portable word outranks it."""
    said = {"cloud.google.com/neg": neg}
    portable = {"ingress-provisioner.io/target-mode": wish} if wish else {}
    service = a_service("shop/web", a_port(80, node_port=30080), annotations={**said, **portable})

    assert backend_of(service, an_ingress_of_gke())[2] == expected


@pytest.mark.parametrize("scheme", ["", "internal", "external"])
@pytest.mark.parametrize("variant", ["", "classic", "regional-internal", "regional-external"])
@pytest.mark.parametrize("compatibility", list(Compatibility))
def test_without_a_wish_regional_load_balancers_take_pods(
    scheme: str, variant: str, compatibility: Compatibility
) -> None:
    """GKE uses instance groups on global ones; the regional kinds cannot."""
    said = {"scheme": scheme, "google-load-balancer": variant}
    ingress = an_ingress_of_gke(**{name: value for name, value in said.items() if value})
    regional = variant.startswith("regional") or (not variant and scheme == "internal")
    incumbent = compatibility is Compatibility.INCUMBENT

    [balancer] = an_intent_of(WEB, ingress, compatibility=compatibility).load_balancers

    expected = TargetMode.POD if regional else TargetMode.NODE_PORT if incumbent else None
    of_web = [one for one in balancer.backends if one.id.service == WEB.key]
    assert [backend.default_mode for backend in of_web] == [expected]


def test_who_asked_for_pods_is_on_record() -> None:
    """The plan explains every mode by who wanted it."""
    words = backend_words(
        {"neg": True, "backend-config": BackendConfigNames(default="bc")},
        ServicePort(port=80),
        compatibility=Compatibility.KUBERNETES,
    )

    assert words.mode is TargetMode.POD
    assert "cloud.google.com/neg" in words.mode_source
