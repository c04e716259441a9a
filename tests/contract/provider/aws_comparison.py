"""Whether an AWS account holds what a plan said, field by field, read with plain boto3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from provisioner.model.resource import Json
from provisioner.sandbox.aws.account import Account
from tests.contract.provider.aws_things import balancing, mark_of, network
from tests.contract.provider.comparing import creations, difference


class Comparison:
    """Says where the account differs from what a plan said would be in it."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._elbv2 = account.login.elbv2()
        self._ids = {t.address: t.identifier for t in (*balancing(account), *network(account))}

    def problems(self, plan: Json) -> Iterator[str]:
        """Return every difference, in words."""
        for kind, address, resource in creations(plan):
            actual = self._actual(kind, address, resource)
            for path, planned in resource.items():
                if path not in actual:
                    yield f"{address}: {path} was not read back"
                    continue
                whole = path not in _PARTIAL
                found = difference(self._resolved(planned), actual[path], whole=whole)
                if found:
                    yield f"{address}: {path}: {found}"

    def _resolved(self, value: Json) -> Json:
        if isinstance(value, dict):
            if set(value) == {"ref"}:
                return self._ids[str(value["ref"]).rpartition(".")[0]]
            return {key: self._resolved(item) for key, item in value.items()}
        return [self._resolved(item) for item in value] if isinstance(value, list) else value

    def _actual(self, kind: str, address: str, spec: Mapping[str, Json]) -> dict[str, Json]:
        read = {
            "LoadBalancer": self._load_balancer,
            "Listener": self._listener,
            "ListenerRule": self._rule,
            "TargetGroup": self._target_group,
            "SecurityGroup": self._security_group,
        }.get(kind)
        if read is not None:
            found = read(self._ids[address])
            if kind != "SecurityGroup":
                found["Tags"] = self._tags(self._ids[address])
            return found
        if kind == "Targets":
            return self._targets(address)
        if kind == "ListenerCertificate":
            return self._certificates(spec)
        return self._opening(address, spec)

    def _load_balancer(self, arn: str) -> dict[str, Json]:
        (found,) = self._elbv2.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
        attributes = self._elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)
        return {
            "Name": found["LoadBalancerName"],
            "Scheme": found["Scheme"],
            "Type": found["Type"],
            "IpAddressType": found["IpAddressType"],
            "Subnets": [zone["SubnetId"] for zone in found["AvailabilityZones"]],
            "SecurityGroups": [*found["SecurityGroups"]],
            "Attributes": cast("Json", attributes["Attributes"]),
        }

    def _listener(self, arn: str) -> dict[str, Json]:
        (found,) = self._elbv2.describe_listeners(ListenerArns=[arn])["Listeners"]
        return cast("dict[str, Json]", dict(found))

    def _rule(self, arn: str) -> dict[str, Json]:
        (found,) = self._elbv2.describe_rules(RuleArns=[arn])["Rules"]
        parent = arn.replace(":listener-rule/", ":listener/").rpartition("/")[0]
        plain = cast("dict[str, Json]", dict(found))
        return {**plain, "Priority": int(found["Priority"]), "ListenerArn": parent}

    def _target_group(self, arn: str) -> dict[str, Json]:
        (found,) = self._elbv2.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
        attributes = self._elbv2.describe_target_group_attributes(TargetGroupArn=arn)
        plain = cast("dict[str, Json]", dict(found))
        more: dict[str, Json] = {
            "Name": found["TargetGroupName"],
            "Attributes": cast("Json", attributes["Attributes"]),
        }
        return {**plain, **more}

    def _security_group(self, group_id: str) -> dict[str, Json]:
        ec2 = self._account.login.ec2()
        (found,) = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
        return cast("dict[str, Json]", dict(found))

    def _targets(self, address: str) -> dict[str, Json]:
        group = self._ids[address.replace("aws:targets/", "aws:target-group/", 1)]
        health = self._elbv2.describe_target_health(TargetGroupArn=group)
        targets = [each["Target"] for each in health["TargetHealthDescriptions"]]
        return {"TargetGroupArn": group, "Targets": cast("Json", targets)}

    def _certificates(self, spec: Mapping[str, Json]) -> dict[str, Json]:
        arn = str(self._resolved(spec["ListenerArn"]))
        found = self._elbv2.describe_listener_certificates(ListenerArn=arn)["Certificates"]
        return {"ListenerArn": arn, "Certificates": cast("Json", found)}

    def _opening(self, address: str, spec: Mapping[str, Json]) -> dict[str, Json]:
        """Put the single rules of a security group together as they were asked for."""
        ec2 = self._account.login.ec2()
        rules = [
            rule
            for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]
            if mark_of(rule.get("Tags")) == address
        ]
        first = rules[0]
        permission: dict[str, Json] = {
            "IpProtocol": first["IpProtocol"],
            "FromPort": first["FromPort"],
            "ToPort": first["ToPort"],
        }
        for rule in rules:
            entry: dict[str, Json] = {"Description": rule.get("Description", "")}
            if "CidrIpv4" in rule:
                name, entry["CidrIp"] = "IpRanges", rule["CidrIpv4"]
            elif "CidrIpv6" in rule:
                name, entry["CidrIpv6"] = "Ipv6Ranges", rule["CidrIpv6"]
            else:
                name = "UserIdGroupPairs"
                entry["GroupId"] = rule["ReferencedGroupInfo"]["GroupId"]
            cast("list[Json]", permission.setdefault(name, [])).append(entry)
        return {
            "GroupId": first["GroupId"],
            "IpPermissions": [permission],
            "Tags": cast("Json", first["Tags"]),
        }

    def _tags(self, arn: str) -> Json:
        (found,) = self._elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"]
        return cast("Json", found["Tags"])


_PARTIAL = frozenset({"Attributes", "Certificates"})
"""Lists in which the account may hold more than was planned: defaults, the default certificate."""
