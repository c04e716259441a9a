"""Promises of what stays: a mistake takes nothing down, and nobody's neighbour pays for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from provisioner.model.kube import Key
from provisioner.model.resource import Observed
from tests.factories import a_path, a_rule
from tests.unit.core.secrets.pems import a_pair
from tests.unit.providers.gcp.desired.certs import a_tls_secret
from tests.unit.providers.gcp.desired.worlds import (
    HTTP_RULE,
    IN_GROUP,
    LISTEN_PORTS,
    VARIANT,
    World,
    a_web,
    a_world,
    addresses_of,
    codes,
    ports_of,
    seen,
    some_backends,
    some_facts,
    spec_of,
)

A, B = Key("a", "web"), Key("b", "web")
EDGE = {IN_GROUP: "edge"}


def a_pair_of_members(
    *, broken: bool = False, only_a: bool = False, ports: str = "", secrets: bool = False
) -> World:
    """Return Ingresses ``a/web`` and ``b/web`` on ``edge``.

    Args:
        broken: ``b/web`` cannot be read any more.
        only_a: Nothing mentions ``b/web`` any more.
        ports: What ``b/web`` listens on.
        secrets: Each brings a certificate.
    """
    said = {**EDGE, **({LISTEN_PORTS: ports} if ports else {})}
    wrong = {**said, "ingress-provisioner.io/timeout-seconds": "soon"}
    named = ("tls",) if secrets else ()
    first = a_web("a/web", EDGE, rules=(a_rule("a.example.com"),), secrets=named, hosts=())
    second = a_web(
        "b/web",
        wrong if broken else said,
        rules=(a_rule("b.example.com"),),
        secrets=named,
        hosts=(),
    )
    brought = tuple(a_tls_secret(PAIRS[name], f"{name}/tls") for name in PAIRS if secrets)
    members = (first,) if only_a else (first, second)
    return World(objects=(*members, *some_backends("a/web", "b/web")), secrets=brought)


PAIRS = {name: a_pair(f"{name}.example.com") for name in "ab"}


def hosts_of(world: World) -> set[str]:
    """Return the hosts that the URL map answers for."""
    found = spec_of(world.express(), addresses.url_map("edge"))["hostRules"]
    rules = (
        [rule for rule in found if isinstance(rule, Mapping)] if isinstance(found, tuple) else []
    )
    hosts = [rule["hosts"] for rule in rules]
    return {str(host) for each in hosts if isinstance(each, tuple) for host in each}


def test_an_ingress_that_goes_takes_everything_of_it_along() -> None:
    """Nothing is left of a load balancer that nobody wants."""
    world = a_world().after()
    gone = replace(
        world.intent(), members=(), listeners=(), backends=(), leaving=(Key("shop", "web"),)
    )

    expressed = world.express(gone)

    assert expressed.resources == ()
    assert expressed.common == ()
    assert expressed.shared == ()


def test_a_second_look_wants_just_what_there_is() -> None:
    """The same Ingress again is no change at all."""
    world = a_world()
    first = world.express()

    assert world.after(first).express().resources == first.resources
    assert world.after(first).express().shared == first.shared


def test_a_broken_member_keeps_its_hosts_and_its_backends_as_they_are() -> None:
    """Its neighbour is planned as if nothing had happened."""
    before = a_pair_of_members()
    broken = replace(a_pair_of_members(broken=True), observed=before.after().observed)

    expressed = broken.express()

    assert [q.ingress for q in broken.intent().quarantined] == [B]
    assert hosts_of(broken) == hosts_of(before)
    kept = {r.address for r in expressed.resources if B in r.ingresses}
    assert kept >= {r.address for r in before.express().resources if r.ingresses == (B,)}
    assert codes(expressed) == []


def test_a_member_that_files_do_not_mention_keeps_what_it_has() -> None:
    """Planning one's own files must not take the neighbours down."""
    before = a_pair_of_members()
    partial = replace(
        a_pair_of_members(only_a=True), observed=before.after().observed, keep=frozenset({B})
    )

    expressed = partial.express()

    assert hosts_of(partial) == hosts_of(before)
    assert {r.address for r in before.express().resources} == {
        r.address for r in expressed.resources
    }


def test_a_member_that_is_gone_leaves_nothing_behind() -> None:
    """Where the Ingresses are all there is, what nobody mentions goes."""
    before = a_pair_of_members()
    alone = replace(a_pair_of_members(only_a=True), observed=before.after().observed)

    expressed = alone.express()

    assert not any(B in r.ingresses for r in expressed.resources)
    assert addresses_of(expressed, Kind.BACKEND_SERVICE) == [
        a for a in addresses_of(before.express(), Kind.BACKEND_SERVICE) if "/a/web/" in a
    ]


def test_the_port_of_a_broken_member_stays_open() -> None:
    """Nothing in the cloud says whose a port is, so all stay while somebody is held."""
    before = a_pair_of_members(ports="HTTP:8080")
    broken = replace(
        a_pair_of_members(broken=True, ports="HTTP:8080"), observed=before.after().observed
    )
    alone = replace(a_pair_of_members(only_a=True), observed=before.after().observed)

    assert ports_of(broken.express()) == ["80-80", "8080-8080"]
    assert ports_of(alone.express()) == ["80-80"]


def test_the_certificate_of_a_broken_member_stays_attached() -> None:
    """Its clients go on being answered."""
    before = a_pair_of_members(secrets=True)
    broken = replace(a_pair_of_members(broken=True, secrets=True), observed=before.after().observed)

    first = addresses_of(before.express(), Kind.SSL_CERTIFICATE)
    assert addresses_of(broken.express(), Kind.SSL_CERTIFICATE) == first
    (proxy,) = addresses_of(before.express(), Kind.TARGET_HTTPS_PROXY)
    later = spec_of(broken.express(), proxy)["sslCertificates"]
    assert isinstance(later, tuple)
    assert len(later) == len(first)


def test_the_endpoints_of_a_broken_member_follow_its_pods() -> None:
    """Its settings stay as they are; its traffic must not go to pods that are gone."""
    before = a_pair_of_members()
    observed = before.after().observed
    stale = Observed(
        resources={
            address: replace(found, spec={**found.spec, "networkEndpoints": ()})
            if found.kind == Kind.NETWORK_ENDPOINTS
            else found
            for address, found in observed.resources.items()
        }
    )
    broken = replace(a_pair_of_members(broken=True), observed=stale)

    expressed = broken.express()

    for address in addresses_of(expressed, Kind.NETWORK_ENDPOINTS):
        assert spec_of(expressed, address)["networkEndpoints"]


def test_only_broken_members_keep_the_whole_load_balancer() -> None:
    """There is nobody left to plan for, and everything stays."""
    before = a_world()
    broken = replace(
        a_world({"ingress-provisioner.io/timeout-seconds": "soon"}),
        observed=before.after().observed,
    )

    expressed = broken.express()

    assert {r.address for r in expressed.resources} == {
        r.address for r in before.express().resources
    }
    assert expressed.shared == before.express().shared


def test_a_broken_member_does_not_change_what_the_load_balancer_is() -> None:
    """What it asked for is unknown, so nothing goes back to a default on its account."""
    said = {VARIANT: "regional-external"}
    before = a_world(said)
    broken = replace(
        a_world({**said, "ingress-provisioner.io/timeout-seconds": "soon"}),
        observed=before.after().observed,
    )

    assert spec_of(broken.express(), HTTP_RULE) == spec_of(before.express(), HTTP_RULE)


def test_a_backend_that_is_used_no_more_goes() -> None:
    """A backend service exists as long as something sends requests to it."""
    two = (a_rule("shop.example.com", a_path("/", "web:80"), a_path("/api", "api:80")),)
    one = (a_rule("shop.example.com", a_path("/", "web:80")),)
    services = some_backends("shop/web", "shop/api")
    before = World(objects=(a_web(rules=two), *services))
    after = World(objects=(a_web(rules=one), *services), observed=before.after().observed)

    assert len(addresses_of(before.express(), Kind.BACKEND_SERVICE)) == 2
    assert addresses_of(after.express(), Kind.BACKEND_SERVICE) == [
        addresses.backend_service("shop/web", "web:80/pod")
    ]
    assert len(addresses_of(after.express(), Kind.NETWORK_ENDPOINTS)) == 1


def test_a_network_that_cannot_be_told_leaves_everything_as_it_is() -> None:
    """The load balancer serves on, and the notes for what is shared stay the same."""
    before = a_world()
    lost = replace(
        a_world(facts=some_facts(network_problem="two candidates")),
        observed=before.after().observed,
    )

    expressed = lost.express()

    assert seen(expressed).resources.keys() == before.after().observed.resources.keys()
    assert codes(expressed) == ["CLOUD-NO-NETWORK"]
    assert expressed.shared == before.express().shared


def test_a_broken_member_keeps_its_hosts_on_its_own_port_and_gets_no_other() -> None:
    """Ports whose rules become the same do not merge over its head."""
    both = {**EDGE, LISTEN_PORTS: "HTTP:80, HTTP:8080"}

    def with_second(**said: str) -> World:
        first = a_web("a/web", both, rules=(a_rule("a.example.com"),))
        second = a_web("b/web", {**EDGE, **said}, rules=(a_rule("b.example.com"),))
        return World(objects=(first, second, *some_backends("a/web", "b/web")))

    for own in ("HTTP:80", "HTTP:8080"):
        before = with_second(**{LISTEN_PORTS: own})
        wrong = {"ingress-provisioner.io/timeout-seconds": "soon"}
        broken = replace(
            with_second(**{LISTEN_PORTS: own}, **wrong), observed=before.after().observed
        )

        for port in (80, 8080):
            proxy = addresses.target_proxy("edge", port, https=False)
            was, now = (spec_of(each.express(), proxy)["urlMap"] for each in (before, broken))
            assert now == was
        for address in addresses_of(before.express(), Kind.URL_MAP):
            was, now = (spec_of(each.express(), address) for each in (before, broken))
            assert now["hostRules"] == was["hostRules"]
