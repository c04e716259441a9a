"""Backend services: what a URL map sends requests to, with every field that is ours stated.

In front of pods a backend service leads to network endpoint groups, in front of nodes to instance
groups and a named port of them. Capacity figures are those that GKE has always used (a rate of one
request per second and target): all targets are in one region, so they decide nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from providers.gcp import marks
from providers.gcp.addresses import Kind
from providers.gcp.backend_config import SignedUrlKey
from providers.gcp.desired.backend_options import BackendOptions
from providers.gcp.desired.context import Context
from providers.gcp.incumbent import named_port
from providers.gcp.marks import Word
from providers.gcp.settings import (
    BACKEND_CONFIG,
    CAPACITY_SCALER,
    MAX_RATE_PER_ENDPOINT,
    backend_config,
)
from providers.gcp.shapes import OWNED, shaped
from providers.gcp.variant import Variant
from provisioner.model.intent import (
    BackendIntent,
    BackendProtocol,
    ProtocolVersion,
    TargetMode,
)
from provisioner.model.resource import (
    SHARED,
    ObservedResource,
    PlainInput,
    Ref,
    Resource,
    Spec,
    Unknown,
    freeze_spec,
)
from provisioner.model.settings import ANNOTATION_PREFIX

KEYS = f"{ANNOTATION_PREFIX}signed-url-keys"
"""Word of a description: digests of the keys that sign URLs, which nobody can read back."""

SET = f"{ANNOTATION_PREFIX}set"
"""Word of a description, where GKE's reading applies: the settings that we have ever stated."""

_RATE = 1
_ALWAYS = frozenset(
    {"name", "description", "region", "loadBalancingScheme", "protocol", "portName"}
    | {"healthChecks", "backends"}
)
"""What a backend service is, besides its settings."""

_CLEARED = frozenset({"customResponseHeaders"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a backend service stands.

    Attributes:
        address: Its address.
        group: Whose it is: the load balancer's, or ``shared``.
        health_check: The address of its health check.
        present: What exists at its address.
        taken: Names of the backend's other backend services.
    """

    address: str
    group: str
    health_check: str
    present: ObservedResource | None = None
    taken: tuple[str, ...] = ()


def protocol(backend: BackendIntent) -> str:
    """Return what a backend service speaks to its targets, in Google's words."""
    secure = backend.protocol is BackendProtocol.HTTPS
    match backend.protocol_version:
        case ProtocolVersion.HTTP1:
            return backend.protocol.value
        case ProtocolVersion.HTTP2 | ProtocolVersion.GRPC:
            return "HTTP2" if secure else "H2C"


def backend_service(
    context: Context,
    backend: BackendIntent,
    mode: TargetMode | None,
    *,
    place: Place,
    groups: Sequence[PlainInput],
    options: BackendOptions,
) -> Resource:
    """Return a backend service.

    Args:
        context: The load balancer.
        backend: What it is for.
        mode: How traffic reaches pods; None: known after apply.
        place: Where it stands.
        groups: The groups that it leads to.
        options: What is said of it.
    """
    said = _stated(context, backend, place, options)
    described = _described(context, backend, mode, place=place, options=options, stated=said)
    name = _name(context, backend, mode, place)
    fields: dict[str, PlainInput] = {
        **_left_alone(context, place, said),
        **options.fields,
        "name": name,
        "description": described,
        **context.place,
        "loadBalancingScheme": context.variant.scheme,
        "protocol": protocol(backend),
        "healthChecks": [Ref(place.health_check, "selfLink")],
        "backends": _backends(context, backend, mode, groups, place),
    }
    if mode is TargetMode.NODE_PORT:
        fields["portName"] = port_name(backend)
    elif context.incumbent:
        fields["portName"] = _idle_port_name(backend, place)
    return Resource(
        kind=Kind.BACKEND_SERVICE.value,
        address=place.address,
        group=place.group,
        name=name,
        ingresses=() if place.group == SHARED else (backend.id.ingress,),
        spec=_complete(shaped(Kind.BACKEND_SERVICE, fields), place, said, context),
        title=f"{backend.id} ({mode.value if mode is not None else 'mode not decided'})",
    )


def port_name(backend: BackendIntent) -> str | Unknown:
    """Return what instance groups call a backend's node port."""
    if not backend.node_port:
        return Unknown("the node port that the cluster allocates")
    return named_port(backend.node_port)


def _idle_port_name(backend: BackendIntent, place: Place) -> PlainInput:
    """Return what GKE writes where the groups have no named ports: the node port, "port0" for none.

    It is written once, and follows no later change of the Service.
    """
    if place.present is not None:
        return place.present.spec.get("portName")
    return port_name(backend) if backend.can_node_port else named_port(backend.node_port)


def signed_url_keys(
    service: Resource, keys: Sequence[SignedUrlKey], *, spell: Mapping[str, str]
) -> tuple[Resource, ...]:
    """Return the keys that sign URLs of a backend service; ``spell`` has their addresses."""
    return tuple(
        Resource(
            kind=Kind.SIGNED_URL_KEY.value,
            address=spell[key.name],
            group=service.group,
            ingresses=service.ingresses,
            spec=shaped(
                Kind.SIGNED_URL_KEY,
                {
                    "backendService": Ref(service.address, "selfLink"),
                    "keyName": key.name,
                    "keyValue": key.value or Unknown(f"what Secret {key.secret_name} holds"),
                },
            ),
            title=f"key {key.name} of {service.title}",
        )
        for key in keys
    )


def key_digests(description: object) -> Mapping[str, str]:
    """Return what a backend service's description tells of its keys: digests by name."""
    words = marks.read(description) if isinstance(description, str) else {}
    found = words.get(KEYS)
    if not isinstance(found, Mapping):
        return {}
    return {name: str(found[name]) for name in sorted(found)}


def _backends(
    context: Context,
    backend: BackendIntent,
    mode: TargetMode | None,
    groups: Sequence[PlainInput],
    place: Place,
) -> PlainInput:
    if mode is None:
        return _undecided()
    scaler = backend.options.get(CAPACITY_SCALER.name)
    capacity = scaler if isinstance(scaler, int | float) else 1
    rate = _rate(backend, mode)
    found: list[PlainInput] = []
    for group in groups:
        kept = _as_it_is(place.present, group) if context.incumbent else None
        stated = {"group": group, "balancingMode": "RATE", **rate, "capacityScaler": capacity}
        found.append(stated if kept is None or _says_rates(backend) else kept)
    return found


def _rate(backend: BackendIntent, mode: TargetMode) -> Mapping[str, PlainInput]:
    """Return the capacity of one target, requests per second; of nodes nobody can say it."""
    match mode:
        case TargetMode.POD:
            asked = backend.options.get(MAX_RATE_PER_ENDPOINT.name)
            return {"maxRatePerEndpoint": asked if isinstance(asked, int | float) else _RATE}
        case TargetMode.NODE_PORT:
            return {"maxRatePerInstance": _RATE}


def _says_rates(backend: BackendIntent) -> bool:
    return any(s.name in backend.options for s in (CAPACITY_SCALER, MAX_RATE_PER_ENDPOINT))


def _as_it_is(present: ObservedResource | None, group: PlainInput) -> PlainInput:
    """Return how a group is used now: GKE falls back to UTILIZATION where RATE is refused."""
    listed = present.spec.get("backends") if present is not None else None
    for entry in listed if isinstance(listed, tuple) else ():
        if isinstance(entry, Mapping) and entry.get("group") == group:
            return entry
    return None


def _name(
    context: Context, backend: BackendIntent, mode: TargetMode | None, place: Place
) -> str | Unknown:
    if place.present is not None:
        return place.present.name
    if mode is None:
        return _undecided()
    return context.labels.backend_service_name(
        backend, mode, address=place.address, variant=context.variant, taken=place.taken
    )


def _described(
    context: Context,
    backend: BackendIntent,
    mode: TargetMode | None,
    *,
    place: Place,
    options: BackendOptions,
    stated: Sequence[str],
) -> str | Unknown:
    if mode is None:
        return _undecided()
    more: dict[str, Word] = {}
    if options.keys:
        more[KEYS] = {key.name: _digest(key, place.present) for key in options.keys}
    if stated:
        more[SET] = list(stated)
    return context.labels.backend_description(
        backend,
        mode,
        address=place.address,
        group=place.group,
        features=_features(context, backend, mode),
        more=more,
    )


def _digest(key: SignedUrlKey, present: ObservedResource | None) -> str:
    """Return what is recorded of a key: its digest; while nobody can read it, what is recorded."""
    if key.value is not None:
        return key.value.digest
    recorded = key_digests(present.spec.get("description")) if present is not None else {}
    return recorded.get(key.name, "")


def _features(context: Context, backend: BackendIntent, mode: TargetMode) -> list[str]:
    """Return what GKE notes of a backend service, in its words and order."""
    found = {
        "HTTP2": protocol(backend) == "HTTP2",
        "L7ILB": context.variant is Variant.REGIONAL_INTERNAL,
        "L7XLBRegional": context.variant is Variant.REGIONAL_EXTERNAL,
        "NEG": mode is TargetMode.POD,
        "SecurityPolicy": backend_config(backend.options).security_policy is not None,
    }
    return [word for word, holds in sorted(found.items()) if holds]


def _stated(
    context: Context, backend: BackendIntent, place: Place, options: BackendOptions
) -> tuple[str, ...]:
    """Return the settings that are ours to state under GKE's reading, () under our own.

    What we stated once stays ours, so that taking it back restores the default; what nobody said
    through us is left alone, as GKE does. It clears one block that a BackendConfig leaves out.
    """
    if not context.incumbent:
        return ()
    before: tuple[str, ...] = ()
    if place.present is not None:
        words = marks.read(str(place.present.spec.get("description", "")))
        recorded = words.get(SET)
        before = tuple(str(word) for word in recorded) if isinstance(recorded, list) else ()
    cleared = _CLEARED if BACKEND_CONFIG.name in backend.options else frozenset[str]()
    return tuple(sorted({*before, *options.fields, *cleared}))


def _left_alone(context: Context, place: Place, stated: Sequence[str]) -> Mapping[str, PlainInput]:
    """Return the settings that stay as they are; GKE creates a backend service with logging on."""
    if not context.incumbent:
        return {}
    if place.present is None:
        return {"logConfig": {"enable": True, "sampleRate": 1}}
    return {
        name: value
        for name, value in place.present.spec.items()
        if name not in _ALWAYS and name not in stated
    }


def _complete(spec: Spec, place: Place, stated: Sequence[str], context: Context) -> Spec:
    """Return a spec that names nothing that is to be left alone and is not there either."""
    if not context.incumbent or place.present is None:
        return spec
    alone = OWNED[Kind.BACKEND_SERVICE] - _ALWAYS - frozenset(stated) - place.present.spec.keys()
    return freeze_spec({name: value for name, value in spec.items() if name not in alone})


def _undecided() -> Unknown:
    return Unknown("the target mode, which depends on the cluster")
