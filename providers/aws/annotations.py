"""The native annotations: everything under ``alb.ingress.kubernetes.io/`` that manifests carry.

All of AWS Load Balancer Controller's annotations are here, values written as it reads them, so a
manifest moves over unchanged. Each feeds a setting of ``core.annotations`` or, where only AWS has
such a thing, of ``providers.aws.settings``; ``providers.aws.reading`` has the tables and parsers.
"""

from __future__ import annotations

from providers.aws.reading import (
    authentication,
    backends,
    frontend_nlb,
    listeners,
    load_balancer,
    routing,
)
from providers.aws.reading.rows import on_ingress
from provisioner.core.values import text
from provisioner.model.annotation import Annotation, Merge, Setting

DRY_RUN_PLAN: Setting[str] = Setting("dry-run-plan")
"""Written by the incumbent controller, for people; known so that nobody is warned of it."""

_IGNORED = (
    on_ingress(
        "dry-run-plan",
        DRY_RUN_PLAN,
        text,
        Merge.OWN,
        kind="string",
        summary="Written by AWS Load Balancer Controller; has no effect.",
    ),
)

NATIVE: tuple[Annotation[object], ...] = (
    *load_balancer.ROWS,
    *listeners.ROWS,
    *backends.ROWS,
    *authentication.ROWS,
    *routing.ROWS,
    *frontend_nlb.ROWS,
    *_IGNORED,
)
"""Every native annotation, in the order of the reference page."""
