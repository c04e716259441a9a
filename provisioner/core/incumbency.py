"""Never write an Ingress that an incumbent still serves.

Both controllers would have it: two load balancers for one Ingress, and each of them takes away what
the other writes. The object in the cluster tells, whatever a file says of its class and of itself.
Files alone know nothing of it, and a comparison writes nothing.
"""

from __future__ import annotations

from provisioner.core.dialect import Dialect
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.kube import Ingress
from provisioner.model.settings import Settings
from provisioner.model.snapshot import Snapshot

SERVED = "TAKE-OVER-SERVED"
_ANNOTATION = "annotation "


def served_by_incumbent(
    ingress: Ingress, snapshot: Snapshot, provider: Dialect, settings: Settings
) -> Diagnostic | None:
    """Return why an Ingress of our class has to be left alone, None where nothing is against it."""
    seen = ingress.present or (ingress if snapshot.live else None)
    if settings.take_over or seen is None:
        return None
    trace = provider.incumbent_trace(seen)
    if not trace:
        return None
    annotation = trace.removeprefix(_ANNOTATION)
    field = "finalizers" if annotation == trace else f"annotations[{annotation}]"
    return error(
        SERVED,
        f"Ingress {ingress.key}",
        message=f"another controller still serves it ({trace}), so nothing is made of it",
        field=f"metadata.{field}",
        hint="to see what moving it would change, plan with --take-over --compatibility incumbent;"
        " it can be ours once that controller has let go of it",
        ingress=ingress.key,
    )
