"""See what GKE Ingress made as if it were ours, so that a plan can compare.

GKE keeps no labels; what a resource is for is told by its name alone. Under ``incumbent``
compatibility everything that is wanted bears the name that GKE would give it, so a resource stands
for the wanted one of the same kind, name and place. Frontends are told without that, in both
generations of names, because what kind of load balancer exists decides what is wanted.

The instance groups stay GKE's: its controller goes on filling them, for Ingresses that are not
handed over. Whatever else is of no Ingress here is left alone, and how much that is gets told.

Our own marks are not compared: a path matcher without one equals a path matcher with one. That a
mark has to be written shows in the description of the resource.

Pure: values in, values out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from providers.gcp import addresses, adopt_report, incumbent, marks
from providers.gcp.account import Facts
from providers.gcp.addresses import Kind
from providers.gcp.incumbent import Part
from providers.gcp.labels import HTTP_PORT, HTTPS_PORT, NO_CLUSTER
from providers.gcp.routing.canonical import canonical
from providers.gcp.shapes import shaped
from provisioner.model.incumbent import Adoption, ForeignResource, Takeover
from provisioner.model.kube import Key
from provisioner.model.resource import (
    SHARED,
    Fingerprint,
    ObservedResource,
    PlainInput,
    Ref,
    Resource,
    Spec,
    Value,
    freeze,
    freeze_spec,
)

LINK, IP = "selfLink", "IPAddress"

_PARTS: Mapping[Kind, tuple[Part, ...]] = MappingProxyType(
    {
        Kind.URL_MAP: (Part.URL_MAP, Part.REDIRECT_MAP),
        Kind.FORWARDING_RULE: (Part.HTTP_RULE, Part.HTTPS_RULE),
        Kind.TARGET_HTTP_PROXY: (Part.HTTP_PROXY,),
        Kind.TARGET_HTTPS_PROXY: (Part.HTTPS_PROXY,),
        Kind.ADDRESS: (Part.HTTP_RULE,),
    }
)
_SPELLED_ANYHOW = frozenset({incumbent.SERVICE_PORT, incumbent.FEATURES})
_OUTSIDE = frozenset({"name", "region"})  # of a URL map's content
_OF_GROUPS = frozenset({Kind.INSTANCE_GROUP.value, Kind.INSTANCES.value})


def adopt(takeover: Takeover, facts: Facts) -> Adoption[Facts]:
    """Return the world as it would look if GKE's resources were ours.

    Args:
        takeover: What it made, and what is wanted.
        facts: The project, in which nothing is counted twice: its quotas count everybody's.
    """
    adopter = _Adopter(takeover)
    found = tuple(adopter.resources())
    everything = {**takeover.observed.resources, **{r.address: r for r in found}}
    report = adopt_report.report(takeover, found)
    return Adoption(
        observed=replace(
            takeover.observed, resources=MappingProxyType(dict(sorted(everything.items())))
        ),
        facts=facts,
        diagnostics=report.diagnostics,
        exclusive=report.exclusive,
    )


class _Adopter:
    """Gives every resource its address, then spells it as one of ours."""

    def __init__(self, takeover: Takeover) -> None:
        self._takeover = takeover
        self._wanted = {each.address: each for each in takeover.wanted}
        self._by_name = {_identity(each): each.address for each in takeover.wanted if each.name}
        self._by_name |= dict(_first_certificates(takeover))
        self._frontends = dict(_frontends(takeover))
        self._groups = {each.name: each for each in takeover.intent.load_balancers}
        self._addresses: dict[str, str] = {}
        self._ips: dict[str, Ref] = {}

    def resources(self) -> Iterator[ObservedResource]:
        """Yield everything that was recognised, as observed resources of ours."""
        theirs = [r for r in self._takeover.incumbent.resources if r.kind not in _OF_GROUPS]
        places = [(each, address) for each in theirs if (address := self._address(each))]
        for resource, address in places:
            if resource.id:
                self._addresses[resource.id] = address
            if resource.kind == Kind.ADDRESS:
                self._ips[resource.outputs.get(IP, "")] = Ref(address, IP)
        for resource, address in places:
            yield self._observed(resource, address)
        for resource in theirs:
            address = self._membership(resource)
            if address:
                yield self._observed(resource, address)

    def _address(self, resource: ForeignResource) -> str:
        """Return which address a resource stands for, "" where it is for nothing of ours."""
        front = self._frontends.get((resource.kind, resource.name), "")
        place = resource.spec.get("region") or resource.spec.get("zone") or ""
        return front or self._by_name.get((resource.kind, resource.name, str(place)), "")

    def _membership(self, resource: ForeignResource) -> str:
        """Return the address of what hangs on a group: of ours, or of GKE's in a zone."""
        match resource.kind:
            case Kind.NETWORK_ENDPOINTS:
                group = self._addresses.get(resource.parent, "")
                return addresses.endpoints_of(group) if group else ""
            case Kind.NAMED_PORTS:
                address = addresses.named_ports(str(resource.spec.get("zone")))
                return address if address in self._wanted else ""
            case _:
                return ""

    def _observed(self, resource: ForeignResource, address: str) -> ObservedResource:
        wanted = self._wanted.get(address)
        group = wanted.group if wanted is not None else self._group_of(address)
        return ObservedResource(
            kind=resource.kind,
            address=address,
            group=group,
            name=resource.name,
            ingresses=wanted.ingresses if wanted is not None else self._ingresses(group),
            spec=self._spec(resource, wanted),
            outputs=resource.outputs,
            title=resource.title or (wanted.title if wanted is not None else ""),
            healthy=resource.healthy,
            state=resource.state,
            order=resource.order,
        )

    def _group_of(self, address: str) -> str:
        rest = addresses.parse(address).rest
        return next((name for name in self._groups if f"{rest}/".startswith(f"{name}/")), SHARED)

    def _ingresses(self, group: str) -> tuple[Key, ...]:
        return (Key.parse(group),) if group in self._groups and "/" in group else ()

    # -- how it would be spelled if it were ours -------------------------------------------------

    def _spec(self, resource: ForeignResource, wanted: Resource | None) -> Spec:
        kind = Kind(resource.kind)
        fields = {name: self._with_refs(value) for name, value in resource.spec.items()}
        if kind is Kind.URL_MAP:
            place = {name: value for name, value in fields.items() if name in _OUTSIDE}
            spec = freeze_spec({**place, **canonical(fields)})
            spec = _with_matchers_of(spec, wanted)
        else:
            if kind is Kind.FORWARDING_RULE:
                fields[IP] = self._ips.get(resource.outputs.get(IP, ""), fields.get(IP))
            spec = shaped(kind, fields)
        if kind is Kind.NAMED_PORTS:
            return _with_ports_of(spec, wanted)
        said = _their_words(resource, wanted)
        kept = {name: value for name, value in spec.items() if name != "description"}
        return freeze_spec({**kept, "description": said} if said else kept)

    def _with_refs(self, value: Value) -> Value:
        """Return a value with Refs in place of links of what is adopted."""
        if isinstance(value, str):
            return Ref(self._addresses[value], LINK) if value in self._addresses else value
        if isinstance(value, tuple):
            return tuple(self._with_refs(item) for item in value)
        if isinstance(value, Mapping):
            return MappingProxyType({key: self._with_refs(item) for key, item in value.items()})
        return value


def _frontends(takeover: Takeover) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield kind and name of every frontend that GKE may have made, and its address."""
    identity = takeover.settings.identity
    for load_balancer in takeover.intent.load_balancers:
        if load_balancer.explicit:
            continue
        ingress = Key.parse(load_balancer.name)
        for kind, parts in _PARTS.items():
            for part in parts:
                address = _frontend_address(kind, part, load_balancer.name)
                names = [incumbent.first_frontend(part, ingress, ingress_uid=identity.ingress_uid)]
                if identity.cluster_uid != NO_CLUSTER:
                    uid = identity.cluster_uid
                    names.append(incumbent.frontend(part, ingress, kube_system_uid=uid))
                yield from (((kind.value, name), address) for name in names if name)


def _frontend_address(kind: Kind, part: Part, group: str) -> str:
    https = part in {Part.HTTPS_RULE, Part.HTTPS_PROXY}
    port = HTTPS_PORT if https else HTTP_PORT
    match kind:
        case Kind.ADDRESS:
            return addresses.address(group)
        case Kind.FORWARDING_RULE:
            return addresses.forwarding_rule(group, port)
        case Kind.URL_MAP:
            redirect = part is Part.REDIRECT_MAP
            return addresses.url_map(group, addresses.REDIRECT if redirect else addresses.MAIN)
        case _:
            return addresses.target_proxy(group, port, https=https)


def _first_certificates(takeover: Takeover) -> Iterator[tuple[tuple[str, str, str], str]]:
    """Yield what certificates from Secrets were called at first, with their addresses."""
    uid = takeover.settings.identity.ingress_uid
    implicit = {each.name for each in takeover.intent.load_balancers if not each.explicit}
    for wanted in takeover.wanted:
        pair = wanted.spec.get("selfManaged")
        content = pair.get("certificate") if isinstance(pair, Mapping) else None
        if wanted.group in implicit and isinstance(content, Fingerprint) and content.secret:
            ingress = Key.parse(wanted.group)
            name = incumbent.first_certificate(ingress, content.secret, ingress_uid=uid)
            yield (wanted.kind, name, ""), wanted.address


def _identity(resource: Resource) -> tuple[str, str, str]:
    place = resource.spec.get("region") or resource.spec.get("zone") or ""
    return resource.kind, str(resource.name), str(place)


def _their_words(resource: ForeignResource, wanted: Resource | None) -> str:
    """Return what of a description would be compared: GKE's words, as far as they are wanted.

    How it writes a Service port has changed with the API version that it read ("80",
    "&ServiceBackendPort{Name:,Number:80,}"), so only that there is one is compared.
    """
    ours = marks.read(str(wanted.spec.get("description") or "")) if wanted is not None else {}
    listed = ours.get(marks.KEYS)
    keys = {str(key) for key in listed} if isinstance(listed, list) else set[str]()
    present = marks.read(str(resource.spec.get("description") or ""))
    said = {key: word for key, word in present.items() if key in keys}
    alike = {key: ours[key] for key in said if key in _SPELLED_ANYHOW}
    return marks.text({**said, **alike})


def _with_matchers_of(spec: Spec, wanted: Resource | None) -> Spec:
    """Return a URL map whose path matchers bear the marks that the wanted ones have."""
    marked = {
        str(matcher.get("name")): matcher.get("description")
        for matcher in _objects(wanted.spec.get("pathMatchers") if wanted is not None else ())
    }
    matchers: list[PlainInput] = []
    for matcher in _objects(spec.get("pathMatchers")):
        said = marked.get(str(matcher.get("name")))
        kept = {name: value for name, value in matcher.items() if name != "description"}
        matchers.append({**kept, "description": said} if said else kept)
    return freeze_spec({**spec, "pathMatchers": matchers}) if matchers else spec


def _with_ports_of(spec: Spec, wanted: Resource | None) -> Spec:
    """Return the named ports of a group without those that nobody here wants: others use them."""
    names = {
        port.get("name")
        for port in _objects(wanted.spec.get("namedPorts") if wanted is not None else ())
    }
    ports = [port for port in _objects(spec.get("namedPorts")) if port.get("name") in names]
    return freeze_spec({**spec, "namedPorts": freeze(ports)})


def _objects(value: Value) -> list[Mapping[str, Value]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, tuple) else []
