"""Promises about BackendConfig, FrontendConfig and ManagedCertificate in the Intent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from providers.gcp import provider
from providers.gcp.backend_config import BackendConfig
from providers.gcp.settings import BACKEND_CONFIG, FRONTEND_CONFIG, FrontendConfig
from provisioner.core.secrets import named_secrets
from provisioner.core.translate import intents
from provisioner.model.intent import Compatibility, Intent, LoadBalancerIntent
from provisioner.model.kube import Key, Parameters, Secret
from provisioner.model.resource import Fingerprint
from provisioner.model.snapshot import Snapshot
from tests.factories import (
    KubeObject,
    a_config,
    a_meta,
    a_path,
    a_port,
    a_rule,
    a_service,
    a_snapshot,
    an_ingress,
    some_settings,
)

BACKEND = "cloud.google.com/backend-config"
FRONTEND = "networking.gke.io/v1beta1.FrontendConfig"
MANAGED = "networking.gke.io/managed-certificates"
PATHS = a_rule("a.example.com", a_path("/one", "one:80"), a_path("/two", "two:80"))
TWO = a_service("shop/two")


def one(config: str) -> KubeObject:
    return a_service("shop/one", annotations={BACKEND: config})


def web(**annotations: str) -> KubeObject:
    return an_ingress("shop/web", rules=[PATHS], class_name=None, annotations=annotations)


def a_backend_config(name: str, **spec: object) -> Parameters:
    return a_config("BackendConfig", f"shop/{name}", spec)


def means(*objects: KubeObject, compatibility: Compatibility = Compatibility.KUBERNETES) -> Intent:
    return intent_of(a_snapshot(*objects), compatibility)


def intent_of(
    snapshot: Snapshot, compatibility: Compatibility = Compatibility.KUBERNETES
) -> Intent:
    return intents(snapshot, provider, some_settings(compatibility=compatibility))


def only(intent: Intent) -> LoadBalancerIntent:
    [load_balancer] = intent.load_balancers
    return load_balancer


def config_of(load_balancer: LoadBalancerIntent, service: str) -> BackendConfig | None:
    [backend] = [b for b in load_balancer.backends if b.id.service.name == service]
    found = backend.options.get(BACKEND_CONFIG.name)
    assert found is None or isinstance(found, BackendConfig)
    return found


def test_a_backend_has_what_the_backend_config_of_its_port_says() -> None:
    """A BackendConfig for the port beats the default one (gcp: cloud.google.com/backend-config)."""
    named = one('{"default": "slow", "ports": {"80": "fast"}}')
    slow, fast = a_backend_config("slow", timeoutSec=90), a_backend_config("fast", timeoutSec=5)

    load_balancer = only(means(web(), named, TWO, slow, fast))

    found = config_of(load_balancer, "one")
    assert found is not None
    assert found.timeout_seconds == 5
    assert config_of(load_balancer, "two") is None


@pytest.mark.parametrize("config", [(), (a_backend_config("bc", timeoutSec="soon"),)])
def test_a_backend_config_that_cannot_be_used_stops_its_path_alone(
    config: tuple[Parameters, ...],
) -> None:
    """In GKE it stops the whole Ingress; here the other path goes on."""
    load_balancer = only(means(web(), one('{"default": "bc"}'), TWO, *config))

    [quarantined] = load_balancer.quarantined
    assert quarantined.path == "spec.rules[0].http.paths[0]"
    assert quarantined.ingress == Key("shop", "web")
    assert [b.id.service.name for b in load_balancer.backends] == ["two"]


def test_a_frontend_config_that_is_not_there_stops_its_ingress_alone() -> None:
    """Its redirect or policy is unknown, so nothing of that Ingress may change."""
    other = an_ingress("shop/other", rules=[a_rule("b.example.com", a_path("/", "two:80"))])
    other = replace(other, class_name=None)
    asking = an_ingress("shop/web", rules=[PATHS], class_name=None, annotations={FRONTEND: "front"})

    intent = means(asking, other, a_service("shop/one"), TWO)

    by_name = {each.name: each for each in intent.load_balancers}
    assert [q.diagnostic.code for q in by_name["shop/web"].quarantined] == ["OBJECT-MISSING"]
    assert by_name["shop/web"].members == ()
    assert by_name["shop/other"].quarantined == ()
    assert [m.ingress for m in by_name["shop/other"].members] == [Key("shop", "other")]


def test_gke_goes_on_without_a_frontend_config_that_is_not_there() -> None:
    """It says so in an Event and syncs the rest; under ``incumbent`` so do we."""
    asking = an_ingress("shop/web", rules=[PATHS], class_name=None, annotations={FRONTEND: "front"})

    intent = means(asking, a_service("shop/one"), TWO, compatibility=Compatibility.INCUMBENT)

    assert [m.ingress for m in only(intent).members] == [Key("shop", "web")]
    assert ("OBJECT-MISSING", False) in [(d.code, d.blocking) for d in intent.diagnostics]


def test_what_a_frontend_config_says_is_agreed_on_for_the_load_balancer() -> None:
    """Members of a group that name objects of equal content do not contradict each other."""
    group = {"ingress-provisioner.io/group": "edge", FRONTEND: "front"}
    first = an_ingress("shop/web", rules=[PATHS], class_name=None, annotations=group)
    second = an_ingress(
        "books/web",
        rules=[a_rule("b.example.com", a_path("/", "two:80"))],
        class_name=None,
        annotations=group,
    )
    policy = {"sslPolicy": "modern"}
    objects = (
        a_config("FrontendConfig", "shop/front", policy),
        a_config("FrontendConfig", "books/front", policy),
    )

    load_balancer = only(
        means(first, second, a_service("shop/one"), TWO, a_service("books/two"), *objects)
    )

    found = load_balancer.options[FRONTEND_CONFIG.name]
    assert isinstance(found, FrontendConfig)
    assert found.ssl_policy == "modern"
    assert load_balancer.quarantined == ()


def test_the_secrets_that_a_backend_config_names_come_in_behind_fingerprints() -> None:
    """Identity-Aware Proxy: the client's secret is in a Secret, and in no text of a plan."""
    iap = {"enabled": True, "oauthclientCredentials": {"secretName": "oauth"}}
    secret = Secret(
        meta=a_meta("shop/oauth"), data={"client_id": b"client-1", "client_secret": b"s3cret"}
    )
    snapshot = replace(
        a_snapshot(web(), one('{"default": "bc"}'), TWO, a_backend_config("bc", iap=iap)),
        secrets={secret.key: secret},
    )

    load_balancer = only(intent_of(snapshot))

    found = config_of(load_balancer, "one")
    assert found is not None
    assert found.iap is not None
    assert found.iap.client is not None
    assert isinstance(found.iap.client.client_secret, Fingerprint)
    assert found.iap.client.client_secret.secret == "s3cret"
    assert "s3cret" not in str(load_balancer)


def test_a_secret_that_a_backend_config_names_and_that_is_gone_stops_its_path() -> None:
    """Where the cluster can be asked, absent is absent."""
    iap = {"enabled": True, "oauthclientCredentials": {"secretName": "oauth"}}
    snapshot = a_snapshot(web(), one('{"default": "bc"}'), TWO, a_backend_config("bc", iap=iap))

    load_balancer = only(intent_of(replace(snapshot, asked_cluster=True)))

    assert [q.diagnostic.code for q in load_balancer.quarantined] == ["SECRET-MISSING"]


def test_named_ports_find_their_backend_config_too() -> None:
    """The annotation may name a port by number or by name."""
    service = a_service(
        "shop/one", a_port(name="http"), annotations={BACKEND: '{"ports": {"http": "bc"}}'}
    )

    load_balancer = only(means(web(), service, TWO, a_backend_config("bc", timeoutSec=7)))

    found = config_of(load_balancer, "one")
    assert found is not None
    assert found.timeout_seconds == 7


def test_whoever_reads_a_cluster_is_told_of_the_secrets_in_backend_configs() -> None:
    """No more Secrets are read than those; a BackendConfig of another port names none."""
    iap = {"enabled": True, "oauthclientCredentials": {"secretName": "oauth"}}
    other = {"enabled": True, "oauthclientCredentials": {"secretName": "other"}}
    snapshot = a_snapshot(
        web(),
        one('{"ports": {"80": "bc", "81": "unused"}}'),
        TWO,
        a_backend_config("bc", iap=iap),
        a_backend_config("unused", iap=other),
    )

    assert named_secrets(snapshot, provider, some_settings()) == {
        Key("shop", "web"): {Key("shop", "oauth")}
    }
