"""What AWS accepts inside a condition, checked before it is asked.

Sources: "Condition types for listener rules", Elastic Load Balancing user guide, and the API
references of the ``...ConditionConfig`` types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from types import MappingProxyType

from providers.aws.routing.condition_specs import (
    HEADER,
    HOST,
    METHOD,
    QUERY,
    SOURCE,
    config_of,
    field_of,
    is_regex,
    texts_of,
    values_of,
)
from providers.aws.routing.hosts import LONGEST_VALUE
from providers.aws.routing.regexes import regex_problem
from provisioner.core.rule_findings import RuleError
from provisioner.model.resource import Spec

LONGEST_NAME = 40
"""Characters in the name of a header or method."""

_VISIBLE = re.compile(r"[!-~]*")
_VISIBLE_OR_SPACE = re.compile(r"[ -~]*")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # a token of RFC 7230
_METHOD = re.compile(r"[A-Z_-]+")


def check_condition(spec: Spec) -> None:
    """Refuse a condition that AWS does not take.

    Raises:
        RuleError: It names a header or method that cannot be, an address that is none, or a value
            that is too long or stranger than AWS accepts.
    """
    field = field_of(spec)
    if not values_of(spec):
        raise RuleError(
            "PATH-CONDITIONS",
            f"a {field} condition of this path compares nothing",
            hint="give it values",
        )
    allowed = _VISIBLE_OR_SPACE if field in (HEADER, QUERY) else _VISIBLE
    for text in texts_of(spec):
        _check_text(text, allowed)
        if is_regex(spec):
            _check_regex(text)
    special = _SPECIAL.get(field)
    if special is not None:
        special(spec)


def _check_text(text: str, allowed: re.Pattern[str]) -> None:
    if len(text) > LONGEST_VALUE:
        raise RuleError(
            "PATH-VALUE",
            f"{text[:40]}... has {len(text)} characters; an ALB takes {LONGEST_VALUE}",
            hint="shorten it",
        )
    if not allowed.fullmatch(text):
        raise RuleError(
            "PATH-VALUE",
            f"{text!r} holds characters that an ALB does not accept",
            hint="use visible ASCII characters; percent-encode others",
        )


def _check_regex(pattern: str) -> None:
    if problem := regex_problem(pattern):
        raise RuleError(
            "PATH-REGEX",
            f"regular expression {pattern!r} cannot be used: {problem}",
            hint="write it without, or split it over several values",
        )


def _check_header(spec: Spec) -> None:
    name = str(config_of(spec).get("HttpHeaderName", ""))
    if len(name) > LONGEST_NAME or not _HEADER_NAME.fullmatch(name) or "*" in name:
        raise RuleError(
            "PATH-VALUE",
            f"{name!r} is no header name that an ALB takes",
            hint=f"write up to {LONGEST_NAME} letters, digits and dashes, without wildcards",
        )
    if name.lower() == "host":
        raise RuleError(
            "PATH-VALUE",
            "an http-header condition cannot be about the Host header",
            hint="use a host-header condition",
        )


def _check_methods(spec: Spec) -> None:
    for method in texts_of(spec):
        if len(method) > LONGEST_NAME or not _METHOD.fullmatch(method):
            raise RuleError(
                "PATH-VALUE",
                f"{method!r} is no method that an ALB takes",
                hint='write it in capital letters, such as "GET"; wildcards are not known here',
            )


def _check_addresses(spec: Spec) -> None:
    for text in texts_of(spec):
        try:
            network = ip_network(text)
        except ValueError as problem:
            raise RuleError(
                "PATH-VALUE", f"{text!r} is no block of addresses: {problem}", hint=_CIDR_HINT
            ) from problem
        if "/" not in text:
            raise RuleError(
                "PATH-VALUE",
                f"{text!r} is an address, and a source-ip condition takes blocks",
                hint=f'write "{network}"',
            )


def _check_hosts(spec: Spec) -> None:
    for text in () if is_regex(spec) else texts_of(spec):
        _, dot, last = text.rpartition(".")
        if not dot or not re.fullmatch(r"[A-Za-z*?]+", last):
            raise RuleError(
                "PATH-VALUE",
                f"{text!r} is no host that an ALB takes: it needs a dot, and only letters after"
                " the last one",
                hint="write it as a regular expression (regexValues)",
            )


def _check_query(spec: Spec) -> None:
    for value in values_of(spec):
        if not isinstance(value, Mapping) or not value.get("Value"):
            raise RuleError(
                "PATH-VALUE",
                "a query-string condition compares values, and one of them is empty",
                hint='write "*" for any value',
            )


_CIDR_HINT = 'write "203.0.113.0/24", or "203.0.113.7/32" for a single address'

_SPECIAL: Mapping[str, Callable[[Spec], None]] = MappingProxyType(
    {
        HEADER: _check_header,
        METHOD: _check_methods,
        SOURCE: _check_addresses,
        HOST: _check_hosts,
        QUERY: _check_query,
    }
)
