"""Promises of certificates of ours: uploaded from Secrets, and issued by Google."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from providers.gcp import marks
from provisioner.model.intent import Compatibility
from provisioner.model.resource import Fingerprint, Ref, Unknown
from tests.factories import a_rule
from tests.unit.core.secrets.pems import Issued, a_pair, an_rsa_key
from tests.unit.providers.gcp.desired.certs import (
    ISSUE,
    PAIR,
    REGIONAL,
    SECRET_WORD,
    WEB,
    a_tls_secret,
    certificates,
    served,
    the_certificate,
    with_secret,
)
from tests.unit.providers.gcp.desired.worlds import (
    PRE_SHARED,
    REGION,
    SETTINGS,
    World,
    a_compute_certificate,
    a_link,
    a_web,
    codes,
    finding,
    link_to,
    ports_of,
    some_backends,
    some_facts,
    with_state,
)

# -- from Secrets ---------------------------------------------------------------------------------


def test_the_certificate_of_a_secret_is_uploaded_and_served() -> None:
    """GKE takes ``spec.tls`` without an annotation; HTTP stays open beside it."""
    expressed = with_secret(a_tls_secret()).express()

    spec = the_certificate(expressed).spec
    content = spec["selfManaged"]
    assert isinstance(content, Mapping)
    certificate, key = content["certificate"], content["privateKey"]
    assert isinstance(certificate, Fingerprint)
    assert isinstance(key, Fingerprint)
    assert (certificate.secret, key.secret) == (PAIR.certificate, PAIR.key)
    assert spec["type"] == "SELF_MANAGED"
    assert served(expressed) == (link_to(the_certificate(expressed).address),)
    assert ports_of(expressed) == ["443-443", "80-80"]
    assert codes(expressed) == []


def test_the_description_remembers_what_hides_the_key_and_where_it_is_from() -> None:
    """Google never shows a key again; digests make its rotation visible, and tell nothing."""
    certificate = the_certificate(with_secret(a_tls_secret()).express())

    words = marks.read(str(certificate.spec["description"]))
    content = certificate.spec["selfManaged"]
    assert isinstance(content, Mapping)
    digests = {
        name: value.digest for name, value in content.items() if isinstance(value, Fingerprint)
    }
    assert words[marks.DIGEST] == digests
    assert words[SECRET_WORD] == "shop/tls"
    assert PAIR.key not in str(certificate)


def test_a_rotated_secret_is_a_certificate_of_its_own() -> None:
    """Made new, then the proxy moves over, then the old one goes: names never meet."""
    before = with_secret(a_tls_secret())
    after = replace(
        with_secret(a_tls_secret(a_pair("shop.example.com"))), observed=before.after().observed
    )

    old, new = the_certificate(before.express()), the_certificate(after.express())

    assert old.address != new.address
    assert old.name != new.name
    assert served(after.express()) == (link_to(new.address),)


def test_an_unchanged_secret_stays_where_it_is() -> None:
    """A second look makes no second certificate."""
    world = with_secret(a_tls_secret())

    assert the_certificate(world.after().express()) == the_certificate(world.express())


def test_a_chain_is_uploaded_with_its_certificate() -> None:
    """``selfManaged.certificate`` holds the whole chain."""
    leaf = a_pair("shop.example.com", issuer="ca")
    signer = a_pair(common_name="ca", issuer="root")
    both = Issued(certificate=leaf.certificate + signer.certificate, key=leaf.key)

    content = the_certificate(with_secret(a_tls_secret(both)).express()).spec["selfManaged"]

    assert isinstance(content, Mapping)
    whole = content["certificate"]
    assert isinstance(whole, Fingerprint)
    assert whole.secret == both.certificate


def test_a_chain_that_is_too_long_is_refused() -> None:
    """Google takes five certificates; the port that exists keeps what it has."""
    leaf = a_pair("shop.example.com", issuer="ca-0")
    signers = [a_pair(common_name=f"ca-{n}", issuer=f"ca-{n + 1}") for n in range(5)]
    whole = "".join([leaf.certificate, *(each.certificate for each in signers)])
    bad = with_secret(a_tls_secret(Issued(certificate=whole, key=leaf.key)))
    before = with_secret(a_tls_secret())

    fresh = bad.express()
    later = replace(bad, observed=before.after().observed).express()

    assert finding(fresh, "CERTIFICATE-CHAIN").ingress == WEB
    assert ports_of(fresh) == ["80-80"]
    assert served(later) == served(before.express())


def test_a_key_that_google_does_not_take_is_refused_by_name() -> None:
    """Global load balancers take RSA 2048 and P-256."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    secret = a_tls_secret(a_pair("shop.example.com", key=key))

    everywhere = with_secret(secret).express()
    regional = with_secret(secret, REGIONAL).express()

    assert "RSA_3072" in finding(everywhere, "CERTIFICATE-KEY").message
    assert certificates(everywhere) == []
    assert codes(regional) == []
    assert the_certificate(regional).spec["region"] == REGION


def test_rsa_of_the_usual_size_is_taken() -> None:
    """The commonest certificate of all."""
    secret = a_tls_secret(a_pair("shop.example.com", key=an_rsa_key()))

    assert codes(with_secret(secret).express()) == []


def test_a_certificate_for_other_hosts_is_told() -> None:
    """Clients would notice first otherwise."""
    expressed = with_secret(a_tls_secret(a_pair("other.example.com"))).express()

    assert "shop.example.com" in finding(expressed, "CERTIFICATE-HOSTS").message


def test_an_expired_certificate_is_told_and_served() -> None:
    """Google takes it; taking the port down would help nobody."""
    expressed = with_secret(a_tls_secret(a_pair("shop.example.com", days=12))).express()

    assert codes(expressed) == ["CERTIFICATE-EXPIRED"]
    assert len(served(expressed)) == 1


def test_in_files_the_content_of_a_secret_is_known_after_apply() -> None:
    """Files hold no Secrets; the plan still shows that there will be a certificate."""
    world = replace(with_secret(a_tls_secret()), secrets=(), live=False)

    content = the_certificate(world.express()).spec["selfManaged"]

    assert isinstance(content, Mapping)
    assert {type(value) for value in content.values()} == {Unknown}


def test_in_files_an_uploaded_certificate_stays() -> None:
    """What the Secret holds is unknown, not gone."""
    world = with_secret(a_tls_secret())
    offline = replace(world.after(), secrets=(), live=False)

    assert the_certificate(offline.express()).address == the_certificate(world.express()).address


def test_named_certificates_stand_before_those_of_secrets() -> None:
    """GKE's order: pre-shared first."""
    known = {("web-cert", ""): a_compute_certificate()}
    world = replace(
        with_secret(a_tls_secret(), {PRE_SHARED: "web-cert"}), facts=some_facts(certificates=known)
    )

    first, second = served(world.express())

    assert first == a_link("sslCertificates", "web-cert")
    assert isinstance(second, Ref)


def test_a_secret_that_does_not_exist_keeps_the_ingress_as_it_was() -> None:
    """The Ingress is held with its last good state, certificate included."""
    before = with_secret(a_tls_secret())
    later = replace(before.after(), secrets=()).express()

    assert served(later) == served(before.express())
    assert ports_of(later) == ["443-443", "80-80"]


def test_under_gke_reading_a_certificate_bears_gke_s_name() -> None:
    """Sixteen digits of the content are the end of it."""
    incumbent = replace(SETTINGS, compatibility=Compatibility.INCUMBENT)
    world = replace(with_secret(a_tls_secret()), settings=incumbent)

    name = the_certificate(world.express()).name

    assert isinstance(name, str)
    assert name.startswith("k8s2-cr-7kpbhpki-")


# -- issued by Google -----------------------------------------------------------------------------


def issuing(*hosts: str, annotations: Mapping[str, str] = ISSUE) -> World:
    """Return an Ingress for these hosts that wants Google to issue its certificate."""
    rules = tuple(a_rule(host) for host in hosts)
    return World(objects=(a_web(annotations=annotations, rules=rules), *some_backends()))


def test_google_issues_a_certificate_for_the_hosts() -> None:
    """It is attached at once: Google issues it once a proxy serves it."""
    expressed = issuing("a.example.com", "b.example.com").express()

    spec = the_certificate(expressed).spec
    assert spec["type"] == "MANAGED"
    assert spec["managed"] == {"domains": ("a.example.com", "b.example.com")}
    assert served(expressed) == (link_to(the_certificate(expressed).address),)


def test_the_old_certificate_stays_until_the_new_one_is_active() -> None:
    """Hosts that had a certificate keep it while Google issues the next."""
    before = issuing("a.example.com")
    old = the_certificate(before.express()).address
    wider = replace(issuing("a.example.com", "b.example.com"), observed=before.after().observed)
    (new,) = {c.address for c in certificates(wider.express())} - {old}

    waiting = with_state(wider.after().observed, new, "PROVISIONING")
    during = replace(wider, observed=waiting).express()
    done = replace(wider, observed=with_state(waiting, new, "ACTIVE")).express()

    assert served(wider.express()) == (link_to(old), link_to(new))
    assert served(during) == (link_to(old), link_to(new))
    assert [d.code for d in during.diagnostics] == ["CERTIFICATE-PENDING"]
    assert served(done) == (link_to(new),)


def test_a_certificate_that_google_gives_up_is_told() -> None:
    """The state is Google's own word."""
    world = issuing("a.example.com")
    address = the_certificate(world.express()).address
    failed = with_state(world.after().observed, address, "PROVISIONING_FAILED_PERMANENTLY")

    found = finding(replace(world, observed=failed).express(), "CERTIFICATE-REQUEST-FAILED")

    assert "PROVISIONING_FAILED_PERMANENTLY" in found.message
    assert "gcloud compute ssl-certificates describe" in found.hint


@pytest.mark.parametrize(
    ("world", "words"),
    [
        (issuing("*.example.com"), "wildcards"),
        (issuing("a.example.com", annotations={**ISSUE, **REGIONAL}), "regional-external"),
        (issuing(*(f"h{n}.example.com" for n in range(101))), "100 hosts"),
        (issuing(f"{'a' * 60}.example.com"), "64 bytes"),
    ],
)
def test_what_google_cannot_issue_is_refused_by_name(world: World, words: str) -> None:
    """Limits of Google-managed certificates; HTTP goes on where it is open."""
    expressed = world.express()

    found = finding(expressed, "CERTIFICATE-MANAGED")
    assert words in found.message
    assert found.ingress == WEB
    assert certificates(expressed) == []
