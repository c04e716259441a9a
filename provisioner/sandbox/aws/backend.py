"""Where the state lives: one store per account and region, known to moto.

Being one of moto's backends makes the resources visible to the tagging API and clears them on
``/moto-api/reset`` together with everything else. moto keeps its backends in process-wide
dictionaries, so two servers in one process share VPCs and certificates; a test that needs an
account to itself uses an account number of its own as access key.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import ClassVar, Protocol

from moto.core.base_backend import BaseBackend
from moto.core.resource_tagging import TaggableResourcesMixin, TaggedResource

from provisioner.sandbox.aws.region import Interfaces
from provisioner.sandbox.aws.state import State


class Tagged(Protocol):
    """Anything with tags."""

    tags: dict[str, str]


class LoadBalancingBackend(BaseBackend, TaggableResourcesMixin):
    """The load balancing of one account in one region, with enough past for lagging reads."""

    SERVICE_NAMESPACE: ClassVar[str] = "elasticloadbalancing"

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.state = State()
        self.interfaces = Interfaces()
        self._past: deque[tuple[float, State]] = deque()

    def seen_at(self, moment: float) -> State:
        """The state as it was at a moment, as far as the past was kept."""
        seen = self.state
        for since, state in self._past:
            if since > moment:
                break
            seen = state
        return seen

    def keep_first(self, lag: float) -> None:
        """Keep the state from before the first change that readers may lag behind."""
        if lag > 0 and not self._past:
            self.keep(float("-inf"), lag)

    def keep(self, moment: float, lag: float) -> None:
        """Keep a copy of the state for readers who lag behind, or drop the past without lag."""
        if lag == 0:
            self._past.clear()
            return
        self._past.append((moment, deepcopy(self.state)))
        while len(self._past) > 1 and self._past[1][0] <= moment - lag:
            self._past.popleft()

    def placed_interfaces(self) -> list[str]:
        """Interfaces of load balancers, those of deleted ones included."""
        placed = [
            interface_id
            for balancer in self.state.balancers.values()
            for interface_id in balancer.interfaces.values()
        ]
        return [*placed, *self.interfaces.orphaned]

    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        """Every resource that can carry tags, for GetResources."""
        kinds: tuple[tuple[str, Mapping[str, Tagged]], ...] = (
            ("loadbalancer", self.state.balancers),
            ("listener", self.state.listeners),
            ("listener-rule", self.state.rules),
            ("targetgroup", self.state.groups),
            ("truststore", self.state.trust_stores),
        )
        for kind, resources in kinds:
            for arn, resource in resources.items():
                yield TaggedResource(
                    arn=arn,
                    tags=dict(resource.tags),
                    resource_type=f"elasticloadbalancing:{kind}",
                )
