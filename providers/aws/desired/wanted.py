"""Which facts an intent needs: the questions to the account, computed before any is asked.

Only what a decision will read is asked for, since certificates and network interfaces are the
slowest lists of an account: ACM is left alone where every listener names its certificates, network
interfaces where no load balancer's group is let in on them. What hardly anybody uses (firewalls,
trust stores, buckets for logs) costs a call only where somebody does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from providers.aws.account import Wanted
from providers.aws.desired.addons import NONE
from providers.aws.desired.attributes import log_buckets
from providers.aws.desired.imports import wants_request
from providers.aws.desired.mutual_tls import trust_stores
from providers.aws.desired.needs import instance_id
from providers.aws.desired.nlb_options import listed
from providers.aws.managed import Managed
from providers.aws.settings import (
    CLASSIC_WEB_ACL,
    LISTENER_ATTRIBUTES,
    MINIMUM_CAPACITY,
    NLB_SECURITY_GROUPS,
    NLB_SUBNETS,
    SHIELD,
    WEB_ACL_ARN,
    WEB_ACL_NAME,
)
from provisioner.core.annotations import MANAGE_BACKEND_SECURITY_GROUP_RULES
from provisioner.model.intent import (
    Forward,
    Intent,
    ListenerIntent,
    ListenerProtocol,
    LoadBalancerIntent,
    PodTarget,
    RuleAction,
)
from provisioner.model.settings import Settings
from provisioner.model.snapshot import Snapshot

_GUARDS: Mapping[str, Managed] = MappingProxyType(
    {
        MINIMUM_CAPACITY.name: Managed.CAPACITY,
        WEB_ACL_ARN.name: Managed.WEB_ACL,
        WEB_ACL_NAME.name: Managed.WEB_ACL,
        CLASSIC_WEB_ACL.name: Managed.CLASSIC_WEB_ACL,
        SHIELD.name: Managed.PROTECTION,
        LISTENER_ATTRIBUTES.name: Managed.ATTRIBUTES,
    }
)


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
    pods = sorted({pod for lb in load_balancers if _opens_ports(lb) for pod in _pods(lb)})
    return Wanted(
        subnets=_sorted(
            name
            for lb in load_balancers
            for name in (*lb.subnets, *listed(lb.options, NLB_SUBNETS.name))
        ),
        security_groups=_sorted(
            name
            for lb in load_balancers
            for name in (*lb.security_groups, *listed(lb.options, NLB_SECURITY_GROUPS.name))
        ),
        certificate_hosts=_sorted(
            host
            for lb in load_balancers
            for listener in lb.listeners
            if listener.protocol is ListenerProtocol.HTTPS
            for member, host in listener.certificate_hosts
            if not wants_request(lb, member)
        ),
        certificate_arns=_sorted(
            arn for listener in _secure(intent) for arn in listener.certificates
        ),
        instances=_sorted([*nodes.values(), *_instances(load_balancers)]) if load_balancers else (),
        pod_ips=tuple(ip for ip, _ in pods),
        node_of_pod=MappingProxyType({ip: nodes[node] for ip, node in pods if node in nodes}),
        web_acls=_sorted(name for lb in load_balancers for name in _web_acls(lb)),
        trust_stores=_sorted(name for lb in load_balancers for name in trust_stores(lb.options)),
        ssl_policies=_sorted(
            listener.ssl_policy for listener in _secure(intent) if listener.ssl_policy
        ),
        log_buckets=_sorted(
            bucket for lb in load_balancers for bucket in log_buckets(lb.attributes, lb.options)
        ),
        target_groups=_sorted(
            foreign.name
            for lb in load_balancers
            for action in _actions(lb)
            if isinstance(action, Forward)
            for foreign in action.foreign
        ),
        shield=any(isinstance(lb.options.get(SHIELD.name), bool) for lb in load_balancers),
        guards=_sorted(word for lb in load_balancers for word in _guards(lb)),
    )


def _web_acls(load_balancer: LoadBalancerIntent) -> Iterator[str]:
    for setting in (WEB_ACL_NAME, WEB_ACL_ARN):
        named = load_balancer.options.get(setting.name)
        if isinstance(named, str) and named not in {"", NONE}:
            yield named


def _guards(load_balancer: LoadBalancerIntent) -> Iterator[str]:
    """Yield the settings that cost a call each to look at, as far as they are stated."""
    for setting, word in _GUARDS.items():
        if setting in load_balancer.options:
            yield word.value


def _actions(load_balancer: LoadBalancerIntent) -> Iterator[RuleAction]:
    for listener in load_balancer.listeners:
        yield listener.default
        yield from (rule.action for rule in listener.rules)
    for member in load_balancer.members:
        if member.default_backend is not None:
            yield member.default_backend


def _opens_ports(load_balancer: LoadBalancerIntent) -> bool:
    """Tell whether a load balancer carries the shared backend group."""
    if not load_balancer.security_groups:
        return True
    return load_balancer.options.get(MANAGE_BACKEND_SECURITY_GROUP_RULES.name) is True


def _pods(load_balancer: LoadBalancerIntent) -> Iterator[tuple[str, str]]:
    backends = (*load_balancer.backends, *load_balancer.following)
    found: Iterator[PodTarget] = (pod for backend in backends for pod in backend.pods or ())
    yield from ((pod.ip, pod.node) for pod in found)


def _instances(load_balancers: Iterable[LoadBalancerIntent]) -> Iterator[str]:
    for load_balancer in load_balancers:
        for backend in (*load_balancer.backends, *load_balancer.following):
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
