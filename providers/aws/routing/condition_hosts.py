"""Hosts that annotations add to a path: each is a host like any other, and has an owner.

``conditions.${name}`` may hold host-header values, which are alternatives to the host of the rule.
Taken as they stand, they would let anybody answer for a neighbour's host under a host of their own,
and before the neighbour does. So in our own reading every name among them is a path of that host,
and a pattern (a glob, a regular expression) is a path of no host: it answers what nobody names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from providers.aws.routing import hosts
from providers.aws.routing.condition_specs import (
    HOST,
    as_specs,
    field_of,
    is_regex,
    texts_of,
    with_values,
)
from providers.aws.settings import CONDITIONS
from provisioner.core.hosts import host_problem
from provisioner.model.resource import Spec

Options = Mapping[str, object]


def by_host(host: str, options: Options) -> Mapping[str, Options]:
    """Return the hosts that a path answers for, with the options of its rule for each.

    Args:
        host: That of the path's rule, in lower case, "" for any.
        options: What annotations say of the path.
    """
    extra = as_specs(options.get(CONDITIONS.name))
    about = [spec for spec in extra if field_of(spec) == HOST]
    if not about:
        return MappingProxyType({host: options})
    others = tuple(spec for spec in extra if field_of(spec) != HOST)
    names = [text.lower() for spec in about for text in texts_of(spec) if _is_name(spec, text)]
    patterns = tuple(left for spec in about if (left := _patterns(spec)) is not None)
    own = [host] if host else []
    found: dict[str, Options] = {name: _with(options, others) for name in (*own, *names)}
    if patterns:
        found[hosts.ANY] = _with(options, (*others, *patterns))
    return MappingProxyType(found)


def _is_name(spec: Spec, text: str) -> bool:
    return not is_regex(spec) and "*" not in text and not host_problem(text.lower())


def _patterns(spec: Spec) -> Spec | None:
    """Return a condition without the values that are names, None where that leaves nothing."""
    left = [text for text in texts_of(spec) if not _is_name(spec, text)]
    return with_values(spec, left) if left else None


def _with(options: Options, conditions: Sequence[Spec]) -> Options:
    """Return options with these conditions, and without any where there are none."""
    rest = dict(options)
    rest.pop(CONDITIONS.name, None)
    if conditions:
        rest[CONDITIONS.name] = tuple(conditions)
    return MappingProxyType(rest)
