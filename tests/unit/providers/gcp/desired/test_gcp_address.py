"""Promises of the IP address: who reserved it is asked, who uses it notices nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from providers.gcp.account import HERE, Source, StaticAddress
from providers.gcp.addresses import Kind
from provisioner.model.expression import Expressed
from provisioner.model.intent import Compatibility
from provisioner.model.kube import Key
from provisioner.model.resource import Observed, Ref, Unknown
from tests.unit.providers.gcp.desired.worlds import (
    ADDRESS,
    GLOBAL_IP,
    HTTP_RULE,
    HTTPS_RULE,
    LISTEN_PORTS,
    PRE_SHARED,
    REGION,
    REGIONAL_IP,
    SETTINGS,
    SUBNETWORK,
    VARIANT,
    World,
    a_link,
    a_static_address,
    a_world,
    addresses_of,
    codes,
    finding,
    ports_of,
    some_facts,
    spec_of,
)

OUR_IP = Ref(ADDRESS, "IPAddress")
BOTH = {PRE_SHARED: "web-cert"}
INTERNAL = {VARIANT: "regional-internal"}
TWO_PORTS = {LISTEN_PORTS: "HTTP:80, HTTP:8080"}


def named(
    address: StaticAddress | None, *, annotations: dict[str, str] | None = None, region: str = ""
) -> World:
    """Return an Ingress that names static address ``web-ip``, and what the project has of it."""
    said = {REGIONAL_IP if region else GLOBAL_IP: "web-ip", **(annotations or {})}
    facts = some_facts(addresses_of={("web-ip", HERE if region else ""): address})
    return a_world(said, facts=facts)


def ip_of(expressed: Expressed, rule: str = HTTP_RULE) -> object:
    """Return the ``IPAddress`` of a forwarding rule, None where Google chooses one."""
    return spec_of(expressed, rule).get("IPAddress")


def test_a_single_port_gets_an_ephemeral_address() -> None:
    """A reserved one would cost a quota and outlive nothing that it protects."""
    expressed = a_world().express()

    assert ip_of(expressed) is None
    assert addresses_of(expressed, Kind.ADDRESS) == []


def test_two_new_ports_share_an_address_that_is_reserved() -> None:
    """Two forwarding rules cannot share an ephemeral address."""
    expressed = a_world(BOTH).express()

    spec = spec_of(expressed, ADDRESS)
    assert (ip_of(expressed), ip_of(expressed, HTTPS_RULE)) == (OUR_IP, OUR_IP)
    assert spec["addressType"] == "EXTERNAL"
    assert "address" not in spec
    assert "region" not in spec


def test_a_second_port_promotes_the_address_in_use() -> None:
    """Clients and DNS keep the address: it is reserved as it is."""
    world = replace(a_world(BOTH), observed=a_world().after().observed)

    expressed = world.express()

    assert spec_of(expressed, ADDRESS)["address"] == "198.51.100.9"
    assert (ip_of(expressed), ip_of(expressed, HTTPS_RULE)) == (OUR_IP, OUR_IP)


def test_a_reserved_address_stays_when_the_second_port_goes() -> None:
    """Giving it back would change what clients have in their DNS."""
    world = replace(a_world(), observed=a_world(BOTH).after().observed)

    expressed = world.express()

    assert ports_of(expressed) == ["80-80"]
    assert ip_of(expressed) == OUR_IP
    assert addresses_of(expressed, Kind.ADDRESS) == [ADDRESS]


def test_a_second_look_wants_the_reserved_address_as_it_is() -> None:
    """What was promoted is not promoted again."""
    world = a_world(BOTH).after()

    assert "address" not in spec_of(world.express(), ADDRESS)
    assert ip_of(world.express()) == OUR_IP


@pytest.mark.parametrize("annotations", [{}, BOTH])
def test_a_named_address_is_used_on_every_port_and_none_is_made(
    annotations: dict[str, str],
) -> None:
    """GKE's annotation: the address belongs to whoever reserved it."""
    expressed = named(a_static_address(), annotations=annotations).express()

    ips = {ip_of(expressed, rule) for rule in addresses_of(expressed, Kind.FORWARDING_RULE)}
    assert ips == {"203.0.113.7"}
    assert addresses_of(expressed, Kind.ADDRESS) == []
    assert codes(expressed) == []


def test_a_regional_address_brings_its_network_tier() -> None:
    """``networkTier`` of a forwarding rule must be that of its address."""
    address = a_static_address(region=REGION, tier="STANDARD")
    world = named(address, region=REGION, annotations={VARIANT: "regional-external"})

    rule = spec_of(world.express(), HTTP_RULE)

    assert (rule["IPAddress"], rule["networkTier"]) == ("203.0.113.7", "STANDARD")


def test_an_address_that_does_not_exist_stops_the_first_load_balancer_only() -> None:
    """Nothing is made at another address than the one that was asked for."""
    expressed = named(None).express()

    found = finding(expressed, "CLOUD-ADDRESS-MISSING")
    assert expressed.resources == ()
    assert [q.ingress for q in expressed.quarantined] == [Key("shop", "web")]
    assert found.field == f"metadata.annotations[{GLOBAL_IP}]"
    assert "web-ip" in found.message


def test_an_existing_load_balancer_keeps_its_address_where_the_named_one_is_missing() -> None:
    """Everything else goes on: only the address stays."""
    world = replace(named(None), observed=a_world().after().observed)

    expressed = world.express()

    assert codes(expressed) == ["CLOUD-ADDRESS-MISSING"]
    assert ip_of(expressed) is None
    assert expressed.quarantined == ()
    assert {r.kind for r in expressed.resources} >= {Kind.URL_MAP, Kind.BACKEND_SERVICE}


@pytest.mark.parametrize(
    ("world", "code"),
    [
        (named(a_static_address(), annotations=INTERNAL), "CLOUD-ADDRESS-SCOPE"),
        (named(a_static_address(region=REGION), region=REGION), "CLOUD-ADDRESS-SCOPE"),
        (named(a_static_address(external=False)), "CLOUD-ADDRESS-KIND"),
        (
            named(a_static_address(region=REGION), region=REGION, annotations=INTERNAL),
            "CLOUD-ADDRESS-KIND",
        ),
        (
            named(
                a_static_address(region=REGION, external=False),
                region=REGION,
                annotations={**INTERNAL, **TWO_PORTS},
            ),
            "CLOUD-ADDRESS-PURPOSE",
        ),
    ],
)
def test_an_address_that_cannot_serve_is_refused_by_name(world: World, code: str) -> None:
    """Scope, kind and purpose are fixed when an address is reserved."""
    expressed = world.express()

    found = finding(expressed, code)
    assert found.blocking
    assert found.hint
    assert found.ingress == Key("shop", "web")
    assert expressed.resources == ()


def test_an_internal_address_for_sharing_serves_several_ports() -> None:
    """SHARED_LOADBALANCER_VIP is what GKE asks for, too."""
    address = a_static_address(
        ip="10.0.0.9", region=REGION, external=False, purpose="SHARED_LOADBALANCER_VIP"
    )
    world = named(address, region=REGION, annotations={**INTERNAL, **TWO_PORTS})

    expressed = world.express()

    assert ports_of(expressed) == ["80-80", "8080-8080"]
    assert ip_of(expressed) == "10.0.0.9"


def test_an_internal_load_balancer_reserves_a_shareable_address_from_the_start() -> None:
    """Later it could not be promoted to one, and a second port would need another address."""
    expressed = a_world(INTERNAL).express()

    spec = spec_of(expressed, ADDRESS)
    assert ip_of(expressed) == OUR_IP
    assert spec["addressType"] == "INTERNAL"
    assert spec["purpose"] == "SHARED_LOADBALANCER_VIP"
    assert spec["subnetwork"] == SUBNETWORK
    assert spec["region"] == REGION


def test_under_gke_reading_an_internal_load_balancer_has_one_port_without_a_named_address() -> None:
    """GKE says WillNotConfigureFrontend and asks for a reserved address."""
    incumbent = replace(SETTINGS, compatibility=Compatibility.INCUMBENT)
    single = a_world(INTERNAL, settings=incumbent).express()
    double = a_world({**INTERNAL, **TWO_PORTS}, settings=incumbent).express()

    assert ip_of(single) is None
    assert addresses_of(single, Kind.ADDRESS) == []
    assert double.resources == ()
    assert "CLOUD-ADDRESS-PURPOSE" in codes(double)


def test_an_ephemeral_internal_address_cannot_take_a_second_port() -> None:
    """The port that exists stays as it is; the new one is refused with the way out."""
    incumbent = replace(SETTINGS, compatibility=Compatibility.INCUMBENT)
    before = a_world(INTERNAL, settings=incumbent).after().observed
    world = replace(a_world({**INTERNAL, **TWO_PORTS}), observed=before)

    expressed = world.express()

    assert codes(expressed) == ["CLOUD-ADDRESS-PURPOSE"]
    assert ports_of(expressed) == ["80-80"]
    assert ip_of(expressed) is None


def test_an_address_keeps_serving_when_nobody_names_it_any_more() -> None:
    """Clients have it in their DNS; a new port joins it."""
    before = named(a_static_address()).after().observed

    expressed = replace(a_world(BOTH), observed=before).express()

    assert (ip_of(expressed), ip_of(expressed, HTTPS_RULE)) == ("203.0.113.7", "203.0.113.7")


def test_moving_to_another_address_is_told_before() -> None:
    """Forwarding rules are replaced for it, which clients notice."""
    before = a_world().after().observed

    expressed = replace(named(a_static_address()), observed=before).express()

    found = finding(expressed, "CLOUD-ADDRESS-CHANGES")
    assert "198.51.100.9" in found.message
    assert "203.0.113.7" in found.message
    assert ip_of(expressed) == "203.0.113.7"


def test_a_named_address_replaces_the_one_that_was_reserved_here() -> None:
    """Ours has no user left and goes."""
    before = a_world(BOTH).after().observed

    expressed = replace(named(a_static_address(), annotations=BOTH), observed=before).express()

    assert addresses_of(expressed, Kind.ADDRESS) == []
    assert ip_of(expressed) == "203.0.113.7"


def test_an_address_in_use_elsewhere_is_refused() -> None:
    """Google lets forwarding rules share an address port by port, and so one team another's."""
    user = a_link("forwardingRules", "somebody-else")

    expressed = named(a_static_address(users=[user])).express()

    assert "somebody-else" in finding(expressed, "CLOUD-ADDRESS-IN-USE").message
    assert expressed.resources == ()


def test_who_joins_an_address_that_is_ours_is_told() -> None:
    """What serves there goes on; nobody can take the other ports of an address away."""
    mine = named(a_static_address("web-ip", "198.51.100.9"))
    before = mine.after().observed
    ours = before.resources[HTTP_RULE].outputs["selfLink"]
    users = [ours, a_link("forwardingRules", "somebody-else")]

    found = a_static_address("web-ip", "198.51.100.9", users=users)
    expressed = replace(named(found), observed=before).express()

    assert not finding(expressed, "CLOUD-ADDRESS-IN-USE").blocking
    assert ip_of(expressed) == "198.51.100.9"


def test_our_own_use_of_an_address_is_no_news() -> None:
    """The forwarding rules of this very load balancer are its users."""
    first = named(a_static_address())
    before = first.after().observed
    ours = before.resources[HTTP_RULE].outputs["selfLink"]

    later = replace(named(a_static_address(users=[ours])), observed=before).express()

    assert codes(later) == []


@pytest.mark.parametrize("unread", [(Source.ADDRESSES.value,), ()])
def test_an_address_that_nobody_could_look_up_is_known_after_apply(
    unread: tuple[str, ...],
) -> None:
    """A permission that is missing, or an account file that was never asked."""
    expressed = a_world({GLOBAL_IP: "web-ip"}, facts=some_facts(unread=unread)).express()

    assert isinstance(ip_of(expressed), Unknown)
    assert "CLOUD-ADDRESS-MISSING" not in codes(expressed)


def test_nothing_of_an_address_is_left_behind() -> None:
    """An Ingress that goes takes the reserved address along."""
    world = a_world(BOTH).after()
    leaving = replace(world.intent(), members=(), listeners=(), backends=(), quarantined=())

    assert world.express(leaving).resources == ()
    assert ADDRESS in world.observed.resources


def test_what_nobody_observed_is_not_promoted() -> None:
    """Without a forwarding rule there is no address to keep."""
    expressed = replace(a_world(BOTH), observed=Observed()).express()

    assert "address" not in spec_of(expressed, ADDRESS)
