"""Promises of conditions and transforms: AWS's own form, nothing dropped that narrows a rule."""

from __future__ import annotations

import json
from collections.abc import Mapping

import botocore.session
import pytest
from botocore.validate import ParamValidator

from providers.aws.reading.conditions import conditions
from providers.aws.reading.transforms import transforms
from provisioner.model.annotation import AnnotationError
from provisioner.model.resource import to_json

FIELDS = """[
 {"field": "host-header", "hostHeaderConfig": {"values": ["shop.example.com", "*.example.org"]}},
 {"field": "host-header", "hostHeaderConfig": {"regexValues": ["^shop[0-9]+\\\\."]}},
 {"field": "path-pattern", "pathPatternConfig": {"values": ["/a/*"]}},
 {"field": "path-pattern", "pathPatternConfig": {"regexValues": ["^/a/[0-9]+$"]}},
 {"field": "http-header", "httpHeaderConfig": {"httpHeaderName": "X-Shop", "values": ["a", "b*"]}},
 {"field": "http-header", "httpHeaderConfig": {"httpHeaderName": "X", "regexValues": ["^v[12]$"]}},
 {"field": "http-request-method", "httpRequestMethodConfig": {"values": ["GET", "HEAD"]}},
 {"field": "query-string", "queryStringConfig": {"values": [{"key": "v", "value": "1"},
  {"value": "beta"}]}},
 {"field": "source-ip", "sourceIPConfig": {"values": ["10.0.0.0/8", "2001:db8::/32"]}}
]"""

SPELLED = [
    {"Field": "host-header", "HostHeaderConfig": {"Values": ["shop.example.com", "*.example.org"]}},
    {"Field": "host-header", "HostHeaderConfig": {"RegexValues": ["^shop[0-9]+\\."]}},
    {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a/*"]}},
    {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["^/a/[0-9]+$"]}},
    {
        "Field": "http-header",
        "HttpHeaderConfig": {"HttpHeaderName": "X-Shop", "Values": ["a", "b*"]},
    },
    {
        "Field": "http-header",
        "HttpHeaderConfig": {"HttpHeaderName": "X", "RegexValues": ["^v[12]$"]},
    },
    {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET", "HEAD"]}},
    {
        "Field": "query-string",
        "QueryStringConfig": {"Values": [{"Key": "v", "Value": "1"}, {"Value": "beta"}]},
    },
    {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8", "2001:db8::/32"]}},
]

REWRITES = """[
 {"type": "url-rewrite", "urlRewriteConfig": {"rewrites": [{"regex": "^/api/(.*)$",
  "replace": "/$1"}]}},
 {"Type": "host-header-rewrite", "HostHeaderRewriteConfig": {"Rewrites": [{"Regex": "^a",
  "Replace": ""}]}}
]"""


def test_every_field_is_spelled_as_aws_spells_it() -> None:
    """In written order, values in written order: LBC sends them so, and AWS keeps the order."""
    assert [to_json(found) for found in conditions(FIELDS)] == SPELLED


@pytest.mark.parametrize(("parameter", "value"), [("Conditions", FIELDS), ("Transforms", REWRITES)])
def test_the_spelling_is_that_of_the_services_own_model(parameter: str, value: str) -> None:
    """Every name and type is one of CreateRule, as botocore has it."""
    parse = conditions if parameter == "Conditions" else transforms
    service = botocore.session.get_session().get_service_model("elbv2")
    shape = service.operation_model("CreateRule").input_shape
    assert shape is not None

    report = ParamValidator().validate(
        {"ListenerArn": "arn", "Priority": 1, "Conditions": [], "Actions": []}
        | {parameter: [to_json(found) for found in parse(value)]},
        shape,
    )

    assert report.generate_report() == ""


def test_transforms_are_spelled_as_aws_spells_them() -> None:
    """Fields in any case; a replacement may be empty."""
    assert [to_json(found) for found in transforms(REWRITES)] == [
        {
            "Type": "url-rewrite",
            "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/api/(.*)$", "Replace": "/$1"}]},
        },
        {
            "Type": "host-header-rewrite",
            "HostHeaderRewriteConfig": {"Rewrites": [{"Regex": "^a", "Replace": ""}]},
        },
    ]


@pytest.mark.parametrize("parse", [conditions, transforms])
def test_an_empty_list_asks_for_nothing(parse: object) -> None:
    """As in LBC."""
    assert callable(parse)
    assert parse("[]") == ()


def one(field: str, name: str, config: Mapping[str, object]) -> str:
    """Return a list of one condition."""
    return json.dumps([{"field": field, name: config}])


def header(**config: object) -> str:
    """Return a condition on a header."""
    return one("http-header", "httpHeaderConfig", {"httpHeaderName": "X", **config})


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        ("{}", "not a JSON list"),
        ("[1]", "not a JSON object"),
        ("[{}]", 'field "" is not one of'),
        (one("cookie", "cookieConfig", {"values": ["a"]}), 'field "cookie" is not one of'),
        (one("Host-Header", "hostHeaderConfig", {"values": ["a"]}), "is not one of"),
        ('[{"field": "host-header"}]', "needs hostHeaderConfig"),
        (one("host-header", "pathPatternConfig", {"values": ["/"]}), "needs hostHeaderConfig"),
        (one("host-header", "hostHeaderConfig", {"valeus": ["a"]}), "has no values"),
        (header(values=["a"], regexValues=["b"]), "has values and regexValues"),
        (header(values=[]), "has no values"),
        (header(values=[""]), "has not 1 to 128 characters"),
        (header(values=["a" * 129]), "has not 1 to 128 characters"),
        (header(values=[1]), "not text"),
        (header(values=["a"], httpHeaderName=""), "not the name of a header"),
        (header(values=["a"], httpHeaderName="X Y"), "not the name of a header"),
        (header(values=["a"], httpHeaderName="Host"), "condition of its own"),
        (one("http-request-method", "httpRequestMethodConfig", {"values": ["get"]}), "not a requ"),
        (one("http-request-method", "httpRequestMethodConfig", {"values": ["*"]}), "not a request"),
        (one("query-string", "queryStringConfig", {"values": []}), "has no values"),
        (one("query-string", "queryStringConfig", {"values": [{"key": "a"}]}), "value is required"),
        (one("query-string", "queryStringConfig", {"values": ["a"]}), "not a JSON object"),
        (one("source-ip", "sourceIPConfig", {"values": ["10.0.0.1"]}), "not a CIDR block"),
        (one("source-ip", "sourceIPConfig", {"values": ["10.0.0.0/33"]}), "not a CIDR block"),
    ],
)
def test_a_condition_that_is_not_understood_is_refused(raw: str, part: str) -> None:
    """LBC drops an unknown field and widens the rule; here nothing is dropped."""
    with pytest.raises(AnnotationError, match=part):
        conditions(raw)


def rewrite(**config: object) -> str:
    """Return a list of one rewrite of the URL."""
    return json.dumps([{"type": "url-rewrite", "urlRewriteConfig": {"rewrites": [config]}}])


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        ('[{"type": "body-rewrite"}]', "is not one of url-rewrite, host-header-rewrite"),
        ('[{"type": "url-rewrite"}]', "needs urlRewriteConfig.rewrites"),
        ('[{"type": "url-rewrite", "urlRewriteConfig": {"rewrites": []}}]', "needs urlRewrite"),
        (
            '[{"type": "url-rewrite", "hostHeaderRewriteConfig": {"rewrites": [{}]}}]',
            "needs urlRewriteConfig",
        ),
        (rewrite(replace="/"), "regex is required"),
        (rewrite(regex="^/a"), "replace is required"),
        (rewrite(regex="a" * 1025, replace="/"), "longer than 1024"),
        (rewrite(regex="a", replace="b" * 1025), "longer than 1024"),
        (json.dumps(json.loads(rewrite(regex="a", replace="b")) * 2), "a rule holds one"),
    ],
)
def test_a_transform_that_is_not_understood_is_refused(raw: str, part: str) -> None:
    """One per type and rule ("Transforms for listener rules", Elastic Load Balancing)."""
    with pytest.raises(AnnotationError, match=part):
        transforms(raw)
