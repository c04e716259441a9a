"""What members of a load balancer should know of the ports they are on, although it blocks nothing.

It is a silent loss elsewhere: URLs that nobody rewrites.
"""

from __future__ import annotations

from provisioner.core.rewrites import default_rewrites
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import LoadBalancerIntent


def listener_warnings(intent: LoadBalancerIntent) -> tuple[Diagnostic, ...]:
    """Return a warning for each member whose default backend gets requests as they came.

    "You can't add a transform to a default rule" (Transforms for listener rules, user guide).
    """
    return default_rewrites(intent, why="the default rule of an ALB rewrites nothing")
