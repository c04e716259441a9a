"""Diagnostics: what is wrong with the user's input or the cloud's room, as values.

They are collected, never thrown, so that one bad object hides neither the next mistake nor
anybody else's plan. An exception is I/O or a bug; see ``provisioner.ports``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from provisioner.model.kube import Key


class Severity(StrEnum):
    """How much a diagnostic matters; the order of the members is the order of weight."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One finding.

    ``subject`` names the object as a person would (``Ingress shop/web``), ``field`` the place
    inside it (``spec.rules[0].http.paths[1].path``, ``metadata.annotations[key]``), ``message``
    is one sentence, ``hint`` one way out. ``code`` is stable and documented
    (docs/reference/diagnostics.md).

    ``ingress`` says whose it is, so that events, status and exit codes reach the right object;
    None for findings that belong to no Ingress. ``blocking`` says that something could not be
    planned because of it; such a diagnostic is part of the plan's digest.
    """

    severity: Severity
    code: str
    subject: str
    message: str
    field: str = ""
    hint: str = ""
    ingress: Key | None = None
    blocking: bool = False

    def sort_key(self) -> tuple[int, str, str, str, str]:
        """Errors first, then by subject: a stable order for every output."""
        rank = list(Severity).index(self.severity)
        return (rank, self.subject, self.field, self.code, self.message)


def error(
    code: str,
    subject: str,
    *,
    message: str,
    field: str = "",
    hint: str = "",
    ingress: Key | None = None,
) -> Diagnostic:
    """Return a blocking error."""
    return Diagnostic(
        severity=Severity.ERROR,
        code=code,
        subject=subject,
        message=message,
        field=field,
        hint=hint,
        ingress=ingress,
        blocking=True,
    )


def warning(
    code: str,
    subject: str,
    *,
    message: str,
    field: str = "",
    hint: str = "",
    ingress: Key | None = None,
) -> Diagnostic:
    """Return a warning: planned all the same, but a person should look."""
    return Diagnostic(
        severity=Severity.WARNING,
        code=code,
        subject=subject,
        message=message,
        field=field,
        hint=hint,
        ingress=ingress,
    )


def info(
    code: str,
    subject: str,
    *,
    message: str,
    field: str = "",
    hint: str = "",
    ingress: Key | None = None,
) -> Diagnostic:
    """Return a remark."""
    return Diagnostic(
        severity=Severity.INFO,
        code=code,
        subject=subject,
        message=message,
        field=field,
        hint=hint,
        ingress=ingress,
    )
