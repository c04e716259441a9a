"""Which readiness gates we answer on AWS, and which target groups stand behind them.

AWS Load Balancer Controller's webhook writes ``target-health.elbv2.k8s.aws/<target group>`` into
pods of namespaces with its label, and pods keep what they were created with. Target groups that
were its own keep their names, so those pods go on being answered.

Source: "Pod Readiness Gate", AWS Load Balancer Controller guide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from providers.aws import addresses
from providers.aws.addresses import Kind
from provisioner.core.address_text import AddressError
from provisioner.model.intent import TargetMode
from provisioner.model.kube import Key
from provisioner.model.readiness import GateNames, PodBackend
from provisioner.model.resource import Resource

GATES = GateNames(
    by_name=("target-health.elbv2.k8s.aws/",),
    by_service=("target-health.ingress-provisioner.io/",),
    labels=MappingProxyType(
        {
            "elbv2.k8s.aws/pod-readiness-gate-inject": "enabled",
            "ingress-provisioner.io/pod-readiness-gate-inject": "enabled",
        }
    ),
)

_ARN = "TargetGroupArn"


def pod_backends(
    resources: Sequence[Resource], outputs: Mapping[str, Mapping[str, str]]
) -> Iterator[PodBackend]:
    """Yield the target groups among resources that exist.

    Args:
        resources: Of one load balancer.
        outputs: What is known of them, by address.
    """
    for resource in resources:
        arn = outputs.get(resource.address, {}).get(_ARN, "")
        if resource.kind != Kind.TARGET_GROUP or not arn:
            continue
        service, mode = _service_and_mode(resource.address)
        if service is not None:
            yield PodBackend(
                id=arn,
                name=arn.split("/")[1],
                service=service,
                takes_pods=mode == TargetMode.POD.value,
            )


def _service_and_mode(address: str) -> tuple[Key | None, str]:
    """Return whose pods a target group takes; an address too long for a tag does not tell."""
    try:
        parsed = addresses.parse(address)
    except AddressError:
        return None, ""
    backend, _, mode = parsed.id.rpartition("/")
    # In an implicit group the group itself is the namespace and name of the Ingress.
    where, _, service = (backend if "/" in backend else f"{parsed.group}/{backend}").rpartition("/")
    namespace, _, _ = where.partition("/")
    return Key(namespace, service.rpartition(":")[0]), mode
