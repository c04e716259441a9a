"""The emulated account behind the front door: its knobs and its memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypedDict, Unpack

from moto.acm.models import acm_backends
from moto.core.base_backend import BackendDict
from moto.moto_api._internal.models import moto_api_backend

from provisioner.sandbox.aws.backend import LoadBalancingBackend
from provisioner.sandbox.aws.calls import Call, CallLog
from provisioner.sandbox.aws.certificate_requests import validate
from provisioner.sandbox.aws.errors import RefusalError
from provisioner.sandbox.aws.faults import Faults
from provisioner.sandbox.aws.limits import AccountLimits
from provisioner.sandbox.aws.network import Network
from provisioner.sandbox.aws.operations import OPERATIONS
from provisioner.sandbox.aws.region import Region
from provisioner.sandbox.aws.settings import SandboxClock, Settings
from provisioner.sandbox.aws.usage import note_attachments

EMULATED_ALONE = ("elbv2", "service-quotas", "shield", "waf-regional")  # never passed to moto
HOME_REGION = "us-east-1"  # of services that have no region of their own


class SettingChanges(TypedDict, total=False):
    """The settings that ``configure`` takes, each meaning what it means in ``Settings``."""

    provisioning_seconds: float
    health_seconds: float
    draining_seconds: float
    interface_linger_seconds: float
    describe_lag_seconds: float
    waf_settle_seconds: float
    certificate_record_seconds: float
    certificate_validation_seconds: float | None
    page_size: int


class Cloud:
    """Settings, limits, faults, call log and state of the emulated cloud.

    Attributes:
        limits: Limits in force, by name; change them as a mapping.
        calls: Every request answered so far.
        faults: Failures on demand.
        unhealthy_targets: Ids of targets that fail their health checks; add and discard.
    """

    def __init__(self) -> None:
        self.limits = AccountLimits()
        self.calls = CallLog()
        self.faults = Faults()
        self.unhealthy_targets: set[str] = set()
        self._settings = Settings()
        self._clock = SandboxClock()
        self._backends = BackendDict(LoadBalancingBackend, "elbv2")

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._settings

    def configure(self, **changes: Unpack[SettingChanges]) -> None:
        """Change settings; what is already under way follows the new ones."""
        self._settings = replace(self._settings, **changes)

    def now(self) -> float:
        """Seconds on the sandbox's clock."""
        return self._clock.now()

    def advance(self, seconds: float) -> None:
        """Let time pass at once: provisioning, health checks, draining, lag."""
        self._clock.advance(seconds)

    def validate_certificates(self, *arns: str) -> tuple[str, ...]:
        """Let ACM see the DNS records of these certificate requests, or of all that wait.

        Answers the ARNs of what was issued by it, in every account and region.
        """
        return tuple(
            arn
            for account, regions in acm_backends.items()
            for name in regions
            for arn in validate(self._place(account, name), list(arns))
        )

    def reset(self, *, keep_network: bool = False) -> None:
        """Empty all accounts and return every knob to its default.

        Args:
            keep_network: Keep VPCs, instances, security groups and certificates, whose making
                takes most of a test's time; only load balancing is emptied.
        """
        if keep_network:
            self._clear_load_balancing()
        else:
            moto_api_backend.reset()
            self._backends.clear()
        self.limits.reset()
        self.calls.clear()
        self.faults.clear()
        self.unhealthy_targets.clear()
        self._clock.return_to_real_date()
        self._settings = Settings()

    def region(self, call: Call) -> Region:
        """The account and region of a call; a read sees the state as lag permits."""
        return self._place(call.account, call.region, lags=not call.mutates)

    def carry_out(self, call: Call, region: Region) -> Mapping[str, object] | None:
        """Answer a call from our own functions, or None if moto is to answer it."""
        operation = OPERATIONS.get(call.service, {}).get(call.operation)
        if operation is None:
            if call.service in EMULATED_ALONE:
                raise RefusalError(
                    "InvalidAction", f"The sandbox does not emulate {call.operation}"
                )
            return None
        if not call.mutates:
            return operation(region, call.params)
        backend, lag = self._backend(call), self._settings.describe_lag_seconds
        backend.keep_first(lag)
        answer = operation(region, call.params)
        note_attachments(region.state, region.now)
        backend.keep(region.now, lag)
        return answer

    def _forget(self) -> None:
        """Drop all load balancing, so that moto's tagging API does not find it any more."""
        self._backends.clear()

    def _place(self, account: str, name: str, *, lags: bool = False) -> Region:
        backends = self._backends[account]
        backend, home = backends[name], backends[HOME_REGION]
        lag = self._settings.describe_lag_seconds if lags else 0.0
        now = self.now()
        return Region(
            account=account,
            name=name,
            state=backend.seen_at(now - lag) if lag > 0 else backend.state,
            interfaces=backend.interfaces,
            network=Network(account, name),
            limits=self.limits,
            settings=self._settings,
            unhealthy=self.unhealthy_targets,
            now=now,
            wall=datetime.now(UTC) + timedelta(seconds=self._clock.skipped),
            home=home.state,
            elsewhere={each: found.state for each, found in backends.items()},
        )

    def _clear_load_balancing(self) -> None:
        for account, regions in self._backends.items():
            for name, backend in regions.items():
                network = Network(account, name)
                for interface_id in backend.placed_interfaces():
                    network.remove_interface(interface_id)
                backend.reset()

    def _backend(self, call: Call) -> LoadBalancingBackend:
        return self._backends[call.account][call.region]
