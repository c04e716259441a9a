"""What members of a load balancer should know of the ports they are on, although it blocks nothing.

Each of these is a silent loss elsewhere: rules that exist nowhere, URLs that nobody rewrites.
"""

from __future__ import annotations

from provisioner.core.annotations import REWRITE_TARGET
from provisioner.core.backends import DEFAULT_BACKEND
from provisioner.model.diagnostic import Diagnostic, warning
from provisioner.model.intent import Forward, LoadBalancerIntent


def listener_warnings(intent: LoadBalancerIntent) -> tuple[Diagnostic, ...]:
    """Return a warning for each loss, told to the Ingress that it befalls."""
    return (*_redirect_warnings(intent), *_rewrite_warnings(intent))


def _redirect_warnings(intent: LoadBalancerIntent) -> tuple[Diagnostic, ...]:
    """Return a warning for each member whose rules exist nowhere.

    A listener that redirects everything has no rules. A member that listens on such ports only is
    never served, and nothing else would tell.
    """
    redirected = [listener for listener in intent.listeners if listener.redirect_to is not None]
    served = {key for x in intent.listeners if x.redirect_to is None for key in x.members}
    lost = {key: listener for listener in reversed(redirected) for key in listener.members}
    return tuple(
        warning(
            "LISTENER-REDIRECT-ONLY",
            f"Ingress {key}",
            ingress=key,
            message=(
                f"its only ports redirect to port {listener.redirect_to}, where it does not "
                "listen: none of its rules is ever used"
            ),
            hint=f"add HTTPS:{listener.redirect_to} to its listen-ports",
        )
        for key, listener in sorted(lost.items())
        if key not in served
    )


def _rewrite_warnings(intent: LoadBalancerIntent) -> tuple[Diagnostic, ...]:
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
