"""What annotations say of the network load balancer in front, read from the intent's options.

Its settings travel as options, by name, because only one cloud has such a thing. Here they get
their types back.
"""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.model.kube import NO_STRINGS

Options = Mapping[str, object]


def listed(options: Options, name: str) -> tuple[str, ...]:
    """Return a setting that is a list of texts, () where nobody states it."""
    value = options.get(name)
    return tuple(map(str, value)) if isinstance(value, tuple) else ()


def pairs(options: Options, name: str) -> Mapping[str, str]:
    """Return a setting that is a map of texts, empty where nobody states it."""
    value = options.get(name)
    if not isinstance(value, Mapping):
        return NO_STRINGS
    return {str(key): str(item) for key, item in value.items()}


def text(options: Options, name: str, default: str) -> str:
    """Return a setting that is a text."""
    value = options.get(name)
    return value if isinstance(value, str) else default


def number(options: Options, name: str, default: int) -> int:
    """Return a setting that is a number."""
    value = options.get(name)
    return value if isinstance(value, int) else default
