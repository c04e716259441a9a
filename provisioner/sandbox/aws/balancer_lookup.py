"""Finding a load balancer, and whether it is ready."""

from __future__ import annotations

from provisioner.sandbox.aws.errors import balancer_not_found
from provisioner.sandbox.aws.region import Region
from provisioner.sandbox.aws.state import LoadBalancer


def balancer_by_arn(region: Region, arn: str) -> LoadBalancer:
    """A load balancer, or the refusal that AWS gives for an unknown ARN."""
    balancer = region.state.balancers.get(arn)
    if balancer is None:
        raise balancer_not_found(arn)
    return balancer


def is_active(region: Region, balancer: LoadBalancer) -> bool:
    """Whether the load balancer has been provisioned."""
    return region.now - balancer.created >= region.settings.provisioning_seconds
