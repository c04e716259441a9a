"""Portable settings, or values of them, that an Application Load Balancer has nothing for.

They are refused on the object that states them, because a protection that silently is not there
(a cap, a retry, a log that another team reads) is missed on the day it is needed.
"""

from __future__ import annotations

from provisioner.core.annotations import ACCESS_LOGS, CIRCUIT_BREAKERS, RETRIES
from provisioner.model.annotation import Inexpressible

_RETRIES = Inexpressible(
    capability="Retrying requests at an Application Load Balancer",
    hint="retry in the client or in a service mesh",
)
_CIRCUIT_BREAKERS = Inexpressible(
    capability="Circuit breaking at an Application Load Balancer",
    hint="limit connections in the pods or in a service mesh",
)
_JSON_LOGS = Inexpressible(
    capability="Writing access logs of an Application Load Balancer as JSON",
    hint='leave "format" out: they are lines of text',
)
_SAMPLED_LOGS = Inexpressible(
    capability="Logging without a bucket, or a share of the requests, at an Application Load"
    " Balancer",
    hint='name a bucket, such as "s3://logs/shop"',
)


def inexpressible(setting: str, value: object) -> Inexpressible | None:
    """Return what of a readable value an ALB cannot do, None where it can do all of it."""
    if setting == RETRIES.name:
        return _RETRIES
    if setting == CIRCUIT_BREAKERS.name:
        return _CIRCUIT_BREAKERS
    if setting == ACCESS_LOGS.name and isinstance(value, str):
        return _logs(value)
    return None


def _logs(value: str) -> Inexpressible | None:
    if value.endswith(",format=json"):
        return _JSON_LOGS
    return None if value == "false" or value.startswith("s3://") else _SAMPLED_LOGS
