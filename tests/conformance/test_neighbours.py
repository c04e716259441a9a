"""What a member of a shared load balancer can never do to the others.

Anybody who may create an Ingress in one namespace may join an explicit group. Each test gives such
a person, ``evil``, something to write, and states what the neighbours keep.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from providers.aws import addresses
from provisioner.model.intent import PathType
from provisioner.model.kube import Ingress, IngressTls, Key
from provisioner.model.plan import Plan
from provisioner.model.resource import Observed, references
from tests.conformance.pipeline import (
    a_cluster,
    applied,
    blamed,
    finding,
    of_kind,
    part,
    plan,
    rules,
    some_files,
)
from tests.factories import (
    a_path,
    a_rule,
    a_service,
    a_workload,
    an_ingress,
    some_settings,
)
from tests.unit.providers.aws.express.worlds import a_certificate, arn, some_backends, some_facts

EVIL, VICTIM = Key("evil", "x"), Key("shop", "v")
BACKENDS = some_backends("shop/web", "evil/web")
EARLIER, LATER, LATEST = "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z", "2022-01-01T00:00:00Z"
HTTPS = '[{"HTTPS": 443}]'


def victim(
    host: str = "shop.example.com",
    path: str = "/",
    *,
    annotations: Mapping[str, str] | None = None,
    default_backend: str = "",
) -> Ingress:
    return an_ingress(
        str(VICTIM),
        rules=[a_rule(host, a_path(path))],
        annotations={"group.name": "edge", **(annotations or {})},
        default_backend=default_backend,
        created=LATER,
    )


def evil(
    *hosts: str,
    path: str = "/",
    annotations: Mapping[str, str] | None = None,
    default_backend: str = "",
    created: str = LATEST,
) -> Ingress:
    return an_ingress(
        str(EVIL),
        rules=[a_rule(host, a_path(path)) for host in hosts or ("a.evil.com",)],
        annotations={"group.name": "edge", **(annotations or {})},
        default_backend=default_backend,
        created=created,
    )


def a_world(*ingresses: Ingress) -> Observed:
    return applied(plan(a_cluster(*ingresses, *BACKENDS)))


def owners(plan_: Plan, host: str) -> set[str]:
    return {owner for title, owner in rules(plan_) if title.startswith(f"{host} ")}


def default_of(plan_: Plan, port: int = 80) -> set[str]:
    (listener,) = [
        r for r in of_kind(plan_, "Listener") if r.address == addresses.listener("edge", port)
    ]
    return {ref.address for ref in references(listener.spec["DefaultActions"])}


def test_a_host_stays_with_the_namespace_that_programmed_it() -> None:
    """An older Ingress that adds somebody's host later is a newcomer to that host."""
    world = a_world(evil(created=EARLIER), victim())

    result = plan(
        a_cluster(evil("a.evil.com", "shop.example.com", created=EARLIER), victim(), *BACKENDS),
        world,
    )

    assert owners(result, "shop.example.com") == {str(VICTIM)}
    assert blamed(result) == {EVIL}
    assert finding(result, "HOST-TAKEN").field == "spec.rules[1].http.paths[0]"


@pytest.mark.parametrize("host", ["*.example.com", "localhost"])
def test_hosts_that_aws_knows_only_as_patterns_have_owners_too(host: str) -> None:
    """A wildcard or a host without a dot may be a regular expression in the cloud."""
    world = a_world(evil("", path="/x", created=EARLIER), victim(host))
    greedy = evil(host, path="/y", created=EARLIER)

    result = plan(a_cluster(greedy, victim(host), *BACKENDS), world)

    assert owners(result, host) == {str(VICTIM)}
    assert blamed(result) == {EVIL}


@pytest.mark.parametrize(
    "annotations",
    [
        {"scheme": "internet-facing"},
        {"inbound-cidrs": "0.0.0.0/0"},
        {"listen-ports": '[{"HTTPS": 80}]'},
        {"security-groups": "sg-node"},
    ],
)
def test_group_order_does_not_give_a_newcomer_the_first_word(
    annotations: Mapping[str, str],
) -> None:
    """What is agreed among those who are there is not undone by writing a lower group-order."""
    careful = victim(
        annotations={
            "scheme": "internal",
            "inbound-cidrs": "10.0.0.0/8",
            "listen-ports": '[{"HTTP": 80}]',
            "security-groups": "sg-own",
        }
    )
    facts = some_facts()
    facts = replace(
        facts,
        security_groups=(
            *facts.security_groups,
            replace(facts.security_groups[0], id="sg-own", name="own"),
        ),
    )
    before = plan(a_cluster(careful, *BACKENDS), facts=facts)
    rude = evil(annotations={**annotations, "group.order": "-1000"})

    result = plan(a_cluster(careful, rude, *BACKENDS), applied(before), facts=facts)

    assert blamed(result, "GROUP-CONFLICT") == {EVIL}
    assert blamed(result) == {EVIL}
    assert part(result).resources == part(before).resources


def test_a_default_backend_is_not_taken_over() -> None:
    """Who answers when no rule matches stays, whatever group-order a newcomer writes."""
    mine = victim(path="/app", default_backend="web:80")
    rude = evil(annotations={"group.order": "-1000"}, default_backend="web:80")

    result = plan(a_cluster(mine, rude, *BACKENDS), a_world(mine))

    assert blamed(result, "LISTENER-DEFAULT-BACKEND") == {EVIL}
    assert default_of(result) == {"aws:target-group/edge/shop/v/web:80/pod"}


def test_a_path_without_a_host_stays_with_who_has_it() -> None:
    """Paths of no host belong to no namespace, so who is there keeps them."""
    mine = victim("", "/app")
    rude = evil("", path="/app", annotations={"group.order": "-1000"})

    result = plan(a_cluster(mine, rude, *BACKENDS), a_world(mine))

    assert rules(result) == [("* /app (Prefix) -> web:80", str(VICTIM))]
    assert blamed(result, "PATH-DUPLICATE") == {EVIL}


def test_nobody_elses_default_backend_answers_for_a_host() -> None:
    """Unmatched paths of a host are its Ingress's: its default backend, else 404.

    Else one default backend would see every unmatched request of everybody's hosts, and could
    prove to a certificate authority that it owns them.
    """
    result = plan(a_cluster(victim(path="/app"), evil(default_backend="web:80"), *BACKENDS))

    assert ("shop.example.com (everything else) -> 404", str(VICTIM)) in rules(result)
    assert default_of(result) == {"aws:target-group/edge/evil/x/web:80/pod"}


def test_hosts_stay_closed_while_the_default_backend_is_held() -> None:
    """A mistake in the Ingress with the default backend opens nobody's host to it."""
    before = plan(a_cluster(victim(path="/app"), evil(default_backend="web:80"), *BACKENDS))
    broken = evil(default_backend="web:80", annotations={"target-type": "bogus"})

    result = plan(a_cluster(victim(path="/app"), broken, *BACKENDS), applied(before))

    assert part(result).changes == ()
    assert blamed(result) == {EVIL}


@pytest.mark.parametrize(
    ("annotations", "code"),
    [
        ({"subnets": "subnet-bogus"}, "SUBNET-NOT-FOUND"),
        ({"security-groups": "sg-bogus"}, "SECURITY-GROUP-NOT-FOUND"),
        ({"load-balancer-name": "internal-x"}, "CLOUD-NAME-INVALID"),
        ({"ip-address-type": "dualstack"}, "SUBNET-NOT-ENOUGH"),
        ({"scheme": "internet-facing"}, "SUBNET-NOT-ENOUGH"),
    ],
)
def test_an_impossible_wish_does_not_keep_the_load_balancer_from_being_made(
    annotations: Mapping[str, str], code: str
) -> None:
    """The one who wishes it is set aside and told; the others get their load balancer."""
    subnets = [
        replace(s, tags={"kubernetes.io/role/internal-elb": "1"}) for s in some_facts().subnets
    ]
    facts = some_facts(subnets=subnets)

    result = plan(a_cluster(victim(), evil(annotations=annotations), *BACKENDS), facts=facts)

    assert blamed(result) == {EVIL}
    assert blamed(result, code) == {EVIL}
    assert of_kind(result, "LoadBalancer")
    assert rules(result) == [("shop.example.com / (Prefix) -> web:80", str(VICTIM))]
    assert part(result).applyable


@pytest.mark.parametrize("prefix", ["ingress-provisioner.io/", "alb.ingress.kubernetes.io/"])
def test_an_impossible_change_is_told_to_who_asks_for_it(prefix: str) -> None:
    """The scheme of a load balancer cannot change; who said so is told, in the field they wrote."""
    word = "external" if prefix.startswith("ingress-provisioner") else "internet-facing"

    result = plan(
        a_cluster(victim(), evil(annotations={f"{prefix}scheme": word}), *BACKENDS),
        a_world(victim()),
    )

    assert blamed(result) == {EVIL}
    told = finding(result, "CLOUD-REPLACEMENT-NEEDED")
    assert told.field == f"metadata.annotations[{prefix}scheme]"


def test_certificates_over_the_limit_are_refused_to_who_needs_them() -> None:
    """30 certificates for one Ingress and a limit of 25: that Ingress waits, nobody else."""
    facts = some_facts(
        certificates=[
            a_certificate("v", "shop.example.com"),
            *(a_certificate(f"c{n}", f"h{n}.evil.com") for n in range(30)),
        ]
    )
    mine = victim(annotations={"listen-ports": HTTPS})
    before = plan(a_cluster(mine, *BACKENDS), facts=facts)
    greedy = replace(
        evil("h0.evil.com", annotations={"listen-ports": HTTPS}),
        tls=(IngressTls(hosts=tuple(f"h{n}.evil.com" for n in range(30))),),
    )

    result = plan(a_cluster(mine, greedy, *BACKENDS), applied(before), facts=facts)

    assert blamed(result) == {EVIL}
    assert "30 (evil/x)" in finding(result, "LIMIT-EXCEEDED").message
    assert part(result).changes == ()


def test_growing_over_the_certificate_limit_keeps_what_was_there() -> None:
    """An Ingress that is programmed and asks for too many keeps what it has."""
    facts = some_facts(certificates=[a_certificate(f"c{n}", f"h{n}.evil.com") for n in range(30)])
    modest = evil("h0.evil.com", annotations={"listen-ports": HTTPS})
    before = plan(a_cluster(modest, *BACKENDS), facts=facts)
    greedy = replace(modest, tls=(IngressTls(hosts=tuple(f"h{n}.evil.com" for n in range(30))),))

    result = plan(a_cluster(greedy, *BACKENDS), applied(before), facts=facts)

    assert blamed(result, "LIMIT-EXCEEDED") == {EVIL}
    assert part(result).changes == ()


def test_blocks_over_the_limit_of_a_security_group_are_refused() -> None:
    """100 CIDR blocks on the shared port do not fit into a security group of 60 rules."""
    blocks = ",".join(f"10.{n}.0.0/16" for n in range(100))

    result = plan(
        a_cluster(victim(), evil(annotations={"inbound-cidrs": blocks}), *BACKENDS),
        a_world(victim()),
    )

    assert blamed(result) == {EVIL}
    assert part(result).changes == ()


def test_who_listens_already_is_not_refused_for_others_ports() -> None:
    """60 ports of newcomers are over the limits; port 80 was there before."""
    ports = json.dumps([{"HTTP": 8000 + n} for n in range(60)])
    greedy = evil(annotations={"listen-ports": ports})
    second = replace(greedy, meta=replace(greedy.meta, name="y"), rules=(a_rule("b.evil.com"),))

    result = plan(a_cluster(victim(), greedy, second, *BACKENDS), a_world(victim()))

    assert blamed(result) == {EVIL, Key("evil", "y")}
    assert part(result).changes == ()


def test_a_backend_too_large_for_either_mode_costs_only_its_ingress() -> None:
    """On a new load balancer the mode is still open; one huge backend does not keep it so."""
    huge = (a_service("evil/web", service_type="ClusterIP"), a_workload("evil/web", replicas=5000))

    result = plan(
        a_cluster(victim(), evil(), *some_backends("shop/web"), *huge), settings=some_settings()
    )

    assert blamed(result, "MODE-NEITHER-FITS") == {EVIL}
    assert rules(result) == [("shop.example.com / (Prefix) -> web:80", str(VICTIM))]
    assert part(result).applyable


def test_a_dead_backend_keeps_its_last_good_rule_and_says_so() -> None:
    """A Service that vanished leaves its path as it was, and the plan does not call it a 503."""
    both = an_ingress("shop/a", rules=[a_rule("x.io", a_path("/a"), a_path("/b", "api:80"))])
    before = plan(a_cluster(both, *some_backends("shop/web", "shop/api")))

    result = plan(a_cluster(both, *some_backends("shop/web")), applied(before))

    assert part(result, "shop/a").changes == ()
    assert f"x.io /b ({PathType.PREFIX.value}) (last good rule)" in dict(rules(result, "shop/a"))


def test_files_do_not_take_the_host_of_an_ingress_that_they_do_not_mention() -> None:
    """One team's pipeline sees its own files; the other's host is still the other's."""
    world = a_world(evil(), victim())
    mine = replace(
        some_files(evil("a.evil.com", "shop.example.com"), *BACKENDS), asked_cluster=True
    )

    result = plan(mine, world)

    assert blamed(result, "HOST-TAKEN") == {EVIL}
    assert sorted(owner for _, owner in rules(result)) == [str(EVIL), str(VICTIM)]
    assert part(result).changes == ()


def test_each_is_told_of_the_certificate_that_it_names() -> None:
    """Of several members that name certificates on one port, the one with the wrong name."""
    facts = some_facts(certificates=[a_certificate("v", "shop.example.com")])
    good = {"listen-ports": HTTPS, "certificate-arn": arn("v")}
    bad = {"listen-ports": HTTPS, "certificate-arn": "bogus"}

    result = plan(
        a_cluster(victim(annotations=good), evil(annotations=bad), *BACKENDS), facts=facts
    )

    assert blamed(result) == {EVIL}
    assert finding(result, "CERTIFICATE-NAME").subject == "Ingress evil/x"


def test_ipv6_is_not_asked_of_subnets_that_have_none() -> None:
    """AWS would refuse it, and with it every other change of the load balancer."""
    result = plan(
        a_cluster(victim(), evil(annotations={"ip-address-type": "dualstack"}), *BACKENDS),
        a_world(victim()),
    )

    assert blamed(result, "SUBNET-NO-IPV6") == {EVIL}
    assert [r.spec["IpAddressType"] for r in of_kind(result, "LoadBalancer")] == ["ipv4"]


def test_a_tls_policy_that_cannot_exist_is_refused_to_who_writes_it() -> None:
    """AWS would refuse the listener, and it is everybody's."""
    result = plan(
        a_cluster(
            victim(annotations={"listen-ports": HTTPS, "certificate-arn": arn("v")}),
            evil(annotations={"listen-ports": HTTPS, "ssl-policy": "TLS 1.2"}),
            *BACKENDS,
        ),
        facts=some_facts(certificates=[a_certificate("v", "shop.example.com", "a.evil.com")]),
    )

    assert blamed(result) == {EVIL}
    (listener,) = of_kind(result, "Listener")
    assert listener.spec["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
