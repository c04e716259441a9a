"""Exit codes of plans. They are an API: 0 fine, 1 error, 2 changes present (only if asked for).

Whose mistake is it? With ``-f`` an error in what the files define is yours. In a live plan it is
some neighbour's, who must not turn your pipeline red; there only a plan in which nothing at all
could be planned is a failure.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Final

from provisioner.model.diagnostic import Diagnostic, Severity
from provisioner.model.plan import LoadBalancerPlan, Plan

OK: Final = 0
ERROR: Final = 1
CHANGES: Final = 2

_KINDS: Final = ("Ingress", "Service", "IngressClass", "LoadBalancerClass", "Node", "Deployment")


class FailOn(StrEnum):
    """How heavy a diagnostic must be to fail a command, whoever it concerns."""

    NEVER = "never"
    ERROR = "error"
    WARNING = "warning"


def exit_code(
    plan: Plan,
    *,
    sources: Collection[str] | None,
    fail_on: FailOn | None = None,
    detailed: bool = False,
) -> int:
    """Return the exit code of a plan.

    Args:
        plan: What was planned.
        sources: Objects that the files of ``-f`` define (``Ingress shop/web``); None: a live plan.
        fail_on: What the user asked for, None for the default described above.
        detailed: Whether changes are told by 2.
    """
    if _fails(plan, sources=sources, fail_on=fail_on):
        return ERROR
    return CHANGES if detailed and plan.has_changes else OK


def _fails(plan: Plan, *, sources: Collection[str] | None, fail_on: FailOn | None) -> bool:
    errors = [item for item in plan.diagnostics if item.severity is Severity.ERROR]
    match fail_on:
        case FailOn.NEVER:
            return False
        case FailOn.ERROR:
            return bool(errors)
        case FailOn.WARNING:
            return any(item.severity is not Severity.INFO for item in plan.diagnostics)
        case None if sources is not None:
            return any(is_yours(item, sources) for item in errors)
        case None:
            return bool(errors) and not any(map(_is_planned, plan.load_balancers))


def is_yours(item: Diagnostic, sources: Collection[str]) -> bool:
    """Tell whether a diagnostic is about something that the files define.

    What belongs to no object of a cluster (a file, the account, a load balancer) stands in the way
    of the files' Ingresses and counts as theirs.
    """
    if item.ingress is not None:
        return f"Ingress {item.ingress}" in sources
    return item.subject in sources or not item.subject.startswith(_KINDS)


def _is_planned(part: LoadBalancerPlan) -> bool:
    """Tell whether anything of a load balancer could be planned."""
    out = {item.ingress for item in part.quarantined if not item.path}
    return not part.ingresses or bool(set(part.ingresses) - out)
