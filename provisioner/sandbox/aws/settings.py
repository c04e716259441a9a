"""How slow the emulated cloud is, and the clock by which that is judged.

Everything that takes minutes on AWS takes no time here unless a test asks for it. Times are
kept as the moments at which something happened; how long that lasts is read from the settings
at the moment of asking. So changing a setting also changes what is already under way.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from provisioner.sandbox.clock import SandboxClock

__all__ = ("SandboxClock", "Settings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Durations in seconds, and the page size.

    Attributes:
        provisioning_seconds: How long a new load balancer stays ``provisioning``.
        health_seconds: How long a target stays ``initial`` once it could receive traffic.
        draining_seconds: How long a deregistered target is listed as ``draining``, at most
            the ``deregistration_delay.timeout_seconds`` of its target group.
        interface_linger_seconds: How long the network interfaces of a deleted load balancer
            stay, and with them the refusal to delete its security groups.
        describe_lag_seconds: How far reads lag behind writes.
        waf_settle_seconds: How long WAF and Shield do not know a new load balancer yet.
        certificate_record_seconds: How long the DNS record that validates a requested
            certificate is missing from its description.
        certificate_validation_seconds: How long ACM takes to see that record; None means that
            nobody publishes it, so the request waits until it times out after 72 hours.
        page_size: The most items one page of a paged answer holds (AWS: 400).
    """

    provisioning_seconds: float = 0.0
    health_seconds: float = 0.0
    draining_seconds: float = 0.0
    interface_linger_seconds: float = 0.0
    describe_lag_seconds: float = 0.0
    waf_settle_seconds: float = 0.0
    certificate_record_seconds: float = 0.0
    certificate_validation_seconds: float | None = None
    page_size: int = 400

    def __post_init__(self) -> None:
        """Refuse durations that could only be mistakes."""
        for field in fields(self):
            if (getattr(self, field.name) or 0) < 0:
                raise ValueError(f"{field.name} must not be negative")
        if self.page_size < 1:
            raise ValueError("page_size must be at least 1")
