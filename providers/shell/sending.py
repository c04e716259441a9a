"""What every writer does with a call before and after it is sent."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from provisioner.model.change import Call
from provisioner.model.errors import ProviderError, Rejected
from provisioner.model.resource import secrets_in

HIDDEN = "[hidden]"

log = logging.getLogger(__name__)


def thawed(value: object) -> object:
    """Return a frozen value as dicts and lists."""
    if isinstance(value, Mapping):
        return {key: thawed(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [thawed(item) for item in value]
    return value


def without_secrets(error: ProviderError, call: Call) -> ProviderError:
    """Return what a cloud said without the secrets that we sent; some refusals quote the request.

    Longer secrets go first, because one may contain another.
    """
    message = error.message
    for secret in sorted(secrets_in(call.parameters), key=len, reverse=True):
        message = message.replace(secret, HIDDEN)
    kind = type(error)
    return kind(message, hint=error.hint, operation=error.operation, code=error.code)


def refusal(error: ProviderError, call: Call) -> ProviderError | None:
    """Return what to raise for a refused call, None where the refusal says that it is done already.

    The latter is what a repetition hears whose first attempt was carried out, its answer lost.
    """
    if error.code in call.already_done:
        log.info("%s for %s: done already (%s)", call.operation, call.address, error.code)
        return None
    told = without_secrets(error, call)
    log.warning("%s for %s: %s", call.operation, call.address, told.message)
    return told


def found_in(answer: object, path: str, call: Call, *, mark: str) -> str:
    """Return what an answer holds at a path like ``Rules.0.RuleArn``.

    Args:
        answer: What the cloud said.
        path: Keys and positions, joined by dots.
        call: What was answered, for messages.
        mark: What tells, on this cloud, what is ours ("tags").

    Raises:
        Rejected: It holds nothing there.
    """
    found = answer
    for part in path.split("."):
        if isinstance(found, Mapping) and part in found:
            found = found[part]
        elif isinstance(found, Sequence) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            raise Rejected(
                f"the answer to {call.operation} has no {path}, so {call.address} cannot be used",
                hint=f"plan again: what was created will be found by its {mark}",
                operation=call.operation,
            )
    return str(found)
