"""What an Ingress' load balancer really is, told by plain boto3."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from provisioner.model.resource import Json
from provisioner.sandbox.aws.account import Account
from provisioner.sandbox.aws.clients import client
from tests.contract.annotations.things import tags_of
from tests.contract.provider.aws_things import RESOURCE


class Look:
    """The load balancer of one group, by its mark; all but that is read anew at every look."""

    def __init__(self, account: Account, group: str) -> None:
        self.account = account
        self.group = group
        self.elbv2: Any = account.login.elbv2()
        self.ec2: Any = account.login.ec2()

    def client(self, service: str) -> Any:
        """Return a client of another service."""
        return client(self.account.login, service)

    @functools.cached_property
    def arn(self) -> str:
        """The ARN of the load balancer, which bears its mark for as long as it lives."""
        wanted = f"aws:load-balancer/{self.group}"
        found = self.elbv2.describe_load_balancers()["LoadBalancers"]
        arns = [each["LoadBalancerArn"] for each in found]
        for start in range(0, len(arns), 20):
            answer = self.elbv2.describe_tags(ResourceArns=arns[start : start + 20])
            for entry in answer["TagDescriptions"]:
                if tags_of(entry["Tags"]).get(RESOURCE) == wanted:
                    return str(entry["ResourceArn"])
        raise AssertionError(f"{self.group} has no load balancer")

    def balancer(self) -> dict[str, Any]:
        """Return the load balancer."""
        (found,) = self.elbv2.describe_load_balancers(LoadBalancerArns=[self.arn])["LoadBalancers"]
        return dict(found)

    def listeners(self) -> list[dict[str, Any]]:
        """Return the listeners, by port."""
        found = self.elbv2.describe_listeners(LoadBalancerArn=self.arn)["Listeners"]
        return sorted(found, key=lambda each: int(each["Port"]))

    def listener(self, port: int = 443) -> dict[str, Any]:
        """Return one listener."""
        return next(each for each in self.listeners() if each["Port"] == port)

    def rules(self, port: int = 443) -> list[dict[str, Any]]:
        """Return the rules of one port in their order, without the default one."""
        arn = self.listener(port)["ListenerArn"]
        found = self.elbv2.describe_rules(ListenerArn=arn)["Rules"]
        return sorted(
            (each for each in found if not each["IsDefault"]), key=lambda r: int(r["Priority"])
        )

    def target_groups(self) -> list[dict[str, Any]]:
        """Return the target groups that the load balancer uses, by name."""
        arn = self.arn
        found = self.elbv2.describe_target_groups()["TargetGroups"]
        used = [each for each in found if arn in each["LoadBalancerArns"]]
        return sorted(used, key=lambda each: str(each["TargetGroupName"]))

    def target_group(self) -> dict[str, Any]:
        """Return the only target group."""
        (found,) = self.target_groups()
        return found

    def targets(self) -> list[dict[str, Any]]:
        """Return the targets of the only target group."""
        arn = self.target_group()["TargetGroupArn"]
        found = self.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        return [each["Target"] for each in found if each["TargetHealth"]["State"] != "draining"]

    def security_groups(self) -> list[dict[str, Any]]:
        """Return the security groups of the load balancer, in their order."""
        ids = self.balancer()["SecurityGroups"]
        found = {
            each["GroupId"]: each
            for each in self.ec2.describe_security_groups(GroupIds=ids)["SecurityGroups"]
        }
        return [found[each] for each in ids]

    def tags(self, arn: str) -> dict[str, str]:
        """Return the tags of something that is not EC2's."""
        (found,) = self.elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"]
        return tags_of(found["Tags"])


Probe = Callable[[Look], Json]
"""A look at one thing."""


# -- load balancer -------------------------------------------------------------------------------


def balancer(field: str) -> Probe:
    """Look at a field of the load balancer."""
    return lambda look: look.balancer().get(field)


def user_tag(key: str) -> Probe:
    """Look at a tag of all that a load balancer consists of."""

    def probe(look: Look) -> Json:
        arns = {
            "load balancer": look.arn,
            "listener": look.listener()["ListenerArn"],
            "rule": look.rules()[0]["RuleArn"],
            "target group": look.target_group()["TargetGroupArn"],
        }
        found: dict[str, Json] = {what: look.tags(arn).get(key) for what, arn in arns.items()}
        group = next(g for g in look.security_groups() if "frontend" in str(g["Tags"]))
        found["security group"] = tags_of(group["Tags"]).get(key)
        listed = look.ec2.describe_security_group_rules(
            Filters=[{"Name": "group-id", "Values": [group["GroupId"]]}]
        )["SecurityGroupRules"]
        inbound = [tags_of(r["Tags"]).get(key) for r in listed if not r["IsEgress"]]
        found["security group rules"] = [*sorted(set(map(str, inbound)))]
        return found

    return probe


def balancer_attribute(*keys: str) -> Probe:
    """Look at attributes of the load balancer."""

    def probe(look: Look) -> Json:
        listed = look.elbv2.describe_load_balancer_attributes(LoadBalancerArn=look.arn)
        found = tags_of(listed["Attributes"])
        return [found.get(key) for key in keys]

    return probe


def capacity(look: Look) -> Json:
    """Look at the reserved capacity."""
    found = look.elbv2.describe_capacity_reservation(LoadBalancerArn=look.arn)
    reserved: Json = found.get("MinimumLoadBalancerCapacity", {}).get("CapacityUnits")
    return reserved


def subnets(look: Look) -> Json:
    """Look at the subnets, by zone."""
    zones = sorted(look.balancer()["AvailabilityZones"], key=lambda zone: str(zone["ZoneName"]))
    return [zone["SubnetId"] for zone in zones]


def ipam_pool(look: Look) -> Json:
    """Look at the IPAM pool."""
    found: Json = look.balancer().get("IpamPools", {}).get("Ipv4IpamPoolId")
    return found


def groups_in_words(look: Look) -> Json:
    """Look at the security groups: ids of others', words for ours."""
    return [_word(each) for each in look.security_groups()]


def _word(group: Mapping[str, Any]) -> str:
    address = tags_of(group.get("Tags", ())).get(RESOURCE, "")
    for word in ("frontend", "backend"):
        if address.endswith(word):
            return word
    return str(group["GroupId"])


def open_to(look: Look) -> Json:
    """Look at whom the managed security group lets in on 443."""
    group = next(g for g in look.security_groups() if _word(g) == "frontend")
    listed = look.ec2.describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [group["GroupId"]]}]
    )["SecurityGroupRules"]
    inbound = [each for each in listed if not each["IsEgress"] and each["FromPort"] == 443]
    sources = [str(r.get("CidrIpv4") or r.get("CidrIpv6") or r["PrefixListId"]) for r in inbound]
    return [*sorted(sources)]


def web_acl(look: Look) -> Json:
    """Look at the web ACL in front."""
    found = look.client("wafv2").get_web_acl_for_resource(ResourceArn=look.arn)
    arn: Json = found.get("WebACL", {}).get("ARN")
    return arn


def classic_acl(look: Look) -> Json:
    """Look at the web ACL of WAF Classic."""
    found = look.client("waf-regional").get_web_acl_for_resource(ResourceArn=look.arn)
    acl: Json = found.get("WebACLSummary", {}).get("WebACLId")
    return acl


def protected(look: Look) -> Json:
    """Look whether Shield Advanced protects the load balancer."""
    listed = look.client("shield").list_protections()["Protections"]
    return look.arn in [each["ResourceArn"] for each in listed]


# -- listeners -----------------------------------------------------------------------------------


def ports(look: Look) -> Json:
    """Look at the ports."""
    return [f"{each['Protocol']}:{each['Port']}" for each in look.listeners()]


def redirects_to(look: Look) -> Json:
    """Look where the plain port sends everybody, and how many rules it has."""
    (action,) = look.listener(80)["DefaultActions"]
    return [action.get("RedirectConfig", {}).get("Port"), len(look.rules(80))]


def certificates(look: Look) -> Json:
    """Look at the certificates of port 443, the default one first."""
    arn = look.listener()["ListenerArn"]
    listed = look.elbv2.describe_listener_certificates(ListenerArn=arn)["Certificates"]
    default = [each["CertificateArn"] for each in listed if each["IsDefault"]]
    return [*default, *sorted(c["CertificateArn"] for c in listed if not c["IsDefault"])]


def requested(look: Look) -> Json:
    """Look who issued the default certificate, and for which hosts."""
    (default,) = look.listener()["Certificates"]
    acm: Any = look.account.login.acm()
    found = acm.describe_certificate(CertificateArn=default["CertificateArn"])
    certificate = found["Certificate"]
    authority = certificate.get("CertificateAuthorityArn", "")
    names: list[Json] = sorted(certificate["SubjectAlternativeNames"])
    return [certificate["Type"], authority, names]


def listener(field: str, *, port: int = 443) -> Probe:
    """Look at a field of a listener."""
    return lambda look: look.listener(port).get(field)


def mutual_tls(look: Look) -> Json:
    """Look at what port 443 does with certificates of clients."""
    found = look.listener().get("MutualAuthentication", {})
    return [found.get("Mode"), found.get("TrustStoreArn")]


def listener_attribute(key: str) -> Probe:
    """Look at an attribute of port 443."""

    def probe(look: Look) -> Json:
        arn = look.listener()["ListenerArn"]
        listed = look.elbv2.describe_listener_attributes(ListenerArn=arn)["Attributes"]
        return tags_of(listed).get(key)

    return probe


# -- target groups -------------------------------------------------------------------------------


def target_group(*fields: str) -> Probe:
    """Look at fields of the target group."""
    return lambda look: [look.target_group().get(field) for field in fields]


def target_group_attribute(*keys: str) -> Probe:
    """Look at attributes of the target group."""

    def probe(look: Look) -> Json:
        arn = look.target_group()["TargetGroupArn"]
        listed = look.elbv2.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
        found = tags_of(listed)
        return [found.get(key) for key in keys]

    return probe


def target_ids(look: Look) -> Json:
    """Look at who is registered: machines in the account's own order, then all others."""
    machines = [node.instance_id for node in look.account.nodes]
    found = sorted(str(each["Id"]) for each in look.targets())
    return [*(i for i in machines if i in found), *(i for i in found if i not in machines)]


def target_type(look: Look) -> Json:
    """Look at the kind of target, and whether somebody is registered."""
    return [look.target_group()["TargetType"], bool(look.targets())]


# -- rules ---------------------------------------------------------------------------------------


def rule_action(kind: str, *fields: str) -> Probe:
    """Look at fields of one action of the first rule on 443; None where there is no such action."""
    config = {
        "authenticate-oidc": "AuthenticateOidcConfig",
        "authenticate-cognito": "AuthenticateCognitoConfig",
        "jwt-validation": "JwtValidationConfig",
        "fixed-response": "FixedResponseConfig",
        "redirect": "RedirectConfig",
        "forward": "ForwardConfig",
    }[kind]

    def probe(look: Look) -> Json:
        for action in look.rules()[0]["Actions"]:
            if action["Type"] == kind:
                return [action[config].get(field) for field in fields]
        return None

    return probe


def action_types(look: Look) -> Json:
    """Look at the kinds of actions of the first rule."""
    return [each["Type"] for each in look.rules()[0]["Actions"]]


def weights(look: Look) -> Json:
    """Look at how the first rule splits traffic: weights in their order, and how many groups."""
    (action,) = look.rules()[0]["Actions"]
    groups = action.get("ForwardConfig", {}).get("TargetGroups", [])
    return [*sorted(int(each.get("Weight", 1)) for each in groups)]


def condition(field: str, part: str) -> Probe:
    """Look at the conditions of one field on the first rule."""

    def probe(look: Look) -> Json:
        found = [c for c in look.rules()[0]["Conditions"] if c["Field"] == field]
        return [each[part].get("Values") or each[part].get("RegexValues") for each in found]

    return probe


def rewrites(look: Look) -> Json:
    """Look at how the first rule rewrites URLs."""
    return [
        [each["Regex"], each["Replace"]]
        for transform in look.rules()[0].get("Transforms", [])
        for each in transform["UrlRewriteConfig"]["Rewrites"]
    ]
