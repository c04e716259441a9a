"""Hosts as an ALB understands them: which glob or regular expression means one Kubernetes host.

The Ingress API knows exact hosts, wildcards that stand for exactly one label, and no host at all,
and it looks at the host before any path. An ALB knows globs whose ``*`` spans labels, and looks at
rules one after the other. The differences are bridged here:

* an exact host is a literal value, unless AWS does not accept it as one (no dot, or a last label
  with anything but letters: ``localhost``, ``shop.xn--p1ai``); then it is a regular expression;
* ``*.example.com`` is the glob of that text with a *blocking* rule for ``*.*.example.com`` before
  it, which keeps longer names out. The blocking rule answers in place of everything that follows,
  so where a rule without a host would have to answer such a name, the wildcard is an anchored
  regular expression instead.

Regular expressions see the raw Host header: with its port, in the case the client wrote.

Source: "Condition types for listener rules", Elastic Load Balancing user guide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ANY = ""
"""The host of a rule that names none."""

LONGEST_VALUE = 128
"""Characters in one condition value, glob or regular expression."""

WILDCARD = "*."
_OWN_PATTERN = re.compile(r"\^(?P<wildcard>\[\^\.\]\+\\\.)?(?P<name>.+)\(:\[0-9\]\+\)\?\$")
_BOTH_CASES = re.compile(r"\[(?P<upper>[A-Z])(?P<lower>[a-z])\]")
_LITERAL = re.compile(r"[A-Za-z0-9*?_-]+(\.[A-Za-z0-9*?_-]+)*\.[A-Za-z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostForm:
    """A host as condition values.

    ``blocking`` is the value of the rule that must stand before this host's rules, "" for none.
    """

    values: tuple[str, ...]
    is_regex: bool = False
    blocking: str = ""


def rank(host: str) -> tuple[int, int, str]:
    """Return the sort key of a host: exact ones, then wildcards by labels, then any host."""
    if host == ANY:
        return (2, 0, host)
    if host.startswith(WILDCARD):
        return (1, -host.count("."), host)
    return (0, 0, host)


def covers(wide: str, narrow: str) -> bool:
    """Tell whether ``wide`` is a less specific host whose pattern also matches ``narrow``."""
    if narrow in (wide, ANY):
        return False
    if wide == ANY:
        return True
    if not wide.startswith(WILDCARD) or narrow.startswith(WILDCARD):
        return False
    _, _, parent = narrow.partition(".")
    return parent == wide.removeprefix(WILDCARD)


def wider(host: str) -> tuple[str, ...]:
    """Return the hosts that ``covers`` would accept for ``host``, for look-ups in a set."""
    if host == ANY:
        return ()
    if host.startswith(WILDCARD):
        return (ANY,)
    _, dot, parent = host.partition(".")
    return (WILDCARD + parent, ANY) if dot else (ANY,)


def form(host: str, *, any_host_exists: bool) -> HostForm | None:
    """Return how an ALB expresses a host, None where it cannot.

    Args:
        host: Lower case, "" for any.
        any_host_exists: Whether the listener has a rule without a host, which must keep answering
            names that a wildcard's glob would take away.
    """
    if host == ANY:
        return HostForm(values=())
    if host.startswith(WILDCARD):
        return _wildcard(host, any_host_exists=any_host_exists)
    if _LITERAL.fullmatch(host) and len(host) <= LONGEST_VALUE:
        return HostForm(values=(host,))
    return _regex(_both_cases(host))


def of_glob(value: str) -> str:
    """Return the host that a literal value of an existing rule stands for, ``ANY`` for a glob.

    That a wildcard stands for one label takes a blocking rule; its own value is one, too.
    """
    name = value.lower()
    rest = name.removeprefix(WILDCARD).removeprefix(WILDCARD)
    return ANY if "?" in name or "*" in rest else name


def of_pattern(value: str) -> str:
    """Return the host that a regular expression of ours stands for, ``ANY`` for one of others."""
    written = _OWN_PATTERN.fullmatch(value)
    if written is None:
        return ANY
    name = _BOTH_CASES.sub(lambda pair: pair["lower"], written["name"]).replace("\\.", ".")
    host = (WILDCARD if written["wildcard"] else "") + name
    found = form(host, any_host_exists=True)
    return host if found is not None and found.values == (value,) else ANY


def longer(host: str) -> str:
    """Return the glob of the names with more labels than a wildcard stands for."""
    return WILDCARD + host


def _wildcard(host: str, *, any_host_exists: bool) -> HostForm | None:
    blocking = longer(host)
    if not any_host_exists and _LITERAL.fullmatch(host) and len(blocking) <= LONGEST_VALUE:
        return HostForm(values=(host,), blocking=blocking)
    return _regex(r"[^.]+\." + _both_cases(host.removeprefix(WILDCARD)))


def _regex(pattern: str) -> HostForm | None:
    value = f"^{pattern}(:[0-9]+)?$"
    return HostForm(values=(value,), is_regex=True) if len(value) <= LONGEST_VALUE else None


def _both_cases(text: str) -> str:
    """Return a pattern for ``text`` in any case; an ALB has no flag for that."""
    return "".join(
        f"[{c.upper()}{c.lower()}]" if c.isalpha() else "\\." if c == "." else c for c in text
    )
