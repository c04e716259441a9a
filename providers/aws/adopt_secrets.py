"""Compare sign-in settings that AWS shows but for the secret.

AWS never shows a client secret, so whether that of another controller equals ours cannot be told.
Where the client's id is the wanted one the secret is taken for the wanted one too: a comparison
that called every such rule changed would tell people nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from providers.aws.sealed import CLIENT_ID, CLIENT_SECRET, OIDC
from provisioner.model.resource import Fingerprint, Resource, Spec, Value

ACTION_FIELDS = ("Actions", "DefaultActions")


def with_secrets_of(spec: Spec, wanted: Resource | None) -> Spec:
    """Return an existing spec with the wanted secrets where only they cannot be compared."""
    if wanted is None:
        return spec
    return {
        name: _actions(value, wanted.spec.get(name)) if name in ACTION_FIELDS else value
        for name, value in spec.items()
    }


def _actions(present: Value, wanted: Value) -> Value:
    if not isinstance(present, tuple):
        return present
    known = dict(_configs(wanted))
    return tuple(_action(action, known) for action in present)


def _action(action: Value, known: Mapping[str, Mapping[str, Value]]) -> Value:
    config = action.get(OIDC) if isinstance(action, Mapping) else None
    if not isinstance(action, Mapping) or not isinstance(config, Mapping):
        return action
    shown = config.get(CLIENT_ID)
    ours = known.get(shown.secret) if isinstance(shown, Fingerprint) else None
    if ours is None:
        return action
    secrets = {CLIENT_ID: ours[CLIENT_ID], CLIENT_SECRET: ours.get(CLIENT_SECRET)}
    return {**action, OIDC: {**config, **secrets}}


def _configs(actions: Value) -> Iterator[tuple[str, Mapping[str, Value]]]:
    """Yield the wanted settings by the id of the client."""
    for action in actions if isinstance(actions, tuple) else ():
        config = action.get(OIDC) if isinstance(action, Mapping) else None
        client = config.get(CLIENT_ID) if isinstance(config, Mapping) else None
        if isinstance(config, Mapping) and isinstance(client, Fingerprint) and client.secret:
            yield client.secret, config
