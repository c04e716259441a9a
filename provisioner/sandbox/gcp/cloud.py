"""The emulated cloud behind the front door: its knobs, its memory, and what a test may do to it.

Everything here is safe to call from any thread while the server works; changes wait for the call
that is under way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from threading import RLock
from types import MappingProxyType
from typing import TypedDict, Unpack

from provisioner.sandbox.cluster.documents import Document
from provisioner.sandbox.gcp.actions import KINDS, answer
from provisioner.sandbox.gcp.calls import CallLog
from provisioner.sandbox.gcp.compute import Compute, Request
from provisioner.sandbox.gcp.discovery import discovery
from provisioner.sandbox.gcp.errors import not_found, rate_exceeded
from provisioner.sandbox.gcp.faults import Faults
from provisioner.sandbox.gcp.health import note_serving
from provisioner.sandbox.gcp.limits import FixedLimits
from provisioner.sandbox.gcp.operations import find
from provisioner.sandbox.gcp.quota_limits import QuotaLimits
from provisioner.sandbox.gcp.reach import PROXIES
from provisioner.sandbox.gcp.references import Ref, parse_reference
from provisioner.sandbox.gcp.settings import SandboxClock, Settings
from provisioner.sandbox.gcp.state import Project, Resources, State
from provisioner.sandbox.gcp.verbs import place, shown

DEFAULT_PROJECT = "sandbox-project"
DEFAULT_REGIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "europe-west1": ("europe-west1-b", "europe-west1-c", "europe-west1-d"),
        "us-central1": ("us-central1-a", "us-central1-b", "us-central1-c"),
    }
)
# What a project has before anyone balances load in it.
GROUND = ("networks", "subnetworks", "instances")
# Changes of these decide which groups serve.
_CHAIN = {"forwardingRules", *PROXIES, "urlMaps", "backendServices"}
_MINUTE = 60.0


class SettingChanges(TypedDict, total=False):
    """The settings that ``configure`` takes, each meaning what it means in ``Settings``."""

    operation_seconds: float
    propagation_seconds: float
    health_seconds: float
    draining_seconds: float
    certificate_seconds: float | None
    wait_seconds: float
    requests_per_minute: int | None
    rate_status: int
    quota_error_in_operation: bool
    page_size: int


class Cloud:
    """Settings, limits, quotas, faults, call log and state of the emulated cloud.

    Attributes:
        limits: Fixed limits in force, by name; change them as a mapping.
        quotas: Quotas in force, by metric or ``region/metric``; change them as a mapping.
        calls: Every request answered so far.
        faults: Failures on demand.
        unhealthy: What fails its health checks: an address, ``address:port`` or the name of a
            machine; add and discard.
        newer_fields: Names of fields that the API has and its published description lacks.
        lock: Held while a call is carried out.
    """

    def __init__(self) -> None:
        self.limits = FixedLimits()
        self.quotas = QuotaLimits()
        self.calls = CallLog()
        self.faults = Faults()
        self.unhealthy: set[str] = set()
        self.lock = RLock()
        self._clock = SandboxClock()
        self._recent: dict[str, deque[float]] = {}
        self._compute = Compute(
            state=State(),
            settings=Settings(),
            clock=self._clock,
            limits=self.limits,
            quotas=self.quotas,
            unhealthy=self.unhealthy,
            discovery=discovery().copy(),
        )
        self.newer_fields = self._compute.discovery.newer_fields
        self.add_project(DEFAULT_PROJECT)

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._compute.settings

    def configure(self, **changes: Unpack[SettingChanges]) -> None:
        """Change settings; what is already under way follows the new ones."""
        with self.lock:
            self.settle()
            self._compute.settings = replace(self._compute.settings, **changes)

    def now(self) -> float:
        """Seconds on the sandbox's clock."""
        return self._clock.now()

    def advance(self, seconds: float) -> None:
        """Let time pass at once: operations, propagation, health checks, draining."""
        with self.lock:
            self._clock.advance(seconds)
            self.settle()

    def settle(self) -> None:
        """Let operations that are over take effect."""
        if self._compute.settle() & _CHAIN:
            note_serving(self._compute)

    def add_project(
        self,
        name: str,
        *,
        number: int | None = None,
        regions: Mapping[str, Sequence[str]] = DEFAULT_REGIONS,
        xpn_host: str = "",
        xpn_status: str = "UNSPECIFIED_XPN_PROJECT_STATUS",
    ) -> None:
        """Make a project; calls about any other project are answered with 404.

        Args:
            name: The project id.
            number: The project number; None counts up.
            regions: Names of zones by region.
            xpn_host: The project whose networks it shares (Shared VPC), if any.
            xpn_status: ``HOST`` for a project that shares its networks.
        """
        with self.lock:
            projects = self._compute.state.projects
            projects[name] = Project(
                name=name,
                number=number if number is not None else 100_000_000_001 + len(projects),
                regions={region: tuple(zones) for region, zones in regions.items()},
                xpn_host=xpn_host,
                xpn_status=xpn_status,
            )

    def place(self, parent: str, body: Document) -> Document:
        """Put a resource there at once, past operations and the call log, and return it.

        This is how machines come to be (``instances.insert`` is not emulated); it takes every
        other kind as well, and checks it as the API would.

        Args:
            parent: The collection, ``projects/<project>/zones/<zone>/instances``.
            body: The resource, as one would insert it.
        """
        name = str(body.get("name", ""))
        ref = parse_reference(f"{parent}/{name}", "")
        if ref is None or ref.collection not in KINDS:
            raise ValueError(f"{parent} is not a collection of the sandbox")
        with self.lock:
            self.settle()
            self._compute.project(ref.project)
            kind = KINDS[ref.collection]
            resource = place(self._compute, kind, ref, body)
            note_serving(self._compute)
            return dict(shown(self._compute, kind, resource))

    def remove(self, path: str) -> None:
        """Take a resource away at once; a machine leaves its groups, as a deleted one does."""
        ref = self._known(path)
        with self.lock:
            self.settle()
            self._compute.state.resources.drop(ref)
            for resource in self._compute.state.resources:
                resource.members.pop(ref, None)
                gone = f"{ref.name}/"
                if ref.collection == "instances" and resource.ref.scope == ref.scope:
                    for key in [key for key in resource.endpoints if key.startswith(gone)]:
                        del resource.endpoints[key]
            note_serving(self._compute)

    def documents(self, collection: str, project: str = "") -> tuple[Document, ...]:
        """Return every resource of a collection as it would be answered now, by URL."""
        with self.lock:
            self.settle()
            found = sorted(
                self._compute.resources(collection, project), key=lambda each: each.ref.path
            )
            return tuple(
                dict(shown(self._compute, KINDS[collection], resource)) for resource in found
            )

    def propagating(self) -> Mapping[str, float]:
        """Return what the data plane does not know yet: path, and seconds until it will."""
        with self.lock:
            self.settle()
            return self._compute.propagating()

    def reset(self, *, keep_network: bool = False) -> None:
        """Empty all projects and return every knob to its default.

        Args:
            keep_network: Keep projects, networks, subnets and machines.
        """
        with self.lock:
            before, state = self._compute.state, State()
            if keep_network:
                state.projects = before.projects
                state.resources = Resources(
                    each for each in before.resources if each.ref.collection in GROUND
                )
            self._compute.state = state
            if not keep_network:
                self.add_project(DEFAULT_PROJECT)
            self.limits.reset()
            self.quotas.reset()
            self.calls.clear()
            self.faults.clear()
            self.unhealthy.clear()
            self.newer_fields.clear()
            self._recent.clear()
            self._clock.return_to_real_date()
            self._compute.settings = Settings()

    def carry_out(self, request: Request) -> Document:
        """Answer a request, or refuse it; the caller holds the lock."""
        self.settle()
        return answer(self._compute, request)

    def is_over(self, request: Request) -> bool:
        """Whether the operation that a request waits for is over."""
        with self.lock:
            self.settle()
            self._compute.check_place(request)
            return find(self._compute, request).finished_at is not None

    def check_rate(self, project: str) -> None:
        """Count a call of a project and refuse it if there were too many in the last minute."""
        limit = self.settings.requests_per_minute
        if limit is None:
            return
        with self.lock:
            recent, now = self._recent.setdefault(project, deque()), self.now()
            while recent and recent[0] <= now - _MINUTE:
                recent.popleft()
            if len(recent) >= limit:
                raise rate_exceeded(self.settings.rate_status)
            recent.append(now)

    def _known(self, path: str) -> Ref:
        ref = parse_reference(path, "")
        if ref is None or ref not in self._compute.state.resources:
            raise not_found(path)
        return ref
