"""Steps carried out against an emulated project: Google takes every one, and the end is reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from providers.gcp import addresses, shapes
from providers.gcp import provider as gcp
from providers.gcp.addresses import Kind
from providers.gcp.changes.steps import steps
from providers.gcp.links import path_of
from providers.gcp.routing import canonical as url_maps
from providers.gcp.variant import Variant
from provisioner.core.diff import DiffRules, diff
from provisioner.core.order import ordered
from provisioner.engine.applying import resolved
from provisioner.model.change import Action, Step, Wait
from provisioner.model.resource import (
    Observed,
    ObservedResource,
    PlainInput,
    Ref,
    Resource,
    freeze_spec,
)
from tests.unit.providers.gcp.changes.building import link, some_room
from tests.unit.providers.gcp.shell.projects import REGION, ZONE, World

GROUP = "shop/web"
RULES = DiffRules(
    immutable=gcp.immutable, create_only=gcp.create_only, partial=gcp.partial, owned=gcp.owned
)
MAP = addresses.url_map(GROUP)
POLLS = 60


def service(name: str, generation: int = 1) -> str:
    """Return the address of a backend service."""
    return addresses.backend_service(GROUP, f"{name}:80/pod", generation=generation)


class Drawing:
    """Draws the resources of one load balancer."""

    def __init__(self, world: World, variant: Variant) -> None:
        self._world = world
        self._variant = variant
        self._place: dict[str, PlainInput] = {"region": REGION} if variant.regional else {}
        self._scheme = variant.scheme

    def resource(self, kind: Kind, address: str, **spec: PlainInput) -> Resource:
        """Return a resource with our mark, in its canonical form."""
        name = "ipr-" + "".join(c if c.isalnum() else "-" for c in address.partition(":")[2])
        marked = kind is not Kind.NETWORK_ENDPOINTS
        fields: dict[str, PlainInput] = dict(spec)
        if marked:
            fields |= {"name": name, "description": self._world.description(address)}
        if kind is Kind.URL_MAP:
            shaped = freeze_spec({**fields, **url_maps.canonical(spec)})
        else:
            shaped = shapes.shaped(kind, fields)
        return Resource(
            kind=kind.value,
            address=address,
            group=GROUP,
            name=name if marked else "",
            spec=shaped,
        )

    def backend(self, name: str, generation: int = 1, *, pods: int = 1) -> list[Resource]:
        """Return a backend service and everything behind it."""
        id_ = f"{name}:80/pod"
        check = addresses.health_check(GROUP, id_, generation=generation)
        neg = addresses.endpoint_group(GROUP, id_, ZONE, generation=generation)
        info, shift = self._world.info, generation * 20 + ord(name[0])
        return [
            self.resource(
                Kind.HEALTH_CHECK,
                check,
                type="HTTP",
                httpHealthCheck={"portSpecification": "USE_SERVING_PORT"},
                **self._place,
            ),
            self.resource(
                Kind.NETWORK_ENDPOINT_GROUP,
                neg,
                zone=ZONE,
                networkEndpointType="GCE_VM_IP_PORT",
                network=path_of(info.network),
                subnetwork=path_of(info.subnetwork),
            ),
            self.resource(
                Kind.NETWORK_ENDPOINTS,
                addresses.endpoints_of(neg),
                networkEndpointGroup=link(neg),
                zone=ZONE,
                networkEndpoints=[self._world.pod(shift % 100 + pod) for pod in range(pods)],
            ),
            self.resource(
                Kind.BACKEND_SERVICE,
                service(name, generation),
                loadBalancingScheme=self._scheme,
                protocol="HTTP",
                healthChecks=[link(check)],
                backends=[{"group": link(neg), "balancingMode": "RATE", "maxRatePerEndpoint": 100}],
                **self._place,
            ),
        ]

    def front(self, paths: Mapping[str, Mapping[str, int]]) -> list[Resource]:
        """Return a URL map with these paths, its proxy, and what takes connections."""
        proxy, rule = addresses.target_proxy(GROUP, 80, https=False), GROUP
        rules: list[PlainInput] = [
            {"paths": path.split(","), **_doing(weights)} for path, weights in paths.items()
        ]
        first = next(iter(next(iter(paths.values()))))
        found = [
            self.resource(
                Kind.URL_MAP,
                MAP,
                defaultService=link(first),
                hostRules=[{"hosts": ["shop.example.com"], "pathMatcher": "shop"}],
                pathMatchers=[{"name": "shop", "defaultService": link(first), "pathRules": rules}],
                **self._place,
            ),
            self.resource(Kind.TARGET_HTTP_PROXY, proxy, urlMap=link(MAP), **self._place),
            self.resource(
                Kind.FORWARDING_RULE,
                addresses.forwarding_rule(rule, 80),
                IPProtocol="TCP",
                portRange="80-80",
                loadBalancingScheme=self._scheme,
                target=link(proxy),
                **self._front_place(),
            ),
        ]
        return [replace(r, spec=freeze_spec({**r.spec, **self._place})) for r in found]

    def _front_place(self) -> dict[str, PlainInput]:
        if not self._variant.regional:
            address = addresses.address(GROUP)
            return {"IPAddress": Ref(address, "IPAddress")}
        info = self._world.info
        network: dict[str, PlainInput] = {"network": path_of(info.network)}
        if self._variant is Variant.REGIONAL_INTERNAL:
            network["subnetwork"] = path_of(info.subnetwork)
        return {**self._place, **network}

    def address(self) -> list[Resource]:
        """Return the reserved address of a global load balancer."""
        if self._variant.regional:
            return []
        return [self.resource(Kind.ADDRESS, addresses.address(GROUP), addressType="EXTERNAL")]


def _doing(weights: Mapping[str, int]) -> dict[str, PlainInput]:
    if len(weights) == 1:
        return {"service": link(next(iter(weights)))}
    listed: list[PlainInput] = [
        {"backendService": link(address), "weight": weight} for address, weight in weights.items()
    ]
    return {"routeAction": {"weightedBackendServices": listed}}


def planned(world: World, desired: Sequence[Resource]) -> tuple[tuple[Step, ...], Observed]:
    """Return the steps from what a reader sees now."""
    observed = world.reader().observe()
    there: list[ObservedResource] = list(observed.resources.values())
    return ordered(steps(diff(desired, there, RULES), observed, some_room())), observed


def carry_out(world: World, desired: Sequence[Resource], *, most: int = 1000) -> list[str]:
    """Carry out the steps in order and return the ids of those that did something."""
    found, observed = planned(world, desired)
    outputs = {a: dict(r.outputs) for a, r in observed.resources.items()}
    writer = world.writer()
    done: list[str] = []
    for step in found:
        if not step.calls or len(done) >= most:
            continue
        _wait(world, step, outputs)
        for call in step.calls:
            outputs.setdefault(step.address, {}).update(writer.send(call, resolved(call, outputs)))
        done.append(step.id)
    return done


def _wait(world: World, step: Step, outputs: Mapping[str, Mapping[str, str]]) -> None:
    if step.wait is None or step.wait.kind is Wait.SETTLED:
        return
    reader = world.reader()
    for _ in range(POLLS):
        if reader.holds(step.wait, outputs):
            return
        world.cloud.advance(10)
    raise AssertionError(f"{step.id} waits for {step.wait} for good")


def at_rest(world: World, desired: Sequence[Resource]) -> None:
    """Check that nothing is left to do."""
    left = {s.id: s.fields for s in planned(world, desired)[0] if s.action is not Action.NOOP}
    assert not left, left


@pytest.mark.parametrize("variant", list(Variant))
def test_a_load_balancer_is_built_switched_and_taken_away(world: World, variant: Variant) -> None:
    """On every kind: the second plan is empty, and in the end the project holds nothing."""
    draw = Drawing(world, variant)
    web, web2, api = service("web"), service("web", 2), service("api")
    first = [*draw.address(), *draw.backend("web"), *draw.front({"/*": {web: 1}})]
    second = [
        *draw.address(),
        *draw.backend("web", 2),
        *draw.backend("api"),
        *draw.front({"/*": {web2: 1}, "/api,/api/*": {api: 1}}),
    ]

    carry_out(world, first)
    at_rest(world, first)
    world.cloud.advance(60)
    switched = carry_out(world, second)
    at_rest(world, second)
    carry_out(world, [])

    assert f"{MAP}#attach" in switched
    assert not world.reader().observe().resources
    refused = [call for call in world.cloud.calls if call.status >= 400]
    assert not refused, refused


@pytest.mark.parametrize("variant", [Variant.GLOBAL_EXTERNAL, Variant.CLASSIC])
@pytest.mark.parametrize("steps_made", range(1, 9))
def test_a_switch_goes_on_after_a_crash_anywhere(
    world: World, variant: Variant, steps_made: int
) -> None:
    """What is observed tells the stage, so the next plan finishes it and leaves nothing behind."""
    draw = Drawing(world, variant)
    web, web2 = service("web"), service("web", 2)
    first = [*draw.address(), *draw.backend("web"), *draw.front({"/*": {web: 1}})]
    second = [*draw.address(), *draw.backend("web", 2), *draw.front({"/*": {web2: 1}})]
    carry_out(world, first)
    world.cloud.advance(60)

    carry_out(world, second, most=steps_made)
    carry_out(world, second)

    at_rest(world, second)


def test_a_weighted_rule_is_switched_on_a_managed_load_balancer(world: World) -> None:
    """Every map on the way is one that the API takes."""
    draw = Drawing(world, Variant.GLOBAL_EXTERNAL)
    old = {service("web"): 80, service("api"): 20}
    new = {service("web", 2): 80, service("api", 2): 20}
    first = [*draw.address(), *draw.backend("web"), *draw.backend("api")]
    second = [*draw.address(), *draw.backend("web", 2), *draw.backend("api", 2)]
    first += draw.front({"/*": {service("web"): 1}, "/api/*": old})
    second += draw.front({"/*": {service("web", 2): 1}, "/api/*": new})
    carry_out(world, first)
    world.cloud.advance(60)

    done = carry_out(world, second)

    at_rest(world, second)
    assert [name for name in done if name.startswith(MAP)] == [
        f"{MAP}#attach",
        f"{MAP}#shift",
        f"{MAP}#attach-2",
        MAP,
    ]


def test_endpoints_are_attached_in_batches_and_detached(world: World) -> None:
    """More than one call takes, and back to one."""
    draw = Drawing(world, Variant.GLOBAL_EXTERNAL)
    web = service("web")
    few = [*draw.address(), *draw.backend("web"), *draw.front({"/*": {web: 1}})]
    carry_out(world, few)

    many = [*draw.address(), *draw.backend("web", pods=30), *draw.front({"/*": {web: 1}})]
    carry_out(world, many)
    at_rest(world, many)
    carry_out(world, few)

    at_rest(world, few)
