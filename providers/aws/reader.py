"""The reading side of AWS: facts, limits, what is ours, and whether waits are over.

A command reads once and forgets. A controller plans many groups in a row, and listing every load
balancer and target group for each of them is what made others slow; so it may let the index of
them serve for some seconds (``max_age_seconds``), and drop it with ``forget``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from providers.aws import limits
from providers.aws.account import Facts, Wanted
from providers.aws.client import Clients, ReadGate
from providers.aws.facts import read_facts
from providers.aws.live import waits
from providers.aws.live.incumbent import read_incumbent
from providers.aws.live.index import Index, read_index
from providers.aws.live.journal import Journal
from providers.aws.live.listing import Scope
from providers.aws.live.pace import SystemClock
from providers.aws.live.quotas import read_quotas
from providers.aws.observe import observe
from providers.shell.remembered import Remembered
from provisioner.model.change import WaitFor
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.incumbent import Incumbent
from provisioner.model.limits import Limits
from provisioner.model.readiness import PodHealth
from provisioner.model.resource import Observed, Resource
from provisioner.ports import Clock, CloudTarget, ClusterFacts

QUOTAS_SECONDS = 3600.0
LIMITS_SECONDS = 60.0


def open_reader(
    target: CloudTarget, *, journal: Journal | None = None, max_age_seconds: float = 0.0
) -> AwsReader:
    """Return a reader of the account behind ``target``.

    Raises:
        ConfigError: No region is configured, or the configuration of AWS is broken.
    """
    clock = SystemClock()
    return AwsReader(
        Clients(target, ReadGate(clock)),
        clock=clock,
        journal=journal,
        max_age_seconds=max_age_seconds,
    )


class AwsReader:
    """Implements ``ports.Reader`` on a live account; safe to share between threads."""

    applyable: bool = True

    def __init__(
        self,
        clients: Clients,
        *,
        clock: Clock | None = None,
        journal: Journal | None = None,
        max_age_seconds: float = 0.0,
        today: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Read through ``clients``.

        Args:
            clients: Clients that only read.
            clock: What ages are measured on.
            journal: What the writer of this process has created lately.
            max_age_seconds: How old the index may be before it is read again.
            today: The time of day, for ``Facts.observed_at``.
        """
        self._clients = clients
        self._clock = clock or SystemClock()
        self._journal = journal or Journal(self._clock)
        self._today = today
        self._index = Remembered(self._clock, self._read_index, seconds=max_age_seconds)
        # They change by request, so an hour-old answer will do.
        self._quotas = Remembered(self._clock, lambda: read_quotas(clients), seconds=QUOTAS_SECONDS)
        self._limits = Remembered(
            self._clock, self._read_limits, seconds=LIMITS_SECONDS if max_age_seconds else 0
        )

    @property
    def journal(self) -> Journal:
        """What this process has written lately; a writer that shares it is read back at once."""
        return self._journal

    def cluster(self) -> ClusterFacts | None:
        """Return None: a live account goes with a live cluster."""
        return None

    def facts(self, wanted: Wanted) -> Facts:
        """Return what the account says about what is wanted.

        A plan observes first, so the neighbours are those of its own listing: one listing a plan.
        """
        neighbours = self._index.last().neighbours
        return read_facts(self._clients, wanted, neighbours=neighbours, now=self._today())

    def limits(self) -> Limits:
        """Return the account's own limits, documented defaults where it does not tell."""
        with ThreadPoolExecutor(1) as pool:
            quotas = pool.submit(self._quotas.fresh)
            said = self._limits.fresh()
            return limits.merge({**quotas.result(), **said})

    def observe(self, groups: frozenset[str] | None = None) -> Observed:
        """Return what carries our mark: of these groups and ``shared``, or everything."""
        scope = Scope(identity=self._clients.target.identity, groups=groups)
        return observe(self._clients, scope, index=self._index.fresh(), journal=self._journal)

    def incumbent(self, wanted: Wanted) -> Incumbent:
        """Return what AWS Load Balancer Controller made for this cluster."""
        index = self._index.last()
        return read_incumbent(self._clients, wanted.guards, index=index, journal=self._journal)

    def check(self, desired: Sequence[Resource]) -> tuple[Diagnostic, ...]:
        """Return nothing.

        EC2's dry run checks permissions and parameters of security groups alone; Elastic Load
        Balancing, where nearly all calls go, has none, so a clean answer would promise too much.
        """
        del desired
        return ()

    def holds(self, wait: WaitFor, outputs: Mapping[str, Mapping[str, str]]) -> bool:
        """Tell whether a wait is over."""
        return waits.holds(self._clients, wait, outputs)

    def pod_health(self, backend: str) -> Mapping[str, PodHealth]:
        """Return the health of the targets of a target group, by address."""
        return waits.pod_health(self._clients, backend)

    def forget(self) -> None:
        """Drop the index, because the account is known to have changed."""
        self._index.forget()

    def close(self) -> None:
        """Give the connections back."""
        self._clients.close()

    def _read_index(self) -> Index:
        return read_index(self._clients, self._clients.target.identity, self._journal)

    def _read_limits(self) -> Mapping[str, int]:
        pages = self._clients.elbv2.get_paginator("describe_account_limits").paginate()
        return {
            limit["Name"]: int(limit["Max"])
            for page in pages
            for limit in page["Limits"]
            if limit.get("Max", "").isdecimal()
        }
