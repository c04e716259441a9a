"""Conditions in AWS's own spelling: how one is put together and taken apart.

The canonical spelling is the ``...Config`` form alone: AWS reads plain ``Values`` back beside it,
and whoever observes drops those.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from provisioner.model.resource import Spec, Value, freeze, freeze_spec

HOST, PATH, HEADER = "host-header", "path-pattern", "http-header"
METHOD, QUERY, SOURCE = "http-request-method", "query-string", "source-ip"

VALUES, REGEX_VALUES = "Values", "RegexValues"

CONFIG: Mapping[str, str] = MappingProxyType(
    {
        HOST: "HostHeaderConfig",
        PATH: "PathPatternConfig",
        HEADER: "HttpHeaderConfig",
        METHOD: "HttpRequestMethodConfig",
        QUERY: "QueryStringConfig",
        SOURCE: "SourceIpConfig",
    }
)
"""The part of a condition that holds what it compares, by the field that it is about."""


def condition(field: str, values: Sequence[str], *, is_regex: bool = False) -> Spec:
    """Return a host or path condition."""
    config = MappingProxyType({REGEX_VALUES if is_regex else VALUES: tuple(values)})
    return MappingProxyType({"Field": field, CONFIG[field]: config})


def field_of(spec: Spec) -> str:
    """Return what a condition is about."""
    return str(spec.get("Field", ""))


def config_of(spec: Spec) -> Mapping[str, Value]:
    """Return what a condition compares, and how."""
    inner = spec.get(CONFIG.get(field_of(spec), ""))
    return inner if isinstance(inner, Mapping) else {}


def values_of(spec: Spec) -> tuple[Value, ...]:
    """Return the values of a condition, plain ones or regular expressions."""
    config = config_of(spec)
    values = config.get(VALUES) or config.get(REGEX_VALUES)
    return values if isinstance(values, tuple) else ()


def is_regex(spec: Spec) -> bool:
    """Tell whether a condition's values are regular expressions."""
    return bool(config_of(spec).get(REGEX_VALUES))


def texts_of(spec: Spec) -> Iterator[str]:
    """Yield every text of a condition's values; a query string's key and value are two."""
    for value in values_of(spec):
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from (part for part in value.values() if isinstance(part, str))


def with_values(spec: Spec, values: Iterable[Value]) -> Spec:
    """Return a condition that compares these values instead."""
    key = REGEX_VALUES if is_regex(spec) else VALUES
    config = {**config_of(spec), key: tuple(values)}
    return freeze_spec({**spec, CONFIG[field_of(spec)]: config})


def as_specs(value: object) -> tuple[Spec, ...]:
    """Return the mappings of a list: conditions, transforms, actions."""
    if not isinstance(value, tuple):
        return ()
    return tuple(spec for spec in (freeze(item) for item in value) if isinstance(spec, Mapping))
