"""How slow the emulated cloud is, and the clock by which that is judged.

Everything that takes minutes on Google Cloud takes no time here unless a test asks for it. Times
are kept as the moments at which something happened; how long that lasts is read from the settings
at the moment of asking. So changing a setting also changes what is already under way.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta

from provisioner.sandbox import clock

LARGEST_PAGE = 500  # "Acceptable values are 0 to 500" (every list method of the API reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Durations in seconds, rates, and where quota errors show.

    Attributes:
        operation_seconds: How long an operation takes until it is ``DONE``; its effect is visible
            then and not before.
        propagation_seconds: How long after ``DONE`` the data plane still serves the old state.
        health_seconds: How long an endpoint or instance counts as unhealthy once it is in use.
        draining_seconds: How long a detached endpoint is listed as ``DRAINING``, at most the
            ``drainingTimeoutSec`` of the backend services that use it.
        certificate_seconds: How long a managed certificate stays ``PROVISIONING``; None means
            that its domains never point to a load balancer.
        wait_seconds: How long ``operations.wait`` blocks at most (API reference: two minutes).
        requests_per_minute: Calls of one project in a minute before they are refused.
        rate_status: HTTP status of a refusal for the rate: 403 ("API rate limits") or 429.
        quota_error_in_operation: Whether a full quota shows in the operation, not at the request.
        page_size: The most items one page of a list holds, at most 500.
    """

    operation_seconds: float = 0.0
    propagation_seconds: float = 0.0
    health_seconds: float = 0.0
    draining_seconds: float = 0.0
    certificate_seconds: float | None = 0.0
    wait_seconds: float = 120.0
    requests_per_minute: int | None = None
    rate_status: int = 403
    quota_error_in_operation: bool = False
    page_size: int = LARGEST_PAGE

    def __post_init__(self) -> None:
        """Refuse values that could only be mistakes."""
        for field in fields(self):
            if (getattr(self, field.name) or 0) < 0:
                raise ValueError(f"{field.name} must not be negative")
        if not 1 <= self.page_size <= LARGEST_PAGE:
            raise ValueError(f"page_size must be between 1 and {LARGEST_PAGE}")
        if self.rate_status not in (403, 429):
            raise ValueError("rate_status must be 403 or 429")


class SandboxClock(clock.SandboxClock):
    """The sandbox's clock, which also writes timestamps."""

    def date(self) -> str:
        """The date as Google writes it in timestamps."""
        moment = datetime.now(UTC) + timedelta(seconds=self.skipped)
        return moment.isoformat(timespec="milliseconds")
