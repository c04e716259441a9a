"""Values of the portable annotations whose meaning every cloud must be able to hold.

Each form is the smallest that both an ALB and a Google URL map express without a difference, so
that a manifest moves between them unchanged: a rewrite is a literal path (no captured groups), a
split is between Services of the Ingress' namespace.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from provisioner.core.annotations import FROM_SECRETS, MANAGED, Retries, ServiceWeight
from provisioner.core.json_values import json_value
from provisioner.core.values import (
    boolean,
    choice,
    duration,
    integer,
    quoted,
    string_map,
    strings,
)
from provisioner.model.annotation import AnnotationError
from provisioner.model.kube import PortRef

_LONGEST_PATH = 1024  # of an ALB's replacement and of a URL map's pathPrefixRewrite alike
_PATH_WITH_MEANING = r"[$\\?#*\s]"
_SPLITS = (2, 5)  # an ALB action holds five target groups
_WEIGHT = integer(0, 999)
_WEIGHTS_HINT = 'write "web:80=90,web-canary:80=10"'
_BUCKET = r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^\s,]*)?"
_DIGITS = r"[0-9]{1,5}"
_RATE = r"0(\.[0-9]+)?|1(\.0+)?"
_LOGS_HINT = 'write "false", "s3://bucket/prefix" (AWS), or "true" or a rate such as "0.5" (Google)'

_RETRY_KEYS = ("attempts", "per-try-timeout", "on")
_RETRY_CONDITIONS = (
    "5xx",
    "gateway-error",
    "connect-failure",
    "retriable-4xx",
    "refused-stream",
    "cancelled",
    "deadline-exceeded",
    "internal",
    "resource-exhausted",
    "unavailable",
)
_BREAKERS = (
    "max-connections",
    "max-pending-requests",
    "max-requests",
    "max-requests-per-connection",
    "max-retries",
)


def certificates(raw: str) -> tuple[str, ...]:
    """Return names of certificates, or the one word that stands for where they come from."""
    found = strings(raw)
    for word in (FROM_SECRETS, MANAGED):
        if word in found and len(found) > 1:
            raise AnnotationError(
                f'"{word}" cannot stand beside names of certificates',
                hint=f'write "{word}" alone, or only names',
            )
    return found


def rewrite_target(raw: str) -> str:
    """Return the path that replaces the matched one: absolute and literal."""
    value = raw.strip()
    if not value.startswith("/"):
        raise AnnotationError(
            f"{quoted(raw)} is not an absolute path", hint='write a path such as "/" or "/api"'
        )
    if found := re.search(_PATH_WITH_MEANING, value):
        raise AnnotationError(
            f"{quoted(raw)} holds {quoted(found[0])}; the replacement is a plain path, not a"
            " pattern, and has no query",
            hint='write a path such as "/api"; for captured groups use a native annotation',
        )
    if len(value) > _LONGEST_PATH:
        raise AnnotationError(
            f"the path is longer than {_LONGEST_PATH} characters", hint="shorten it"
        )
    return value


def weights(raw: str) -> tuple[ServiceWeight, ...]:
    """Return the Service ports of ``web:80=90,web-canary:80=10``, in written order."""
    pairs = _json_weights(raw) if raw.lstrip().startswith("{") else string_map(raw)
    found = tuple(_service_weight(name, weight) for name, weight in pairs.items())
    low, high = _SPLITS
    if not low <= len(found) <= high:
        raise AnnotationError(
            f"it names {len(found)} Services; traffic is split among {low} to {high}",
            hint=_WEIGHTS_HINT,
        )
    if not any(one.weight for one in found):
        raise AnnotationError(
            "every weight is 0, so nothing would be served", hint="give one a weight above 0"
        )
    return found


def _json_weights(raw: str) -> Mapping[str, str]:
    value = json_value(raw)
    if not isinstance(value, dict):
        raise AnnotationError("the value is not a JSON object", hint=_WEIGHTS_HINT)
    for name, weight in value.items():
        if isinstance(weight, bool) or not isinstance(weight, int):
            raise AnnotationError(
                f"the weight of {quoted(name)} is not a whole number", hint="write 0 to 999"
            )
    return {name: str(weight) for name, weight in value.items()}


def _service_weight(name: str, weight: str) -> ServiceWeight:
    service, _, port = name.partition(":")
    if not service or not port:
        raise AnnotationError(f"{quoted(name)} is not service:port", hint=_WEIGHTS_HINT)
    ref = PortRef(number=int(port)) if re.fullmatch(_DIGITS, port) else PortRef(name=port)
    return ServiceWeight(service=service, port=ref, weight=_WEIGHT(weight))


def access_logs(raw: str) -> str:
    """Return ``false``, a bucket URL, or a share of requests; ``,format=json`` may follow.

    The format ``text`` is every cloud's plain one and is left out.
    """
    parts = strings(raw)
    if not parts:
        raise AnnotationError("the value is empty", hint=_LOGS_HINT)
    where, *options = parts
    formats = [_log_format(option) for option in options]
    suffix = ",format=json" if "json" in formats else ""
    return _log_target(where) + suffix


def _log_target(where: str) -> str:
    if re.fullmatch(_BUCKET, where):
        return where.rstrip("/")
    if re.fullmatch(_RATE, where) and where not in {"0", "1"}:
        return where
    try:
        return "true" if boolean(where) else "false"
    except AnnotationError:
        raise AnnotationError(
            f"{quoted(where)} is neither a bucket nor a rate", hint=_LOGS_HINT
        ) from None


def _log_format(option: str) -> str:
    key, _, value = option.partition("=")
    if key.strip() != "format":
        raise AnnotationError(f"{quoted(option)} is not known", hint='write "format=text"')
    return choice({"text": "text", "json": "json"})(value.strip())


def retries(raw: str) -> Retries:
    """Return how requests are repeated."""
    pairs = _known(string_map(raw), _RETRY_KEYS)
    if "attempts" not in pairs:
        raise AnnotationError("attempts is required", hint='write "attempts=3"')
    conditions = tuple(pairs.get("on", "").split())
    for condition in conditions:
        choice({word: word for word in _RETRY_CONDITIONS})(condition)
    return Retries(
        attempts=integer(1, 25)(pairs["attempts"]),
        per_try_seconds=_optional(pairs, "per-try-timeout", duration),
        conditions=conditions,
    )


def circuit_breakers(raw: str) -> Mapping[str, int]:
    """Return caps by name."""
    pairs = _known(string_map(raw), _BREAKERS)
    return MappingProxyType({name: integer(1)(value) for name, value in pairs.items()})


def _known(pairs: Mapping[str, str], names: tuple[str, ...]) -> Mapping[str, str]:
    for name in pairs:
        choice({word: word for word in names})(name)
    return pairs


def _optional(pairs: Mapping[str, str], name: str, parse: Callable[[str], float]) -> float | None:
    return parse(pairs[name]) if name in pairs else None
