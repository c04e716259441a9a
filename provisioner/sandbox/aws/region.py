"""One account in one region, as an operation finds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_hex
from typing import TypeVar

from moto.utilities.utils import get_partition

from provisioner.sandbox.aws.errors import invalid
from provisioner.sandbox.aws.limits import AccountLimits
from provisioner.sandbox.aws.network import Network
from provisioner.sandbox.aws.settings import Settings
from provisioner.sandbox.aws.state import State

Answer = Mapping[str, object]
Item = TypeVar("Item")


@dataclass(slots=True, kw_only=True)
class Interfaces:
    """Interfaces of deleted load balancers and when they were orphaned."""

    orphaned: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """What an operation may read and change.

    Attributes:
        account: Twelve digits.
        name: Region name.
        state: Load balancing; for reads it may lag behind.
        interfaces: Interfaces that outlive their load balancer.
        network: The VPC side.
        limits: Limits in force.
        settings: Durations and page size.
        unhealthy: Ids of targets that fail their health checks.
        now: Seconds on the sandbox's clock.
        wall: The same moment as a date in UTC; what time has been skipped is in it.
        home: State of the region that keeps the account's global services (Shield).
        elsewhere: State of each region of the account that has been used, by its name.
    """

    account: str
    name: str
    state: State
    interfaces: Interfaces
    network: Network
    limits: AccountLimits
    settings: Settings
    unhealthy: AbstractSet[str]
    now: float
    wall: datetime
    home: State
    elsewhere: Mapping[str, State]

    @property
    def partition(self) -> str:
        """The partition that the region belongs to: aws, aws-cn or aws-us-gov."""
        return str(get_partition(self.name))

    @property
    def dns_suffix(self) -> str:
        """The domain of the partition's endpoints."""
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    def arn(self, service: str, resource: str) -> str:
        """An ARN of this account in this region."""
        return f"arn:{self.partition}:{service}:{self.name}:{self.account}:{resource}"

    def new_arn(self, resource: str) -> str:
        """An ARN of the service with a random end, as AWS makes them."""
        return self.arn("elasticloadbalancing", f"{resource}/{token_hex(8)}")

    def page(
        self, items: Sequence[Item], request: Mapping[str, object]
    ) -> tuple[list[Item], Answer]:
        """The page a request asks for, and the marker of the next one, if any."""
        size = min(int(str(request.get("PageSize") or 400)), self.settings.page_size)
        marker = str(request.get("Marker") or "0")
        if not marker.isdecimal():
            raise invalid(f"The marker '{marker}' is not valid")
        start = int(marker)
        end = start + size
        return list(items[start:end]), {"NextMarker": str(end)} if end < len(items) else {}
