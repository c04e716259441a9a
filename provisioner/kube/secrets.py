"""Read the Secrets that Ingresses of ours name, one by one and no others.

Nobody who may plan should have to be allowed to list Secrets. So the Ingresses are read first, and
then, by name, what they point to. A Secret that is not there is absent; one that may not be read is
unknown, and what was made of it stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from provisioner.core.dialect import Dialect
from provisioner.core.secrets import named_secrets
from provisioner.kube import errors
from provisioner.kube.client import KubeClient
from provisioner.kube.decode import decode_json
from provisioner.kube.kinds import SECRET
from provisioner.model.errors import ClusterError
from provisioner.model.kube import Key, Secret
from provisioner.model.settings import Settings
from provisioner.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretState:
    """A Secret as it was last seen: there, absent (neither field), or unreadable and why."""

    secret: Secret | None = None
    why: str = ""


ABSENT = SecretState()


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretsRead:
    """What is known of some Secrets."""

    found: Mapping[Key, Secret] = field(default_factory=lambda: MappingProxyType({}))
    unread: Mapping[Key, str] = field(default_factory=lambda: MappingProxyType({}))

    def within(self, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot that holds these Secrets beside its own, which win."""
        secrets = {**self.found, **snapshot.secrets}
        unread = {key: why for key, why in self.unread.items() if key not in secrets}
        return replace(
            snapshot,
            secrets=MappingProxyType({key: secrets[key] for key in sorted(secrets)}),
            unread_secrets=MappingProxyType({key: unread[key] for key in sorted(unread)}),
        )


def with_secrets(
    snapshot: Snapshot, client: KubeClient, provider: Dialect, settings: Settings
) -> Snapshot:
    """Return a snapshot together with the Secrets that its Ingresses name.

    Raises:
        Unauthorized: The server does not accept our credentials.
    """
    named = named_secrets(snapshot, provider, settings)
    wanted = {key for keys in named.values() for key in keys} - snapshot.secrets.keys()
    return together({key: read_secret(client, key) for key in sorted(wanted)}).within(snapshot)


def together(states: Mapping[Key, SecretState]) -> SecretsRead:
    """Return what is known of some Secrets, from the state of each."""
    return SecretsRead(
        found=MappingProxyType({k: s.secret for k, s in states.items() if s.secret is not None}),
        unread=MappingProxyType({k: s.why for k, s in states.items() if s.why}),
    )


def read_secret(client: KubeClient, key: Key) -> SecretState:
    """Return a Secret as the cluster has it now.

    Raises:
        Unauthorized: The server does not accept our credentials.
    """
    try:
        return state_of(client.get(SECRET, key))
    except errors.NotFound:
        return ABSENT
    except errors.Unauthorized:
        raise
    except ClusterError as error:
        return SecretState(why=error.message.rstrip("."))


def state_of(raw: bytes) -> SecretState:
    """Return the state that a Secret's JSON shows."""
    decoded = decode_json(SECRET.kind, raw)
    if isinstance(decoded.object, Secret):
        return SecretState(secret=decoded.object)
    said = "; ".join(problem.message for problem in decoded.problems)
    return SecretState(why=said or "it is no Secret")


def keys_of(named: Mapping[Key, Iterable[Key]]) -> Mapping[Key, frozenset[Key]]:
    """Return who names each Secret, from what each Ingress names."""
    users: dict[Key, set[Key]] = {}
    for ingress, secrets in named.items():
        for secret in secrets:
            users.setdefault(secret, set()).add(ingress)
    return MappingProxyType({key: frozenset(found) for key, found in users.items()})
