"""What a creation need not say: fields that have the value which the cloud would fill in anyway.

A plan states every field that we answer for, also those that nobody asked to be different, so that
taking a setting away restores the default. A backend service has a dozen of them. At a creation
they are counted; the JSON has them, and so has every difference.

The values are Google's, from the field descriptions of the Compute API. A wrong entry here would
hide something, so tests hold the table to the defaults that the provider itself fills in.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from provisioner.model.resource import PlainInput, Value, canonical, freeze

USUAL: Final[Mapping[str, Mapping[str, PlainInput]]] = MappingProxyType(
    {
        "BackendService": {
            "affinityCookieTtlSec": 0,
            "connectionDraining": {"drainingTimeoutSec": 0},
            "customRequestHeaders": (),
            "customResponseHeaders": (),
            "enableCDN": False,
            "iap": {"enabled": False},
            "logConfig": {"enable": False},
            "sessionAffinity": "NONE",
        },
        "Firewall": {"direction": "INGRESS", "disabled": False, "priority": 1000},
    }
)


def is_usual(kind: str, path: str, value: Value) -> bool:
    """Tell whether a field of a kind has the value that it would have unasked."""
    fields = USUAL.get(kind, {})
    return path in fields and canonical(freeze(fields[path])) == canonical(value)
