"""Annotations of several Ingresses on one load balancer: what is joined, what goes with whom."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from provisioner.model.resource import Json
from tests.contract.annotations import look
from tests.contract.annotations.look import Look
from tests.contract.annotations.row import HTTPS, NATIVE, PORTABLE
from tests.contract.annotations.site import Site
from tests.contract.provider.desk import calls_of
from tests.contract.provider.manifests import Document, Route, ingress

GROUP = "edge"
GROUP_KEYS = (f"{NATIVE}group.name", f"{PORTABLE}group")
ORDER_KEYS = (f"{NATIVE}group.order", f"{PORTABLE}group-order")
FRAMES = "routing.http.response.x_frame_options.header_value"
SERVER = "routing.http.response.server.enabled"
IDLE = "idle_timeout.timeout_seconds"
HTTP2 = "routing.http2.enabled"


def member(site: Site, name: str, *routes: Route, **said: str) -> Document:
    """Return a member of the group; ``said`` are native annotations."""
    notes = {f"{NATIVE}{key.replace('_', '-')}": site.things.fill(v) for key, v in said.items()}
    default = Route(host=f"{name}.shop.example.com")
    return ingress(name, *(routes or (default,)), group=GROUP, annotations=notes)


def facing(site: Site) -> Mapping[str, Json]:
    """Return what two members share, as AWS has it."""
    seen = Look(site.cloud.account, GROUP)
    balancer = seen.tags(seen.arn)
    return {
        "tags": [*sorted(key for key in balancer if "/" not in key)],
        "ports": look.ports(seen),
        "certificates": look.certificates(seen),
        "attributes": look.balancer_attribute(IDLE, HTTP2)(seen),
        "frames": look.listener_attribute(FRAMES)(seen),
        "server": look.listener_attribute(SERVER)(seen),
        "open to": look.open_to(seen),
        "policy": look.listener("SslPolicy")(seen),
        "rules": len(seen.rules()),
    }


def test_what_two_members_say_is_joined_and_goes_with_them(site: Site) -> None:
    """Tags, certificates and ports of a member that leaves go; attributes it listed stay as set."""
    one = member(
        site,
        "one",
        listen_ports='[{"HTTPS": 443}]',
        tags="team=one",
        certificate_arn="$certificate_a",
        load_balancer_attributes=f"{IDLE}=90",
        inbound_cidrs="10.0.0.0/8",
        ssl_policy="ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
        **{"listener_attributes.HTTPS-443": f"{FRAMES}=DENY"},
    )
    two = member(
        site,
        "two",
        listen_ports='[{"HTTPS": 443}, {"HTTPS": 8443}]',
        tags="cost=two",
        certificate_arn="$certificate_b",
        load_balancer_attributes=f"{HTTP2}=false",
        mutual_authentication='[{"port": 8443, "mode": "verify", "trustStore": "$store_name_a"}]',
        **{"listener_attributes.HTTPS-443": f"{SERVER}=false"},
    )
    site.desk.put(one, two)
    site.desk.converge()
    first, second = site.things.fill("$certificate_a"), site.things.fill("$certificate_b")
    policy = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
    assert facing(site) == {
        "tags": ["cost", "team"],
        "ports": ["HTTPS:443", "HTTPS:8443"],
        "certificates": [first, second],
        "attributes": ["90", "false"],
        "frames": "DENY",
        "server": "false",
        "open to": ["10.0.0.0/8"],
        "policy": policy,
        "rules": 2,
    }

    site.desk.drop("Ingress shop/two")
    site.desk.converge()

    assert facing(site) == {
        "tags": ["team"],
        "ports": ["HTTPS:443"],
        "certificates": [first],
        "attributes": ["90", "false"],  # what nobody lists any more is left alone
        "frames": "DENY",
        "server": "false",
        "open to": ["10.0.0.0/8"],
        "policy": policy,
        "rules": 1,
    }
    site.clear_out()


def test_the_member_that_leaves_had_what_is_per_port(site: Site) -> None:
    """Who comes in on a port, its policy and its mutual TLS go back to the defaults with it."""
    site.desk.put(
        member(site, "one", listen_ports='[{"HTTPS": 443}]', certificate_arn="$certificate_a"),
        member(
            site,
            "two",
            listen_ports='[{"HTTPS": 443}]',
            certificate_arn="$certificate_a",
            inbound_cidrs="10.0.0.0/8",
            ssl_policy="ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
            mutual_authentication='[{"port": 443, "mode": "passthrough"}]',
        ),
    )
    site.desk.converge()
    seen = Look(site.cloud.account, GROUP)
    assert [look.open_to(seen), look.mutual_tls(seen)] == [["10.0.0.0/8"], ["passthrough", None]]

    site.desk.drop("Ingress shop/two")
    site.desk.converge()

    assert look.open_to(seen) == ["0.0.0.0/0"]
    assert look.mutual_tls(seen) == ["off", None]
    assert look.listener("SslPolicy")(seen) == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    site.clear_out()


def test_guards_of_a_member_that_leaves_stay(site: Site) -> None:
    """A web ACL and Shield guard everybody on the load balancer; nobody's leaving removes them."""
    site.desk.put(
        member(site, "one"),
        member(site, "two", wafv2_acl_arn="$acl_a", shield_advanced_protection="true"),
    )
    site.desk.converge()

    site.desk.drop("Ingress shop/two")
    plan = site.desk.converge()

    seen = Look(site.cloud.account, GROUP)
    assert [look.web_acl(seen), look.protected(seen)] == [site.things.fill("$acl_a"), True]
    assert {"DisassociateWebACL", "DeleteProtection"}.isdisjoint(calls_of(plan))
    site.clear_out()
    assert site.cloud.leftovers().get("protections") is None


@pytest.mark.parametrize("key", GROUP_KEYS)
def test_an_ingress_moves_into_a_group_and_out_again(key: str, site: Site) -> None:
    """It changes nothing of the others' there, and brings its own load balancer along each time."""
    site.desk.put(member(site, "one"), ingress("late", Route(host="late.shop.example.com")))
    site.desk.converge()

    for group, rules in ((GROUP, 2), ("", 1)):
        said = {key: group} if group else {}
        site.desk.put(ingress("late", Route(host="late.shop.example.com"), annotations=said))
        plan = site.desk.converge()

        changed = [s for s in plan.steps if s.action.value != "noop" and s.group == GROUP]
        assert {str(i) for s in changed for i in s.ingresses} <= {"shop/late", "shop/one"}
        assert [s.action.value for s in changed if "shop/one/" in s.address] == []
        assert len(Look(site.cloud.account, GROUP).rules(80)) == rules
        own = [g for g in site.cloud.addresses() if g == "aws:load-balancer/shop/late"]
        assert own == ([] if group else ["aws:load-balancer/shop/late"])
    site.clear_out()


@pytest.mark.parametrize("key", ORDER_KEYS)
def test_order_between_members_is_one_call(key: str, site: Site) -> None:
    """Rules that only order tells apart change places as a whole, and back without the word."""
    paths = {"one": "/a*", "two": "/*a"}

    def at(name: str, **said: str) -> Document:
        route = Route(path=paths[name], path_type="ImplementationSpecific")
        return ingress(name, route, group=GROUP, annotations=said)

    def order() -> list[Json]:
        rules = Look(site.cloud.account, GROUP).rules(80)
        found = [c["PathPatternConfig"]["Values"] for r in rules for c in r["Conditions"][1:]]
        return [value for values in found for value in values]

    site.desk.put(at("one"), at("two"))
    site.desk.converge()
    assert order() == ["/a*", "/*a"]

    for value, expected in (("-1", ["/*a", "/a*"]), ("1", ["/a*", "/*a"]), ("", ["/a*", "/*a"])):
        site.desk.put(at("two", **({key: value} if value else {})))
        plan = site.desk.converge()
        assert order() == expected
        assert dict(calls_of(plan)) == ({"SetRulePriorities": 1} if value in {"-1", "1"} else {})
    site.clear_out()


def test_a_port_that_redirects_does_so_for_all(site: Site) -> None:
    """One member's redirect holds for every member; when it leaves, their rules come back."""
    site.desk.put(
        member(site, "one", listen_ports=HTTPS[f"{NATIVE}listen-ports"]),
        member(site, "two", listen_ports=HTTPS[f"{NATIVE}listen-ports"], ssl_redirect="443"),
    )
    site.desk.converge()
    seen = Look(site.cloud.account, GROUP)
    assert look.redirects_to(seen) == ["443", 0]

    site.desk.drop("Ingress shop/two")
    site.desk.converge()

    assert look.redirects_to(seen) == [None, 1]
    site.clear_out()
