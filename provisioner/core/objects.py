"""Objects of settings that annotations name: found, read, and put in the place of their names.

Google's controller keeps settings in objects beside the Ingress (BackendConfig, FrontendConfig,
ManagedCertificate). Core knows none of their fields. A setting's value that needs objects says so
itself (``NamesObject``) and takes out of them what it needs; what core adds is which object is
absent, which could not be read (that is unknown, never absent), and whose fault it is: a bad object
stops only the paths, or the Ingress, that name it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from provisioner.core.object_error import ObjectError, ObjectRemark
from provisioner.core.reading import Reading, Said
from provisioner.model.diagnostic import Diagnostic, Severity, error, warning
from provisioner.model.intent import Compatibility
from provisioner.model.kube import Key, Parameters, ServicePort
from provisioner.model.snapshot import Snapshot

MISSING = "OBJECT-MISSING"
UNREADABLE = "OBJECT-UNREADABLE"
REMARK = "OBJECT-REMARK"


@runtime_checkable
class NamesObject(Protocol):
    """A setting's value that is complete only together with objects of its Ingress' namespace."""

    @property
    def object_kind(self) -> str:
        """The objects' kind."""
        ...

    def object_names(self, port: ServicePort | None) -> tuple[str, ...]:
        """Return which objects count for a Service port (None: for the Ingress as a whole)."""
        ...

    def filled(self, found: Mapping[str, Parameters]) -> object | None:
        """Return the value with what the objects say, None where they say nothing at all.

        Args:
            found: The objects by name. One that does not exist is left out only where the incumbent
                controller would go on without it.

        Raises:
            ObjectError: One of them cannot be used as it is.
        """
        ...


@runtime_checkable
class Remarkable(Protocol):
    """A filled value with something odd about its objects."""

    @property
    def object_remarks(self) -> tuple[ObjectRemark, ...]:
        """What is odd, but blocks nothing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """Who names objects: an Ingress, for all of itself or for one port of a Service.

    ``lenient``: what does not exist is done without, as the incumbent controller does.
    """

    ingress: Key
    subject: str
    port: ServicePort | None = None
    field: str = ""  # where to point people, "" for where the setting is said
    lenient: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A value with what objects say, and what is wrong with them (a blocking one: no value)."""

    value: object | None
    problems: tuple[Diagnostic, ...] = ()


class Objects:
    """The objects of settings of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def fill(self, said: Said[object], naming: Naming) -> Filled:
        """Return a value together with what the objects that it names say."""
        value = said.value
        if not isinstance(value, NamesObject):
            return Filled(value=value)
        names = value.object_names(naming.port)
        found, problems = self._found(value.object_kind, names, naming, said)
        if any(problem.blocking for problem in problems):
            return Filled(value=None, problems=problems)
        try:
            filled = value.filled(found)
        except ObjectError as problem:
            whose = _whose(problem, names)
            bad = tuple(
                _bad_object(each, value.object_kind, whose, naming)
                for each in (problem, *problem.more)
            )
            return Filled(value=None, problems=(*problems, *bad))
        remarks = _remarks(filled, value.object_kind, naming.ingress.namespace)
        return Filled(value=filled, problems=(*problems, *remarks))

    def in_reading(
        self,
        reading: Reading,
        ingress: Key,
        *,
        compatibility: Compatibility,
        elsewhere: frozenset[str],
    ) -> Reading:
        """Return what an Ingress says with its values filled.

        A value whose object cannot be used is one that cannot be read.

        Args:
            reading: What the annotations of the Ingress say.
            ingress: Whose they are.
            compatibility: Whose reading applies: the incumbent does without what is not there.
            elsewhere: Settings that are filled where they are used, port by port.
        """
        naming = Naming(
            ingress=ingress,
            subject=f"Ingress {ingress}",
            lenient=compatibility is Compatibility.INCUMBENT,
        )
        said = dict(reading.values.said)
        failed, problems = set(reading.failed), list(reading.diagnostics)
        for name, one in reading.values.said.items():
            if name in elsewhere or not isinstance(one.value, NamesObject):
                continue
            filled = self.fill(one, naming)
            problems += filled.problems
            said.pop(name)
            if filled.value is not None:
                said[name] = replace(one, value=filled.value)
            elif any(problem.blocking for problem in filled.problems):
                failed.add(name)
        return Reading(
            values=replace(reading.values, said=MappingProxyType(said)),
            failed=frozenset(failed),
            diagnostics=tuple(problems),
        )

    def _found(
        self, kind: str, names: Iterable[str], naming: Naming, said: Said[object]
    ) -> tuple[Mapping[str, Parameters], tuple[Diagnostic, ...]]:
        found: dict[str, Parameters] = {}
        problems: list[Diagnostic] = []
        for name in dict.fromkeys(names):
            key = Key(naming.ingress.namespace, name)
            item = self._snapshot.objects.get((kind, key))
            if item is None:
                problems.append(self._lacking(kind, key, naming, said))
            else:
                found[name] = item
        return MappingProxyType(found), tuple(problems)

    def _lacking(self, kind: str, key: Key, naming: Naming, said: Said[object]) -> Diagnostic:
        lenient = False
        unread = kind in self._snapshot.unknown_kinds
        code = UNREADABLE if unread else MISSING
        if unread:
            message = f"{kind} {key} could not be read"
            hint = f"let the controller list {kind} objects"
        else:
            message = f"{kind} {key} does not exist"
            known = self._snapshot.live or self._snapshot.asked_cluster
            hint = f"create {kind} {key}, or name another one"
            hint = hint if known else f"add {kind} {key} to the files"
            lenient = naming.lenient
        problem = error(
            code,
            naming.subject,
            message=f"{message} ({said.source})",
            field=naming.field or said.field,
            hint=hint,
            ingress=naming.ingress,
        )
        return replace(problem, severity=Severity.WARNING, blocking=False) if lenient else problem


def _whose(problem: ObjectError, names: tuple[str, ...]) -> str:
    return problem.name or ", ".join(names)


def _bad_object(problem: ObjectError, kind: str, name: str, naming: Naming) -> Diagnostic:
    return error(
        problem.code,
        f"{kind} {Key(naming.ingress.namespace, name)}",
        message=str(problem),
        field=problem.field,
        hint=problem.hint,
        ingress=naming.ingress,
    )


def _remarks(filled: object, kind: str, namespace: str) -> tuple[Diagnostic, ...]:
    if not isinstance(filled, Remarkable):
        return ()
    return tuple(
        warning(
            REMARK,
            f"{kind} {Key(namespace, remark.name)}",
            message=remark.message,
            field=remark.field,
            hint=remark.hint,
        )
        for remark in filled.object_remarks
    )
