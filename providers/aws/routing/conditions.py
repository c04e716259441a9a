"""Conditions of a rule: what its host, its path and its annotations come to.

In canonical order: HTTP headers, methods, query strings and source addresses by their canonical
JSON (AWS may answer them in another order), then the host, then the path. The order of values
inside a condition is kept by AWS and is part of equality.

Under ``incumbent`` compatibility conditions of annotations stand as they were written, neither
sorted nor merged, and no value is left out because it is there twice: AWS Load Balancer Controller
writes them so, and a rule of its making must be found unchanged.

Source: "Condition types for listener rules", Elastic Load Balancing user guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from providers.aws.routing import hosts
from providers.aws.routing.condition_checks import check_condition
from providers.aws.routing.condition_specs import (
    HOST,
    METHOD,
    PATH,
    SOURCE,
    as_specs,
    condition,
    field_of,
    is_regex,
    texts_of,
)
from providers.aws.routing.hosts import HostForm
from providers.aws.settings import CONDITIONS, REGEX_PATHS
from provisioner.core.rule_findings import RuleError
from provisioner.model.intent import PathRule, PathType
from provisioner.model.resource import ObservedResource, Spec, Value, canonical

_ONCE = (METHOD, SOURCE)
_WILDCARDS = re.compile(r"[*?]")


@dataclass(frozen=True, slots=True, kw_only=True)
class PathForm:
    """A path as condition values."""

    values: tuple[str, ...]
    is_regex: bool = False


def path_form(rule: PathRule) -> PathForm:
    """Return the condition values that mean a rule's path.

    Raises:
        RuleError: An Exact or Prefix path holds a character that an ALB takes for a wildcard.
    """
    path = rule.path
    if not path:
        return PathForm(values=())
    if rule.path_type is PathType.IMPLEMENTATION_SPECIFIC:
        regex = rule.options.get(REGEX_PATHS.name) is True
        return PathForm(values=(path[1:] if regex else path,), is_regex=regex)
    if _WILDCARDS.search(path):
        raise RuleError(
            "PATH-WILDCARD",
            f"path {path!r} of type {rule.path_type} holds a character that an ALB takes for a "
            "wildcard (* or ?)",
            hint="use pathType ImplementationSpecific if a wildcard is meant",
        )
    return PathForm(values=(path,) if rule.path_type is PathType.EXACT else prefix_values(path))


def prefix_values(path: str) -> tuple[str, ...]:
    """Return the globs of a Prefix path: the path itself and everything one element below."""
    if path == "/":
        return ("/*",)
    stem = path.removesuffix("/")
    return (stem, f"{stem}/*")


def extra_conditions(rule: PathRule) -> tuple[Spec, ...]:
    """Return the conditions that annotations add to a rule."""
    return as_specs(rule.options.get(CONDITIONS.name))


def build(
    host: HostForm, path: PathForm, extra: Sequence[Spec] = (), *, as_written: bool = False
) -> tuple[Spec, ...]:
    """Return a rule's conditions in order.

    Args:
        host: The host's values.
        path: The path's values.
        extra: Conditions of annotations; their hosts and paths are further alternatives.
        as_written: Leave conditions and values as they stand, as the incumbent does.

    Raises:
        RuleError: The conditions cannot stand in one rule.
    """
    for spec in extra:
        check_condition(spec)
    others = [spec for spec in extra if field_of(spec) not in (HOST, PATH)]
    for field in _ONCE:
        if sum(1 for spec in others if field_of(spec) == field) > 1:
            raise RuleError(
                "PATH-CONDITIONS",
                f"an ALB rule holds one {field} condition, this path has several",
                hint="put all values into one condition",
            )
    if not as_written:
        others = sorted({canonical(spec): spec for spec in others}.values(), key=canonical)
    matchers = (
        _matcher(HOST, host.values, regex=host.is_regex, extra=extra, as_written=as_written),
        _matcher(PATH, path.values, regex=path.is_regex, extra=extra, as_written=as_written),
    )
    listed = (*others, *(matcher for matcher in matchers if matcher is not None))
    return listed or (condition(PATH, ("/*",)),)


def same(left: Value, right: Value) -> bool:
    """Tell whether two lists of conditions say the same, in whatever order AWS answers them."""
    return sorted(map(canonical, as_specs(left))) == sorted(map(canonical, as_specs(right)))


def hosts_of(conditions: Value) -> tuple[str, ...]:
    """Return the hosts that a rule's conditions mean; what is no host may be any."""
    for spec in as_specs(conditions):
        if field_of(spec) == HOST:
            read = hosts.of_pattern if is_regex(spec) else hosts.of_glob
            return tuple(dict.fromkeys(read(text) for text in texts_of(spec)))
    return (hosts.ANY,)


def is_by_pattern(conditions: Value) -> bool:
    """Tell whether a regular expression says a rule's host."""
    return any(field_of(spec) == HOST and is_regex(spec) for spec in as_specs(conditions))


def serves(resource: ObservedResource, host: str) -> bool:
    """Tell whether a rule that was seen is one of just this host, in whichever form it has.

    "" asks for a rule that any host meets.
    """
    conditions = as_specs(resource.spec.get("Conditions"))
    if not host:
        return bool(conditions) and all(field_of(spec) != HOST for spec in conditions)
    for spec in conditions:
        if field_of(spec) != HOST:
            continue
        texts = set(texts_of(spec))
        if is_regex(spec) and not _patterns(host).isdisjoint(texts):
            return True
        if not is_regex(spec) and host in {text.lower() for text in texts}:
            return True
    return False


def _patterns(host: str) -> frozenset[str]:
    forms = (hosts.form(host, any_host_exists=exists) for exists in (False, True))
    return frozenset(value for form in forms if form is not None for value in form.values)


def _matcher(
    field: str, own: Sequence[str], *, regex: bool, extra: Sequence[Spec], as_written: bool
) -> Spec | None:
    """Return the host or path condition: the rule's own values, then those of annotations."""
    about = [spec for spec in extra if field_of(spec) == field]
    plain = (*(() if regex else own), *_texts(s for s in about if not is_regex(s)))
    patterns = (*(own if regex else ()), *_texts(s for s in about if is_regex(s)))
    if plain and patterns:
        raise RuleError(
            "PATH-CONDITIONS",
            f"a {field} condition holds either plain values or regular expressions, not both",
            hint="write all of them as regular expressions",
        )
    values = patterns or plain
    listed = values if as_written else tuple(dict.fromkeys(values))
    if not listed:
        return None
    found = condition(field, listed, is_regex=bool(patterns))
    check_condition(found)
    return found


def _texts(specs: Iterable[Spec]) -> tuple[str, ...]:
    return tuple(text for spec in specs for text in texts_of(spec))
