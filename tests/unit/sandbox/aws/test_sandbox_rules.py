"""Rules: conditions, actions, transforms, priorities, and how they read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from tests.unit.sandbox.aws.workbench import Workbench, forward, host, not_found, path, refused

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import (
        ActionTypeDef,
        RuleConditionTypeDef,
        RuleTransformTypeDef,
    )


AUTHENTICATE: ActionTypeDef = {
    "Type": "authenticate-cognito",
    "AuthenticateCognitoConfig": {
        "UserPoolArn": "arn",
        "UserPoolClientId": "id",
        "UserPoolDomain": "domain",
    },
}


@pytest.fixture
def listener(bench: Workbench) -> str:
    """An HTTP listener on port 80."""
    return bench.listener(bench.balancer())


def read_back(bench: Workbench, rule: str) -> dict[str, object]:
    """A rule as DescribeRules answers it."""
    (found,) = bench.elbv2.describe_rules(RuleArns=[rule])["Rules"]
    return dict(found)


def test_priorities_of_two_rules_can_be_swapped(bench: Workbench, listener: str) -> None:
    """SetRulePriorities looks at the new order as a whole, not at one rule after the other."""
    first, second = bench.rule(listener, 1), bench.rule(listener, 2)

    bench.elbv2.set_rule_priorities(
        RulePriorities=[
            {"RuleArn": first, "Priority": 2},
            {"RuleArn": second, "Priority": 1},
        ]
    )

    assert bench.priorities(listener) == {second: "1", first: "2", **_default(bench, listener)}


def test_priorities_can_be_shifted_by_one(bench: Workbench, listener: str) -> None:
    """A whole sequence moves up at once, which is how a rule is put in front."""
    rules = [bench.rule(listener, priority) for priority in (1, 2, 3)]

    bench.elbv2.set_rule_priorities(
        RulePriorities=[
            {"RuleArn": rule, "Priority": priority}
            for rule, priority in zip(rules, (2, 3, 4), strict=True)
        ]
    )

    assert list(bench.priorities(listener).values()) == ["2", "3", "4", "default"]


def test_a_refused_change_of_priorities_changes_nothing(bench: Workbench, listener: str) -> None:
    """A conflict with a rule that is not in the set refuses the whole set."""
    first, second, third = (bench.rule(listener, priority) for priority in (1, 2, 3))
    before = bench.priorities(listener)

    with refused("PriorityInUse"):
        bench.elbv2.set_rule_priorities(
            RulePriorities=[
                {"RuleArn": first, "Priority": 9},
                {"RuleArn": second, "Priority": 3},
            ]
        )

    assert third in before
    assert bench.priorities(listener) == before


def test_rules_are_listed_in_the_order_they_are_tried(bench: Workbench, listener: str) -> None:
    """Lowest priority first, the default rule last, whatever the order of creation."""
    for priority in (30, 10, 20):
        bench.rule(listener, priority)

    assert list(bench.priorities(listener).values()) == ["10", "20", "30", "default"]


def test_a_priority_is_taken_once_per_listener(bench: Workbench) -> None:
    """PriorityInUse on the same listener, none on another one."""
    balancer = bench.balancer()
    one, other = bench.listener(balancer, 80), bench.listener(balancer, 81)
    bench.rule(one, 5)

    bench.rule(other, 5)
    with refused("PriorityInUse"):
        bench.rule(one, 5)


def test_a_priority_beyond_the_range_is_refused(bench: Workbench, listener: str) -> None:
    """The model states 1 to 50000; boto3 itself checks the lower end."""
    bench.rule(listener, 50_000)

    with refused("ValidationError", saying="at 'priority'"):
        bench.rule(listener, 50_001)


def test_identical_rules_are_allowed(bench: Workbench, listener: str) -> None:
    """AWS does not compare conditions: the second rule is simply never reached."""
    bench.rule(listener, 1, Conditions=[path("/a")])
    bench.rule(listener, 2, Conditions=[path("/a")])

    assert len(bench.priorities(listener)) == 3


def test_transforms_survive_create_describe_and_modify(bench: Workbench, listener: str) -> None:
    """A rewrite is part of the rule; moto drops it silently."""
    rewrite = _url_rewrite("^/shop/(.*)$", "/$1")
    rule = bench.rule(listener, Transforms=[rewrite])

    assert read_back(bench, rule)["Transforms"] == [rewrite]

    bench.elbv2.modify_rule(RuleArn=rule, Conditions=[path("/other")])
    assert read_back(bench, rule)["Transforms"] == [rewrite]

    other = _url_rewrite("^/other", "/")
    bench.elbv2.modify_rule(RuleArn=rule, Transforms=[other])
    assert read_back(bench, rule)["Transforms"] == [other]

    bench.elbv2.modify_rule(RuleArn=rule, ResetTransforms=True)
    assert "Transforms" not in read_back(bench, rule)


def test_a_rule_has_one_transform_of_each_kind(bench: Workbench, listener: str) -> None:
    """The API reference: one host header rewrite and one URL rewrite."""
    with refused("ValidationError", saying="one 'url-rewrite'"):
        bench.rule(listener, Transforms=[_url_rewrite("^/a", "/"), _url_rewrite("^/b", "/")])


@pytest.mark.parametrize(
    "condition",
    [
        {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["^/a/[0-9]+$"]}},
        {"Field": "host-header", "HostHeaderConfig": {"RegexValues": ["^localhost(:[0-9]+)?$"]}},
        {
            "Field": "http-header",
            "HttpHeaderConfig": {"HttpHeaderName": "X-Tier", "RegexValues": ["^gold$"]},
        },
    ],
)
def test_regular_expressions_are_accepted(
    bench: Workbench, listener: str, condition: RuleConditionTypeDef
) -> None:
    """Host, path and header conditions take RegexValues; moto fails on them."""
    rule = bench.rule(listener, Conditions=[condition])

    assert read_back(bench, rule)["Conditions"] == [condition]


@pytest.mark.parametrize("regex", ["(?=a)", "(?<!a)b", r"(a)\1", "(?>a)", "a++", "[", "x" * 129])
def test_unsupported_regular_expressions_are_refused(
    bench: Workbench, listener: str, regex: str
) -> None:
    """No look-around, back references, atomic groups or possessive quantifiers; 128 characters."""
    condition = {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": [regex]}}

    with refused("ValidationError"):
        bench.rule(listener, Conditions=[condition])


def test_values_and_expressions_exclude_each_other(bench: Workbench, listener: str) -> None:
    """A condition compares values or regular expressions, not both."""
    config = {"Values": ["/a"], "RegexValues": ["^/b"]}

    with refused("ValidationError"):
        bench.rule(listener, Conditions=[{"Field": "path-pattern", "PathPatternConfig": config}])


@pytest.mark.parametrize(
    "condition",
    [
        path("/a"),
        host("a.example.com"),
        {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}},
        {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
    ],
    ids=lambda condition: condition["Field"],
)
def test_some_conditions_are_allowed_once_per_rule(
    bench: Workbench, listener: str, condition: RuleConditionTypeDef
) -> None:
    """Host, path, method and source conditions come at most once."""
    with refused("ValidationError", saying="can only have one"):
        bench.rule(listener, Conditions=[condition, condition])


def test_headers_and_query_strings_may_be_repeated(bench: Workbench, listener: str) -> None:
    """Several http-header and query-string conditions must all hold."""
    header = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X", "Values": ["1"]}}
    query = {"Field": "query-string", "QueryStringConfig": {"Values": [{"Value": "a"}]}}

    rule = bench.rule(listener, Conditions=[header, header, query, query])

    assert read_back(bench, rule)["Conditions"] == [header, header, query, query]


@pytest.mark.parametrize(
    "condition",
    [
        host("localhost"),
        host("shop.example.*"),
        host("under_score.example.com"),
        host("a" * 125 + ".com"),
        path("/with space"),
        path("/" + "a" * 128),
        path(),
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "Host", "Values": ["a"]}},
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X" * 41, "Values": ["a"]}},
        {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["get"]}},
        {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.1"]}},
        {"Field": "query-string", "QueryStringConfig": {"Values": [{"Value": "a" * 129}]}},
        {"Field": "cookie", "Values": ["a"]},
        {"Field": "path-pattern", "HostHeaderConfig": {"Values": ["a.example.com"]}},
    ],
    ids=str,
)
def test_malformed_conditions_are_refused(
    bench: Workbench, listener: str, condition: RuleConditionTypeDef
) -> None:
    """What the page "Condition types for listener rules" rules out."""
    with refused("ValidationError"):
        bench.rule(listener, Conditions=[condition])


def test_a_rule_needs_a_condition(bench: Workbench, listener: str) -> None:
    """Only the default rule has none."""
    with refused("ValidationError", saying="A condition must be specified"):
        bench.rule(listener, Conditions=[])


def test_a_forward_action_reads_back_in_both_forms(bench: Workbench, listener: str) -> None:
    """AWS answers TargetGroupArn and ForwardConfig for one target group, however it was written."""
    group = bench.group()
    rule = bench.rule(listener, Actions=[{"Type": "forward", "TargetGroupArn": group}])

    assert read_back(bench, rule)["Actions"] == [
        {
            "Type": "forward",
            "TargetGroupArn": group,
            "ForwardConfig": {
                "TargetGroups": [{"TargetGroupArn": group, "Weight": 1}],
                "TargetGroupStickinessConfig": {"Enabled": False},
            },
        }
    ]


def test_a_redirect_reads_back_complete(bench: Workbench, listener: str) -> None:
    """Parts that were left out are answered as the placeholders they stand for."""
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    rule = bench.rule(listener, Actions=[{"Type": "redirect", "RedirectConfig": redirect}])

    (action,) = cast("list[ActionTypeDef]", read_back(bench, rule)["Actions"])
    assert action["RedirectConfig"] == {
        **redirect,
        "Host": "#{host}",
        "Path": "/#{path}",
        "Query": "#{query}",
    }


def test_a_path_reads_back_in_both_forms(bench: Workbench, listener: str) -> None:
    """Host and path conditions are answered with Values beside their config."""
    rule = bench.rule(listener, Conditions=[path("/a", "/a/*")])

    assert read_back(bench, rule)["Conditions"] == [
        {**path("/a", "/a/*"), "Values": ["/a", "/a/*"]}
    ]


@pytest.mark.parametrize(
    "action",
    [
        {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}},
        {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_302", "Port": "80"}},
    ],
)
def test_a_redirect_to_itself_is_refused(
    bench: Workbench, listener: str, action: ActionTypeDef
) -> None:
    """A redirect must change something."""
    with refused("InvalidLoadBalancerAction", saying="creates a loop"):
        bench.rule(listener, Actions=[action])


@pytest.mark.parametrize(
    ("actions", "code"),
    [
        ([], "ValidationError"),
        ([not_found(), not_found()], "ValidationError"),
        ([{"Type": "fixed-response"}], "ValidationError"),
        (
            [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "302"}}],
            "ValidationError",
        ),
        (
            [
                {
                    "Type": "fixed-response",
                    "FixedResponseConfig": {"StatusCode": "200", "ContentType": "image/png"},
                }
            ],
            "InvalidLoadBalancerAction",
        ),
        (
            [{**AUTHENTICATE, "Order": 1}, {**not_found(), "Order": 2}],
            "InvalidLoadBalancerAction",
        ),
    ],
    ids=["none", "two", "no config", "status", "content type", "authentication on HTTP"],
)
def test_malformed_actions_are_refused(
    bench: Workbench, listener: str, actions: list[ActionTypeDef], code: str
) -> None:
    """What the service does not take as the actions of a rule."""
    with refused(code):
        bench.rule(listener, Actions=actions)


def test_a_weight_beyond_the_range_is_refused(bench: Workbench, listener: str) -> None:
    """Weights are 0 to 999."""
    tuples = [{"TargetGroupArn": bench.group(), "Weight": 1000}]

    with refused("ValidationError", saying="weight"):
        bench.rule(
            listener, Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": tuples}}]
        )


def test_an_unknown_target_group_is_refused(bench: Workbench, listener: str) -> None:
    """TargetGroupNotFound for a forward action to a deleted group."""
    group = bench.group()
    bench.elbv2.delete_target_group(TargetGroupArn=group)

    with refused("TargetGroupNotFound"):
        bench.rule(listener, Actions=[forward(group)])


def test_the_default_rule_is_neither_deleted_nor_moved(bench: Workbench, listener: str) -> None:
    """OperationNotPermitted on the default rule."""
    (default,) = _default(bench, listener)

    with refused("OperationNotPermitted"):
        bench.elbv2.delete_rule(RuleArn=default)
    with refused("OperationNotPermitted"):
        bench.elbv2.set_rule_priorities(RulePriorities=[{"RuleArn": default, "Priority": 1}])


def test_a_deleted_rule_is_not_found(bench: Workbench, listener: str) -> None:
    """RuleNotFound on describe, modify and a second delete."""
    rule = bench.rule(listener)
    bench.elbv2.delete_rule(RuleArn=rule)

    with refused("RuleNotFound"):
        bench.elbv2.describe_rules(RuleArns=[rule])
    with refused("RuleNotFound"):
        bench.elbv2.modify_rule(RuleArn=rule, Actions=[not_found()])
    with refused("RuleNotFound"):
        bench.elbv2.delete_rule(RuleArn=rule)


def test_modify_rule_keeps_what_is_not_given(bench: Workbench, listener: str) -> None:
    """Conditions stay when only actions are given, and the other way round."""
    rule = bench.rule(listener, Conditions=[path("/a")])
    group = bench.group()

    bench.elbv2.modify_rule(RuleArn=rule, Actions=[forward(group)])
    bench.elbv2.modify_rule(RuleArn=rule, Conditions=[path("/b")])

    found = read_back(bench, rule)
    assert cast("list[ActionTypeDef]", found["Actions"])[0]["TargetGroupArn"] == group
    assert found["Conditions"] == [{**path("/b"), "Values": ["/b"]}]


def _url_rewrite(regex: str, replace: str) -> RuleTransformTypeDef:
    return {
        "Type": "url-rewrite",
        "UrlRewriteConfig": {"Rewrites": [{"Regex": regex, "Replace": replace}]},
    }


def _default(bench: Workbench, listener: str) -> dict[str, str]:
    return {arn: "default" for arn, each in bench.priorities(listener).items() if each == "default"}
