"""Transforms: annotations in AWS's own form, and the portable rewrite in terms of them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from providers.aws.routing.remarks import listener_warnings
from provisioner.model.intent import FixedResponse, PathRule, PathType
from provisioner.model.resource import Json
from tests.unit.providers.aws.rules.building import (
    EXACT,
    OTHER,
    PREFIX,
    a_listener,
    a_path,
    a_request,
    codes,
    express,
    field,
    only_entry,
    seen,
    to,
)

REWRITE = {
    "Type": "url-rewrite",
    "UrlRewriteConfig": {"Rewrites": ({"Regex": "^/api/(.+)$", "Replace": "/$1"},)},
}
HOST = {
    "Type": "host-header-rewrite",
    "HostHeaderRewriteConfig": {"Rewrites": ({"Regex": "^(.+)$", "Replace": "in.example.com"},)},
}


def rewriting(path: str, path_type: PathType, target: str, **more: object) -> PathRule:
    """Return a path with the portable rewrite."""
    options = {"rewrite-target": target, **more}
    return a_path("", path, path_type, options=options)


def test_transforms_of_annotations_stand_as_written() -> None:
    """One for the URL and one for the host."""
    [rule] = express(a_listener(a_path(options={"transforms": (REWRITE, HOST)}))).resources

    assert field(rule, "Transforms") == [
        {
            "Type": "url-rewrite",
            "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/api/(.+)$", "Replace": "/$1"}]},
        },
        {
            "Type": "host-header-rewrite",
            "HostHeaderRewriteConfig": {
                "Rewrites": [{"Regex": "^(.+)$", "Replace": "in.example.com"}]
            },
        },
    ]


def test_rules_without_transforms_say_nothing_of_them() -> None:
    """An empty list would be a difference to every rule that exists."""
    [rule] = express(a_listener(a_path())).resources

    assert "Transforms" not in rule.spec


def test_transforms_that_are_no_longer_wanted_are_taken_away() -> None:
    """The rule says so explicitly, because what is not said stays."""
    before = express(a_listener(a_path(options={"transforms": (REWRITE,)})))

    [rule] = express(a_listener(a_path()), observed=[seen(r) for r in before.resources]).resources

    assert rule.spec["Transforms"] == ()


@pytest.mark.parametrize("kind", [REWRITE, HOST])
def test_one_transform_of_each_kind(kind: dict[str, object]) -> None:
    """AWS: one host header rewrite transform and one URL rewrite transform per rule."""
    result = express(a_listener(a_path(options={"transforms": (kind, kind)})))

    assert codes(result.diagnostics) == ["PATH-TRANSFORMS"]


def test_one_rewrite_in_each_transform() -> None:
    """A transform is one pattern and one replacement."""
    pair = ({"Regex": "a", "Replace": "b"}, {"Regex": "c", "Replace": "d"})
    several = {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": pair}}

    result = express(a_listener(a_path(options={"transforms": (several,)})))

    assert codes(result.diagnostics) == ["PATH-TRANSFORMS"]


@pytest.mark.parametrize(
    ("regex", "code"), [("a" * 1025, "PATH-TRANSFORMS"), ("(?=a)", "PATH-REGEX")]
)
def test_patterns_that_aws_does_not_take(regex: str, code: str) -> None:
    """1,024 characters, without look-ahead."""
    rewrites = ({"Regex": regex, "Replace": "/"},)
    bad = {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": rewrites}}

    assert codes(express(a_listener(a_path(options={"transforms": (bad,)}))).diagnostics) == [code]


@pytest.mark.parametrize(
    ("path", "path_type", "target", "requests"),
    [
        ("/api", PREFIX, "/", {"/api": "/", "/api/": "/", "/api/x": "/x", "/api?q=1": "/?q=1"}),
        ("/api/", PREFIX, "/", {"/api": "/", "/api/x/y": "/x/y"}),
        ("/api", PREFIX, "/v2", {"/api": "/v2", "/api/x": "/v2/x", "/api/x?q": "/v2/x?q"}),
        ("/api", PREFIX, "/v2/", {"/api": "/v2", "/api/x": "/v2/x"}),
        ("/", PREFIX, "/v2", {"/": "/v2/", "/x": "/v2/x"}),
        ("/", PREFIX, "/", {"/": "/", "/x": "/x"}),
        ("/a.b+c", PREFIX, "/", {"/a.b+c/x": "/x", "/aXbbc/x": "/aXbbc/x"}),
        ("/api", EXACT, "/", {"/api": "/", "/api?q=1": "/?q=1"}),
        ("/api", EXACT, "/v2", {"/api": "/v2"}),
        ("/api", OTHER, "/v2", {"/api": "/v2"}),
        ("/api/*", OTHER, "/v2", {"/api/x": "/v2/x"}),
        ("/*", OTHER, "/v2", {"/x": "/v2/x"}),
        ("", OTHER, "/v2", {"/x": "/v2/x"}),
    ],
)
def test_the_portable_rewrite(
    path: str, path_type: PathType, target: str, requests: dict[str, str]
) -> None:
    """The path that matched gives way to the target; what follows it is taken over."""
    [rule] = express(a_listener(rewriting(path, path_type, target))).resources

    transform = only_entry(rule, "Transforms")
    assert transform["Type"] == "url-rewrite"
    assert {url: _rewritten(transform, url) for url in requests} == requests


def _rewritten(transform: Mapping[str, Json], url: str) -> str:
    config = transform["UrlRewriteConfig"]
    assert isinstance(config, dict)
    rewrites = config["Rewrites"]
    assert isinstance(rewrites, list)
    [rewrite] = rewrites
    assert isinstance(rewrite, dict)
    replacement = str(rewrite["Replace"]).replace("$1", r"\1")
    return re.sub(str(rewrite["Regex"]), replacement, url, count=1)


@pytest.mark.parametrize("path", ["/a*", "/a?c", "/*/x", "*.png"])
def test_patterns_whose_replacement_is_unclear_are_refused(path: str) -> None:
    """Nobody could say which part of the URL the target stands for."""
    result = express(a_listener(rewriting(path, OTHER, "/v2")))

    assert codes(result.diagnostics) == ["PATH-REWRITE"]


def test_the_portable_rewrite_of_a_regular_expression_is_refused() -> None:
    """A pattern is no path."""
    path = rewriting("/re", OTHER, "/v2", **{"use-regex-path-match": True})

    assert codes(express(a_listener(path)).diagnostics) == ["PATH-REWRITE"]


@pytest.mark.parametrize("target", ["", "v2", "/v2?x=1", "/$1", "/a#b", "/caf\u00e9"])
def test_targets_that_are_no_paths_are_refused(target: str) -> None:
    """Captures belong to native transforms; a portable target means the same on every cloud."""
    assert codes(express(a_listener(rewriting("/a", PREFIX, target))).diagnostics) == [
        "PATH-REWRITE"
    ]


def test_the_portable_rewrite_beside_a_native_one_is_refused() -> None:
    """They would be two URL rewrites of one rule."""
    path = rewriting("/a", PREFIX, "/", transforms=(REWRITE,))

    assert codes(express(a_listener(path)).diagnostics) == ["PATH-TRANSFORMS"]


def test_nothing_is_rewritten_for_what_an_alb_answers_itself() -> None:
    """No target sees the request."""
    options = {"rewrite-target": "/"}
    path = a_path(action=FixedResponse(status=200), options=options)

    [rule] = express(a_listener(path)).resources

    assert "Transforms" not in rule.spec


def test_default_backends_are_not_rewritten_and_say_so() -> None:
    """AWS takes no transform in a default rule."""
    listener = a_listener(
        a_path(), default=to(), default_ingress="shop/web", default_options={"rewrite-target": "/"}
    )

    assert codes(listener_warnings(a_request(listener).intent)) == ["PATH-REWRITE-DEFAULT"]
