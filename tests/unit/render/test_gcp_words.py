"""Specs of Google Cloud in words: URL maps, descriptions, memberships, links and defaults."""

from __future__ import annotations

import json

import pytest

from providers.gcp.addresses import Kind
from providers.gcp.shapes import shaped
from provisioner.model.change import Action, Step
from provisioner.model.resource import PlainInput, Ref, canonical, freeze, freeze_spec
from provisioner.render.fields import entries
from provisioner.render.findings import describe
from provisioner.render.graph import graph_of
from provisioner.render.phrases import phrase
from provisioner.render.url_maps import sentences
from provisioner.render.usual import USUAL
from tests.unit.render import gcp_plans, plans
from tests.unit.render.gcp_plans import CART, WEB, host_rules, matcher, rule, service


def shown(step: Step) -> list[str]:
    """Return a step's entries as they are printed."""
    return [f"{entry.sign} {entry}" for entry in entries(step)]


def changed(path: str, before: PlainInput, after: PlainInput) -> list[str]:
    """Return what is printed of a change of one field."""
    fields = (plans.field(path, before, after),)
    return shown(gcp_plans.step(Action.UPDATE, "X", "gcp:x/shop/web", fields=fields))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("projects/shop/global/networks/default", "shop/networks/default"),
        ("projects/shop/regions/r-1/subnetworks/a", "shop/r-1/subnetworks/a"),
        ("projects/a.com:shop/zones/z-1/instances/n", "a.com:shop/z-1/instances/n"),
        ("projects/shop", "projects/shop"),
        (Ref(WEB, "selfLink"), "backend-service web:80/pod"),
        (Ref("gcp:address/shop/web/main", "IPAddress"), "IPAddress of address main"),
        ({"IPProtocol": "tcp", "ports": ["80", "443"]}, "tcp 80, 443"),
        (
            {"group": Ref(gcp_plans.GROUP, "selfLink"), "balancingMode": "RATE"},
            "network-endpoint-group web:80/pod/europe-west1-b (RATE)",
        ),
        (
            {"group": "g", "balancingMode": "RATE", "maxRatePerInstance": 1, "capacityScaler": 0.5},
            "g (RATE, capacityScaler 0.5, maxRatePerInstance 1)",
        ),
    ],
)
def test_a_value_reads_as_a_person_would_say_it(value: PlainInput, words: str) -> None:
    """Links lose the words that all links have; the project stays, for it may be another's."""
    assert phrase(freeze(value), "shop/web") == words


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        ({"service": service(CART)}, "-> cart:80/pod"),
        (
            {"service": "projects/p/global/backendServices/x"},
            "-> p/backendServices/x",
        ),
        (gcp_plans.shifted(90, 10), "-> web:80/pod (weight 90), cart:80/pod (weight 10)"),
        (
            {"urlRedirect": {"httpsRedirect": True, "hostRedirect": "b.example.com"}},
            "-> redirect 301 to https://b.example.com/#{path}?#{query}",
        ),
        (
            {"urlRedirect": {"redirectResponseCode": "FOUND", "prefixRedirect": "/a/"}},
            "-> redirect 302 to #{protocol}://#{host}/a/#{rest of path}?#{query}",
        ),
        ({"routeAction": gcp_plans.ANSWER_404, "service": service(WEB)}, "-> answer 404"),
        (
            {
                "service": service(WEB),
                "routeAction": {
                    "faultInjectionPolicy": {"abort": {"httpStatus": 503, "percentage": 5}}
                },
            },
            "-> web:80/pod, with faultInjectionPolicy abort httpStatus 503, percentage 5",
        ),
        (
            {
                "service": service(WEB),
                "routeAction": {
                    "urlRewrite": {"hostRewrite": "in", "pathPrefixRewrite": None},
                    "retryPolicy": {"numRetries": 3},
                },
            },
            "-> web:80/pod, host becomes in, with retryPolicy numRetries 3",
        ),
    ],
)
def test_a_rule_of_a_url_map_is_a_sentence(deed: PlainInput, words: str) -> None:
    """What a path does is told with its host, whatever it takes in the API's nesting."""
    spec: dict[str, PlainInput] = {
        "hostRules": host_rules(m="a.example.com"),
        "pathMatchers": [matcher("m", rule(deed, "/x", "/*"))],
    }

    (told,) = sentences(freeze_spec(spec), "shop/web")

    assert told == f"host a.example.com, path /x, /* {words}"


def test_hosts_of_one_path_matcher_are_told_each() -> None:
    """GKE and others let several hosts share a path matcher; a reader looks for one of them."""
    spec: dict[str, PlainInput] = {
        "hostRules": [{"hosts": ["a.example.com", "b.example.com"], "pathMatcher": "m"}],
        "pathMatchers": [matcher("m", rule(service(WEB), "/*"))],
        "defaultService": service(CART),
    }

    assert sentences(freeze_spec(spec), "shop/web") == (
        "host a.example.com, path /* -> web:80/pod",
        "host b.example.com, path /* -> web:80/pod",
        "every other host -> cart:80/pod",
    )


def test_a_foreign_route_rule_is_told_with_its_conditions() -> None:
    """Rules by priority are never ours, but somebody's map may have them, and one is taken away."""
    route: PlainInput = {
        "priority": 1,
        "matchRules": [{"prefixMatch": "/x"}],
        "service": service(WEB),
    }
    foreign = matcher("m", routeRules=[route])
    step = gcp_plans.updated_map([foreign], [matcher("m")], m="a.example.com")

    assert shown(step) == ["- host a.example.com, path rule 1 (prefixMatch /x) -> web:80/pod"]


def test_only_the_paths_that_came_and_went_are_shown() -> None:
    """One path more is one line, though the API takes the whole map."""
    before = [matcher("m", rule(service(WEB), "/a", "/b"), rule(service(CART), "/c"))]
    after = [matcher("m", rule(service(WEB), "/a"), rule(service(CART), "/b", "/c"))]

    step = gcp_plans.updated_map(before, after, m="a.example.com")

    assert shown(step) == [
        "- host a.example.com, path /b -> web:80/pod",
        "+ host a.example.com, path /b -> cart:80/pod",
    ]


def test_a_record_of_whose_paths_they_are_is_one_line() -> None:
    """A reader must not take bookkeeping for a change of where requests go."""
    rules = (rule(service(WEB), "/*"),)

    step = gcp_plans.updated_map(
        [matcher("m", *rules)], [matcher("m", *rules, ingress="shop/other")], m="a.example.com"
    )

    assert shown(step) == ["~ names and records of the rules; every request goes where it went"]


def test_without_a_call_the_path_matcher_stands_for_its_hosts() -> None:
    """A plan that was read back has no calls; the rules are still told."""
    fields = (plans.field("pathMatchers", [], [matcher("m", rule(service(WEB), "/*"))]),)
    step = gcp_plans.step(Action.UPDATE, "UrlMap", gcp_plans.MAP, fields=fields)

    assert shown(step) == ["+ host of path matcher m, path /* -> web:80/pod"]


def test_our_marks_are_not_shown_at_a_creation() -> None:
    """They follow from the plan, and they are four lines of JSON."""
    step = gcp_plans.created("UrlMap", gcp_plans.MAP)

    assert shown(step) == []


def test_words_of_others_in_a_description_are_shown() -> None:
    """Under ``incumbent`` a description says what GKE's would; that is worth a line."""
    text = gcp_plans.mark("gcp:x", **{"kubernetes.io/service-name": "shop/web"})
    fields = (plans.field("description", None, text),)
    step = gcp_plans.step(Action.CREATE, "BackendService", WEB, fields=fields)

    assert shown(step) == ["  description: kubernetes.io/service-name=shop/web"]


@pytest.mark.parametrize(
    ("before", "lines"),
    [
        (None, ["+ description: 3 ownership marks"]),
        ("made by hand", ["- description: text=made by hand", "+ description: 3 ownership marks"]),
        (json.dumps({"a": "b"}), ["- description: a=b", "+ description: 3 ownership marks"]),
        (
            gcp_plans.mark("gcp:y", a="b"),
            ["- description: a=b", "~ description: ownership marks (resource)"],
        ),
        (gcp_plans.mark("gcp:y"), ["~ description: ownership marks (resource)"]),
    ],
)
def test_a_description_changes_by_its_words(before: str | None, lines: list[str]) -> None:
    """What somebody wrote there before us is never lost from sight."""
    assert changed("description", before, gcp_plans.mark("gcp:x")) == lines


def test_a_description_without_marks_is_shown_whole() -> None:
    """Only ours are bookkeeping."""
    assert changed("description", "a", "b") == ["~ description: a -> b"]


@pytest.mark.parametrize(
    ("path", "before", "after", "line"),
    [
        (
            "networkEndpoints",
            [gcp_plans.endpoint(1)],
            [gcp_plans.endpoint(1), gcp_plans.endpoint(2)],
            "1 -> 2 endpoints; attaches 10.4.0.2:8080",
        ),
        (
            "networkEndpoints",
            [gcp_plans.endpoint(1)],
            [],
            "1 -> 0 endpoints; detaches 10.4.0.1:8080",
        ),
        (
            "instances",
            gcp_plans.machines("a"),
            gcp_plans.machines("a", "b"),
            "1 -> 2 instances; adds b",
        ),
        ("instances", gcp_plans.machines("a"), [], "1 -> 0 instances; removes a"),
    ],
)
def test_members_are_counted_with_who_moves(
    path: str, before: PlainInput, after: PlainInput, line: str
) -> None:
    """Never eight hundred lines."""
    assert changed(path, before, after) == [f"~ {path}: {line}"]


def test_an_address_that_moves_to_another_machine_is_told_with_it() -> None:
    """Both would read 10.4.0.1:8080, and the line would say that nothing moves."""
    (line,) = changed("networkEndpoints", [gcp_plans.endpoint(1)], [gcp_plans.endpoint(1, "gke-2")])

    assert line.startswith("~ networkEndpoints: 1 -> 1 endpoint; attaches 10.4.0.1:8080 as ")
    assert "gke-2" in line.partition("detaches")[0]
    assert "gke-1" in line.partition("detaches")[2]


@pytest.mark.parametrize("kind", USUAL)
def test_what_a_creation_only_counts_is_what_everybody_gets(kind: str) -> None:
    """The provider fills in the same for a resource that says nothing; else something is hidden."""
    filled = shaped(Kind[{"BackendService": "BACKEND_SERVICE", "Firewall": "FIREWALL"}[kind]], {})

    assert {name: canonical(freeze(value)) for name, value in USUAL[kind].items()} == {
        name: canonical(filled.get(name)) for name in USUAL[kind]
    }


def test_a_default_that_changes_is_shown() -> None:
    """Counting is for creations; a switch that is turned off is a line."""
    before: PlainInput = {"enabled": True}

    assert changed("iap", before, {"enabled": False}) == ["~ iap.enabled: true -> false"]


@pytest.mark.parametrize(
    ("scheme", "region", "words"),
    [
        ("EXTERNAL_MANAGED", {}, "global external, HTTPS 443"),
        ("EXTERNAL", {}, "classic external, HTTPS 443"),
        ("EXTERNAL_MANAGED", {"region": "r"}, "regional external, HTTPS 443"),
        ("INTERNAL_MANAGED", {"region": "r"}, "regional internal, HTTPS 443"),
        ("NOVELTY", {}, "NOVELTY, HTTPS 443"),
    ],
)
def test_the_heading_says_which_load_balancer_it_is(
    scheme: str, region: dict[str, PlainInput], words: str
) -> None:
    """Four kinds with different features; a reviewer must not have to work it out."""
    spec: dict[str, PlainInput] = {
        "loadBalancingScheme": scheme,
        "portRange": "443-443",
        "target": Ref(gcp_plans.PROXY, "selfLink"),
        **region,
    }
    forwarding = gcp_plans.resource("ForwardingRule", "gcp:forwarding-rule/shop/web/443", spec)

    assert describe(plans.part(resources=(forwarding,))) == words


def test_the_picture_goes_from_the_forwarding_rule_to_the_endpoints() -> None:
    """Every kind on the path of a request has a column, in the order of the path."""
    graph = graph_of(plans.part(resources=gcp_plans.resources()))

    assert graph is not None
    ordered = sorted(graph.nodes, key=lambda node: (node.x, node.y))
    assert [node.kind for node in ordered] == [
        "ForwardingRule",
        "TargetHttpsProxy",
        "UrlMap",
        "BackendService",
        "BackendService",
        "NetworkEndpointGroup",
        "NetworkEndpoints",
    ]
    assert [ordered[0].label, ordered[-1].label] == ["HTTPS 443", "2 endpoints"]
    assert len(graph.edges) == 6
