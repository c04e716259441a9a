"""Promises of ports, proxies and forwarding rules, and of what they are called."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from providers.gcp import addresses, incumbent, marks, provider
from providers.gcp.account import HERE, Source
from providers.gcp.addresses import Kind
from provisioner.model.diagnostic import Severity
from provisioner.model.expression import Expressed
from provisioner.model.intent import Compatibility
from provisioner.model.kube import Key, Parameters
from provisioner.model.resource import Unknown
from provisioner.model.settings import Identity
from tests.factories import a_rule
from tests.unit.providers.gcp.desired.worlds import (
    ALLOW_HTTP,
    FRONTEND_CONFIG,
    HTTP_PROXY,
    HTTP_RULE,
    HTTPS_PROXY,
    HTTPS_RULE,
    IN_GROUP,
    LISTEN_PORTS,
    PRE_SHARED,
    REGION,
    SETTINGS,
    URL_MAP,
    VARIANT,
    World,
    a_compute_certificate,
    a_link,
    a_web,
    a_world,
    addresses_of,
    an_object,
    codes,
    finding,
    link_to,
    ports_of,
    some_backends,
    some_facts,
    spec_of,
)

WEB = Key("shop", "web")
BOTH = {PRE_SHARED: "web-cert"}
INCUMBENT = replace(SETTINGS, compatibility=Compatibility.INCUMBENT)
REDIRECT = addresses.url_map("shop/web", addresses.REDIRECT)
KNOWN = {("web-cert", ""): a_compute_certificate()}


def a_frontend_config(**spec: object) -> Parameters:
    """Return FrontendConfig ``shop/fc``."""
    return an_object("FrontendConfig", "shop/fc", spec=spec)


def with_config(
    config: Parameters,
    annotations: Mapping[str, str] = BOTH,
    *,
    policies: Mapping[str, str] | None = None,
    unread: Sequence[str] = (),
) -> World:
    """Return an Ingress with a certificate and a FrontendConfig."""
    facts = some_facts(certificates=KNOWN, ssl_policies=policies or {}, unread=unread)
    return a_world({FRONTEND_CONFIG: "fc", **annotations}, settings_of=(config,), facts=facts)


def policy_of(expressed: Expressed) -> object:
    """Return the SSL policy of the HTTPS proxy."""
    return spec_of(expressed, HTTPS_PROXY).get("sslPolicy")


# -- ports ----------------------------------------------------------------------------------------


def test_a_port_is_a_forwarding_rule_a_proxy_and_the_map_behind_it() -> None:
    """The chain of resources that Google calls a load balancer."""
    expressed = a_world(BOTH).express()

    assert spec_of(expressed, HTTP_RULE)["target"] == link_to(HTTP_PROXY)
    assert spec_of(expressed, HTTPS_RULE)["target"] == link_to(HTTPS_PROXY)
    assert spec_of(expressed, HTTP_PROXY)["urlMap"] == link_to(URL_MAP)
    assert spec_of(expressed, HTTPS_PROXY)["urlMap"] == link_to(URL_MAP)
    assert spec_of(expressed, HTTPS_RULE)["portRange"] == "443-443"


def test_http_is_closed_where_nobody_wants_it() -> None:
    """GKE's annotation."""
    expressed = a_world({**BOTH, ALLOW_HTTP: "false"}).express()

    assert ports_of(expressed) == ["443-443"]


def test_other_ports_are_served_by_load_balancers_that_offer_them() -> None:
    """Only the classic one is bound to the usual ports."""
    expressed = a_world({LISTEN_PORTS: "HTTP:8081"}).express()

    assert ports_of(expressed) == ["8081-8081"]
    assert codes(expressed) == []


@pytest.mark.parametrize(
    ("ports", "served", "refused"),
    [
        ("HTTP:80, HTTP:8080", ["80-80", "8080-8080"], 0),
        ("HTTP:80, HTTP:8081", ["80-80"], 1),
        ("HTTP:80, HTTPS:8443", ["80-80"], 1),
    ],
)
def test_a_classic_load_balancer_serves_the_usual_ports_alone(
    ports: str, served: list[str], refused: int
) -> None:
    """The ports that it does not offer are told, and the others go on."""
    said = {VARIANT: "classic", LISTEN_PORTS: ports, **BOTH}

    expressed = a_world(said).express()

    found = [d for d in expressed.diagnostics if d.code == "LISTENER-PORT"]
    assert ports_of(expressed) == served
    assert len(found) == refused
    assert all(d.blocking and d.ingress == WEB and "classic" in d.message for d in found)


# -- redirect and SSL policy ----------------------------------------------------------------------


def test_the_redirect_of_a_frontend_config_has_a_map_of_its_own() -> None:
    """The HTTP proxy leads there, the HTTPS proxy to the real one."""
    expressed = with_config(a_frontend_config(redirectToHttps={"enabled": True})).express()

    assert spec_of(expressed, HTTP_PROXY)["urlMap"] == link_to(REDIRECT)
    assert spec_of(expressed, HTTPS_PROXY)["urlMap"] == link_to(URL_MAP)
    assert codes(expressed) == []


def test_a_redirect_that_is_taken_away_takes_its_map_along() -> None:
    """Removing the block restores the default."""
    before = with_config(a_frontend_config(redirectToHttps={"enabled": True})).after()

    later = replace(with_config(a_frontend_config()), observed=before.observed).express()

    assert spec_of(later, HTTP_PROXY)["urlMap"] == link_to(URL_MAP)
    assert REDIRECT not in addresses_of(later, Kind.URL_MAP)


def test_an_ssl_policy_is_found_by_its_name() -> None:
    """In the project, in the scope of the load balancer."""
    link = a_link("sslPolicies", "strict")

    world = with_config(a_frontend_config(sslPolicy="strict"), policies={"strict": link})

    assert policy_of(world.express()) == link
    assert codes(world.express()) == []


def test_a_regional_load_balancer_takes_a_policy_of_its_region() -> None:
    """A policy lives in the scope of the proxy."""
    link = a_link("sslPolicies", "strict", region=REGION)
    config = a_frontend_config(sslPolicy="strict")
    said = {**BOTH, VARIANT: "regional-external"}

    world = with_config(config, said, policies={"strict": "", f"{HERE}/strict": link})

    assert policy_of(world.express()) == link


def test_an_ssl_policy_that_does_not_exist_is_told_and_a_new_port_waits_for_it() -> None:
    """No port opens with weaker TLS than was asked for; HTTP is served meanwhile."""
    expressed = with_config(a_frontend_config(sslPolicy="gone"), policies={"gone": ""}).express()

    found = finding(expressed, "CLOUD-SSL-POLICY-MISSING")
    assert found.blocking
    assert found.field == f"metadata.annotations[{FRONTEND_CONFIG}]"
    assert ports_of(expressed) == ["80-80"]


def test_a_port_keeps_its_policy_where_the_new_one_does_not_exist() -> None:
    """A typing error must not weaken TLS."""
    link = a_link("sslPolicies", "strict")
    before = with_config(a_frontend_config(sslPolicy="strict"), policies={"strict": link}).after()
    later = with_config(a_frontend_config(sslPolicy="gone"), policies={"gone": ""})

    assert policy_of(replace(later, observed=before.observed).express()) == link


@pytest.mark.parametrize("kept", [False, True], ids=["our reading", "GKE's reading"])
def test_a_policy_that_nobody_states_any_more_goes_unless_gke_reading_applies(
    *, kept: bool
) -> None:
    """GKE leaves what is there where its object says nothing."""
    link = a_link("sslPolicies", "strict")
    first = with_config(a_frontend_config(sslPolicy="strict"), policies={"strict": link})
    chosen = INCUMBENT if kept else SETTINGS
    before = replace(first, settings=chosen).after()
    later = replace(with_config(a_frontend_config()), settings=chosen, observed=before.observed)

    assert (policy_of(later.express()) == link) is kept


def test_an_empty_policy_takes_away_what_is_there_under_both_readings() -> None:
    """GKE's word for it."""
    link = a_link("sslPolicies", "strict")
    first = with_config(a_frontend_config(sslPolicy="strict"), policies={"strict": link})
    before = replace(first, settings=INCUMBENT).after()
    later = replace(
        with_config(a_frontend_config(sslPolicy="")), settings=INCUMBENT, observed=before.observed
    )

    assert policy_of(later.express()) is None


def test_a_policy_that_nobody_may_look_up_is_taken_at_its_word() -> None:
    """A missing permission is not a missing policy."""
    world = with_config(a_frontend_config(sslPolicy="strict"), unread=(Source.SSL_POLICIES.value,))

    expressed = world.express()

    assert policy_of(expressed) == a_link("sslPolicies", "strict")
    assert finding(expressed, "CLOUD-UNCHECKED").severity is Severity.WARNING


def test_offline_a_policy_is_known_after_apply() -> None:
    """Nothing is guessed about a project that nobody read."""
    world = with_config(a_frontend_config(sslPolicy="strict"))
    offline = replace(world, facts=type(world.facts)())

    assert isinstance(policy_of(offline.express()), Unknown)


# -- names and descriptions -----------------------------------------------------------------------


def names_of(expressed: Expressed) -> dict[str, object]:
    """Return the names of the front by kind."""
    front = {Kind.FORWARDING_RULE, Kind.TARGET_HTTP_PROXY, Kind.TARGET_HTTPS_PROXY, Kind.URL_MAP}
    return {r.address: r.name for r in expressed.resources if r.kind in front}


def test_names_and_marks_are_ours() -> None:
    """Every part says in its description whose it is; its name only helps people."""
    expressed = a_world(BOTH).express()

    for resource in expressed.resources:
        if "description" in resource.spec:
            said = str(resource.spec["description"])
            assert marks.is_ours(said, SETTINGS.identity)
            assert marks.address_of(said) == resource.address
            assert marks.group_of(said) == "shop/web"
        if "name" in resource.spec:
            assert str(resource.name).startswith("ipr-")
            assert resource.spec["name"] == resource.name


def test_under_gke_reading_names_are_those_that_gke_gives() -> None:
    """Two identifiers: the kube-system UID for frontends."""
    base = "7kpbhpki-namespace-name-uhmwf5xi"
    world = World(
        objects=(a_web("namespace/name", BOTH), *some_backends("namespace/web")),
        settings=INCUMBENT,
    )

    found = names_of(world.express())

    group = "namespace/name"
    assert found == {
        addresses.forwarding_rule(group, 80): f"k8s2-fr-{base}",
        addresses.forwarding_rule(group, 443): f"k8s2-fs-{base}",
        addresses.target_proxy(group, 80, https=False): f"k8s2-tp-{base}",
        addresses.target_proxy(group, 443, https=True): f"k8s2-ts-{base}",
        addresses.url_map(group): f"k8s2-um-{base}",
    }


def test_under_gke_reading_descriptions_say_what_gke_says_as_well() -> None:
    """GKE's words stand beside our mark, and are listed as set by us."""
    rule = spec_of(a_world(settings=INCUMBENT).express(), HTTP_RULE)

    words = json.loads(str(rule["description"]))
    assert words[incumbent.INGRESS_NAME] == "shop/web"
    assert words[marks.KEYS] == [incumbent.INGRESS_NAME]
    assert marks.is_ours(str(rule["description"]), SETTINGS.identity)


def test_under_gke_reading_names_need_the_uid_of_the_cluster() -> None:
    """Without it nobody can tell what GKE would call them."""
    unknown = replace(INCUMBENT, identity=Identity(cluster_name="prod"))

    found = names_of(a_world(settings=unknown).express())

    assert {type(name) for name in found.values()} == {Unknown}


def test_under_gke_reading_a_dot_in_the_name_is_refused_as_gke_does() -> None:
    """Under our own reading the same Ingress has a load balancer."""
    objects = (a_web("shop/web.v1"), *some_backends())
    theirs = World(objects=objects, settings=INCUMBENT).express()
    ours = World(objects=objects).express()

    assert finding(theirs, "CLOUD-NAME").field == "metadata.name"
    assert theirs.resources == ()
    assert codes(ours) == []
    assert ports_of(ours) == ["80-80"]


def test_what_gke_has_no_word_for_bears_our_names_under_its_reading() -> None:
    """GKE knows ports 80 and 443, and no groups."""
    said = {VARIANT: "global-external", LISTEN_PORTS: "HTTP:8080"}
    odd_port = names_of(a_world(said, settings=INCUMBENT).express())
    shared = World(
        objects=(a_web(annotations={IN_GROUP: "edge"}), *some_backends()), settings=INCUMBENT
    )

    assert str(odd_port[addresses.forwarding_rule("shop/web", 8080)]).startswith("ipr-fr-")
    assert all(str(name).startswith("ipr-") for name in names_of(shared.express()).values())


# -- groups and status ----------------------------------------------------------------------------


def a_group(*names: str) -> World:
    """Return Ingresses of several namespaces on the load balancer ``edge``."""
    members = (
        a_web(name, {IN_GROUP: "edge"}, rules=(a_rule(f"{Key.parse(name).namespace}.example.com"),))
        for name in names
    )
    services = (f"{Key.parse(name).namespace}/web" for name in names)
    return World(objects=(*members, *some_backends(*services)))


def test_ingresses_of_several_namespaces_share_one_load_balancer() -> None:
    """GKE cannot do that (ingress-gce#369)."""
    expressed = a_group("a/web", "b/web").express()

    assert addresses_of(expressed, Kind.FORWARDING_RULE) == [addresses.forwarding_rule("edge", 80)]
    rule = next(r for r in expressed.resources if r.kind == Kind.FORWARDING_RULE)
    assert rule.ingresses == (Key("a", "web"), Key("b", "web"))
    assert marks.ingress_of(str(rule.spec["description"])) is None
    assert codes(expressed) == []


def test_status_names_the_address_once() -> None:
    """Both forwarding rules have the same one."""
    outputs = {
        HTTP_RULE: {"IPAddress": "203.0.113.7"},
        HTTPS_RULE: {"IPAddress": "203.0.113.7"},
        addresses.forwarding_rule("shop/other", 80): {"IPAddress": "203.0.113.8"},
        addresses.forwarding_rule("shop", 80): {"IPAddress": "203.0.113.9"},
        URL_MAP: {"selfLink": "x"},
        "aws:load-balancer/shop/web": {"IPAddress": "203.0.113.10"},
    }

    assert provider.status_addresses("shop/web", outputs) == ("203.0.113.7",)
    assert provider.status_addresses("shop/none", outputs) == ()


def test_status_names_the_newer_of_two_load_balancers() -> None:
    """Clients are sent to the one that stays."""
    newer = addresses.forwarding_rule("shop/web", 80, balancer=2)
    outputs = {HTTP_RULE: {"IPAddress": "203.0.113.7"}, newer: {"IPAddress": "203.0.113.8"}}

    assert provider.status_addresses("shop/web", outputs) == ("203.0.113.8",)


def test_status_finds_the_rules_of_a_group_with_a_very_long_name() -> None:
    """Its addresses are cut and end in a hash."""
    group = f"{'n' * 63}/{'i' * 253}"
    rule = addresses.forwarding_rule(group, 443)

    found = provider.status_addresses(group, {rule: {"IPAddress": "203.0.113.7"}})

    assert found == ("203.0.113.7",)
