"""Transforms of a rule: what becomes of a request's URL and host before a target sees it.

An ALB rewrites by regular expression and replacement, once for the URL and once for the host. The
portable ``rewrite-target`` knows only a path to write in place of the one that matched; here it
becomes such an expression. The URL that an ALB rewrites goes on to the query string, so what
follows the path is always taken over.

Source: "Transforms for listener rules", Elastic Load Balancing user guide.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from providers.aws.routing.condition_specs import as_specs
from providers.aws.routing.regexes import LONGEST_TRANSFORM, regex_problem
from providers.aws.settings import REGEX_PATHS, TRANSFORMS
from provisioner.core.annotations import REWRITE_TARGET
from provisioner.core.rule_findings import RuleError
from provisioner.model.intent import Forward, PathRule, PathType
from provisioner.model.resource import Spec, freeze_spec

URL_REWRITE = "url-rewrite"

_BELOW = "/*"
_SPECIAL = re.compile(r"[\\^$.|?*+()\[\]{}]")
_TARGET = re.compile(r"/[!-~]*")
_WILDCARDS = re.compile(r"[*?]")
_BEYOND_A_PATH = re.compile(r"[$?#\\*{}]")


def transforms(rule: PathRule) -> tuple[Spec, ...]:
    """Return the transforms of a rule: those of annotations, and the portable rewrite.

    A request that is answered with a redirect or a fixed response reaches no target, so there is
    nothing to rewrite for.

    Raises:
        RuleError: An ALB cannot express one of them, or not all of them together.
    """
    native = as_specs(rule.options.get(TRANSFORMS.name))
    target = rule.options.get(REWRITE_TARGET.name)
    portable: tuple[Spec, ...] = ()
    if isinstance(target, str) and isinstance(rule.action, Forward):
        portable = (_rewrite(rule, target),)
    found = (*native, *portable)
    _check(found)
    return found


def _check(found: tuple[Spec, ...]) -> None:
    for kind, count in Counter(str(spec.get("Type")) for spec in found).items():
        if count > 1:
            raise RuleError(
                "PATH-TRANSFORMS",
                f"an ALB rule holds one {kind} transform, this path has {count}",
                hint="keep one; rewrite-target counts as one too",
            )
    for spec in found:
        for pattern, replacement in _rewrites(spec):
            _check_rewrite(pattern, replacement)


def _rewrites(spec: Spec) -> Iterator[tuple[str, str]]:
    for config in spec.values():
        if not isinstance(config, Mapping):
            continue
        rewrites = as_specs(config.get("Rewrites"))
        if len(rewrites) != 1:
            raise RuleError(
                "PATH-TRANSFORMS",
                f"a {spec.get('Type')} transform holds one rewrite, here it has {len(rewrites)}",
                hint="put everything into one regular expression",
            )
        for rewrite in rewrites:
            yield str(rewrite.get("Regex", "")), str(rewrite.get("Replace", ""))


def _check_rewrite(pattern: str, replacement: str) -> None:
    for text in (pattern, replacement):
        if len(text) > LONGEST_TRANSFORM:
            raise RuleError(
                "PATH-TRANSFORMS",
                f"{text[:40]}... has {len(text)} characters; a transform takes {LONGEST_TRANSFORM}",
                hint="shorten it",
            )
    if problem := regex_problem(pattern):
        raise RuleError(
            "PATH-REGEX",
            f"regular expression {pattern!r} cannot be used: {problem}",
            hint="write it without",
        )


def _rewrite(rule: PathRule, target: str) -> Spec:
    """Return the transform that writes ``target`` in place of the path that matched."""
    if not _TARGET.fullmatch(target) or _BEYOND_A_PATH.search(target):
        raise RuleError(
            "PATH-REWRITE",
            f'rewrite-target "{target}" is no path: it begins with "/" and has neither query nor '
            "placeholders",
            hint='write a path such as "/", or use a transforms annotation for patterns',
        )
    pattern, replacement = _expression(rule, target)
    rewrite = {"Regex": pattern, "Replace": replacement}
    return freeze_spec({"Type": URL_REWRITE, "UrlRewriteConfig": {"Rewrites": [rewrite]}})


def _expression(rule: PathRule, target: str) -> tuple[str, str]:
    stem, below = _matched(rule)
    if not below:
        return f"^{_escaped(stem)}(.*)$", f"{target}$1"
    stem, target = stem.removesuffix("/"), target.removesuffix("/")
    if not target:  # what is left must still begin with a slash
        return f"^{_escaped(stem)}/?(.*)$", "/$1"
    if not stem:
        return "^(.*)$", f"{target}$1"
    return f"^{_escaped(stem)}(.*)$", f"{target}$1"


def _matched(rule: PathRule) -> tuple[str, bool]:
    """Return the literal path that a rule matches, and whether it also matches what is below it."""
    path = rule.path
    if rule.path_type is PathType.EXACT:
        return path, False
    if rule.path_type is PathType.PREFIX:
        return path, True
    stem, below = path.removesuffix(_BELOW), path.endswith(_BELOW)
    if rule.options.get(REGEX_PATHS.name) is True or _WILDCARDS.search(stem):
        raise RuleError(
            "PATH-REWRITE",
            f"rewrite-target cannot tell what to replace of pattern {path!r}",
            hint="use pathType Prefix or Exact, or a transforms annotation",
        )
    return stem, below or not path


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"\\{found.group()}", text)
