"""The reading side of Google Cloud: facts, limits, what is ours, and whether waits are over.

A command reads once and forgets. A controller plans many groups in a row, and listing every
resource of the project for each of them is what made others slow; so it may let the listings serve
for some seconds (``max_age_seconds``), and drop them with ``forget``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from providers.gcp import limits
from providers.gcp.account import Facts, Wanted
from providers.gcp.client import Client
from providers.gcp.facts import read_facts
from providers.gcp.live import members, waits
from providers.gcp.live.incumbent import read_incumbent
from providers.gcp.live.inventory import Inventory
from providers.gcp.live.journal import Journal
from providers.gcp.live.quotas import Quotas, read_quotas
from providers.gcp.live.validation import check_url_maps
from providers.gcp.observe import Scope, observe
from providers.shell.remembered import Remembered
from provisioner.model.change import WaitFor
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.incumbent import Incumbent
from provisioner.model.limits import Limits
from provisioner.model.readiness import PodHealth
from provisioner.model.resource import Observed, Resource
from provisioner.ports import CloudTarget, ClusterFacts

LIMITS_SECONDS = 60.0


def open_reader(
    target: CloudTarget, *, journal: Journal | None = None, max_age_seconds: float = 0.0
) -> GcpReader:
    """Return a reader of the project behind ``target``.

    Raises:
        ConfigError: There are no credentials, or no project is named.
    """
    return GcpReader(Client(target), journal=journal, max_age_seconds=max_age_seconds)


class GcpReader:
    """Implements ``ports.Reader`` on a live project; safe to share between threads."""

    applyable: bool = True

    def __init__(
        self,
        client: Client,
        *,
        journal: Journal | None = None,
        max_age_seconds: float = 0.0,
        today: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Read through ``client``.

        Args:
            client: A client that only reads.
            journal: What the writer of this process has written lately.
            max_age_seconds: How old the listings may be before they are made again.
            today: The time of day, for ``Facts.observed_at``.
        """
        self._client = client
        self._journal = journal or Journal(client.clock)
        self._max_age = max_age_seconds
        self._today = today
        self._inventory = Remembered(client.clock, self._list, seconds=max_age_seconds)
        self._quotas = Remembered(client.clock, self._read_quotas, seconds=LIMITS_SECONDS)

    @property
    def journal(self) -> Journal:
        """What this process has written lately; a writer that shares it is read back at once."""
        return self._journal

    def cluster(self) -> ClusterFacts | None:
        """Return None: a live project goes with a live cluster."""
        return None

    def facts(self, wanted: Wanted) -> Facts:
        """Return what the project says about what is wanted.

        A plan observes first, so the listings are those of its own pass.
        """
        usage = self._quotas.fresh().usage
        return read_facts(self._inventory.last(), wanted, usage=usage, now=self._today())

    def limits(self) -> Limits:
        """Return the project's own limits, documented ones where it does not tell."""
        return limits.merge(self._quotas.fresh().limits)

    def observe(self, groups: frozenset[str] | None = None) -> Observed:
        """Return what carries our mark: of these groups and ``shared``, or everything."""
        scope = Scope(identity=self._client.target.identity, groups=groups)
        if not self._max_age:
            self._quotas.forget()  # a reader that may not remember asks once a pass
        return observe(self._inventory.fresh(), scope)

    def incumbent(self, wanted: Wanted) -> Incumbent:
        """Return what GKE Ingress made for this cluster."""
        del wanted
        return read_incumbent(self._inventory.last(), self._client.target.identity)

    def check(self, desired: Sequence[Resource]) -> tuple[Diagnostic, ...]:
        """Let Google judge the URL maps, without creating anything."""
        identity = self._client.target.identity
        return check_url_maps(self._inventory.last(), identity, desired, self.limits())

    def holds(self, wait: WaitFor, outputs: Mapping[str, Mapping[str, str]]) -> bool:
        """Tell whether a wait is over."""
        return waits.holds(self._client, wait, outputs)

    def pod_health(self, backend: str) -> Mapping[str, PodHealth]:
        """Return the health of the targets of a backend service, by address."""
        return members.pod_health(self._client, backend)

    def forget(self) -> None:
        """Drop the listings, because the project is known to have changed."""
        self._inventory.forget()

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _list(self) -> Inventory:
        return Inventory(self._client, self._journal)

    def _read_quotas(self) -> Quotas:
        return read_quotas(self._client, self._client.target.region)
