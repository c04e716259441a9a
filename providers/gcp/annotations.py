"""The native annotations: what manifests written for GKE Ingress carry, and one of our own.

All of GKE's are here, values written as its controller reads them, so a manifest moves over
unchanged. Each feeds a setting of ``core.annotations`` or, where only Google has such a thing, of
``providers.gcp.settings``; ``providers.gcp.reading`` has the tables and parsers.
"""

from __future__ import annotations

from providers.gcp.reading import backends, foreign, listeners, load_balancer
from provisioner.model.annotation import Annotation

NATIVE: tuple[Annotation[object], ...] = (
    *load_balancer.ROWS,
    *listeners.ROWS,
    *backends.ROWS,
    *foreign.ROWS,
)
"""Every native annotation, in the order of the reference page."""
