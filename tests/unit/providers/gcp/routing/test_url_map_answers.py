"""What answers where nothing matched, and actions that a scheme has or lacks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from providers.gcp.routing.actions import redirect_to_https
from providers.gcp.routing.canonical import as_default
from providers.gcp.settings import FRONTEND_CONFIG, FrontendConfig, HttpsRedirect
from providers.gcp.variant import Variant
from provisioner.core.actions import NO_SERVICE
from provisioner.core.annotations import RETRIES, REWRITE_TARGET, Retries
from provisioner.model.diagnostic import error
from provisioner.model.intent import FixedResponse, ForeignBackend, Forward, Redirect
from provisioner.model.kube import Key
from provisioner.model.resource import Ref
from tests.unit.providers.gcp.routing.building import (
    CLASSIC,
    EXACT,
    GLOBAL,
    INCUMBENT,
    INTERNAL,
    MAIN,
    REDIRECT,
    a_backend_id,
    a_listener,
    a_member,
    a_path,
    address_of,
    codes,
    leads,
    maps,
    matchers,
    path_rules,
    plain,
    quarantined,
    seen,
    set_aside,
    spec_of,
    to,
)

SHOP = "shop.example.com"
DEFAULT = "spec.defaultBackend"


def test_a_rule_for_any_host_leaves_the_rest_to_the_default_backend_of_all() -> None:
    """It closes no host: what no rule of the load balancer takes is everybody's."""
    result = maps(
        a_listener(
            a_path(path="/a"),
            a_path("", "/b", ingress="shop/other", service="other"),
            default=to(("home", 1)),
            default_ingress="shop/web",
        ),
        members=[a_member("shop/other"), a_member("shop/web", default="home")],
    )

    assert leads(result)["*"] == "home"


@pytest.mark.parametrize("variant", [GLOBAL, INTERNAL, Variant.REGIONAL_EXTERNAL])
def test_without_a_default_backend_managed_schemes_answer_404_by_themselves(
    variant: Variant,
) -> None:
    """A fault for everybody over the service without backends; no default backend is needed."""
    result = maps(a_listener(a_path(path="/a")), variant=variant)

    fault = {"faultInjectionPolicy": {"abort": {"httpStatus": 404, "percentage": 100}}}
    nothing = {"ref": f"gcp:backend-service/shared/nothing/{variant}.selfLink"}
    spec = spec_of(result)
    assert (plain(spec["defaultService"]), plain(spec["defaultRouteAction"])) == (nothing, fault)
    (matcher,) = matchers(result)
    assert (plain(matcher["defaultService"]), plain(matcher["defaultRouteAction"])) == (
        nothing,
        fault,
    )


def test_a_default_backend_answers_for_the_hosts_of_its_ingress_and_for_all_others() -> None:
    """Hosts of other Ingresses get 404: a default backend is nobody else's."""
    result = maps(
        a_listener(
            a_path(path="/a"),
            a_path("other.example.com", "/b", ingress="shop/other", service="other"),
            default=to(("home", 1)),
            default_ingress="shop/web",
        ),
        members=[a_member("shop/other"), a_member("shop/web", default="home")],
    )

    assert leads(result)[SHOP] == "home"
    assert leads(result)["other.example.com"] == "404"
    assert leads(result)[""] == "home"


def test_the_classic_load_balancer_takes_gke_s_default_backend_for_404() -> None:
    """It has no fault injection (``HttpRouteAction``)."""
    result = maps(a_listener(a_path(path="/a")), variant=CLASSIC, gke_default=True)

    assert leads(result)[SHOP] == "default-http-backend"
    assert leads(result)[""] == "default-http-backend"
    assert result.diagnostics == ()


def test_a_classic_load_balancer_with_nothing_to_answer_is_refused() -> None:
    """It needs a default of somebody: the error says what to state, and nothing is made."""
    result = maps(a_listener(a_path(path="/a")), variant=CLASSIC)

    (problem,) = result.diagnostics
    assert (problem.code, problem.blocking, problem.field) == (
        "CLOUD-NO-DEFAULT-BACKEND",
        True,
        DEFAULT,
    )
    assert "global-external" in problem.hint
    assert set_aside(result) == [("shop/web", "")]
    assert (result.resources, dict(result.by_port)) == ((), {})


def test_what_a_classic_load_balancer_has_stays_when_its_answer_is_lost() -> None:
    """Refusing a change takes nothing down."""
    before = maps(a_listener(a_path(path="/a")), variant=CLASSIC, gke_default=True)

    after = maps(
        a_listener(a_path(path="/b")), variant=CLASSIC, observed=map(seen, before.resources)
    )

    assert spec_of(after) == spec_of(before)
    assert after.by_port == {80: MAIN}


def test_on_classic_hosts_without_a_default_get_somebody_else_s_and_are_told() -> None:
    """Where neither 404 nor GKE's default backend is to be had, the map's own answer counts."""
    result = maps(
        a_listener(
            a_path(path="/a"),
            a_path("other.example.com", "/b", ingress="shop/other", service="other"),
            default=to(("home", 1)),
            default_ingress="shop/web",
        ),
        members=[a_member("shop/other"), a_member("shop/web", default="home")],
        variant=CLASSIC,
    )

    (problem,) = result.diagnostics
    assert (str(problem.ingress), problem.code, problem.blocking) == (
        "shop/other",
        "OBJECT-UNSUPPORTED",
        False,
    )
    assert leads(result)["other.example.com"] == "home"


def test_weights_split_traffic_on_managed_schemes() -> None:
    """Services stand in order of their addresses, with the weights that were written."""
    result = maps(a_listener(a_path(path="/a", action=to(("web", 90), ("canary", 10)))))

    assert leads(result)[f"{SHOP} /a"] == "canary 10, web 90"


@pytest.mark.parametrize(
    ("weights", "variant", "code"),
    [
        ((("a", 90), ("b", 10)), CLASSIC, "OBJECT-UNSUPPORTED"),
        ((("a", 0), ("b", 0)), GLOBAL, "BACKEND-WEIGHTS"),
        ((("a", 1001), ("b", 1)), GLOBAL, "BACKEND-WEIGHTS"),
    ],
)
def test_weights_that_cannot_be_expressed_are_refused_by_name(
    weights: tuple[tuple[str, int], ...], variant: Variant, code: str
) -> None:
    """A classic load balancer has none; a URL map takes 0 to 1,000 and wants one above 0."""
    result = maps(
        a_listener(
            a_path(path="/a", action=to(*weights)),
            default=to(("web", 1)),
            default_ingress="shop/web",
        ),
        members=[a_member("shop/web", default="web")],
        variant=variant,
    )

    (problem,) = result.diagnostics
    assert (problem.code, problem.blocking) == (code, True)
    assert problem.field == "metadata.annotations[ingress-provisioner.io/weights]"
    assert set_aside(result) == [("shop/web", "spec.rules[0].http.paths[0]")]


def test_a_split_that_sends_everything_to_one_backend_is_no_split_on_classic() -> None:
    """A finished canary does not need what the load balancer lacks."""
    result = maps(
        a_listener(a_path(path="/a", action=to(("web", 100), ("canary", 0)))),
        variant=CLASSIC,
        gke_default=True,
    )

    assert leads(result)[f"{SHOP} /a"] == "web"
    assert result.diagnostics == ()


def test_a_rewrite_is_what_a_classic_load_balancer_can_do() -> None:
    """``urlRewrite`` is its only route action."""
    path = a_path(path="/a", path_type=EXACT, options={REWRITE_TARGET.name: "/b"})

    result = maps(a_listener(path), variant=CLASSIC, gke_default=True)

    (rule,) = path_rules(result)
    assert plain(rule["routeAction"]) == {"urlRewrite": {"pathPrefixRewrite": "/b"}}
    assert rule["service"] == Ref(address_of(a_backend_id()), "selfLink")


def test_a_default_backend_is_not_rewritten_for_and_its_owner_is_told() -> None:
    """It matches no path that could be replaced, as on AWS."""
    result = maps(
        a_listener(
            a_path(path="/a"),
            default=to(("web", 1)),
            default_ingress="shop/web",
            default_options={REWRITE_TARGET.name: "/b"},
        )
    )

    assert codes(result.diagnostics) == ["PATH-REWRITE-DEFAULT"]
    assert "defaultRouteAction" not in spec_of(result)


def test_retries_become_the_policy_of_the_action() -> None:
    """Words of Envoy, in canonical order; the time per try in seconds and nanoseconds."""
    options = {
        RETRIES.name: Retries(
            attempts=3, per_try_seconds=2.5, conditions=("connect-failure", "5xx")
        )
    }

    result = maps(a_listener(a_path(path="/a", path_type=EXACT, options=options)))

    (rule,) = path_rules(result)
    assert plain(rule["routeAction"]) == {
        "retryPolicy": {
            "numRetries": 3,
            "perTryTimeout": {"nanos": 500_000_000, "seconds": "2"},
            "retryConditions": ["5xx", "connect-failure"],
        }
    }


@pytest.mark.parametrize(
    ("action", "options", "variant"),
    [
        (None, {RETRIES.name: Retries(attempts=3)}, CLASSIC),
        (Forward(backends=(), foreign=(ForeignBackend(name="tg"),)), {}, GLOBAL),
        (Forward(backends=to(("web", 1)).backends, stickiness_seconds=60), {}, GLOBAL),
        (Redirect(status=300), {}, GLOBAL),
        (Redirect(path="/#{path}"), {}, GLOBAL),
        (Redirect(port="8443", protocol="HTTPS"), {}, GLOBAL),
        (Redirect(query="a=b"), {}, GLOBAL),
        (FixedResponse(status=418), {}, CLASSIC),
    ],
)
def test_what_a_url_map_lacks_is_refused_by_name(
    action: Forward | Redirect | FixedResponse | None,
    options: dict[str, object],
    variant: Variant,
) -> None:
    """Never dropped in silence: the path is quarantined and says what is not supported."""
    result = maps(
        a_listener(a_path(path="/a", action=action, options=options)),
        variant=variant,
        gke_default=True,
    )

    (problem,) = result.diagnostics
    assert (problem.code, problem.blocking) == ("OBJECT-UNSUPPORTED", True)
    assert "not supported" in problem.message
    assert set_aside(result) == [("shop/web", "spec.rules[0].http.paths[0]")]


def test_a_redirect_of_a_path_keeps_what_it_does_not_name() -> None:
    """An empty query is stripped, the rest of the URL stays."""
    action = Redirect(status=308, host="new.example.com", path="/moved", query="")

    result = maps(a_listener(a_path(path="/a", path_type=EXACT, action=action)))

    (rule,) = path_rules(result)
    assert plain(rule["urlRedirect"]) == {
        "hostRedirect": "new.example.com",
        "pathRedirect": "/moved",
        "redirectResponseCode": "PERMANENT_REDIRECT",
        "stripQuery": True,
    }


@pytest.mark.parametrize("action", [None, NO_SERVICE])
def test_a_path_that_never_worked_answers_503(action: FixedResponse | None) -> None:
    """Whether its Service is missing (GKE stops the whole Ingress) or was refused."""
    held = a_path(path="/a", service="gone", held=action is None, action=action)

    result = maps(a_listener(held, a_path(path="/", service="web")), refused=["gone"])

    assert leads(result)[f"{SHOP} /a"] == "503"
    assert leads(result)[f"{SHOP} /a/*"] == "503"
    assert leads(result)[f"{SHOP} /*"] == "web"


def test_on_classic_such_a_path_leads_to_a_service_without_backends() -> None:
    """So that no wider path gets its requests; Google answers 502."""
    result = maps(
        a_listener(a_path(path="/a", held=True), a_path(path="/")),
        variant=CLASSIC,
        gke_default=True,
    )

    assert "gcp:backend-service/shared/nothing/classic" in result.used


def test_a_refused_default_backend_keeps_what_answered_last() -> None:
    """A quarantined default backend is the smallest thing that stays as it is."""
    listener = a_listener(a_path(path="/a"), default=to(("home", 1)), default_ingress="shop/web")
    members = [a_member("shop/web", default="home")]
    before = maps(listener, members=members)
    refused = quarantined("shop/web", DEFAULT, error("X", "Ingress shop/web", message="no"))

    after = maps(
        a_listener(a_path(path="/a"), default=NO_SERVICE, default_ingress="shop/web"),
        members=members,
        quarantined=[refused],
        observed=map(seen, before.resources),
    )

    assert leads(after)[""] == "home"
    assert leads(after)[SHOP] == "home"


def test_a_default_backend_that_never_worked_answers_503() -> None:
    """404 would say that nothing was wanted here."""
    result = maps(
        a_listener(a_path(path="/a"), default=to(("home", 1)), default_ingress="shop/web"),
        members=[a_member("shop/web", default="home")],
        refused=["home"],
    )

    assert leads(result)[""] == "503"
    assert leads(result)[SHOP] == "503"


def test_a_default_backend_that_a_policy_forbids_leaves_404_or_what_was() -> None:
    """Nobody else's takes its place until its owner, or somebody else, has one that counts."""
    refused = quarantined("shop/web", DEFAULT, error("X", "Ingress shop/web", message="no"))
    waiting = a_listener(a_path(path="/a"), default_ingress="shop/web")
    before = maps(
        a_listener(a_path(path="/a"), default=to(("home", 1)), default_ingress="shop/web")
    )

    new = maps(waiting, quarantined=[refused])
    kept = maps(waiting, quarantined=[refused], observed=map(seen, before.resources))

    assert leads(new)[""] == "404"
    assert leads(kept)[""] == "home"


def test_a_default_backend_that_cannot_be_expressed_is_told_to_its_owner() -> None:
    """By name, in the field of the default backend."""
    split = to(("home", 50), ("canary", 50))
    member = replace(a_member("shop/web"), default_backend=split)

    result = maps(
        a_listener(a_path(path="/a"), default=split, default_ingress="shop/web"),
        members=[member],
        variant=CLASSIC,
        gke_default=True,
    )

    assert codes(result.diagnostics) == ["OBJECT-UNSUPPORTED"]
    assert set_aside(result) == [("shop/web", DEFAULT)]


def test_on_classic_a_host_without_paths_gets_what_its_host_gets() -> None:
    """There is no 404 to write, and none is needed: nothing else is on that host."""
    bare = a_path(action=FixedResponse())

    result = maps(a_listener(bare), variant=CLASSIC, gke_default=True)

    assert leads(result) == {SHOP: "default-http-backend", "": "default-http-backend"}
    assert result.diagnostics == ()


def test_without_a_service_to_fail_a_path_that_never_worked_has_no_rule() -> None:
    """Nothing at all can be written for it then."""
    result = maps(
        a_listener(a_path(path="/a", held=True)), variant=CLASSIC, gke_default=True, nothing=False
    )

    assert leads(result) == {SHOP: "default-http-backend", "": "default-http-backend"}


def test_503s_give_way_where_a_host_has_too_many_paths() -> None:
    """A path matcher takes 1,000; paths that never worked take nobody's place."""
    sound = [a_path(path=f"/{n}", path_type=EXACT, place=(0, n)) for n in range(999)]
    never = [a_path(path=f"/x{n}", held=True, place=(1, n)) for n in range(2)]

    result = maps(a_listener(*sound, *never))

    assert len(path_rules(result)) == 999


# -- redirects to HTTPS --------------------------------------------------------------------------


def test_ssl_redirect_is_a_map_of_its_own() -> None:
    """A target HTTPS proxy takes no map with such a redirect."""
    paths = a_path(path="/a")
    http = a_listener(port=80, redirect_to=443, members=["shop/web"])

    result = maps(http, a_listener(paths, port=443))

    assert result.by_port == {80: REDIRECT, 443: MAIN}
    assert plain(spec_of(result, REDIRECT)["defaultUrlRedirect"]) == {
        "httpsRedirect": True,
        "redirectResponseCode": "MOVED_PERMANENTLY_DEFAULT",
    }
    assert "defaultService" not in spec_of(result, REDIRECT)


@pytest.mark.parametrize(
    "code",
    ["MOVED_PERMANENTLY_DEFAULT", "FOUND", "SEE_OTHER", "TEMPORARY_REDIRECT", "PERMANENT_REDIRECT"],
)
def test_a_frontend_config_redirects_with_its_own_code(code: str) -> None:
    """``redirectToHttps`` of FrontendConfig, every response code of it (§1e)."""
    said = FrontendConfig(redirect=HttpsRedirect(enabled=True, code=code))
    path = a_path(path="/a")

    result = maps(
        a_listener(path, port=80),
        a_listener(path, port=443),
        options={FRONTEND_CONFIG.name: said},
    )

    assert result.by_port == {80: REDIRECT, 443: MAIN}
    assert leads(result, REDIRECT) == {"": code}


def test_a_frontend_config_that_turns_the_redirect_off_leaves_one_map() -> None:
    """Both ports then share the rules."""
    said = FrontendConfig(redirect=HttpsRedirect(enabled=False))
    path = a_path(path="/a")

    result = maps(
        a_listener(path, port=80),
        a_listener(path, port=443),
        options={FRONTEND_CONFIG.name: said},
    )

    assert result.by_port == {80: MAIN, 443: MAIN}


def test_a_redirect_to_another_port_is_refused() -> None:
    """``httpsRedirect`` knows no port; serving the redirect elsewhere would be a silent change."""
    http = a_listener(port=80, redirect_to=8443, members=["shop/web"])

    result = maps(http, a_listener(a_path(path="/a"), port=443))

    (problem,) = result.diagnostics
    assert (problem.code, problem.blocking) == ("OBJECT-UNSUPPORTED", True)
    assert problem.field == "metadata.annotations[ingress-provisioner.io/ssl-redirect]"
    assert result.by_port == {443: MAIN}


def test_a_redirect_to_where_nobody_listens_is_warned_about() -> None:
    """A FrontendConfig may ask for it before there is a certificate."""
    said = FrontendConfig(redirect=HttpsRedirect(enabled=True))

    result = maps(a_listener(a_path(path="/a")), options={FRONTEND_CONFIG.name: said})

    assert codes(result.diagnostics) == ["LISTENER-REDIRECT-NOWHERE"]
    assert leads(result, REDIRECT) == {"": "MOVED_PERMANENTLY_DEFAULT"}


def test_the_redirect_of_a_port_other_than_80_is_warned_about() -> None:
    """The scheme alone changes, so clients come back to the port that speaks no HTTPS."""
    http = a_listener(port=8080, redirect_to=443, members=["shop/web"])

    result = maps(http, a_listener(a_path(path="/a"), port=443), variant=CLASSIC, gke_default=True)

    assert codes(result.diagnostics) == ["LISTENER-REDIRECT-PORT"]


def test_a_redirect_has_one_form() -> None:
    """What is planned equals what the API answers with once defaults are left out."""
    assert plain(as_default(redirect_to_https(301))["defaultUrlRedirect"]) == {
        "httpsRedirect": True,
        "redirectResponseCode": "MOVED_PERMANENTLY_DEFAULT",
    }


# -- ports ---------------------------------------------------------------------------------------


def test_ports_whose_members_differ_have_maps_of_their_own() -> None:
    """HTTPS has the main one; the other is called by its port."""
    web, api = a_path(path="/a"), a_path(path="/b", ingress="shop/api", service="api")

    result = maps(a_listener(web, port=80), a_listener(web, api, port=443))

    assert result.by_port == {80: "gcp:url-map/edge/80", 443: MAIN}
    assert f"{SHOP} /b" not in leads(result, "gcp:url-map/edge/80")
    assert leads(result)[f"{SHOP} /b"] == "api"


def test_ports_with_the_same_rules_share_one_map() -> None:
    """The quota counts units of a map for each forwarding rule that leads to it, not maps alone."""
    path = a_path(path="/a")

    result = maps(a_listener(path, port=80), a_listener(path, port=443))

    assert len(result.resources) == 1
    assert result.by_port == {80: MAIN, 443: MAIN}
    assert result.resources[0].ingresses == (Key("shop", "web"),)


def test_a_regional_map_says_where_it_lives() -> None:
    """Global ones have no region."""
    regional = maps(a_listener(a_path(path="/a")), variant=INTERNAL)
    worldwide = maps(a_listener(a_path(path="/a")))

    assert spec_of(regional)["region"] == "europe-west1"
    assert "region" not in spec_of(worldwide)


def test_under_incumbent_an_internal_load_balancer_takes_gke_s_default_backend() -> None:
    """GKE puts it behind every map (§2b), whatever the scheme could do by itself."""
    result = maps(
        a_listener(a_path(path="/a")),
        variant=INTERNAL,
        compatibility=INCUMBENT,
        gke_default=True,
    )

    assert leads(result)[""] == "default-http-backend"
