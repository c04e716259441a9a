"""What a comparison with GKE Ingress tells people besides the plan.

How much was recognised, which load balancers were not found, and how much GKE has made that no
Ingress here explains. As long as there is any such thing, what load balancers share is not
narrowed: GKE has one firewall rule and one set of instance groups for all of its Ingresses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from providers.gcp import incumbent
from providers.gcp.addresses import Kind
from providers.gcp.incumbent import Part
from providers.gcp.labels import NO_CLUSTER
from provisioner.core.comparison import Report, compared, counted
from provisioner.model.diagnostic import Diagnostic, info, warning
from provisioner.model.incumbent import Takeover
from provisioner.model.kube import Key
from provisioner.model.resource import ObservedResource

_COUNTED = (
    (Kind.FORWARDING_RULE, "forwarding rule"),
    (Kind.URL_MAP, "URL map"),
    (Kind.BACKEND_SERVICE, "backend service"),
    (Kind.NETWORK_ENDPOINT_GROUP, "network endpoint group"),
    (Kind.SSL_CERTIFICATE, "SSL certificate"),
    (Kind.FIREWALL, "firewall rule"),
)
_NAMED = 3  # how many names stand for the rest
_SHARED_BY_DESIGN = frozenset({Kind.INSTANCE_GROUP, Kind.INSTANCES, Kind.NAMED_PORTS})


def report(takeover: Takeover, recognised: Sequence[ObservedResource]) -> Report:
    """Return what people should know of a comparison.

    Args:
        takeover: What was compared.
        recognised: What stands for something of ours.
    """
    unexplained = _unexplained(takeover, recognised)
    return Report(
        diagnostics=(
            compared(takeover, recognised, _COUNTED),
            *_missing(takeover, recognised),
            *unexplained,
        ),
        exclusive=not unexplained,
    )


def _missing(takeover: Takeover, recognised: Sequence[ObservedResource]) -> Iterator[Diagnostic]:
    """Yield a warning for each load balancer that GKE has not made."""
    known = (*recognised, *takeover.observed.resources.values())
    found = {each.group for each in known if each.kind == Kind.FORWARDING_RULE}
    uid = takeover.settings.identity.cluster_uid
    for group in takeover.intent.load_balancers:
        if group.explicit or not group.members or group.name in found:
            continue
        name = "a name of its own"
        if uid != NO_CLUSTER:
            part = Part.HTTP_RULE
            name = incumbent.frontend(part, Key.parse(group.name), kube_system_uid=uid)
        yield warning(
            "TAKE-OVER-NOT-FOUND",
            f"load balancer {group.name}",
            message=f"{takeover.incumbent.controller} has no forwarding rule for it"
            f" ({name}, or the one for HTTPS)",
            hint="are --cluster-uid and --ingress-uid those of this cluster, and the project its"
            " own?",
        )


def _unexplained(
    takeover: Takeover, recognised: Sequence[ObservedResource]
) -> tuple[Diagnostic, ...]:
    """Return a remark on what GKE made for Ingresses that are not here."""
    known = {each.outputs.get("selfLink", "") for each in recognised}
    left = [
        each
        for each in takeover.incumbent.resources
        if each.id and each.id not in known and each.kind not in _SHARED_BY_DESIGN
    ]
    if not left:
        return ()
    names = ", ".join(each.name for each in left[:_NAMED])
    more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
    return (
        info(
            "TAKE-OVER-UNEXPLAINED",
            "the plan",
            message=f"{counted(len(left), 'resource')} of {takeover.incumbent.controller}"
            f" {'is' if len(left) == 1 else 'are'} not explained by any Ingress here"
            f" ({names}{more}) and left alone",
            hint="plan with all Ingresses of the cluster to see them as well",
        ),
    )
