"""The emulated account behind the front door: its knobs and its memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypedDict, Unpack

from moto.core.base_backend import BackendDict
from moto.moto_api._internal.models import moto_api_backend

from provisioner.sandbox.aws.backend import LoadBalancingBackend
from provisioner.sandbox.aws.calls import Call, CallLog
from provisioner.sandbox.aws.certificates import delete_certificate
from provisioner.sandbox.aws.errors import RefusalError
from provisioner.sandbox.aws.faults import Faults
from provisioner.sandbox.aws.limits import AccountLimits
from provisioner.sandbox.aws.network import Network
from provisioner.sandbox.aws.operations import OPERATIONS
from provisioner.sandbox.aws.region import Region
from provisioner.sandbox.aws.settings import SandboxClock, Settings
from provisioner.sandbox.aws.usage import note_attachments

EMULATED_ALONE = ("elbv2", "service-quotas")  # never passed on to moto


class SettingChanges(TypedDict, total=False):
    """The settings that ``configure`` takes, each meaning what it means in ``Settings``."""

    provisioning_seconds: float
    health_seconds: float
    draining_seconds: float
    interface_linger_seconds: float
    describe_lag_seconds: float
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
        self._settings = Settings()

    def region(self, call: Call) -> Region:
        """The account and region of a call; a read sees the state as lag permits."""
        backend = self._backend(call)
        lag = self._settings.describe_lag_seconds
        now = self.now()
        lags = lag > 0 and not call.mutates
        return Region(
            account=call.account,
            name=call.region,
            state=backend.seen_at(now - lag) if lags else backend.state,
            interfaces=backend.interfaces,
            network=Network(call.account, call.region),
            limits=self.limits,
            settings=self._settings,
            unhealthy=self.unhealthy_targets,
            now=now,
        )

    def carry_out(self, call: Call, region: Region) -> Mapping[str, object] | None:
        """Answer a call from our own functions, or None if moto is to answer it."""
        if call.name == "acm:DeleteCertificate":
            delete_certificate(region, call.params)
            return None
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

    def _clear_load_balancing(self) -> None:
        for account, regions in self._backends.items():
            for name, backend in regions.items():
                network = Network(account, name)
                for interface_id in backend.placed_interfaces():
                    network.remove_interface(interface_id)
                backend.reset()

    def _backend(self, call: Call) -> LoadBalancingBackend:
        return self._backends[call.account][call.region]
