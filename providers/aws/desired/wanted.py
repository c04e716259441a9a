"""Which facts an intent needs: the questions to the account, computed before any is asked.

Only what a decision will read is asked for, since certificates and network interfaces are the
slowest lists of an account: ACM is left alone where every listener names its certificates, network
interfaces where no load balancer's group is let in on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import MappingProxyType

from providers.aws.account import Wanted
from providers.aws.desired.needs import instance_id
from provisioner.core.annotations import MANAGE_BACKEND_SECURITY_GROUP_RULES
from provisioner.model.intent import (
    BackendIntent,
    Intent,
    ListenerIntent,
    ListenerProtocol,
    LoadBalancerIntent,
    PodTarget,
)
from provisioner.model.settings import Settings
from provisioner.model.snapshot import Snapshot


def wanted(intent: Intent, snapshot: Snapshot, settings: Settings) -> Wanted:
    """Return which facts expressing this intent needs.

    Args:
        intent: All load balancers.
        snapshot: The nodes behind targets.
        settings: Nothing of it matters today; the seam has it for providers that differ.
    """
    del settings
    load_balancers = intent.load_balancers
    nodes = {
        name: instance
        for name, node in snapshot.nodes.items()
        if (instance := instance_id(node.provider_id))
    }
    pods = sorted({pod for lb in load_balancers if _opens_ports(lb) for pod in _pods(lb.backends)})
    return Wanted(
        subnets=_sorted(name for lb in load_balancers for name in lb.subnets),
        security_groups=_sorted(name for lb in load_balancers for name in lb.security_groups),
        certificate_hosts=_sorted(
            host for listener in _secure(intent) for _, host in listener.certificate_hosts
        ),
        certificate_arns=_sorted(
            arn for listener in _secure(intent) for arn in listener.certificates
        ),
        instances=_sorted([*nodes.values(), *_instances(load_balancers)]) if load_balancers else (),
        pod_ips=tuple(ip for ip, _ in pods),
        node_of_pod=MappingProxyType({ip: nodes[node] for ip, node in pods if node in nodes}),
    )


def _opens_ports(load_balancer: LoadBalancerIntent) -> bool:
    """Tell whether a load balancer carries the shared backend group."""
    if not load_balancer.security_groups:
        return True
    return load_balancer.options.get(MANAGE_BACKEND_SECURITY_GROUP_RULES.name) is True


def _pods(backends: Iterable[BackendIntent]) -> Iterator[tuple[str, str]]:
    found: Iterator[PodTarget] = (pod for backend in backends for pod in backend.pods or ())
    yield from ((pod.ip, pod.node) for pod in found)


def _instances(load_balancers: Iterable[LoadBalancerIntent]) -> Iterator[str]:
    for load_balancer in load_balancers:
        for backend in load_balancer.backends:
            for node in backend.nodes or ():
                if instance := instance_id(node.provider_id):
                    yield instance


def _secure(intent: Intent) -> Iterator[ListenerIntent]:
    for load_balancer in intent.load_balancers:
        for listener in load_balancer.listeners:
            if listener.protocol is ListenerProtocol.HTTPS:
                yield listener


def _sorted(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(texts)))
