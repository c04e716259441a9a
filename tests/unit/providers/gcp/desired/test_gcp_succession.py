"""Promises about another kind of load balancer: who is asked what, and what exists meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from providers.gcp import addresses, marks
from providers.gcp.addresses import Kind
from provisioner.model.approval import Approval
from provisioner.model.change import Wait
from provisioner.model.expression import Expressed
from provisioner.model.kube import NO_STRINGS, Key
from provisioner.model.resource import Observed, ObservedResource, references
from tests.unit.providers.gcp.desired.certs import (
    a_tls_secret,
    certificates,
    served,
    with_secret,
)
from tests.unit.providers.gcp.desired.worlds import (
    GLOBAL_IP,
    GROUP,
    HTTP_RULE,
    HTTPS_PROXY,
    LISTEN_PORTS,
    SCHEME,
    VARIANT,
    World,
    a_static_address,
    a_web,
    a_world,
    addresses_of,
    finding,
    link_to,
    seen,
    some_backends,
    some_facts,
    spec_of,
)

SECOND = addresses.forwarding_rule(GROUP, 80, balancer=2)
FIRST_IP, SECOND_IP = "198.51.100.1", "198.51.100.2"
JUST_NOW, LONG_AGO = "2026-11-20T15:30:00.000-08:00", "2026-11-20T14:00:00.000-08:00"
CLASSIC, MODERN = {VARIANT: "classic"}, {VARIANT: "global-external"}
REGIONAL, INTERNAL = {VARIANT: "regional-external"}, {VARIANT: "regional-internal"}
HALF_AN_HOUR = 1800


def exists(*expressed: Expressed, created: str = LONG_AGO) -> Observed:
    """What is seen once everything exists; the second load balancer was made when ``created``."""
    found = seen(*expressed).resources
    return Observed(resources={a: _with_age(r, created) for a, r in found.items()})


def _with_age(resource: ObservedResource, created: str) -> ObservedResource:
    if resource.kind != Kind.FORWARDING_RULE:
        return resource
    second = addresses.balancer_of(resource.address) == 2
    said = resource.spec.get("IPAddress")
    ip = said if isinstance(said, str) else SECOND_IP if second else FIRST_IP
    outputs = {**resource.outputs, "IPAddress": ip, "creationTimestamp": LONG_AGO}
    if second:
        outputs["creationTimestamp"] = created
    return replace(resource, outputs=outputs)


def a_wish(
    before: Mapping[str, str] = MODERN,
    after: Mapping[str, str] = INTERNAL,
    *,
    also: Mapping[str, str] = NO_STRINGS,
) -> World:
    """A load balancer that exists, and an Ingress that wants another kind (``also``: besides)."""
    return replace(
        a_world({**after, **also}), observed=exists(a_world({**before, **also}).express())
    )


def asked(world: World) -> Approval:
    """What the world asks somebody to approve."""
    approval = world.express().approval
    assert approval is not None
    assert approval.needed
    return approval


def approved(world: World) -> World:
    """The same world, after somebody has approved what it asks for."""
    return replace(world, approved=world.approved | {asked(world).digest})


def two(created: str = LONG_AGO, world: World | None = None) -> World:
    """Both load balancers exist, the second since then."""
    begun = approved(world or a_wish())
    return replace(begun, observed=exists(begun.express(), created=created))


def rules_of(result: Expressed) -> list[str]:
    """Which forwarding rules are wanted."""
    return addresses_of(result, Kind.FORWARDING_RULE)


@pytest.mark.parametrize(
    ("before", "after"),
    [(MODERN, INTERNAL), (INTERNAL, MODERN), (CLASSIC, REGIONAL), (REGIONAL, INTERNAL)],
)
def test_another_kind_is_a_question_and_everything_else_goes_on(
    before: Mapping[str, str], after: Mapping[str, str]
) -> None:
    """Scheme and scope are fixed at creation: nothing is touched until somebody approves."""
    was = a_world(before).express()
    world = a_wish(before, after)

    result = world.express()

    assert rules_of(result) == [HTTP_RULE]
    assert {r.address: r.spec for r in result.resources} == {
        r.address: r.spec for r in was.resources
    }
    problem = finding(result, "CLOUD-REPLACEMENT-NEEDED")
    assert not problem.blocking
    assert problem.field == f"metadata.annotations[{VARIANT}]"
    assert before[VARIANT] in problem.message
    assert after[VARIANT] in problem.message
    assert result.approval is not None
    assert result.approval.needed


def test_what_is_approved_is_the_replacement_and_nothing_that_moves() -> None:
    """Another setting does not void an approval; a load balancer with another address does."""
    digest = asked(a_wish()).digest
    busier = a_wish(also={"ingress-provisioner.io/timeout-seconds": "90"})
    moved = {
        a: replace(r, outputs={**r.outputs, "IPAddress": "198.51.100.77"})
        for a, r in a_wish().observed.resources.items()
    }

    assert asked(busier).digest == digest
    assert asked(replace(a_wish(), observed=Observed(resources=moved))).digest != digest
    assert asked(a_wish(after=REGIONAL)).digest != digest


@pytest.mark.parametrize(
    ("before", "after"),
    [(MODERN, INTERNAL), (INTERNAL, REGIONAL), (REGIONAL, CLASSIC), (MODERN, REGIONAL)],
)
def test_an_approved_load_balancer_has_its_own_of_all_but_endpoint_groups(
    before: Mapping[str, str], after: Mapping[str, str]
) -> None:
    """Network endpoint groups may stand behind several backend services, nothing else may."""
    was = a_world(before).express()

    result = approved(a_wish(before, after)).express()

    assert rules_of(result) == [HTTP_RULE, SECOND]
    assert result.approval is not None
    assert not result.approval.needed
    old = {r.address: r for r in was.resources}
    new = {r.address: r for r in result.resources}
    assert {a: new[a].spec for a in old} == {a: old[a].spec for a in old}
    names = [(r.kind, r.name, r.spec.get("zone")) for r in result.resources if r.name]
    assert len(names) == len(set(names))
    for address in new.keys() - old.keys():
        assert addresses.balancer_of(address) in (0, 2)
        pointed = {ref.address for v in new[address].spec.values() for ref in references(v)}
        own = {each for each in pointed if "/shared/" not in each}
        assert all(addresses.balancer_of(each) in (0, 2) for each in own)


def test_the_marks_of_the_new_one_say_its_addresses() -> None:
    """After a restart everything is recognised by its description."""
    result = approved(a_wish()).express()

    for resource in result.resources:
        said = str(resource.spec.get("description") or "")
        if said:
            assert marks.address_of(said) == resource.address


def test_both_kinds_have_the_empty_backend_service_and_the_open_ports_that_they_need() -> None:
    """The old one goes on answering 404, and proxies of the region are let in for the new one."""
    result = approved(a_wish()).express()

    assert {note[1] for note in result.shared if note[0] == "nothing"} == {
        "global-external",
        "regional-internal",
    }
    assert {note[2] for note in result.shared if note[0] == "open"} == {"", "europe-west1"}


def test_the_old_one_stays_until_clients_have_forgotten_its_address() -> None:
    """Before ``drain-dns`` is over nobody is even asked; the plan says until when."""
    result = two(JUST_NOW).express()

    assert rules_of(result) == [HTTP_RULE, SECOND]
    assert result.approval is None
    assert result.succession is not None
    assert result.succession.due_seconds == HALF_AN_HOUR
    assert result.succession.doors == (SECOND,)
    assert FIRST_IP in finding(result, "LOAD-BALANCER-KEPT").message


def test_a_replaced_load_balancer_goes_with_a_second_approval() -> None:
    """It stays, however long nobody answers; then only what belongs to the second is left."""
    world = two()
    assert rules_of(world.express()) == [HTTP_RULE, SECOND]
    assert asked(world).digest not in world.approved

    result = approved(world).express()

    assert rules_of(result) == [SECOND]
    assert all(addresses.balancer_of(r.address) in (0, 2) for r in result.resources)
    assert {note[1] for note in result.shared if note[0] == "nothing"} == {"regional-internal"}


def test_the_replaced_one_follows_its_pods_and_stays_as_it_is_otherwise() -> None:
    """Who still uses the old address reaches pods that exist; new settings go to the new one."""
    world = two()
    said = {**INTERNAL, "ingress-provisioner.io/timeout-seconds": "90"}
    emptied = {
        a: replace(r, spec={**r.spec, "networkEndpoints": ()})
        if r.kind == "NetworkEndpoints"
        else r
        for a, r in world.observed.resources.items()
    }
    busier = replace(
        world,
        objects=(a_web(annotations=said), *some_backends()),
        observed=Observed(resources=emptied),
    )

    result = busier.express()

    timeouts = {
        addresses.balancer_of(r.address): r.spec["timeoutSec"]
        for r in result.resources
        if r.kind == Kind.BACKEND_SERVICE
    }
    assert timeouts == {1: 30, 2: 90}
    (endpoints,) = [r for r in result.resources if r.kind == Kind.NETWORK_ENDPOINTS]
    assert endpoints.spec["networkEndpoints"]


def test_clients_move_when_the_new_one_is_up_and_no_backend_is_lost() -> None:
    """The old one's healthy endpoints are what the new one's are measured by, one by one."""
    succession = two().express().succession

    assert succession is not None
    assert succession.complete
    up, healthy = succession.waits
    assert (up.kind, up.on) == (Wait.ACTIVE, (SECOND,))
    assert healthy.kind is Wait.HEALTHY
    assert healthy.on == ("gcp:backend-service/shop/web/web:80/pod@2.1",)
    assert healthy.instead_of == ("gcp:backend-service/shop/web/web:80/pod",)


def test_clients_do_not_move_while_something_of_the_new_one_is_missing() -> None:
    """A second port that does not exist yet would answer nobody."""
    ports = {LISTEN_PORTS: '[{"HTTP": 80}, {"HTTP": 8080}]'}
    world = two(world=a_wish(also=ports))
    gone = addresses.forwarding_rule(GROUP, 8080, balancer=2)
    partly = {a: r for a, r in world.observed.resources.items() if a != gone}

    succession = replace(world, observed=Observed(resources=partly)).express().succession

    assert succession is not None
    assert not succession.complete
    assert gone in succession.doors


def test_what_was_begun_and_cannot_be_reached_yet_goes_when_the_wish_does() -> None:
    """Without a forwarding rule nobody has ever seen the second load balancer."""
    world = two()
    begun = {a: r for a, r in world.observed.resources.items() if a != SECOND}
    back = replace(a_world(MODERN), observed=Observed(resources=begun))

    result = back.express()

    assert rules_of(result) == [HTTP_RULE]
    assert all(addresses.balancer_of(r.address) in (0, 1) for r in result.resources)


def test_an_ingress_that_goes_takes_both_load_balancers_with_it() -> None:
    """Deleting the Ingress needs no approval."""
    world = two()
    intent = replace(world.intent(), members=(), leaving=(Key("shop", "web"),))

    assert world.express(intent).resources == ()


def test_a_third_load_balancer_waits_for_the_end_of_the_first() -> None:
    """Changing one's mind while there are two does not build another one."""
    back = replace(a_world(REGIONAL), observed=two().observed)

    result = back.express()

    assert rules_of(result) == [HTTP_RULE, SECOND]
    assert "still there" in finding(result, "CLOUD-REPLACEMENT-NEEDED").message


@pytest.mark.parametrize(
    ("world", "why"),
    [
        (replace(a_wish(), keep=frozenset({Key("shop", "other")})), "cannot be planned now"),
        (replace(a_wish(), facts=some_facts(proxy_only=False)), "would not work"),
        (a_wish(also={SCHEME: "external"}), "contradicts the scheme"),
    ],
)
def test_what_cannot_be_built_a_second_time_is_refused_by_name(world: World, why: str) -> None:
    """An error says why, nobody is asked, and what serves is kept up to date."""
    result = world.express()

    problem = finding(result, "CLOUD-REPLACEMENT-NEEDED")
    assert problem.blocking
    assert why in problem.message
    assert result.approval is None
    assert rules_of(result) == [HTTP_RULE]


def a_named(name: str, ip: str, *, observed: Observed, kind: Mapping[str, str]) -> World:
    """An Ingress of some kind that names a static address."""
    facts = some_facts(addresses_of={(name, ""): a_static_address(name, ip)})
    return replace(a_world({**kind, GLOBAL_IP: name}, facts=facts), observed=observed)


def test_two_load_balancers_cannot_have_one_static_address() -> None:
    """Google takes one forwarding rule for an address and a port, so the plan says what to do."""
    nobody = Observed()
    before = a_named("web-ip", "203.0.113.7", observed=nobody, kind=MODERN)

    result = a_named(
        "web-ip", "203.0.113.7", observed=exists(before.express()), kind=CLASSIC
    ).express()

    assert finding(result, "CLOUD-REPLACEMENT-NEEDED").blocking
    assert "web-ip" in finding(result, "CLOUD-ADDRESS-BESIDE").message
    assert spec_of(result, HTTP_RULE)["IPAddress"] == "203.0.113.7"


def test_another_static_address_is_for_the_new_one_and_the_old_keeps_its_own() -> None:
    """Naming it together with the new kind must not move the load balancer that serves."""
    before = a_named("web-ip", "203.0.113.7", observed=Observed(), kind=MODERN).express()
    world = a_named("new-ip", "203.0.113.8", observed=exists(before), kind=CLASSIC)
    assert spec_of(world.express(), HTTP_RULE)["IPAddress"] == "203.0.113.7"

    result = approved(world).express()

    assert spec_of(result, HTTP_RULE)["IPAddress"] == "203.0.113.7"
    assert spec_of(result, SECOND)["IPAddress"] == "203.0.113.8"


def test_a_load_balancer_of_unknown_age_stays() -> None:
    """Without a time to count from, nothing is deleted."""
    world = two()
    bare = {
        a: replace(r, outputs={k: v for k, v in r.outputs.items() if k != "creationTimestamp"})
        for a, r in world.observed.resources.items()
    }

    result = replace(world, observed=Observed(resources=bare)).express()

    assert result.approval is None
    assert rules_of(result) == [HTTP_RULE, SECOND]


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [(MODERN, CLASSIC, 1), (MODERN, REGIONAL, 2), (REGIONAL, INTERNAL, 1)],
)
def test_a_certificate_serves_both_where_the_scope_is_the_same(
    before: Mapping[str, str], after: Mapping[str, str], count: int
) -> None:
    """A proxy takes certificates of its own scope only, so elsewhere it is uploaded once more."""
    old = with_secret(a_tls_secret(), before).express()
    world = replace(with_secret(a_tls_secret(), after), observed=exists(old))

    result = approved(world).express()

    found = certificates(result)
    assert len(found) == count
    links = {link for r in (HTTPS_PROXY, f"{HTTPS_PROXY}@2") for link in served(result, r)}
    assert links == {link_to(each.address) for each in found}
    for proxy in (HTTPS_PROXY, f"{HTTPS_PROXY}@2"):
        (link,) = served(result, proxy)
        (one,) = [each for each in found if link == link_to(each.address)]
        assert one.spec.get("region") == spec_of(result, proxy).get("region")
