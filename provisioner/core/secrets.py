"""Secrets that Ingresses name: which they are, and how what they hold enters a plan unseen.

What a Secret holds is a ``Fingerprint`` from the first moment on: a salted hash that everybody may
see, with the value hidden behind it until the engine sends it. The salt is the installation and the
purpose, so equal secrets of two installations, or of two uses, do not look equal.

Core knows no cloud's settings. A value that needs a Secret says so itself (``NamesSecret``), and
takes out of it what it needs; one that needs several is a ``NamesSecrets``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from provisioner.core.dialect import Dialect, table_of
from provisioner.core.group import Candidate, IngressReader, group
from provisioner.core.objects import NamesObject, Naming, Objects
from provisioner.core.reading import Said, Table, read_annotations
from provisioner.core.secret_error import SecretError
from provisioner.core.select import select
from provisioner.model.annotation import Place
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.kube import Ingress, Key, Secret, Service
from provisioner.model.resource import Fingerprint
from provisioner.model.settings import Identity, Settings
from provisioner.model.snapshot import Snapshot

_ROUNDS = 1000  # makes guessing a short secret from its fingerprint dear, and costs 0.3 ms
_DIGITS = 32

MISSING = "SECRET-MISSING"
UNREADABLE = "SECRET-UNREADABLE"

Seal = Callable[[str, str], Fingerprint]
"""Hides a text for a purpose."""


@runtime_checkable
class NamesSecret(Protocol):
    """A setting's value that is complete only together with a Secret of its Ingress' namespace."""

    @property
    def secret_name(self) -> str:
        """The Secret's name."""
        ...

    def filled(self, data: Mapping[str, bytes], seal: Seal) -> object:
        """Return the value with what the Secret holds.

        Raises:
            SecretError: The Secret lacks it.
        """
        ...


@runtime_checkable
class NamesSecrets(Protocol):
    """A setting's value that is complete only together with several Secrets."""

    @property
    def secret_names(self) -> tuple[str, ...]:
        """The Secrets' names; () where it needs none."""
        ...

    def with_secrets(self, data: Mapping[str, Mapping[str, bytes]], seal: Seal) -> object:
        """Return the value with what the Secrets hold, by their names.

        Raises:
            SecretError: One of them lacks it; ``name`` says which.
        """
        ...


@runtime_checkable
class SaysWhere(Protocol):
    """A value out of an object of settings, which can tell where it names a Secret."""

    def place_of_secret(self, name: str) -> tuple[str, str, str]:
        """Return the kind and the name of the object, and the field that names the Secret."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """Options with what Secrets hold, and what kept others from being filled."""

    options: Mapping[str, object]
    problems: tuple[Diagnostic, ...] = ()


def sealed(text: str, *, identity: Identity, purpose: str) -> Fingerprint:
    """Return a secret behind its fingerprint."""
    salt = f"{identity.owner}\0{purpose}".encode()
    digest = hashlib.pbkdf2_hmac("sha256", text.encode(), salt, _ROUNDS).hex()
    return Fingerprint(digest=digest[:_DIGITS], secret=text)


class Secrets:
    """The Secrets of one snapshot."""

    def __init__(self, snapshot: Snapshot, settings: Settings) -> None:
        self._snapshot = snapshot
        self._identity = settings.identity

    def fill(self, ingress: Key, options: Mapping[str, object]) -> Filled:
        """Return an Ingress' options with what the Secrets that they name hold.

        Where nobody can tell what a Secret holds (files alone), its option stays as it is.
        """
        filled: dict[str, object] = dict(options)
        problems: list[Diagnostic] = []
        for name, value in options.items():
            try:
                filled[name] = self._filled(ingress.namespace, value)
            except SecretError as problem:
                found = complaint(problem, ingress, field=self._field(ingress, name))
                problems.append(_placed(found, problem.name, value))
        return Filled(options=MappingProxyType(filled), problems=tuple(problems))

    def find(self, key: Key) -> Secret | None:
        """Return a Secret, None where nobody can tell whether there is one.

        Raises:
            SecretError: There is none, or it may not be read.
        """
        found = self._snapshot.secrets.get(key)
        if found is not None:
            return found
        why = self._snapshot.unread_secrets.get(key)
        if why is not None:
            raise SecretError(
                f"Secret {key} could not be read: {why}",
                code=UNREADABLE,
                hint="let the controller get secrets in this namespace",
                name=key.name,
            )
        if self._snapshot.live or self._snapshot.complete or self._snapshot.asked_cluster:
            text = f"Secret {key} does not exist"
            raise SecretError(text, code=MISSING, hint="create it", name=key.name)
        return None

    def seal(self, text: str, purpose: str) -> Fingerprint:
        """Return a secret behind its fingerprint."""
        return sealed(text, identity=self._identity, purpose=purpose)

    def _field(self, ingress: Key, setting: str) -> str:
        """Return where an Ingress states a setting, the setting itself where a Service does."""
        found = self._snapshot.ingresses.get(ingress)
        keys = found.meta.annotations if found is not None else ()
        stated = next((key for key in keys if key.endswith(f"/{setting}")), "")
        return f"metadata.annotations[{stated}]" if stated else setting

    def _filled(self, namespace: str, value: object) -> object:
        names = secret_names(value)
        found = {name: self.find(Key(namespace, name)) for name in names}
        data = {name: secret.data for name, secret in found.items() if secret is not None}
        if len(data) < len(found):
            return value
        try:
            if isinstance(value, NamesSecrets):
                return value.with_secrets(MappingProxyType(data), self.seal)
            if isinstance(value, NamesSecret):
                return value.filled(data[value.secret_name], self.seal)
        except SecretError as problem:
            key = Key(namespace, problem.name or names[0])
            text = f"Secret {key} {problem}"
            raise SecretError(text, hint=problem.hint, name=key.name) from None
        return value


def secret_names(value: object) -> tuple[str, ...]:
    """Return the Secrets that a setting's value names."""
    if isinstance(value, NamesSecrets):
        return value.secret_names
    return (value.secret_name,) if isinstance(value, NamesSecret) else ()


def _placed(found: Diagnostic, secret: str, value: object) -> Diagnostic:
    """Return a diagnostic on the object that names the Secret, where the value is out of one."""
    if not isinstance(value, SaysWhere) or found.ingress is None:
        return found
    kind, name, field = value.place_of_secret(secret)
    return replace(found, subject=f"{kind} {found.ingress.namespace}/{name}", field=field)


def complaint(problem: SecretError, ingress: Key, *, field: str) -> Diagnostic:
    """Return what is wrong with a Secret, told to the Ingress that names it."""
    return error(
        problem.code,
        f"Ingress {ingress}",
        message=str(problem),
        field=field,
        hint=problem.hint,
        ingress=ingress,
    )


def named_secrets(
    snapshot: Snapshot, provider: Dialect, settings: Settings
) -> Mapping[Key, frozenset[Key]]:
    """Return the Ingresses of ours that name Secrets, and which.

    Whoever reads a cluster needs no more of its Secrets than these.
    """
    table = table_of(provider)
    selection = select(snapshot, provider, settings=settings)
    reader = IngressReader(snapshot, provider, table=table)
    groups = group(selection.selected, reader=reader, placed={}, refused={}).groups
    services = _ServiceSecrets(snapshot, table)
    found = {
        candidate.key: frozenset(Key(candidate.key.namespace, name) for name in names)
        for one in groups
        for candidate in one.candidates
        if (names := {n for n in _names(candidate, services) if n})
    }
    return MappingProxyType(found)


class _ServiceSecrets:
    """The Secrets that Services name, themselves or in the objects that they name."""

    def __init__(self, snapshot: Snapshot, table: Table) -> None:
        self._services = snapshot.services
        self._table = table
        self._objects = Objects(snapshot)
        self._found: dict[Key, tuple[str, ...]] = {}

    def of(self, key: Key) -> tuple[str, ...]:
        """Return the names of the Secrets of a Service; () where nobody knows the Service."""
        if key not in self._found:
            service = self._services.get(key)
            self._found[key] = () if service is None else tuple(self._names(service))
        return self._found[key]

    def _names(self, service: Service) -> Iterator[str]:
        if not any(self._table.reads(name) for name in service.meta.annotations):
            return
        reading = read_annotations(service.meta, Place.SERVICE, table=self._table)
        for said in reading.values.said.values():
            for value in self._values(said, service):
                yield from secret_names(value)

    def _values(self, said: Said[object], service: Service) -> Iterator[object]:
        """Yield what a Service says for each of its ports."""
        if not isinstance(said.value, NamesObject):
            yield said.value
            return
        for port in service.ports:
            naming = Naming(ingress=service.key, subject=f"Service {service.key}", port=port)
            yield self._objects.fill(said, naming).value


def _names(candidate: Candidate, services: _ServiceSecrets) -> Iterator[str]:
    if candidate.front.tls_secrets:
        yield from (tls.secret_name for tls in candidate.ingress.tls)
    for said in candidate.values.said.values():
        yield from secret_names(said.value)
    for service in _services(candidate.ingress):
        yield from services.of(Key(candidate.key.namespace, service))


def _services(ingress: Ingress) -> Iterator[str]:
    """Yield the Services that an Ingress names; an action named there is none of them."""
    if ingress.default_backend is not None:
        yield ingress.default_backend.service
    for rule in ingress.rules:
        yield from (path.backend.service for path in rule.paths or ())
