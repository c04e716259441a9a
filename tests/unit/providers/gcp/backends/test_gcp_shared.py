"""What all load balancers share: instance groups, named ports, firewall, the empty backend."""

from __future__ import annotations

from dataclasses import replace

import pytest

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from providers.gcp.backend_config import BackendConfig
from providers.gcp.desired import instance_groups
from providers.gcp.desired.context import Context
from providers.gcp.desired.needs import shared_notes
from providers.gcp.desired.shared import express_shared
from providers.gcp.variant import Variant
from provisioner.model.expression import Expressed, SharedExpression
from provisioner.model.intent import BackendIntent, Member
from provisioner.model.kube import Key
from provisioner.model.resource import Observed, Ref, Resource, freeze_spec
from tests.unit.providers.gcp.backends.building import (
    GLOBAL,
    INCUMBENT,
    INTERNAL,
    NODE_PORT,
    OFFLINE,
    POD,
    REGION,
    SETTINGS,
    ZONE_B,
    ZONE_C,
    Look,
    a_backend,
    a_context,
    a_link,
    a_node,
    as_part,
    at,
    of_kind,
    plain,
    seen,
    share,
    some_facts,
)

GROUP_B = addresses.instance_group(ZONE_B)
MEMBERS_B = addresses.instances(ZONE_B)
PORTS_B = addresses.named_ports(ZONE_B)
GOOGLE = addresses.firewall("google")
K8S_IG = a_link("k8s-ig--uid1", collection="instanceGroups")
OTHER = Key("shop", "other")


def ports_of(expressed: Expressed, address: str) -> list[str]:
    """Return the ports that a firewall rule opens."""
    (entry,) = at(expressed, address)["allowed"]
    return [str(port) for port in entry["ports"]]


class TestInstanceGroups:
    """The machines behind node ports."""

    def test_one_in_each_zone_with_its_machines(self) -> None:
        """A machine is in the group of its zone, and nowhere else."""
        found = share(a_context(mode=NODE_PORT))

        assert at(found, GROUP_B)["zone"] == ZONE_B
        assert list(at(found, MEMBERS_B)["instances"]) == [a_link("n1")]
        assert list(at(found, addresses.instances(ZONE_C))["instances"]) == [a_link("n2", ZONE_C)]

    def test_pods_need_none(self) -> None:
        """Pod mode has no instance groups at all."""
        found = share(a_context(mode=POD))

        assert of_kind(found.resources, Kind.INSTANCE_GROUP) == []

    def test_machines_of_all_load_balancers(self) -> None:
        """The group is the cluster's: what one load balancer needs, it has."""
        one = a_context(a_backend(nodes=(a_node("n1"),)), mode=NODE_PORT)
        other = a_context(
            a_backend("api", ingress=OTHER, nodes=(a_node("n5"),)),
            mode=NODE_PORT,
            group="shop/other",
        )

        found = share(one, other)

        assert list(at(found, MEMBERS_B)["instances"]) == [a_link("n1"), a_link("n5")]

    def test_named_ports_are_those_in_use(self) -> None:
        """``port<number>`` for every node port; one that nobody uses goes (ingress-gce#43)."""
        first, second = a_backend(), a_backend("api", node_port=31111)
        both = share(a_context(first, second, mode=NODE_PORT))
        one = share(a_context(first, mode=NODE_PORT), observed=seen(*both.resources))

        assert at(both, PORTS_B)["namedPorts"] == [
            {"name": "port30080", "port": 30080},
            {"name": "port31111", "port": 31111},
        ]
        assert at(one, PORTS_B)["namedPorts"] == [{"name": "port30080", "port": 30080}]

    def test_gkes_group_is_used_where_it_is(self) -> None:
        """A machine may be in one load-balanced group only: GKE's members are GKE's affair."""
        facts = some_facts(foreign_groups={ZONE_B: K8S_IG})
        context = a_context(mode=NODE_PORT, facts=facts)

        found = share(context)

        (service,) = of_kind(as_part(context).resources, Kind.BACKEND_SERVICE)
        groups = {entry["group"].value for entry in Look(service.spec)["backends"]}
        assert groups == {K8S_IG, Ref(addresses.instance_group(ZONE_C), "selfLink")}
        assert at(found, PORTS_B)["instanceGroup"] == K8S_IG
        kept = [r.address for r in found.resources if r.spec.get("zone") == ZONE_B]
        assert kept == [PORTS_B]

    def test_ours_stays_where_it_exists(self) -> None:
        """A group of ours that holds the machines is not given up for one that cannot."""
        before = share(a_context(mode=NODE_PORT))
        facts = some_facts(foreign_groups={ZONE_B: K8S_IG})

        found = share(
            a_context(mode=NODE_PORT, facts=facts, observed=seen(*before.resources)),
            observed=seen(*before.resources),
        )

        assert at(found, PORTS_B)["instanceGroup"] == Ref(GROUP_B, "selfLink")

    def test_names(self) -> None:
        """Ours, and GKE's where all that use it are read as GKE would (vector k8s-ig--uid1)."""
        ours = share(a_context(mode=NODE_PORT))
        theirs = share(a_context(mode=NODE_PORT, compatibility=INCUMBENT))
        mixed = share(
            a_context(mode=NODE_PORT),
            a_context(mode=NODE_PORT, compatibility=INCUMBENT, group="shop/other"),
        )

        assert str(at(ours, GROUP_B)["name"]).startswith("ipr-ig-")
        assert at(theirs, GROUP_B)["name"] == "k8s-ig--uid1"
        assert at(mixed, GROUP_B)["name"] == at(ours, GROUP_B)["name"]

    def test_an_existing_group_keeps_its_name(self) -> None:
        """A name cannot be changed, whoever joins."""
        theirs = share(a_context(mode=NODE_PORT, compatibility=INCUMBENT))

        found = share(a_context(mode=NODE_PORT), observed=seen(*theirs.resources))

        assert at(found, GROUP_B)["name"] == "k8s-ig--uid1"

    def test_more_machines_than_a_group_holds(self) -> None:
        """They wait and it is said; who is in stays in (GKE cuts in alphabetical order, silent)."""
        count = instance_groups.MOST_INSTANCES + 2
        many = tuple(a_node(f"n{number:05}") for number in range(count))
        before = share(a_context(a_backend(nodes=many[-1:]), mode=NODE_PORT))

        found = share(
            a_context(a_backend(nodes=many), mode=NODE_PORT), observed=seen(*before.resources)
        )

        members = at(found, MEMBERS_B)["instances"]
        assert len(members) == 2000
        assert a_link(many[-1].node) in members
        (finding,) = [d for d in found.diagnostics if d.code == "LIMIT-TARGETS"]
        assert "2 of 2002 nodes" in finding.message

    def test_unknown_nodes_keep_who_is_there(self) -> None:
        """A held backend that nobody can look up keeps its machines."""
        before = share(a_context(mode=NODE_PORT))
        blind = a_context(a_backend(nodes=None), mode=NODE_PORT, observed=seen(*before.resources))

        found = share(blind, observed=seen(*before.resources))

        assert list(at(found, MEMBERS_B)["instances"]) == [a_link("n1")]

    def test_plans_from_files(self) -> None:
        """Neither zones, machines nor node ports are known; nothing is guessed."""
        backend = a_backend(nodes=None, pods=None, node_port=0)

        found = share(a_context(backend, mode=NODE_PORT, facts=OFFLINE))

        assert at(found, addresses.instance_group("auto"))["zone"].unknown
        assert at(found, addresses.instances("auto"))["instances"].unknown
        assert at(found, addresses.named_ports("auto"))["namedPorts"].unknown
        assert at(found, GOOGLE)["allowed"].unknown

    def test_partial_input_never_narrows(self) -> None:
        """With one of two load balancers at hand nobody and nothing leaves."""
        other = a_context(
            a_backend("api", ingress=OTHER, node_port=31111, nodes=(a_node("n5"),)),
            mode=NODE_PORT,
            group="shop/other",
        )
        both = share(a_context(mode=NODE_PORT), other)
        observed = seen(*both.resources)

        found = share(a_context(mode=NODE_PORT), observed=observed, complete=False)

        assert {r.address: plain(r.spec) for r in found.resources} == {
            a: plain(r.spec) for a, r in observed.resources.items()
        }

    def test_partial_input_widens(self) -> None:
        """A new node port and a new machine come in beside what is there."""
        observed = seen(*share(a_context(mode=NODE_PORT)).resources)
        more = a_context(a_backend("api", node_port=31111, nodes=(a_node("n5"),)), mode=NODE_PORT)

        found = share(more, observed=observed, complete=False)

        assert list(at(found, MEMBERS_B)["instances"]) == [a_link("n1"), a_link("n5")]
        assert [p["name"] for p in at(found, PORTS_B)["namedPorts"]] == ["port30080", "port31111"]
        assert ports_of(found, GOOGLE) == ["30080", "31111"]

    def test_nothing_is_left_when_nobody_needs_it(self) -> None:
        """With all load balancers at hand and none of them over node ports, it goes."""
        observed = seen(*share(a_context(mode=NODE_PORT)).resources)

        found = share(a_context(mode=POD), observed=observed)

        assert {r.kind for r in found.resources} == {Kind.FIREWALL.value}


class TestNothing:
    """The empty backend service behind every 404."""

    def leading_to(self, context: Context, address: str) -> Expressed:
        """Return the notes of a URL map that sends everything to an address."""
        spec = freeze_spec({"defaultService": Ref(address, "selfLink")})
        url_map = Resource(
            kind=Kind.URL_MAP.value,
            address=addresses.url_map("shop/web"),
            group="shop/web",
            spec=spec,
        )
        part = as_part(context)
        notes, _ = shared_notes(context, (url_map, *part.resources))
        return replace(part, shared=notes)

    @pytest.mark.parametrize("variant", [GLOBAL, INTERNAL])
    def test_one_of_each_kind_where_something_leads_there(self, variant: Variant) -> None:
        """It has no backends, and a health check because the API wants one."""
        context = a_context(variant=variant)
        address = addresses.nothing(variant.value)

        notes = self.leading_to(context, address).shared

        assert ("nothing", variant.value, REGION if variant.regional else "") in notes

    def test_it_is_made(self) -> None:
        """Its scheme is that of the load balancers that use it."""
        context = a_context(variant=INTERNAL)
        part = self.leading_to(context, addresses.nothing(INTERNAL.value))
        request = SharedExpression(observed=Observed(), settings=SETTINGS, complete=True)

        found = express_shared([part], context.facts, request)

        spec = at(found, addresses.nothing(INTERNAL.value))
        assert spec.fields("loadBalancingScheme", "region") == ("INTERNAL_MANAGED", REGION)
        assert spec["backends"] == ()
        (check,) = spec["healthChecks"]
        assert isinstance(check.value, Ref)
        assert at(found, check.value.address)["region"] == REGION

    def test_nobody_needs_it(self) -> None:
        """Where every request is answered there is none."""
        assert not [r for r in share(a_context()).resources if "nothing" in r.address]


class TestCommon:
    """Backend services of GKE's reading, which several load balancers use."""

    def two(self, *, other: BackendIntent | None = None) -> tuple[Context, Context]:
        """Return two load balancers that use one Service port."""
        backend = other or a_backend(ingress=OTHER)
        return (
            a_context(compatibility=INCUMBENT),
            a_context(
                backend,
                compatibility=INCUMBENT,
                group="shop/other",
                members=(Member(ingress=OTHER),),
            ),
        )

    def test_equal_ones_are_one(self) -> None:
        """Each once, in the shared part."""
        found = share(*self.two())

        assert len(of_kind(found.resources, Kind.BACKEND_SERVICE)) == 1
        assert found.diagnostics == ()

    def test_different_ones_are_told(self) -> None:
        """The earlier one holds; the other Ingress hears why."""
        config = BackendConfig(timeout_seconds=99)

        found = share(*self.two(other=a_backend("web", config, ingress=OTHER)))

        (service,) = of_kind(found.resources, Kind.BACKEND_SERVICE)
        assert service.spec["timeoutSec"] == 30
        (finding, *_) = found.diagnostics
        assert (finding.code, finding.ingress) == ("BACKEND-DIFFERS", OTHER)

    def test_what_is_only_kept_gives_way(self) -> None:
        """A held Ingress must not stop its neighbour's change."""
        kept, planning = self.two(
            other=a_backend("web", BackendConfig(timeout_seconds=99), ingress=OTHER)
        )
        observed = seen(*share(kept).resources)
        part = as_part(kept)
        holding = replace(
            part,
            common=tuple(replace(r, spec=observed.resources[r.address].spec) for r in part.common),
        )

        request = SharedExpression(observed=observed, settings=SETTINGS, complete=True)
        for parts in ([holding, as_part(planning)], [as_part(planning), holding]):
            found = express_shared(parts, kept.facts, request)

            (service,) = of_kind(found.resources, Kind.BACKEND_SERVICE)
            assert service.spec["timeoutSec"] == 99
            assert found.diagnostics == ()


def test_order_of_load_balancers_does_not_matter() -> None:
    """The same cluster gives the same shared part."""
    one, other = (
        a_context(mode=NODE_PORT),
        a_context(a_backend("api", ingress=OTHER), variant=INTERNAL, group="shop/other"),
    )

    assert share(one, other) == share(other, one)
