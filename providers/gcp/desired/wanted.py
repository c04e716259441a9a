"""Which facts an intent needs: the questions to the project, computed before any is asked.

Only what a decision will read is asked for. Which region is meant nobody knows here, so regional
questions say ``HERE``. Nor is it known what exists, and a load balancer stays what it is whatever
is stated; so a certificate or policy that is named is asked for in both scopes, and the proxy-only
subnets of the region always (a firewall rule that is wanted for one must not seem useless).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from providers.gcp.account import HERE, Wanted
from providers.gcp.settings import (
    STATIC_ADDRESS,
    AddressName,
    backend_config,
    frontend_config,
)
from provisioner.model.intent import (
    Intent,
    ListenerIntent,
    ListenerProtocol,
    LoadBalancerIntent,
)
from provisioner.model.settings import Settings
from provisioner.model.snapshot import Snapshot

_SCHEME = "gce://"
_SCOPES = ("", HERE)


def wanted(intent: Intent, snapshot: Snapshot, settings: Settings) -> Wanted:
    """Return which facts expressing this intent needs.

    Args:
        intent: All load balancers.
        snapshot: The nodes behind targets.
        settings: Nothing of it matters today; the seam has it for providers that differ.
    """
    del settings
    load_balancers = intent.load_balancers
    anybody = bool(load_balancers)
    nodes = (node.provider_id for node in snapshot.nodes.values())
    named = {name for listener in _secure(intent) for name in listener.certificates}
    return Wanted(
        addresses=tuple(sorted({a for lb in load_balancers for a in _addresses(lb)})),
        ssl_certificates=tuple(sorted((name, scope) for name in named for scope in _SCOPES)),
        ssl_policies=_both({name for lb in load_balancers for name in _ssl_policies(lb)}),
        security_policies=_both({name for lb in load_balancers for name in _guards(lb)}),
        instances=_machines((*nodes, *_targets(load_balancers))) if anybody else (),
        proxy_only=anybody,
        regions=(HERE,) if anybody else (),
    )


def _addresses(load_balancer: LoadBalancerIntent) -> Iterator[tuple[str, str]]:
    stated = load_balancer.options.get(STATIC_ADDRESS.name)
    if isinstance(stated, AddressName):
        yield stated.name, HERE if stated.regional else ""


def _ssl_policies(load_balancer: LoadBalancerIntent) -> Iterator[str]:
    config = frontend_config(load_balancer.options)
    if config.ssl_policy:
        yield config.ssl_policy


def _guards(load_balancer: LoadBalancerIntent) -> Iterator[str]:
    """Yield the security policies that backends name."""
    for backend in load_balancer.backends:
        policy = backend_config(backend.options).security_policy
        if policy:
            yield policy


def _both(names: Iterable[str]) -> tuple[str, ...]:
    """Return names as they are asked for, global and regional."""
    return tuple(sorted(word for name in names for word in (name, f"{HERE}/{name}")))


def _machines(provider_ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({each for each in provider_ids if each.startswith(_SCHEME)}))


def _targets(load_balancers: Iterable[LoadBalancerIntent]) -> Iterator[str]:
    for load_balancer in load_balancers:
        for backend in (*load_balancer.backends, *load_balancer.following):
            for node in backend.nodes or ():
                yield node.provider_id


def _secure(intent: Intent) -> Iterator[ListenerIntent]:
    for load_balancer in intent.load_balancers:
        for listener in load_balancer.listeners:
            if listener.protocol is ListenerProtocol.HTTPS:
                yield listener
