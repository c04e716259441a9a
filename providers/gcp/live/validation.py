"""Let Google judge URL maps before anything is created.

``urlMaps.validate`` loads a URL map as if it were inserted, without creating it. What it refers to
must exist, though, and in a plan half of it does not yet; so a backend service that is still to be
made is stood in for by one of the same scheme and place that exists. In a project without any, and
for maps that are as wanted already, nothing is asked.

The answer also says how many units the map takes of the quota on configuration size, times the
forwarding rules that lead to it. Google shows no limit for these; where an account states one, they
are held against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

import msgspec

from providers.gcp import marks
from providers.gcp.addresses import Kind
from providers.gcp.client import Object, decoded
from providers.gcp.links import place_of
from providers.gcp.live.inventory import Inventory, text, texts
from providers.gcp.live.normalise import Refs
from providers.gcp.live.normalise import resource as normalised
from provisioner.model.diagnostic import Diagnostic, error, info
from provisioner.model.errors import ProviderError, Rejected
from provisioner.model.limits import Limits
from provisioner.model.resource import Ref, Resource, Value, canonical, has_unknown, references
from provisioner.model.settings import Identity

REFUSED = "CLOUD-URL-MAP-REFUSED"
UNCHECKED = "CLOUD-URL-MAP-UNCHECKED"

LINK = "selfLink"
_PLACES = ("region",)

SIZES: Mapping[tuple[str, bool], str] = MappingProxyType(
    {
        ("EXTERNAL", False): "GLOBAL_EXTERNAL_PROXY_LB_CONFIG",
        ("EXTERNAL_MANAGED", False): "GLOBAL_EXTERNAL_PROXY_LB_CONFIG",
        (
            "EXTERNAL_MANAGED",
            True,
        ): "REGIONAL_EXTERNAL_PROXY_LB_CONFIG_PER_REGION_PER_VPC_NETWORK",
        (
            "INTERNAL_MANAGED",
            True,
        ): "REGIONAL_INTERNAL_PROXY_LB_CONFIG_PER_REGION_PER_VPC_NETWORK",
    }
)
"""The quota that a map's units count against, by scheme and whether it is regional."""


class _World:
    """What of ours exists, and what the plan wants, as far as URL maps refer to it."""

    def __init__(
        self, inventory: Inventory, identity: Identity, desired: Sequence[Resource]
    ) -> None:
        self.inventory = inventory
        self._services = inventory.of("backendServices")
        self._maps = inventory.of("urlMaps")
        self._links = {
            marks.address_of(text(each, "description")): text(each, LINK)
            for each in (*self._services, *self._maps)
            if marks.is_ours(text(each, "description"), identity)
        }
        self._schemes = {
            resource.address: str(resource.spec.get("loadBalancingScheme", ""))
            for resource in desired
            if resource.kind == Kind.BACKEND_SERVICE
        }
        self._by_link = {link: Ref(address, LINK) for address, link in self._links.items()}

    def is_as_wanted(self, resource: Resource) -> bool:
        """Tell whether a map exists and says what it shall say."""
        link = self._links.get(resource.address)
        present = next((each for each in self._maps if text(each, LINK) == link), None)
        if present is None:
            return False
        spec = normalised(Kind.URL_MAP, present, Refs(self._by_link, {}))
        return canonical(spec) == canonical(resource.spec)

    def scheme(self, resource: Resource) -> str:
        """Return the scheme of the backend services that a map leads to, "" where it has none."""
        for ref in _services_of(resource):
            if self._schemes.get(ref.address):
                return self._schemes[ref.address]
            link = self._links.get(ref.address)
            for service in self._services:
                if link and text(service, LINK) == link:
                    return text(service, "loadBalancingScheme")
        return ""

    def stand_in(self, resource: Resource, scheme: str) -> str:
        """Return a service that exists and could be one that the map leads to, "" for none."""
        region = str(resource.spec.get("region", ""))
        for service in self._services:
            place = place_of(text(service, LINK))
            fits = text(service, "loadBalancingScheme") == scheme
            if fits and place is not None and place.region == region:
                return text(service, LINK)
        return ""

    def link(self, ref: Ref, stand_in: str) -> str:
        """Return the link that a Ref stands for, or what stands in for it."""
        return self._links.get(ref.address) or stand_in


def check_url_maps(
    inventory: Inventory, identity: Identity, desired: Sequence[Resource], limits: Limits
) -> tuple[Diagnostic, ...]:
    """Return what Google finds wrong with the URL maps among the desired resources."""
    maps = [each for each in desired if each.kind == Kind.URL_MAP]
    world = _World(inventory, identity, desired) if maps else None
    return tuple(
        finding
        for resource in maps
        if world is not None
        for finding in _checked(world, resource, limits)
    )


def _checked(world: _World, resource: Resource, limits: Limits) -> Iterator[Diagnostic]:
    unknown = any(has_unknown(value) for value in resource.spec.values())
    if unknown or not isinstance(resource.name, str) or world.is_as_wanted(resource):
        return
    scheme = world.scheme(resource)
    stand_in = world.stand_in(resource, scheme) if scheme else ""
    if any(not world.link(ref, stand_in) for ref in _services_of(resource)):
        return  # nothing exists that could stand in
    try:
        result = _asked(world, resource, scheme=scheme, stand_in=stand_in)
    except Rejected as refusal:
        yield _refused(resource, refusal.message)
        return
    except ProviderError as failure:
        yield info(
            UNCHECKED,
            f"load balancer {resource.group}",
            message=f"Google could not be asked whether it accepts the URL map: {failure.message}",
            hint=failure.hint,
        )
        return
    yield from (_refused(resource, told) for told in _told(result))
    yield from _too_large(resource, result, scheme=scheme, limits=limits)


def _asked(world: _World, resource: Resource, *, scheme: str, stand_in: str) -> Object:
    client, region = world.inventory.client, str(resource.spec.get("region", ""))
    body = {
        name: _plain(value, world, stand_in)
        for name, value in resource.spec.items()
        if name not in _PLACES
    }
    asked: dict[str, object] = {"resource": body}
    if region:
        operation, scope = "regionUrlMaps.validate", f"regions/{region}"
    else:
        operation, scope = "urlMaps.validate", "global"
        if scheme:
            asked["loadBalancingSchemes"] = [scheme]
    path = client.path(operation, scope, str(resource.name))
    result = decoded(client.call(operation, path, body=msgspec.json.encode(asked))).get("result")
    return result if isinstance(result, dict) else {}


def _plain(value: Value, world: _World, stand_in: str) -> object:
    """Return part of a spec as JSON, links in place of Refs."""
    if isinstance(value, Ref):
        return world.link(value, stand_in)
    if isinstance(value, Mapping):
        return {key: _plain(item, world, stand_in) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item, world, stand_in) for item in value]
    return value


def _services_of(resource: Resource) -> list[Ref]:
    return [ref for value in resource.spec.values() for ref in references(value)]


def _told(result: Object) -> Iterable[str]:
    """Return what is wrong with a map, in Google's words."""
    yield from texts(result.get("loadErrors"))
    failures = result.get("testFailures")
    for failure in failures if isinstance(failures, list) else ():
        host, path = text(failure, "host"), text(failure, "path")
        yield f"its test of {host}{path} fails"


def _too_large(
    resource: Resource, result: Object, *, scheme: str, limits: Limits
) -> Iterator[Diagnostic]:
    """Yield that a map's configuration is over a limit that the account states."""
    region = str(resource.spec.get("region", ""))
    metric = SIZES.get((scheme, bool(region)), "")
    limit = limits.by_name.get(f"{region}/{metric}" if region else metric)
    usage = result.get("quotaUsage")
    if limit is None or not isinstance(usage, dict):
        return
    units, rules = int(usage.get("units", 0)), int(usage.get("forwardingRules", 0))
    used = units * max(rules, 1)
    if used > limit.value:
        sum_ = f"{units} units x {max(rules, 1)} forwarding rules = {used}"
        yield _refused(resource, f"its configuration takes {sum_} of {limit.value} ({limit.name})")


def _refused(resource: Resource, told: str) -> Diagnostic:
    alone = resource.ingresses[0] if len(resource.ingresses) == 1 else None
    subject = f"Ingress {alone}" if alone is not None else f"load balancer {resource.group}"
    return error(
        REFUSED,
        subject,
        message=f"Google would not accept the URL map {resource.name}: {told}",
        hint="change the rule that it names; nothing was created",
        ingress=alone,
    )
