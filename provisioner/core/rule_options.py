"""Which provider-specific settings travel with a rule, and whose word counts for each.

Conditions and transforms belong to the name of a backend. What says who may come in (sign-in,
tokens) may also stand on a Service; its word counts only where a rule forwards to that one Service
and to nothing else, since a rule has one way in, whatever it is split over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from provisioner.core.annotations import ACTIONS, WEIGHTS
from provisioner.core.backends import Backends
from provisioner.core.group import Candidate
from provisioner.core.reading import Table, Values
from provisioner.model.annotation import Merge, Place
from provisioner.model.kube import Key

NOTHING: Mapping[str, object] = MappingProxyType({})

_SPENT = frozenset({WEIGHTS.name})  # already part of what the rule does


class RuleOptions:
    """The options of rules, as one table of annotations has them."""

    def __init__(self, backends: Backends, *, table: Table) -> None:
        self._backends = backends
        self._own = _left(table.options(Merge.OWN, place=Place.INGRESS))
        self._shared = _left(table.options(Merge.RULE))
        self.families = tuple(
            name for name in table.families(Merge.OWN, place=Place.INGRESS) if name != ACTIONS.name
        )

    def of_path(self, candidate: Candidate, name: str, only: Key | None) -> Mapping[str, object]:
        """Return the options of a path.

        Args:
            candidate: Whose path it is.
            name: What its backend is called, Service or action.
            only: The one Service that it forwards to, None for everything else.
        """
        options = dict(self.of_default(candidate, only))
        for family in self.families:
            said = candidate.values.families.get(family, {}).get(name)
            if said is not None:
                options[family] = said.value
        return MappingProxyType(options)

    def of_default(self, candidate: Candidate, only: Key | None) -> Mapping[str, object]:
        """Return the options of a default backend, which no condition or transform applies to."""
        said = candidate.values.said
        options = {name: said[name].value for name in self._own if name in said}
        shared = self._shared_values(candidate, only).said
        options |= {name: shared[name].value for name in self._shared if name in shared}
        return MappingProxyType(options)

    def unheard(self, candidate: Candidate, services: Iterable[Key]) -> tuple[Key, ...]:
        """Return those of several Services whose word on who may come in would be lost."""
        said = self._entry(candidate.values)
        return tuple(
            service
            for service in dict.fromkeys(services)
            if self._entry(self._backends.values_with(candidate, service)) != said
        )

    def _entry(self, values: Values) -> Mapping[str, object]:
        return {name: values.said[name].value for name in self._shared if name in values.said}

    def _shared_values(self, candidate: Candidate, only: Key | None) -> Values:
        if only is None:
            return candidate.values
        return self._backends.values_with(candidate, only)


def _left(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in _SPENT)
