"""Promises of certificates of ours: imported from Secrets, or requested from ACM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from providers.aws import addresses, provider
from providers.aws.account import Facts
from provisioner.core.translate import intents
from provisioner.model.intent import LoadBalancerIntent
from provisioner.model.kube import IngressTls, Key, Secret
from provisioner.model.resource import Fingerprint, Observed, Ref, Unknown
from tests.factories import a_meta, a_path, a_rule, a_snapshot, an_ingress, an_ingress_class
from tests.unit.core.secrets.pems import Issued, PrivateKey, a_pair, an_ec_key, an_rsa_key
from tests.unit.providers.aws.express.worlds import (
    World,
    a_certificate,
    a_world,
    addresses_of,
    arn,
    codes,
    finding,
    seen,
    some_backends,
    some_facts,
    spec_of,
    with_spec,
)

FROM_SECRET = {"ingress-provisioner.io/certificates": "from-secret"}
PAIR = a_pair("shop.example.com")
IMPORT = addresses.certificate("shop/web", "secret", "shop/tls")
LISTENER = addresses.listener("shop/web", 443)
CREATE = {"create-acm-cert": "true", "listen-ports": '[{"HTTPS": 443}]'}
SOON = "2026-12-10T00:00:00Z"


def a_tls_secret(pair: Issued | None, **data: str) -> Secret:
    """Return a TLS Secret ``shop/tls``."""
    held = {"tls.crt": pair.certificate, "tls.key": pair.key} if pair is not None else {}
    content = {name: text.encode() for name, text in {**held, **data}.items()}
    return Secret(meta=a_meta("shop/tls"), type="kubernetes.io/tls", data=content)


def intent_of(
    secret: Secret | None,
    *,
    world: World | None = None,
    annotations: Mapping[str, str] = FROM_SECRET,
    hosts: Sequence[str] = ("shop.example.com",),
    live: bool = True,
) -> LoadBalancerIntent:
    """Return what an Ingress ``shop/web`` for shop.example.com means whose TLS Secret is this."""
    this = world or a_world()
    ingress = replace(
        an_ingress("shop/web", annotations=annotations),
        tls=(IngressTls(hosts=tuple(hosts), secret_name="tls"),),
    )
    snapshot = a_snapshot(an_ingress_class(), ingress, *some_backends("shop/web"), live=live)
    held = {secret.key: secret} if secret is not None else {}
    found = intents(
        replace(snapshot, secrets=held), provider, this.settings, observed=this.observed
    )
    (balancer,) = found.load_balancers
    return balancer


def observed_after(secret: Secret, facts: Facts | None = None) -> Observed:
    """Return what exists once a Secret was imported."""
    world = a_world(facts=facts)
    return seen(world.express(intent_of(secret, world=world)))


def test_the_certificate_of_a_secret_is_imported_and_served() -> None:
    """The listener refers to it; what ACM is sent stands behind one fingerprint."""
    expressed = a_world().express(intent_of(a_tls_secret(PAIR)))

    spec = spec_of(expressed, IMPORT)
    certificate, key = spec["Certificate"], spec["PrivateKey"]
    assert isinstance(certificate, Fingerprint)
    assert isinstance(key, Fingerprint)
    assert (certificate.secret, key.secret) == (PAIR.certificate, PAIR.key)
    assert certificate.digest == key.digest
    assert "CertificateChain" not in spec
    listener = spec_of(expressed, LISTENER)
    assert listener["Certificates"] == ({"CertificateArn": Ref(IMPORT, "CertificateArn")},)
    assert codes(expressed) == []


def test_a_chain_is_split_from_its_certificate() -> None:
    """ACM takes the certificate alone, and those that signed it apart."""
    leaf = a_pair("shop.example.com", issuer="ca")
    signer = a_pair(common_name="ca", issuer="root")
    both = Issued(certificate=leaf.certificate + signer.certificate, key=leaf.key)

    spec = spec_of(a_world().express(intent_of(a_tls_secret(both))), IMPORT)

    certificate, chain = spec["Certificate"], spec["CertificateChain"]
    assert isinstance(certificate, Fingerprint)
    assert isinstance(chain, Fingerprint)
    assert (certificate.secret, chain.secret) == (leaf.certificate, signer.certificate)


def test_a_rotated_secret_differs_in_its_fingerprint_and_nowhere_else() -> None:
    """Address, listener and tags stay, so one import is all there is to do."""
    before = a_world().express(intent_of(a_tls_secret(PAIR)))
    after = a_world().express(intent_of(a_tls_secret(a_pair("shop.example.com"))))

    changed = {
        old.address: {f for f in old.spec if old.spec[f] != new.spec[f]}
        for old, new in zip(before.resources, after.resources, strict=True)
        if old != new
    }

    assert changed == {IMPORT: {"Certificate", "PrivateKey"}}


def test_what_acm_adds_to_a_chain_is_no_difference() -> None:
    """It may answer a root that nobody gave it; else every plan would import again."""
    secret = a_tls_secret(PAIR)
    observed = observed_after(secret)
    (imported,) = intent_of(secret).listeners[0].secrets
    answered = with_spec(
        observed,
        IMPORT,
        Certificate=Fingerprint("of-more"),
        PrivateKey=Fingerprint("of-more"),
        Parts=(*imported.parts, "a-root"),
    )
    world = replace(a_world(), observed=answered)

    spec = spec_of(world.express(intent_of(secret, world=world)), IMPORT)

    assert spec["Certificate"] == spec["PrivateKey"] == Fingerprint("of-more")


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        (an_ec_key(), an_ec_key(), True),
        (an_ec_key(), an_rsa_key(), False),
    ],
)
def test_a_key_of_another_kind_takes_another_address(
    old: PrivateKey, new: PrivateKey, *, same: bool
) -> None:
    """ACM refuses another kind of key under an ARN ("Reimport a certificate")."""
    observed = observed_after(a_tls_secret(a_pair("shop.example.com", key=old)))
    world = replace(a_world(), observed=with_spec(observed, IMPORT, KeyAlgorithm="EC_256"))
    secret = a_tls_secret(a_pair("shop.example.com", key=new))

    expressed = world.express(intent_of(secret, world=world))

    (address,) = addresses_of(expressed, "Certificate")
    assert (address == IMPORT) is same
    listener = spec_of(expressed, LISTENER)
    assert listener["Certificates"] == ({"CertificateArn": Ref(address, "CertificateArn")},)


def test_files_without_their_secret_say_what_is_known_after_apply() -> None:
    """The names in a plan from files are those that will exist."""
    expressed = a_world().express(intent_of(None, live=False))

    assert isinstance(spec_of(expressed, IMPORT)["Certificate"], Unknown)


@pytest.mark.parametrize(
    ("secret", "code"),
    [
        (None, "SECRET-MISSING"),
        (a_tls_secret(None), "SECRET-CONTENT"),
        (a_tls_secret(None, **{"tls.crt": PAIR.certificate}), "SECRET-CONTENT"),
        (a_tls_secret(PAIR, **{"tls.crt": "nonsense"}), "SECRET-CONTENT"),
        (a_tls_secret(PAIR, **{"tls.key": a_pair("x").key}), "SECRET-CONTENT"),
    ],
)
def test_an_unusable_secret_keeps_what_there_is(secret: Secret | None, code: str) -> None:
    """The Ingress is told by name; its rules and the certificate it has stay as they are."""
    world = replace(a_world(), observed=observed_after(a_tls_secret(PAIR)))

    intent = intent_of(secret, world=world)
    expressed = world.express(intent)

    assert [q.diagnostic.code for q in intent.quarantined] == [code]
    assert intent.quarantined[0].diagnostic.field == "spec.tls[0].secretName"
    before = {r.address: r.spec for r in world.observed.resources.values()}
    assert {r.address: r.spec for r in expressed.resources} == before


@pytest.mark.parametrize(
    ("days", "code"),
    [(5, "CERTIFICATE-EXPIRED"), (40, "CERTIFICATE-EXPIRES"), (100, "")],
)
def test_the_end_of_a_certificate_is_told(days: int, code: str) -> None:
    """ACM takes no expired one; one that ends within a month is worth a warning."""
    expressed = a_world().express(intent_of(a_tls_secret(a_pair("shop.example.com", days=days))))

    assert codes(expressed) == ([code] if code else [])


def test_an_expired_rotation_leaves_the_certificate_that_is_there() -> None:
    """Whoever rotates to an expired one loses nothing that works."""
    world = replace(a_world(), observed=observed_after(a_tls_secret(PAIR)))
    old = world.observed.resources[IMPORT].spec

    expired = intent_of(a_tls_secret(a_pair("shop.example.com", days=2)), world=world)
    expressed = world.express(expired)

    assert codes(expressed) == ["CERTIFICATE-EXPIRED"]
    assert spec_of(expressed, IMPORT) == old


def test_hosts_that_a_certificate_does_not_cover_are_told() -> None:
    """Clients of those hosts would refuse it."""
    hosts = ("shop.example.com", "api.example.com")

    expressed = a_world().express(intent_of(a_tls_secret(PAIR), hosts=hosts))

    message = finding(expressed, "CERTIFICATE-HOSTS").message
    assert "not for api.example.com" in message


def test_certificates_of_ours_are_not_found_by_host() -> None:
    """Each is for the load balancer that brought it, and goes with it."""
    observed = observed_after(a_tls_secret(PAIR))
    foreign = replace(observed.resources[IMPORT], outputs={"CertificateArn": arn("ours")})
    facts = some_facts(certificates=[a_certificate("ours", "shop.example.com")])
    world = replace(
        a_world({"listen-ports": '[{"HTTPS": 443}]'}, facts=facts),
        observed=Observed(resources={"x": replace(foreign, address="x", group="edge")}),
    )

    assert codes(world.express()) == ["CERTIFICATE-NOT-FOUND"]


def test_a_certificate_is_requested_for_the_hosts_of_an_ingress() -> None:
    """DNS validation, every host in order, and ours by its tags."""
    world = World(
        objects=(
            an_ingress(
                "shop/web",
                annotations=CREATE,
                rules=[a_rule("b.example.com", a_path()), a_rule("a.example.com", a_path("/x"))],
            ),
            *some_backends("shop/web"),
        )
    )

    expressed = world.express()

    (address,) = addresses_of(expressed, "Certificate")
    spec = spec_of(expressed, address)
    assert spec["DomainName"] == "a.example.com"
    assert spec["SubjectAlternativeNames"] == ("a.example.com", "b.example.com")
    assert spec["ValidationMethod"] == "DNS"
    assert spec_of(expressed, LISTENER)["Certificates"] == (
        {"CertificateArn": Ref(address, "CertificateArn")},
    )


def test_a_private_authority_issues_without_validation() -> None:
    """``acm-pca-arn`` names it."""
    authority = "arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/1"

    expressed = a_world({**CREATE, "acm-pca-arn": authority}).express()

    spec = spec_of(expressed, addresses_of(expressed, "Certificate")[0])
    assert spec["CertificateAuthorityArn"] == authority
    assert "ValidationMethod" not in spec


def test_named_certificates_win_over_requested_ones() -> None:
    """Nobody pays for a certificate that nothing would use."""
    facts = some_facts(certificates=[a_certificate("mine", "shop.example.com")])

    expressed = a_world({**CREATE, "certificate-arn": arn("mine")}, facts=facts).express()

    assert addresses_of(expressed, "Certificate") == []


def test_a_pending_certificate_tells_the_dns_records_that_it_waits_for() -> None:
    """The product writes no DNS; whoever owns the zone must know what to create."""
    first = a_world(CREATE).express()
    (address,) = addresses_of(first, "Certificate")
    observed = seen(first)
    pending = replace(
        observed.resources[address],
        state="PENDING_VALIDATION",
        outputs={"ValidationRecords": "_x.shop.example.com CNAME _y.acm"},
    )
    world = replace(
        a_world(CREATE), observed=Observed(resources={**observed.resources, address: pending})
    )

    told = finding(world.express(), "CERTIFICATE-PENDING")

    assert told.hint == "create these DNS records: _x.shop.example.com CNAME _y.acm"
    assert told.ingress == Key("shop", "web")


@pytest.mark.parametrize(("not_after", "warned"), [(SOON, True), ("2027-06-01T00:00:00Z", False)])
def test_a_named_certificate_that_ends_soon_is_worth_a_warning(
    not_after: str, *, warned: bool
) -> None:
    """Thirty days is when somebody still can do something about it."""
    facts = some_facts(
        certificates=[a_certificate("mine", "shop.example.com", not_after=not_after)]
    )

    expressed = a_world({"certificate-arn": arn("mine")}, facts=facts).express()

    assert ("CERTIFICATE-EXPIRES" in codes(expressed)) is warned


@pytest.mark.parametrize("hosts", [("shop.example.com",), ()])
def test_https_stays_as_it_is_while_nobody_may_look_which_certificates_are_ours(
    hosts: Sequence[str],
) -> None:
    """Importing again would make another one with every plan; the IAM action is named."""
    before = observed_after(a_tls_secret(PAIR))
    arns = {a: r for a, r in before.resources.items() if a != IMPORT}
    served = ({"CertificateArn": arn("imported")},)
    blind = replace(
        with_spec(Observed(resources=arns), LISTENER, Certificates=served),
        unread=frozenset({"Certificate"}),
    )
    world = a_world(observed=blind)

    result = world.express(intent_of(a_tls_secret(PAIR), world=world, hosts=hosts))

    told = finding(result, "CERTIFICATE-UNREAD")
    assert told.blocking
    assert "tag:GetResources" in told.hint
    assert addresses_of(result, "Certificate") == []
    assert spec_of(result, LISTENER)["Certificates"] == served
    assert addresses_of(result, "ListenerRule") == [a for a in arns if "listener-rule" in a]


def test_nothing_is_imported_for_a_new_port_while_nobody_may_look() -> None:
    """The port waits, and only the Ingress that wants the certificate is told."""
    world = a_world(observed=Observed(unread=frozenset({"Certificate"})))

    result = world.express(intent_of(a_tls_secret(PAIR), world=world))

    assert codes(result) == ["CERTIFICATE-UNREAD"]
    assert addresses_of(result, "Certificate") == addresses_of(result, "Listener") == []
