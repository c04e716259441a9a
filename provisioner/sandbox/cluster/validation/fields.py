"""Which fields a kind has, for ``fieldValidation=Strict`` and for warnings.

A misspelt field is the most common mistake in a manifest, and kubectl asks the server to refuse it.
Ingress, IngressClass and Service are known to the last field; of the other built-in kinds only the
top level is, so a typo deep inside a Deployment goes unnoticed here. Custom kinds are known by
their schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from provisioner.sandbox.cluster.documents import Document
from provisioner.sandbox.cluster.kinds import Kind
from provisioner.sandbox.cluster.validation.schemas import unknown_schema_fields

# None: whatever is below is not checked. Lists are walked through.
Shape = Mapping[str, "Shape | None"] | None


def _shape(names: str, **nested: Shape) -> Shape:
    return {**dict.fromkeys(names.split()), **nested}


_METADATA = _shape(
    "name generateName namespace selfLink uid resourceVersion generation creationTimestamp "
    "deletionTimestamp deletionGracePeriodSeconds labels annotations ownerReferences finalizers "
    "managedFields"
)
_BACKEND = _shape(
    "",
    service=_shape("name", port=_shape("name number")),
    resource=_shape("apiGroup kind name"),
)
_PATHS = _shape("path pathType", backend=_BACKEND)
_INGRESS_SPEC = _shape(
    "ingressClassName",
    defaultBackend=_BACKEND,
    tls=_shape("hosts secretName"),
    rules=_shape("host", http=_shape("", paths=_PATHS)),
)
_BALANCER = _shape("", ingress=_shape("ip ipMode hostname", ports=_shape("port protocol error")))
_SERVICE_SPEC = _shape(
    "ports selector clusterIP clusterIPs type externalIPs sessionAffinity loadBalancerIP "
    "loadBalancerSourceRanges externalName externalTrafficPolicy healthCheckNodePort "
    "publishNotReadyAddresses sessionAffinityConfig ipFamilies ipFamilyPolicy "
    "allocateLoadBalancerNodePorts loadBalancerClass internalTrafficPolicy trafficDistribution",
    ports=_shape("name protocol appProtocol port targetPort nodePort"),
)
_ONLY_TOP = _shape("spec status")

_BODIES: Mapping[str, Shape] = {
    "namespaces": _ONLY_TOP,
    "nodes": _ONLY_TOP,
    "pods": _ONLY_TOP,
    "services": _shape("", spec=_SERVICE_SPEC, status=_shape("conditions", loadBalancer=_BALANCER)),
    "secrets": _shape("data stringData type immutable"),
    "configmaps": _shape("data binaryData immutable"),
    "events": None,
    "endpoints": _shape("subsets"),
    "endpointslices.discovery.k8s.io": _shape("addressType endpoints ports"),
    "deployments.apps": _ONLY_TOP,
    "statefulsets.apps": _ONLY_TOP,
    "replicasets.apps": _ONLY_TOP,
    "horizontalpodautoscalers.autoscaling": _ONLY_TOP,
    "ingresses.networking.k8s.io": _shape(
        "", spec=_INGRESS_SPEC, status=_shape("", loadBalancer=_BALANCER)
    ),
    "ingressclasses.networking.k8s.io": _shape(
        "",
        spec=_shape("controller", parameters=_shape("apiGroup kind name namespace scope")),
    ),
    "leases.coordination.k8s.io": _shape("spec"),
    "customresourcedefinitions.apiextensions.k8s.io": _ONLY_TOP,
}


def shape_of(kind: Kind) -> Shape:
    """Return the known fields of a built-in kind, or None where nothing is known."""
    body = _BODIES.get(kind.storage)
    return (
        None if body is None else {"apiVersion": None, "kind": None, "metadata": _METADATA, **body}
    )


def unknown_fields(kind: Kind, document: Document) -> tuple[str, ...]:
    """Return the paths of the fields that the kind does not have."""
    if kind.custom is not None:
        schema = kind.custom.schema
        return () if schema is None else tuple(unknown_schema_fields(schema, document))
    return tuple(_unknown("", shape_of(kind), document))


def _unknown(path: str, shape: Shape, value: object) -> Iterator[str]:
    if shape is None:
        return
    if isinstance(value, list):
        for index, element in enumerate(value):
            yield from _unknown(f"{path}[{index}]", shape, element)
    elif isinstance(value, dict):
        for key, field in value.items():
            below = f"{path}.{key}" if path else str(key)
            if key not in shape:
                yield below
            else:
                yield from _unknown(below, shape[key], field)
