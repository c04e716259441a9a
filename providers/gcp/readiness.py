"""Which readiness gates we answer on Google Cloud, and which backend services stand behind them.

GKE's webhook writes ``cloud.google.com/load-balancer-neg-ready`` into pods behind Services with
network endpoint groups, and pods keep what they were created with. The condition names nothing, so
it is answered for pods that are attached to a network endpoint group of ours, and left to GKE for
all others.

Source: "Container-native load balancing: pod readiness" in the GKE documentation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from providers.gcp.addresses import Kind
from providers.gcp.desired.backend_ids import backend_at
from providers.gcp.links import name_of
from provisioner.model.intent import TargetMode
from provisioner.model.readiness import GateNames, PodBackend
from provisioner.model.resource import SHARED, Resource, references

GATES = GateNames(
    by_service=("target-health.ingress-provisioner.io/",),
    whole=("cloud.google.com/load-balancer-neg-ready",),
    labels=MappingProxyType({"ingress-provisioner.io/pod-readiness-gate-inject": "enabled"}),
)

_LINK = "selfLink"


def pod_backends(
    resources: Sequence[Resource], outputs: Mapping[str, Mapping[str, str]]
) -> Iterator[PodBackend]:
    """Yield the backend services that the URL maps among resources lead to and that exist.

    Args:
        resources: Of one load balancer; a common backend service is not among them.
        outputs: What is known of them, by address.
    """
    for address, group in sorted(_services(resources)):
        link = outputs.get(address, {}).get(_LINK, "")
        found = backend_at(address, group)
        if link and found is not None:
            backend, mode = found
            yield PodBackend(
                id=link,
                name=name_of(link),
                service=backend.service,
                takes_pods=mode is TargetMode.POD,
            )


def _services(resources: Sequence[Resource]) -> set[tuple[str, str]]:
    """Return address and group of the backend services among resources, or that they refer to."""
    found = {(r.address, r.group) for r in resources if r.kind == Kind.BACKEND_SERVICE}
    own = {address for address, _ in found}
    for resource in resources:
        if resource.kind == Kind.URL_MAP:
            led_to = {ref.address for value in resource.spec.values() for ref in references(value)}
            found |= {(address, SHARED) for address in led_to - own}
    return found
