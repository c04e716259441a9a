"""Promises of class parameters: what a cloud's own class object states beats annotations."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.core.annotations import ModeWish
from provisioner.core.translate import intents
from provisioner.model.annotation import ClassWord
from provisioner.model.diagnostic import error, warning
from provisioner.model.intent import Compatibility, Intent, LoadBalancerIntent, Scheme, TargetMode
from provisioner.model.kube import Ingress, Parameters
from provisioner.model.selector import LabelRequirement, LabelSelector
from tests.factories import (
    ADialect,
    KubeObject,
    a_load_balancer_class,
    a_namespace,
    a_rule,
    a_service,
    a_snapshot,
    an_ingress,
    an_ingress_class,
    an_intent,
    some_parameters,
    some_settings,
    something_of,
)

PARAMS = ("elbv2.k8s.aws", "IngressClassParams", "params")
BOUND = an_ingress_class(parameters=PARAMS)
SHOP = LabelSelector(match_labels={"team": "shop"})


def word(setting: str, value: object, *, suffix: str = "") -> ClassWord:
    return ClassWord(setting=setting, value=value, field=f"spec.{setting}", suffix=suffix)


def planned(*objects: KubeObject, live: bool = False) -> LoadBalancerIntent:
    [load_balancer] = an_intent(*objects, BOUND, live=live).load_balancers
    return load_balancer


def codes(intent: Intent) -> list[str]:
    return [d.code for d in intent.diagnostics]


def refusals(load_balancer: LoadBalancerIntent) -> list[str]:
    return [q.diagnostic.code for q in load_balancer.quarantined]


def by_annotation(ingress: Ingress) -> Ingress:
    annotations = {"kubernetes.io/ingress.class": "alb", **ingress.meta.annotations}
    return replace(ingress, class_name=None, meta=replace(ingress.meta, annotations=annotations))


def test_what_parameters_state_beats_ingress_and_service() -> None:
    """IngressClassParams are native enforcement; targetType overrides Services, too."""
    load_balancer = planned(
        an_ingress(annotations={"scheme": "internal"}),
        a_service(annotations={"target-type": "ip"}),
        some_parameters(word("scheme", Scheme.EXTERNAL), word("target-mode", ModeWish.NODE_PORT)),
    )

    [backend] = load_balancer.backends
    assert load_balancer.scheme is Scheme.EXTERNAL
    assert backend.mode is TargetMode.NODE_PORT
    assert backend.mode_source == "spec.target-mode of IngressClassParams params"


def test_parameters_can_put_every_ingress_of_a_class_into_one_group() -> None:
    """spec.group.name wins over the annotation."""
    load_balancer = planned(
        an_ingress(annotations={"group.name": "mine"}),
        a_service(),
        some_parameters(word("group", "edge")),
    )

    assert load_balancer.name == "edge"


def test_tags_of_parameters_and_of_objects_add_up_and_the_class_wins() -> None:
    """LBC merges them key by key (MergeStringMap), for load balancer and target groups alike."""
    load_balancer = planned(
        an_ingress(annotations={"tags": "team=shop,tier=web"}),
        a_service(),
        some_parameters(word("tags", {"team": "platform"})),
    )

    [backend] = load_balancer.backends
    assert load_balancer.tags == {"team": "platform", "tier": "web"}
    assert backend.tags == {"team": "platform", "tier": "web"}


def test_subnets_chosen_by_tags_in_a_class_replace_those_of_an_annotation() -> None:
    """spec.subnets of the class wins for its member, whichever way it names them."""
    load_balancer = planned(
        an_ingress(annotations={"subnets": "a,b"}),
        a_service(),
        some_parameters(word("subnet-tags", {"tier": ("public",)})),
    )

    assert load_balancer.subnets == ()
    assert load_balancer.options["subnet-tags"] == {"tier": ("public",)}


def test_subnets_by_name_and_by_tags_do_not_mix_in_a_group() -> None:
    """One member's class chooses by tags, another's annotation by name: both are told of both."""
    tagged = an_ingress("shop/a", annotations={"group.name": "edge"}, created="2024-01-01")
    named = an_ingress(
        "shop/b",
        annotations={"group.name": "edge", "subnets": "a,b"},
        rules=[a_rule("b.example.com")],
        class_name="other",
    )

    [load_balancer] = an_intent(
        tagged,
        named,
        a_service(),
        BOUND,
        an_ingress_class("other"),
        some_parameters(word("subnet-tags", {"tier": ("public",)})),
    ).load_balancers

    [refusal] = load_balancer.quarantined
    assert refusal.ingress.name == "b"
    assert "subnets is a,b here" in refusal.diagnostic.message
    assert "subnet-tags" in refusal.diagnostic.message
    assert "Ingress shop/a" in refusal.diagnostic.message


@pytest.mark.parametrize(
    ("compatibility", "scheme", "word_of"),
    [
        (Compatibility.KUBERNETES, Scheme.EXTERNAL, "count for"),
        (Compatibility.INCUMBENT, Scheme.INTERNAL, "do not count"),
    ],
)
def test_a_class_chosen_by_annotation_brings_its_parameters_except_as_lbc_reads_it(
    compatibility: Compatibility, scheme: Scheme, word_of: str
) -> None:
    """The annotation counts as the field; LBC ignores parameters then, and that is said."""
    [load_balancer] = (
        intent := an_intent(
            by_annotation(an_ingress(annotations={"scheme": "internal"})),
            a_service(),
            BOUND,
            some_parameters(word("scheme", Scheme.EXTERNAL)),
            settings=some_settings(compatibility=compatibility),
        )
    ).load_balancers

    [remark] = intent.diagnostics
    assert load_balancer.scheme is scheme
    assert remark.code == "CLASS-PARAMETERS-ANNOTATED"
    assert word_of in remark.message


def test_missing_parameters_block_in_a_cluster_and_warn_in_files() -> None:
    """In a cluster the object is truly absent; files may just not contain it."""
    objects = (an_ingress(), a_service(), BOUND)

    [live] = an_intent(*objects, live=True).load_balancers
    offline = an_intent(*objects)

    assert refusals(live) == ["CLASS-PARAMETERS"]
    assert codes(offline) == ["CLASS-PARAMETERS"]
    assert offline.load_balancers[0].members


def test_parameters_that_could_not_be_listed_block() -> None:
    """Unknown is not empty: they may enforce anything."""
    snapshot = replace(
        a_snapshot(an_ingress(), a_service(), BOUND, live=True),
        unknown_kinds=frozenset({"IngressClassParams.elbv2.k8s.aws"}),
    )

    [load_balancer] = intents(snapshot, ADialect(), some_settings()).load_balancers

    assert refusals(load_balancer) == ["CLASS-UNLISTED"]
    assert "IngressClassParams" in load_balancer.quarantined[0].diagnostic.message


def test_another_kind_that_could_not_be_listed_blocks_nobody() -> None:
    """EKS Auto Mode's parameters are another kind of the same name."""
    snapshot = replace(
        a_snapshot(an_ingress(), a_service(), BOUND, some_parameters(), live=True),
        unknown_kinds=frozenset({"IngressClassParams.eks.amazonaws.com"}),
    )

    [load_balancer] = intents(snapshot, ADialect(), some_settings()).load_balancers

    assert refusals(load_balancer) == []


def test_a_mistake_in_parameters_blocks_and_a_remark_is_passed_on() -> None:
    """The provider reads them; what it cannot read enforces nothing."""
    broken = error("CLASS-PARAMETERS-VALUE", "IngressClassParams params", message="bad")
    odd = warning("CLASS-PARAMETERS-FIELD", "IngressClassParams params", message="odd")
    intent = an_intent(an_ingress(), a_service(), BOUND, some_parameters(diagnostics=[broken, odd]))

    assert refusals(intent.load_balancers[0]) == ["CLASS-PARAMETERS-VALUE"]
    assert "CLASS-PARAMETERS-FIELD" in codes(intent)


def test_both_class_objects_count() -> None:
    """A class may have IngressClassParams and be listed by a LoadBalancerClass as well."""
    load_balancer = planned(
        an_ingress(),
        a_service(),
        some_parameters(word("scheme", Scheme.EXTERNAL)),
        a_load_balancer_class(enforced={"scheme": "external", "target-mode": "pod"}),
    )

    [backend] = load_balancer.backends
    assert load_balancer.scheme is Scheme.EXTERNAL
    assert backend.mode is TargetMode.POD


def test_class_objects_that_enforce_different_things_block_and_both_are_named() -> None:
    """Which of the two counts is not ours to choose."""
    load_balancer = planned(
        an_ingress(),
        a_service(),
        some_parameters(word("scheme", Scheme.EXTERNAL)),
        a_load_balancer_class(enforced={"scheme": "internal"}),
    )

    [refusal] = load_balancer.quarantined
    assert refusal.diagnostic.code == "CLASS-PARAMETERS-CONTRADICTION"
    assert "IngressClassParams params" in refusal.diagnostic.message
    assert "LoadBalancerClass edge" in refusal.diagnostic.message


# -- namespaces -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selector", "labels", "refused"),
    [
        (SHOP, {"team": "shop"}, []),
        (SHOP, {"team": "pay"}, ["CLASS-NAMESPACE"]),
        (LabelSelector(match_labels={"kubernetes.io/metadata.name": "shop"}), {}, []),
        (
            LabelSelector(requirements=(LabelRequirement(key="x", operator="DoesNotExist"),)),
            {},
            [],
        ),
    ],
)
def test_the_namespace_selector_admits_or_refuses(
    selector: LabelSelector, labels: dict[str, str], refused: list[str]
) -> None:
    """A namespace that is not selected cannot use the class; in LBC its whole group would fail."""
    load_balancer = planned(
        an_ingress(),
        a_service(),
        a_namespace("shop", **labels),
        some_parameters(namespaces=selector),
        live=True,
    )

    assert refusals(load_balancer) == refused


def test_an_empty_selector_asks_for_no_labels() -> None:
    """It selects everything, so nobody needs to read namespaces for it."""
    load_balancer = planned(
        an_ingress(), a_service(), some_parameters(namespaces=LabelSelector()), live=True
    )

    assert refusals(load_balancer) == []


def test_unknown_labels_block_in_a_cluster_and_warn_in_files() -> None:
    """Files seldom hold Namespaces; a cluster that hides them leaves the question open."""
    objects = (an_ingress(), a_service(), BOUND, some_parameters(namespaces=SHOP))

    [live] = an_intent(*objects, live=True).load_balancers
    offline = an_intent(*objects)

    assert refusals(live) == ["CLASS-NAMESPACE-UNKNOWN"]
    assert codes(offline) == ["CLASS-NAMESPACE-UNKNOWN"]
    assert offline.load_balancers[0].members


# -- what counts for the first member only ------------------------------------------------------


def two_classes(*extra: KubeObject, order: str = "0") -> tuple[KubeObject, ...]:
    first = an_ingress("shop/a", annotations={"group.name": "edge"}, created="2024-01-01")
    second = an_ingress(
        "pay/b",
        annotations={"group.name": "edge", "group.order": order, "extra-tags": "k=mine"},
        rules=[a_rule("b.example.com")],
        class_name="other",
        created="2025-01-01",
    )
    other = an_ingress_class("other", parameters=(*PARAMS[:2], "others"))
    return (first, second, BOUND, other, a_service("shop/web"), a_service("pay/web"), *extra)


def first_words(value: str, *, name: str) -> Parameters:
    return some_parameters(name=name, of_first=[word("extra-tags", {"k": value})])


def test_the_class_of_the_first_member_overrules_everybody_and_they_are_told() -> None:
    """Attributes, capacity and address pools come from the first Ingress' class, as in LBC."""
    intent = an_intent(
        *two_classes(first_words("first", name="params"), first_words("second", name="others"))
    )

    [load_balancer] = intent.load_balancers
    told = [d for d in intent.diagnostics if d.code == "GROUP-OVERRULED"]
    assert refusals(load_balancer) == []
    assert load_balancer.options["extra-tags"] == {"k": "first"}
    assert [str(d.ingress) for d in told] == ["pay/b", "pay/b"]
    assert any("IngressClassParams others" in d.message for d in told)
    assert all("IngressClassParams params" in d.message for d in told)


@pytest.mark.parametrize(
    ("compatibility", "value"),
    [(Compatibility.KUBERNETES, "first"), (Compatibility.INCUMBENT, "second")],
)
def test_a_newcomer_becomes_first_by_its_order_in_the_incumbent_only(
    compatibility: Compatibility, value: str
) -> None:
    """group-order is anybody's to write; it must not take the load balancer from those on it."""
    [load_balancer] = an_intent(
        *two_classes(
            first_words("first", name="params"), first_words("second", name="others"), order="-5"
        ),
        settings=some_settings(compatibility=compatibility),
        observed=something_of("shop/a", "edge"),
    ).load_balancers

    assert load_balancer.options["extra-tags"] == {"k": value}


def test_words_for_the_first_member_are_no_rule_settings() -> None:
    """They are about the load balancer; alone on it an Ingress is the first."""
    load_balancer = planned(an_ingress(), a_service(), first_words("alone", name="params"))

    [listener] = load_balancer.listeners
    assert load_balancer.options["extra-tags"] == {"k": "alone"}
    assert all("extra-tags" not in rule.options for rule in listener.rules)
