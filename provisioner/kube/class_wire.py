"""Class objects as the API and manifests spell them: our own, and those of the cloud's controllers.

As tolerant as every other wire shape (see ``wire.py``).
"""

from __future__ import annotations

from provisioner.kube.wire import Object, Wire


class LabelRequirement(Wire):
    """LabelSelectorRequirement."""

    key: str | None = None
    operator: str | None = None
    values: tuple[str, ...] | None = None


class LabelSelector(Wire):
    """LabelSelector; an empty one selects everything."""

    match_labels: dict[str, str | None] | None = None
    match_expressions: tuple[LabelRequirement, ...] | None = None


class Tenant(Wire):
    """Who may do what on the load balancers of a class."""

    namespaces: tuple[str, ...] | None = None
    namespace_selector: LabelSelector | None = None
    groups: tuple[str, ...] | None = None
    hosts: tuple[str, ...] | None = None
    governs: tuple[str, ...] | None = None


class LoadBalancerClassSpec(Wire):
    """The spec of our own class object. Settings may be written as text, number or truth value."""

    provider: str | None = None
    ingress_classes: tuple[str, ...] | None = None
    defaults: dict[str, str | int | float | bool | None] | None = None
    enforced: dict[str, str | int | float | bool | None] | None = None
    compatibility: str | None = None
    policy: str | None = None
    pods_routable: bool | None = None
    tenants: tuple[Tenant, ...] | None = None


class LoadBalancerClass(Object):
    """Our own class object."""

    spec: LoadBalancerClassSpec | None = None


class Parameters(Object):
    """What the parameters of an IngressClass, or an annotation, lead to; the provider reads it."""

    spec: dict[str, object] | None = None
    status: dict[str, object] | None = None
