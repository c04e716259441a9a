"""How fast we may ask AWS, and how long we keep asking.

Only a refusal for being too fast is certain not to have happened, so only that is repeated for
writes; reads are also repeated when the answer was lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from providers.shell.pace import Buckets, Rate, SystemClock, TokenBucket, keep_trying
from provisioner.model.errors import ProviderError, Throttled, Unavailable
from provisioner.ports import Clock

__all__ = ("Pace", "Rate", "SystemClock", "TokenBucket", "persist")

T = TypeVar("T")

THROTTLED_ATTEMPTS = 8  # pauses add up to 24 s at most
LOST_ATTEMPTS = 3

NEVER_SENT = frozenset({"EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"})
"""Transport errors that asking again at once would only repeat."""

RATES: tuple[Rate, ...] = (
    # "Request throttling for the Elastic Load Balancing API": 40 and 10/s for what only reads.
    Rate(calls="elbv2:Describe*", burst=40, per_second=10),
    # Not published; these are the client-side limits that years of AWS Load Balancer Controller
    # installations have lived with.
    Rate(calls="elbv2:RegisterTargets", burst=20, per_second=4),
    Rate(calls="elbv2:DeregisterTargets", burst=20, per_second=4),
    Rate(calls="elbv2:Modify*", burst=20, per_second=3),
    Rate(calls="elbv2:*", burst=40, per_second=10),
    # "Request throttling for the Amazon EC2 API": 100 and 20/s, and 50 and 5/s for what writes.
    Rate(calls="ec2:Describe*", burst=100, per_second=20),
    Rate(calls="ec2:*", burst=50, per_second=5),
    # "Quotas" of AWS Certificate Manager: ten DescribeCertificate a second.
    Rate(calls="acm:*", burst=10, per_second=8),
    # "AWS WAF quotas": one association every two seconds, one question about a resource a second.
    Rate(calls="wa*:AssociateWebACL", burst=1, per_second=0.5),
    Rate(calls="wa*:DisassociateWebACL", burst=1, per_second=0.5),
    Rate(calls="wa*:GetWebACLForResource", burst=1, per_second=1),
    Rate(calls="*", burst=10, per_second=5),
)


class Pace:
    """The buckets of one account and region."""

    def __init__(self, clock: Clock, rates: tuple[Rate, ...] = RATES) -> None:
        self._buckets = Buckets(clock, rates)

    def wait(self, service: str, operation: str) -> None:
        """Return when this call may be made."""
        self._buckets.take(f"{service}:{operation}")


def persist(call: Callable[[], T], clock: Clock, *, reading: bool) -> T:
    """Return what ``call`` returns, repeating it while that makes sense.

    Args:
        call: Makes one attempt; raises ProviderError.
        clock: What to pause on.
        reading: Whether the call changes nothing, so that a lost answer may be asked for again.
    """

    def attempts(error: ProviderError) -> int:
        match error:
            case Throttled():
                return THROTTLED_ATTEMPTS
            case Unavailable() if reading and error.code not in NEVER_SENT:
                return LOST_ATTEMPTS
            case _:
                return 1

    return keep_trying(call, clock, attempts=attempts)
