"""Log lines that machines can take apart: a few words, then ``key=value``.

Values are addresses, names, digests, counts and messages; never parameters of calls, which may
hold a client secret.
"""

from __future__ import annotations

import json

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@#+,*")


def fields(**values: object) -> str:
    """Return ``key=value`` pairs, quoted as JSON where a value is not one plain word."""
    return " ".join(f"{name}={_value(value)}" for name, value in values.items())


def _value(value: object) -> str:
    text = str(value)
    return text if text and _PLAIN.issuperset(text) else json.dumps(text, ensure_ascii=False)
