"""From the wire shapes of class objects to objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from provisioner.kube import class_wire
from provisioner.kube.objects import meta, texts
from provisioner.model.kube import NO_STRINGS, LoadBalancerClass, Parameters, Tenant
from provisioner.model.selector import LabelRequirement, LabelSelector


def load_balancer_class(raw: class_wire.LoadBalancerClass) -> LoadBalancerClass:
    """Return our own class object, its settings as an annotation would spell them."""
    spec = raw.spec or class_wire.LoadBalancerClassSpec()
    return LoadBalancerClass(
        meta=meta(raw),
        provider=spec.provider or "",
        ingress_classes=spec.ingress_classes or (),
        defaults=_settings(spec.defaults),
        enforced=_settings(spec.enforced),
        compatibility=spec.compatibility or "",
        policy=spec.policy or "",
        pods_routable=spec.pods_routable,
        tenants=None if spec.tenants is None else tuple(_tenant(t) for t in spec.tenants),
    )


def _settings(raw: Mapping[str, str | int | float | bool | None] | None) -> Mapping[str, str]:
    if not raw:
        return NO_STRINGS
    return MappingProxyType({name: _setting(value) for name, value in raw.items()})


def _setting(value: str | float | bool | None) -> str:  # noqa: FBT001 - a value, not a switch
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _tenant(raw: class_wire.Tenant) -> Tenant:
    selector = raw.namespace_selector
    return Tenant(
        namespaces=raw.namespaces or (),
        selector=None if selector is None else _selector(selector),
        groups=raw.groups or (),
        hosts=raw.hosts or (),
        governs=raw.governs or (),
    )


def _selector(raw: class_wire.LabelSelector) -> LabelSelector:
    return LabelSelector(
        match_labels=texts(raw.match_labels),
        requirements=tuple(
            LabelRequirement(
                key=entry.key or "", operator=entry.operator or "", values=entry.values or ()
            )
            for entry in raw.match_expressions or ()
        ),
    )


def parameters_of(group: str, kind: str) -> Callable[[class_wire.Parameters], Parameters]:
    """Return the function that makes parameters of this kind; their spec stays as it is."""

    def build(raw: class_wire.Parameters) -> Parameters:
        spec = MappingProxyType(dict(raw.spec or {}))
        status = MappingProxyType(dict(raw.status or {}))
        return Parameters(meta=meta(raw), group=group, kind=kind, spec=spec, status=status)

    return build
