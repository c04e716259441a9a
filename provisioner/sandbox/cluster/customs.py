"""Custom kinds: from a CustomResourceDefinition to a row of the table, and the ready-made ones.

The ready-made definitions stand for what a chart would install, so that a test or the demo can have
a cluster with or without them. Their schemas accept everything; installing the real definition
over them tightens that, as it would on a real cluster.
"""

from __future__ import annotations

from collections.abc import Iterable

from provisioner.sandbox.cluster.documents import Document, dig, number, part, parts, text, texts
from provisioner.sandbox.cluster.kinds import Column, Custom, Kind

LOAD_BALANCER_CLASSES = "loadbalancerclasses.ingress-provisioner.io"
LOAD_BALANCERS = "loadbalancers.ingress-provisioner.io"
INGRESS_CLASS_PARAMS = "ingressclassparams.elbv2.k8s.aws"
TARGET_GROUP_BINDINGS = "targetgroupbindings.elbv2.k8s.aws"
AUTO_MODE_CLASS_PARAMS = "ingressclassparams.eks.amazonaws.com"

#: Every ready-made definition, by name.
ALL_CUSTOM_RESOURCES = (
    LOAD_BALANCER_CLASSES,
    LOAD_BALANCERS,
    INGRESS_CLASS_PARAMS,
    TARGET_GROUP_BINDINGS,
    AUTO_MODE_CLASS_PARAMS,
)


def kinds_of_definition(definition: Document) -> tuple[Kind, ...]:
    """Return a kind for every version that a CustomResourceDefinition serves."""
    spec = part(definition, "spec")
    storage_version = next(
        (text(version, "name") for version in parts(spec, "versions") if version.get("storage")), ""
    )
    return tuple(
        _kind(spec, version, storage_version)
        for version in parts(spec, "versions")
        if version.get("served") is True
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
    }
    wanted = tuple(names)
    for name in wanted:
        if name not in known:
            raise LookupError(f'"{name}" is not ready-made; there are {", ".join(known)}')
    return tuple(known[name] for name in wanted)


def established(definition: Document) -> Document:
    """Return the status of a definition whose kinds are served."""
    moment = text(definition, "metadata", "creationTimestamp")
    names = part(definition, "spec", "names")
    singular = text(names, "singular") or text(names, "kind").lower()
    list_kind = text(names, "listKind") or f"{text(names, 'kind')}List"
    return {
        "conditions": [
            _condition("NamesAccepted", "NoConflicts", "no conflicts found", moment),
            _condition("Established", "InitialNamesAccepted", "accepted", moment),
        ],
        "acceptedNames": {**names, "singular": singular, "listKind": list_kind},
        "storedVersions": [
            text(version, "name")
            for version in parts(definition, "spec", "versions")
            if version.get("storage")
        ],
    }


def _condition(type_: str, reason: str, message: str, moment: str) -> Document:
    return {
        "type": type_,
        "status": "True",
        "reason": reason,
        "message": message,
        "lastTransitionTime": moment,
    }


def _kind(spec: Document, version: Document, storage_version: str) -> Kind:
    names = part(spec, "names")
    schema = dig(version, "schema", "openAPIV3Schema")
    return Kind(
        group=text(spec, "group"),
        version=text(version, "name"),
        kind=text(names, "kind"),
        plural=text(names, "plural"),
        namespaced=text(spec, "scope") == "Namespaced",
        short_names=texts(names, "shortNames"),
        categories=texts(names, "categories"),
        has_status=dig(version, "subresources", "status") is not None,
        has_generation=True,
        unconditional_update=False,
        custom=Custom(
            columns=tuple(_column(column) for column in parts(version, "additionalPrinterColumns")),
            schema=schema if isinstance(schema, dict) else None,
            storage_version=storage_version,
        ),
    )


def _column(column: Document) -> Column:
    return Column(
        name=text(column, "name"),
        type=text(column, "type"),
        json_path=text(column, "jsonPath"),
        description=text(column, "description"),
        format=text(column, "format"),
        priority=number(column, "priority"),
    )


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
