"""Promises of actions: what a backend does, and that nothing is sent to half of what was asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pytest

from provisioner.core.annotations import ForwardTo, ServiceWeight
from provisioner.core.translate import intents
from provisioner.model.annotation import Annotation
from provisioner.model.intent import (
    BackendId,
    Compatibility,
    FixedResponse,
    ForeignBackend,
    Forward,
    LoadBalancerIntent,
    PathRule,
    WeightedBackend,
)
from provisioner.model.kube import NO_STRINGS, Key, PortRef, Secret
from provisioner.model.resource import Fingerprint
from tests.factories import (
    PORTABLE,
    ADialect,
    KubeObject,
    a_meta,
    a_path,
    a_port,
    a_rule,
    a_service,
    a_snapshot,
    an_ingress,
    an_ingress_class,
    an_intent,
    some_settings,
)

WEB = Key("shop", "web")
INCUMBENT = some_settings(compatibility=Compatibility.INCUMBENT)
PATH = "spec.rules[0].http.paths[0]"
WEIGHTS = {f"{PORTABLE}weights": "web:80=90,canary:80=10"}


class Sharing(ADialect):
    """A dialect whose actions forward to what others keep as well."""

    def __init__(self, action: ForwardTo) -> None:
        self._action = action

    @property
    def annotations(self) -> tuple[Annotation[object], ...]:
        """The usual ones, with one action whatever the text."""
        return tuple(
            replace(row, parse=lambda _: self._action) if "actions" in row.key else row
            for row in super().annotations
        )


def one(*objects: KubeObject, incumbent: bool = False) -> LoadBalancerIntent:
    settings = INCUMBENT if incumbent else None
    [load_balancer] = an_intent(*objects, settings=settings).load_balancers
    return load_balancer


def rule_of(load_balancer: LoadBalancerIntent) -> PathRule:
    [listener] = load_balancer.listeners
    [rule] = listener.rules
    return rule


def blamed(load_balancer: LoadBalancerIntent) -> list[tuple[str, str]]:
    return [(q.path, q.diagnostic.code) for q in load_balancer.quarantined]


def a_weighted(service: str, weight: int | None = None, *, port: str = "80") -> WeightedBackend:
    backend = BackendId(ingress=WEB, service=Key("shop", service), port=port)
    return WeightedBackend(backend=backend, weight=weight)


def an_ingress_to(backend: str, annotations: Mapping[str, str] = NO_STRINGS) -> KubeObject:
    path = a_path("/", backend)
    return an_ingress(rules=[a_rule("a.io", path)], annotations=annotations)


@pytest.mark.parametrize("backend", ["web:80", "web:http", "canary:80"])
def test_a_path_to_a_weighted_service_is_split(backend: str) -> None:
    """``weights``: whichever of its Services a path names, by number or by name."""
    port = a_port(80, name="http")

    load_balancer = one(
        an_ingress_to(backend, WEIGHTS), a_service("shop/web", port), a_service("shop/canary")
    )

    assert rule_of(load_balancer).action == Forward(
        backends=(a_weighted("web", 90), a_weighted("canary", 10))
    )
    assert {b.id.service.name for b in load_balancer.backends} == {"web", "canary"}


def test_a_path_to_another_service_or_port_is_not_split() -> None:
    """Weights are about the Service ports that they name."""
    ports = (a_port(80), a_port(8080, name="admin"))
    services = (a_service("shop/web", *ports), a_service("shop/canary"), a_service("shop/other"))

    other = one(an_ingress_to("other:80", WEIGHTS), *services)
    admin = one(an_ingress_to("web:8080", WEIGHTS), *services)

    assert rule_of(other).action == Forward(backends=(a_weighted("other"),))
    assert rule_of(admin).action == Forward(backends=(a_weighted("web", port="8080"),))


def test_weights_are_not_an_option_of_the_rule() -> None:
    """They are part of what it does already."""
    load_balancer = one(
        an_ingress_to("web:80", WEIGHTS), a_service("shop/web"), a_service("shop/canary")
    )

    assert "weights" not in rule_of(load_balancer).options


@pytest.mark.parametrize("incumbent", [False, True])
def test_nothing_is_split_between_what_is_there_and_what_is_not(*, incumbent: bool) -> None:
    """An absent Service of several quarantines the path; the incumbent fails the whole group."""
    load_balancer = one(
        an_ingress_to("web:80", WEIGHTS), a_service("shop/web"), incumbent=incumbent
    )

    assert blamed(load_balancer) == [(PATH, "BACKEND-SERVICE-MISSING")]
    assert rule_of(load_balancer).held


def test_weights_that_no_path_meets_are_reported() -> None:
    """Silence would look like success."""
    intent = an_intent(
        an_ingress_to("other:80", WEIGHTS), a_service("shop/other"), a_service("shop/web")
    )

    assert [(d.code, d.field) for d in intent.diagnostics] == [
        ("ANNOTATION-UNUSED", "metadata.annotations[ingress-provisioner.io/weights]")
    ]


def test_actions_may_forward_to_what_others_keep() -> None:
    """Foreign backends and stickiness reach the rule as they were said."""
    foreign = (ForeignBackend(name="theirs", weight=1),)
    action = ForwardTo(
        services=(ServiceWeight(service="web", port=PortRef(number=80), weight=3),),
        foreign=foreign,
        stickiness_seconds=60,
    )
    snapshot = a_snapshot(
        an_ingress_to("split:use-annotation", {"actions.split": "-"}), a_service()
    )

    [load_balancer] = intents(snapshot, Sharing(action), some_settings()).load_balancers

    assert rule_of(load_balancer).action == Forward(
        backends=(a_weighted("web", 3),), foreign=foreign, stickiness_seconds=60
    )


def test_an_action_may_forward_to_nothing_of_ours() -> None:
    """Then the rule has no backends, and is served all the same."""
    foreign = (ForeignBackend(name="theirs"),)
    snapshot = a_snapshot(an_ingress_to("split:use-annotation", {"actions.split": "-"}))

    [load_balancer] = intents(
        snapshot, Sharing(ForwardTo(services=(), foreign=foreign)), some_settings()
    ).load_balancers

    assert rule_of(load_balancer).action == Forward(backends=(), foreign=foreign)
    assert load_balancer.backends == ()


def test_an_action_that_forwards_to_nothing_is_refused() -> None:
    """An empty list of target groups passes the incumbent's checks, and fails at AWS."""
    snapshot = a_snapshot(an_ingress_to("split:use-annotation", {"actions.split": "-"}))

    [load_balancer] = intents(
        snapshot, Sharing(ForwardTo(services=())), some_settings()
    ).load_balancers

    assert blamed(load_balancer) == [(PATH, "BACKEND-MISSING")]


def test_the_incumbent_answers_503_for_an_action_with_one_absent_service() -> None:
    """One Service alone is tolerated, in an action as in a path."""
    load_balancer = one(
        an_ingress_to("solo:use-annotation", {"actions.solo": "web:80=1"}), incumbent=True
    )

    assert rule_of(load_balancer).action == FixedResponse(
        status=503, body="Backend service does not exist"
    )
    assert blamed(load_balancer) == []


def test_a_services_word_counts_where_a_rule_forwards_to_it_alone() -> None:
    """Settings of a rule may stand on the Service; the Ingress's own yield to it there."""
    ingress = an_ingress_to("web:80", {"auth": "ingress"})
    service = a_service(annotations={"auth": "service"})

    assert rule_of(one(ingress, service)).options["auth"] == "service"


@pytest.mark.parametrize(
    ("backend", "annotations"),
    [
        ("web:80", WEIGHTS),
        ("split:use-annotation", {"actions.split": "web:80=1,canary:80=1"}),
        ("away:use-annotation", {"actions.away": "redirect"}),
    ],
)
def test_elsewhere_the_ingress_decides(backend: str, annotations: Mapping[str, str]) -> None:
    """A rule has one way in, whatever it is split over."""
    ingress = an_ingress_to(backend, {**annotations, "auth": "ingress"})
    services = [a_service(f"shop/{name}", annotations={"auth": name}) for name in ("web", "canary")]

    assert rule_of(one(ingress, *services)).options["auth"] == "ingress"


def test_an_action_with_one_service_forwards_to_it_alone() -> None:
    """The Service is the same, however the path names it."""
    ingress = an_ingress_to("solo:use-annotation", {"actions.solo": "web:80=1", "auth": "ingress"})

    options = rule_of(one(ingress, a_service(annotations={"auth": "service"}))).options

    assert options["auth"] == "service"


def test_default_backends_have_the_options_of_rules_but_no_conditions() -> None:
    """The listener's default answer and the member's carry who may come in."""
    ingress = an_ingress(
        rules=[],
        default_backend="web:80",
        annotations={"conditions.web": "x", "auth": "ingress", "use-regex": "true"},
    )

    load_balancer = one(ingress, a_service(annotations={"auth": "service"}))

    expected = {"auth": "service", "use-regex": True}
    assert dict(load_balancer.listeners[0].default_options) == expected
    assert dict(load_balancer.members[0].default_options) == expected


def test_a_listener_without_a_default_backend_has_no_options_for_it() -> None:
    """The 404 is nobody's."""
    assert dict(one(an_ingress_to("web:80"), a_service()).listeners[0].default_options) == {}


def test_the_incumbents_members_stand_by_order_and_name_never_by_age() -> None:
    """``namespace/name`` is compared as one text: ``a-b/x`` before ``a/y``, ``-`` being less."""
    said = {"group.name": "edge"}
    ingresses = [
        an_ingress("a/y", annotations=said, created="2026-01-01T00:00:00Z", rules=[]),
        an_ingress("a-b/x", annotations=said, created="2026-02-01T00:00:00Z", rules=[]),
        an_ingress("z/z", annotations={**said, "group.order": "-1"}, rules=[]),
    ]

    theirs, ours = one(*ingresses, incumbent=True), one(*ingresses)

    assert [str(m.ingress) for m in theirs.members] == ["z/z", "a-b/x", "a/y"]
    assert [str(m.ingress) for m in ours.members] == ["z/z", "a/y", "a-b/x"]


def test_a_path_without_a_type_is_the_clouds_business_to_the_incumbent() -> None:
    """Old objects have none; the API server asks for one today."""
    ingress = an_ingress(rules=[a_rule("a.io", a_path("/a*", path_type=""))])

    assert rule_of(one(ingress, a_service(), incumbent=True)).path_type == "ImplementationSpecific"
    assert blamed(one(ingress, a_service())) == [(PATH, "PATH-TYPE")]


@dataclass(frozen=True)
class Login:
    """A value that is complete only with a Secret."""

    secret_name: str
    client: Fingerprint | None = None

    def filled(self, data: Mapping[str, bytes], seal: Callable[[str, str], Fingerprint]) -> Login:
        """Return the value with its secret."""
        return replace(self, client=seal(data["client"].decode(), "test"))


class Guarding(ADialect):
    """A dialect whose guards name Secrets."""

    @property
    def annotations(self) -> tuple[Annotation[object], ...]:
        """The usual ones, with a Secret behind ``auth``."""
        return tuple(
            replace(row, parse=Login) if row.setting.name == "auth" else row
            for row in super().annotations
        )


def guarded(*, live: bool, secrets: Mapping[Key, Secret]) -> LoadBalancerIntent:
    ingress = an_ingress(
        rules=[a_rule("a.io", a_path())], default_backend="web:80", annotations={"auth": "login"}
    )
    snapshot = a_snapshot(ingress, a_service(), an_ingress_class(), live=live)
    [load_balancer] = intents(
        replace(snapshot, secrets=secrets), Guarding(), some_settings()
    ).load_balancers
    return load_balancer


def test_rules_and_default_backends_get_what_their_secrets_hold() -> None:
    """A fingerprint, with the secret hidden behind it."""
    secret = Secret(meta=a_meta("shop/login"), type="Opaque", data={"client": b"hush"})

    load_balancer = guarded(live=True, secrets={Key("shop", "login"): secret})

    for options in (rule_of(load_balancer).options, load_balancer.listeners[0].default_options):
        login = options["auth"]
        assert isinstance(login, Login)
        assert login.client is not None
        assert login.client.secret == "hush"
        assert "hush" not in repr(login)


def test_a_rule_whose_secret_is_missing_is_held() -> None:
    """It keeps its last good rule, and so does the default backend; neither falls open."""
    load_balancer = guarded(live=True, secrets={})

    assert blamed(load_balancer) == [
        ("spec.defaultBackend", "SECRET-MISSING"),
        (PATH, "SECRET-MISSING"),
    ]
    assert rule_of(load_balancer).held
    assert load_balancer.listeners[0].default == FixedResponse(status=503)


def test_files_need_not_hold_secrets() -> None:
    """What only the cluster knows is known after apply; nothing is wrong with the files."""
    load_balancer = guarded(live=False, secrets={})

    assert blamed(load_balancer) == []
    assert rule_of(load_balancer).options["auth"] == Login("login")
