"""Write what a live account says as an account file (``account export``).

A plan from the file must be the plan that the account itself would give, so everything that
planning reads is in it; what was asked for and is not there is written as such, because "there is
none" and "nobody looked" are planned differently.
"""

from __future__ import annotations

from providers.aws.account import Certificate, Facts, Subnet
from providers.aws.account_file import (
    PROVIDER,
    AccountFile,
    CertificatePart,
    FactsPart,
    InstancePart,
    SecurityGroupPart,
    SubnetPart,
    VpcPart,
)
from providers.shell.account_parts import encoded
from providers.shell.account_worlds import account_file
from provisioner.ports import Account


def write_account(account: Account[Facts]) -> str:
    """Return an account file, as YAML."""
    facts = _facts_part(account.facts)
    return encoded(account_file(AccountFile, account, provider=PROVIDER, facts=facts))


def _facts_part(facts: Facts) -> FactsPart:
    vpc = facts.vpc
    return FactsPart(
        observed_at=facts.observed_at,
        account_id=facts.account_id,
        region=facts.region,
        partition=facts.partition,
        vpc=None if vpc is None else VpcPart(id=vpc.id, cidrs=vpc.cidrs, ipv6_cidrs=vpc.ipv6_cidrs),
        subnets=tuple(_subnet_part(subnet) for subnet in facts.subnets),
        security_groups=tuple(
            SecurityGroupPart(id=group.id, name=group.name, tags=dict(sorted(group.tags.items())))
            for group in facts.security_groups
        ),
        certificates=tuple(_certificate_part(each) for each in facts.certificates),
        instances=tuple(
            InstancePart(
                id=each.id,
                zone=each.zone,
                security_groups=each.security_groups,
                vpc_id=each.vpc_id,
            )
            for _, each in sorted(facts.instances.items())
        ),
        pod_groups=dict(sorted(facts.pod_groups.items())),
        load_balancers=facts.load_balancers,
        target_groups=facts.target_groups,
        network_load_balancers=facts.network_load_balancers,
        existing_names=tuple(sorted(facts.existing_names)),
        web_acls=dict(sorted(facts.web_acls.items())),
        trust_stores=dict(sorted(facts.trust_stores.items())),
        ssl_policies=None if facts.ssl_policies is None else tuple(sorted(facts.ssl_policies)),
        log_buckets=dict(sorted(facts.log_buckets.items())),
        foreign_target_groups=dict(sorted(facts.foreign_target_groups.items())),
        shield_subscribed=facts.shield_subscribed,
        protections=None if facts.protections is None else dict(sorted(facts.protections.items())),
        unread=facts.unread,
    )


def _subnet_part(subnet: Subnet) -> SubnetPart:
    return SubnetPart(
        id=subnet.id,
        zone=subnet.zone,
        cidr=subnet.cidr,
        free_addresses=subnet.free_addresses,
        public=subnet.public,
        ipv6=subnet.ipv6,
        zone_type=subnet.zone_type,
        tags=dict(sorted(subnet.tags.items())),
    )


def _certificate_part(certificate: Certificate) -> CertificatePart:
    return CertificatePart(
        arn=certificate.arn,
        domains=certificate.domains,
        status=certificate.status,
        not_after=certificate.not_after,
        key_algorithm=certificate.key_algorithm,
        in_use=certificate.in_use,
    )
