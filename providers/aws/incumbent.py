"""What AWS Load Balancer Controller calls and tags what it makes, byte for byte.

Two things rest on it: resources made by that controller are recognised by these tags, and under
``incumbent`` compatibility ours bear the same names, so that either controller could have made
them. Every name is readable at the front and ends in ten hexadecimal digits of a SHA-256 over
inputs that are joined *without* separators: that is the formula, ambiguous or not.

Names matter at creation alone. Later that controller finds its resources by the three tags, so a
resource that exists keeps the name it has.

Source: aws-load-balancer-controller 3.5.0, ``pkg/ingress/model_build_*.go`` and
``pkg/deploy/tracking/provider.go``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

CLUSTER = "elbv2.k8s.aws/cluster"
STACK = "ingress.k8s.aws/stack"
RESOURCE = "ingress.k8s.aws/resource"
TAG_KEYS = frozenset({CLUSTER, STACK, RESOURCE})
"""The tags by which that controller finds what it made."""

BACKEND_RESOURCE = "elbv2.k8s.aws/resource"
BACKEND_ROLE = "backend-sg"
"""Tag and value of the security group that its load balancers share."""

FRONTEND_DESCRIPTION = "[k8s] Managed SecurityGroup for LoadBalancer"
BACKEND_DESCRIPTION = "[k8s] Shared Backend SecurityGroup for LoadBalancer"
RULE_DESCRIPTION = "elbv2.k8s.aws/targetGroupBinding=shared"
"""Description of the rules that it keeps on the security groups of nodes and pods."""

CONTROLLER = "ingress.k8s.aws/alb"
"""What the IngressClasses of that controller say in ``spec.controller``."""

_PREFIX = "k8s"
_FOREIGN = re.compile(r"[^A-Za-z0-9]")
_DIGITS = 10
_HALF = 8
_WHOLE = 17
_CLUSTER = 232
_NETWORK_STEM = 28


def load_balancer(cluster: str, group: str, *, explicit: bool, scheme: str) -> str:
    """Return the name of a group's load balancer; ``scheme`` in AWS's word."""
    return _name(_readable(group, explicit=explicit), cluster, group, scheme)


def frontend_security_group(cluster: str, group: str, *, explicit: bool) -> str:
    """Return the name of the security group that lets clients in."""
    return _name(_readable(group, explicit=explicit), cluster, group)


def backend_security_group(cluster: str) -> str:
    """Return the name of the security group that all load balancers of a cluster share."""
    return _name(f"traffic-{_plain(cluster)[:_CLUSTER]}", cluster)


def target_group(namespace: str, service: str, *inputs: str) -> str:
    """Return the name of a target group.

    Args:
        namespace: Of the Service.
        service: Its name.
        inputs: What the digits stand for: cluster, group, namespace and name of the Ingress, UID of
            the Service, its port as written, the target group's port, target type, protocol and
            protocol version, and the control port where there is one.
    """
    return _name(f"{_plain(namespace)[:_HALF]}-{_plain(service)[:_HALF]}", *inputs)


def network_load_balancer(load_balancer_name: str) -> str:
    """Return the name of the network load balancer in front of the one with this name."""
    return f"{load_balancer_name[:_NETWORK_STEM]}-nlb"


def network_target_group(group: str, *inputs: str, explicit: bool) -> str:
    """Return the name of a target group of such a network load balancer.

    Its digits stand for cluster, group, port, ``alb``, protocol, and port and protocol of its
    health check.
    """
    return _name(_readable(group, explicit=explicit), *inputs)


def tags(cluster: str, group: str, role: str) -> Mapping[str, str]:
    """Return the tags that say whose a resource is and what it is for."""
    return {CLUSTER: cluster, STACK: group, RESOURCE: role}


def backend_tags(cluster: str) -> Mapping[str, str]:
    """Return the tags of the security group that all load balancers of a cluster share."""
    return {CLUSTER: cluster, BACKEND_RESOURCE: BACKEND_ROLE}


def _name(readable: str, *inputs: str) -> str:
    digest = hashlib.sha256("".join(inputs).encode()).hexdigest()[:_DIGITS]
    return f"{_PREFIX}-{readable}-{digest}"


def _readable(group: str, *, explicit: bool) -> str:
    if explicit:
        return _plain(group)[:_WHOLE]
    namespace, _, name = group.partition("/")
    return f"{_plain(namespace)[:_HALF]}-{_plain(name)[:_HALF]}"


def _plain(text: str) -> str:
    return _FOREIGN.sub("", text)
