"""The promise of every native annotation: its value, default, wrong value, place and company.

One row per annotation of AWS Load Balancer Controller 3.5.0 stands in the ``*_cases`` modules
beside this one, written by hand; each test below asks one question of all of them.
"""

from __future__ import annotations

import re

import pytest

from providers.aws import provider
from providers.aws.annotations import NATIVE
from providers.aws.settings import PREFIX
from provisioner.core.translate import intents
from provisioner.model.annotation import Annotation, Merge, Place
from provisioner.model.diagnostic import Severity
from provisioner.model.intent import LoadBalancerIntent
from provisioner.model.kube import Key
from tests.factories import (
    a_path,
    a_port,
    a_rule,
    a_service,
    a_snapshot,
    an_ingress,
    some_settings,
)
from tests.unit.providers.aws.annotations.balancer_cases import LISTENERS, LOAD_BALANCER
from tests.unit.providers.aws.annotations.cases import Case, reading_of, value_of
from tests.unit.providers.aws.annotations.nlb_cases import FRONTEND_NLB
from tests.unit.providers.aws.annotations.routing_cases import AUTHENTICATION, BACKENDS, ROUTING

CASES = (*LOAD_BALANCER, *LISTENERS, *BACKENDS, *AUTHENTICATION, *ROUTING, *FRONTEND_NLB)
PARSED = tuple(case for case in CASES if case.wrong)
ROWS: dict[str, Annotation[object]] = {a.key.removeprefix(PREFIX): a for a in NATIVE}

FIRST, LATER = Key("shop", "first"), Key("shop", "later")
WEB = a_service("shop/web", a_port(80, node_port=30080))
BASE = {
    "group.name": "edge",
    "listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}, {"HTTPS": 8443}]',
    "certificate-arn": "arn:aws:acm:eu-west-1:111122223333:certificate/c1",
}

every = pytest.mark.parametrize("case", CASES, ids=str)


def test_the_table_knows_exactly_these_annotations() -> None:
    """69 of LBC's constants (web-acl-id is an alias of one) and its three families of rules."""
    assert [case.suffix for case in CASES if case.suffix not in ROWS] == []
    assert sorted(case.suffix for case in CASES) == sorted(ROWS)
    assert len(CASES) == 69 + 3


@every
def test_a_good_value_is_read_as_what_it_means(case: Case) -> None:
    """Nothing is said about it, and its setting has the typed value."""
    reading = reading_of({case.key: case.good})

    assert reading.diagnostics == ()
    assert value_of(reading, case) == case.value
    assert reading_of({case.key: case.other}).diagnostics == ()


@pytest.mark.parametrize("case", PARSED, ids=str)
def test_a_wrong_value_is_an_error_that_names_the_key_and_a_way_out(case: Case) -> None:
    """What AWS would refuse while a plan is applied is refused in the plan."""
    reading = reading_of({case.key: case.wrong})

    [problem] = reading.diagnostics
    assert (problem.code, problem.severity) == ("ANNOTATION-VALUE", Severity.ERROR)
    assert case.key in problem.message
    assert case.hint in problem.hint
    assert problem.field == f"metadata.annotations[{case.key}]"
    assert reading.failed == {case.setting}


def test_the_annotations_that_take_every_text_are_known() -> None:
    """A list of names cannot be wrong before the account is asked."""
    assert {case.suffix for case in CASES if not case.wrong} == {
        "dry-run-plan",
        "frontend-nlb-security-groups",
        "frontend-nlb-subnets",
        "healthcheck-path",
        "ipam-ipv4-pool-id",
        "security-groups",
        "subnets",
        "waf-acl-id",
        "wafv2-acl-name",
        "web-acl-id",
    }


@every
def test_an_annotation_is_heard_on_its_objects_and_told_on_others(case: Case) -> None:
    """On a Service, backend settings count and load balancer settings are a warning."""
    reading = reading_of({case.key: case.good}, Place.SERVICE)

    if Place.SERVICE in case.places:
        assert reading.diagnostics == ()
        assert value_of(reading, case) == case.value
    else:
        [problem] = reading.diagnostics
        assert (problem.code, problem.severity) == ("ANNOTATION-PLACE", Severity.WARNING)
        assert problem.hint == "put it on the Ingress"
        assert not reading.values.said
        assert not reading.values.families


@every
def test_the_reference_page_says_what_holds_without_it(case: Case) -> None:
    """Value type, place, company and default are on the page, which is made of this table."""
    row = ROWS[case.suffix]

    assert row.default == case.default
    assert row.places == frozenset(case.places)
    assert row.merge is case.merge
    assert row.type_name
    assert row.summary.endswith(".")
    assert "not supported" not in row.summary


def members(case: Case, first: str, later: str) -> tuple[LoadBalancerIntent, ...]:
    """Return what two members of group ``edge`` become that say these values."""
    ingresses = [
        an_ingress(
            str(key),
            rules=[a_rule(f"{key.name}.example.com", a_path("/", "web:80"))],
            annotations={**BASE, case.key.removeprefix(PREFIX): value},
            created=f"2026-01-0{day}T00:00:00Z",
        )
        for day, (key, value) in enumerate(((FIRST, first), (LATER, later)), start=1)
    ]
    return intents(a_snapshot(WEB, *ingresses), provider, some_settings()).load_balancers


def accepted(balancers: tuple[LoadBalancerIntent, ...]) -> set[Key]:
    """Return the members that are on their load balancer."""
    return {member.ingress for balancer in balancers for member in balancer.members}


@every
def test_members_that_say_the_same_are_all_served(case: Case) -> None:
    """Agreement is no conflict, whatever the kind."""
    assert accepted(members(case, case.good, case.good)) == {FIRST, LATER}


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.merge in {Merge.EXCLUSIVE, Merge.PER_PORT, Merge.UNION}], ids=str
)
def test_members_that_contradict_each_other_cost_the_later_one_its_place(case: Case) -> None:
    """Only the later one is held back, and told by whom, in words that name both."""
    [balancer] = members(case, case.good, case.other)

    assert accepted((balancer,)) == {FIRST}
    assert {(q.ingress, q.path) for q in balancer.quarantined} == {(LATER, "")}
    problem = balancer.quarantined[0].diagnostic
    assert problem.code == "GROUP-CONFLICT"
    assert problem.subject == f"Ingress {LATER}"
    assert f"Ingress {FIRST}" in problem.message
    assert case.key in problem.message
    assert not {"mappingproxy", "MutualTls", "Enum"} & set(re.findall(r"\w+", problem.message))


@pytest.mark.parametrize("case", [c for c in CASES if c.merge in {Merge.OWN, Merge.RULE}], ids=str)
def test_members_may_differ_in_what_concerns_only_themselves(case: Case) -> None:
    """Backends and rules belong to one Ingress each."""
    balancers = members(case, case.good, case.other)

    assert accepted(balancers) == {FIRST, LATER}


def test_maps_of_members_add_up() -> None:
    """Different keys are no conflict; the load balancer has them all."""
    row = next(case for case in CASES if case.suffix == "load-balancer-attributes")

    [balancer] = members(row, "idle_timeout.timeout_seconds=60", "routing.http2.enabled=false")

    assert accepted((balancer,)) == {FIRST, LATER}
    assert balancer.attributes == {
        "idle_timeout.timeout_seconds": "60",
        "routing.http2.enabled": "false",
    }


def test_attributes_of_one_listener_add_up_across_members() -> None:
    """They are merged by key per listener, as LBC merges them."""
    row = next(case for case in CASES if case.suffix == "listener-attributes.*")
    server, frame = (
        "routing.http.response.server.enabled",
        "routing.http.response.x_frame_options.header_value",
    )

    [balancer] = members(row, f"{server}=false", f"{frame}=DENY")

    assert balancer.options["listener-attributes"] == {
        "HTTPS-443": {server: "false", frame: "DENY"}
    }


def test_mutual_tls_of_different_ports_is_no_conflict() -> None:
    """Each port hears only what is said about it, so lists need not be the same."""
    row = next(case for case in CASES if case.suffix == "mutual-authentication")

    [balancer] = members(
        row, '[{"port": 443, "mode": "passthrough"}]', '[{"port": 8443, "mode": "off"}]'
    )

    assert accepted((balancer,)) == {FIRST, LATER}
    assert [str(word) for word in _words(balancer, "mutual-authentication:443")] == ["passthrough"]
    assert [str(word) for word in _words(balancer, "mutual-authentication:8443")] == ["off"]


def _words(balancer: LoadBalancerIntent, option: str) -> tuple[object, ...]:
    found = balancer.options[option]
    assert isinstance(found, tuple)
    return found


def test_per_port_settings_of_different_ports_are_no_conflict() -> None:
    """Members that share no port need not agree on a port's policy."""
    ingresses = [
        an_ingress(
            f"shop/{name}",
            annotations={
                "group.name": "edge",
                "listen-ports": f'[{{"HTTP": {port}}}]',
                "inbound-cidrs": cidr,
            },
            rules=[a_rule(f"{name}.example.com")],
        )
        for name, port, cidr in (("a", 80, "10.0.0.0/8"), ("b", 8080, "192.168.0.0/16"))
    ]

    [balancer] = intents(a_snapshot(WEB, *ingresses), provider, some_settings()).load_balancers

    assert {one.port: one.inbound_cidrs for one in balancer.listeners} == {
        80: ("10.0.0.0/8",),
        8080: ("192.168.0.0/16",),
    }


def test_without_annotations_nothing_is_asked_for() -> None:
    """Defaults are the product's, and what exists is left alone where AWS has one of its own."""
    plain = an_ingress("shop/web", annotations={})

    [balancer] = intents(a_snapshot(WEB, plain), provider, some_settings()).load_balancers

    [listener] = balancer.listeners
    [backend] = balancer.backends
    assert (balancer.scheme, balancer.address_type, balancer.load_balancer_name) == (
        None,
        None,
        None,
    )
    assert (balancer.subnets, balancer.security_groups, balancer.attributes) == ((), (), {})
    assert balancer.options == {}
    assert (listener.port, listener.protocol, listener.redirect_to) == (80, "HTTP", None)
    assert (listener.inbound_cidrs, listener.prefix_lists, listener.ssl_policy) == ((), (), None)
    assert (backend.mode, backend.protocol, backend.protocol_version) == (None, "HTTP", "HTTP1")
    assert backend.health_check.port == "traffic-port"
    assert backend.health_check.path is None
    assert backend.options == {}
    assert [rule.options for rule in listener.rules] == [{}]
