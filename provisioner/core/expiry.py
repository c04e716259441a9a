"""When certificates end, and for which hosts they are valid.

The core knows the time only as the moment at which an account was read, so that a plan from a file
says the same tomorrow.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

SOON_DAYS = 30
"""How long before its end a certificate is worth a warning; ACM renews its own after 60 days."""

_DAY = 86400.0


def moment(text: str) -> float:
    """Return seconds of an RFC 3339 time, 0 where there is none to read."""
    try:
        return datetime.fromisoformat(text).timestamp() if text else 0.0
    except ValueError:
        return 0.0


def has_passed(time: str, *, now: str) -> bool:
    """Tell whether a time had come at another one; an unknown one never has."""
    return 0 < moment(time) <= moment(now)


def is_near(time: str, *, now: str) -> bool:
    """Tell whether a time comes within the month."""
    left = moment(time) - moment(now)
    return moment(time) > 0 and 0 < left < SOON_DAYS * _DAY


def covers_name(names: Collection[str], host: str) -> bool:
    """Tell whether a certificate for these names is valid for a host."""
    _, dot, parent = host.partition(".")
    return host in names or (bool(dot) and f"*.{parent}" in names)
