"""Promises of recognising: which of LBC's resources stands for which of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest

from providers.aws import provider
from providers.aws.account import Facts
from providers.aws.adopt import adopt
from providers.aws.adopt_rules import match_rules
from providers.aws.adopt_secrets import with_secrets_of
from providers.aws.adopt_targets import Owners
from provisioner.core.translate import intents
from provisioner.model.incumbent import Adoption, ForeignResource, Incumbent, Takeover
from provisioner.model.kube import Key
from provisioner.model.resource import (
    Fingerprint,
    Observed,
    PlainInput,
    Ref,
    Resource,
    Spec,
    canonical,
    freeze_spec,
)
from tests.factories import (
    KubeObject,
    a_path,
    a_rule,
    a_service,
    a_snapshot,
    an_ingress,
    an_ingress_class,
    some_settings,
)

LISTENER = "aws:listener/shop/web/80"
BALANCER_ARN = "arn:lb"
LISTENER_ARN = "arn:listener"
GROUP_ARN = "arn:tg"


def tags(role: str, *, stack: str = "shop/web") -> Mapping[str, str]:
    """Return LBC's three tags."""
    return {
        "elbv2.k8s.aws/cluster": "test",
        "ingress.k8s.aws/stack": stack,
        "ingress.k8s.aws/resource": role,
    }


def theirs(kind: str, identifier: str, role: str, **spec: PlainInput) -> ForeignResource:
    """Return something that LBC tagged."""
    return ForeignResource(
        kind=kind, id=identifier, name=identifier, tags=tags(role), spec=freeze_spec(spec)
    )


def an_incumbent(*more: ForeignResource) -> Incumbent:
    """Return a load balancer with one listener and one target group."""
    return Incumbent(
        controller="LBC",
        resources=(
            theirs("LoadBalancer", BALANCER_ARN, "LoadBalancer", Scheme="internal"),
            replace(
                theirs("Listener", LISTENER_ARN, "80", Port=80, LoadBalancerArn=BALANCER_ARN),
                parent=BALANCER_ARN,
            ),
            theirs("TargetGroup", GROUP_ARN, "shop/web-web:80", TargetType="ip"),
            *more,
        ),
    )


def adopted(
    incumbent: Incumbent, *objects: KubeObject, facts: Facts | None = None
) -> Adoption[Facts]:
    """Return what is recognised for one Ingress, or for these objects."""
    snapshot = a_snapshot(an_ingress_class(), *(objects or (an_ingress(), a_service())), live=True)
    settings = some_settings()
    takeover = Takeover(
        incumbent=incumbent,
        intent=intents(snapshot, provider, settings),
        snapshot=snapshot,
        settings=settings,
        observed=Observed(),
    )
    return adopt(takeover, facts or Facts())


def test_tags_tell_load_balancer_listener_and_target_group() -> None:
    """The stack is the group, the role says the rest, the target type the mode."""
    found = adopted(an_incumbent()).observed.resources

    assert set(found) == {
        "aws:load-balancer/shop/web",
        LISTENER,
        "aws:target-group/shop/web/web:80/pod",
    }
    assert found[LISTENER].spec["LoadBalancerArn"] == Ref(
        "aws:load-balancer/shop/web", "LoadBalancerArn"
    )


def test_what_would_be_ours_counts_no_longer_as_others() -> None:
    """Or account-wide limits would count it twice, and its name would be taken."""
    facts = Facts(
        load_balancers=3, target_groups=5, existing_names=frozenset({BALANCER_ARN, "other"})
    )

    after = adopted(an_incumbent(), facts=facts).facts

    assert (after.load_balancers, after.target_groups) == (2, 4)
    assert after.existing_names == {"other"}


def test_two_resources_of_one_role_both_show() -> None:
    """LBC deletes the second at its next turn; here it shows as something that nothing wants."""
    twin = theirs("TargetGroup", "arn:tg/second-00000001", "shop/web-web:80", TargetType="ip")

    found = adopted(an_incumbent(twin)).observed.resources

    assert "aws:target-group/shop/web/web:80/pod~00000001" in found


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("shop/web-web:80", ("web", "web", "80")),
        ("shop/web-api-v2:http", ("web-api", "v2", "http")),
        ("shop/web-other:80", ("web", "other", "80")),
        ("shop/gone-svc:80", ("gone", "svc", "80")),
    ],
)
def test_a_role_with_several_readings_is_read_by_what_is_known(
    role: str, expected: tuple[str, str, str]
) -> None:
    """Names hold dashes: the longest Ingress that exists wins, else the last dash."""
    owners = Owners(
        planned=MappingProxyType({}),
        bound=MappingProxyType({}),
        ingresses=frozenset({Key("shop", "web"), Key("shop", "web-api")}),
        broken=MappingProxyType({}),
    )

    owner = owners.owner("shop/web", role)

    assert owner is not None
    assert (owner.ingress.name, owner.service, owner.port) == expected


def test_a_binding_tells_where_the_service_begins() -> None:
    """It names the Service of the target group, which the tag cannot."""
    owners = Owners(
        planned=MappingProxyType({}),
        bound=MappingProxyType({"shop/web-api-v2:80": "api-v2"}),
        ingresses=frozenset({Key("shop", "web-api")}),
        broken=MappingProxyType({}),
    )

    owner = owners.owner("edge", "shop/web-api-v2:80")

    assert owner is not None
    assert (owner.ingress.name, owner.service) == ("web", "api-v2")


def a_wanted_rule(name: str, priority: int, *paths: str) -> Resource:
    """Return a wanted rule."""
    return Resource(
        kind="ListenerRule",
        address=name,
        group="shop/web",
        ingresses=(Key("shop", name),),
        spec=a_rule_spec(priority, *paths),
    )


def a_rule_spec(priority: int, *paths: str) -> Spec:
    """Return the spec of a rule for these paths."""
    condition: PlainInput = {"Field": "path-pattern", "PathPatternConfig": {"Values": list(paths)}}
    return freeze_spec(
        {
            "ListenerArn": Ref(LISTENER, "ListenerArn"),
            "Priority": priority,
            "Conditions": [condition],
        }
    )


def test_rules_are_told_by_their_conditions_first_then_by_their_place() -> None:
    """An inserted rule moves all later ones, whose tags then say another priority."""
    wanted = [
        a_wanted_rule("new", 1, "/new"),
        a_wanted_rule("a", 2, "/a"),
        a_wanted_rule("b", 3, "/b", "/b/*"),
    ]
    present = {"r1": a_rule_spec(1, "/a"), "r2": a_rule_spec(3, "/b/*", "/b")}

    found = match_rules(wanted, present)

    assert {identifier: match.address for identifier, match in found.items()} == {
        "r1": "a",
        "r2": "b",  # the order of values is significant, so only the place tells
    }


def test_of_rules_that_say_the_same_the_one_at_the_same_place_comes_first() -> None:
    """LBC keeps duplicates; each stands for its own."""
    wanted = [a_wanted_rule("first", 1, "/a"), a_wanted_rule("second", 2, "/a")]
    present = {"x": a_rule_spec(2, "/a"), "y": a_rule_spec(1, "/a")}

    found = match_rules(wanted, present)

    assert (found["x"].address, found["y"].address) == ("second", "first")


def test_a_rule_that_nothing_wants_belongs_to_whom_it_forwards_to() -> None:
    """So the rules of an Ingress that cannot be planned stay with it."""
    rule = ForeignResource(
        kind="ListenerRule",
        id="arn:rule",
        parent=LISTENER_ARN,
        tags=tags("80:1"),
        spec=freeze_spec(
            {
                "ListenerArn": LISTENER_ARN,
                "Priority": 1,
                "Actions": [
                    {
                        "Type": "forward",
                        "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": GROUP_ARN}]},
                    }
                ],
            }
        ),
    )

    found = adopted(an_incumbent(rule)).observed.resources.values()

    (seen,) = [resource for resource in found if resource.kind == "ListenerRule"]
    assert seen.ingresses == (Key("shop", "web"),)


def test_a_rule_that_forwards_nowhere_belongs_to_the_one_broken_member() -> None:
    """Nothing else tells whose it is; taking it away would be the worse mistake."""
    rule = ForeignResource(
        kind="ListenerRule",
        id="arn:rule",
        parent=LISTENER_ARN,
        tags=tags("80:1"),
        spec=freeze_spec({"ListenerArn": LISTENER_ARN, "Priority": 1}),
    )
    broken = an_ingress("shop/web", annotations={"scheme": "nope"})

    found = adopted(an_incumbent(rule), broken, a_service()).observed.resources.values()

    (seen,) = [resource for resource in found if resource.kind == "ListenerRule"]
    assert seen.ingresses == (Key("shop", "web"),)


def test_a_load_balancer_that_was_not_found_is_named() -> None:
    """Mostly the cluster's name is another one than the controller's."""
    other = an_ingress("shop/other", rules=(a_rule("o.example.com", a_path("/", "web:80")),))

    found = adopted(an_incumbent(), an_ingress(), other, a_service())

    (missing,) = [d for d in found.diagnostics if d.code == "TAKE-OVER-NOT-FOUND"]
    assert missing.subject == "load balancer shop/other"


def signing_in(client: Fingerprint, secret: Fingerprint) -> Spec:
    """Return the spec of a rule that signs people in."""
    return freeze_spec(
        {
            "Actions": [
                {
                    "Type": "authenticate-oidc",
                    "AuthenticateOidcConfig": {"ClientId": client, "ClientSecret": secret},
                }
            ]
        }
    )


@pytest.mark.parametrize(("client", "equal"), [("app", True), ("other", False)])
def test_a_secret_that_aws_hides_is_judged_by_the_clients_id(client: str, *, equal: bool) -> None:
    """AWS shows the id alone; a comparison that called every such rule changed would be useless."""
    wanted = signing_in(Fingerprint("id", "app"), Fingerprint("secret", "hush"))
    rule = Resource(kind="ListenerRule", address="a", group="g", spec=wanted)
    present = signing_in(Fingerprint("unknown", client), Fingerprint("unknown"))

    found = with_secrets_of(present, rule)

    assert (canonical(found["Actions"]) == canonical(wanted["Actions"])) is equal
