"""From a path of an Ingress to what a URL map compares with the path of a request.

A path rule knows two things: a literal path, and everything below a slash (``/cart/*``). So Exact
``/cart`` is the first; Prefix ``/cart`` matches whole elements and needs both, ``/cart`` and
``/cart/*``; Prefix ``/`` is ``/*``. An ImplementationSpecific path is the cloud's own business and
is taken as it is written, empty for everything, as GKE does.

"Each must start with / and the only place a * is allowed is at the end following a /. The string
fed to the path matcher does not include any text after the first ? or #, and those chars are not
allowed here" (``PathRule.paths``, Compute API).
"""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.core.rule_findings import RuleError
from provisioner.model.intent import PathRule, PathType

EVERYTHING = "/*"
BELOW = "/*"

LONGEST = 1024
"""How many characters the Compute API takes in a path."""

_NOT_SENT = "?#"
_FIRST_SENT, _LAST_SENT = "!", "~"  # visible ASCII (RFC 9112, request target)
_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Patterns:
    """What a path of an Ingress becomes. ``literal`` is None where only what is below matches."""

    literal: str | None = None
    below: str | None = None

    @property
    def all(self) -> tuple[str, ...]:
        """Every pattern, the literal one first."""
        return tuple(pattern for pattern in (self.literal, self.below) if pattern is not None)


def patterns(rule: PathRule) -> Patterns:
    """Return the patterns of a path.

    Raises:
        RuleError: A URL map cannot match it.
    """
    match rule.path_type:
        case PathType.EXACT:
            _check_plain(rule)
            return Patterns(literal=rule.path)
        case PathType.PREFIX:
            _check_plain(rule)
            stem = rule.path.rstrip("/")
            found = Patterns(literal=stem or None, below=f"{stem}{BELOW}")
            _check_length(rule, found)
            return found
        case PathType.IMPLEMENTATION_SPECIFIC:
            return _as_written(rule)


def _as_written(rule: PathRule) -> Patterns:
    path = rule.path or EVERYTHING
    _check_start(rule, path)
    star = path.find("*")
    if star >= 0 and (star != len(path) - 1 or not path.endswith(BELOW)):
        raise RuleError(
            "PATH-WILDCARD",
            f'path "{path}" cannot be matched: a URL map takes "*" only at the end, after a "/"',
            hint='write "/cart/*", or pathType Prefix and "/cart"',
        )
    found = Patterns(below=path) if star >= 0 else Patterns(literal=path)
    _check_length(rule, found)
    return found


def _check_plain(rule: PathRule) -> None:
    """Refuse what a URL map would read as something else."""
    _check_start(rule, rule.path)
    if "*" in rule.path:
        raise RuleError(
            "PATH-WILDCARD",
            f'{rule.path_type.value} path "{rule.path}" holds "*", which it would have to match'
            " literally; a URL map cannot",
            hint='for everything below a path write pathType Prefix and "/cart"; "/cart/*" is a'
            " pattern under pathType ImplementationSpecific",
        )
    _check_length(rule, Patterns(literal=rule.path))


def _check_start(rule: PathRule, path: str) -> None:
    if not path.startswith("/"):
        raise RuleError(
            "PATH-SYNTAX",
            f'{rule.path_type.value} path "{path}" does not begin with "/"',
            hint='write an absolute path such as "/cart"',
        )
    for sign in _NOT_SENT:
        if sign in path:
            raise RuleError(
                "PATH-SYNTAX",
                f'path "{path}" holds "{sign}": a URL map compares the path before the first "?"'
                ' or "#"',
                hint="leave out the query and the fragment",
            )
    unsendable = next((sign for sign in path if not _FIRST_SENT <= sign <= _LAST_SENT), None)
    if unsendable is not None:
        raise RuleError(
            "PATH-SYNTAX",
            f"path {path[:_SHOWN]!a} holds {unsendable!a}, which no request can; Google might"
            " refuse the URL map with it, and everybody else's paths",
            hint="write it as clients send it, percent-encoded",
        )


def _check_length(rule: PathRule, found: Patterns) -> None:
    longest = max((len(pattern) for pattern in found.all), default=0)
    if longest > LONGEST:
        raise RuleError(
            "PATH-LENGTH",
            f'path "{rule.path[:40]}..." has {longest} characters as a URL map writes it; it takes'
            f" {LONGEST}",
            hint="shorten it",
        )
