"""Promises between neighbours: who yields to whom on a shared load balancer, and what stays."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.intent import (
    Compatibility,
    FixedResponse,
    Forward,
    Intent,
    ListenerIntent,
    LoadBalancerIntent,
    Redirect,
    Scheme,
)
from provisioner.model.kube import Ingress, IngressRule, Key
from tests.factories import (
    a_path,
    a_rule,
    a_service,
    an_ingress,
    an_intent,
    some_settings,
    something_of,
)

HTTP_HTTPS = '[{"HTTP": 80}, {"HTTPS": 443}]'
HTTPS = '[{"HTTPS": 443}]'
A, B = Key("shop", "a"), Key("shop", "b")
SERVICES = (a_service("shop/web"), a_service("pay/web"))
OLD, NEW = "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"


def member(
    name: str,
    annotations: Mapping[str, str] | None = None,
    *,
    rules: list[IngressRule] | None = None,
    default_backend: str = "",
    created: str = "",
    ours: bool = False,
    tls: tuple[str, ...] = (),
) -> Ingress:
    host = f"{name.replace('/', '-')}.example.com"
    return an_ingress(
        name,
        rules=[a_rule(host)] if rules is None else rules,
        annotations={"group.name": "edge", **(annotations or {})},
        default_backend=default_backend,
        created=created,
        ours=ours,
        tls=tls,
    )


def group(*members: Ingress, compatibility: Compatibility = Compatibility.KUBERNETES) -> Intent:
    return an_intent(*members, *SERVICES, settings=some_settings(compatibility=compatibility))


def edge(*members: Ingress) -> LoadBalancerIntent:
    [load_balancer] = group(*members).load_balancers
    return load_balancer


def port(load_balancer: LoadBalancerIntent, number: int) -> ListenerIntent:
    return next(item for item in load_balancer.listeners if item.port == number)


def blamed(load_balancer: LoadBalancerIntent) -> list[tuple[str, str, str]]:
    return [(str(q.ingress), q.path, q.diagnostic.code) for q in load_balancer.quarantined]


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ({}, [(80, "HTTP")]),
        ({"certificate-arn": "arn:1"}, [(443, "HTTPS")]),
        ({"listen-ports": HTTP_HTTPS}, [(80, "HTTP"), (443, "HTTPS")]),
        ({"certificate-arn": "arn:1", "listen-ports": '[{"HTTP": 8080}]'}, [(8080, "HTTP")]),
    ],
)
def test_ports_are_those_said_else_https_with_certificates_else_http(
    annotations: dict[str, str], expected: list[tuple[int, str]]
) -> None:
    """The defaults of LBC's listen-ports."""
    load_balancer = edge(member("shop/a", annotations))

    assert [(i.port, i.protocol.value) for i in load_balancer.listeners] == expected


def test_rules_are_on_their_members_own_ports_only() -> None:
    """A member's rules never appear on a port that it did not ask for."""
    load_balancer = edge(
        member("shop/a", {"listen-ports": '[{"HTTP": 80}]'}),
        member("shop/b", {"listen-ports": '[{"HTTP": 80}, {"HTTP": 81}]'}),
    )

    assert [str(r.ingress) for r in port(load_balancer, 80).rules] == ["shop/a", "shop/b"]
    assert [str(r.ingress) for r in port(load_balancer, 81).rules] == ["shop/b"]
    assert port(load_balancer, 81).members == (B,)


def test_tls_alone_opens_no_https_port_and_says_how_to() -> None:
    """As on LBC; but nobody should find out from a browser."""
    intent = group(member("shop/a", tls=("a.example.com",)))

    [warning] = intent.diagnostics
    assert warning.code == "LISTENER-TLS-UNUSED"
    assert "listen-ports" in warning.hint
    assert [i.port for i in intent.load_balancers[0].listeners] == [80]


def test_certificates_are_named_first_or_found_by_host() -> None:
    """Members that name none are looked up by their hosts, in rules and in TLS."""
    load_balancer = edge(
        member("shop/a", {"certificate-arn": "arn:2,arn:1", "listen-ports": HTTPS}),
        member("shop/b", {"listen-ports": HTTPS}, tls=("tls.example.com",)),
        member("shop/c", {"certificate-arn": "arn:1,arn:3", "listen-ports": HTTPS}),
    )

    https = port(load_balancer, 443)
    assert https.certificates == ("arn:2", "arn:1", "arn:3")
    assert https.certificate_hosts == ((B, "shop-b.example.com"), (B, "tls.example.com"))


def test_https_without_any_certificate_or_host_is_refused() -> None:
    """AWS would refuse the listener; the member is told before."""
    load_balancer = edge(member("shop/a", {"listen-ports": HTTPS}, rules=[a_rule("")]))

    assert blamed(load_balancer) == [("shop/a", "", "CERTIFICATE-UNKNOWN")]
    assert load_balancer.listeners == ()


def test_https_without_host_may_live_on_a_neighbours_certificate() -> None:
    """A listener needs one certificate, whoever names it."""
    load_balancer = edge(
        member("shop/a", {"listen-ports": HTTPS}, rules=[a_rule("")]),
        member("shop/b", {"listen-ports": HTTPS}),
    )

    assert blamed(load_balancer) == []


def test_redirected_ports_answer_everything_with_a_redirect() -> None:
    """All HTTP ports of the group redirect, and hold no rules at all."""
    redirect = {"ingress-provisioner.io/ssl-redirect": "443", "listen-ports": HTTP_HTTPS}
    load_balancer = edge(member("shop/a", redirect))

    http, https = load_balancer.listeners
    assert http.redirect_to == 443
    assert http.default == Redirect(status=301, protocol="HTTPS", port="443")
    assert http.rules == ()
    assert https.redirect_to is None
    assert len(https.rules) == 1


def test_a_redirect_to_a_port_that_is_not_https_is_refused() -> None:
    """Everything on port 80 would be sent nowhere; a neighbour without the wish goes on."""
    load_balancer = edge(
        member("shop/a", {"ingress-provisioner.io/ssl-redirect": "443"}), member("shop/b")
    )

    assert blamed(load_balancer) == [("shop/a", "", "LISTENER-REDIRECT")]
    assert port(load_balancer, 80).members == (B,)
    assert port(load_balancer, 80).redirect_to is None


def test_a_member_whose_every_port_is_redirected_is_told() -> None:
    """Its paths would serve nothing, without an error anywhere."""
    redirect = {"ingress-provisioner.io/ssl-redirect": "443", "listen-ports": HTTP_HTTPS}
    intent = group(member("shop/a", redirect), member("shop/b"))

    [warning] = intent.diagnostics
    assert (warning.code, warning.subject) == ("LISTENER-REDIRECT-HIDES", "Ingress shop/b")
    assert [b.id.ingress for b in intent.load_balancers[0].backends] == [A]


@pytest.mark.parametrize(
    ("first", "second", "slot"),
    [
        ({"scheme": "internal"}, {"scheme": "internet-facing"}, "scheme"),
        ({"subnets": "a,b"}, {"subnets": "a,c"}, "subnets"),
        ({"tags": "team=a,x=1"}, {"tags": "team=b"}, "tags team"),
        ({"waf": "one"}, {"waf": "two"}, "waf"),
        ({"inbound-cidrs": "10.0.0.0/8"}, {"inbound-cidrs": "11.0.0.0/8"}, "inbound-cidrs on port"),
        (
            {"listen-ports": '[{"HTTP": 80}]'},
            {"listen-ports": '[{"HTTPS": 80}]'},
            "protocol on port",
        ),
        ({"mtls": "a"}, {"mtls": "b"}, "mtls on port 80"),
        (
            {"listener-attributes.HTTP-80": "k=1"},
            {"listener-attributes.HTTP-80": "k=2"},
            "listener-attributes.HTTP-80 k",
        ),
    ],
)
def test_who_contradicts_an_earlier_member_is_quarantined(
    first: dict[str, str], second: dict[str, str], slot: str
) -> None:
    """Both are named; the earlier one is served. In LBC the whole group would stand still."""
    load_balancer = edge(member("shop/a", first), member("shop/b", second))

    [quarantined] = load_balancer.quarantined
    assert (quarantined.ingress, quarantined.path) == (B, "")
    assert quarantined.diagnostic.code == "GROUP-CONFLICT"
    assert quarantined.diagnostic.message.startswith(slot)
    assert "shop/a" in quarantined.diagnostic.message
    assert quarantined.diagnostic.subject == "Ingress shop/b"
    assert [m.ingress for m in load_balancer.members] == [A]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"scheme": "internal"}, {}),
        ({"subnets": "a,b"}, {"subnets": "b,a"}),
        ({"tags": "a=1"}, {"tags": "b=2"}),
        ({"inbound-cidrs": "10.0.0.0/8"}, {"inbound-cidrs": "10.0.0.0/8"}),
        (
            {"inbound-cidrs": "10.0.0.0/8"},
            {"inbound-cidrs": "11.0.0.0/8", "listen-ports": '[{"HTTP": 81}]'},
        ),
        (
            {"ssl-policy": "one", "listen-ports": HTTP_HTTPS},
            {"ssl-policy": "two", "listen-ports": '[{"HTTP": 80}]'},
        ),
        ({"listen-ports": '[{"HTTP": 80}]'}, {"listen-ports": '[{"HTTP": 81}]'}),
    ],
)
def test_members_that_do_not_contradict_each_other_live_together(
    first: dict[str, str], second: dict[str, str]
) -> None:
    """Silence agrees, order of subnets means nothing, settings of a port concern that port."""
    load_balancer = edge(member("shop/a", first), member("shop/b", second))

    assert blamed(load_balancer) == []
    assert len(load_balancer.members) == 2


def test_agreed_settings_reach_the_load_balancer_and_its_ports() -> None:
    """Fields where the Intent has them, options for the rest, maps added up."""
    load_balancer = edge(
        member("shop/a", {"tags": "a=1", "waf": "w", "mtls": "m", "inbound-cidrs": "10.0.0.0/8"}),
        member(
            "shop/b",
            {
                "tags": "b=2",
                "scheme": "internal",
                "listener-attributes.HTTP-80": "k=v",
                "extra-tags": "x=1",
                "pool.east": "p",
            },
        ),
    )

    assert load_balancer.tags == {"a": "1", "b": "2"}
    assert load_balancer.scheme is Scheme.INTERNAL
    assert port(load_balancer, 80).inbound_cidrs == ("10.0.0.0/8",)
    assert {k: v for k, v in load_balancer.options.items() if k != "stated"} == {
        "extra-tags": {"x": "1"},
        "listener-attributes": {"HTTP-80": {"k": "v"}},
        "pool": {"east": "p"},
        "mtls:80": "m",
        "waf": "w",
    }
    assert [dict(m.tags) for m in load_balancer.members] == [{"a": "1"}, {"b": "2"}]


def test_a_host_belongs_to_the_namespace_of_its_oldest_ingress() -> None:
    """Not even a lower group-order lets another namespace take a host over."""
    taken = [a_rule("shop.example.com", a_path("/mine"))]
    load_balancer = edge(
        member("shop/a", created=OLD, rules=[a_rule("shop.example.com")]),
        member("pay/thief", {"group.order": "-10"}, created=NEW, rules=[*taken, a_rule("pay.io")]),
    )

    assert blamed(load_balancer) == [("pay/thief", "spec.rules[0].http.paths[0]", "HOST-TAKEN")]
    assert [r.host for r in port(load_balancer, 80).rules] == ["pay.io", "shop.example.com"]


def test_who_is_programmed_keeps_the_host_against_an_older_newcomer() -> None:
    """An old Ingress that joins the group later takes nothing from those that are served."""
    objects = (
        member("pay/old", created=OLD, rules=[a_rule("shop.example.com", a_path("/x"))]),
        member("shop/new", created=NEW, rules=[a_rule("shop.example.com")]),
    )

    intent = an_intent(*objects, *SERVICES, observed=something_of("shop/new", "edge"))

    assert blamed(intent.load_balancers[0])[0][0] == "pay/old"


@pytest.mark.parametrize(
    ("path", "path_type"), [("/a", "Prefix"), ("/a/", "Prefix"), ("/a", "Exact"), ("/", "Prefix")]
)
def test_one_host_and_path_twice_stays_with_the_first_member(path: str, path_type: str) -> None:
    """The later path, and only that, is quarantined, and both Ingresses are named."""
    first = a_path(path.rstrip("/") or "/", path_type=path_type)
    second = a_path(path, path_type=path_type)
    load_balancer = edge(
        member("shop/a", rules=[a_rule("a.io", first)]),
        member("shop/b", rules=[a_rule("a.io", second, a_path("/other"))]),
    )

    assert blamed(load_balancer) == [("shop/b", "spec.rules[0].http.paths[0]", "PATH-DUPLICATE")]
    assert "Ingress shop/a" in load_balancer.quarantined[0].diagnostic.message
    assert len(port(load_balancer, 80).rules) == 2


def test_different_matches_are_no_duplicates() -> None:
    """Another path type, another port, or other conditions make another rule."""
    rules = [a_rule("a.io", a_path("/a"), a_path("/a", path_type="Exact"), a_path("/a", "c:80"))]
    first = member("shop/a", {"conditions.c": "header"}, rules=rules)
    second = member(
        "shop/b", {"listen-ports": '[{"HTTP": 81}]'}, rules=[a_rule("a.io", a_path("/a"))]
    )

    [load_balancer] = an_intent(first, second, *SERVICES, a_service("shop/c")).load_balancers

    assert blamed(load_balancer) == []


def test_the_same_rule_written_twice_is_a_remark() -> None:
    """Nothing is lost, so nothing is blocked."""
    intent = group(member("shop/a", rules=[a_rule("a.io"), a_rule("A.io")]))

    assert [d.code for d in intent.diagnostics] == ["PATH-REPEATED"]
    assert len(intent.load_balancers[0].listeners[0].rules) == 1


def test_the_incumbent_keeps_duplicates_in_written_order() -> None:
    """LBC drops nothing: the later one is dead, and counts."""
    twice = [a_rule("a.io", a_path("/a"), a_path("/a"))]

    [load_balancer] = group(
        member("shop/a", rules=twice), compatibility=Compatibility.INCUMBENT
    ).load_balancers

    assert len(port(load_balancer, 80).rules) == 2


def test_the_first_default_backend_answers_for_the_port() -> None:
    """The later one is told which other Ingress answers, and keeps its own hosts."""
    load_balancer = edge(
        member("shop/a", default_backend="web:80"), member("shop/b", default_backend="web:80")
    )

    http = port(load_balancer, 80)
    assert blamed(load_balancer) == [("shop/b", "spec.defaultBackend", "LISTENER-DEFAULT-BACKEND")]
    assert "Ingress shop/a" in load_balancer.quarantined[0].diagnostic.message
    assert http.default_ingress == A
    assert isinstance(http.default, Forward)
    assert isinstance(load_balancer.members[1].default_backend, Forward)


def test_without_default_backend_the_answer_is_404() -> None:
    """The Kubernetes API leaves it open; 404 is what everybody expects."""
    http = port(edge(member("shop/a")), 80)

    assert http.default == FixedResponse(status=404)
    assert http.default_ingress is None


def broken(name: str = "shop/a", *, ours: bool = True, **annotations: str) -> Ingress:
    """Return a member with a typo that blocks it, and something readable beside it."""
    said = {key.replace("_", "-"): value for key, value in annotations.items()}
    return member(name, {"use-regex": "maybe", **said}, ours=ours)


def test_a_broken_member_keeps_its_claims_while_something_of_it_exists() -> None:
    """A typo in one annotation must not flip the scheme or open the ports of everybody."""
    load_balancer = edge(
        broken(
            scheme="internal",
            inbound_cidrs="10.0.0.0/8",
            certificate_arn="arn:1",
            listen_ports=HTTPS,
        ),
        member("shop/b", {"listen-ports": HTTPS}),
    )

    https = port(load_balancer, 443)
    assert load_balancer.scheme is Scheme.INTERNAL
    assert https.inbound_cidrs == ("10.0.0.0/8",)
    assert https.certificates == ("arn:1",)
    assert https.members == (B,)
    assert [m.ingress for m in load_balancer.members] == [B]


def test_a_broken_newcomer_claims_nothing() -> None:
    """Nothing of it exists, so nothing of it has to stay."""
    load_balancer = edge(broken(scheme="internal", ours=False), member("shop/b"))

    assert load_balancer.scheme is None
    assert all(b.id.ingress == B for b in load_balancer.backends)


def test_an_unreadable_setting_of_a_broken_member_is_to_be_kept_as_it_is() -> None:
    """A typo in inbound-cidrs must not lead to the default, which is the whole internet."""
    load_balancer = edge(member("shop/a", {"inbound-cidrs": "10.0.0"}, ours=True), member("shop/b"))

    assert load_balancer.options["keep"] == ("inbound-cidrs",)


def test_backends_of_a_broken_member_are_still_known() -> None:
    """Its targets keep following its pods, although its rules stand still."""
    load_balancer = edge(broken(), member("shop/b"))

    assert [b.id.ingress for b in load_balancer.backends] == [A, B]


def test_a_broken_members_places_are_not_given_away() -> None:
    """Its default backend and its paths stay what the cloud has; newcomers do not move in."""
    rules = [a_rule("a.io", a_path("/a"))]
    first = member("shop/a", {"use-regex": "x"}, rules=rules, default_backend="web:80", ours=True)
    second = member("shop/b", rules=rules, default_backend="web:80")

    load_balancer = edge(first, second)

    http = port(load_balancer, 80)
    assert (http.default, http.default_ingress) == (FixedResponse(status=404), None)
    assert http.rules == ()
    assert {code for name, _, code in blamed(load_balancer) if name == "shop/b"} == {
        "LISTENER-DEFAULT-BACKEND",
        "PATH-DUPLICATE",
    }


def test_a_member_that_a_limit_refused_is_quarantined_as_a_whole() -> None:
    """Admission decides, and the translation takes it at its word."""
    said: Diagnostic = error("LIMIT-RULES", "Ingress shop/b", message="no room", ingress=B)

    [load_balancer] = an_intent(
        member("shop/a"), member("shop/b"), *SERVICES, refused={B: said}
    ).load_balancers

    assert blamed(load_balancer) == [("shop/b", "", "LIMIT-RULES")]
    assert [m.ingress for m in load_balancer.members] == [A]


def test_of_two_broken_members_with_a_default_backend_nothing_more_is_said() -> None:
    """They are told what blocks them; a second complaint about the same port would mislead."""
    load_balancer = edge(
        member("shop/a", {"use-regex": "x"}, default_backend="web:80", ours=True),
        member("shop/b", {"use-regex": "x"}, default_backend="web:80", ours=True),
        member("shop/c"),
    )

    assert {code for _, _, code in blamed(load_balancer)} == {"ANNOTATION-VALUE"}


def test_broken_members_are_not_told_of_duplicates() -> None:
    """What blocks them is enough; whether the path is a duplicate shows when they are read."""
    rules = [a_rule("a.io", a_path("/a"))]
    load_balancer = edge(
        member("shop/a", rules=rules, ours=True),
        member("shop/b", {"use-regex": "x"}, rules=rules, ours=True),
    )

    assert blamed(load_balancer) == [("shop/b", "", "ANNOTATION-VALUE")]
    assert [r.ingress for r in port(load_balancer, 80).rules] == [A]


def test_a_redirect_goes_on_while_its_https_member_is_broken() -> None:
    """The HTTPS port is still there, with its last good rules; its neighbour is not blamed."""
    redirect = {"ingress-provisioner.io/ssl-redirect": "443"}
    load_balancer = edge(
        broken("shop/b", listen_ports=HTTPS), member("shop/a", redirect), member("shop/c")
    )

    assert blamed(load_balancer) == [("shop/b", "", "ANNOTATION-VALUE")]
    assert port(load_balancer, 80).redirect_to == 443
