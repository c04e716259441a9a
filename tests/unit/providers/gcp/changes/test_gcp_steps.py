"""Steps: order beyond references, what goes with what, what is widened before it is narrowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from providers.gcp.changes.steps import steps
from provisioner.core.order import ordered
from provisioner.model.change import Action, Step, Wait, WaitFor
from provisioner.model.resource import Fingerprint, Observed, PlainInput, Ref, Resource
from tests.unit.providers.gcp.changes.building import (
    GROUP,
    MAP,
    ZONE,
    a_backend,
    a_map,
    a_resource,
    acting,
    changes,
    link,
    neg_of,
    operations,
    plan,
    seen,
    service,
    some_room,
)
from tests.unit.providers.gcp.changes.every_kind import (
    CERTIFICATE,
    CHECK,
    IP,
    NEG,
    PROXY,
    RULE,
    SECURE,
    WEB,
    backends,
    everything,
    frontends,
    in_zones,
)

HOST = "shop.example.com"
OLD, NEW = service("web"), service("web", "node-port")
GROUP_OF_ZONE = addresses.instance_group(ZONE)
PORTS = addresses.named_ports(ZONE)
FIREWALL = addresses.firewall("pods")


def test_everything_is_built_from_the_bottom() -> None:
    """Groups and checks, backend services, URL map, proxies, forwarding rules."""
    found = list(plan([*frontends(), *backends(), *in_zones()], []))

    order = [found.index(name) for name in (NEG, WEB, MAP, PROXY, RULE)]
    assert order == sorted(order)
    assert found.index(CHECK) < found.index(WEB)
    assert found.index(CERTIFICATE) < found.index(SECURE)
    assert found.index(IP) < found.index(RULE)


def test_everything_goes_from_the_top() -> None:
    """Google refuses to delete what is in use (resourceInUseByAnotherResource)."""
    found = plan([], [*frontends(), *backends(), *in_zones()])

    order = [list(found).index(name) for name in (RULE, PROXY, MAP, WEB, CHECK)]
    assert order == sorted(order)
    assert list(found).index(WEB) < list(found).index(NEG)
    assert list(found).index(SECURE) < list(found).index(CERTIFICATE)
    assert list(found).index(RULE) < list(found).index(IP)
    assert all(step.wait is None for step in found.values())


def test_parts_go_with_what_they_are_part_of() -> None:
    """No detaching from what is deleted."""
    found = plan([], [*backends(), *in_zones()])

    silent = {name: step.reason for name, step in found.items() if not step.calls}
    assert silent == {
        addresses.endpoints_of(NEG): "goes with its network endpoint group",
        addresses.instances(ZONE): "goes with its instance group",
        PORTS: "goes with its instance group",
        addresses.signed_url_key(WEB, "k1"): "goes with its backend service",
    }


def test_a_backend_service_that_served_goes_when_its_url_maps_have_settled() -> None:
    """DONE is not everywhere (GKE#116, #1756)."""
    other = service("other")
    observed = [
        *a_backend(OLD),
        *a_backend(other),
        a_map({HOST: {"/a": {OLD: 1}, "/b": {other: 1}}}),
    ]

    found = plan([*a_backend(other), a_map({HOST: {"/b": {other: 1}}})], observed)

    assert found[OLD].wait == WaitFor(kind=Wait.SETTLED, on=(MAP,))
    assert MAP in found[OLD].after
    assert list(found).index(OLD) < list(found).index(neg_of(OLD))


def test_one_that_never_served_goes_at_once() -> None:
    """Nobody was ever sent to it."""
    url_map = a_map({HOST: {"/b": {}}})

    assert plan([url_map], [*a_backend(OLD), url_map])[OLD].wait is None


def test_certificates_come_before_and_go_after_the_proxy_changes() -> None:
    """No handshake fails while one is rotated."""
    fresh = addresses.ssl_certificate(GROUP, "shop.example.com", "2")
    old, proxy = everything()["SslCertificate"], everything()["TargetHttpsProxy"]
    new = replace(old, address=fresh, name="ipr-cr-2")

    found = plan([new, proxy.with_spec(sslCertificates=[link(fresh)])], [old, proxy])

    assert acting(found) == [fresh, SECURE, CERTIFICATE]
    assert operations(found, SECURE) == ["targetHttpsProxies.setSslCertificates"]


def test_an_ip_address_in_use_is_reserved_without_touching_its_forwarding_rule() -> None:
    """Promotion costs one call, and no connection."""
    rule = everything()["ForwardingRule"]
    ephemeral = replace(rule, spec={k: v for k, v in rule.spec.items() if k != "IPAddress"})
    reserved = replace(
        everything()["Address"],
        spec={**everything()["Address"].spec, "address": Ref(RULE, "IPAddress")},
    )

    found = plan([reserved, rule], [seen(ephemeral, IPAddress="203.0.113.7")])

    assert operations(found, IP) == ["globalAddresses.insert"]
    assert found[RULE].calls == ()
    assert found[RULE].reason == "its IP address is reserved"


def test_another_ip_address_makes_the_forwarding_rule_anew() -> None:
    """The API cannot change it; the address that is named has to exist first."""
    rule = everything()["ForwardingRule"]

    found = plan([everything()["Address"], rule], [rule.with_spec(IPAddress="203.0.113.7")])

    assert operations(found, RULE) == [
        "globalForwardingRules.delete",
        "globalForwardingRules.insert",
    ]
    assert list(found).index(IP) < list(found).index(RULE)


# -- switches across URL maps ----------------------------------------------------------------------


def walked(desired: Sequence[Resource], observed: Sequence[Resource]) -> Mapping[str, Step]:
    """Return the ordered steps."""
    there = [seen(resource) for resource in observed]
    world = Observed(resources={r.address: r for r in there})
    found = steps(changes(desired, there), world, some_room())
    return {step.id: step for step in ordered(found)}


def test_url_maps_of_two_ports_switch_in_one_turn() -> None:
    """One lets the new one in; both shift, and the old one goes when both have settled."""
    second = addresses.url_map(GROUP, "8080")
    maps = {
        s: [a_map({HOST: {"/a": {s: 1}}}, address=a) for a in (MAP, second)] for s in (OLD, NEW)
    }

    found = walked([*a_backend(NEW), *maps[NEW]], [*a_backend(OLD), *maps[OLD]])

    attaches = [name for name in found if name.endswith("#attach")]
    assert len(attaches) == 1
    assert all(attaches[0] in found[address].after for address in (MAP, second))
    assert found[OLD].wait == WaitFor(kind=Wait.SETTLED, on=tuple(sorted((MAP, second))))


def test_a_turn_that_is_under_way_comes_first() -> None:
    """What was begun is finished before anything else is."""
    a, b = service("a"), service("b")
    a2, b2 = service("a", "node-port"), service("b", "node-port")
    before = a_map({HOST: {"/a": {a: 1}, "/b": {b: 1, b2: 0}}})
    after = a_map({HOST: {"/a": {a2: 1}, "/b": {b2: 1}}})

    found = walked(
        [*a_backend(a2), *a_backend(b2), after],
        [*a_backend(a), *a_backend(b), *a_backend(b2), before],
    )

    names = [name for name in acting(found) if found[name].kind == "UrlMap"]
    assert names == [f"{MAP}#shift", f"{MAP}#attach", MAP]
    assert b in found[a2].after


def test_a_shift_comes_after_the_new_ones_endpoints() -> None:
    """Without them it could never be healthy."""
    observed = [*a_backend(OLD), a_map({HOST: {"/a": {OLD: 1}}})]

    found = plan([*a_backend(NEW), a_map({HOST: {"/a": {NEW: 1}}})], observed)

    assert addresses.endpoints_of(neg_of(NEW)) in found[MAP].after


def test_nothing_to_do_is_steps_without_calls() -> None:
    """A plan shows everything there is."""
    world = [*frontends(), *backends(), *in_zones()]

    found = plan(world, world)

    assert {step.action for step in found.values()} == {Action.NOOP}
    assert all(not step.calls for step in found.values())


def test_an_ip_address_that_nobody_asks_for_stays() -> None:
    """Clients know it; the forwarding rule is not made anew to lose it."""
    rule = everything()["ForwardingRule"]
    unasked = replace(rule, spec={k: v for k, v in rule.spec.items() if k != "IPAddress"})

    assert acting(plan([unasked], [rule])) == []


def a_managed_certificate() -> Resource:
    """Return a certificate that Google issues once it is attached."""
    return a_resource(
        Kind.SSL_CERTIFICATE,
        addresses.ssl_certificate(GROUP, "managed"),
        type="MANAGED",
        managed={"domains": ["shop.example.com"]},
    )


def test_a_certificate_serves_until_the_managed_one_is_issued() -> None:
    """It is issued only while it is attached, which takes up to an hour."""
    managed, old = a_managed_certificate(), everything()["SslCertificate"]
    proxy = everything()["TargetHttpsProxy"]
    fresh = link(managed.address)

    found = plan([managed, proxy.with_spec(sslCertificates=[fresh])], [old, proxy])

    assert acting(found) == [managed.address, f"{SECURE}#attach", SECURE, CERTIFICATE]
    assert found[f"{SECURE}#attach"].fields[0].after == (fresh, link(CERTIFICATE))
    assert found[SECURE].wait == WaitFor(kind=Wait.ACTIVE, on=(managed.address,))


def test_waiting_for_a_certificate_is_taken_up_again() -> None:
    """Both are attached: what is left is the wait."""
    managed, old = a_managed_certificate(), everything()["SslCertificate"]
    proxy = everything()["TargetHttpsProxy"]
    both = proxy.with_spec(sslCertificates=[link(managed.address), link(CERTIFICATE)])

    found = plan(
        [managed, proxy.with_spec(sslCertificates=[link(managed.address)])], [managed, old, both]
    )

    assert acting(found) == [SECURE, CERTIFICATE]
    assert found[SECURE].wait == WaitFor(kind=Wait.ACTIVE, on=(managed.address,))


def test_a_full_proxy_does_not_wait_for_a_certificate() -> None:
    """Fifteen are all it holds; one for which there is no room takes the old one's place."""
    managed, old = a_managed_certificate(), everything()["SslCertificate"]
    proxy = everything()["TargetHttpsProxy"]

    found = plan(
        [managed, proxy.with_spec(sslCertificates=[link(managed.address)])],
        [old, proxy],
        account={"certificates-per-target-https-proxy": 1},
    )

    assert acting(found) == [managed.address, SECURE, CERTIFICATE]
    assert found[SECURE].wait is None


@pytest.mark.parametrize("widened", [False, True], ids=["plain", "widened"])
def test_a_rotated_signing_key_comes_before_what_is_remembered_of_it(*, widened: bool) -> None:
    """Google shows no key: a description that is ahead of it would hide the rotation for good."""
    key = addresses.signed_url_key(WEB, "k1")
    before = [*backends(), *in_zones()]
    after = [_rotated(each, widened=widened) for each in before]

    found = plan(after, before)

    order = acting(found)
    written = [step for step in order if step.partition("#")[0] == WEB]
    assert len(written) == (2 if widened else 1)
    assert order.index(key) < min(map(order.index, written))


def _rotated(resource: Resource, *, widened: bool) -> Resource:
    """Return a resource as it is once the key has another value, and maybe another group."""
    if resource.kind == Kind.SIGNED_URL_KEY:
        return resource.with_spec(keyValue=Fingerprint("e", "b3RoZXI="))
    if resource.address != WEB:
        return resource
    group = "projects/p/zones/z/networkEndpointGroups/n"
    moved: dict[str, PlainInput] = {"backends": [{"group": group}]} if widened else {}
    return resource.with_spec(description='{"signed-url-keys":{"k1":"e"}}', **moved)
