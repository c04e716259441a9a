"""EC2 where moto is more forgiving, or tells less, than the real service.

moto keeps doing the work; refusals, rule changes, paging and lag are added here.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule
from moto.ec2.responses import EC2Response

from provisioner.sandbox.aws.region import Region
from provisioner.sandbox.aws.security_groups import (
    StatedRule,
    check_new_rules,
    describe_again,
    matching_rules,
    permissions_in,
    rules_by_id,
    rules_of,
    stated_rules,
)

REGION_KEY = "sandbox.region"
ADDRESS_FILTERS = ("addresses.private-ip-address", "private-ip-address")
MOST_PER_PAGE = 1000


class StricterEc2(EC2Response):
    """moto's EC2 with in-use refusals, atomic rule changes, paging and full answers."""

    @property
    def _sandbox(self) -> Region:
        region = self.normalized_request.environ[REGION_KEY]
        assert isinstance(region, Region)
        return region

    def create_security_group(self) -> ActionResult:
        """Refuse one group too many; remember when one was made, for reads that lag behind."""
        most = self._sandbox.limits["security-groups"]
        if sum(map(len, self.ec2_backend.groups.values())) >= most:
            raise EC2ClientError(
                "SecurityGroupLimitExceeded", f"The maximum number of security groups is {most}"
            )
        result = super().create_security_group()
        made = result.result
        assert isinstance(made, dict)
        group = self.ec2_backend.get_security_group_from_id(made["GroupId"])
        assert group is not None
        group.sandbox_created = self._sandbox.now
        return result

    def delete_security_group(self) -> ActionResult:
        """Refuse while an interface or another group's rule uses the group."""
        group_id = str(self._get_param("GroupId"))
        group = self.ec2_backend.get_security_group_from_id(group_id)
        if group is not None and group.is_default:
            raise EC2ClientError(
                "CannotDelete", f'the specified group: "{group_id}" is the default'
            )
        network = self._sandbox.network
        if network.interfaces_in_group(group_id) or network.groups_referring_to(group_id):
            raise EC2ClientError(
                "DependencyViolation", f"resource {group_id} has a dependent object"
            )
        return super().delete_security_group()

    def describe_security_groups(self) -> ActionResult:
        """List groups in pages; one that is too young for a lagging reader is not there yet."""
        result = super().describe_security_groups().result
        assert isinstance(result, dict)
        groups = [each for each in result["SecurityGroups"] if self._is_visible(each)]
        for group_id in self._get_param("GroupIds", []):
            if group_id not in {each.id for each in groups}:
                raise _no_group(group_id)
        return self._paged("SecurityGroups", groups)

    def describe_security_group_rules(self) -> ActionResult:
        """List rules in pages, without those too young for a lagging reader."""
        result = super().describe_security_group_rules().result
        assert isinstance(result, dict)
        oldest = self._sandbox.now - self._sandbox.settings.describe_lag_seconds
        rules = [
            rule
            for rule in result["SecurityGroupRules"]
            if not isinstance(rule, StatedRule) or rule.created <= oldest
        ]
        return self._paged("SecurityGroupRules", rules)

    def describe_network_interfaces(self) -> ActionResult:
        """List interfaces in pages; the address filters find secondary addresses, too."""
        self.error_on_dryrun()
        filters = dict(self._filters_from_querystring())
        wanted = [set(filters.pop(name)) for name in ADDRESS_FILTERS if name in filters]
        found = self.ec2_backend.get_all_network_interfaces(
            self._get_param("NetworkInterfaceIds", []), filters
        )
        interfaces = [
            interface
            for interface in found
            if all(
                addresses & {each["PrivateIpAddress"] for each in interface.private_ip_addresses}
                for addresses in wanted
            )
        ]
        return self._paged("NetworkInterfaces", interfaces)

    def authorize_security_group_ingress(self) -> ActionResult:
        """Add inbound rules: all or none."""
        return self._authorize(egress=False)

    def authorize_security_group_egress(self) -> ActionResult:
        """Add outbound rules: all or none."""
        return self._authorize(egress=True)

    def revoke_security_group_ingress(self) -> ActionResult:
        """Remove inbound rules: all or none."""
        return self._revoke(egress=False)

    def revoke_security_group_egress(self) -> ActionResult:
        """Remove outbound rules: all or none."""
        return self._revoke(egress=True)

    def update_security_group_rule_descriptions_ingress(self) -> ActionResult:
        """Describe inbound rules anew."""
        return self._describe_again(egress=False)

    def update_security_group_rule_descriptions_egress(self) -> ActionResult:
        """Describe outbound rules anew."""
        return self._describe_again(egress=True)

    def _authorize(self, *, egress: bool) -> ActionResult:
        self.error_on_dryrun()
        group = self._group()
        tags = self._parse_tag_specification().get("security-group-rule", {})
        rules = self._stated(group, egress=egress, tags=tags)
        check_new_rules(group, rules, most=self._sandbox.limits["rules-per-security-group"])
        for rule in rules:
            rule.created = self._sandbox.now
        rules_of(group, egress=egress).extend(rules)
        return ActionResult({"Return": True, "SecurityGroupRules": rules})

    def _revoke(self, *, egress: bool) -> ActionResult:
        self.error_on_dryrun()
        group = self._group()
        doomed = {rule.id for rule in self._meant(group, egress=egress)}
        rules = rules_of(group, egress=egress)
        rules[:] = [rule for rule in rules if rule.id not in doomed]
        return ActionResult({"Return": True})

    def _describe_again(self, *, egress: bool) -> ActionResult:
        self.error_on_dryrun()
        group = self._group()
        by_id = self._get_param("SecurityGroupRuleDescriptions", [])
        for each in by_id:
            (rule,) = rules_by_id(group, [each["SecurityGroupRuleId"]], egress=egress)
            describe_again(rule, each.get("Description"))
        wanted = self._stated(group, egress=egress, tags={})
        for rule, new in zip(matching_rules(group, wanted, egress=egress), wanted, strict=True):
            describe_again(rule, new.description)
        return EmptyResult()

    def _meant(self, group: SecurityGroup, *, egress: bool) -> list[SecurityGroupRule]:
        if rule_ids := self._get_param("SecurityGroupRuleIds", []):
            return rules_by_id(group, rule_ids, egress=egress)
        wanted = self._stated(group, egress=egress, tags={})
        return matching_rules(group, wanted, egress=egress)

    def _stated(
        self, group: SecurityGroup, *, egress: bool, tags: dict[str, str]
    ) -> list[StatedRule]:
        permissions = permissions_in(self._get_params())
        rules = stated_rules(self.ec2_backend, group, permissions, egress=egress, tags=tags)
        for rule in rules:
            for block in (rule.ip_range.get("CidrIp"), rule.ip_range.get("CidrIpv6")):
                _check_block(block)
        return rules

    def _group(self) -> SecurityGroup:
        group_id = str(self._get_param("GroupId") or self._get_param("GroupName"))
        group: SecurityGroup | None = self.ec2_backend.get_security_group_by_name_or_id(group_id)
        if group is None:
            raise _no_group(group_id)
        return group

    def _is_visible(self, group: SecurityGroup) -> bool:
        created: float | None = getattr(group, "sandbox_created", None)
        oldest = self._sandbox.now - self._sandbox.settings.describe_lag_seconds
        return created is None or created <= oldest

    def _paged(self, name: str, items: Sequence[object]) -> ActionResult:
        """EC2 answers everything at once unless the caller asks for pages."""
        asked = self._get_param("MaxResults")
        if asked is None:
            return ActionResult({name: items})
        start = int(self._get_param("NextToken") or 0)
        end = start + min(int(asked), MOST_PER_PAGE, self._sandbox.settings.page_size)
        more = {"NextToken": str(end)} if end < len(items) else {}
        return ActionResult({name: items[start:end], **more})


def _no_group(group_id: str) -> EC2ClientError:
    return EC2ClientError(
        "InvalidGroup.NotFound", f"The security group '{group_id}' does not exist"
    )


def _check_block(block: str | None) -> None:
    if block is None:
        return
    try:
        ip_network(block)
    except ValueError:
        raise EC2ClientError("InvalidParameterValue", f"CIDR block {block} is malformed") from None
