"""Nobody stops a neighbour's updates, or gets the first word, by what they write on their own.

As in ``test_attacks_hosts``: ``evil`` may create Ingresses, Services and Secrets in one namespace.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from provisioner.model.change import Action
from provisioner.model.intent import Compatibility
from provisioner.model.kube import Ingress, IngressTls, Key, Secret, Service, Tenant
from provisioner.model.plan import Plan
from provisioner.model.resource import Observed
from provisioner.model.settings import FINALIZER
from tests.conformance.pipeline import (
    a_cluster,
    applied,
    blamed,
    of_kind,
    part,
    plan,
    rules,
)
from tests.factories import (
    a_load_balancer_class,
    a_meta,
    a_path,
    a_rule,
    an_ingress,
    some_settings,
)
from tests.unit.core.secrets.pems import Issued, a_pair
from tests.unit.providers.aws.express.worlds import a_certificate, arn, some_backends, some_facts

EVIL, VICTIM = Key("evil", "x"), Key("shop", "v")
BACKENDS = some_backends("shop/web", "evil/web")
EARLIER, LATER = "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"
HTTPS = '[{"HTTPS": 443}]'
MANY = 1000


def victim(*paths: str, annotations: Mapping[str, str] | None = None) -> Ingress:
    return an_ingress(
        str(VICTIM),
        rules=[a_rule("shop.example.com", *(a_path(path) for path in paths or ("/",)))],
        annotations={"group.name": "edge", **(annotations or {})},
        created=LATER,
    )


def evil(annotations: Mapping[str, str] | None = None, *, created: str = EARLIER) -> Ingress:
    return an_ingress(
        str(EVIL),
        rules=[a_rule("a.evil.com")],
        annotations={"group.name": "edge", **(annotations or {})},
        created=created,
    )


def a_world(*ingresses: Ingress) -> Observed:
    return applied(plan(a_cluster(*ingresses, *BACKENDS)))


def test_a_finalizer_is_no_proof_of_having_been_there() -> None:
    """Anybody can write our finalizer; the first word belongs to whom the cloud shows."""
    careful = victim(annotations={"inbound-cidrs": "10.0.0.0/8"})
    rude = evil({"inbound-cidrs": "0.0.0.0/0"})
    forged = replace(rude, meta=replace(rude.meta, finalizers=(FINALIZER,)))

    result = plan(a_cluster(careful, forged, *BACKENDS), a_world(careful))

    assert blamed(result) == {EVIL}
    assert part(result).changes == ()


@pytest.mark.parametrize("named", [True, False])
def test_the_default_certificate_is_not_taken_over(*, named: bool) -> None:
    """Clients without SNI get the certificate that they got before, whoever comes."""
    facts = some_facts(
        certificates=[a_certificate("v", "shop.example.com"), a_certificate("e", "a.evil.com")]
    )
    mine = victim(
        annotations={"listen-ports": HTTPS, **({"certificate-arn": arn("v")} if named else {})}
    )
    before = plan(a_cluster(mine, *BACKENDS), facts=facts)
    rude = evil({"listen-ports": HTTPS, "certificate-arn": arn("e"), "group.order": "-1000"})

    result = plan(a_cluster(mine, rude, *BACKENDS), applied(before), facts=facts)

    (listener,) = of_kind(result, "Listener")
    assert listener.spec["Certificates"] == ({"CertificateArn": arn("v")},)
    assert blamed(result) == set()


@pytest.mark.parametrize(
    "tag", ["elbv2.k8s.aws/cluster=prod", "ingress.k8s.aws/stack=edge", "k=a\tb"]
)
def test_tags_that_others_read_as_theirs_are_refused(tag: str) -> None:
    """AWS Load Balancer Controller deletes what carries its marks and is none of its own."""
    result = plan(a_cluster(victim(), evil({"tags": tag}), *BACKENDS), a_world(victim()))

    assert blamed(result) == {EVIL}
    assert part(result).changes == ()


def test_a_million_rules_cost_only_who_asks_for_them() -> None:
    """Conditions multiply; what no load balancer could hold is refused before it is made."""
    conditions = [
        {
            "field": "http-header",
            "httpHeaderConfig": {
                "httpHeaderName": name,
                "values": [f"v{number}" for number in range(MANY)],
            },
        }
        for name in ("a", "b")
    ]

    result = plan(
        a_cluster(victim(), evil({"conditions.web": json.dumps(conditions)}), *BACKENDS),
        a_world(victim()),
    )

    assert blamed(result, "PATH-CONDITIONS") == {EVIL}
    assert rules(result) == [("shop.example.com / (Prefix) -> web:80", str(VICTIM))]


def test_many_paths_that_are_split_cost_only_who_asks_for_them() -> None:
    """What an Ingress' paths become together is bounded, too."""
    conditions = [
        {"field": "path-pattern", "pathPatternConfig": {"values": [f"/{n}" for n in range(300)]}}
    ]
    rude = evil({"conditions.web": json.dumps(conditions)})
    many = replace(
        rude, rules=(a_rule("a.evil.com", *(a_path(f"/p{number}") for number in range(MANY))),)
    )

    result = plan(a_cluster(victim(), many, *BACKENDS), a_world(victim()))

    assert EVIL in blamed(result)
    assert VICTIM not in blamed(result)
    assert ("shop.example.com / (Prefix) -> web:80", str(VICTIM)) in rules(result)
    assert part(result).applyable


@pytest.mark.parametrize("by", ["targetGroupName", "targetGroupARN"])
def test_nobody_forwards_to_a_target_group_of_ours(by: str) -> None:
    """Behind a neighbour's sign-in stands their target group; nobody walks around it."""
    group = "aws:target-group/edge/shop/v/web:80/pod"
    name, number = "ipr-victim", "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/v/1"
    world = a_world(victim())
    theirs = replace(world.resources[group], name=name, outputs={"TargetGroupArn": number})
    world = Observed(resources={**world.resources, group: theirs})
    action = {"type": "forward", by: name if by == "targetGroupName" else number}
    rude = an_ingress(
        str(EVIL),
        rules=[a_rule("a.evil.com", a_path("/", "steal:use-annotation"))],
        annotations={"group.name": "edge", "actions.steal": json.dumps(action)},
    )
    facts = replace(some_facts(), foreign_target_groups={name: number, number: number})

    result = plan(a_cluster(victim(), rude, *BACKENDS), world, facts=facts)

    assert blamed(result, "BACKEND-TARGET-GROUP-OURS") == {EVIL}


def test_a_rule_goes_without_waiting_for_strangers() -> None:
    """A rule that AWS refuses to a stranger would keep this one from going for good."""
    world = a_world(victim("/", "/admin"))

    result = plan(a_cluster(victim("/", "/new"), evil(), *BACKENDS), world)

    steps = [s for s in part(result).steps if s.kind == "ListenerRule"]
    (deletion,) = [step for step in steps if step.action is Action.DELETE]
    made = {step.id: step.ingresses for step in steps if step.action is Action.CREATE}
    assert {made[step] for step in deletion.after if step in made} == {(VICTIM,)}
    assert set(made.values()) == {(VICTIM,), (EVIL,)}


@pytest.mark.parametrize("compatibility", list(Compatibility))
def test_a_split_does_not_lead_past_what_a_service_asks_of_clients(
    compatibility: Compatibility,
) -> None:
    """A rule has one way in; AWS Load Balancer Controller drops the Service's word in silence."""
    pool = {"userPoolARN": "arn:p", "userPoolClientID": "c", "userPoolDomain": "d"}
    asks = {
        "alb.ingress.kubernetes.io/auth-type": "cognito",
        "alb.ingress.kubernetes.io/auth-idp-cognito": json.dumps(pool),
    }
    services = [
        replace(item, meta=replace(item.meta, annotations=asks))
        if isinstance(item, Service) and item.key.name == "web"
        else item
        for item in some_backends("shop/web", "shop/two")
    ]
    split = victim(annotations={"listen-ports": HTTPS})
    notes = {**split.meta.annotations, "ingress-provisioner.io/weights": "web:80=1,two:80=1"}
    split = replace(split, meta=replace(split.meta, annotations=notes))

    result = plan(
        a_cluster(split, *services),
        facts=some_facts(certificates=[a_certificate("v", "shop.example.com")]),
        settings=some_settings(target_mode="pod", compatibility=compatibility),
    )

    [told] = [d for d in result.diagnostics if d.code == "PATH-ENTRY-LOST"]
    assert told.ingress == VICTIM
    (rule,) = of_kind(result, "ListenerRule")
    forwards = '"forward"' in str(rule.spec["Actions"]).replace("'", '"')
    assert (forwards, told.blocking) in {(False, True), (True, False)}
    assert told.blocking == (compatibility is Compatibility.KUBERNETES)


# -- certificates of others' names -----------------------------------------------------------------

TENANTS = a_load_balancer_class(
    "policy",
    ingress_classes=("alb",),
    tenants=(
        Tenant(namespaces=("shop",), groups=("edge",), hosts=("example.com",)),
        Tenant(namespaces=("evil",), groups=("edge",), hosts=("evil.com",)),
    ),
)


def a_secret(name: str, issued: Issued) -> Secret:
    content = {"tls.crt": issued.certificate.encode(), "tls.key": issued.key.encode()}
    return Secret(meta=a_meta(name), type="kubernetes.io/tls", data=content)


def secured(ingress: Ingress) -> Ingress:
    notes = {
        **ingress.meta.annotations,
        "alb.ingress.kubernetes.io/listen-ports": HTTPS,
        "ingress-provisioner.io/certificates": "from-secret",
    }
    host = ingress.rules[0].host
    tls = (IngressTls(hosts=(host,), secret_name="tls"),)
    return replace(ingress, meta=replace(ingress.meta, annotations=notes), tls=tls)


def both_bringing(*, shop: Issued, evil_: Issued) -> Plan:
    """Return the plan of two tenants that bring a certificate each."""
    secrets = (a_secret("shop/tls", shop), a_secret("evil/tls", evil_))
    snapshot = a_cluster(secured(victim()), secured(evil()), TENANTS, *BACKENDS)
    return plan(replace(snapshot, secrets={secret.key: secret for secret in secrets}))


@pytest.mark.parametrize("name", ["shop.example.com", "SHOP.example.com", "*.example.com"])
def test_nobody_brings_a_certificate_for_the_names_of_other_tenants(name: str) -> None:
    """An ALB picks by name among all certificates of a port, and may like a false one better."""
    result = both_bringing(shop=a_pair("shop.example.com"), evil_=a_pair("a.evil.com", name))

    assert blamed(result, "CERTIFICATE-NOT-ALLOWED") == {EVIL}
    assert blamed(result) == {EVIL}


def test_a_certificate_that_teams_share_is_good_from_each_of_them() -> None:
    """What the owner of a name brings along does no harm from anybody else."""
    same = a_pair("shop.example.com", "a.evil.com")

    assert blamed(both_bringing(shop=same, evil_=same)) == set()
