"""SSL certificates, SSL policies and target HTTPS proxies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from google.cloud import compute_v1

from provisioner.sandbox.cluster.documents import Document, part, text, texts
from tests.unit.sandbox.gcp.workbench import PROJECT, REGION, Workbench

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
EXPIRY = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)


def make_key(kind: str) -> Key:
    """Return a private key, ``rsa-2048`` or ``p-256`` and so on."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(public_exponent=65537, key_size=int(kind[4:]))
    return ec.generate_private_key(ec.SECP256R1() if kind == "p-256" else ec.SECP384R1())


def pem(key: Key, *hosts: str) -> str:
    """Return a self-signed certificate."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(EXPIRY - timedelta(days=60))
        .not_valid_after(EXPIRY)
        .add_extension(names, critical=False)
    )
    signed = builder.sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def key_pem(key: Key) -> str:
    """Return a private key as PEM."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def certificate(name: str = "cert", kind: str = "p-256") -> dict[str, object]:
    """Return the body of a self-managed certificate."""
    key = make_key(kind)
    return {"name": name, "certificate": pem(key, "shop.example.com"), "privateKey": key_pem(key)}


def test_a_certificate_is_parsed_and_its_key_never_answered(bench: Workbench) -> None:
    """Names and expiry come from the certificate; both forms of input are taken."""
    flat = certificate("flat")
    nested = {
        "name": "nested",
        "type": "SELF_MANAGED",
        "selfManaged": {key: flat[key] for key in ("certificate", "privateKey")},
    }

    for body in (flat, nested):
        found = bench.make("global/sslCertificates", body)
        assert texts(found, "subjectAlternativeNames") == ("shop.example.com",)
        assert datetime.fromisoformat(text(found, "expireTime")) == EXPIRY
        assert (found["certificate"], found["type"]) == (flat["certificate"], "SELF_MANAGED")
        assert "PRIVATE" not in str(found)


@pytest.mark.parametrize(
    ("kind", "home", "taken"),
    [
        ("rsa-2048", "global", True),
        ("p-256", "global", True),
        ("rsa-3072", "global", False),
        ("p-384", "global", False),
        ("rsa-3072", f"regions/{REGION}", True),
        ("p-384", f"regions/{REGION}", True),
    ],
)
def test_key_types_depend_on_the_scope(
    bench: Workbench, kind: str, home: str, *, taken: bool
) -> None:
    """SSL certificates overview: global ones take RSA-2048 and P-256 only."""
    answer = bench.rest("POST", f"{home}/sslCertificates", certificate(kind=kind))

    assert (answer.status == 200) is taken


def test_nonsense_is_not_a_certificate(bench: Workbench) -> None:
    """Neither is a key that belongs to another one."""
    good, other = certificate(), certificate()
    wrong = (
        ({"certificate": "nonsense"}, "could not be parsed"),
        ({"privateKey": "nonsense"}, "could not be parsed"),
        ({"privateKey": other["privateKey"]}, "do not match"),
        ({"certificate": str(good["certificate"]) * 6}, "At most 5"),
        ({"privateKey": None}, "Required field 'resource.privateKey'"),
        ({"certificate": None}, "Required field 'resource.certificate'"),
    )

    for change, said in wrong:
        answer = bench.refused("global/sslCertificates", {**good, **change})
        assert said in answer.message


def test_certificates_cannot_be_changed(bench: Workbench) -> None:
    """The API has no method for it."""
    bench.make("global/sslCertificates", certificate())

    assert bench.rest("PATCH", "global/sslCertificates/cert", {}).status == 404


def test_a_managed_certificate_waits_for_its_domains(bench: Workbench) -> None:
    """PROVISIONING until its time has come, domain by domain."""
    bench.cloud.configure(certificate_seconds=60)
    body = {"name": "cert", "type": "MANAGED", "managed": {"domains": ["shop.example.com"]}}
    before = part(bench.make("global/sslCertificates", body), "managed")

    bench.cloud.advance(61)

    after = part(bench.get("global/sslCertificates/cert"), "managed")
    assert before["status"] == "PROVISIONING"
    assert after["status"] == "ACTIVE"
    assert after["domainStatus"] == {"shop.example.com": "ACTIVE"}


def test_a_managed_certificate_can_wait_forever(bench: Workbench) -> None:
    """Domains that never point here never become active."""
    bench.cloud.configure(certificate_seconds=None)
    body = {"name": "cert", "type": "MANAGED", "managed": {"domains": ["shop.example.com"]}}
    bench.make("global/sslCertificates", body)

    bench.cloud.advance(1_000_000)

    assert text(bench.get("global/sslCertificates/cert"), "managed", "status") == "PROVISIONING"


@pytest.mark.parametrize(
    ("home", "domains"),
    [
        (f"regions/{REGION}", ["shop.example.com"]),
        ("global", []),
        ("global", ["*.example.com"]),
        ("global", ["shop"]),
        ("global", ["s" * 60 + ".example.com"]),
        ("global", [f"{number}.example.com" for number in range(101)]),
    ],
)
def test_managed_certificates_have_limits(bench: Workbench, home: str, domains: list[str]) -> None:
    """Global only, no wildcards, 100 domains, the first at most 64 bytes."""
    body = {"name": "cert", "type": "MANAGED", "managed": {"domains": domains}}

    assert bench.refused(f"{home}/sslCertificates", body).status == 400


def https(bench: Workbench, **fields: object) -> Document:
    """Return the body of an HTTPS proxy with a certificate."""
    bench.make("global/sslCertificates", certificate("first"))
    url_map = bench.url_map(defaultService=bench.service("web"))
    certificates = ["global/sslCertificates/first"]
    return {"name": "proxy", "urlMap": url_map, "sslCertificates": certificates, **fields}


def test_an_https_proxy_needs_certificates_and_not_too_many(bench: Workbench) -> None:
    """1 to 15 Compute certificates, no duplicates."""
    body = https(bench)
    bench.cloud.limits["certificates-per-target-https-proxy"] = 1
    bench.make("global/sslCertificates", certificate("second"))
    both = ["global/sslCertificates/first", "global/sslCertificates/second"]

    none = bench.refused("global/targetHttpsProxies", {**body, "sslCertificates": []})
    many = bench.refused("global/targetHttpsProxies", {**body, "sslCertificates": both})
    made = bench.make("global/targetHttpsProxies", body)

    assert none.reason == "required"
    assert "At most 1 certificates" in many.message
    assert made["quicOverride"] == "NONE"


def test_certificates_and_policy_of_a_proxy_can_be_changed(bench: Workbench) -> None:
    """Each by its own method, with Google's client; an empty policy clears."""
    bench.make("global/targetHttpsProxies", https(bench))
    second = bench.make("global/sslCertificates", certificate("second"))
    policy = bench.make("global/sslPolicies", {"name": "modern", "profile": "MODERN"})
    proxies = bench.client(compute_v1.TargetHttpsProxiesClient)
    reference = compute_v1.SslPolicyReference(ssl_policy=text(policy, "selfLink"))

    bench.wait(
        proxies.set_ssl_certificates_unary(
            project=PROJECT,
            target_https_proxy="proxy",
            target_https_proxies_set_ssl_certificates_request_resource=(
                compute_v1.TargetHttpsProxiesSetSslCertificatesRequest(
                    ssl_certificates=[text(second, "selfLink")]
                )
            ),
        )
    )
    bench.wait(
        proxies.set_ssl_policy_unary(
            project=PROJECT, target_https_proxy="proxy", ssl_policy_reference_resource=reference
        )
    )
    with_policy = bench.get("global/targetHttpsProxies/proxy")
    bench.rest("POST", "global/targetHttpsProxies/proxy/setSslPolicy", {})

    assert texts(with_policy, "sslCertificates") == (second["selfLink"],)
    assert with_policy["sslPolicy"] == policy["selfLink"]
    assert "sslPolicy" not in bench.get("global/targetHttpsProxies/proxy")


def test_a_certificate_in_use_cannot_be_deleted(bench: Workbench) -> None:
    """Rotation makes the new one, repoints the proxy, then deletes the old one."""
    bench.make("global/targetHttpsProxies", https(bench))
    bench.make("global/sslCertificates", certificate("second"))

    during = bench.rest("DELETE", "global/sslCertificates/first")
    path = "targetHttpsProxies/proxy/setSslCertificates"
    bench.rest("POST", path, {"sslCertificates": ["global/sslCertificates/second"]})
    after = bench.rest("DELETE", "global/sslCertificates/first")

    assert (during.reason, after.status) == ("resourceInUseByAnotherResource", 200)


def test_an_https_proxy_takes_no_map_that_redirects_to_https(bench: Workbench) -> None:
    """Setting httpsRedirect for a target HTTPS proxy is not permitted."""
    body = https(bench)
    redirects = bench.url_map("redirect", defaultUrlRedirect={"httpsRedirect": True})

    answer = bench.refused("global/targetHttpsProxies", {**body, "urlMap": redirects})

    assert "not permitted" in answer.message


@pytest.mark.parametrize(
    ("body", "taken"),
    [
        ({"profile": "MODERN", "minTlsVersion": "TLS_1_2"}, True),
        ({"profile": "RESTRICTED", "minTlsVersion": "TLS_1_3"}, True),
        ({"profile": "MODERN", "minTlsVersion": "TLS_1_3"}, False),
        ({"profile": "CUSTOM"}, False),
        ({"profile": "CUSTOM", "customFeatures": ["TLS_AES_128_GCM_SHA256"]}, True),
    ],
)
def test_ssl_policies_are_checked(
    bench: Workbench, body: dict[str, object], *, taken: bool
) -> None:
    """Custom profiles name their features; TLS 1.3 alone is for RESTRICTED."""
    answer = bench.rest("POST", "global/sslPolicies", {"name": "policy", **body})

    assert (answer.status == 200) is taken


def test_a_regional_proxy_changes_its_policy_by_patch(bench: Workbench) -> None:
    """There is no setSslPolicy there; null clears what the proto types cannot."""
    home = f"regions/{REGION}"
    service = bench.service("web", home, loadBalancingScheme="EXTERNAL_MANAGED")
    url_map = bench.url_map("map", home, defaultService=service)
    bench.make(f"{home}/sslCertificates", certificate())
    bench.make(f"{home}/sslPolicies", {"name": "modern", "profile": "MODERN"})
    body = {"urlMap": url_map, "sslCertificates": [f"{home}/sslCertificates/cert"]}
    bench.make(f"{home}/targetHttpsProxies", {"name": "proxy", **body})
    path = f"{home}/targetHttpsProxies/proxy"

    def patch(policy: str | None) -> object:
        fingerprint = bench.get(path)["fingerprint"]
        bench.rest("PATCH", path, {"sslPolicy": policy, "fingerprint": fingerprint})
        return bench.get(path).get("sslPolicy")

    with_policy, without = patch(f"{home}/sslPolicies/modern"), patch(None)

    assert str(with_policy).endswith(f"{home}/sslPolicies/modern")
    assert without is None
    assert bench.rest("POST", f"{path}/setSslPolicy", {}).status == 404
