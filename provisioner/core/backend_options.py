"""Provider-specific settings of one backend, with what objects and Secrets put into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from provisioner.core.backend_use import Use
from provisioner.core.objects import NamesObject, Naming, Objects
from provisioner.core.reading import Said, Table, Values
from provisioner.core.secrets import Secrets
from provisioner.model.annotation import Merge, Place
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionValues:
    """Settings by name, and what is wrong with those that are left out, or odd."""

    values: Mapping[str, object]
    problems: tuple[Diagnostic, ...] = ()
    remarks: tuple[Diagnostic, ...] = ()


class BackendOptions:
    """Which settings travel with a backend, as one table of annotations has them."""

    def __init__(self, snapshot: Snapshot, table: Table, secrets: Secrets | None) -> None:
        self._table = table
        self._objects = Objects(snapshot)
        self._secrets = secrets
        self._names = table.options(Merge.OWN, place=Place.SERVICE)
        self._families = table.families(Merge.OWN, place=Place.SERVICE)

    def of(self, use: Use, service: Values) -> OptionValues:
        """Return the settings of a use; ``service`` is what the Service says by itself."""
        said, families = use.values.said, use.values.families
        problems: list[Diagnostic] = []
        options: dict[str, object] = {}
        for name in self._names:
            if name in said:
                value = self._filled(said[name], use, problems)
                options |= {name: value} if value is not None else {}
        options |= dict.fromkeys(self._said_by_either(use, service), True)
        for name in self._families:
            said_of = families.get(name, {})
            words = (said_of[key].value for key in use.port_keys if key in said_of)
            if (word := next(words, None)) is not None:
                options[name] = word
        blocking = tuple(problem for problem in problems if problem.blocking)
        remarks = tuple(problem for problem in problems if not problem.blocking)
        if self._secrets is None or blocking:
            return OptionValues(
                values=MappingProxyType(options), problems=blocking, remarks=remarks
            )
        filled = self._secrets.fill(use.candidate.key, options)
        return OptionValues(values=filled.options, problems=filled.problems, remarks=remarks)

    def _filled(self, said: Said[object], use: Use, problems: list[Diagnostic]) -> object | None:
        if not isinstance(said.value, NamesObject):
            return said.value
        naming = Naming(
            ingress=use.candidate.key,
            subject=use.candidate.subject,
            port=use.port,
            field=use.reference.at("name"),
        )
        filled = self._objects.fill(said, naming)
        problems += filled.problems
        return filled.value

    def _said_by_either(self, use: Use, service: Values) -> tuple[str, ...]:
        """Return the settings for which one word of Ingress or Service is enough, if it is said."""
        words = (use.candidate.own.said, service.said)
        return tuple(
            name
            for name in sorted(self._table.either)
            if any(name in said and said[name].value is True for said in words)
        )
