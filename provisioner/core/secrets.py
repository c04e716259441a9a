"""Secrets that Ingresses name: which they are, and how what they hold enters a plan unseen.

What a Secret holds is a ``Fingerprint`` from the first moment on: a salted hash that everybody may
see, with the value hidden behind it until the engine sends it. The salt is the installation and the
purpose, so equal secrets of two installations, or of two uses, do not look equal.

Core knows no cloud's settings. A value that needs a Secret says so itself (``NamesSecret``), and
takes out of it what it needs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from provisioner.core.annotations import CERTIFICATES, FROM_SECRETS
from provisioner.core.dialect import Dialect, table_of
from provisioner.core.group import Candidate, group
from provisioner.core.reading import read_annotations
from provisioner.core.secret_error import SecretError
from provisioner.core.select import select
from provisioner.model.annotation import Place
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.kube import Ingress, Key, Secret
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
            if isinstance(value, NamesSecret):
                key = Key(ingress.namespace, value.secret_name)
                try:
                    filled[name] = self._filled(key, value)
                except SecretError as problem:
                    problems.append(complaint(problem, ingress, field=self._field(ingress, name)))
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
            )
        if self._snapshot.live or self._snapshot.complete or self._snapshot.asked_cluster:
            raise SecretError(f"Secret {key} does not exist", code=MISSING, hint="create it")
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

    def _filled(self, key: Key, value: NamesSecret) -> object:
        secret = self.find(key)
        if secret is None:
            return value
        try:
            return value.filled(secret.data, self.seal)
        except SecretError as problem:
            raise SecretError(f"Secret {key} {problem}", hint=problem.hint) from None


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


def takes_secrets(candidate: Candidate) -> bool:
    """Tell whether an Ingress takes its certificates from the Secrets in ``spec.tls``."""
    return FROM_SECRETS in (candidate.values.get(CERTIFICATES) or ())


def named_secrets(
    snapshot: Snapshot, provider: Dialect, settings: Settings
) -> Mapping[Key, frozenset[Key]]:
    """Return the Ingresses of ours that name Secrets, and which.

    Whoever reads a cluster needs no more of its Secrets than these.
    """
    table = table_of(provider)
    selection = select(snapshot, provider, settings=settings)
    groups = group(selection.selected, table=table, placed={}, refused={}).groups
    by_service = {
        key: tuple(
            said.value.secret_name
            for said in read_annotations(
                service.meta, Place.SERVICE, table=table
            ).values.said.values()
            if isinstance(said.value, NamesSecret)
        )
        for key, service in snapshot.services.items()
        if any(table.reads(name) for name in service.meta.annotations)
    }
    found = {
        candidate.key: frozenset(Key(candidate.key.namespace, name) for name in names)
        for one in groups
        for candidate in one.candidates
        if (names := {n for n in _names(candidate, by_service) if n})
    }
    return MappingProxyType(found)


def _names(candidate: Candidate, by_service: Mapping[Key, tuple[str, ...]]) -> Iterator[str]:
    if takes_secrets(candidate):
        yield from (tls.secret_name for tls in candidate.ingress.tls)
    for said in candidate.values.said.values():
        if isinstance(said.value, NamesSecret):
            yield said.value.secret_name
    for service in _services(candidate.ingress):
        yield from by_service.get(Key(candidate.key.namespace, service), ())


def _services(ingress: Ingress) -> Iterator[str]:
    """Yield the Services that an Ingress names; an action named there is none of them."""
    if ingress.default_backend is not None:
        yield ingress.default_backend.service
    for rule in ingress.rules:
        yield from (path.backend.service for path in rule.paths or ())
