"""Promises of a listener's settings: mutual TLS, TLS policies, attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from providers.aws.account import Facts, Source
from provisioner.core.diff import DiffRules, diff
from provisioner.model.change import Change
from provisioner.model.expression import Expressed
from provisioner.model.intent import Compatibility
from provisioner.model.kube import Key
from provisioner.model.resource import Observed, Value
from tests.factories import a_rule, an_ingress, some_settings
from tests.unit.providers.aws.express.words import answering, pairs, provider_rules
from tests.unit.providers.aws.express.worlds import (
    World,
    a_certificate,
    a_world,
    addresses_of,
    codes,
    finding,
    kinds,
    seen,
    some_backends,
    some_facts,
    spec_of,
    with_spec,
)

STORE = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:truststore/clients/1"
STORES = {"clients": STORE, STORE: STORE}
HTTPS = {"listen-ports": '[{"HTTPS": 443}]'}
LISTENER = "aws:listener/shop/web/443"
MANAGES = "ingress-provisioner.io/manages"
SERVER = "routing.http.response.server.enabled"
OLD_POLICY = "ELBSecurityPolicy-TLS-1-2-2017-01"


def verify(store: str = "clients", more: str = "") -> Mapping[str, str]:
    """Return annotations that make port 443 verify its clients."""
    entry = f'{{"port": 443, "mode": "verify", "trustStore": "{store}"{more}}}'
    return {**HTTPS, "mutual-authentication": f"[{entry}]"}


def mode(word: str) -> Mapping[str, str]:
    """Return annotations with another mode."""
    return {**HTTPS, "mutual-authentication": f'[{{"port": 443, "mode": "{word}"}}]'}


def facts(
    *,
    trust_stores: Mapping[str, str] = STORES,
    ssl_policies: frozenset[str] | None = None,
    unread: tuple[Source, ...] = (),
) -> Facts:
    """Return an account with a certificate and a trust store ``clients``, unless told otherwise."""
    account = some_facts(certificates=[a_certificate("c", "shop.example.com", "b.example.com")])
    return answering(account, trust_stores=trust_stores, ssl_policies=ssl_policies, unread=unread)


def changes(observed: Observed, expressed: Expressed) -> dict[str, Change]:
    """Return what differs from what is observed, by address."""
    found = diff(expressed.resources, observed.of_group("shop/web"), DiffRules(**provider_rules()))
    return {change.address: change for change in found}


def as_read(expressed: Expressed) -> Observed:
    """Return what is observed once it exists: an HTTPS listener always says its mode."""
    observed = seen(expressed)
    spec = observed.resources[LISTENER].spec
    return with_spec(
        observed, LISTENER, MutualAuthentication=spec.get("MutualAuthentication", {"Mode": "off"})
    )


def asks(expressed: Expressed) -> Value:
    """Return what the listener asks of clients."""
    return spec_of(expressed, LISTENER).get("MutualAuthentication")


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        (
            verify(),
            {
                "Mode": "verify",
                "TrustStoreArn": STORE,
                "IgnoreClientCertificateExpiry": False,
                "AdvertiseTrustStoreCaNames": "off",
            },
        ),
        (
            verify(
                STORE,
                ', "ignoreClientCertificateExpiry": true, "advertiseTrustStoreCaNames": "on"',
            ),
            {
                "Mode": "verify",
                "TrustStoreArn": STORE,
                "IgnoreClientCertificateExpiry": True,
                "AdvertiseTrustStoreCaNames": "on",
            },
        ),
        (mode("passthrough"), {"Mode": "passthrough"}),
        (mode("off"), {"Mode": "off"}),
    ],
)
def test_mutual_tls_is_said_in_full(
    annotations: Mapping[str, str], expected: Mapping[str, object]
) -> None:
    """By name or ARN of the trust store; an expired certificate is refused unless stated."""
    result = a_world(annotations, facts=facts()).express()

    assert asks(result) == expected
    assert pairs(spec_of(result, LISTENER)["Tags"])[MANAGES] == "mutual-tls"
    assert {c.action.value for c in changes(as_read(result), result).values()} == {"noop"}


def test_taking_the_annotation_away_turns_off_what_it_turned_on() -> None:
    """AWS Load Balancer Controller leaves it on, and clients locked out."""
    observed = as_read(a_world(verify(), facts=facts()).express())

    result = a_world(HTTPS, facts=facts(), observed=observed).express()

    assert asks(result) == {"Mode": "off"}
    assert MANAGES not in pairs(spec_of(result, LISTENER)["Tags"])
    assert {f.path for f in changes(observed, result)[LISTENER].fields} == {
        "MutualAuthentication",
        "Tags",
    }


def test_in_incumbent_it_stays_on_and_that_is_said() -> None:
    """As AWS Load Balancer Controller leaves it."""
    settings = replace(some_settings(), compatibility=Compatibility.INCUMBENT)
    first = replace(a_world(verify(), facts=facts()), settings=settings)
    observed = as_read(first.express())

    result = replace(a_world(HTTPS, facts=facts(), observed=observed), settings=settings).express()

    assert asks(result) == observed.resources[LISTENER].spec["MutualAuthentication"]
    assert "MUTUAL-TLS-STAYS-ON" in codes(result)


def test_what_somebody_turned_on_by_hand_stays() -> None:
    """It is not ours to take back: nothing on the listener says that we set it."""
    observed = as_read(a_world(HTTPS, facts=facts()).express())
    by_hand = with_spec(observed, LISTENER, MutualAuthentication={"Mode": "passthrough"})

    result = a_world(HTTPS, facts=facts(), observed=by_hand).express()

    assert asks(result) is None
    assert changes(by_hand, result)[LISTENER].action.value == "noop"


def test_a_port_is_not_opened_without_the_check_that_is_asked_for() -> None:
    """A door that should check certificates must not stand open for want of a trust store."""
    result = a_world(verify("gone"), facts=facts(trust_stores={"gone": ""})).express()

    assert kinds(result) == []
    problem = finding(result, "MUTUAL-TLS-TRUST-STORE")
    assert "no trust store is gone" in problem.message
    assert problem.field == (
        "metadata.annotations[alb.ingress.kubernetes.io/mutual-authentication]"
    )


def test_an_existing_port_keeps_its_check_when_a_trust_store_is_not_found() -> None:
    """Neither opened wider nor closed."""
    observed = as_read(a_world(verify(), facts=facts()).express())

    result = a_world(
        verify("gone"), facts=facts(trust_stores={"gone": ""}), observed=observed
    ).express()

    assert codes(result) == ["MUTUAL-TLS-TRUST-STORE"]
    assert changes(observed, result)[LISTENER].action.value == "noop"


def test_trust_stores_that_may_not_be_listed_are_used_by_arn_alone() -> None:
    """A name leads nowhere then, and a port that needs it stays shut."""
    account = facts(trust_stores={}, unread=(Source.TRUST_STORES,))

    by_arn = a_world(verify(STORE), facts=account).express()
    by_name = a_world(verify(), facts=account).express()

    assert codes(by_arn) == ["CLOUD-UNCHECKED"]
    assert codes(by_name) == ["MUTUAL-TLS-TRUST-STORE"]
    assert kinds(by_name) == []
    assert "DescribeTrustStores" in finding(by_name, "MUTUAL-TLS-TRUST-STORE").hint


def test_without_an_account_a_trust_store_is_known_later() -> None:
    """Rendering guesses no ARN."""
    asked = asks(a_world(verify(), facts=Facts()).express())

    assert isinstance(asked, Mapping)
    assert "trust stores" in str(asked["TrustStoreArn"])


@pytest.mark.parametrize(
    ("known", "found"),
    [
        (frozenset({OLD_POLICY}), []),
        (None, []),
        (frozenset(), ["LISTENER-SSL-POLICY"]),
    ],
)
def test_a_policy_that_aws_does_not_have_is_told_before_anything_is_made(
    known: frozenset[str] | None, found: list[str]
) -> None:
    """CreateListener would fail after everything before it was made."""
    result = a_world({**HTTPS, "ssl-policy": OLD_POLICY}, facts=facts(ssl_policies=known)).express()

    assert codes(result) == found
    assert bool(kinds(result)) is not bool(found)


def test_a_wrong_policy_leaves_an_existing_listener_with_its_own() -> None:
    """Its other settings go on."""
    observed = as_read(a_world({**HTTPS, "ssl-policy": OLD_POLICY}, facts=facts()).express())

    result = a_world(
        {**HTTPS, "ssl-policy": "ELBSecurityPolicy-Nonsense", "tags": "team=shop"},
        facts=facts(ssl_policies=frozenset()),
        observed=observed,
    ).express()

    assert spec_of(result, LISTENER)["SslPolicy"] == OLD_POLICY
    assert pairs(spec_of(result, LISTENER)["Tags"])["team"] == "shop"


def test_a_wrong_policy_is_told_to_its_member_alone() -> None:
    """On one port several Ingresses meet; only one of them says it."""
    shared = {**HTTPS, "group.name": "edge"}
    objects = (
        an_ingress("shop/a", annotations=shared),
        an_ingress(
            "shop/b",
            rules=[a_rule("b.example.com")],
            annotations={**shared, "ssl-policy": "ELBSecurityPolicy-Nonsense"},
        ),
        *some_backends("shop/web"),
    )

    result = World(objects=objects, facts=facts(ssl_policies=frozenset())).express()

    assert finding(result, "LISTENER-SSL-POLICY").ingress == Key("shop", "b")
    assert [str(q.ingress) for q in result.quarantined] == ["shop/b"]


def test_incumbent_has_its_own_default_policy_and_lists_the_default_certificate_too() -> None:
    """The API's default policy, and every certificate among the additional ones."""
    settings = replace(some_settings(), compatibility=Compatibility.INCUMBENT)

    result = replace(a_world(HTTPS, facts=facts()), settings=settings).express()
    ours = a_world(HTTPS, facts=facts()).express()

    assert spec_of(result, LISTENER)["SslPolicy"] == "ELBSecurityPolicy-2016-08"
    assert len(addresses_of(result, "ListenerCertificate")) == 1
    assert spec_of(ours, LISTENER)["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert addresses_of(ours, "ListenerCertificate") == []


def test_only_listed_listener_attributes_are_managed_and_read() -> None:
    """The tag on the listener is what makes reading ask for them."""
    listed = {
        **HTTPS,
        "listener-attributes.HTTPS-443": f"{SERVER}=false",
    }

    result = a_world(listed, facts=facts()).express()
    without = a_world(HTTPS, facts=facts()).express()

    assert pairs(spec_of(result, LISTENER)["Attributes"]) == {SERVER: "false"}
    assert pairs(spec_of(result, LISTENER)["Tags"])[MANAGES] == "attributes"
    assert "Attributes" not in spec_of(without, LISTENER)


def test_other_attributes_of_a_listener_are_left_alone() -> None:
    """Of what AWS answers, only the listed keys are compared; another port's are none of ours."""
    listed = {
        **HTTPS,
        "listener-attributes.HTTPS-443": f"{SERVER}=true",
        "listener-attributes.HTTPS-8443": f"{SERVER}=false",
    }
    expressed = a_world(listed, facts=facts()).express()
    everything: Value = (
        {"Key": SERVER, "Value": "true"},
        {"Key": "routing.http.response.x_frame_options.header_value", "Value": "DENY"},
    )
    observed = with_spec(as_read(expressed), LISTENER, Attributes=everything)

    assert changes(observed, expressed)[LISTENER].action.value == "noop"


def test_attributes_that_may_not_be_read_stay_as_they_are() -> None:
    """Else every plan would set them again."""
    listed = {**HTTPS, "listener-attributes.HTTPS-443": f"{SERVER}=true"}
    observed = as_read(a_world(listed, facts=facts()).express())
    spec = {k: v for k, v in observed.resources[LISTENER].spec.items() if k != "Attributes"}
    hidden = replace(observed.resources[LISTENER], spec=spec)
    blind = Observed(resources={**observed.resources, LISTENER: hidden})

    result = a_world(listed, facts=facts(), observed=blind).express()

    assert codes(result) == ["CLOUD-UNREAD"]
    assert changes(blind, result)[LISTENER].action.value == "noop"
