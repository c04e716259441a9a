"""Values of Google's annotations: names of Compute resources, lists of them, numbers.

A name that Google could never have is refused here, on the object that states it: asked for, it
would only be "not found", which sounds as if somebody had deleted it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from providers.gcp.reading.fields import RESOURCE_NAME
from providers.gcp.settings import AddressName
from provisioner.core.values import quoted, required_text, strings
from provisioner.model.annotation import AnnotationError

_OBJECT_NAME = r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?"
_NUMBER = r"[0-9]+(\.[0-9]+)?"
_NAME_HINT = 'write the name alone, such as "shop-cert": a-z, 0-9 and "-", at most 63'


def resource_name(raw: str) -> str:
    """Return the name of a Compute resource."""
    value = required_text(raw)
    if not re.fullmatch(RESOURCE_NAME, value):
        raise AnnotationError(f"{quoted(raw)} is not a name of a Compute resource", hint=_NAME_HINT)
    return value


def resource_names(raw: str) -> tuple[str, ...] | None:
    """Return names of Compute resources, each once, None where the list is empty.

    An empty list is what the controller of ManagedCertificates leaves behind.
    """
    return tuple(dict.fromkeys(resource_name(item) for item in strings(raw))) or None


def object_name(raw: str) -> str:
    """Return the name of an object of the cluster."""
    value = required_text(raw)
    if not re.fullmatch(_OBJECT_NAME, value):
        raise AnnotationError(
            f"{quoted(raw)} is not a name of an object",
            hint="write the name alone; it is looked for in the namespace of the Ingress",
        )
    return value


def global_address(raw: str) -> AddressName:
    """Return the name of a global static address."""
    return AddressName(name=resource_name(raw))


def regional_address(raw: str) -> AddressName:
    """Return the name of a static address in the region of the load balancer."""
    return AddressName(name=resource_name(raw), regional=True)


def decimal(raw: str) -> float:
    """Return a number that is not negative, without an exponent."""
    if not re.fullmatch(_NUMBER, raw.strip()):
        raise AnnotationError(
            f"{quoted(raw)} is not a number", hint='write a number such as "1" or "0.5"'
        )
    return float(raw)


def above_zero(raw: str) -> float | None:
    """Return a rate, None for 0, which asks for none."""
    return decimal(raw) or None


def scaler(low: float, high: float) -> Callable[[str], float]:
    """Return a parser of 0, or of a number from ``low`` to ``high``."""

    def parse(raw: str) -> float:
        value = decimal(raw)
        if value and not low <= value <= high:
            raise AnnotationError(
                f"{quoted(raw)} is out of range",
                hint=f"write 0, or a number from {low:g} to {high:g}",
            )
        return value

    return parse
