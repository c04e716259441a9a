"""Keep secrets comparable without keeping them: digests in a tag beside what hides them.

AWS never shows a client secret again once it has it, so nobody could see that it was rotated. What
was sent is remembered as a salted digest in a tag on the rule or listener that uses it. Reading
puts the digests back where the secrets would stand, and a second plan finds nothing to do.

Where a rule changes for another reason (its weights, say) and the secret is not at hand, because
its Ingress cannot be read just now, AWS is told to go on with the one it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from providers.aws import marks
from providers.aws.addresses import Kind
from provisioner.model.resource import Fingerprint, PlainInput, Resource, Value, freeze, freeze_spec
from provisioner.model.settings import ANNOTATION_PREFIX

SECRETS = f"{ANNOTATION_PREFIX}secrets"
"""The tag: the digests of the client's id and secret, with a space between them."""

NOT_OURS = "unknown"
"""The digest of a secret that we did not set: it equals no other."""

OIDC = "AuthenticateOidcConfig"
CLIENT_ID, CLIENT_SECRET = "ClientId", "ClientSecret"

_ACTIONS: Mapping[str, str] = {
    Kind.LISTENER.value: "DefaultActions",
    Kind.LISTENER_RULE.value: "Actions",
}


def sealed(resource: Resource) -> Resource:
    """Return a resource whose tags say which secrets its actions hold."""
    field = _ACTIONS.get(resource.kind)
    if field is None:
        return resource
    tags = marks.written(resource.spec.get("Tags"))
    held = next(_secrets(resource.spec.get(field)), "")
    if tags.get(SECRETS, "") == held:
        return resource
    tags = {key: value for key, value in tags.items() if key != SECRETS}
    if held:
        tags[SECRETS] = held
    pairs: list[PlainInput] = [{"Key": key, "Value": tags[key]} for key in sorted(tags)]
    return replace(resource, spec=freeze_spec({**resource.spec, "Tags": pairs}))


def unsealed(actions: Value, tags: Mapping[str, str]) -> Value:
    """Return observed actions with digests where their secrets are hidden.

    The client's id is no secret to AWS and is shown; it is kept, so that it can be sent again.
    """
    if not isinstance(actions, tuple):
        return actions
    known = tags.get(SECRETS, "").split()
    digest_of_id, digest_of_secret = known if len(known) == len(_HELD) else (NOT_OURS, NOT_OURS)
    found: list[PlainInput] = []
    for action in actions:
        config = action.get(OIDC) if isinstance(action, Mapping) else None
        if isinstance(action, Mapping) and isinstance(config, Mapping):
            shown = str(config.get(CLIENT_ID, ""))
            secrets = {
                CLIENT_ID: Fingerprint(digest_of_id, shown),
                CLIENT_SECRET: Fingerprint(digest_of_secret),
            }
            found.append({**action, OIDC: {**config, **secrets}})
        else:
            found.append(action)
    return freeze(found)


def sendable(actions: Value) -> Value:
    """Return actions for an update: a secret that is not at hand stays the one AWS has."""
    if not isinstance(actions, tuple):
        return actions
    return freeze([_sendable(action) for action in actions])


_HELD = (CLIENT_ID, CLIENT_SECRET)


def _sendable(action: Value) -> PlainInput:
    config = action.get(OIDC) if isinstance(action, Mapping) else None
    if not isinstance(action, Mapping) or not isinstance(config, Mapping):
        return action
    secret = config.get(CLIENT_SECRET)
    if not isinstance(secret, Fingerprint) or secret.secret:
        return action
    rest = {key: value for key, value in config.items() if key != CLIENT_SECRET}
    return {**action, OIDC: {**rest, "UseExistingClientSecret": True}}


def _secrets(actions: Value) -> Iterator[str]:
    """Yield the digests of each action that holds secrets; a rule has one such action at most."""
    for action in actions if isinstance(actions, tuple) else ():
        config = action.get(OIDC) if isinstance(action, Mapping) else None
        if not isinstance(config, Mapping):
            continue
        held = [config.get(name) for name in _HELD]
        digests = [value.digest for value in held if isinstance(value, Fingerprint)]
        if len(digests) == len(_HELD):
            yield " ".join(digests)
