"""Spell what AWS answers exactly as we would have asked for it.

The diff compares specs field by field, so everything that AWS adds, doubles or reorders by itself
is taken out here, and nowhere else:

* ids of our own resources become the Refs that desired specs hold;
* an action's ``TargetGroupArn`` beside the same ``ForwardConfig`` goes, a lone one becomes a
  ``ForwardConfig``; a single target group has no weight; stickiness that is off, and the order of
  a single action, go; a redirect says all its parts;
* a condition keeps its ``...Config`` form; plain ``Values`` beside it go;
* tags that are neither marks nor set by us go; so does a target's zone, which AWS fills in.

Pure: answers in, specs out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from providers.aws import marks
from provisioner.model.resource import PlainInput, Ref, Spec, Value, canonical, freeze, freeze_spec

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import SecurityGroupRuleTypeDef, SecurityGroupTypeDef
    from types_boto3_elbv2.type_defs import (
        ListenerTypeDef,
        LoadBalancerTypeDef,
        RuleTypeDef,
        TargetGroupTypeDef,
        TargetHealthDescriptionTypeDef,
    )

Object = Mapping[str, object]
Plain = dict[str, PlainInput]
Ports = tuple[str, int, int]

REDIRECT_PARTS: Mapping[str, str] = MappingProxyType(
    {
        "Protocol": "#{protocol}",
        "Port": "#{port}",
        "Host": "#{host}",
        "Path": "/#{path}",
        "Query": "#{query}",
    }
)
"""What AWS takes a redirect to keep where a part is not given."""

CONDITION_CONFIGS: Mapping[str, str] = MappingProxyType(
    {
        "host-header": "HostHeaderConfig",
        "path-pattern": "PathPatternConfig",
        "http-header": "HttpHeaderConfig",
        "http-request-method": "HttpRequestMethodConfig",
        "query-string": "QueryStringConfig",
        "source-ip": "SourceIpConfig",
    }
)
LAST_CONDITIONS = ("host-header", "path-pattern")

TARGET_GROUP_FIELDS = (
    "TargetType",
    "Protocol",
    "ProtocolVersion",
    "Port",
    "VpcId",
    "IpAddressType",
    "TargetControlPort",
    "HealthCheckEnabled",
    "HealthCheckProtocol",
    "HealthCheckPort",
    "HealthCheckPath",
    "HealthCheckIntervalSeconds",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "UnhealthyThresholdCount",
)


class Refs:
    """The Refs of what we own, by the id that AWS gave it."""

    def __init__(self, by_id: Mapping[str, Ref]) -> None:
        self._by_id = by_id

    def of(self, identifier: str) -> Ref | str:
        """Return the Ref for an id of ours, the id itself where it is somebody else's."""
        return self._by_id.get(identifier, identifier)


# --- load balancers and listeners -------------------------------------------------------------


def load_balancer(
    answer: LoadBalancerTypeDef, attributes: Sequence[Object], tags: Mapping[str, str], refs: Refs
) -> Spec:
    """Return the spec of a load balancer."""
    subnets = (zone.get("SubnetId", "") for zone in answer.get("AvailabilityZones", []))
    return _spec(
        Name=answer.get("LoadBalancerName", ""),
        Type=answer.get("Type", ""),
        Scheme=answer.get("Scheme", ""),
        IpAddressType=answer.get("IpAddressType", ""),
        Subnets=sorted(subnets),
        SecurityGroups=_security_groups(answer.get("SecurityGroups", []), refs),
        Attributes=_key_values(attributes),
        Tags=marks.managed(tags),
    )


def listener(
    answer: ListenerTypeDef, certificate: str, tags: Mapping[str, str], refs: Refs
) -> Spec:
    """Return the spec of a listener; ``certificate`` is the default one, "" for HTTP."""
    secure: Plain = {}
    if certificate:
        secure["SslPolicy"] = answer.get("SslPolicy", "")
        secure["Certificates"] = [{"CertificateArn": certificate}]
    mutual = answer.get("MutualAuthentication", {})
    if mutual.get("Mode", "off") != "off":
        secure["MutualAuthentication"] = _plain(mutual)
    return _spec(
        LoadBalancerArn=refs.of(answer.get("LoadBalancerArn", "")),
        Protocol=answer.get("Protocol", ""),
        Port=answer.get("Port", 0),
        DefaultActions=actions(answer.get("DefaultActions", []), refs),
        Tags=marks.managed(tags),
        **secure,
    )


def listener_certificate(listener_arn: str, certificate: str, refs: Refs) -> Spec:
    """Return the spec of a certificate that a listener serves besides its default one."""
    return _spec(ListenerArn=refs.of(listener_arn), Certificates=[{"CertificateArn": certificate}])


def rule(answer: RuleTypeDef, listener_arn: str, tags: Mapping[str, str], refs: Refs) -> Spec:
    """Return the spec of a rule that is not the default one."""
    spec: Plain = {
        "ListenerArn": refs.of(listener_arn),
        "Priority": priority(answer),
        "Conditions": conditions(answer.get("Conditions", [])),
        "Actions": actions(answer.get("Actions", []), refs),
        "Tags": marks.managed(tags),
    }
    if answer.get("Transforms"):
        spec["Transforms"] = _plain(answer["Transforms"])
    return freeze_spec(spec)


def priority(answer: RuleTypeDef) -> int:
    """Return a rule's priority, which AWS answers as text; the default rule has none (0)."""
    text = answer.get("Priority", "")
    return int(text) if text.isdecimal() else 0


def rule_title(answer: RuleTypeDef) -> str:
    """Return which hosts and paths a rule is for, in a few words."""
    configs = [each for each in answer.get("Conditions", []) if each["Field"] in LAST_CONDITIONS]
    configs.sort(key=lambda each: LAST_CONDITIONS.index(each["Field"]))
    values = [
        value
        for each in configs
        for config in (each.get("HostHeaderConfig", {}), each.get("PathPatternConfig", {}))
        for value in (*config.get("Values", []), *config.get("RegexValues", []))
    ]
    return " ".join(values)


def conditions(answers: Iterable[Object]) -> Value:
    """Return conditions in their canonical form and order."""
    found = [_condition(answer) for answer in answers]
    found.sort(key=_condition_order)
    return freeze(found)


def actions(answers: Iterable[Object], refs: Refs) -> Value:
    """Return actions in their canonical form, in the order in which they are taken."""
    ordered = sorted(answers, key=_order_of)
    several = len(ordered) > 1
    return freeze([_action(answer, refs, numbered=several) for answer in ordered])


def _security_groups(ids: Iterable[str], refs: Refs) -> list[PlainInput]:
    """Return the groups in one order, for AWS keeps none: frontend, foreign ids, shared backend."""
    found = [refs.of(identifier) for identifier in ids]
    ours = sorted((ref for ref in found if isinstance(ref, Ref)), key=_is_shared)
    foreign = sorted(identifier for identifier in found if isinstance(identifier, str))
    frontends = [ref for ref in ours if not _is_shared(ref)]
    return [*frontends, *foreign, *ours[len(frontends) :]]


def _is_shared(ref: Ref) -> bool:
    return ref.address.endswith("/backend")


def _condition(answer: Object) -> Plain:
    field = str(answer["Field"])
    config = CONDITION_CONFIGS.get(field, "")
    said = {key: value for key, value in answer.items() if key.endswith("Config") and value}
    if not said and config:  # written with plain Values
        said = {config: {"Values": answer.get("Values", [])}}
    return {"Field": field, **{key: _without_empty(value) for key, value in said.items()}}


def _condition_order(condition: Plain) -> tuple[int, str]:
    """Return the place of a condition: host and path last, the others by what they say."""
    field = str(condition["Field"])
    place = LAST_CONDITIONS.index(field) + 1 if field in LAST_CONDITIONS else 0
    return place, canonical(freeze(condition))


def _order_of(answer: Object) -> int:
    order = answer.get("Order")
    return order if isinstance(order, int) else 0


def _action(answer: Object, refs: Refs, *, numbered: bool) -> Plain:
    kind = str(answer["Type"])
    action: Plain = {"Type": kind}
    if numbered:
        action["Order"] = _order_of(answer)
    if kind == "forward":
        action["ForwardConfig"] = _forward(answer, refs)
    elif kind == "redirect":
        said = _plain(answer.get("RedirectConfig", {}))
        action["RedirectConfig"] = {**REDIRECT_PARTS, **(said if isinstance(said, dict) else {})}
    else:  # fixed responses, authentication, JWT validation
        action |= {
            key: _without_empty(value) for key, value in answer.items() if key.endswith("Config")
        }
    return action


def _forward(answer: Object, refs: Refs) -> Plain:
    config = answer.get("ForwardConfig")
    said = config if isinstance(config, Mapping) else {}
    groups = [_weighted(each, refs) for each in said.get("TargetGroups", [])]
    if not groups and answer.get("TargetGroupArn"):
        groups = [{"TargetGroupArn": refs.of(str(answer["TargetGroupArn"]))}]
    if len(groups) == 1:
        groups[0].pop("Weight", None)
    groups.sort(key=lambda each: str(each["TargetGroupArn"]))
    forward: Plain = {"TargetGroups": groups}
    stickiness = said.get("TargetGroupStickinessConfig", {})
    if stickiness.get("Enabled"):
        forward["TargetGroupStickinessConfig"] = _plain(stickiness)
    return forward


def _weighted(answer: Object, refs: Refs) -> Plain:
    weight = answer.get("Weight", 1)
    return {
        "TargetGroupArn": refs.of(str(answer["TargetGroupArn"])),
        "Weight": weight if isinstance(weight, int) else 1,
    }


# --- target groups ----------------------------------------------------------------------------


def target_group(
    answer: TargetGroupTypeDef, attributes: Sequence[Object], tags: Mapping[str, str]
) -> Spec:
    """Return the spec of a target group."""
    said: Plain = {
        key: value
        for key, value in _plain_object(answer).items()
        if key in TARGET_GROUP_FIELDS and value is not None
    }
    if answer.get("Matcher"):
        said["Matcher"] = _without_empty(answer["Matcher"])
    return _spec(
        Name=answer.get("TargetGroupName", ""),
        Attributes=_key_values(attributes),
        Tags=marks.managed(tags),
        **said,
    )


def targets(
    target_group_arn: str, answers: Iterable[TargetHealthDescriptionTypeDef], refs: Refs
) -> Spec:
    """Return the spec of a target group's members; a draining target is one no more."""
    members: dict[tuple[str, int], Plain] = {}
    for answer in answers:
        target = answer["Target"]
        if answer.get("TargetHealth", {}).get("State") == "draining":
            continue
        place = (target["Id"], target.get("Port", 0))
        members[place] = {"Id": place[0], "Port": place[1]}
        if target.get("AvailabilityZone") == "all":  # any other zone was detected by AWS
            members[place]["AvailabilityZone"] = "all"
    ordered = [members[place] for place in sorted(members)]
    return freeze_spec({"TargetGroupArn": refs.of(target_group_arn), "Targets": ordered})


# --- security groups --------------------------------------------------------------------------


def security_group(answer: SecurityGroupTypeDef, tags: Mapping[str, str]) -> Spec:
    """Return the spec of a security group, its rules left out: they are resources of their own."""
    return _spec(
        GroupName=answer["GroupName"],
        Description=answer["Description"],
        VpcId=answer["VpcId"],
        Tags=marks.managed(tags),
    )


def security_group_rule(
    answers: Sequence[SecurityGroupRuleTypeDef], tags: Mapping[str, str], refs: Refs
) -> Spec:
    """Return the spec of ingress rules that one call authorised: several ranges, one address."""
    permissions: dict[Ports, dict[str, list[Plain]]] = {}
    for answer in answers:
        ports = (answer["IpProtocol"], answer.get("FromPort", -1), answer.get("ToPort", -1))
        name, source = _source(answer, refs)
        permissions.setdefault(ports, {}).setdefault(name, []).append(source)
    return _spec(
        GroupId=refs.of(answers[0]["GroupId"]),
        IpPermissions=[_permission(ports, permissions[ports]) for ports in sorted(permissions)],
        Tags=marks.managed(tags),
    )


def _permission(ports: Ports, ranges: Mapping[str, list[Plain]]) -> Plain:
    permission: Plain = {"IpProtocol": ports[0], "FromPort": ports[1], "ToPort": ports[2]}
    for name, sources in ranges.items():
        ordered = list(sources)
        ordered.sort(key=_source_order)
        permission[name] = ordered
    return permission


def _source(answer: SecurityGroupRuleTypeDef, refs: Refs) -> tuple[str, Plain]:
    """Return who a rule lets in: the name of the list it belongs to, and its entry there."""
    source: Plain
    if "CidrIpv4" in answer:
        name, source = "IpRanges", {"CidrIp": answer["CidrIpv4"]}
    elif "CidrIpv6" in answer:
        name, source = "Ipv6Ranges", {"CidrIpv6": answer["CidrIpv6"]}
    elif "PrefixListId" in answer:
        name, source = "PrefixListIds", {"PrefixListId": answer["PrefixListId"]}
    else:
        group = answer.get("ReferencedGroupInfo", {}).get("GroupId", "")
        name, source = "UserIdGroupPairs", {"GroupId": refs.of(group)}
    if answer.get("Description"):
        source["Description"] = answer["Description"]
    return name, source


def _source_order(source: Plain) -> tuple[str, str]:
    who = "".join(str(value) for name, value in source.items() if name != "Description")
    return who, str(source.get("Description", ""))


# --- plain values -----------------------------------------------------------------------------


def _spec(**fields: PlainInput) -> Spec:
    """Return a spec; what is empty is left out, as desired specs leave it out."""
    return freeze_spec({key: value for key, value in fields.items() if value not in ("", (), [])})


def _key_values(answers: Sequence[Object]) -> list[PlainInput]:
    pairs = {str(answer["Key"]): str(answer.get("Value", "")) for answer in answers}
    return [{"Key": key, "Value": pairs[key]} for key in sorted(pairs)]


def _plain_object(answer: Object) -> Plain:
    return {key: _plain(value) for key, value in answer.items()}


def _plain(value: object) -> PlainInput:
    """Return part of an answer as a plain value; what no spec holds becomes its text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value)


def _without_empty(value: object) -> PlainInput:
    """Return part of an answer without the empty lists and texts that AWS fills in."""
    plain = _plain(value)
    if not isinstance(plain, Mapping):
        return plain
    return {key: item for key, item in plain.items() if item not in (None, "", [], {})}
