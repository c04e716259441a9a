"""A load balancer that nobody wants any more: it goes, unless somebody has protected it.

Deletion protection is a person's word that this load balancer must outlive its Ingresses. AWS would
refuse to delete it, but only after its web ACL and whatever stands in front of it are gone; so a
protected one is kept whole, and whoever is leaving it is told.

Source: "Deletion protection", Application Load Balancers user guide.
"""

from __future__ import annotations

from collections.abc import Mapping

from providers.aws.desired.context import Context
from provisioner.core.keeping import as_resource
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.resource import Resource

_PROTECTION = "deletion_protection.enabled"
_HINT = (
    "switch it off, with annotation alb.ingress.kubernetes.io/load-balancer-attributes: "
    f"{_PROTECTION}=false before the Ingress goes, or at AWS"
)


def protected(context: Context) -> tuple[tuple[Resource, ...], tuple[Diagnostic, ...]]:
    """Return what stays of a load balancer without members, and whom that is told.

    Returns:
        Nothing at all where the load balancer may be deleted.
    """
    existing = context.existing
    if existing is None or not _is_protected(existing.spec.get("Attributes")):
        return (), ()
    message = "its load balancer is protected against deletion, so everything on it stays"
    told = tuple(
        error(
            "CLOUD-DELETION-PROTECTED",
            f"Ingress {key}",
            message=message,
            field="metadata.deletionTimestamp",
            hint=_HINT,
            ingress=key,
        )
        for key in context.intent.leaving
    )
    kept = tuple(as_resource(resource) for resource in context.observed)
    return kept, told or context.errors("CLOUD-DELETION-PROTECTED", message, hint=_HINT)


def _is_protected(attributes: object) -> bool:
    return isinstance(attributes, tuple) and any(
        isinstance(pair, Mapping) and pair.get("Key") == _PROTECTION and pair.get("Value") == "true"
        for pair in attributes
    )
