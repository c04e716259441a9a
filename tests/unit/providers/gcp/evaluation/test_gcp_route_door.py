"""The whole of a load balancer: forwarding rule, proxy, URL map, and who is behind."""

from __future__ import annotations

import pytest

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from providers.gcp.route import route
from provisioner.model.kube import Key
from provisioner.model.resource import PlainInput, Ref, Resource, Unknown
from provisioner.model.route import (
    ActionType,
    Reply,
    RoutedBackend,
    Sent,
    Target,
    Verdict,
)
from tests.unit.providers.gcp.evaluation.balancers import (
    GROUP,
    SELF_LINK,
    a_front,
    a_map,
    a_request,
    a_resource,
    a_service,
    answer,
    paths,
    service_address,
    to,
)

SHOP = "shop.example.com"


def reply(
    url_map: Resource,
    *further: Resource,
    url: str = f"http://{SHOP}/cart",
    headers: tuple[str, ...] = (),
    region: str = "",
) -> Reply:
    resources = (*a_front(region=region), url_map, *further)
    (found,) = route(resources, a_request(url, headers=headers))
    return found


def service(found: Reply) -> list[str]:
    return [backend.service for backend in found.backends]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/cart", "literal"),
        ("/cart/", "below"),
        ("/cart/items", "below"),
        ("/cart/items/1", "deep"),
        ("/carts", "root"),
        ("/CART", "root"),
        ("/", "root"),
    ],
)
def test_the_longest_path_that_matches_answers(path: str, name: str) -> None:
    """Whatever the order in which they are written; a path is compared case and all."""
    rules = paths(_=to("root"), _cart_=to("below"), _cart=to("literal"), _cart_items_=to("deep"))

    found = reply(a_map({SHOP: rules}), url=f"http://{SHOP}{path}?a=/cart")

    assert service(found) == [f"shop/{name}"]


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("shop.example.com", "exact"),
        ("SHOP.example.com", "exact"),
        ("shop.example.com:8080", "exact"),
        ("api.shop.example.com", "long"),
        ("a.b.example.com", "wide"),
        ("example.com", "any"),
        ("other.org", "any"),
    ],
)
def test_an_exact_host_comes_first_then_the_longest_pattern(host: str, name: str) -> None:
    """A pattern spans labels; a port that the client wrote does not matter."""
    url_map = a_map(
        {
            "*": paths(_=to("any")),
            "*.example.com": paths(_=to("wide")),
            "*.shop.example.com": paths(_=to("long")),
            SHOP: paths(_=to("exact")),
        }
    )

    found = reply(url_map, headers=(f"Host: {host}",))

    assert service(found) == [f"shop/{name}"]


def test_nothing_falls_through_from_a_host_to_a_wider_one() -> None:
    """The host that matched answers, with its default if need be."""
    url_map = a_map({SHOP: paths(_a=to("a")), "*": paths(_=to("any"))})

    found = reply(url_map)

    assert found.action is not None
    assert (found.action.type, found.action.status_code) == (ActionType.FIXED_RESPONSE, 404)
    assert found.is_default
    assert found.backends == ()


def test_every_host_and_path_that_was_tried_is_told_with_the_reason() -> None:
    """People ask why it was not the other rule."""
    url_map = a_map({"api.example.com": paths(_=to("api")), SHOP: paths(_=to("root"), _b=to("b"))})

    found = reply(url_map)

    told = [(t.priority, t.title, t.verdict, t.checks[-1].wanted) for t in found.tried]
    assert told == [
        (1, "host api.example.com", Verdict.NO, "api.example.com"),
        (2, f"{SHOP} /b -> b:80", Verdict.NO, "/b"),
        (3, f"{SHOP} /* -> root:80", Verdict.YES, "/*"),
    ]
    assert found.matched is not None
    assert found.matched.rule == f"{addresses.url_map(GROUP)}#{SHOP}/*"
    assert found.matched.ingresses == (Key("shop", "web"),)
    assert found.listener == addresses.forwarding_rule(GROUP, 80)
    assert found.knows_host


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"service": to()}, "web:80"),
        ({"service": "projects/p/global/backendServices/x"}, "projects/p/global/backendServices/x"),
        (answer(503), "503"),
        ({"urlRedirect": {"pathRedirect": "/x", "redirectResponseCode": "FOUND"}}, "redirect 302"),
        (
            {
                "routeAction": {
                    "weightedBackendServices": [
                        {"backendService": to("a"), "weight": 1},
                        {"backendService": to("b"), "weight": 2},
                    ]
                }
            },
            "a:80 (1), b:80 (2)",
        ),
    ],
)
def test_a_rule_is_titled_by_what_it_does(rule: dict[str, PlainInput], words: str) -> None:
    """As on AWS: where it stands, and where it leads."""
    found = reply(a_map({SHOP: {"pathRules": [{"paths": ["/cart"], **rule}]}}))

    assert found.tried[-1].title == f"{SHOP} /cart -> {words}"


def test_the_default_of_a_map_answers_hosts_that_nobody_names() -> None:
    """It is no rule; neither is a host rule for any host a word about this one."""
    found = reply(a_map({"*": paths(_a=to("a"))}, defaultService=to("home")), url="http://x.org/")
    other = reply(a_map({SHOP: paths()}, defaultService=to("home")), url="http://x.org/")

    assert not found.knows_host
    assert service(other) == ["shop/home"]
    assert other.is_default
    assert [tried.title for tried in other.tried] == [f"host {SHOP}", "every other host"]


def test_a_fault_for_everybody_is_an_answer_of_its_own() -> None:
    """A 404 by fault injection is a fixed response with no backends."""
    found = reply(a_map({SHOP: {"pathRules": [{"paths": ["/cart"], **answer(503)}]}}))

    assert found.action is not None
    assert (found.action.type, found.action.status_code) == (ActionType.FIXED_RESPONSE, 503)
    assert found.backends == ()


def test_a_fault_for_some_is_none() -> None:
    """Somebody tests resilience: the others still reach the service."""
    fault: PlainInput = {"faultInjectionPolicy": {"abort": {"httpStatus": 503, "percentage": 10}}}
    rule: PlainInput = {"paths": ["/cart"], "service": to(), "routeAction": fault}

    assert service(reply(a_map({SHOP: {"pathRules": [rule]}}))) == ["shop/web"]


@pytest.mark.parametrize(("region", "status"), [("", 502), ("europe-west1", 503)])
def test_the_service_without_backends_answers_by_failing(region: str, status: int) -> None:
    """On classic, where there is no fault; regional load balancers say 503."""
    nothing = Ref(addresses.nothing("classic"), SELF_LINK)

    found = reply(a_map({SHOP: paths(_cart=nothing)}), region=region)

    assert found.action is not None
    assert (found.action.type, found.action.status_code) == (ActionType.FIXED_RESPONSE, status)


def test_weights_tell_the_shares() -> None:
    """In order of addresses, a share of 0 included."""
    action: PlainInput = {
        "weightedBackendServices": [
            {"backendService": to("canary"), "weight": 10},
            {"backendService": to("old"), "weight": 0},
            {"backendService": to("web"), "weight": 90},
        ]
    }
    found = reply(a_map({SHOP: {"pathRules": [{"paths": ["/cart"], "routeAction": action}]}}))

    assert [(b.service, b.port, b.weight) for b in found.backends] == [
        ("shop/canary", 80, 10),
        ("shop/old", 80, 0),
        ("shop/web", 80, 90),
    ]


@pytest.mark.parametrize(
    ("path", "pattern", "prefix", "target"),
    [
        ("/cart/x?q=1", "/cart/*", "/v2/", "/v2/x?q=1"),
        ("/cart/x", "/cart/*", "/", "/x"),
        ("/cart", "/cart", "/v2", "/v2"),
        ("/x", "/*", "/v2/", "/v2/x"),
    ],
)
def test_a_rewrite_shows_what_a_backend_gets(
    path: str, pattern: str, prefix: str, target: str
) -> None:
    """The part of the path that matched is replaced, the query stays."""
    rule: PlainInput = {
        "paths": [pattern],
        "service": to(),
        "routeAction": {"urlRewrite": {"pathPrefixRewrite": prefix}},
    }

    found = reply(a_map({SHOP: {"pathRules": [rule]}}), url=f"http://{SHOP}{path}")

    assert found.sent == Sent(host=SHOP, target=target)


def test_a_host_rewrite_shows_too() -> None:
    """Nobody here writes one, but somebody may."""
    rule: PlainInput = {
        "paths": ["/cart"],
        "service": to(),
        "routeAction": {"urlRewrite": {"hostRewrite": "new.example.com"}},
    }

    found = reply(a_map({SHOP: {"pathRules": [rule]}}))

    assert found.sent == Sent(host="new.example.com", target="/cart")


@pytest.mark.parametrize(
    ("redirect", "status", "location"),
    [
        ({"httpsRedirect": True}, 301, f"https://{SHOP}/cart?a=b"),
        (
            {"httpsRedirect": True, "redirectResponseCode": "PERMANENT_REDIRECT"},
            308,
            f"https://{SHOP}/cart?a=b",
        ),
        ({"hostRedirect": "x.org", "stripQuery": True}, 301, "http://x.org/cart"),
        ({"pathRedirect": "/moved"}, 301, f"http://{SHOP}/moved?a=b"),
        ({"prefixRedirect": "/new"}, 301, f"http://{SHOP}/new?a=b"),
    ],
)
def test_a_redirect_fills_in_what_it_keeps(
    redirect: dict[str, PlainInput], status: int, location: str
) -> None:
    """Parts that it does not name are the request's own."""
    rule: PlainInput = {"paths": ["/cart"], "urlRedirect": redirect}

    found = reply(a_map({SHOP: {"pathRules": [rule]}}), url=f"http://{SHOP}/cart?a=b")

    assert found.action is not None
    assert found.action.type is ActionType.REDIRECT
    assert (found.action.status_code, found.action.location) == (status, location)


def test_a_map_that_redirects_everybody() -> None:
    """The redirect map of the HTTP port; the HTTPS port asks the other one."""
    redirect = a_map({}, name="redirect", defaultUrlRedirect={"httpsRedirect": True})
    main = a_map({SHOP: paths(_=to())})
    resources = (*a_front(80, name="redirect"), *a_front(443, https=True), redirect, main)

    (http,) = route(resources, a_request(f"http://{SHOP}/a"))
    (https,) = route(resources, a_request(f"https://{SHOP}/a"))

    assert http.action is not None
    assert http.action.location == f"https://{SHOP}/a"
    assert http.knows_host
    assert service(https) == ["shop/web"]
    assert https.ports == ("http:80", "https:443")


def test_a_port_that_nobody_listens_on_has_no_action() -> None:
    """The message says what is listened on instead."""
    found = reply(a_map({SHOP: paths(_=to())}), url=f"https://{SHOP}/")

    assert found.action is None
    assert found.ports == ("http:80",)


def test_a_forwarding_rule_whose_map_is_not_there_listens_on_nothing() -> None:
    """A load balancer half made."""
    (found,) = route(a_front(), a_request())

    assert (found.action, found.ports) == (None, ())


def test_endpoints_are_the_targets_of_pods() -> None:
    """Of every zone, sorted; the group's endpoints are a resource of their own."""
    groups = [addresses.endpoint_group(GROUP, "shop/web/web:80/pod", zone) for zone in "ab"]
    endpoints = [
        a_resource(
            Kind.NETWORK_ENDPOINTS,
            addresses.endpoints_of(group),
            networkEndpoints=[{"instance": "n", "ipAddress": f"10.0.0.{n}", "port": 8080}],
        )
        for n, group in enumerate(reversed(groups))
    ]
    backend = a_service(backends=[{"group": Ref(group, SELF_LINK)} for group in groups])

    found = reply(a_map({SHOP: paths(_=to())}), backend, *endpoints)

    assert found.backends == (
        RoutedBackend(
            service="shop/web",
            port=80,
            targets=(Target(id="10.0.0.0", port=8080), Target(id="10.0.0.1", port=8080)),
        ),
    )


@pytest.mark.parametrize(
    "group",
    [
        Ref(addresses.instance_group("a"), SELF_LINK),
        "projects/p/zones/a/instanceGroups/k8s-ig--uid1",
    ],
)
def test_instances_are_the_targets_of_node_ports(group: Ref | str) -> None:
    """At the port that the service names; a group of GKE's is known by its link."""
    instances = a_resource(
        Kind.INSTANCES,
        addresses.instances("a"),
        instanceGroup=group,
        instances=["projects/p/zones/a/instances/node-1"],
    )
    backend = a_service(backends=[{"group": group}], portName="port30080")

    found = reply(a_map({SHOP: paths(_=to())}), backend, instances)

    assert found.backends[0].targets == (Target(id="node-1", port=30080),)


@pytest.mark.parametrize(
    "backend",
    [
        a_service(backends=Unknown("known later")),
        a_service(backends=[{"group": Ref(addresses.endpoint_group(GROUP, "x", "a"), SELF_LINK)}]),
    ],
)
def test_targets_that_only_the_cloud_knows_are_not_guessed(backend: Resource) -> None:
    """None says that they are known after apply."""
    assert reply(a_map({SHOP: paths(_=to())}), backend).backends[0].targets is None


@pytest.mark.parametrize("kind", [Kind.NETWORK_ENDPOINTS, Kind.INSTANCES])
def test_members_that_are_known_after_apply_are_not_guessed(kind: Kind) -> None:
    """The group is planned; who is in it, only the cluster tells."""
    neg = addresses.endpoint_group(GROUP, "shop/web/web:80/pod", "a")
    later = Unknown("known later")
    members = (
        a_resource(kind, addresses.endpoints_of(neg), networkEndpoints=later)
        if kind is Kind.NETWORK_ENDPOINTS
        else a_resource(kind, addresses.instances("a"), instanceGroup="x", instances=later)
    )
    group = Ref(neg, SELF_LINK) if kind is Kind.NETWORK_ENDPOINTS else "x"

    found = reply(a_map({SHOP: paths(_=to())}), a_service(backends=[{"group": group}]), members)

    assert found.backends[0].targets is None


def test_a_backend_without_anybody_is_noted_with_what_clients_get() -> None:
    """502 from a global load balancer."""
    found = reply(a_map({SHOP: paths(_=to())}), a_service(backends=[]))

    assert found.notes == ("shop/web has no targets: its share of requests is answered with 502",)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("id_", "service_name", "port"),
    [
        ("edge/shop/web/api:http/pod", "shop/api", "http"),
        ("shared/shop/api:80/pod", "shop/api", 80),
        ("shared/shop/api:80/pod/regional-internal", "shop/api", 80),
        ("edge/a-cut-address-1234", "gcp:backend-service/edge/a-cut-address-1234", None),
    ],
)
def test_an_address_tells_the_service_and_its_port(
    id_: str, service_name: str, port: int | str | None, *, known: bool
) -> None:
    """Of a group, and of what a whole cluster shares, whether it is there or not."""
    address = f"gcp:backend-service/{id_}"
    there = [a_resource(Kind.BACKEND_SERVICE, address)] if known else []

    found = reply(a_map({SHOP: paths(_=Ref(address, SELF_LINK))}), *there)

    assert [(b.service, b.port) for b in found.backends] == [(service_name, port)]


def test_the_service_of_an_implicit_group_is_in_the_namespace_of_its_ingress() -> None:
    """Its address does not say the Ingress a second time."""
    address = "gcp:backend-service/shop/web/api:80/node-port"
    proxy = addresses.target_proxy("shop/web", 80, https=False)
    main = addresses.url_map("shop/web")

    (found,) = route(
        (
            a_resource(
                Kind.FORWARDING_RULE,
                addresses.forwarding_rule("shop/web", 80),
                portRange="80-80",
                target=Ref(proxy, SELF_LINK),
            ),
            a_resource(Kind.TARGET_HTTP_PROXY, proxy, urlMap=Ref(main, SELF_LINK)),
            a_resource(Kind.URL_MAP, main, defaultService=Ref(address, SELF_LINK)),
            a_resource(Kind.BACKEND_SERVICE, address),
        ),
        a_request(),
    )

    assert [(b.service, b.port) for b in found.backends] == [("shop/api", 80)]


def test_a_service_that_is_not_ours_is_called_by_its_link() -> None:
    """Nobody knows what is behind it."""
    link = "projects/p/global/backendServices/theirs"

    found = reply(a_map({SHOP: paths(_=link)}))

    assert found.backends == (RoutedBackend(service=link, port=None),)


def test_while_a_load_balancer_replaces_another_the_new_one_answers() -> None:
    """Both are to answer alike."""
    old = (*a_front(), a_map({SHOP: paths(_=to("old"))}))
    proxy = addresses.target_proxy(GROUP, 80, https=False, balancer=2)
    main = addresses.url_map(GROUP, balancer=2)
    new = (
        a_resource(
            Kind.FORWARDING_RULE,
            addresses.forwarding_rule(GROUP, 80, balancer=2),
            portRange="80-80",
            target=Ref(proxy, SELF_LINK),
        ),
        a_resource(Kind.TARGET_HTTP_PROXY, proxy, urlMap=Ref(main, SELF_LINK)),
        a_resource(Kind.URL_MAP, main, defaultService=to("new")),
    )

    (found,) = route((*old, *new), a_request())

    assert service(found) == ["shop/new"]
    assert service_address("new").startswith("gcp:backend-service/")
