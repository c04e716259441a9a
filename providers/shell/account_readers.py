"""Readers of worlds that no cloud answers for: an account file, and no account at all.

Planning reads them through the same port as a live account, so a plan without credentials cannot
differ from one with them. What of a reader is the same whatever the cloud is here; a cloud adds
what it reads of the facts, and its limits. Nothing can be applied to either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Generic, TypeVar

from providers.shell.account_parts import AccountFile
from providers.shell.account_worlds import cluster_of, resource_of
from provisioner.model.change import WaitFor
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.errors import ConfigError
from provisioner.model.incumbent import Incumbent
from provisioner.model.limits import Limits
from provisioner.model.readiness import PodHealth
from provisioner.model.resource import SHARED, Observed, Resource
from provisioner.ports import ClusterFacts

F = TypeVar("F")


class UnaskedReader:
    """What ``ports.Reader`` says where there is nobody to ask."""

    applyable: bool = False

    def __init__(self, limits: Limits, *, called: str) -> None:
        """Know these limits; ``called`` is what this cloud calls an account ("project")."""
        self._limits = limits
        self._called = called

    def limits(self) -> Limits:
        """Return the limits: documented defaults where nobody says otherwise."""
        return self._limits

    def check(self, desired: Sequence[Resource]) -> tuple[Diagnostic, ...]:
        """Return nothing: nobody judges."""
        del desired
        return ()

    def holds(self, wait: WaitFor, outputs: Mapping[str, Mapping[str, str]]) -> bool:
        """Return False: nothing ever happens here."""
        del wait, outputs
        return False


class FileReader(UnaskedReader):
    """What an account file of any cloud says of the cluster and of what is ours."""

    def __init__(
        self, file: AccountFile, path: str, *, limits: Limits, called: str, hint: str
    ) -> None:
        """Read ``file``.

        Args:
            file: The file's content.
            path: What the file is called, for messages.
            limits: What the file says of them, completed by documented defaults.
            called: What this cloud calls an account ("project").
            hint: Where people find out what such a file looks like.
        """
        super().__init__(limits, called=called)
        self._path = path
        self._cluster = None if file.cluster is None else cluster_of(file.cluster, path)
        self._observed = {
            each.address: resource_of(each, f"{path}: observed.resources[{index}]", hint=hint)
            for index, each in enumerate(file.observed.resources)
        }

    def cluster(self) -> ClusterFacts | None:
        """Return what the file says of the cluster, None where it says nothing."""
        return self._cluster

    def observe(self, groups: frozenset[str] | None = None) -> Observed:
        """Return the resources in the file: of these groups and ``shared``, or all."""
        found = {
            address: resource
            for address, resource in sorted(self._observed.items())
            if groups is None or resource.group == SHARED or resource.group in groups
        }
        return Observed(resources=MappingProxyType(found))

    def incumbent(self, wanted: object) -> Incumbent:
        """Refuse: the file holds what is ours alone."""
        del wanted
        raise ConfigError(
            f"{self._path} cannot be compared with the incumbent's resources: an account file "
            "holds only what is ours",
            hint=f"read the live {self._called}: --take-over without --account",
        )

    def pod_health(self, backend: str) -> Mapping[str, PodHealth]:
        """Refuse: health is a thing of the moment."""
        raise ConfigError(f"{self._path} does not say how healthy the targets of {backend} are")


class NothingReader(UnaskedReader, Generic[F]):
    """Implements ``ports.Reader`` on nothing: documented limits, nothing known, nothing ours."""

    def __init__(self, facts: F, *, limits: Limits, called: str) -> None:
        """Say no more than ``facts``, which are to tell that nobody looked."""
        super().__init__(limits, called=called)
        self._facts = facts

    def cluster(self) -> ClusterFacts | None:
        """Return None: nothing is known of the cluster here."""
        return None

    def facts(self, wanted: object) -> F:
        """Return no facts."""
        del wanted
        return self._facts

    def observe(self, groups: frozenset[str] | None = None) -> Observed:
        """Return nothing."""
        del groups
        return Observed()

    def incumbent(self, wanted: object) -> Incumbent:
        """Refuse: there is no account."""
        del wanted
        raise ConfigError(f"there is no {self._called} to find the incumbent's resources in")

    def pod_health(self, backend: str) -> Mapping[str, PodHealth]:
        """Refuse: there is no account."""
        raise ConfigError(f"there is no {self._called} to ask about the targets of {backend}")
