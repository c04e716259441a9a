"""Builders for URL maps: short words, real frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from providers.gcp import addresses, limits
from providers.gcp.account import Facts
from providers.gcp.desired.context import Context
from providers.gcp.routing.entries import aborted, entries, mappings, services, texts
from providers.gcp.routing.url_maps import UrlMaps, url_maps
from providers.gcp.settings import VARIANT
from providers.gcp.variant import Variant
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.expression import Expression
from provisioner.model.intent import (
    BackendId,
    Compatibility,
    FixedResponse,
    Forward,
    ListenerIntent,
    ListenerProtocol,
    LoadBalancerIntent,
    Member,
    PathRule,
    PathType,
    Quarantined,
    RuleAction,
    WeightedBackend,
)
from provisioner.model.kube import Key
from provisioner.model.resource import (
    Json,
    Observed,
    ObservedResource,
    Resource,
    Spec,
    Value,
    to_json,
)
from provisioner.model.settings import Identity, Settings

GROUP = "edge"
HTTPS = 443
EXACT, PREFIX, OTHER = PathType.EXACT, PathType.PREFIX, PathType.IMPLEMENTATION_SPECIFIC
GLOBAL, CLASSIC, INTERNAL = (
    Variant.GLOBAL_EXTERNAL,
    Variant.CLASSIC,
    Variant.REGIONAL_INTERNAL,
)
INCUMBENT = Compatibility.INCUMBENT
MAIN = addresses.url_map(GROUP)
REDIRECT = addresses.url_map(GROUP, addresses.REDIRECT)


def a_backend_id(service: str = "web", *, ingress: str = "shop/web", port: str = "80") -> BackendId:
    """Return the id of a backend; its Service is in the Ingress's namespace unless it says so."""
    key = Key.parse(ingress)
    named = Key.parse(service) if "/" in service else Key(key.namespace, service)
    return BackendId(ingress=key, service=named, port=port)


def to(*weighted: tuple[str, int], ingress: str = "shop/web") -> Forward:
    """Return a forward to Services by weight; a single one has none."""
    alone = len(weighted) == 1
    return Forward(
        backends=tuple(
            WeightedBackend(
                backend=a_backend_id(service, ingress=ingress), weight=None if alone else weight
            )
            for service, weight in weighted
        )
    )


def a_path(
    host: str = "shop.example.com",
    path: str = "/",
    path_type: PathType = PREFIX,
    *,
    ingress: str = "shop/web",
    service: str = "web",
    place: tuple[int, int] = (0, 0),
    held: bool = False,
    action: RuleAction | None = None,
    options: Mapping[str, object] | None = None,
) -> PathRule:
    """Return one path of an Ingress."""
    return PathRule(
        ingress=Key.parse(ingress),
        field=f"spec.rules[{place[0]}].http.paths[{place[1]}]",
        host=host,
        path=path,
        path_type=path_type,
        action=action or to((service, 1), ingress=ingress),
        position=place,
        held=held,
        options=options or {},
    )


def a_listener(
    *paths: PathRule,
    port: int = 80,
    default: RuleAction | None = None,
    default_ingress: str = "",
    default_options: Mapping[str, object] | None = None,
    redirect_to: int | None = None,
    members: Sequence[str] = (),
) -> ListenerIntent:
    """Return a listener with these paths; on port 443 it speaks HTTPS."""
    keys = {path.ingress for path in paths} | {Key.parse(member) for member in members}
    return ListenerIntent(
        port=port,
        protocol=ListenerProtocol.HTTPS if port == HTTPS else ListenerProtocol.HTTP,
        members=tuple(sorted(keys)),
        rules=paths,
        default=default or FixedResponse(),
        default_ingress=Key.parse(default_ingress) if default_ingress else None,
        default_options=default_options or {},
        redirect_to=redirect_to,
    )


def a_context(
    *listeners: ListenerIntent,
    variant: Variant = GLOBAL,
    compatibility: Compatibility = Compatibility.KUBERNETES,
    members: Sequence[Member] | None = None,
    observed: Iterable[ObservedResource] = (),
    keep: Iterable[str] = (),
    quarantined: Sequence[Quarantined] = (),
    options: Mapping[str, object] | None = None,
) -> Context:
    """Return the context of a load balancer of the explicit group ``edge``."""
    keys = sorted({key for listener in listeners for key in listener.members})
    kept = frozenset(Key.parse(key) for key in keep)
    intent = LoadBalancerIntent(
        name=GROUP,
        explicit=True,
        compatibility=compatibility,
        scheme=None,
        members=tuple(members or (Member(ingress=key) for key in keys if key not in kept)),
        listeners=listeners,
        backends=(),
        quarantined=tuple(quarantined),
        options={VARIANT.name: variant, **(options or {})},
    )
    request = Expression(
        intent=intent,
        modes={},
        observed=Observed(resources={each.address: each for each in observed}),
        limits=limits.DEFAULTS,
        settings=Settings(identity=Identity(cluster_name="prod", cluster_uid="uid-1")),
        keep=kept,
    )
    return Context(request=request, facts=Facts(project="p", region="europe-west1"))


def maps(
    *listeners: ListenerIntent,
    variant: Variant = GLOBAL,
    backends: Mapping[BackendId, str] | None = None,
    refused: Iterable[str] = (),
    gke_default: bool = False,
    nothing: bool = True,
    **about: object,
) -> UrlMaps:
    """Return the URL maps of a load balancer; every backend named has a service.

    Args:
        listeners: Its ports.
        variant: Which load balancer it is.
        backends: Addresses of backend services, where they are not those of the paths.
        refused: Services without one.
        gke_default: Whether GKE's default backend is there.
        nothing: Whether the service without backends is.
        about: What else ``a_context`` takes.
    """
    context = a_context(*listeners, variant=variant, **about)  # type: ignore[arg-type]  # as named
    found = {
        backend: address_of(backend)
        for backend in _backends(context)
        if backend.service.name not in set(refused)
    }
    if gke_default:
        theirs = a_backend_id("kube-system/default-http-backend")
        found[theirs] = address_of(theirs)
    return url_maps(
        context,
        backends if backends is not None else found,
        nothing=addresses.nothing(variant.value) if nothing else None,
    )


def _backends(context: Context) -> list[BackendId]:
    actions: list[RuleAction | None] = [m.default_backend for m in context.intent.members]
    for listener in context.intent.listeners:
        actions += [listener.default, *(rule.action for rule in listener.rules)]
    forwards = [action for action in actions if isinstance(action, Forward)]
    return [weighted.backend for forward in forwards for weighted in forward.backends]


def address_of(backend: BackendId) -> str:
    """Return the address of a backend's service in these tests."""
    return addresses.backend_service(GROUP, f"{backend.ingress}/{backend}/pod")


def seen(resource: Resource) -> ObservedResource:
    """Return a planned resource as it looks once it exists."""
    return ObservedResource(
        kind=resource.kind,
        address=resource.address,
        group=resource.group,
        name=str(resource.name),
        ingresses=resource.ingresses,
        spec=resource.spec,
        title=resource.title,
    )


def all_seen(result: UrlMaps) -> list[ObservedResource]:
    """Return planned maps as they look once they exist."""
    return [seen(resource) for resource in result.resources]


def spec_of(result: UrlMaps, address: str = MAIN) -> Spec:
    """Return the spec of one of the maps."""
    return next(each.spec for each in result.resources if each.address == address)


def host_rules(result: UrlMaps, address: str = MAIN) -> list[tuple[tuple[str, ...], str]]:
    """Return the host rules of a map: their hosts, and their path matcher."""
    rules = mappings(spec_of(result, address).get("hostRules"))
    return [(texts(rule.get("hosts")), str(rule.get("pathMatcher"))) for rule in rules]


def matchers(result: UrlMaps, address: str = MAIN) -> tuple[Spec, ...]:
    """Return the path matchers of a map."""
    return mappings(spec_of(result, address).get("pathMatchers"))


def path_rules(result: UrlMaps, address: str = MAIN) -> tuple[Spec, ...]:
    """Return the path rules of all path matchers of a map."""
    return tuple(r for m in matchers(result, address) for r in mappings(m.get("pathRules")))


def plain(value: Value) -> Json:
    """Return a part of a spec as plain JSON."""
    return to_json(value)


def leads(result: UrlMaps, address: str = MAIN) -> dict[str, str]:
    """Return where a map leads, in words: ``"shop.example.com /cart"`` -> ``"web"``.

    A host's default stands under the host alone, the map's under the empty text. An answer of the
    load balancer's own is its status, a redirect its code, weights stand behind the Services.
    """
    return {
        f"{entry.host} {entry.path}".strip(): told(entry.action)
        for entry in entries(spec_of(result, address))
    }


def told(action: Spec) -> str:
    """Return what is done, in a word."""
    status = aborted(action)
    if status is not None:
        return str(status)
    redirect = action.get("urlRedirect")
    if isinstance(redirect, Mapping):
        return str(redirect["redirectResponseCode"])
    named = [(_service(name), weight) for name, weight in services(action).items()]
    if len(named) == 1:
        return named[0][0]
    return ", ".join(f"{name} {weight}" for name, weight in named)


def _service(address: str) -> str:
    return address.rpartition("/")[0].rpartition("/")[2].partition(":")[0]


def codes(diagnostics: Iterable[Diagnostic]) -> list[str]:
    """Return the codes of diagnostics, sorted."""
    return sorted(each.code for each in diagnostics)


def set_aside(result: UrlMaps) -> list[tuple[str, str]]:
    """Return what is quarantined: (Ingress, path)."""
    return [(str(each.ingress), each.path) for each in result.quarantined]


def a_member(ingress: str, *, created: str = "", order: int = 0, default: str = "") -> Member:
    """Return a member, with a default backend where one is named."""
    action = to((default, 1), ingress=ingress) if default else None
    return Member(ingress=Key.parse(ingress), created=created, order=order, default_backend=action)


def quarantined(ingress: str, path: str, diagnostic: Diagnostic) -> Quarantined:
    """Return something that is quarantined already."""
    return Quarantined(ingress=Key.parse(ingress), path=path, diagnostic=diagnostic)
