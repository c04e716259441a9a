"""Values of conditions: what AWS would refuse, its author hears of in the plan."""

from __future__ import annotations

import pytest

from tests.unit.providers.aws.rules.building import OTHER, a_listener, a_path, codes, express

LONG = "a" * 129


def of(field: str, *values: object, regex: bool = False, **more: object) -> dict[str, object]:
    """Return a condition."""
    config = {
        "host-header": "HostHeaderConfig",
        "path-pattern": "PathPatternConfig",
        "http-header": "HttpHeaderConfig",
        "http-request-method": "HttpRequestMethodConfig",
        "query-string": "QueryStringConfig",
        "source-ip": "SourceIpConfig",
    }[field]
    key = "RegexValues" if regex else "Values"
    return {"Field": field, config: {**more, key: values}}


def header(name: str, *values: str, regex: bool = False) -> dict[str, object]:
    """Return a condition on a header."""
    return of("http-header", *values, regex=regex, HttpHeaderName=name)


@pytest.mark.parametrize(
    "condition",
    [
        header("x-" + "a" * 38, "a b", "*"),
        header("User-Agent", "^Mozilla", regex=True),
        of("http-request-method", "GET", "M-SEARCH", "MY_METHOD"),
        of("query-string", {"Key": "v", "Value": "a b"}, {"Value": "*"}),
        of("source-ip", "10.0.0.0/8", "2001:db8::/32"),
        of("host-header", "b.example.com", "*.example.org"),
        of("path-pattern", "/b/*"),
    ],
)
def test_conditions_that_aws_takes(condition: dict[str, object]) -> None:
    """Each kind with values at the edge of what the API reference allows."""
    result = express(
        a_listener(a_path("a.example.com", "", OTHER, options={"conditions": (condition,)}))
    )

    assert result.diagnostics == ()
    assert len(result.resources) == 1


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        (header("x", LONG), "PATH-VALUE"),
        (header("x", "caf\u00e9"), "PATH-VALUE"),
        (header("a" * 41, "x"), "PATH-VALUE"),
        (header("x y", "x"), "PATH-VALUE"),
        (header("x*", "x"), "PATH-VALUE"),
        (header("", "x"), "PATH-VALUE"),
        (header("Host", "x"), "PATH-VALUE"),
        (header("x", "(?=a)", regex=True), "PATH-REGEX"),
        (header("x"), "PATH-CONDITIONS"),
        (of("http-request-method", "get"), "PATH-VALUE"),
        (of("http-request-method", "A" * 41), "PATH-VALUE"),
        (of("http-request-method", "*"), "PATH-VALUE"),
        (of("query-string", {"Key": LONG, "Value": "x"}), "PATH-VALUE"),
        (of("query-string", {"Key": "x"}), "PATH-VALUE"),
        (of("source-ip", "10.0.0.1"), "PATH-VALUE"),
        (of("source-ip", "10.0.0.1/8"), "PATH-VALUE"),
        (of("source-ip", "everywhere"), "PATH-VALUE"),
        (of("host-header", "localhost"), "PATH-VALUE"),
        (of("host-header", "shop.xn--p1ai"), "PATH-VALUE"),
        (of("path-pattern", "/" + LONG), "PATH-VALUE"),
        (of("path-pattern", "/a b"), "PATH-VALUE"),
    ],
)
def test_conditions_that_aws_refuses(condition: dict[str, object], code: str) -> None:
    """That path is quarantined, in words; its neighbour goes on."""
    listener = a_listener(
        a_path("b.example.com", "", OTHER, options={"conditions": (condition,)}, place=(0, 0)),
        a_path("b.example.com", "/ok", place=(0, 1)),
    )

    result = express(listener)

    assert codes(result.diagnostics) == [code]
    assert result.diagnostics[0].hint
    assert [q.path for q in result.quarantined] == ["spec.rules[0].http.paths[0]"]
    assert [r.title.split(" ")[1] for r in result.resources] == ["/ok"]


@pytest.mark.parametrize(
    "condition", [of("http-request-method", "GET"), of("source-ip", "10.0.0.0/8")]
)
def test_kinds_that_a_rule_holds_once(condition: dict[str, object]) -> None:
    """Methods and addresses stand in one condition each; AWS refuses two."""
    result = express(a_listener(a_path(options={"conditions": (condition, condition)})))

    assert codes(result.diagnostics) == ["PATH-CONDITIONS"]


def test_equal_paths_with_different_conditions_are_different_rules() -> None:
    """A canary by header: the rule that asks for more comes first, whoever is older."""
    canary = header("x-canary", "1")
    listener = a_listener(
        a_path(path="/", place=(0, 0), service="stable"),
        a_path(path="/", place=(0, 1), service="canary", options={"conditions": (canary,)}),
    )

    result = express(listener)

    assert [r.title.rsplit(" ", 1)[1] for r in result.resources] == ["canary:80", "stable:80"]
    assert len({r.address for r in result.resources}) == 2
    assert result.diagnostics == ()


def test_equal_paths_with_equal_conditions_are_one_rule() -> None:
    """Whoever comes second is told; other settings make no difference to what is matched."""
    canary = header("x-canary", "1")
    listener = a_listener(
        a_path(options={"conditions": (canary,)}, ingress="a/first"),
        a_path(options={"conditions": (canary,), "auth-scope": "x"}, ingress="b/second"),
    )

    result = express(listener)

    assert len(result.resources) == 1
    assert [(d.code, str(d.ingress)) for d in result.diagnostics] == [
        ("PATH-DUPLICATE", "b/second")
    ]
