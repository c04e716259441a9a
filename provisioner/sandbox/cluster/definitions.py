"""Ready-made CustomResourceDefinitions: what charts and clouds install.

A test or the demo can have a cluster with or without them. Their schemas accept everything;
installing the real definition over them tightens that, as it would on a real cluster.
"""

from __future__ import annotations

from collections.abc import Iterable

from provisioner.sandbox.cluster.documents import Document, part, parts

LOAD_BALANCER_CLASSES = "loadbalancerclasses.ingress-provisioner.io"
LOAD_BALANCERS = "loadbalancers.ingress-provisioner.io"
INGRESS_CLASS_PARAMS = "ingressclassparams.elbv2.k8s.aws"
TARGET_GROUP_BINDINGS = "targetgroupbindings.elbv2.k8s.aws"
AUTO_MODE_CLASS_PARAMS = "ingressclassparams.eks.amazonaws.com"
BACKEND_CONFIGS = "backendconfigs.cloud.google.com"
FRONTEND_CONFIGS = "frontendconfigs.networking.gke.io"
MANAGED_CERTIFICATES = "managedcertificates.networking.gke.io"

#: Every ready-made definition, by name.
ALL_CUSTOM_RESOURCES = (
    LOAD_BALANCER_CLASSES,
    LOAD_BALANCERS,
    INGRESS_CLASS_PARAMS,
    TARGET_GROUP_BINDINGS,
    AUTO_MODE_CLASS_PARAMS,
    BACKEND_CONFIGS,
    FRONTEND_CONFIGS,
    MANAGED_CERTIFICATES,
)


def ready_made_definitions(names: Iterable[str]) -> tuple[Document, ...]:
    """Return the ready-made definitions of those names.

    Raises:
        LookupError: A name is not ready-made.
    """
    known = {
        LOAD_BALANCER_CLASSES: _load_balancer_class(),
        LOAD_BALANCERS: _load_balancer(),
        INGRESS_CLASS_PARAMS: _ingress_class_params(INGRESS_CLASS_PARAMS, "v1beta1"),
        TARGET_GROUP_BINDINGS: _target_group_binding(),
        AUTO_MODE_CLASS_PARAMS: _ingress_class_params(AUTO_MODE_CLASS_PARAMS, "v1"),
        BACKEND_CONFIGS: _settings_object(BACKEND_CONFIGS, "BackendConfig", "v1", "v1beta1"),
        FRONTEND_CONFIGS: _settings_object(FRONTEND_CONFIGS, "FrontendConfig", "v1beta1"),
        MANAGED_CERTIFICATES: _settings_object(MANAGED_CERTIFICATES, "ManagedCertificate", "v1"),
    }
    wanted = tuple(names)
    for name in wanted:
        if name not in known:
            raise LookupError(f'"{name}" is not ready-made; there are {", ".join(known)}')
    return tuple(known[name] for name in wanted)


def _load_balancer_class() -> Document:
    columns = [_printer("Provider", ".spec.provider"), _age()]
    return _definition(
        LOAD_BALANCER_CLASSES, "LoadBalancerClass", "v1alpha1", columns=columns, short="lbc"
    )


def _load_balancer() -> Document:
    columns = [
        _printer("Address", ".status.addresses[0]"),
        _printer("Mode", ".status.targetMode"),
        _printer("Programmed", '.status.conditions[?(@.type=="Programmed")].status'),
        _printer("Within-Limits", '.status.conditions[?(@.type=="WithinLimits")].status'),
        _age(),
    ]
    return _definition(LOAD_BALANCERS, "LoadBalancer", "v1alpha1", columns=columns, short="lb")


def _ingress_class_params(name: str, version: str) -> Document:
    columns = [
        _printer("Group-Name", ".spec.group.name"),
        _printer("Scheme", ".spec.scheme"),
        _age(),
    ]
    return _definition(name, "IngressClassParams", version, columns=columns)


def _target_group_binding() -> Document:
    columns = [
        _printer("Service-Name", ".spec.serviceRef.name"),
        _printer("Target-Type", ".spec.targetType"),
        _age(),
    ]
    definition = _definition(
        TARGET_GROUP_BINDINGS, "TargetGroupBinding", "v1beta1", columns=columns
    )
    return {**definition, "spec": {**part(definition, "spec"), "scope": "Namespaced"}}


def _settings_object(name: str, kind: str, version: str, *older: str) -> Document:
    """Return one of GKE's kinds of settings; who writes their status writes the whole object."""
    definition = _definition(name, kind, version, columns=[_age()])
    spec = part(definition, "spec")
    served = {k: v for k, v in parts(spec, "versions")[0].items() if k != "subresources"}
    versions = [served, *({**served, "name": each, "storage": False} for each in older)]
    return {**definition, "spec": {**spec, "scope": "Namespaced", "versions": versions}}


def _definition(
    name: str, kind: str, version: str, *, columns: list[Document], short: str = ""
) -> Document:
    plural, _, group = name.partition(".")
    open_object: Document = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    names: Document = {
        "kind": kind,
        "plural": plural,
        "singular": kind.lower(),
        "listKind": f"{kind}List",
    }
    if short:
        names["shortNames"] = [short]
    served: Document = {
        "name": version,
        "served": True,
        "storage": True,
        "schema": {
            "openAPIV3Schema": {
                "type": "object",
                "properties": {"spec": open_object, "status": open_object},
            }
        },
        "subresources": {"status": {}},
        "additionalPrinterColumns": columns,
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {"group": group, "scope": "Cluster", "names": names, "versions": [served]},
    }


def _printer(name: str, path: str) -> Document:
    return {"name": name, "type": "string", "jsonPath": path}


def _age() -> Document:
    return {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}
