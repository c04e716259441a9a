"""Rewritten paths: ``rewrite-target`` as the prefix that a URL map puts in place of what matched.

"Before forwarding the request to the selected backend service, the matching portion of the
request's path is replaced by pathPrefixRewrite" (``UrlRewrite``, Compute API). What ``/cart/*``
matched goes up to the slash, so its replacement ends in one, and the literal ``/cart``, which
Prefix matches too, needs a rule of its own. The query is never touched.
"""

from __future__ import annotations

from collections.abc import Iterator

from providers.gcp.routing.actions import with_rewrite
from providers.gcp.routing.paths import BELOW, LONGEST, Patterns
from provisioner.core.annotations import REWRITE_TARGET
from provisioner.core.rule_findings import RuleError
from provisioner.model.intent import Forward, PathRule
from provisioner.model.resource import Spec
from provisioner.model.settings import ANNOTATION_PREFIX


def rewritten(rule: PathRule, patterns: Patterns, action: Spec) -> Iterator[tuple[str, Spec]]:
    """Yield every pattern of a path with what is done there.

    A request that nobody gets needs no rewriting.

    Raises:
        RuleError: The replacement is none that Google takes, and with it the whole URL map.
    """
    target = rule.options.get(REWRITE_TARGET.name)
    for pattern in patterns.all:
        if isinstance(target, str) and isinstance(rule.action, Forward):
            yield pattern, with_rewrite(action, _checked(_prefix(target, pattern, patterns)))
        else:
            yield pattern, action


def _prefix(target: str, pattern: str, patterns: Patterns) -> str:
    if pattern.endswith(BELOW):
        return target.rstrip("/") + "/"
    if patterns.below is None:
        return target
    return target.rstrip("/") or "/"


def _checked(prefix: str) -> str:
    if len(prefix) <= LONGEST and prefix.isascii():
        return prefix
    what = "holds more than ASCII" if len(prefix) <= LONGEST else f"has {len(prefix)} characters"
    raise RuleError(
        "PATH-REWRITE",
        f'the replacement "{prefix[:40]}" {what} as a URL map writes it; it takes {LONGEST}, all'
        " ASCII",
        hint="shorten it, or write it percent-encoded",
        field=f"metadata.annotations[{ANNOTATION_PREFIX}{REWRITE_TARGET.name}]",
    )
