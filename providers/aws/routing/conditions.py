"""Conditions of ALB rules: from a path to condition values, within what AWS accepts.

The canonical spelling of a condition is its ``...Config`` form alone (AWS reads plain ``Values``
back beside it; whoever observes drops those), in this order: HTTP headers, methods, query strings
and source addresses by their canonical JSON (AWS may answer them in another order), then the host,
then the path. The order of values inside a condition is kept by AWS and is part of equality.

A rule holds a handful of values (account limits; 5 unless the account says otherwise), in any
distribution over its conditions. A rule that needs more becomes several with one action: one
condition's values are alternatives, so dealing them out over several rules changes nothing.

Source: "Condition types for listener rules", Elastic Load Balancing user guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil, prod
from types import MappingProxyType

from providers.aws.routing import hosts
from providers.aws.routing.hosts import LONGEST_VALUE, HostForm
from provisioner.model.intent import PathRule, PathType
from provisioner.model.resource import (
    ObservedResource,
    Spec,
    Value,
    canonical,
    freeze,
    freeze_spec,
)

HOST, PATH = "host-header", "path-pattern"

CONDITIONS, TRANSFORMS, REGEX_PATHS = "conditions", "transforms", "use-regex-path-match"
"""Options of a rule: extra conditions and transforms in AWS's own form, and regex paths."""

_CONFIG: Mapping[str, str] = {
    HOST: "HostHeaderConfig",
    PATH: "PathPatternConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}
_WITH_WILDCARDS = frozenset({HOST, PATH, "http-header", "query-string"})
_ONCE = ("http-request-method", "source-ip")
_VISIBLE = re.compile(r"[!-~]*")
_WILDCARDS = re.compile(r"[*?]")


class ConditionError(ValueError):
    """A rule that an ALB cannot express: the code, sentence and hint of its diagnostic."""

    def __init__(self, code: str, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What one rule may hold."""

    values: int
    evaluations: int
    wildcards: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PathForm:
    """A path as condition values."""

    values: tuple[str, ...]
    is_regex: bool = False


def path_form(rule: PathRule) -> PathForm:
    """Return the condition values that mean a rule's path.

    Raises:
        ConditionError: An Exact or Prefix path holds a character that an ALB takes for a wildcard,
            or the path is longer or stranger than AWS accepts.
    """
    path = rule.path
    if not path:
        return PathForm(values=())
    if rule.path_type is PathType.IMPLEMENTATION_SPECIFIC:
        regex = rule.options.get(REGEX_PATHS) is True
        values: tuple[str, ...] = (path[1:],) if regex else (path,)
        _check(values)
        return PathForm(values=values, is_regex=regex)
    if _WILDCARDS.search(path):
        raise ConditionError(
            "PATH-WILDCARD",
            f"path {path!r} of type {rule.path_type} holds a character that an ALB takes for a "
            "wildcard (* or ?)",
            hint="use pathType ImplementationSpecific if a wildcard is meant",
        )
    values = (path,) if rule.path_type is PathType.EXACT else prefix_values(path)
    _check(values)
    return PathForm(values=values)


def prefix_values(path: str) -> tuple[str, ...]:
    """Return the globs of a Prefix path: the path itself and everything one element below."""
    if path == "/":
        return ("/*",)
    stem = path.removesuffix("/")
    return (stem, f"{stem}/*")


def extra_conditions(rule: PathRule) -> tuple[Spec, ...]:
    """Return the conditions that annotations add to a rule."""
    return _specs(rule.options.get(CONDITIONS))


def transforms(rule: PathRule) -> tuple[Spec, ...]:
    """Return the transforms that annotations add to a rule."""
    return _specs(rule.options.get(TRANSFORMS))


def build(host: HostForm, path: PathForm, extra: Sequence[Spec] = ()) -> tuple[Spec, ...]:
    """Return a rule's conditions in canonical form and order.

    Args:
        host: The host's values.
        path: The path's values.
        extra: Conditions of annotations; their hosts and paths are further alternatives.

    Raises:
        ConditionError: The conditions cannot stand in one rule.
    """
    others = sorted((c for c in extra if c.get("Field") not in (HOST, PATH)), key=canonical)
    for field in _ONCE:
        if sum(1 for c in others if c.get("Field") == field) > 1:
            raise ConditionError(
                "PATH-CONDITIONS",
                f"an ALB rule holds one {field} condition, this path has several",
                hint="put all values into one condition",
            )
    matchers = (
        _matcher(HOST, host.values, is_regex=host.is_regex, extra=extra),
        _matcher(PATH, path.values, is_regex=path.is_regex, extra=extra),
    )
    listed = (*others, *(matcher for matcher in matchers if matcher is not None))
    return listed or (condition(PATH, ("/*",)),)


def condition(field: str, values: Sequence[str], *, is_regex: bool = False) -> Spec:
    """Return a host or path condition."""
    key = "RegexValues" if is_regex else "Values"
    config = MappingProxyType({key: tuple(values)})
    return MappingProxyType({"Field": field, _CONFIG[field]: config})


def host_values(conditions: Value) -> tuple[str, ...] | None:
    """Return the literal host values of a rule's conditions; None where a regex says the host."""
    for spec in _specs(conditions):
        if spec.get("Field") == HOST:
            _, key, values = _values(spec)
            if key != "Values":
                return None
            return tuple(value for value in values if isinstance(value, str))
    return ()


def serves(resource: ObservedResource, host: str) -> bool:
    """Tell whether a rule that was seen is one of just this host, in whichever form it has."""
    for spec in _specs(resource.spec.get("Conditions")):
        if spec.get("Field") != HOST:
            continue
        _, key, values = _values(spec)
        texts = tuple(_texts(values))
        if key == "Values" and host in {text.lower() for text in texts}:
            return True
        if key == "RegexValues" and not _patterns(host).isdisjoint(texts):
            return True
    return False


def _patterns(host: str) -> frozenset[str]:
    forms = (hosts.form(host, any_host_exists=exists) for exists in (False, True))
    return frozenset(value for form in forms if form is not None for value in form.values)


def split(conditions: Sequence[Spec], allowance: Allowance) -> tuple[tuple[Spec, ...], ...]:
    """Return the conditions as one rule's worth each, in order; one where they fit.

    Raises:
        ConditionError: Not even one value per condition fits.
    """
    if _fits(conditions, allowance):
        return (tuple(conditions),)
    sizes = [len(_values(spec)[2]) for spec in conditions]
    choices = sorted(_chunk_sizes(sizes, min(allowance.values, allowance.evaluations)))
    for _, chunk in choices:
        dealt = [
            _deal(spec, size) for spec, size in zip(conditions, chunk.per_condition, strict=True)
        ]
        parts = tuple(product(*dealt))
        if all(_fits(part, allowance) for part in parts):
            return parts
    raise ConditionError(
        "PATH-CONDITIONS",
        f"the path needs {len(sizes)} conditions at once, with {_wildcards(conditions)} wildcards; "
        f"an ALB rule holds {allowance.values} values and {allowance.wildcards} wildcards",
        hint="use fewer conditions or wildcards",
    )


@dataclass(frozen=True, slots=True, order=True)
class _Chunks:
    """How many values of each condition go into one rule."""

    per_condition: tuple[int, ...]


def _chunk_sizes(sizes: Sequence[int], budget: int) -> Iterator[tuple[int, _Chunks]]:
    """Yield every way to cut the conditions into pieces within the budget, with the rules it takes.

    The first conditions are cut as little as possible among ways that take equally many rules.
    """
    if len(sizes) > budget:
        return
    ranges = [range(1, min(size, budget) + 1) for size in sizes]
    for pieces in product(*ranges):
        if sum(pieces) <= budget:
            count = prod(ceil(size / piece) for size, piece in zip(sizes, pieces, strict=True))
            yield count, _Chunks(pieces)


def _deal(spec: Spec, size: int) -> list[Spec]:
    config, key, values = _values(spec)
    inner = spec[config]
    others = inner if isinstance(inner, Mapping) else {}
    return [
        freeze_spec({**spec, config: {**others, key: values[start : start + size]}})
        for start in range(0, len(values), size)
    ]


def _fits(conditions: Sequence[Spec], allowance: Allowance) -> bool:
    values = sum(len(_values(spec)[2]) for spec in conditions)
    return (
        values <= min(allowance.values, allowance.evaluations)
        and _wildcards(conditions) <= allowance.wildcards
    )


def _wildcards(conditions: Iterable[Spec]) -> int:
    """Count wildcards the way AWS does: characters in values of conditions that know wildcards."""
    return sum(
        len(_WILDCARDS.findall(text))
        for spec in conditions
        if spec.get("Field") in _WITH_WILDCARDS
        for config, key, values in (_values(spec),)
        if key == "Values"
        for text in _texts(values)
    )


def _texts(values: Iterable[Value]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from (part for part in value.values() if isinstance(part, str))


def _values(spec: Spec) -> tuple[str, str, tuple[Value, ...]]:
    """Return a condition's config name, the key its values are under, and the values."""
    config = _CONFIG[str(spec["Field"])]
    inner = spec.get(config)
    if isinstance(inner, Mapping):
        for key in ("Values", "RegexValues"):
            values = inner.get(key)
            if isinstance(values, tuple):
                return config, key, values
    return config, "Values", ()


def _matcher(
    field: str, own: Sequence[str], *, is_regex: bool, extra: Sequence[Spec]
) -> Spec | None:
    """Return the host or path condition: the rule's own values, then those of annotations."""
    values = {False: [] if is_regex else list(own), True: list(own) if is_regex else []}
    for spec in extra:
        if spec.get("Field") == field:
            _, key, more = _values(spec)
            values[key == "RegexValues"] += [value for value in more if isinstance(value, str)]
    if values[False] and values[True]:
        raise ConditionError(
            "PATH-CONDITIONS",
            f"a {field} condition holds either plain values or regular expressions, not both",
            hint="write all of them as regular expressions",
        )
    _check(values[False] + values[True])
    regex = bool(values[True])
    listed = list(dict.fromkeys(values[regex]))
    return condition(field, listed, is_regex=regex) if listed else None


def _check(values: Iterable[str]) -> None:
    for value in values:
        if len(value) > LONGEST_VALUE:
            raise ConditionError(
                "PATH-VALUE",
                f"{value[:40]}... has {len(value)} characters; an ALB takes {LONGEST_VALUE}",
                hint="shorten it",
            )
        if not _VISIBLE.fullmatch(value):
            raise ConditionError(
                "PATH-VALUE",
                f"{value!r} holds characters that an ALB does not accept",
                hint="use visible ASCII characters; percent-encode others",
            )


def _specs(value: object) -> tuple[Spec, ...]:
    if not isinstance(value, tuple):
        return ()
    return tuple(spec for spec in (freeze(item) for item in value) if isinstance(spec, Mapping))
