"""What members of a load balancer should know of the ports they are on, although it blocks nothing.

It is a silent loss elsewhere: URLs that nobody rewrites.
"""

from __future__ import annotations

from provisioner.core.annotations import REWRITE_TARGET
from provisioner.core.backends import DEFAULT_BACKEND
from provisioner.model.diagnostic import Diagnostic, warning
from provisioner.model.intent import Forward, LoadBalancerIntent


def listener_warnings(intent: LoadBalancerIntent) -> tuple[Diagnostic, ...]:
    """Return a warning for each member whose default backend gets requests as they came.

    "You can't add a transform to a default rule" (Transforms for listener rules, user guide).
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
            message="rewrite-target does not apply to its default backend: the default rule of an "
            "ALB rewrites nothing",
            field=DEFAULT_BACKEND,
            hint='write a path "/" of type Prefix in place of the default backend',
        )
        for key in sorted(found)
    )
