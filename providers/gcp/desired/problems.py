"""How a problem of one backend is told: on the Ingress that uses it, at the path that names it."""

from __future__ import annotations

from provisioner.model.diagnostic import Diagnostic, error, warning
from provisioner.model.intent import BackendIntent


def refused(backend: BackendIntent, code: str, message: str, *, hint: str = "") -> Diagnostic:
    """Return an error that sets a backend's path aside."""
    return error(
        code,
        f"Ingress {backend.id.ingress}",
        message=message,
        field=backend.field,
        hint=hint,
        ingress=backend.id.ingress,
    )


def odd(backend: BackendIntent, code: str, message: str, *, hint: str = "") -> Diagnostic:
    """Return a warning about a backend, which is made all the same."""
    return warning(
        code,
        f"Ingress {backend.id.ingress}",
        message=message,
        field=backend.field,
        hint=hint,
        ingress=backend.id.ingress,
    )
