"""Rules that are left out because of a redirect: loops, and what a redirect leaves nothing to.

People write one redirect for all ports of an Ingress, which on the port it leads to would send
every request back to itself. A rule that does so to each of its requests serves nobody, and is left
out in either reading.

AWS Load Balancer Controller goes further, and ``incumbent`` compatibility follows it to the letter,
because the rules that it has made are those that a take-over must find wanted: it calls a redirect
a loop if any one of the rule's hosts and paths is its aim, and leaves out every rule behind a
redirect that its comparison takes for wider. That comparison looks at plain values alone. A host or
path that is a regular expression counts for nothing in it, so a redirect for one host pattern hides
the rules of all hosts behind it. Whatever is left out, its author is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from providers.aws.routing.condition_specs import HOST, PATH, field_of, is_regex, texts_of
from providers.aws.routing.drafts import Draft
from provisioner.core.rule_words import place_of
from provisioner.model.diagnostic import Diagnostic, warning
from provisioner.model.intent import ListenerIntent, Redirect

_EVERY_PATH = "/*"
_WILDCARDS = ("*", "?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Omitted:
    """The rules that are left, those that are not, and what their authors are told."""

    left: tuple[Draft, ...]
    dropped: tuple[Draft, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def omit(drafts: Sequence[Draft], listener: ListenerIntent, *, incumbent: bool) -> Omitted:
    """Return the rules of a listener without those that redirects make pointless."""
    loops = _is_loop if incumbent else _is_pure_loop
    left: list[Draft] = []
    redirects: list[Draft] = []
    dropped: list[Draft] = []
    diagnostics: dict[Diagnostic, None] = {}
    for draft in drafts:
        if loops(draft, listener):
            dropped.append(draft)
            diagnostics[_loop(draft, listener)] = None
            continue
        owner = _owner(redirects, draft) if incumbent else None
        if owner is not None:
            dropped.append(draft)
            diagnostics[_behind(draft, owner)] = None
            continue
        left.append(draft)
        if _redirect(draft) is not None:
            redirects.append(draft)
    return Omitted(left=tuple(left), dropped=tuple(dropped), diagnostics=tuple(diagnostics))


def _owner(redirects: Sequence[Draft], draft: Draft) -> Draft | None:
    """Return the redirect that leaves a rule nothing; the last good rules of a path stay."""
    if draft.rule is None:
        return None
    return next((earlier for earlier in redirects if _is_wider(earlier, draft)), None)


def _redirect(draft: Draft) -> Redirect | None:
    fresh = draft.spec is None and draft.rule is not None
    return draft.action if fresh and isinstance(draft.action, Redirect) else None


def _is_loop(draft: Draft, listener: ListenerIntent) -> bool:
    """Tell whether the incumbent calls a rule a redirect to itself."""
    redirect = _redirect(draft)
    return (
        redirect is not None
        and not any(field_of(spec) == PATH and is_regex(spec) for spec in draft.asked)
        and _stays(redirect, listener)
        and (_keeps(redirect.host, "#{host}") or redirect.host in _plain(draft, HOST))
        and (_keeps(redirect.path, "/#{path}") or redirect.path in _plain(draft, PATH))
    )


def _is_pure_loop(draft: Draft, listener: ListenerIntent) -> bool:
    """Tell whether a rule sends each of its requests back to where it came from."""
    redirect = _redirect(draft)
    return (
        redirect is not None
        and _stays(redirect, listener)
        and (_keeps(redirect.host, "#{host}") or _only(draft, HOST) == redirect.host)
        and (_keeps(redirect.path, "/#{path}") or _only(draft, PATH) == redirect.path)
    )


def _stays(redirect: Redirect, listener: ListenerIntent) -> bool:
    """Tell whether a redirect leads to the same port, protocol and query."""
    return (
        redirect.port in (None, "#{port}", str(listener.port))
        and redirect.protocol in (None, "#{protocol}", listener.protocol.value)
        and _keeps(redirect.query, "#{query}")
    )


def _keeps(part: str | None, placeholder: str) -> bool:
    return part is None or part == placeholder


def _plain(draft: Draft, field: str) -> frozenset[str]:
    """Return the plain values of a rule's conditions on one field."""
    return frozenset(
        text
        for spec in draft.asked
        if field_of(spec) == field and not is_regex(spec)
        for text in texts_of(spec)
    )


def _only(draft: Draft, field: str) -> str | None:
    """Return the one literal value of a field, None where there are others or patterns."""
    values = _plain(draft, field)
    if len(values) != 1:
        return None
    value = next(iter(values))
    return None if any(wildcard in value for wildcard in _WILDCARDS) else value


def _is_wider(earlier: Draft, later: Draft) -> bool:
    """Tell whether the incumbent takes a redirect to leave a later rule nothing."""
    if any(field_of(spec) not in (HOST, PATH) for spec in earlier.asked):
        return False
    hosts, paths = _plain(earlier, HOST), _plain(earlier, PATH)
    takes_paths = not paths or _EVERY_PATH in paths
    return (not hosts or _covers(hosts, _plain(later, HOST))) and (
        takes_paths or _covers(paths, _plain(later, PATH))
    )


def _covers(wide: frozenset[str], narrow: frozenset[str]) -> bool:
    return bool(narrow) and wide >= narrow


def _loop(draft: Draft, listener: ListenerIntent) -> Diagnostic:
    return warning(
        "PATH-REDIRECT-LOOP",
        f"Ingress {draft.ingress}",
        message=f"{_where(draft)} redirects to itself on port {listener.port}, so it has no rule "
        "there",
        field=_field(draft),
        hint="redirect to another port, protocol, host or path if it is meant to do something here",
        ingress=draft.ingress,
    )


def _behind(draft: Draft, owner: Draft) -> Diagnostic:
    pattern = any(is_regex(spec) for spec in owner.asked)
    why = " (whose pattern AWS Load Balancer Controller takes for everything)" if pattern else ""
    return warning(
        "PATH-REDIRECT-HIDES",
        f"Ingress {draft.ingress}",
        message=f"{_where(draft)} has no rule: it stands behind the redirect of {_where(owner)} "
        f"of {owner.ingress}{why}",
        field=_field(draft),
        hint="write it before the redirect, or use compatibility kubernetes",
        ingress=draft.ingress,
    )


def _where(draft: Draft) -> str:
    return place_of(draft.rule) if draft.rule is not None else draft.title


def _field(draft: Draft) -> str:
    return draft.rule.field if draft.rule is not None else ""
