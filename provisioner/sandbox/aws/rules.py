"""Rules of listeners."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from provisioner.sandbox.aws.actions import Place, normal_actions
from provisioner.sandbox.aws.conditions import normal_conditions
from provisioner.sandbox.aws.errors import (
    RefusalError,
    invalid,
    listener_not_found,
    not_permitted,
    rule_not_found,
)
from provisioner.sandbox.aws.region import Answer, Region
from provisioner.sandbox.aws.state import Listener, Rule, State
from provisioner.sandbox.aws.tags import checked_tags
from provisioner.sandbox.aws.transforms import checked_transforms
from provisioner.sandbox.aws.usage import check_use

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import (
        ActionOutputTypeDef,
        CreateRuleInputTypeDef,
        DeleteRuleInputTypeDef,
        DescribeRulesInputTypeDef,
        ModifyRuleInputTypeDef,
        RuleConditionOutputTypeDef,
        RuleTransformOutputTypeDef,
        RuleTypeDef,
        SetRulePrioritiesInputTypeDef,
    )


def create_rule(region: Region, request: CreateRuleInputTypeDef) -> Answer:
    """Add a rule; all limits of the load balancer are checked first."""
    state = region.state
    listener = state.listeners.get(request["ListenerArn"])
    if listener is None:
        raise listener_not_found(request["ListenerArn"])
    if state.balancers[listener.balancer_arn].kind != "application":
        raise RefusalError(
            "UnsupportedProtocol", "Rules are supported on application load balancers only"
        )
    conditions = normal_conditions(_conditions(request["Conditions"]), region.limits)
    actions = normal_actions(_actions(request["Actions"]), place_of(listener), region.limits)
    transforms = checked_transforms(_transforms(request.get("Transforms", ())))
    tags = checked_tags(request.get("Tags", ()), region.limits)
    if any(rule.priority == request["Priority"] for rule in state.rules_of(listener.arn)):
        raise _priority_in_use(request["Priority"])
    _check_rule_count(region, listener.balancer_arn)
    check_use(region, state.balancers[listener.balancer_arn], actions, "")
    rule = Rule(
        arn=region.new_arn(_path(listener)),
        listener_arn=listener.arn,
        priority=request["Priority"],
        conditions=conditions,
        actions=actions,
        transforms=transforms,
        tags=tags,
    )
    state.rules[rule.arn] = rule
    return {"Rules": [as_answer(rule)]}


def modify_rule(region: Region, request: ModifyRuleInputTypeDef) -> Answer:
    """Replace the given properties of a rule; the others stay."""
    state = region.state
    rule = _rule(state, request["RuleArn"])
    listener = state.listeners[rule.listener_arn]
    conditions, actions, transforms = rule.conditions, rule.actions, rule.transforms
    if request.get("Conditions"):
        conditions = normal_conditions(_conditions(request["Conditions"]), region.limits)
    if request.get("Transforms") and request.get("ResetTransforms"):
        raise invalid("Transforms and ResetTransforms cannot be used together")
    if request.get("ResetTransforms"):
        transforms = ()
    if request.get("Transforms"):
        transforms = checked_transforms(_transforms(request["Transforms"]))
    if request.get("Actions"):
        actions = normal_actions(
            _actions(request["Actions"]),
            place_of(listener),
            region.limits,
            existing=rule.actions,
        )
        check_use(region, state.balancers[listener.balancer_arn], actions, rule.arn)
    rule.conditions, rule.actions, rule.transforms = conditions, actions, transforms
    return {"Rules": [as_answer(rule)]}


def delete_rule(region: Region, request: DeleteRuleInputTypeDef) -> Answer:
    """Delete a rule; the default rule cannot be deleted."""
    rule = _rule(region.state, request["RuleArn"])
    del region.state.rules[rule.arn]
    return {}


def set_rule_priorities(region: Region, request: SetRulePrioritiesInputTypeDef) -> Answer:
    """Give rules new priorities, all at once, so that two can change places."""
    state = region.state
    new = {
        _rule(state, pair.get("RuleArn", "")).arn: pair.get("Priority", 0)
        for pair in request["RulePriorities"]
    }
    if len(new) < len(request["RulePriorities"]):
        raise invalid("A rule can be given only one priority")
    for listener_arn in {state.rules[arn].listener_arn for arn in new}:
        taken = set[int]()
        for rule in state.rules_of(listener_arn):
            priority = new.get(rule.arn, rule.priority)
            if priority in taken:
                raise _priority_in_use(priority)
            taken.add(priority)
    for arn, priority in new.items():
        state.rules[arn].priority = priority
    return {"Rules": [as_answer(state.rules[arn]) for arn in new]}


def describe_rules(region: Region, request: DescribeRulesInputTypeDef) -> Answer:
    """List rules: those of a listener in the order they are tried, or some by ARN."""
    state = region.state
    listener_arn, arns = request.get("ListenerArn"), request.get("RuleArns")
    if bool(listener_arn) == bool(arns):
        raise invalid("Either a listener ARN or rule ARNs must be specified")
    if listener_arn:
        listener = state.listeners.get(listener_arn)
        if listener is None:
            raise listener_not_found(listener_arn)
        found = [*map(as_answer, state.rules_of(listener_arn)), default_answer(listener)]
    else:
        found = [_answer_by_arn(state, arn) for arn in arns or ()]
    page, marker = region.page(found, request)
    return {"Rules": page, **marker}


def place_of(listener: Listener) -> Place:
    """What the listener's actions depend on."""
    return Place(protocol=listener.protocol, port=listener.port)


def as_answer(rule: Rule) -> RuleTypeDef:
    """A rule as the API spells it."""
    answer: RuleTypeDef = {
        "RuleArn": rule.arn,
        "Priority": str(rule.priority),
        "Conditions": list(rule.conditions),
        "Actions": list(rule.actions),
        "IsDefault": False,
    }
    if rule.transforms:
        answer["Transforms"] = list(rule.transforms)
    return answer


def default_answer(listener: Listener) -> RuleTypeDef:
    """The default rule of a listener as the API spells it."""
    return {
        "RuleArn": listener.default_rule_arn,
        "Priority": "default",
        "Conditions": [],
        "Actions": list(listener.default_actions),
        "IsDefault": True,
    }


def _answer_by_arn(state: State, arn: str) -> RuleTypeDef:
    if arn in state.rules:
        return as_answer(state.rules[arn])
    for listener in state.listeners.values():
        if listener.default_rule_arn == arn:
            return default_answer(listener)
    raise rule_not_found(arn)


def _rule(state: State, arn: str) -> Rule:
    rule = state.rules.get(arn)
    if rule is not None:
        return rule
    if any(listener.default_rule_arn == arn for listener in state.listeners.values()):
        raise not_permitted(f"Default rule '{arn}' cannot be modified")
    raise rule_not_found(arn)


def _path(listener: Listener) -> str:
    return "listener-rule/" + listener.arn.partition(":listener/")[2]


def _check_rule_count(region: Region, balancer_arn: str) -> None:
    state = region.state
    listeners = {each.arn for each in state.listeners_of(balancer_arn)}
    most = region.limits["rules-per-application-load-balancer"]
    if sum(rule.listener_arn in listeners for rule in state.rules.values()) >= most:
        raise RefusalError(
            "TooManyRules",
            f"The maximum number of rules on load balancer '{balancer_arn}' has been reached",
        )


def _priority_in_use(priority: int) -> RefusalError:
    return RefusalError("PriorityInUse", f"Priority '{priority}' is currently in use")


# The parser yields lists where the request types promise only sequences.
def _conditions(given: object) -> list[RuleConditionOutputTypeDef]:
    return cast("list[RuleConditionOutputTypeDef]", given)


def _actions(given: object) -> list[ActionOutputTypeDef]:
    return cast("list[ActionOutputTypeDef]", given)


def _transforms(given: object) -> list[RuleTransformOutputTypeDef]:
    return cast("list[RuleTransformOutputTypeDef]", given)
