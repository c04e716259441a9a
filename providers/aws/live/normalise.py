"""Spell what AWS answers exactly as we would have asked for it.

The diff compares specs field by field, so everything that AWS adds, doubles or reorders by itself
is taken out here, and nowhere else:

* ids of our own resources become the Refs that desired specs hold;
* conditions and actions are said in one way of the several that AWS takes (``rule_words``);
* an HTTPS listener always says whether clients show certificates, in full;
* tags that are neither marks nor set by us go; so does a target's zone, which AWS fills in.

Pure: answers in, specs out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from providers.aws import marks
from providers.aws.live.plain import (
    Object,
    Plain,
    Refs,
    key_values,
    plain,
    plain_object,
    spec_of,
    without_empty,
)
from providers.aws.live.rule_words import actions, conditions
from provisioner.model.resource import PlainInput, Ref, Spec, freeze_spec

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import SecurityGroupRuleTypeDef, SecurityGroupTypeDef
    from types_boto3_elbv2.type_defs import (
        ListenerTypeDef,
        LoadBalancerTypeDef,
        RuleTypeDef,
        TargetGroupTypeDef,
        TargetHealthDescriptionTypeDef,
    )

Ports = tuple[str, int, int]

_CAPACITY = "MinimumLoadBalancerCapacity"

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


# --- load balancers and listeners -------------------------------------------------------------


def load_balancer(
    answer: LoadBalancerTypeDef,
    attributes: Sequence[Object],
    tags: Mapping[str, str],
    refs: Refs,
    *,
    capacity: int | None = None,
) -> Spec:
    """Return the spec of a load balancer; ``capacity`` is what is reserved, None: not looked at."""
    subnets = (zone.get("SubnetId", "") for zone in answer.get("AvailabilityZones", []))
    more: Plain = {} if capacity is None else {_CAPACITY: {"CapacityUnits": capacity}}
    if answer.get("IpamPools", {}).get("Ipv4IpamPoolId"):
        more["IpamPools"] = plain(answer["IpamPools"])
    return spec_of(
        Name=answer.get("LoadBalancerName", ""),
        Type=answer.get("Type", ""),
        Scheme=answer.get("Scheme", ""),
        IpAddressType=answer.get("IpAddressType", ""),
        CustomerOwnedIpv4Pool=answer.get("CustomerOwnedIpv4Pool", ""),
        Subnets=sorted(subnets),
        SecurityGroups=_security_groups(answer.get("SecurityGroups", []), refs),
        Attributes=key_values(attributes),
        Tags=marks.managed(tags),
        **more,
    )


def listener(
    answer: ListenerTypeDef,
    certificate: str,
    tags: Mapping[str, str],
    refs: Refs,
    *,
    attributes: Sequence[Object] = (),
) -> Spec:
    """Return the spec of a listener; ``certificate`` is the default one, "" for HTTP."""
    secure: Plain = {}
    if certificate:
        secure["SslPolicy"] = answer.get("SslPolicy", "")
        secure["Certificates"] = [{"CertificateArn": refs.of(certificate)}]
        secure["MutualAuthentication"] = _mutual_tls(answer.get("MutualAuthentication", {}))
    return spec_of(
        LoadBalancerArn=refs.of(answer.get("LoadBalancerArn", "")),
        Protocol=answer.get("Protocol", ""),
        Port=answer.get("Port", 0),
        DefaultActions=actions(answer.get("DefaultActions", []), refs, tags),
        Attributes=key_values(attributes),
        Tags=marks.managed(tags),
        **secure,
    )


def _mutual_tls(answer: Object) -> Plain:
    """Return what clients must show; outside ``verify`` the mode says it all."""
    mode = str(answer.get("Mode") or "off")
    if mode != "verify":
        return {"Mode": mode}
    return {
        "Mode": mode,
        "TrustStoreArn": str(answer.get("TrustStoreArn", "")),
        "IgnoreClientCertificateExpiry": answer.get("IgnoreClientCertificateExpiry") is True,
        "AdvertiseTrustStoreCaNames": str(answer.get("AdvertiseTrustStoreCaNames") or "off"),
    }


def listener_certificate(listener_arn: str, certificate: str, refs: Refs) -> Spec:
    """Return the spec of a certificate that a listener serves besides its default one."""
    return spec_of(
        ListenerArn=refs.of(listener_arn), Certificates=[{"CertificateArn": refs.of(certificate)}]
    )


def rule(answer: RuleTypeDef, listener_arn: str, tags: Mapping[str, str], refs: Refs) -> Spec:
    """Return the spec of a rule that is not the default one."""
    spec: Plain = {
        "ListenerArn": refs.of(listener_arn),
        "Priority": priority(answer),
        "Conditions": conditions(answer.get("Conditions", [])),
        "Actions": actions(answer.get("Actions", []), refs, tags),
        "Tags": marks.managed(tags),
    }
    if answer.get("Transforms"):
        spec["Transforms"] = plain(answer["Transforms"])
    return freeze_spec(spec)


def priority(answer: RuleTypeDef) -> int:
    """Return a rule's priority, which AWS answers as text; the default rule has none (0)."""
    text = answer.get("Priority", "")
    return int(text) if text.isdecimal() else 0


def _security_groups(ids: Iterable[str], refs: Refs) -> list[PlainInput]:
    """Return the groups in one order, for AWS keeps none: frontend, foreign ids, shared backend."""
    found = [refs.of(identifier) for identifier in ids]
    ours = sorted((ref for ref in found if isinstance(ref, Ref)), key=_is_shared)
    foreign = sorted(identifier for identifier in found if isinstance(identifier, str))
    frontends = [ref for ref in ours if not _is_shared(ref)]
    return [*frontends, *foreign, *ours[len(frontends) :]]


def _is_shared(ref: Ref) -> bool:
    return ref.address.endswith("backend")


# --- target groups ----------------------------------------------------------------------------


def target_group(
    answer: TargetGroupTypeDef, attributes: Sequence[Object], tags: Mapping[str, str]
) -> Spec:
    """Return the spec of a target group."""
    said: Plain = {
        key: value
        for key, value in plain_object(answer).items()
        if key in TARGET_GROUP_FIELDS and value is not None
    }
    if answer.get("Matcher"):
        said["Matcher"] = without_empty(answer["Matcher"])
    return spec_of(
        Name=answer.get("TargetGroupName", ""),
        Attributes=key_values(attributes),
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
    return spec_of(
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
    return spec_of(
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
