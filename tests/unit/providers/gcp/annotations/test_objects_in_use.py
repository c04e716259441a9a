"""What an Ingress gets of the objects that it and its Services name, and what their faults cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from providers.gcp import provider
from providers.gcp.backend_config import BackendConfig, Logging
from providers.gcp.settings import FrontendConfig, HttpsRedirect, backend_config
from providers.gcp.variant import Variant
from provisioner.core.translate import intents
from provisioner.model.intent import Compatibility, Intent
from provisioner.model.kube import Ingress, Key, Secret, Service
from tests.factories import (
    a_load_balancer_class,
    a_meta,
    a_path,
    a_port,
    a_rule,
    a_service,
    a_snapshot,
    an_ingress,
    an_ingress_class,
    some_settings,
)
from tests.unit.providers.gcp.annotations.cases import (
    a_gke_world,
    accepted,
    an_intent_of,
    an_object,
)

FRONT = "networking.gke.io/v1beta1.FrontendConfig"
NAMES = "cloud.google.com/backend-config"
TWO_PATHS = an_ingress(
    rules=[a_rule("shop.example.com", a_path("/", "web:80"), a_path("/api", "api:80"))],
    class_name=None,
)
API = a_service("shop/api")


def web(annotations: Mapping[str, str]) -> Service:
    """Return Service ``shop/web`` with two ports and these annotations."""
    ports = (a_port(80, name="http"), a_port(443, name="https"))
    return a_service("shop/web", *ports, annotations=annotations)


def an_ingress_with(annotations: Mapping[str, str]) -> Ingress:
    """Return an Ingress without a class."""
    return an_ingress(annotations=annotations, class_name=None)


def held_back(intent: Intent) -> list[tuple[str, str, str]]:
    """Return what is held back: path, code and the field that is wrong."""
    return [
        (entry.path, entry.diagnostic.code, entry.diagnostic.field)
        for one in intent.load_balancers
        for entry in one.quarantined
    ]


def configs(intent: Intent) -> dict[str, BackendConfig]:
    """Return what counts for each backend, by its text."""
    return {
        str(backend.id): backend_config(backend.options)
        for one in intent.load_balancers
        for backend in one.backends
    }


def test_each_port_has_the_settings_of_its_own_object() -> None:
    """A specific port beats the default; a Service without the annotation has none."""
    both = an_ingress(
        rules=[
            a_rule(
                "shop.example.com",
                a_path("/", "web:80"),
                a_path("/safe", "web:https"),
                a_path("/api", "api:80"),
            )
        ],
        class_name=None,
    )

    found = configs(
        an_intent_of(
            web({NAMES: '{"default": "plain", "ports": {"https": "safe"}}'}),
            API,
            both,
            an_object("BackendConfig", "shop/plain", {"timeoutSec": 5}),
            an_object("BackendConfig", "shop/safe", {"logging": {"enable": True}}),
        )
    )

    assert found == {
        "web:80": BackendConfig(timeout_seconds=5),
        "web:443": BackendConfig(logging=Logging(enable=True)),
        "api:80": BackendConfig(),
    }


@pytest.mark.parametrize(
    ("annotations", "spec", "code", "field"),
    [
        ({NAMES: '{"default": "bc"'}, {}, "ANNOTATION-VALUE", f"metadata.annotations[{NAMES}]"),
        (
            {"cloud.google.com/neg": "true"},
            {},
            "ANNOTATION-VALUE",
            "metadata.annotations[cloud.google.com/neg]",
        ),
        ({NAMES: '{"default": "bc"}'}, {"timeoutSec": 0}, "OBJECT-CONTENT", "spec.timeoutSec"),
        (
            {NAMES: '{"default": "other"}'},
            {},
            "OBJECT-MISSING",
            "spec.rules[0].http.paths[0].backend.service.name",
        ),
    ],
)
def test_a_bad_object_or_annotation_costs_only_the_paths_that_use_it(
    annotations: Mapping[str, str], spec: Mapping[str, object], code: str, field: str
) -> None:
    """GKE stops the whole Ingress, or takes the annotation for none, without a word."""
    intent = an_intent_of(
        web(annotations), API, TWO_PATHS, an_object("BackendConfig", "shop/bc", spec)
    )

    assert held_back(intent) == [("spec.rules[0].http.paths[0]", code, field)]
    assert accepted(intent) == {Key("shop", "web")}
    [balancer] = intent.load_balancers
    [listener] = balancer.listeners
    assert [(rule.path, rule.held) for rule in listener.rules] == [("/", True), ("/api", False)]
    assert all(entry.diagnostic.hint for entry in balancer.quarantined)


def test_every_mistake_of_an_object_is_told() -> None:
    """Each names its field and a way out, on the object that has it."""
    wrong = an_object("BackendConfig", "shop/bc", {"timeoutSec": 0, "healthCheck": {"port": 0}})

    intent = an_intent_of(web({NAMES: '{"default": "bc"}'}), API, TWO_PATHS, wrong)

    assert sorted(field for _, _, field in held_back(intent)) == [
        "spec.healthCheck.port",
        "spec.timeoutSec",
    ]
    [balancer] = intent.load_balancers
    subjects = {entry.diagnostic.subject for entry in balancer.quarantined}
    assert subjects == {"BackendConfig shop/bc"}


def test_a_frontend_config_speaks_for_the_whole_load_balancer() -> None:
    """Its policy and its redirect are options of the load balancer."""
    spec = {"sslPolicy": "modern", "redirectToHttps": {"enabled": True}}

    intent = an_intent_of(
        web({}), an_ingress_with({FRONT: "front"}), an_object("FrontendConfig", "shop/front", spec)
    )

    [balancer] = intent.load_balancers
    assert balancer.options["frontend-config"] == FrontendConfig(
        ssl_policy="modern", redirect=HttpsRedirect(enabled=True)
    )


@pytest.mark.parametrize("compatibility", list(Compatibility))
def test_a_frontend_config_that_does_not_exist_is_an_error_but_to_the_incumbent(
    compatibility: Compatibility,
) -> None:
    """GKE serves without the redirect and the policy; that is not what anybody asked for."""
    intent = an_intent_of(web({}), an_ingress_with({FRONT: "front"}), compatibility=compatibility)

    if compatibility is Compatibility.INCUMBENT:
        assert accepted(intent) == {Key("shop", "web")}
        assert "OBJECT-MISSING" in {d.code for d in intent.diagnostics if not d.blocking}
    else:
        assert held_back(intent) == [("", "OBJECT-MISSING", f"metadata.annotations[{FRONT}]")]


def test_the_secrets_of_an_object_enter_the_backend() -> None:
    """The OAuth client is read where the BackendConfig is, in the namespace of the Ingress."""
    iap = {"iap": {"enabled": True, "oauthclientCredentials": {"secretName": "oauth"}}}
    world = a_gke_world(
        web({NAMES: '{"default": "bc"}'}),
        an_ingress_with({}),
        an_object("BackendConfig", "shop/bc", iap),
    )
    secret = Secret(
        meta=a_meta("shop/oauth"), data={"client_id": b"id.apps", "client_secret": b"hello"}
    )

    intent = intents(replace(world, secrets={secret.key: secret}), provider, some_settings())

    [balancer] = intent.load_balancers
    [backend] = balancer.backends
    iap_of_it = backend_config(backend.options).iap
    assert iap_of_it is not None
    assert iap_of_it.client is not None
    assert iap_of_it.client.client_id == "id.apps"
    assert iap_of_it.client.client_secret is not None
    assert iap_of_it.client.client_secret.secret == "hello"
    assert "hello" not in repr(intent)


def test_keys_written_in_an_object_are_sealed_without_any_secret() -> None:
    """A written key must not travel through a plan in clear any more than one of a Secret."""
    keys = [{"keyName": "k", "keyValue": "nZtRohdNF9m3cKM24IcK4w=="}]
    cdn = {"cdn": {"enabled": True, "signedUrlKeys": keys}}

    intent = an_intent_of(
        web({NAMES: '{"default": "bc"}'}),
        an_ingress_with({}),
        an_object("BackendConfig", "shop/bc", cdn),
    )

    [config] = configs(intent).values()
    assert config.cdn is not None
    [key] = config.cdn.signed_url_keys
    assert key.value is not None
    assert (key.value.secret, key.text) == ("nZtRohdNF9m3cKM24IcK4w==", "")
    assert "nZtRohdN" not in repr(intent)


def test_what_is_odd_in_an_object_is_a_warning_on_it() -> None:
    """Nothing is held back by a field that nobody knows."""
    odd = an_object("BackendConfig", "shop/bc", {"timeoutSecs": 5})

    intent = an_intent_of(web({NAMES: '{"default": "bc"}'}), an_ingress_with({}), odd)

    assert held_back(intent) == []
    [remark] = [d for d in intent.diagnostics if d.subject == "BackendConfig shop/bc"]
    assert (remark.field, remark.hint) == ("spec.timeoutSecs", "did you mean timeoutSec?")


def test_a_class_may_say_which_load_balancer_its_ingresses_get() -> None:
    """It is an annotation of ours, so a LoadBalancerClass may state it as well."""
    by_class = replace(
        a_load_balancer_class(
            defaults={"google-load-balancer": "classic"}, ingress_classes=["edge"]
        ),
        provider="gcp",
    )
    of_class = an_ingress_class("edge", controller="ingress-provisioner.io/gcp")
    ingress = an_ingress(class_name="edge")

    snapshot = a_snapshot(web({}), ingress, of_class, by_class)
    [balancer] = intents(snapshot, provider, some_settings()).load_balancers

    assert balancer.options["google-load-balancer"] is Variant.CLASSIC


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("gce", None),
        ("gce-internal", Variant.REGIONAL_INTERNAL),
        ("gce-regional-external", Variant.REGIONAL_EXTERNAL),
    ],
)
def test_the_class_annotation_of_gke_chooses_the_load_balancer(
    name: str, variant: Variant | None
) -> None:
    """GKE's controller goes by this annotation alone."""
    intent = an_intent_of(web({}), an_ingress_with({"kubernetes.io/ingress.class": name}))

    [balancer] = intent.load_balancers
    assert balancer.options.get("google-load-balancer") is variant
    assert intent.diagnostics == ()


def test_what_an_ingress_says_itself_outranks_its_class_name() -> None:
    """The name is the weakest word of all."""
    intent = an_intent_of(
        web({}),
        an_ingress_with(
            {
                "kubernetes.io/ingress.class": "gce-internal",
                "ingress-provisioner.io/google-load-balancer": "regional-external",
            }
        ),
    )

    [balancer] = intent.load_balancers
    assert balancer.options["google-load-balancer"] is Variant.REGIONAL_EXTERNAL
