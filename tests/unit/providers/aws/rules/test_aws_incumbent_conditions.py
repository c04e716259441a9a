"""Conditions as AWS Load Balancer Controller writes them: same fields, same order, same values."""

from __future__ import annotations

import pytest

from provisioner.model.intent import PathType
from tests.unit.providers.aws.rules.building import (
    EXACT,
    OTHER,
    PREFIX,
    a_listener,
    a_path,
    codes,
    field,
    incumbent,
    seen,
)

HEADER = {
    "Field": "http-header",
    "HttpHeaderConfig": {"HttpHeaderName": "x-beta", "Values": ("b", "a", "a")},
}
METHOD = {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ("POST",)}}
QUERY = {
    "Field": "query-string",
    "QueryStringConfig": {"Values": ({"Key": "v", "Value": "2"}, {"Value": "x"})},
}
SOURCE = {"Field": "source-ip", "SourceIpConfig": {"Values": ("10.0.0.0/8",)}}
HOSTS = {"Field": "host-header", "HostHeaderConfig": {"Values": ("b.example.com",)}}
PATHS = {"Field": "path-pattern", "PathPatternConfig": {"Values": ("/extra", "/a")}}
ROOMY = {
    "condition-values-per-alb-rule": 50,
    "match-evaluations-per-alb-rule": 50,
    "condition-wildcards-per-alb-rule": 50,
}


@pytest.mark.parametrize(
    ("path_type", "path", "values"),
    [
        (EXACT, "/abc", ["/abc"]),
        (PREFIX, "/", ["/*"]),
        (PREFIX, "/abc", ["/abc", "/abc/*"]),
        (PREFIX, "/abc/", ["/abc", "/abc/*"]),
        (PREFIX, "/abc//", ["/abc/", "/abc//*"]),
        (OTHER, "/abc", ["/abc"]),
        (OTHER, "/a*c?", ["/a*c?"]),
        (OTHER, "*", ["*"]),
    ],
)
def test_path_patterns(path_type: PathType, path: str, values: list[str]) -> None:
    """One trailing slash is trimmed of a Prefix; other types stand verbatim."""
    [rule] = incumbent(a_listener(a_path("", path, path_type))).resources

    assert field(rule, "Conditions") == [
        {"Field": "path-pattern", "PathPatternConfig": {"Values": values}}
    ]


@pytest.mark.parametrize("path_type", [EXACT, PREFIX, OTHER])
def test_an_empty_path_says_nothing(path_type: PathType) -> None:
    """With a host the host is all; without one a rule must say something, and says ``/*``."""
    [with_host] = incumbent(a_listener(a_path("a.example.com", "", path_type))).resources
    [without] = incumbent(a_listener(a_path("", "", path_type))).resources

    assert field(with_host, "Conditions") == [
        {"Field": "host-header", "HostHeaderConfig": {"Values": ["a.example.com"]}}
    ]
    assert field(without, "Conditions") == [
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}
    ]


@pytest.mark.parametrize(("path", "pattern"), [("/re[0-9]+", "re[0-9]+"), ("/^/a$", "^/a$")])
def test_regular_expressions_lose_their_first_byte(path: str, pattern: str) -> None:
    """``use-regex-path-match``: the slash that the API demands is not part of the pattern."""
    options = {"use-regex-path-match": True}

    [rule] = incumbent(a_listener(a_path("", path, OTHER, options=options))).resources

    assert field(rule, "Conditions") == [
        {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": [pattern]}}
    ]


def test_only_implementation_specific_paths_are_regular_expressions() -> None:
    """Exact and Prefix mean what they say, whatever the annotation."""
    options = {"use-regex-path-match": True}

    [rule] = incumbent(a_listener(a_path("", "/a", EXACT, options=options))).resources

    assert field(rule, "Conditions") == [
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"]}}
    ]


def test_conditions_stand_as_written_then_host_then_path() -> None:
    """Neither sorted nor merged, and no value is left out because it is there twice."""
    extra = (SOURCE, PATHS, QUERY, HEADER, HOSTS, METHOD, HEADER)
    listener = a_listener(a_path("a.example.com", "/a", EXACT, options={"conditions": extra}))

    [rule] = incumbent(listener, account=ROOMY).resources

    assert field(rule, "Conditions") == [
        {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
        {
            "Field": "query-string",
            "QueryStringConfig": {"Values": [{"Key": "v", "Value": "2"}, {"Value": "x"}]},
        },
        {
            "Field": "http-header",
            "HttpHeaderConfig": {"HttpHeaderName": "x-beta", "Values": ["b", "a", "a"]},
        },
        {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["POST"]}},
        {
            "Field": "http-header",
            "HttpHeaderConfig": {"HttpHeaderName": "x-beta", "Values": ["b", "a", "a"]},
        },
        {
            "Field": "host-header",
            "HostHeaderConfig": {"Values": ["a.example.com", "b.example.com"]},
        },
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a", "/extra", "/a"]}},
    ]


def test_an_order_that_only_aws_changed_is_no_difference() -> None:
    """AWS answers conditions in its own order; a rule that says the same is left alone."""
    listener = a_listener(a_path("", "/a", EXACT, options={"conditions": (SOURCE, METHOD)}))
    [rule] = incumbent(listener).resources
    conditions = rule.spec["Conditions"]
    assert isinstance(conditions, tuple)
    answered = rule.with_spec(Conditions=(conditions[1], conditions[0], conditions[2]))

    [again] = incumbent(listener, observed=[seen(answered)]).resources

    assert again.spec["Conditions"] == answered.spec["Conditions"]


@pytest.mark.parametrize(
    "extra",
    [
        {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ("^/x$",)}},
        {"Field": "host-header", "HostHeaderConfig": {"RegexValues": ("^x$",)}},
    ],
)
def test_plain_values_and_regular_expressions_exclude_each_other(extra: dict[str, object]) -> None:
    """One host or path condition holds either; that path alone is refused."""
    listener = a_listener(
        a_path("a.example.com", "/a", EXACT, options={"conditions": (extra,)}, place=(0, 0)),
        a_path("a.example.com", "/ok", EXACT, place=(0, 1)),
    )

    result = incumbent(listener)

    assert codes(result.diagnostics) == ["PATH-CONDITIONS"]
    assert [q.path for q in result.quarantined] == ["spec.rules[0].http.paths[0]"]
    assert len(result.resources) == 1


def test_a_rule_that_aws_would_take_is_never_split() -> None:
    """Five values in any distribution are one rule, as the incumbent sends them."""
    config = {"HttpHeaderName": "x", "Values": ("a", "b")}
    header = {"Field": "http-header", "HttpHeaderConfig": config}

    result = incumbent(a_listener(a_path("a.example.com", "/a", options={"conditions": (header,)})))

    assert len(result.resources) == 1


def test_a_rule_that_aws_would_refuse_is_split_where_it_stands() -> None:
    """The incumbent would fail there; the parts follow each other."""
    config = {"HttpHeaderName": "x", "Values": ("a", "b", "c")}
    header = {"Field": "http-header", "HttpHeaderConfig": config}
    listener = a_listener(
        a_path("a.example.com", "/a", options={"conditions": (header,)}, place=(0, 0)),
        a_path("a.example.com", "/b", place=(1, 0)),
    )

    result = incumbent(listener)

    assert [rule.spec["Priority"] for rule in result.resources] == [1, 2, 3]
    assert [rule.title.split(" ")[1] for rule in result.resources] == ["/a", "/a", "/b"]
