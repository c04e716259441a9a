"""Promises of rules: a path is served as the Kubernetes API says, or somebody is told why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from provisioner.core.hosts import host_problem
from provisioner.core.translate import intents
from provisioner.model.diagnostic import Severity
from provisioner.model.intent import (
    BackendId,
    Compatibility,
    FixedResponse,
    Forward,
    ListenerIntent,
    LoadBalancerIntent,
    PathType,
    Redirect,
    WeightedBackend,
)
from provisioner.model.kube import HttpPath, IngressBackend, IngressRule, Key, PortRef, ServicePort
from tests.factories import (
    ADialect,
    KubeObject,
    a_path,
    a_port,
    a_rule,
    a_service,
    a_snapshot,
    an_ingress,
    an_intent,
    some_settings,
)

WEB = Key("shop", "web")
INCUMBENT = some_settings(compatibility=Compatibility.INCUMBENT)
PATH = "spec.rules[0].http.paths[0]"


def one(*objects: KubeObject, incumbent: bool = False) -> LoadBalancerIntent:
    settings = INCUMBENT if incumbent else None
    [load_balancer] = an_intent(*objects, settings=settings).load_balancers
    return load_balancer


def listener(load_balancer: LoadBalancerIntent) -> ListenerIntent:
    [found] = load_balancer.listeners
    return found


def blamed(load_balancer: LoadBalancerIntent) -> list[tuple[str, str]]:
    return [(q.path, q.diagnostic.code) for q in load_balancer.quarantined]


def forward(port: str = "80", service: str = "web", *, weight: int | None = None) -> Forward:
    backend = BackendId(ingress=WEB, service=Key("shop", service), port=port)
    return Forward(backends=(WeightedBackend(backend=backend, weight=weight),))


def test_a_path_becomes_a_rule_with_its_host_in_lower_case() -> None:
    """Host names have no case."""
    ingress = an_ingress(rules=[a_rule("Shop.Example.COM", a_path("/Cart", path_type="Exact"))])

    [rule] = listener(one(ingress, a_service())).rules

    assert (rule.host, rule.path, rule.path_type) == ("shop.example.com", "/Cart", PathType.EXACT)
    assert rule.action == forward()
    assert rule.field == PATH
    assert not rule.held


def test_positions_tell_the_written_order() -> None:
    """A provider that evaluates in written order needs to know it."""
    ingress = an_ingress(
        rules=[a_rule("a.io", a_path("/1"), a_path("/2")), a_rule("b.io", a_path("/3"))]
    )

    rules = listener(one(ingress, a_service())).rules

    assert [r.position for r in rules] == [(0, 0), (0, 1), (1, 0)]


@pytest.mark.parametrize(
    ("path", "path_type", "code"),
    [
        ("cart", "Prefix", "PATH-INVALID"),
        ("", "Exact", "PATH-INVALID"),
        ("//", "Prefix", "PATH-INVALID"),
        ("/a/../b", "Exact", "PATH-INVALID"),
        ("/a%2Fb", "Prefix", "PATH-INVALID"),
        ("/a/.", "Exact", "PATH-INVALID"),
        ("/", "", "PATH-TYPE"),
        ("/", "prefix", "PATH-TYPE"),
    ],
)
def test_paths_that_the_kubernetes_api_refuses_are_refused(
    path: str, path_type: str, code: str
) -> None:
    """Files meet the rules that the API server would apply; the other path goes on."""
    bad = a_path(path, path_type=path_type)
    ingress = an_ingress(rules=[a_rule("a.io", bad, a_path("/good"))])

    load_balancer = one(ingress, a_service())

    assert blamed(load_balancer) == [(PATH, code)]
    assert [r.path for r in listener(load_balancer).rules] == ["/good"]


@pytest.mark.parametrize("path", ["", "*", "/a*", "^/x$", "/a//b"])
def test_implementation_specific_paths_are_the_clouds_business(path: str) -> None:
    """Their meaning is the provider's to judge."""
    ingress = an_ingress(rules=[a_rule("a.io", a_path(path, path_type="ImplementationSpecific"))])

    load_balancer = one(ingress, a_service())

    assert blamed(load_balancer) == []
    assert [r.path for r in listener(load_balancer).rules] == [path]


@pytest.mark.parametrize("host", ["", "localhost", "a.io", "*.a.io", "1.a.io", "xn--e1.io"])
def test_good_hosts(host: str) -> None:
    """Names, one leading wildcard label, or any host."""
    assert host_problem(host) == ""


@pytest.mark.parametrize(
    "host",
    [
        "*",
        "a.*.io",
        "*a.io",
        "*.*.io",
        "a_b.io",
        "a.io:80",
        "10.0.0.1",
        "fd00::1",
        "-a.io",
        "a..io",
        "a" * 64 + ".io",
        ".".join(["abcdefgh"] * 30),
    ],
)
def test_bad_hosts_are_refused_path_by_path(host: str) -> None:
    """A wildcard is the whole first label; addresses and ports are no host names."""
    ingress = an_ingress(rules=[a_rule(host), a_rule("good.io")])

    load_balancer = one(ingress, a_service())

    assert blamed(load_balancer) == [(PATH, "HOST-INVALID")]
    assert [r.host for r in listener(load_balancer).rules] == ["good.io"]
    assert load_balancer.quarantined[0].diagnostic.field == "spec.rules[0].host"


@pytest.mark.parametrize(
    ("objects", "backend", "code"),
    [
        ((), "web:80", "BACKEND-SERVICE-MISSING"),
        ((a_service(),), "web:81", "BACKEND-PORT-MISSING"),
        ((a_service(),), "web:http", "BACKEND-PORT-MISSING"),
        ((a_service(),), "web:", "BACKEND-PORT-MISSING"),
        ((a_service(service_type="ExternalName"),), "web:80", "BACKEND-EXTERNAL-NAME"),
        ((a_service(annotations={"target-type": "x"}),), "web:80", "ANNOTATION-VALUE"),
        ((a_service("pay/web"),), "web:80", "BACKEND-SERVICE-MISSING"),
    ],
)
def test_a_path_whose_backend_is_not_there_is_held_with_a_503(
    objects: Sequence[KubeObject], backend: str, code: str
) -> None:
    """It keeps its place and its last good rule; its neighbours are not touched."""
    ingress = an_ingress(
        rules=[a_rule("a.io", a_path("/bad", backend), a_path("/good", "other:80"))]
    )

    load_balancer = one(ingress, a_service("shop/other"), *objects)

    bad, good = listener(load_balancer).rules
    assert blamed(load_balancer) == [(PATH, code)]
    assert bad.held
    assert isinstance(bad.action, FixedResponse)
    assert bad.action.status == 503
    assert not good.held
    assert load_balancer.quarantined[0].diagnostic.ingress == WEB


def test_a_port_that_is_not_tcp_is_no_backend() -> None:
    """A load balancer for HTTP cannot reach a UDP port."""
    udp = ServicePort(port=80, protocol="UDP")

    assert blamed(one(an_ingress(), a_service("shop/web", udp))) == [(PATH, "BACKEND-PORT-MISSING")]


def test_a_backend_that_is_no_service_is_refused_by_name() -> None:
    """``backend.resource`` cannot be served, and says so."""
    bucket = HttpPath(
        path="/", path_type="Prefix", backend=IngressBackend(resource="k8s.io/Bucket/files")
    )
    nothing = HttpPath(path="/x", path_type="Prefix")

    load_balancer = one(an_ingress(rules=[a_rule("a.io", bucket, nothing)]))

    assert [code for _, code in blamed(load_balancer)] == ["OBJECT-UNSUPPORTED", "BACKEND-MISSING"]
    assert "k8s.io/Bucket/files" in load_balancer.quarantined[0].diagnostic.message


def test_port_name_and_number_are_one_backend_or_two_by_compatibility() -> None:
    """LBC makes two target groups of them; folding saves one of a limited number."""
    ingress = an_ingress(rules=[a_rule("a.io", a_path("/a", "web:80"), a_path("/b", "web:http"))])
    service = a_service("shop/web", a_port(80, name="http"))

    folded = one(ingress, service)
    apart = one(ingress, service, incumbent=True)

    assert [b.id.port for b in folded.backends] == ["80"]
    assert [b.id.port for b in apart.backends] == ["80", "http"]


def test_a_host_without_paths_belongs_to_the_default_backend() -> None:
    """The Kubernetes API: a rule without paths sends its host to the default backend."""
    bare = IngressRule(host="bare.io")
    ingress = an_ingress(rules=[bare], default_backend="web:80")

    [rule] = listener(one(ingress, a_service())).rules

    assert (rule.host, rule.path, rule.path_type) == ("bare.io", "/", PathType.PREFIX)
    assert rule.action == forward()


def test_a_host_without_paths_and_default_backend_answers_404() -> None:
    """It must not fall through to another host's rules, and its owner is told."""
    intent = an_intent(an_ingress(rules=[IngressRule(host="bare.io"), IngressRule()]))

    [rule] = intent.load_balancers[0].listeners[0].rules
    assert rule.action == FixedResponse(status=404)
    assert [d.code for d in intent.diagnostics] == ["HOST-WITHOUT-PATHS", "HOST-WITHOUT-PATHS"]


def test_the_incumbent_skips_rules_without_paths() -> None:
    """LBC ignores them (pkg/ingress/model_build_listener_rules.go:27)."""
    ingress = an_ingress(rules=[IngressRule(host="bare.io")], default_backend="web:80")

    assert listener(one(ingress, a_service(), incumbent=True)).rules == ()


def test_the_incumbent_answers_503_for_an_absent_service_without_blocking() -> None:
    """LBC tolerates it, with this body (pkg/ingress/enhanced_backend_builder.go)."""
    intent = an_intent(an_ingress(), settings=INCUMBENT)

    [rule] = intent.load_balancers[0].listeners[0].rules
    assert rule.action == FixedResponse(status=503, body="Backend service does not exist")
    assert not rule.held
    assert [d.severity for d in intent.diagnostics] == [Severity.WARNING]


def test_a_path_may_name_an_action() -> None:
    """The port name ``use-annotation`` selects ``actions.${name}``."""
    ingress = an_ingress(
        rules=[
            a_rule(
                "a.io",
                a_path("/go", "go:use-annotation"),
                a_path("/split", "split:use-annotation"),
                a_path("/half", "half:use-annotation"),
            )
        ],
        annotations={
            "actions.go": "redirect",
            "actions.split": "web:80=1,other:80=3",
            "actions.half": "web:80=1,missing:80=3",
        },
    )

    load_balancer = one(ingress, a_service(), a_service("shop/other"))

    go, split, half = listener(load_balancer).rules
    assert go.action == Redirect(status=302, host="other.example.com")
    assert isinstance(split.action, Forward)
    assert [(w.backend.service.name, w.weight) for w in split.action.backends] == [
        ("web", 1),
        ("other", 3),
    ]
    assert half.held
    assert blamed(load_balancer) == [
        ("spec.rules[0].http.paths[2]", "BACKEND-SERVICE-MISSING"),
    ]


@pytest.mark.parametrize(("incumbent", "held"), [(False, True), (True, False)])
def test_an_action_that_nothing_defines_answers_503(*, incumbent: bool, held: bool) -> None:
    """LBC answers 503 as well, and does not mind."""
    ingress = an_ingress(rules=[a_rule("a.io", a_path("/", "go:use-annotation"))])

    [rule] = listener(one(ingress, incumbent=incumbent)).rules

    assert isinstance(rule.action, FixedResponse)
    assert rule.action.status == 503
    assert rule.held is held


def test_options_of_a_rule_are_those_of_its_backend_name() -> None:
    """``conditions.${name}`` applies to every path whose backend has that name, and to no other."""
    ingress = an_ingress(
        rules=[a_rule("a.io", a_path("/a"), a_path("/b", "other:80"))],
        annotations={"conditions.web": "C", "conditions.nobody": "N", "use-regex": "true"},
    )

    intent = an_intent(ingress, a_service(), a_service("shop/other"))

    first, second = intent.load_balancers[0].listeners[0].rules
    assert dict(first.options) == {"conditions": "C", "use-regex": True}
    assert dict(second.options) == {"use-regex": True}
    assert [d.code for d in intent.diagnostics] == ["ANNOTATION-UNUSED"]


@pytest.mark.parametrize(
    ("service", "annotations", "problem"),
    [
        (a_service(service_type="ClusterIP"), {"target-type": "instance"}, "BACKEND-NODE-PORT"),
        (
            replace(a_service(service_type="LoadBalancer"), allocates_node_ports=False),
            {"target-type": "instance"},
            "BACKEND-NODE-PORT",
        ),
        (a_service(service_type="LoadBalancer"), {"target-type": "instance"}, ""),
        (a_service(service_type="ClusterIP"), {"target-type": "ip"}, ""),
        (a_service(service_type="ClusterIP"), {}, ""),
    ],
)
def test_node_ports_need_a_service_that_has_them(
    service: KubeObject, annotations: dict[str, str], problem: str
) -> None:
    """Asking for node ports of a ClusterIP Service is a mistake of one path."""
    load_balancer = one(an_ingress(annotations=annotations), service)

    assert [code for _, code in blamed(load_balancer)] == ([problem] if problem else [])


def test_the_incumbents_default_of_node_ports_is_checked_as_well() -> None:
    """LBC's default target type is instance, and fails on a ClusterIP Service."""
    load_balancer = one(an_ingress(), a_service(service_type="ClusterIP"), incumbent=True)

    assert [code for _, code in blamed(load_balancer)] == ["BACKEND-NODE-PORT"]


def test_a_health_check_may_name_a_port_of_the_service() -> None:
    """The number depends on the target mode, so both are found."""
    portable = {"ingress-provisioner.io/health-check-port": "admin"}
    service = a_service(
        "shop/web",
        a_port(80, name="http"),
        a_port(9000, name="admin", target_port=9001, node_port=30900),
        annotations=portable,
    )

    [backend] = one(an_ingress(), service).backends

    assert backend.health_check.port == "admin"
    assert backend.health_check_node_port == 30900
    assert backend.options["health-check-target-port"] == 9001


@pytest.mark.parametrize("port", ["admin", "0", "65536"])
def test_a_health_check_port_that_is_not_there_is_refused(port: str) -> None:
    """A check of nothing would take every target out."""
    portable = {"ingress-provisioner.io/health-check-port": port}

    load_balancer = one(an_ingress(annotations=portable), a_service())

    assert blamed(load_balancer) == [(PATH, "BACKEND-HEALTH-PORT")]


def test_a_backend_knows_all_its_settings() -> None:
    """Service over Ingress, key by key; what the Intent has no field for travels as an option."""
    portable = "ingress-provisioner.io/"
    ingress = an_ingress(
        annotations={
            portable + "backend-protocol": "HTTPS",
            portable + "health-check-interval-seconds": "20",
            "tags": "team=ingress",
            "sticky": "false",
            "control-port.web.80": "3000",
            "control-port.web.81": "3001",
        }
    )
    service = a_service(
        annotations={
            portable + "health-check-interval-seconds": "10",
            "tags": "team=service",
            "sticky": "true",
        }
    )

    [backend] = one(ingress, service).backends

    assert backend.protocol == "HTTPS"
    assert backend.health_check.interval_seconds == 10
    assert backend.tags == {"team": "service"}
    assert dict(backend.options) == {"sticky": True, "control-port": "3000"}


def test_a_missing_service_in_files_leads_to_the_files() -> None:
    """The hint fits where the reader is."""
    missing = one(an_ingress()).quarantined[0].diagnostic

    assert missing.hint == "add Service shop/web to the files"
    assert missing.field == f"{PATH}.backend.service.name"


def test_services_that_could_not_be_listed_are_not_called_missing() -> None:
    """The message leads to the permission, not to the manifest."""
    snapshot = replace(a_snapshot(an_ingress()), unknown_kinds=frozenset({"Service"}))

    [load_balancer] = intents(snapshot, ADialect(), some_settings()).load_balancers

    assert load_balancer.quarantined[0].diagnostic.message == "Services could not be listed"


def test_empty_ports_are_named_as_such() -> None:
    """A path that names no port at all gets a sentence that fits."""
    path = HttpPath(
        path="/", path_type="Prefix", backend=IngressBackend(service="web", port=PortRef())
    )

    load_balancer = one(an_ingress(rules=[a_rule("a.io", path)]), a_service())

    assert load_balancer.quarantined[0].diagnostic.message == "no port of Service shop/web is named"
