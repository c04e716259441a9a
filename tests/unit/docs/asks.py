"""What IAM is asked about a call: an action on each resource that the call names.

By the "Service Authorization Reference" for Elastic Load Balancing V2 and Amazon EC2, and the
pages on tagging during creation: who tags what they create needs the tagging action besides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from provisioner.sandbox.aws.calls import CallRecord
from tests.unit.docs.iam import PREFIXES, Ask, Thing

Tags = Mapping[str, str]

_ALB = "arn:aws:elasticloadbalancing:eu-central-1:470000000001:"
_EC2 = "arn:aws:ec2:eu-central-1:470000000001:"
_ACM = "arn:aws:acm:eu-central-1:470000000001:"

# What a call creates; CreateListener and CreateRule are asked about their parents.
_NEW: Mapping[str, str] = MappingProxyType(
    {
        "CreateLoadBalancer": f"{_ALB}loadbalancer/app/new/1",
        "CreateTargetGroup": f"{_ALB}targetgroup/new/1",
        "CreateListener": f"{_ALB}listener/app/new/1/2",
        "CreateRule": f"{_ALB}listener-rule/app/new/1/2/3",
        "CreateSecurityGroup": f"{_EC2}security-group/new",
        "AuthorizeSecurityGroupIngress": f"{_EC2}security-group-rule/new",
        "ImportCertificate": f"{_ACM}certificate/new",
    }
)
_NAMES = (
    *("LoadBalancerArn", "ListenerArn", "RuleArn", "TargetGroupArn"),
    *("GroupId", "VpcId", "CertificateArn"),
)
_WITH_PARENT = frozenset({"CreateListener", "CreateRule"})


def asks(call: CallRecord, known: Mapping[str, Tags]) -> Iterator[Ask]:
    """Yield every question; ``known`` are the tags of what exists, by ARN or id."""
    action = f"{PREFIXES[call.service]}:{call.operation}"
    tags = _tags(call)
    keys = tuple(tags) + tuple(_removed(call))
    for thing in _things(call, known):
        yield Ask(action=action, thing=thing, tags=tags, tag_keys=keys)
    if tags and call.operation in _NEW and call.service != "acm":
        tagging = "ec2:CreateTags" if call.service == "ec2" else "elasticloadbalancing:AddTags"
        new = Thing(arn=_NEW[call.operation])
        yield Ask(action=tagging, thing=new, tags=tags, tag_keys=keys, create_action=call.operation)


def _things(call: CallRecord, known: Mapping[str, Tags]) -> Iterator[Thing]:
    if (
        call.operation in _NEW
        and call.operation not in _WITH_PARENT
        and "CertificateArn" not in call.params
    ):
        yield Thing(arn=_NEW[call.operation])
    for name in _ids(call):
        yield Thing(arn=_arn(name), tags=known.get(name, {}))


def _ids(call: CallRecord) -> Iterator[str]:
    """Yield the ARNs and ids of what a call acts on; what an action points to is not among them."""
    if call.operation == "CreateTargetGroup":
        return  # its VPC is a parameter, not a resource of the action
    for name in _NAMES:
        if isinstance(found := call.params.get(name), str):
            yield found
    for name in ("ResourceArns", "Resources"):
        yield from _texts(call.params.get(name))
    for priority in _dicts(call.params.get("RulePriorities")):
        yield str(priority["RuleArn"])


def _arn(name: str) -> str:
    kinds = {"sg-": "security-group", "sgr-": "security-group-rule", "vpc-": "vpc"}
    for prefix, kind in kinds.items():
        if name.startswith(prefix):
            return f"{_EC2}{kind}/{name}"
    assert name.startswith(("arn:aws:elasticloadbalancing:", "arn:aws:acm:")), name
    return name


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _tags(call: CallRecord) -> dict[str, str]:
    """Return the tags that a call sets."""
    pairs = call.params.get("Tags")
    for specification in _dicts(call.params.get("TagSpecifications")):
        pairs = specification.get("Tags")
    return {
        str(pair["Key"]): str(pair["Value"])
        for pair in _dicts(pairs)
        if "Value" in pair and call.operation != "DeleteTags"
    }


def _removed(call: CallRecord) -> list[str]:
    """Return the keys of the tags that a call removes."""
    if call.operation == "DeleteTags":
        return [str(pair["Key"]) for pair in _dicts(call.params.get("Tags"))]
    return _texts(call.params.get("TagKeys"))


def _dicts(value: object) -> list[Mapping[str, object]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
