"""Rewritten paths, where what they mean is the same on every cloud.

``rewrite-target`` replaces the path that a rule matched. A default backend has matched nothing, so
it gets requests as they came, and whoever expects otherwise is told.
"""

from __future__ import annotations

from provisioner.core.annotations import REWRITE_TARGET
from provisioner.core.service_ports import DEFAULT_BACKEND
from provisioner.model.diagnostic import Diagnostic, warning
from provisioner.model.intent import Forward, LoadBalancerIntent


def default_rewrites(intent: LoadBalancerIntent, *, why: str) -> tuple[Diagnostic, ...]:
    """Return a warning for each member whose default backend gets requests as they came.

    Args:
        intent: The load balancer.
        why: What keeps its cloud from rewriting for a default backend, as the end of a sentence.
    """
    found = {
        listener.default_ingress
        for listener in intent.listeners
        if listener.default_ingress is not None
        and isinstance(listener.default, Forward)
        and listener.default_options.get(REWRITE_TARGET.name)
    }
    return tuple(
        warning(
            "PATH-REWRITE-DEFAULT",
            f"Ingress {key}",
            ingress=key,
            message=f"rewrite-target does not apply to its default backend: {why}",
            field=DEFAULT_BACKEND,
            hint='write a path "/" of type Prefix in place of the default backend',
        )
        for key in sorted(found)
    )
