"""Turn Kubernetes objects, as read, into our own compact copies of them.

One road for all three sources (manifests, live lists, the controller's watch), so that the same
object means the same thing wherever it came from. What is wrong with an object's *shape* becomes
a diagnostic that names the object and the field; it never raises and never stops the next object.
Whether the content makes sense is judged later, by the translator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Generic, TypeAlias, TypeVar

import msgspec

from provisioner.kube import class_objects, class_wire, objects, shape, wire, workload_wire
from provisioner.kube.kinds import CLOUD_KINDS, KindInfo
from provisioner.model.diagnostic import Diagnostic, warning
from provisioner.model.kube import (
    Autoscaler,
    EndpointSlice,
    Ingress,
    IngressClass,
    LoadBalancerClass,
    Namespace,
    Node,
    Parameters,
    Secret,
    Service,
    TargetGroupBinding,
    Workload,
)

KubeObject: TypeAlias = (
    Ingress
    | IngressClass
    | LoadBalancerClass
    | Service
    | EndpointSlice
    | Node
    | Workload
    | Autoscaler
    | Parameters
    | Namespace
    | Secret
    | TargetGroupBinding
)
W = TypeVar("W", bound=wire.Object)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What became of one object.

    ``object`` is None where ``problems`` say why, and also (without any problem) for objects that
    no decision reads: a ReplicaSet that a Deployment owns, a slice of no Service.
    """

    object: KubeObject | None = None
    problems: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class _Codec(Generic[W]):
    """A wire shape and the function that turns it into an object."""

    shape: type[W]
    build: Callable[[W], KubeObject | None]

    def from_mapping(self, raw: Mapping[str, object]) -> KubeObject | None:
        return self.build(msgspec.convert(raw, self.shape))

    def from_json(self, raw: bytes | msgspec.Raw) -> KubeObject | None:
        return self.build(msgspec.json.decode(raw, type=self.shape))


NOT_BASE64: Final = "SECRET-ENCODING"

_WORKLOADS: Final = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")


def _parameters(info: KindInfo) -> _Codec[class_wire.Parameters]:
    return _Codec(class_wire.Parameters, class_objects.parameters_of(info.group, info.api_kind))


# A mapping of codecs of different shapes: each is consistent in itself.
_CODECS: Final[
    Mapping[
        str,
        _Codec[wire.Ingress]
        | _Codec[wire.IngressClass]
        | _Codec[class_wire.LoadBalancerClass]
        | _Codec[class_wire.Parameters]
        | _Codec[wire.Namespace]
        | _Codec[wire.Secret]
        | _Codec[wire.TargetGroupBinding]
        | _Codec[wire.Service]
        | _Codec[wire.EndpointSlice]
        | _Codec[wire.Node]
        | _Codec[workload_wire.Workload]
        | _Codec[wire.Autoscaler],
    ]
] = MappingProxyType(
    {
        "Ingress": _Codec(wire.Ingress, objects.ingress),
        "IngressClass": _Codec(wire.IngressClass, objects.ingress_class),
        "LoadBalancerClass": _Codec(
            class_wire.LoadBalancerClass, class_objects.load_balancer_class
        ),
        **{info.kind: _parameters(info) for info in CLOUD_KINDS},
        "Namespace": _Codec(wire.Namespace, objects.namespace),
        "Secret": _Codec(wire.Secret, objects.secret),
        "TargetGroupBinding": _Codec(wire.TargetGroupBinding, objects.target_group_binding),
        "Service": _Codec(wire.Service, objects.service),
        "EndpointSlice": _Codec(wire.EndpointSlice, objects.endpoint_slice),
        "Node": _Codec(wire.Node, objects.node),
        "HorizontalPodAutoscaler": _Codec(wire.Autoscaler, objects.autoscaler),
        **{kind: _Codec(workload_wire.Workload, objects.workload_of(kind)) for kind in _WORKLOADS},
    }
)


def decode(
    kind: str, raw: Mapping[str, object], *, spelled: shape.Spelling = shape.no_spelling
) -> Decoded:
    """Return the object that parsed JSON or YAML of this kind describes.

    Args:
        kind: A kind of ``kinds.MANIFEST_KINDS``; anything else gives an empty result.
        raw: The whole object, as a mapping.
        spelled: Looks up how a value was written in its YAML source, for exact hints.
    """
    codec = _CODECS.get(kind)
    if codec is None:
        return Decoded()
    called = kind.partition(".")[0]
    problems = shape.text_problems(called, raw, spelled)
    if problems:
        return Decoded(problems=problems)
    try:
        found = codec.from_mapping(raw)
    except msgspec.ValidationError as err:
        return Decoded(problems=(shape.problem(called, raw, str(err)),))
    return Decoded(object=found, problems=_not_base64(found, raw))


def decode_json(kind: str, raw: bytes | msgspec.Raw) -> Decoded:
    """Return the object that JSON text of this kind describes, as the API server sends it."""
    codec = _CODECS.get(kind)
    if codec is None:
        return Decoded()
    called = kind.partition(".")[0]
    try:
        return Decoded(object=codec.from_json(raw))
    except msgspec.ValidationError as err:
        return Decoded(problems=(shape.problem(called, _identity(raw), str(err)),))
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        return Decoded(problems=(shape.problem(called, {}, f"Not JSON: {err}"),))


def _not_base64(found: KubeObject | None, raw: Mapping[str, object]) -> tuple[Diagnostic, ...]:
    """Return a warning for each entry of a Secret that cannot be read, by name, never by content.

    Not an error: an encrypted Secret in git is nobody's mistake as long as no Ingress names it.
    """
    data = raw.get("data")
    if not isinstance(found, Secret) or not isinstance(data, Mapping):
        return ()
    return tuple(
        warning(
            NOT_BASE64,
            shape.subject_of("Secret", found.key),
            field=f"data[{name}]",
            message="The value is not base64, so the Secret is read without it.",
            hint="Encode it, or write it under stringData.",
        )
        for name in sorted(map(str, data))
        if name not in found.data
    )


def _identity(raw: bytes | msgspec.Raw) -> Mapping[str, object]:
    """Return the object as a plain mapping, only to name it in a message."""
    value = msgspec.json.decode(raw)
    return value if isinstance(value, dict) else {}
