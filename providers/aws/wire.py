"""Account files as a world to plan against.

What such a file says stands in for the account and the cluster: planning reads it through the same
port as a live account, so the two cannot be planned differently. Nothing can be applied to it.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from providers.aws import limits as alb_limits
from providers.aws.account import (
    Certificate,
    Facts,
    Instance,
    SecurityGroup,
    Subnet,
    Vpc,
    Wanted,
)
from providers.aws.account_file import (
    HINT,
    AccountFile,
    CertificatePart,
    FactsPart,
    InstancePart,
    SubnetPart,
    decode,
)
from providers.shell.account_readers import FileReader, NothingReader

_CALLED = "account"


def read_account(text: bytes, path: str) -> AccountReader:
    """Return a reader over an account file's content.

    Raises:
        ConfigError: It is not an account file for AWS; the message names the field.
    """
    return AccountReader(decode(text, path), path)


def no_account() -> NothingReader[Facts]:
    """Return a reader that knows no account at all, for rendering without a cloud."""
    # No VPC *and* no problem with it: that says that nobody looked.
    return NothingReader(Facts(), limits=alb_limits.DEFAULTS, called=_CALLED)


class AccountReader(FileReader):
    """Implements ``ports.Reader`` on an account file."""

    def __init__(self, file: AccountFile, path: str) -> None:
        limits = alb_limits.merge(file.limits)
        super().__init__(file, path, limits=limits, called=_CALLED, hint=HINT)
        self._facts = _facts(file.facts)

    def facts(self, wanted: Wanted) -> Facts:
        """Return what the file says; a VPC that a setting names must be the file's."""
        vpc = self._facts.vpc
        if vpc is None:
            return replace(self._facts, vpc_problem=f"{self._path} names no VPC (facts.vpc)")
        if wanted.vpc_id and wanted.vpc_id != vpc.id:
            problem = f"{self._path} is about {vpc.id}, not {wanted.vpc_id}"
            return replace(self._facts, vpc=None, vpc_problem=problem, subnets=())
        return self._facts


def _facts(part: FactsPart) -> Facts:
    vpc = part.vpc
    subnets = (_subnet(subnet) for subnet in part.subnets)
    groups = (
        SecurityGroup(id=group.id, name=group.name, tags=MappingProxyType(group.tags))
        for group in part.security_groups
    )
    return Facts(
        observed_at=part.observed_at,
        account_id=part.account_id,
        region=part.region,
        partition=part.partition,
        vpc=None if vpc is None else Vpc(id=vpc.id, cidrs=vpc.cidrs, ipv6_cidrs=vpc.ipv6_cidrs),
        subnets=tuple(sorted(subnets, key=lambda subnet: subnet.id)),
        security_groups=tuple(sorted(groups, key=lambda group: group.id)),
        certificates=tuple(
            sorted((_certificate(each) for each in part.certificates), key=lambda each: each.arn)
        ),
        instances=MappingProxyType({each.id: _instance(each) for each in part.instances}),
        pod_groups=MappingProxyType(part.pod_groups),
        load_balancers=part.load_balancers,
        target_groups=part.target_groups,
        network_load_balancers=part.network_load_balancers,
        existing_names=frozenset(part.existing_names),
        web_acls=MappingProxyType(part.web_acls),
        trust_stores=MappingProxyType(part.trust_stores),
        ssl_policies=None if part.ssl_policies is None else frozenset(part.ssl_policies),
        log_buckets=MappingProxyType(part.log_buckets),
        foreign_target_groups=MappingProxyType(part.foreign_target_groups),
        shield_subscribed=part.shield_subscribed,
        protections=None if part.protections is None else MappingProxyType(part.protections),
        unread=part.unread,
    )


def _subnet(part: SubnetPart) -> Subnet:
    return Subnet(
        id=part.id,
        zone=part.zone,
        cidr=part.cidr,
        free_addresses=part.free_addresses,
        public=part.public,
        ipv6=part.ipv6,
        zone_type=part.zone_type,
        tags=MappingProxyType(part.tags),
    )


def _certificate(part: CertificatePart) -> Certificate:
    return Certificate(
        arn=part.arn,
        domains=part.domains,
        status=part.status,
        not_after=part.not_after,
        key_algorithm=part.key_algorithm,
        in_use=part.in_use,
    )


def _instance(part: InstancePart) -> Instance:
    return Instance(
        id=part.id, zone=part.zone, security_groups=part.security_groups, vpc_id=part.vpc_id
    )
