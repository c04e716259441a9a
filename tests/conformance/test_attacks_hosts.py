"""Nobody answers for a neighbour's host on a shared load balancer, whatever they write.

``evil`` may create Ingresses, Services and Secrets in one namespace. Each test gives it a way to
speak of a host of ``shop``, and asks the planned load balancer who answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.model.intent import Compatibility
from provisioner.model.kube import HttpPath, Ingress, Key, Tenant
from provisioner.model.plan import Plan
from provisioner.model.resource import Observed
from tests.conformance.pipeline import a_cluster, applied, blamed, finding, of_kind, plan, rules
from tests.conformance.routing.asking import asked, served
from tests.factories import a_load_balancer_class, a_path, a_rule, an_ingress, some_settings
from tests.unit.providers.aws.express.worlds import some_backends

EVIL, VICTIM = Key("evil", "x"), Key("shop", "v")
BACKENDS = some_backends("shop/web", "evil/web")
EARLIER, LATER = "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"
HOST = "shop.example.com"
MINE = "web"
THEIRS = "evil/web"


def by_host(*values: str, regex: bool = False) -> str:
    """Return the value of a conditions annotation about hosts."""
    config = {"regexValues" if regex else "values": list(values)}
    return json.dumps([{"field": "host-header", "hostHeaderConfig": config}])


def by_path(*values: str) -> str:
    """Return the value of a conditions annotation about paths."""
    return json.dumps([{"field": "path-pattern", "pathPatternConfig": {"values": list(values)}}])


def victim(*paths: HttpPath, annotations: Mapping[str, str] | None = None) -> Ingress:
    return an_ingress(
        str(VICTIM),
        rules=[a_rule(HOST, *(paths or (a_path("/app"),)))],
        annotations={"group.name": "edge", **(annotations or {})},
        created=LATER,
    )


def evil(
    host: str = "a.evil.com",
    *paths: HttpPath,
    annotations: Mapping[str, str] | None = None,
    default_backend: str = "",
    created: str = EARLIER,
) -> Ingress:
    return an_ingress(
        str(EVIL),
        rules=[a_rule(host, *(paths or (a_path(),)))],
        annotations={"group.name": "edge", **(annotations or {})},
        default_backend=default_backend,
        created=created,
    )


def a_world(*ingresses: Ingress) -> Observed:
    return applied(plan(a_cluster(*ingresses, *BACKENDS)))


def with_both(rude: Ingress, mine: Ingress | None = None) -> Plan:
    mine = mine or victim()
    return plan(a_cluster(mine, rude, *BACKENDS), a_world(mine))


def on_every_path(result: Plan) -> list[str | int]:
    return [served(result, f"http://{HOST}{path}", group="edge") for path in ("/app", "/", "/x")]


@pytest.mark.parametrize("host", ["a.evil.com", ""])
@pytest.mark.parametrize(
    "condition",
    [
        by_host(HOST),
        by_host("SHOP.example.COM"),
        by_host("*.example.com"),
        by_host("s?op.example.com"),
        by_host("*"),
        by_host(".*", regex=True),
        by_host(r"^shop\.example\.com$", regex=True),
        by_host("b.evil.com", HOST, "*.com"),
    ],
)
def test_a_condition_on_hosts_takes_no_host_from_anybody(host: str, condition: str) -> None:
    """Values of a host-header condition are hosts: they have owners and come after exact ones."""
    rude = evil(host, annotations={"conditions.web": condition, "group.order": "-1000"})

    result = with_both(rude)

    assert on_every_path(result) == [MINE, 404, 404]


def test_who_adds_a_host_of_others_is_told() -> None:
    """The path keeps its own host; the host that is taken is named in the finding."""
    result = with_both(evil(annotations={"conditions.web": by_host(HOST)}))

    assert blamed(result) == {EVIL}
    assert HOST in finding(result, "HOST-TAKEN").message
    assert served(result, "http://a.evil.com/", group="edge") == THEIRS


def test_a_condition_on_hosts_still_means_what_it_says() -> None:
    """Hosts that nobody has are served as before, patterns included, each by a rule of its own."""
    rude = evil(annotations={"conditions.web": by_host("b.evil.com", "*.evil.org")})

    result = with_both(rude)

    hosts = ("a.evil.com", "b.evil.com", "x.y.evil.org")
    assert {served(result, f"http://{host}/", group="edge") for host in hosts} == {THEIRS}
    assert blamed(result) == set()


def test_two_paths_with_hosts_in_conditions_have_rules_of_their_own() -> None:
    """No two rules share an address, however the hosts of paths and conditions overlap."""
    rude = evil(
        "a.evil.com",
        a_path("/p", "web:80"),
        a_path("/p", "api:80"),
        annotations={
            "conditions.web": json.dumps(
                [
                    {
                        "field": "http-request-method",
                        "httpRequestMethodConfig": {"values": ["GET"]},
                    },
                    {"field": "host-header", "hostHeaderConfig": {"values": ["b.evil.com"]}},
                ]
            ),
            "conditions.api": json.dumps(
                [
                    {
                        "field": "http-request-method",
                        "httpRequestMethodConfig": {"values": ["PUT"]},
                    },
                    {"field": "host-header", "hostHeaderConfig": {"values": ["b.evil.com"]}},
                ]
            ),
        },
    )

    result = plan(a_cluster(rude, *some_backends("evil/web", "evil/api")))

    assert len(of_kind(result, "ListenerRule")) == 4
    for host in ("a.evil.com", "b.evil.com"):
        found = [asked(result, f"http://{host}/p", method=m, group="edge") for m in ("GET", "PUT")]
        assert [str(a.reply.backends[0].service) for a in found] == ["evil/web", "evil/api"]


@pytest.mark.parametrize("compatibility", list(Compatibility))
@pytest.mark.parametrize("host", ["a.evil.com", ""])
@pytest.mark.parametrize(
    "condition", [by_host(HOST), by_host("*.com"), by_host(r"^shop\.", regex=True)]
)
def test_tenants_bind_hosts_in_conditions(
    compatibility: Compatibility, host: str, condition: str
) -> None:
    """What spec.tenants gives to others is theirs under either reading, in conditions as well."""
    policy = a_load_balancer_class(
        "policy",
        ingress_classes=("alb",),
        tenants=(
            Tenant(namespaces=("shop",), groups=("edge",), hosts=("example.com",)),
            Tenant(namespaces=("evil",), groups=("edge",), hosts=("evil.com",)),
        ),
    )
    rude = evil(host, annotations={"conditions.web": condition, "group.order": "-1000"})

    result = plan(
        a_cluster(victim(), rude, policy, *BACKENDS),
        settings=some_settings(target_mode="pod", compatibility=compatibility),
    )

    assert blamed(result, "HOST-NOT-ALLOWED") == {EVIL}
    assert served(result, f"http://{HOST}/app", group="edge") == MINE
    assert served(result, f"http://{HOST}/x", group="edge") == 404


@pytest.mark.parametrize("pattern", [by_host(".*", regex=True), by_host("*.com")])
def test_a_held_pattern_opens_no_host(pattern: str) -> None:
    """Who breaks their own Ingress on purpose keeps a rule that any host may meet, and no more."""
    rude = evil(annotations={"conditions.web": pattern})
    world = a_world(victim(), rude)
    broken = evil(annotations={"conditions.web": pattern, "target-type": "bogus"})

    result = plan(a_cluster(victim(), broken, *BACKENDS), world)

    assert blamed(result) == {EVIL}
    assert on_every_path(result) == [MINE, 404, 404]


@pytest.mark.parametrize("paths", [("/*",), ("/app", "/app/*")])
def test_a_condition_on_paths_takes_no_path_of_a_shared_host(paths: Sequence[str]) -> None:
    """Tenants that share a host have it path by path; patterns come after everybody's paths."""
    owners = Tenant(namespaces=("shop", "evil"), groups=("edge",), hosts=("example.com",))
    policy = a_load_balancer_class("policy", ingress_classes=("alb",), tenants=(owners,))
    rude = evil(
        HOST,
        a_path("/zzz", path_type="Exact"),
        annotations={"conditions.web": by_path(*paths), "group.order": "-1000"},
    )

    result = plan(a_cluster(victim(), rude, policy, *BACKENDS))

    assert served(result, f"http://{HOST}/app/cart", group="edge") == MINE
    assert served(result, f"http://{HOST}/zzz", group="edge") == THEIRS


def test_a_condition_on_paths_takes_no_path_of_any_host() -> None:
    """Paths without a host are shared by whoever has them, first come first served."""
    mine = an_ingress(
        str(VICTIM),
        rules=[a_rule("", a_path("/app"))],
        annotations={"group.name": "edge"},
        created=LATER,
    )
    rude = evil(
        "", a_path("/zzz", path_type="Exact"), annotations={"conditions.web": by_path("/*")}
    )

    result = with_both(rude, mine)

    assert served(result, "http://anything.example/app", group="edge") == MINE


def test_nobody_closes_a_host_by_breaking_their_own_ingress() -> None:
    """A host stays closed to others' default backends while its own Ingress is broken."""
    world = a_world(victim(), evil(default_backend="web:80"))
    broken = victim(annotations={"target-type": "bogus"})

    result = plan(a_cluster(broken, evil(default_backend="web:80"), *BACKENDS), world)

    assert blamed(result) == {VICTIM}
    assert on_every_path(result) == [MINE, 404, 404]


# -- properties ------------------------------------------------------------------------------------

_HOSTS = st.sampled_from(
    [HOST, "Shop.Example.Com", "*.example.com", "a.evil.com", "", "localhost", "www.example.com"]
)
_TYPES = st.sampled_from(["Exact", "Prefix", "ImplementationSpecific"])
_PATHS = st.builds(
    lambda path, kind: a_path(path, path_type=kind),
    st.sampled_from(["/", "/app", "/app/cart", "/x"]),
    _TYPES,
)
_NOTES = st.fixed_dictionaries(
    {},
    optional={
        "conditions.web": st.sampled_from(
            [
                by_host(HOST),
                by_host("*.example.com"),
                by_host("*"),
                by_host(".*", regex=True),
                by_path("/*"),
                by_path("/app"),
                "nonsense",
            ]
        ),
        "group.order": st.sampled_from(["-1000", "0", "1000"]),
        "use-regex-path-match": st.sampled_from(["true", "false"]),
        "auth-type": st.sampled_from(["none", "oidc", "cognito"]),
        "target-type": st.sampled_from(["ip", "bogus"]),
        "actions.web": st.just(
            '{"type":"redirect","redirectConfig":{"host":"x.io","statusCode":"HTTP_301"}}'
        ),
        "load-balancer-name": st.just("mine"),
        "wafv2-acl-arn": st.just("none"),
    },
)
_RUDE = st.builds(
    lambda host, paths, notes, default: evil(
        host, *paths, annotations=notes, default_backend=default
    ),
    _HOSTS,
    st.lists(_PATHS, min_size=1, max_size=3),
    _NOTES,
    st.sampled_from(["", "web:80"]),
)
_MINE = st.builds(
    lambda paths: victim(*paths), st.lists(_PATHS, min_size=1, max_size=3, unique_by=str)
)


def answers(result: Plan) -> list[object]:
    paths = ("/", "/app", "/app/cart", "/x", "/other")
    return [served(result, f"http://{HOST}{path}", group="edge") for path in paths]


@settings(max_examples=60, deadline=None)
@given(mine=_MINE, first=_RUDE, second=_RUDE)
def test_what_a_host_answers_is_its_owners_alone(
    mine: Ingress, first: Ingress, second: Ingress
) -> None:
    """Neither who comes nor how they change has a say in a host that somebody was there with."""
    alone = plan(a_cluster(mine, *BACKENDS))
    world = applied(alone)

    joined = plan(a_cluster(mine, first, *BACKENDS), world)
    changed = plan(a_cluster(mine, second, *BACKENDS), applied(joined))

    assert answers(joined) == answers(alone)
    assert answers(changed) == answers(alone)
    assert VICTIM not in blamed(joined) | blamed(changed)


@settings(max_examples=40, deadline=None)
@given(mine=_MINE, rude=_RUDE, later=_MINE)
def test_a_broken_neighbour_is_no_reason_to_answer_otherwise(
    mine: Ingress, rude: Ingress, later: Ingress
) -> None:
    """The owner's changes count as if nobody else were on the load balancer."""
    world = applied(plan(a_cluster(mine, *BACKENDS)))
    joined = applied(plan(a_cluster(mine, rude, *BACKENDS), world))
    broken = replace(
        rude,
        meta=replace(
            rude.meta,
            annotations={**rude.meta.annotations, "alb.ingress.kubernetes.io/target-type": "bogus"},
        ),
    )

    result = plan(a_cluster(later, broken, *BACKENDS), joined)

    assert answers(result) == answers(plan(a_cluster(later, *BACKENDS), world))
    assert {owner for title, owner in rules(result) if title.startswith(HOST)} <= {str(VICTIM)}
