"""Promises about a classic load balancer that is to be a modern one: in place, with its address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from provisioner.model.expression import Expressed
from provisioner.model.intent import Compatibility
from provisioner.model.kube import NO_STRINGS
from provisioner.model.resource import Observed
from tests.factories import a_path, a_rule
from tests.unit.providers.gcp.desired.worlds import (
    GLOBAL_IP,
    GROUP,
    HTTP_RULE,
    LISTEN_PORTS,
    SETTINGS,
    URL_MAP,
    VARIANT,
    World,
    a_static_address,
    a_web,
    a_world,
    addresses_of,
    finding,
    seen,
    some_backends,
    some_facts,
    spec_of,
)

CLASSIC, MODERN = {VARIANT: "classic"}, {VARIANT: "global-external"}
SECOND_PORT = addresses.forwarding_rule(GROUP, 8080)
PORTS = {LISTEN_PORTS: '[{"HTTP": 80}, {"HTTP": 8080}]'}
SCHEME = "loadBalancingScheme"
OLD, NEW = "EXTERNAL", "EXTERNAL_MANAGED"


def a_wish(also: Mapping[str, str] = NO_STRINGS) -> World:
    """A classic load balancer that exists, and an Ingress that wants a modern one."""
    before = a_world({**CLASSIC, **also}).express()
    return replace(a_world({**MODERN, **also}), observed=seen(before))


def approved(world: World) -> World:
    """The same world, after somebody has approved what it asks for."""
    approval = world.express().approval
    assert approval is not None
    assert approval.needed
    return replace(world, approved=frozenset({approval.digest}))


def schemes(result: Expressed) -> dict[str, object]:
    """Scheme by kind and address."""
    return {r.address: r.spec[SCHEME] for r in result.resources if SCHEME in r.spec}


def with_scheme(observed: Observed, address: str, scheme: str) -> Observed:
    """The same world with one scheme changed."""
    found = observed.resources[address]
    changed = replace(found, spec={**found.spec, SCHEME: scheme})
    return Observed(resources={**observed.resources, address: changed})


def test_it_takes_one_approval_and_no_second_load_balancer() -> None:
    """Everything stays what it is but for the schemes, which Google can change in place."""
    world = a_wish()
    before = world.express()
    assert set(schemes(before).values()) == {OLD}
    assert "with its address" in finding(before, "CLOUD-REPLACEMENT-NEEDED").message

    result = approved(world).express()

    assert set(schemes(result).values()) == {NEW}
    assert result.succession is None
    assert result.approval is not None
    assert not result.approval.needed
    unlike = {
        (r.kind, name)
        for r in result.resources
        for name in r.spec
        if r.spec[name] != spec_of(before, r.address).get(name)
    }
    assert unlike == {("ForwardingRule", SCHEME), ("BackendService", SCHEME)}


def test_an_interrupted_migration_goes_on_with_the_same_backend_services() -> None:
    """One that has the new scheme already is not made anew for the sake of the classic one."""
    world = approved(a_wish())
    services = addresses_of(world.express(), Kind.BACKEND_SERVICE)
    moved = replace(world, observed=with_scheme(world.observed, services[0], NEW))

    result = moved.express()

    assert addresses_of(result, Kind.BACKEND_SERVICE) == services
    assert set(schemes(result).values()) == {NEW}


def test_between_two_forwarding_rules_the_rest_follows_whatever_is_asked() -> None:
    """One URL map cannot serve both kinds for long."""
    world = a_wish(PORTS)
    half = world.observed
    for service in addresses_of(world.express(), Kind.BACKEND_SERVICE):
        half = with_scheme(half, service, NEW)
    half = with_scheme(half, HTTP_RULE, NEW)

    back = replace(a_world({**CLASSIC, **PORTS}), observed=half).express()

    assert set(schemes(back).values()) == {NEW}
    assert {HTTP_RULE, SECOND_PORT} <= schemes(back).keys()
    assert back.approval is None


def test_forwarding_rules_wait_for_a_backend_service_that_is_only_made_now() -> None:
    """It is made as a classic one, and migrated with the next plan."""
    world = approved(a_wish())
    rules = [a_rule("shop.example.com", a_path("/"), a_path("/new", "new:80"))]
    busier = replace(
        world,
        objects=(a_web(annotations=MODERN, rules=rules), *some_backends("shop/web", "shop/new")),
    )

    result = busier.express()

    found = schemes(result)
    assert found[HTTP_RULE] == OLD
    assert found["gcp:backend-service/shop/web/new:80/pod"] == OLD
    assert found["gcp:backend-service/shop/web/web:80/pod"] == NEW


def test_a_static_address_stays_where_it_is() -> None:
    """DNS and clients notice nothing."""
    facts = some_facts(addresses_of={("web-ip", ""): a_static_address("web-ip", "203.0.113.7")})
    named = {GLOBAL_IP: "web-ip"}
    before = a_world({**CLASSIC, **named}, facts=facts).express()
    world = replace(a_world({**MODERN, **named}, facts=facts), observed=seen(before))

    result = approved(world).express()

    assert addresses_of(result, Kind.FORWARDING_RULE) == [HTTP_RULE]
    assert spec_of(result, HTTP_RULE)["IPAddress"] == "203.0.113.7"


def test_what_a_classic_one_refuses_keeps_it_from_becoming_a_modern_one() -> None:
    """The part that is kept aside would lead to a classic backend service in the end."""
    world = a_wish()
    weighted = {**MODERN, "ingress-provisioner.io/weights": "web:80=1,two:80=1"}
    result = replace(
        world,
        objects=(a_web(annotations=weighted), *some_backends("shop/web", "shop/two")),
    ).express()

    assert result.quarantined
    assert finding(result, "CLOUD-REPLACEMENT-NEEDED").blocking
    assert result.approval is None


def test_where_backend_services_are_everybodys_it_is_a_replacement() -> None:
    """Under GKE's reading others lead to them who stay classic."""
    settings = replace(SETTINGS, compatibility=Compatibility.INCUMBENT)
    before = a_world(settings=settings).express()
    world = replace(a_world(MODERN, settings=settings), observed=seen(before))

    result = approved(world).express()

    assert addresses_of(result, Kind.FORWARDING_RULE) == [HTTP_RULE, f"{HTTP_RULE}@2"]
    assert addresses_of(result, Kind.URL_MAP) == [URL_MAP, f"{URL_MAP}@2"]
    common = [r.address for r in result.common if r.kind == Kind.BACKEND_SERVICE]
    assert len(common) == len(set(common))
    assert {addresses.balancer_of(each) for each in common} == {1, 2}
